// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/checkpoint.h"
#include "model/client.h"
#include "model/evidence_file.h"
#include "model/federation.h"
#include "model/progress.h"
#include "model/result.h"
#include "model/round.h"
#include "model/update.h"
#include "storage/evidence/limits.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace fedsleuth::storage {

/// A noun of the log with the line that said it. A later line for the same thing wins; the earlier one stays, marked.
template <class Noun>
struct Logged {
    Noun noun;
    std::int64_t line = 0;  ///< from 1
    bool superseded = false;
};

/// The whole round log, line by line in the log's order.
struct RoundLog {
    std::optional<Logged<model::Federation>> federation;
    std::vector<Logged<model::Client>> clients;
    std::vector<Logged<model::Update>> updates;
    std::vector<Logged<model::Round>> rounds;
    std::vector<Logged<model::Checkpoint>> checkpoints;
    std::vector<model::ImportIssue> issues;
    std::map<std::string, std::int64_t> unknown_types;  ///< type → lines
    std::int64_t lines = 0;                             ///< whole lines
    std::int64_t whole_bytes = 0;                       ///< up to and with the last line break; what follows is still being written
    std::string sha256;                                 ///< of those bytes
};

/// Reads federation.jsonl. Bare NaN, Infinity and -Infinity are read as such. What is wrong with a line becomes an
/// import issue and the next line is read. Error only where the file itself can't be read, or on a stop.
[[nodiscard]] model::Result<RoundLog> read_round_log(const std::filesystem::path& file, const Limits& limits,
                                                     model::Progress& progress);

}  // namespace fedsleuth::storage
