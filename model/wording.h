// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace fedsleuth::model {

// What the words that the case file and the machine output are written in say to a person. Words that are not known
// (they may come from a file) are shown with their hyphens as spaces, and harmless.

/// "rate-limit" → "rate limit".
[[nodiscard]] std::string plain_words(std::string_view word);

/// The kind of a finding: "signature-wrong-key" → "signed with another's key".
[[nodiscard]] std::string kind_words(std::string_view kind);

/// RollbackCandidate::signature: "not-checked" → "signed, not checked".
[[nodiscard]] std::string signature_words(std::string_view signature);

/// RollbackCandidate::aggregation: "mismatch" → "does not fit".
[[nodiscard]] std::string aggregation_words(std::string_view aggregation);

/// A privacy accountant: "pld" → "PLD", "zcdp" → "zCDP".
[[nodiscard]] std::string accountant_words(std::string_view accountant);

}  // namespace fedsleuth::model
