// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rules/fedavg.h"
#include "analysis/rules/krum.h"
#include "analysis/rules/median.h"
#include "analysis/rules/multi_krum.h"
#include "analysis/rules/parameters.h"
#include "analysis/rules/rules.h"
#include "analysis/rules/trimmed_mean.h"

#include <array>

namespace fedsleuth::analysis {

model::Result<ColumnChoice> ColumnRule::choose(const RoundGeometry& round, const RuleSettings& settings) const
{
    return ColumnChoice{everyone(round.n), {}, {}, settings};
}

std::span<const WeightRule* const> weight_rules()
{
    static const FedAvg fedavg;
    static const Krum krum;
    static const MultiKrum multi_krum;
    static const std::array<const WeightRule*, 15> rules{&fedavg,
                                                         &krum,
                                                         &multi_krum,
                                                         &mda_rule(),
                                                         &geometric_median_rule(),
                                                         &centred_clipping_rule(),
                                                         &norm_clipping_rule(),
                                                         &fltrust_rule(),
                                                         &foolsgold_rule(),
                                                         &flame_rule(),
                                                         &dnc_rule(),
                                                         &signguard_rule(),
                                                         &caf_rule(),
                                                         &smea_rule(),
                                                         &monna_rule()};
    return rules;
}

std::span<const ColumnRule* const> column_rules()
{
    static const Median median;
    static const TrimmedMean trimmed_mean;
    static const std::array<const ColumnRule*, 5> rules{&median, &trimmed_mean, &bulyan_rule(),
                                                        &mean_around_median_rule(), &rsa_rule()};
    return rules;
}

std::vector<const RuleInfo*> all_rules()
{
    std::vector<const RuleInfo*> rules;
    for (const WeightRule* rule : weight_rules()) rules.push_back(&rule->info());
    for (const ColumnRule* rule : column_rules()) rules.push_back(&rule->info());
    return rules;
}

const WeightRule* find_weight_rule(std::string_view name)
{
    for (const WeightRule* rule : weight_rules())
        if (rule->info().name == name) return rule;
    return nullptr;
}

const ColumnRule* find_column_rule(std::string_view name)
{
    for (const ColumnRule* rule : column_rules())
        if (rule->info().name == name) return rule;
    return nullptr;
}

}  // namespace fedsleuth::analysis
