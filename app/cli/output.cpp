// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/output.h"

#include "app/cli/text_width.h"
#include "model/text.h"

#include <simdjson.h>
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace fedsleuth::cli {

namespace {

constexpr std::string_view dash = "–";

/// The shortest decimal that reads back the same; empty where the number is not finite.
std::string exact_number(double number)
{
    if (!std::isfinite(number)) return {};
    char buffer[40];
    const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, number);
    return error == std::errc{} ? std::string(buffer, end) : std::string{};
}

std::string_view colour_of(Tone tone)
{
    switch (tone) {
        case Tone::plain:
            return "";
        case Tone::faint:
            return "\x1b[2m";
        case Tone::amber:
            return "\x1b[33m";
        case Tone::orange:
            return "\x1b[38;5;208m";
        case Tone::red:
            return "\x1b[1;31m";
    }
    return "";
}

std::string painted(const std::string& text, Tone tone, bool colour)
{
    if (!colour || tone == Tone::plain || text.empty()) return text;
    return std::string(colour_of(tone)) + text + "\x1b[0m";
}

std::string padding(int columns) { return std::string(static_cast<std::size_t>(std::max(columns, 0)), ' '); }

/// JSON in which what steers a terminal or hides text (C1 controls, bidirectional and zero-width characters) is
/// written as an escape: the same document, and harmless to look at. `json` is well formed, so these stand in strings.
std::string harmless_json(std::string_view json)
{
    const auto steers = [](unsigned code) {
        return (code >= 0x80 && code < 0xa0) || code == 0xad || code == 0x61c || (code >= 0x200b && code <= 0x200f) ||
               (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) || code == 0xfeff;
    };
    std::string out;
    out.reserve(json.size());
    for (std::size_t at = 0; at < json.size(); ++at) {
        const auto byte = [&](std::size_t idx) { return static_cast<unsigned char>(json[at + idx]); };
        const std::size_t length = byte(0) >= 0xe0 && byte(0) < 0xf0 ? 3 : byte(0) >= 0xc0 && byte(0) < 0xe0 ? 2 : 1;
        if (length > 1 && json.size() - at >= length) {
            unsigned code = byte(0) & (0xffu >> (length + 1));
            for (std::size_t idx = 1; idx < length; ++idx) code = code << 6 | (byte(idx) & 0x3fu);
            if (steers(code)) {
                char escape[8];
                std::snprintf(escape, sizeof escape, "\\u%04x", code & 0xffffu);
                out += escape;
                at += length - 1;
                continue;
            }
        }
        out += json[at];
    }
    return out;
}

/// Spaces at the end of a line are noise.
void end_line(std::string& out)
{
    while (!out.empty() && out.back() == ' ') out.pop_back();
    out += '\n';
}

}  // namespace

Cell unknown_cell() { return {std::string(dash), {}, Tone::faint}; }

Cell text_cell(std::string_view text, Tone tone)
{
    if (text.empty()) return unknown_cell();
    return {model::visible(text), std::string(text), tone};
}

Cell count_cell(std::int64_t count) { return {model::grouped(count), std::to_string(count), Tone::plain}; }

Cell count_cell(std::optional<std::int64_t> count) { return count ? count_cell(*count) : unknown_cell(); }

Cell round_cell(std::optional<model::RoundNo> round)
{
    return round ? text_cell(std::to_string(round->value())) : unknown_cell();
}

Cell rounds_cell(std::span<const model::RoundNo> rounds)
{
    if (rounds.empty()) return unknown_cell();
    Cell cell;
    for (std::size_t first = 0; first < rounds.size();) {
        std::size_t last = first;
        while (last + 1 < rounds.size() && rounds[last + 1] == rounds[last].after()) ++last;
        if (!cell.shown.empty()) cell.shown += ", ";
        cell.shown += std::to_string(rounds[first].value());
        if (last > first) cell.shown += (last == first + 1 ? ", " : "–") + std::to_string(rounds[last].value());
        first = last + 1;
    }
    for (const model::RoundNo round : rounds) {
        if (!cell.data.empty()) cell.data += ';';
        cell.data += std::to_string(round.value());
    }
    return cell;
}

Cell fixed_cell(std::optional<double> number, int decimals)
{
    if (!number || !std::isfinite(*number)) return unknown_cell();
    char buffer[400];
    std::snprintf(buffer, sizeof buffer, "%.*f", decimals, *number);
    return {buffer, exact_number(*number), Tone::plain};
}

Cell number_cell(std::optional<double> number, int digits)
{
    if (!number || !std::isfinite(*number)) return unknown_cell();
    return {model::short_number(*number, digits), exact_number(*number), Tone::plain};
}

Cell class_cell(std::optional<model::VerdictClass> verdict)
{
    if (!verdict) return unknown_cell();
    const std::string name(model::name_of(*verdict));
    switch (*verdict) {
        case model::VerdictClass::unknown:
            return {"  " + name, name, Tone::faint};
        case model::VerdictClass::clean:
            return {"○ " + name, name, Tone::faint};
        case model::VerdictClass::watch:
            return {"◇ " + name, name, Tone::amber};
        case model::VerdictClass::suspect:
            return {"△ " + name, name, Tone::orange};
        case model::VerdictClass::malicious:
            return {"■ " + name, name, Tone::red};
    }
    return unknown_cell();
}

