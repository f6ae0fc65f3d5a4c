// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/case_data.h"

#include <optional>
#include <string>

namespace fedsleuth::ui {

/// A place in the evidence that a person can read: a text file of the folder, and a line of it.
struct SourcePlace {
    std::string file;  ///< relative to the evidence folder
    std::int64_t line = 0;  ///< from 1; 0: the file from its start

    bool operator==(const SourcePlace&) const = default;
};

/// Where a finding comes from: the line that it names itself, else the log's line of the update or checkpoint that it
/// is about, else the certificate; nothing where none of these is known.
[[nodiscard]] std::optional<SourcePlace> source_of(const CaseData& data, const model::Finding& finding);
/// The log's line of what was signed.
[[nodiscard]] std::optional<SourcePlace> source_of(const CaseData& data, const model::SignatureCheck& check);
[[nodiscard]] std::optional<SourcePlace> source_of(const model::ImportIssue& issue);
/// The log's line that names the file; the file itself where that is text (log, certificate, revocation list).
[[nodiscard]] std::optional<SourcePlace> source_of(const CaseData& data, const model::EvidenceFile& file);

/// "federation.jsonl, line 1,204"; ready to be shown.
[[nodiscard]] std::string place_words(const SourcePlace& place);

}  // namespace fedsleuth::ui
