// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/tables/round_lookup.h"

#include <algorithm>

namespace fedsleuth::ui {

std::span<const model::Update> updates_of(const CaseData& data, model::RoundNo round)
{
    const auto first =
        std::lower_bound(data.updates.begin(), data.updates.end(), round,
                         [](const model::Update& update, model::RoundNo no) { return update.round < no; });
    const auto last =
        std::upper_bound(first, data.updates.end(), round,
                         [](model::RoundNo no, const model::Update& update) { return no < update.round; });
    return {first, last};
}

const model::Round* find_round(const CaseData& data, model::RoundNo round)
{
    const auto found = data.round_index.find(round);
    return found == data.round_index.end() ? nullptr : &data.rounds[found->second];
}

std::span<const model::DetectorScores> scores_of(const CaseData& data, model::RoundNo round)
{
    const auto found = data.round_index.find(round);
    if (found == data.round_index.end() || found->second >= data.scores.size()) return {};
    return data.scores[found->second];
}

}  // namespace fedsleuth::ui