Cell clients_cell(std::span<const model::ClientId> clients)
{
    if (clients.empty()) return unknown_cell();
    Cell cell;
    for (const model::ClientId& client : clients) {
        if (!cell.data.empty()) {
            cell.shown += ", ";
            cell.data += ';';
        }
        cell.shown += model::visible(client.text());
        cell.data += client.text();
    }
    return cell;
}

Cell metrics_cell(const model::Metrics& metrics)
{
    if (metrics.empty()) return unknown_cell();
    Cell cell;
    for (const auto& [name, value] : metrics) {
        if (!cell.data.empty()) {
            cell.shown += ", ";
            cell.data += ';';
        }
        cell.shown += model::visible(name) + " " + model::short_number(value, 4);
        cell.data += name + "=" + exact_number(value);
    }
    return cell;
}

void Table::note(std::string_view sentence) { notes_.push_back(model::visible(sentence)); }

std::string Table::text(bool colour, int width) const
{
    std::vector<int> widths;
    for (const Column& column : columns_) widths.push_back(width_of(column.title));
    for (const auto& row : rows_)
        for (std::size_t at = 0; at < row.size(); ++at) widths[at] = std::max(widths[at], width_of(row[at].shown));

    int before_last = 0;
    for (std::size_t at = 0; at + 1 < widths.size(); ++at) before_last += widths[at] + 2;
    constexpr int least_prose = 24;  // narrower than this, broken prose is harder to read than a long line
    const bool wraps = width > 0 && columns_.back().wraps && width - before_last >= least_prose;
    if (wraps) widths.back() = std::min(widths.back(), width - before_last);

    std::string out;
    const auto add_cell = [&](std::size_t at, const std::string& shown, Tone tone) {
        const std::string space = padding(widths[at] - width_of(shown));
        const std::string painted_text = painted(shown, tone, colour);
        out += columns_[at].right ? space + painted_text : painted_text + space;
        if (at + 1 < columns_.size()) out += "  ";
    };
    for (std::size_t at = 0; at < columns_.size(); ++at) add_cell(at, std::string(columns_[at].title), Tone::plain);
    end_line(out);
    for (std::size_t at = 0; at < columns_.size(); ++at) {
        for (int dash_idx = 0; dash_idx < widths[at]; ++dash_idx) out += "─";
        if (at + 1 < columns_.size()) out += "  ";
    }
    end_line(out);
    for (const auto& row : rows_) {
        for (std::size_t at = 0; at + 1 < row.size(); ++at) add_cell(at, row[at].shown, row[at].tone);
        const Cell& last = row.back();
        const auto lines = wraps ? wrapped(last.shown, widths.back()) : std::vector<std::string>{last.shown};
        for (std::size_t line = 0; line < lines.size(); ++line) {
            if (line > 0) out += padding(before_last);
            add_cell(columns_.size() - 1, lines[line], last.tone);
            end_line(out);
        }
    }
    for (const std::string& sentence : notes_) out += sentence + "\n";
    return out;
}

std::string Table::csv(bool to_terminal) const
{
    std::string out;
    for (std::size_t at = 0; at < columns_.size(); ++at) {
        out += at > 0 ? "," : "";
        out += model::csv_cell(columns_[at].key);
    }
    out += "\r\n";
    for (const auto& row : rows_) {
        for (std::size_t at = 0; at < row.size(); ++at) {
            out += at > 0 ? "," : "";
            out += model::csv_cell(to_terminal ? model::visible(row[at].data) : row[at].data);
        }
        out += "\r\n";
    }
    return out;
}

model::Result<void> print(const Terminal& terminal, Format format, const Table& table, const model::JsonWriter& json)
{
    switch (format) {
        case Format::table:
            return terminal.put(table.text(terminal.colour(), terminal.width()));
        case Format::csv:
            return terminal.put(table.csv(terminal.out_is_terminal()));
        case Format::json:
            return terminal.put(harmless_json(json.text()) + "\n");
    }
    return {};
}

void raw_or_text(model::JsonWriter& json, std::string_view key, std::string_view raw)
{
    json.key(key);
    simdjson::dom::parser parser;
    if (raw.empty() || parser.parse(raw.data(), raw.size()).error() == simdjson::SUCCESS)
        json.raw(raw);
    else
        json.value(raw);
}

void text_or_null(model::JsonWriter& json, std::string_view key, std::string_view text)
{
    json.key(key);
    if (text.empty())
        json.null();
    else
        json.value(text);
}

void round_or_null(model::JsonWriter& json, std::string_view key, std::optional<model::RoundNo> round)
{
    json.key(key);
    if (round)
        json.value(round->value());
    else
        json.null();
}

void metrics_field(model::JsonWriter& json, std::string_view key, const model::Metrics& metrics)
{
    json.key(key).begin_object();
    for (const auto& [name, value] : metrics) json.field(name, value);
    json.end_object();
}

void clients_field(model::JsonWriter& json, std::string_view key, std::span<const model::ClientId> clients)
{
    json.key(key).begin_array();
    for (const model::ClientId& client : clients) json.value(client.text());
    json.end_array();
}

void numbers_field(model::JsonWriter& json, std::string_view key, std::span<const double> numbers)
{
    json.key(key).begin_array();
    for (const double number : numbers) json.value(number);
    json.end_array();
}

std::string plural(std::int64_t count, std::string_view one, std::string_view many)
{
    return model::grouped(count) + " " + std::string(count == 1 ? one : many);
}

}  // namespace fedsleuth::cli
