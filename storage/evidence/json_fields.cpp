// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/evidence/json_fields.h"

#include "storage/evidence/evidence_text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>

namespace fedsleuth::storage {

namespace dom = simdjson::dom;
using namespace std::string_view_literals;

namespace {

struct BareToken {
    std::string_view text;
    char letter;
    double number;
};

constexpr std::array<BareToken, 3> bare_tokens{{{"NaN", 'n', std::numeric_limits<double>::quiet_NaN()},
                                                {"Infinity", 'p', std::numeric_limits<double>::infinity()},
                                                {"-Infinity", 'm', -std::numeric_limits<double>::infinity()}}};

std::string escape_of(char control)
{
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text = "\\u00";
    text += digits[static_cast<unsigned char>(control) >> 4];
    text += digits[static_cast<unsigned char>(control) & 0xf];
    return text;
}

/// The value as a sentence can show it.
std::string shown(dom::element value)
{
    constexpr std::size_t longest = 60;
    switch (value.type()) {
    case dom::element_type::ARRAY: return "an array";
    case dom::element_type::OBJECT: return "an object";
    case dom::element_type::STRING: {
        std::string_view text;
        if (value.get(text) == simdjson::SUCCESS) return "the text " + in_quotes(text.substr(0, longest));
        return "a text";
    }
    default: return simdjson::to_string(value);
    }
}

}  // namespace

bool BareNumbers::rewrite(std::string& line)
{
    used_ = false;
    if (line.find("NaN") == std::string::npos && line.find("Infinity") == std::string::npos) return true;
    // In a JSON string these characters are written as \u00XX and in no other way; the digits have no case.
    constexpr std::string_view marks = "\x01\x02\x03\x04\x05\x06\x07\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19"sv;
    const auto free = std::find_if(marks.begin(), marks.end(), [&](char mark) {
        return line.find(escape_of(mark)) == std::string::npos;
    });
    if (free == marks.end()) return false;
    mark_ = *free;

    std::string rewritten;
    rewritten.reserve(line.size() + line.size() / 4);
    bool in_string = false;
    char before = '\0';  // the last character outside strings that is not white space
    for (std::size_t at = 0; at < line.size();) {
        const char character = line[at];
        if (in_string) {
            rewritten += character;
            if (character == '\\' && at + 1 < line.size()) rewritten += line[++at];
            if (character == '"') in_string = false;
            ++at;
            continue;
        }
        const bool value_here = before == ':' || before == ',' || before == '[';
        const auto token = std::find_if(bare_tokens.begin(), bare_tokens.end(), [&](const BareToken& one) {
            if (!value_here || std::string_view(line).substr(at, one.text.size()) != one.text) return false;
            const std::size_t next = line.find_first_not_of(" \t\r", at + one.text.size());
            return next != std::string::npos && (line[next] == ',' || line[next] == ']' || line[next] == '}');
        });
        if (token != bare_tokens.end()) {
            rewritten += '"' + escape_of(mark_) + token->letter + '"';
            at += token->text.size();
            before = '"';
            used_ = true;
            continue;
        }
        in_string = character == '"';
        if (character != ' ' && character != '\t' && character != '\r') before = character;
        rewritten += character;
        ++at;
    }
    if (used_) line = std::move(rewritten);
    return true;
}

std::optional<double> BareNumbers::number(std::string_view text) const
{
    if (!used_ || text.size() != 2 || text.front() != mark_) return std::nullopt;
    for (const BareToken& token : bare_tokens)
        if (token.letter == text.back()) return token.number;
    return std::nullopt;
}

Fields::Fields(dom::object object, std::string path, const BareNumbers& bare, const Limits& limits)
    : path_(std::move(path)), bare_(bare), limits_(limits)
{
    std::set<std::string_view> keys;
    for (const dom::key_value_pair field : object) {
        if (!keys.insert(field.key).second) {
            complain("The key " + in_quotes(name_of(field.key)) + " stands there twice, and only one can be meant");
            return;
        }
        fields_.push_back({field.key, field.value});
    }
}

std::string Fields::name_of(std::string_view key) const { return path_ + std::string(key); }

void Fields::complain(std::string sentence)
{
    if (complaint_.empty()) complaint_ = std::move(sentence);
}

void Fields::require(std::string_view key, std::string_view what)
{
    if (!has(key)) complain(in_quotes(name_of(key)) + " is missing, expected " + std::string(what));
}

void Fields::expected(std::string_view key, std::string_view what, dom::element value)
{
    std::string found = value.is_string() && as_number(value) ? "a number that is not finite" : shown(value);
    complain(in_quotes(name_of(key)) + " is " + std::move(found) + ", expected " + std::string(what));
}

std::optional<dom::element> Fields::take(std::string_view key)
{
    for (Field& field : fields_) {
        if (field.key != key) continue;
        field.taken = true;
        if (field.value.is_null()) return std::nullopt;
        return field.value;
    }
    return std::nullopt;
}

bool Fields::has(std::string_view key)
{
    return std::any_of(fields_.begin(), fields_.end(),
                       [&](const Field& field) { return field.key == key && !field.value.is_null(); });
}

std::optional<double> Fields::as_number(dom::element value) const
{
    double number = 0;
    std::string_view text;
    if (value.get(number) == simdjson::SUCCESS) return number;
    if (value.get(text) == simdjson::SUCCESS) return bare_.number(text);
    return std::nullopt;
}

std::optional<std::string> Fields::text(std::string_view key)
{
    const std::optional<dom::element> value = take(key);
    if (!value) return std::nullopt;
    std::string_view text;
    if (as_number(*value) || value->get(text) != simdjson::SUCCESS) {
        expected(key, "a text", *value);
        return std::nullopt;
    }
    if (static_cast<std::int64_t>(text.size()) > limits_.text_bytes) {
        complain(in_quotes(name_of(key)) + " has " + std::to_string(text.size()) + " bytes, more than the limit of " +
                 std::to_string(limits_.text_bytes));
        return std::nullopt;
    }
    return std::string(text);
}

std::optional<std::string> Fields::short_text(std::string_view key)
{
    std::optional<std::string> value = text(key);
    if (!value) return std::nullopt;
    if (value->empty()) {
        complain(in_quotes(name_of(key)) + " is empty, expected a text");
        return std::nullopt;
    }
    if (static_cast<std::int64_t>(value->size()) > limits_.name_bytes) {
        complain(in_quotes(name_of(key)) + " has " + std::to_string(value->size()) + " bytes, more than the limit of " +
                 std::to_string(limits_.name_bytes));
        return std::nullopt;
    }
    return value;
}

std::optional<double> Fields::number(std::string_view key)
{
    const std::optional<dom::element> value = take(key);
    if (!value) return std::nullopt;
    const std::optional<double> number = as_number(*value);
    if (!number) expected(key, "a number", *value);
    return number;
}

std::optional<std::int64_t> Fields::integer(std::string_view key, std::int64_t least)
{
    const std::optional<dom::element> value = take(key);
    if (!value) return std::nullopt;
    std::int64_t whole = 0;
    double number = 0;
    bool fits = value->get(whole) == simdjson::SUCCESS;
    if (!fits && value->is_double() && value->get(number) == simdjson::SUCCESS) {
        fits = std::floor(number) == number && std::abs(number) <= 0x1p53;
        whole = fits ? static_cast<std::int64_t>(number) : 0;
    }
    if (fits && whole >= least) return whole;
    const bool bounded = least != std::numeric_limits<std::int64_t>::min();
    expected(key, "an integer" + (bounded ? " from " + std::to_string(least) + " on" : std::string()), *value);
    return std::nullopt;
}

std::optional<bool> Fields::truth(std::string_view key)
{
    const std::optional<dom::element> value = take(key);
    if (!value) return std::nullopt;
    bool truth = false;
    if (value->get(truth) == simdjson::SUCCESS) return truth;
    expected(key, "true or false", *value);
    return std::nullopt;
}

std::optional<model::Metrics> Fields::numbers(std::string_view key)
{
    const std::optional<dom::object> members = object(key);
    if (!members) return std::nullopt;
    Fields fields(*members, name_of(key) + ".", bare_, limits_);
    model::Metrics metrics;
    for (const Field& field : fields.fields_) {
        if (static_cast<std::int64_t>(field.key.size()) > limits_.name_bytes)
            fields.complain("a key of " + in_quotes(name_of(key)) + " has " + std::to_string(field.key.size()) +
                            " bytes, more than the limit of " + std::to_string(limits_.name_bytes));
        if (field.value.is_null()) continue;
        if (const std::optional<double> number = as_number(field.value))
            metrics.emplace(field.key, *number);
        else
            fields.expected(field.key, "a number", field.value);
    }
    if (!fields.fine()) {
        complain(fields.complaint());
        return std::nullopt;
    }
    return metrics;
}

std::optional<std::vector<std::string>> Fields::short_texts(std::string_view key)
{
    const std::optional<dom::array> items = array(key);
    if (!items) return std::nullopt;
    std::vector<std::string> texts;
    for (const dom::element item : *items) {
        std::string_view text;
        const bool fits = !as_number(item) && item.get(text) == simdjson::SUCCESS && !text.empty() &&
                          static_cast<std::int64_t>(text.size()) <= limits_.name_bytes;
        if (!fits) {
            expected(std::string(key) + "[" + std::to_string(texts.size()) + "]", "a text of at most " +
                     std::to_string(limits_.name_bytes) + " bytes, not empty", item);
            return std::nullopt;
        }
        texts.emplace_back(text);
    }
    return texts;
}

std::optional<dom::object> Fields::object(std::string_view key)
{
    const std::optional<dom::element> value = take(key);
    if (!value) return std::nullopt;
    dom::object object;
    if (value->get(object) == simdjson::SUCCESS) return object;
    expected(key, "an object", *value);
    return std::nullopt;
}

std::optional<dom::array> Fields::array(std::string_view key)
{
    const std::optional<dom::element> value = take(key);
    if (!value) return std::nullopt;
    dom::array array;
    if (value->get(array) == simdjson::SUCCESS) return array;
    expected(key, "an array", *value);
    return std::nullopt;
}

model::Metrics Fields::take_numbers()
{
    model::Metrics numbers;
    for (Field& field : fields_) {
        if (field.taken) continue;
        const std::optional<double> number = as_number(field.value);
        if (!number) continue;
        field.taken = true;
        numbers.emplace(field.key, *number);
    }
    return numbers;
}

bool Fields::has_rest() const
{
    return std::any_of(fields_.begin(), fields_.end(), [](const Field& field) { return !field.taken; });
}

bool Fields::write_rest(model::JsonWriter& json) const
{
    for (const Field& field : fields_) {
        if (field.taken) continue;
        json.key(field.key);
        write_json(json, field.value, bare_);
    }
    return has_rest();
}

void write_json(model::JsonWriter& json, dom::element value, const BareNumbers& bare)
{
    switch (value.type()) {
    case dom::element_type::ARRAY:
        json.begin_array();
        for (const dom::element item : dom::array(value)) write_json(json, item, bare);
        json.end_array();
        break;
    case dom::element_type::OBJECT:
        json.begin_object();
        for (const dom::key_value_pair field : dom::object(value)) {
            json.key(field.key);
            write_json(json, field.value, bare);
        }
        json.end_object();
        break;
    case dom::element_type::STRING: {
        const std::string_view text(value);
        const std::optional<double> number = bare.number(text);
        json.value(!number ? text : std::isnan(*number) ? "NaN"sv : *number > 0 ? "Infinity"sv : "-Infinity"sv);
        break;
    }
    default: json.raw(simdjson::to_string(value)); break;  // numbers as written, 64-bit ones too
    }
}

}  // namespace fedsleuth::storage
