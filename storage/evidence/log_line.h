// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/checkpoint.h"
#include "model/client.h"
#include "model/federation.h"
#include "model/round.h"
#include "model/update.h"
#include "storage/evidence/limits.h"

#include <memory>
#include <string>
#include <variant>

namespace fedsleuth::storage {

/// A line whose type is none that is known.
struct UnknownLine {
    std::string type;
};

/// Why a line can't be taken: a sentence without its full stop.
struct BadLine {
    std::string why;
};

using LogLine = std::variant<BadLine, UnknownLine, model::Federation, model::Client, model::Update, model::Round,
                             model::Checkpoint>;

/// Reads lines of federation.jsonl, one at a time. Keeps its buffers between lines.
class LogLineParser {
public:
    explicit LogLineParser(const Limits& limits);
    ~LogLineParser();

    /// `line` without its line break; it may be changed. Never throws.
    [[nodiscard]] LogLine parse(std::string& line) noexcept;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace fedsleuth::storage
