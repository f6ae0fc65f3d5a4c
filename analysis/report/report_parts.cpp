// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/report/report_parts.h"

#include "model/text.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace fedsleuth::analysis {

using model::VerdictClass;

ReportBlock heading(std::string text) { return {ReportBlock::Kind::heading, std::move(text), {}, {}, {}, {}}; }
ReportBlock paragraph(std::string text) { return {ReportBlock::Kind::paragraph, std::move(text), {}, {}, {}, {}}; }
ReportBlock note(std::string text) { return {ReportBlock::Kind::note, std::move(text), {}, {}, {}, {}}; }
ReportBlock list(std::vector<std::string> items) { return {ReportBlock::Kind::list, {}, std::move(items), {}, {}, {}}; }

ReportBlock figure(std::string caption, std::string svg)
{
    return {ReportBlock::Kind::figure, std::move(caption), {}, {}, {}, std::move(svg)};
}

ReportBlock table(std::string caption, std::vector<std::string> heads, std::vector<std::vector<std::string>> rows)
{
    ReportBlock block{ReportBlock::Kind::table, std::move(caption), std::move(heads), std::move(rows), {}, {}};
    for (std::string& head : block.items) {
        const bool number = head.starts_with('#');
        if (number) head.erase(0, 1);
        block.numbers.push_back(number ? 1 : 0);
    }
    return block;
}

std::string round_text(std::optional<model::RoundNo> round) { return round ? std::to_string(round->value()) : "–"; }

std::string rounds_text(std::vector<model::RoundNo> rounds)
{
    std::sort(rounds.begin(), rounds.end());
    std::string text;
    for (std::size_t idx = 0; idx < rounds.size();) {
        std::size_t end = idx;
        while (end + 1 < rounds.size() && rounds[end + 1] == rounds[end].after()) ++end;
        text += (text.empty() ? "" : ", ") + std::to_string(rounds[idx].value());
        if (end > idx) text += (end == idx + 1 ? ", " : "–") + std::to_string(rounds[end].value());
        idx = end + 1;
    }
    return text.empty() ? "–" : text;
}

std::string probability_text(double probability)
{
    if (probability > 0.999) return "> 99.9 %";
    if (probability > 0 && probability < 0.001) return "< 0.1 %";
    return percent_text(probability);
}

std::string percent_text(std::optional<double> share)
{
    if (!share || !std::isfinite(*share)) return "–";
    char buffer[32];
    std::snprintf(buffer, sizeof buffer, "%.1f %%", *share * 100);
    return buffer;
}

std::string counted(std::int64_t count, const char* one, const char* many)
{
    return model::grouped(count) + " " + (count == 1 ? one : many);
}

std::string number_text(std::optional<double> number, int digits)
{
    if (number && std::isinf(*number)) return *number > 0 ? "∞" : "−∞";
    return number ? model::short_number(*number, digits) : "–";
}

std::string metrics_text(const model::Metrics& metrics)
{
    std::string text;
    for (const auto& [name, value] : metrics)
        text += (text.empty() ? "" : ", ") + name + " " + model::short_number(value, 4);
    return text.empty() ? "–" : text;
}

std::string short_label(const std::string& text, std::size_t most)
{
    const std::string shown = model::visible(text);
    std::size_t characters = 0, at = 0;
    for (; at < shown.size() && characters < most; ++at)
        if ((static_cast<unsigned char>(shown[at]) & 0xc0) != 0x80) ++characters;
    while (at < shown.size() && (static_cast<unsigned char>(shown[at]) & 0xc0) == 0x80) ++at;
    return at < shown.size() ? shown.substr(0, at) + "…" : shown;
}

const char* color_of(VerdictClass verdict)
{
    switch (verdict) {
        case VerdictClass::malicious:
            return "#b3261e";
        case VerdictClass::suspect:
            return "#c2570c";
        case VerdictClass::watch:
            return "#a16f00";
        case VerdictClass::clean:
            return "#7a828c";
        case VerdictClass::unknown:
            return "#b8bec6";
    }
    return "#b8bec6";
}

const char* symbol_of(VerdictClass verdict)
{
    switch (verdict) {
        case VerdictClass::malicious:
            return "■";
        case VerdictClass::suspect:
            return "△";
        case VerdictClass::watch:
            return "◇";
        case VerdictClass::clean:
            return "○";
        case VerdictClass::unknown:
            return "·";
    }
    return "·";
}

std::vector<model::ClientId> accused(const ReportData& data)
{
    std::vector<model::ClientId> clients;
    if (!data.verdicts) return clients;
    for (const model::Verdict& verdict : data.verdicts->clients)
        if (data.shown_class(verdict.client) >= VerdictClass::suspect) clients.push_back(verdict.client);
    const std::set<model::ClientId> judged(clients.begin(), clients.end());
    for (const model::Decision& decision : data.decisions)  // decided on though the verdicts do not know it
        if (data.shown_class(decision.client) >= VerdictClass::suspect && !judged.contains(decision.client) &&
            std::find(clients.begin(), clients.end(), decision.client) == clients.end())
            clients.push_back(decision.client);
    std::stable_sort(clients.begin(), clients.end(), [&](const model::ClientId& a, const model::ClientId& b) {
        return data.shown_class(a) > data.shown_class(b);
    });
    return clients;
}

}  // namespace fedsleuth::analysis
