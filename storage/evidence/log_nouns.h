// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "storage/evidence/json_fields.h"
#include "storage/evidence/log_line.h"

#include <deque>
#include <string>
#include <string_view>

namespace fedsleuth::storage {

/// One line of the log on its way to a noun: its own keys, and the objects in it that were read key by key.
class LogObject {
public:
    LogObject(simdjson::dom::object object, const BareNumbers& bare, const Limits& limits);

    [[nodiscard]] Fields& fields() { return fields_; }
    /// The object under a key, read key by key; null where there is none.
    [[nodiscard]] Fields* nested(std::string_view key);
    /// The first thing that is wrong with the line or an object in it; empty where nothing is.
    [[nodiscard]] std::string complaint() const;
    /// Whatever nobody asked for, as one JSON object, nested objects in their places; empty where there is nothing.
    [[nodiscard]] std::string rest() const;
    [[nodiscard]] const Limits& limits() const { return limits_; }
    [[nodiscard]] const BareNumbers& bare() const { return bare_; }

private:
    struct Nested {
        std::string key;
        Fields fields;
    };
    Fields fields_;
    std::deque<Nested> nested_;
    const BareNumbers& bare_;
    const Limits& limits_;
};

// Each takes what it knows from the line; complaints stay with the line.
[[nodiscard]] model::Federation read_federation(LogObject& line);
[[nodiscard]] model::Client read_client(LogObject& line);
[[nodiscard]] model::Update read_update(LogObject& line);
[[nodiscard]] model::Round read_round(LogObject& line);
[[nodiscard]] model::Checkpoint read_checkpoint(LogObject& line);

}  // namespace fedsleuth::storage
