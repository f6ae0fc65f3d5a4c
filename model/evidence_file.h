// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/ids.h"

#include <cstdint>
#include <optional>
#include <string>

namespace fedsleuth::model {

/// One file of the evidence folder as it was when it was taken in.
struct EvidenceFile {
    std::string path;  ///< relative to the folder
    std::string role;  ///< "log", "update", "checkpoint", "certificate", …
    std::optional<RoundNo> round;
    std::optional<ClientId> client;
    std::int64_t bytes = 0;
    std::string declared_sha256;  ///< empty where the log says nothing
    std::string actual_sha256;    ///< empty where the file is missing
    bool linked = false;          ///< its numbers stay in the file; the case holds hashes and ledgers
    std::string format;           ///< "npz", "safetensors", …
    std::string state;            ///< "ok", or why not, in a sentence
};

/// A line of the log, or a file, that could not be taken as it is.
struct ImportIssue {
    std::string file;
    std::int64_t line = 0;  ///< from 1; 0: the whole file
    std::string text;
};

}  // namespace fedsleuth::model
