// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/privacy_what_if.h"

#include "analysis/privacy/inverse.h"

#include <algorithm>
#include <cmath>

namespace fedsleuth::ui {

using namespace analysis;

PrivacyHistory rounds_of(const PrivacyAudit& audit, const ClientAudit& client)
{
    PrivacyHistory rounds;
    for (const MechanismSegment& segment : client.history) {
        const auto taking_part = std::count_if(
            client.series.begin(), client.series.end(),
            [&](const SpentPoint& point) { return segment.first <= point.round && point.round <= segment.last; });
        if (taking_part == 0) continue;
        const double steps = segment.steps / static_cast<double>(taking_part);
        PrivacyEvent event = sampled_gaussian(segment.noise_multiplier, segment.sampling_rate,
                                              static_cast<std::int64_t>(std::ceil(steps)));
        if (audit.mechanism == "laplace") event.mechanism = Mechanism::laplace;
        rounds.insert(rounds.end(), static_cast<std::size_t>(taking_part), event);
    }
    if (rounds.size() != client.series.size() || !check_history(rounds)) rounds.clear();
    return rounds;
}

model::Result<AccountantBand> accountant_band(const PrivacyHistory& rounds, const std::vector<double>& numbers,
                                              double delta)
{
    FEDSLEUTH_TRY(const std::vector<double> lower, epsilon_after_each(rounds, delta, Accountant::pld));
    FEDSLEUTH_TRY(const std::vector<double> upper, epsilon_after_each(rounds, delta, Accountant::rdp));
    AccountantBand band;
    for (std::size_t at = 0; at < numbers.size() && at < lower.size(); ++at) {
        if (!std::isfinite(lower[at]) || !std::isfinite(upper[at])) break;
        band.rounds.push_back(numbers[at]);
        band.lower.push_back(lower[at]);
        band.upper.push_back(upper[at]);
    }
    return band;
}

model::Result<WhatIf> what_if(const PrivacyHistory& rounds, double noise, std::int64_t more_rounds, double delta,
                              std::optional<double> budget)
{
    if (rounds.empty()) return model::fail(model::ErrorCode::not_applicable, "the mechanism is not known");
    PrivacyEvent next = rounds.back();
    next.noise = noise;
    PrivacyHistory longer = rounds;
    longer.push_back(next);
    longer.back().count = next.count * more_rounds;
    WhatIf answer;
    FEDSLEUTH_TRY(const Spent rdp, epsilon_of(longer, delta, Accountant::rdp));
    FEDSLEUTH_TRY(const Spent pld, epsilon_of(longer, delta, Accountant::pld));
    answer.rdp = rdp.epsilon;
    answer.pld = pld.epsilon;
    if (!budget || !(pld.epsilon > *budget)) return answer;
    FEDSLEUTH_TRY(const auto fit, times_within(next, rounds, *budget, delta, Accountant::pld));
    if (fit) answer.exceeded_after = *fit + 1;
    return answer;
}

}  // namespace fedsleuth::ui
