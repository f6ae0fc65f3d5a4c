// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/case_data.h"

#include <span>

namespace fedsleuth::ui {

/// All updates of one round, the server's reference update included. O(log n).
[[nodiscard]] std::span<const model::Update> updates_of(const CaseData& data, model::RoundNo round);
[[nodiscard]] const model::Round* find_round(const CaseData& data, model::RoundNo round);  ///< or null
/// Empty where the round was not analysed.
[[nodiscard]] std::span<const model::DetectorScores> scores_of(const CaseData& data, model::RoundNo round);

}  // namespace fedsleuth::ui
