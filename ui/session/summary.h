// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/case_data.h"

#include <string>
#include <vector>

namespace fedsleuth::ui {

/// One number of the overview with what it counts.
struct Figure {
    std::string value;  ///< "–" where unknown
    std::string label;
    std::string detail;  ///< a few words under it; may be empty
};

/// What happened, in plain words, from the data alone.
struct Summary {
    std::string who, when, how, back, evidence;  ///< one or two sentences each, in this order on the page
    std::vector<Figure> figures;  ///< clients, rounds, flagged clients, first bad round, recommended checkpoint

    [[nodiscard]] std::vector<std::string> sentences() const { return {who, when, how, back, evidence}; }
};

[[nodiscard]] Summary summarise(const CaseData& data);

/// Clients that count as flagged: suspect or malicious, where the analyst's decision overrules the analysis.
[[nodiscard]] std::vector<const model::Verdict*> flagged_clients(const CaseData& data);
/// The earliest first bad round of a flagged client.
[[nodiscard]] std::optional<model::RoundNo> first_bad_round(const CaseData& data);

/// How the evidence files stand.
struct EvidenceState {
    std::int64_t files = 0;
    std::int64_t declared = 0;  ///< whose digest the log declares
    std::int64_t missing = 0;
    std::int64_t altered = 0;  ///< not the digest that the log declares
    std::int64_t refused = 0;  ///< there, of the right digest or none declared, and still not usable
};
[[nodiscard]] EvidenceState evidence_state(const CaseData& data);
enum class FileState { ok, missing, altered, refused };
[[nodiscard]] FileState file_state(const model::EvidenceFile& file);

}  // namespace fedsleuth::ui
