// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/case_data.h"

#include <QString>
#include <optional>

namespace fedsleuth::ui {

/// What the Rounds page says, from the data alone. Text from evidence in it has gone through model::visible().

/// The round of [first, last] with the highest suspicion; where none was analysed, the first round with a usable
/// update, or the first of all.
[[nodiscard]] std::optional<model::RoundNo> most_suspicious_round(const CaseData& data, model::RoundNo first,
                                                                  model::RoundNo last);

/// The page's title, in one sentence: who stands out in this round, and by what.
[[nodiscard]] QString round_answer(const CaseData& data, model::RoundNo round);

/// How many updates came and how many of them can be used.
[[nodiscard]] QString round_counts(const CaseData& data, model::RoundNo round);

struct Words {
    QString title, text;
};
/// Why no figure can be drawn of the round, as far as the data tells; nothing where one can.
[[nodiscard]] std::optional<Words> round_obstacle(const CaseData& data, model::RoundNo round);

}  // namespace fedsleuth::ui
