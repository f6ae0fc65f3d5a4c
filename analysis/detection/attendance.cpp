// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/detection/attendance.h"

#include "analysis/detection/scoring.h"
#include "model/text.h"

#include <algorithm>
#include <cmath>

namespace fedsleuth::analysis {

using model::DetectorScores;

std::vector<DetectorScores> Attendance::score(const model::RoundLedger& ledger, const Declared& declared)
{
    ++rounds_;
    for (const model::ClientId& client : ledger.clients) ++known_[client].rounds;
    double attended = 0;
    for (const auto& [client, known] : known_) attended += static_cast<double>(known.rounds);
    const auto all_rounds = static_cast<double>(rounds_);
    const double mean_share = attended / all_rounds / static_cast<double>(known_.size());
    const double chance = std::sqrt(std::max(mean_share * (1 - mean_share), 0.0) / all_rounds);

    std::vector<double> examples, shares;
    std::vector<std::string> before;
    for (const model::ClientId& client : ledger.clients) {
        Known& known = known_[client];
        shares.push_back(static_cast<double>(known.rounds) / all_rounds);
        const auto found = declared.find(client);
        const bool says = found != declared.end() && found->second > 0;
        examples.push_back(says ? found->second : not_applicable);
        const bool changed = says && known.examples > 0 && known.examples != found->second;
        before.push_back(changed ? model::short_number(known.examples) : "");
        if (says) known.examples = found->second;
    }
    std::vector<double> measured;
    for (const double count : examples) measured.push_back(std::isnan(count) ? not_applicable : std::log(count));
    std::vector<DetectorScores> all;
    all.push_back(scored(ledger, "declared-examples", examples, measured, 0.05, Side::both));
    all.back().detail = std::move(before);
    all.push_back(scored(ledger, "participation", shares, shares, std::max(chance, 0.05), Side::both));
    return all;
}

}  // namespace fedsleuth::analysis
