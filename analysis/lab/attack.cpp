// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/lab/attack.h"

#include "analysis/lab/attack_catalogue.h"
#include "analysis/lab/attacks/kinds.h"

#include <algorithm>

namespace fedsleuth::analysis::lab {

namespace {

/// Classes that the settings name have to be there, and a label has to change.
model::Result<void> check_classes(const std::string& attack, const RuleSettings& settings, std::size_t classes)
{
    for (const char* name : {"source", "target"}) {
        const auto found = settings.values.find(name);
        if (found == settings.values.end() || found->second < static_cast<double>(classes)) continue;
        return model::fail(model::ErrorCode::invalid_argument,
                           "the data have " + std::to_string(classes) + " classes, from 0 on: there is no " + name +
                               " class " + std::to_string(static_cast<int>(found->second)),
                           attack);
    }
    const bool pair = settings.variant == "pair" || attack == "edge-case";
    if (pair && settings.values.at("source") == settings.values.at("target"))
        return model::fail(model::ErrorCode::invalid_argument, "source and target are the same class", attack);
    return {};
}

}  // namespace

Dataset Attack::poison(const Dataset& shard, std::size_t, ExampleSource&, Random&) { return shard; }
TrainingBend Attack::bend(std::span<const float>, std::span<const float>) const { return {}; }
void Attack::sent(std::size_t, std::span<const float>) {}
Dataset Attack::goal(const Dataset& test, ExampleSource&, Random&) const { return {test.shape, test.classes, {}, {}}; }

double Schedule::intensity(std::size_t round) const
{
    if (round < onset) return 0;
    const std::size_t since = round - onset;
    switch (kind) {
        case Kind::always:
        case Kind::once:
            return 1;
        case Kind::every:
            return since % std::max<std::size_t>(1, period) == 0 ? 1 : 0;
        case Kind::on_off:
            return since / std::max<std::size_t>(1, period) % 2 == 0 ? 1 : 0;
        case Kind::ramp:
            return std::min(1.0, ramp_start + ramp_step * static_cast<double>(since));
    }
    return 0;
}

model::Result<std::unique_ptr<Attack>> make_attack(const AttackPlan& plan, const InputShape& shape, std::size_t classes,
                                                   std::uint64_t seed)
{
    const AttackInfo* info = find_attack(plan.attack);
    if (!info) return model::fail(model::ErrorCode::invalid_argument, "there is no such attack", plan.attack);
    FEDSLEUTH_TRY(const RuleSettings settings, complete(*info, plan.settings));
    FEDSLEUTH_CHECK(check_classes(plan.attack, settings, classes));
    std::unique_ptr<Attack> attack = make_data_attack(plan.attack, settings, shape, classes);
    if (!attack) attack = make_crafted_attack(plan.attack, settings);
    if (!attack) attack = make_copying_attack(plan.attack, settings, classes, seed);
    return attack;
}

}  // namespace fedsleuth::analysis::lab
