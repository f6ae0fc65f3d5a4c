// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/evidence/log_line.h"

#include "storage/evidence/log_nouns.h"

#include <exception>

namespace fedsleuth::storage {

namespace dom = simdjson::dom;

struct LogLineParser::State {
    Limits limits;
    dom::parser parser;
    BareNumbers bare;
};

LogLineParser::LogLineParser(const Limits& limits) : state_(std::make_unique<State>()) { state_->limits = limits; }
LogLineParser::~LogLineParser() = default;

namespace {

std::string parse_error(simdjson::error_code error, const Limits& limits)
{
    switch (error) {
        case simdjson::UTF8_ERROR:
            return "The line is not UTF-8";
        case simdjson::DEPTH_ERROR:
            return "The line nests deeper than the limit of " + std::to_string(limits.json_depth);
        case simdjson::INCORRECT_TYPE:
            return "The line is JSON, but no object";
        default:
            break;
    }
    std::string text = std::string("The line is no JSON: ") + simdjson::error_message(error);
    while (text.ends_with('.')) text.pop_back();
    return text;
}

template <class Noun>
LogLine finished(LogObject& line, Noun noun)
{
    if (std::string why = line.complaint(); !why.empty()) return BadLine{std::move(why)};
    noun.extra_json = line.rest();
    return noun;
}

LogLine read_noun(const std::string& type, LogObject& line)
{
    if (type == "federation") return finished(line, read_federation(line));
    if (type == "client") return finished(line, read_client(line));
    if (type == "update") return finished(line, read_update(line));
    if (type == "round") return finished(line, read_round(line));
    if (type == "checkpoint") return finished(line, read_checkpoint(line));
    return UnknownLine{type};
}

}  // namespace

LogLine LogLineParser::parse(std::string& text) noexcept
{
    try {
        State& state = *state_;
        if (!state.bare.rewrite(text))
            return BadLine{
                "The line mixes NaN or Infinity with every control character there is, and cannot be told apart"};
        const std::size_t length = text.size();
        text.reserve(length + simdjson::SIMDJSON_PADDING);
        if (state.parser.capacity() < length || state.parser.max_depth() == simdjson::DEFAULT_MAX_DEPTH) {
            const auto capacity = std::max<std::size_t>(length, 1 << 16);
            if (state.parser.allocate(capacity, static_cast<std::size_t>(state.limits.json_depth)) != simdjson::SUCCESS)
                return BadLine{"The line is too long for the memory that there is"};
        }
        dom::object object;
        const simdjson::error_code error = state.parser.parse(text.data(), length, false).get(object);
        if (error != simdjson::SUCCESS) return BadLine{parse_error(error, state.limits)};

        LogObject line(object, state.bare, state.limits);
        line.fields().require("type", "a text such as \"update\"");
        const std::optional<std::string> type = line.fields().short_text("type");
        if (!type || !line.fields().fine()) return BadLine{line.complaint()};
        return read_noun(*type, line);
    } catch (const std::exception& error) {  // out of memory, or an accessor of the parser that we misused
        return BadLine{std::string("The line could not be read: ") + error.what()};
    }
}

}  // namespace fedsleuth::storage
