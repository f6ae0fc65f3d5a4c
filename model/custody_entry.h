// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>

namespace fedsleuth::model {

/// One act on the case, chained to the act before it by its hash.
struct CustodyEntry {
    std::int64_t index = 0;       ///< from 1
    std::string time;             ///< RFC 3339 UTC
    std::string actor;            ///< operating-system user
    std::string action;           ///< ingest, analyse, decide, export, …
    std::string subject;          ///< folder, client, file, …
    std::string parameters_json;  ///< a JSON object, tool version included
    std::string sha256;           ///< of what the act produced or took in; empty where there is no such thing
    std::string previous;         ///< hash of the entry before; 64 zeros for the first
    std::string hash;
};

}  // namespace fedsleuth::model
