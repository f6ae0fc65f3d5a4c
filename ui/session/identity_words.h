// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/case_data.h"

#include <string>
#include <string_view>
#include <vector>

namespace fedsleuth::ui {

// What the program says of signatures and certificates.

/// "valid", "invalid", "valid with a bad certificate", "can't be told", "unsigned".
[[nodiscard]] std::string outcome_text(model::SignatureOutcome outcome);

/// "505 signatures: 498 valid, 2 invalid, …"; what is not signed at all is said, too.
[[nodiscard]] std::string signatures_summary(const CaseData& data);

/// The client's signatures by outcome: "10 valid, 2 unsigned (rounds 4 and 5)"; empty where nothing was checked.
[[nodiscard]] std::string client_signatures(const CaseData& data, const model::ClientId& client);

/// Findings about who came in and what came in (not about signatures).
[[nodiscard]] bool is_admission_kind(std::string_view kind);
/// Findings about certificates of this client, or of the server and authorities (nothing).
[[nodiscard]] bool has_certificate_finding(const CaseData& data, const std::optional<model::ClientId>& client);

/// Where in the evidence a finding comes from: the file that it is about, and its line of the log; empty or 0 where the
/// finding does not say.
struct FindingPlace {
    std::string path;
    long long line = 0;
};
[[nodiscard]] FindingPlace place_of(const model::Finding& finding);

}  // namespace fedsleuth::ui
