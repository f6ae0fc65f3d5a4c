// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/ids.h"

#include <optional>
#include <string>
#include <string_view>

namespace fedsleuth::model {

enum class Severity { info, low, medium, high, critical };

[[nodiscard]] std::string_view name_of(Severity severity);

/// Which step of the program raised a finding: a step that runs again replaces its own findings alone.
enum class FindingSource { ingest, analysis, privacy, identity };

struct Finding {
    std::string kind;  ///< one of the kinds of the command line's contract
    Severity severity = Severity::info;
    std::optional<ClientId> client;
    std::optional<RoundNo> round;
    std::string text;           ///< one sentence for a person
    std::string evidence_json;  ///< a JSON object; empty: {}
    FindingSource source = FindingSource::ingest;
};

}  // namespace fedsleuth::model
