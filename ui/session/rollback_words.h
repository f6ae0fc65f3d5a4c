// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/case_data.h"

#include <string>

namespace fedsleuth::ui {

/// The rollback page's card, in words.
struct RollbackWords {
    std::string answer;  ///< which checkpoint to go back to
    std::string why;
    std::string price;  ///< rounds lost, and the metrics then and now; empty where nothing is lost
};

/// Needs data.rollback with at least one candidate.
[[nodiscard]] RollbackWords rollback_words(const CaseData& data);

/// The checkpoint's own metrics, else those that the log has of its round.
[[nodiscard]] const model::Metrics& metrics_of(const CaseData& data, const model::RollbackCandidate& candidate);

/// "accuracy 0.91, loss 0.3".
[[nodiscard]] std::string metrics_text(const model::Metrics& metrics, std::size_t at_most = 4);

}  // namespace fedsleuth::ui
