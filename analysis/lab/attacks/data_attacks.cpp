// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/lab/attacks/crafting.h"
#include "analysis/lab/attacks/kinds.h"
#include "analysis/lab/attacks/trigger.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace fedsleuth::analysis::lab {

namespace {

/// Flips labels of the attacker's own data.
class LabelFlip final : public Attack {
public:
    LabelFlip(const RuleSettings& settings, std::size_t classes)
        : variant_(settings.variant),
          source_(label_setting(settings, "source")),
          target_(label_setting(settings, "target")),
          share_(settings.values.at("share")),
          classes_(static_cast<std::int32_t>(classes))
    {
    }

    bool trains_on_poison() const override { return true; }
    Dataset poison(const Dataset& shard, std::size_t, ExampleSource& source, Random& random) override
    {
        Dataset data = shard;
        if (variant_ == "pair") ensure_class(data, source_, source, random);
        for (std::int32_t& label : data.labels)
            if (random.uniform() < share_) label = flipped(label, random);
        return data;
    }
    Rows craft(const AttackRound& round, Random&) override { return round.poisoned; }
    Dataset goal(const Dataset& test, ExampleSource&, Random& random) const override
    {
        Dataset wanted{test.shape, test.classes, {}, {}};
        if (variant_ == "random") return wanted;
        for (std::size_t example_idx = 0; example_idx < test.size(); ++example_idx) {
            const std::int32_t label = test.labels[example_idx], wrong = flipped(label, random);
            if (wrong != label) wanted.add(test.input(example_idx), wrong);
        }
        return wanted;
    }

private:
    std::int32_t flipped(std::int32_t label, Random& random) const
    {
        if (variant_ == "all") return classes_ - 1 - label;
        if (variant_ == "random") {
            const auto other = static_cast<std::int32_t>(random.below(static_cast<std::size_t>(classes_ - 1)));
            return other + (other >= label ? 1 : 0);
        }
        return label == source_ ? target_ : label;
    }

    std::string variant_;
    std::int32_t source_, target_;
    double share_;
    std::int32_t classes_;
};

/// The backdoors: poisoned examples, perhaps a bent training, and a length for what comes out.
class Backdoor final : public Attack {
public:
    enum class Form { plain, clipped, distributed, replacement, constrained, edge_case, neurotoxin };

    Backdoor(Form form, const RuleSettings& settings, const InputShape& shape)
        : form_(form),
          settings_(settings),
          source_(label_setting(settings, "source")),
          target_(label_setting(settings, "target")),
          trigger_(shape, form == Form::distributed ? 0 : static_cast<std::size_t>(setting(settings, "size", 3)))
    {
    }

    bool trains_on_poison() const override { return true; }
    Dataset poison(const Dataset& shard, std::size_t attacker_idx, ExampleSource& source, Random& random) override
    {
        Dataset data = shard;
        const auto count = std::max<std::size_t>(
            1, static_cast<std::size_t>(setting(settings_, "share", 1) * static_cast<double>(data.size()) + 0.5));
        for (const std::size_t example_idx : random.choose(data.size(), count)) {
            if (form_ == Form::edge_case)
                source.make_rare(static_cast<std::size_t>(source_), random, data.input(example_idx));
            else if (form_ == Form::distributed)
                trigger_.stamp_part(data.input(example_idx), attacker_idx % Trigger::parts);
            else
                trigger_.stamp(data.input(example_idx));
            data.labels[example_idx] = target_;
        }
        return data;
    }
    TrainingBend bend(std::span<const float> previous_step, std::span<const float> own) const override
    {
        TrainingBend bend;
        if (form_ == Form::constrained) bend.anomaly = settings_.values.at("anomaly");
        if (form_ == Form::edge_case) {
            double square = 0;
            for (const float value : own) square += static_cast<double>(value) * value;
            bend.radius = settings_.values.at("radius") * std::sqrt(square);
        }
        if (form_ == Form::neurotoxin && !previous_step.empty()) bend.free = quiet(previous_step);
        return bend;
    }
    Rows craft(const AttackRound& round, Random&) override
    {
        Rows rows = round.poisoned;
        const double honest = median_norm(round.honest.n > 0 ? round.honest : round.own);
        for (std::size_t row_idx = 0; row_idx < rows.n; ++row_idx) {
            const double factor = factor_for(norm_of(rows[row_idx]), honest, round, row_idx);
            for (double& value : rows[row_idx]) value *= factor;
        }
        return rows;
    }
    Dataset goal(const Dataset& test, ExampleSource& source, Random& random) const override
    {
        Dataset wanted{test.shape, test.classes, {}, {}};
        const std::size_t most = 200;  // rare inputs
        for (std::size_t example_idx = 0; example_idx < test.size(); ++example_idx) {
            if (form_ != Form::edge_case && test.labels[example_idx] == target_) continue;
            if (form_ == Form::edge_case && wanted.size() == most) break;
            wanted.add(test.input(example_idx), target_);
            const std::span<float> input = wanted.input(wanted.size() - 1);
            if (form_ == Form::edge_case)
                source.make_rare(static_cast<std::size_t>(source_), random, input);
            else
                trigger_.stamp(input);
        }
        return wanted;
    }

private:
    /// All coordinates but the busiest share of the last global step.
    std::vector<bool> quiet(std::span<const float> previous_step) const
    {
        std::vector<std::size_t> order(previous_step.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        const auto masked = static_cast<std::size_t>(settings_.values.at("mask") * static_cast<double>(order.size()));
        std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
            return std::abs(previous_step[a]) > std::abs(previous_step[b]);
        });
        std::vector<bool> free(order.size(), true);
        for (std::size_t rank = 0; rank < masked; ++rank) free[order[rank]] = false;
        return free;
    }

    double factor_for(double length, double honest, const AttackRound& round, std::size_t row_idx) const
    {
        const double boost = setting(settings_, "boost", 1);
        const auto within = [&](double bound, double at) {
            return bound > 0 && length * at > bound ? bound / length : at;
        };
        switch (form_) {
            case Form::clipped:
                return within(honest, boost);
            case Form::constrained:
                return length > 0 ? settings_.values.at("bound") * honest / length : 1;
            case Form::neurotoxin:
                return within(settings_.values.at("bound") * honest, 1);
            case Form::replacement:
                return boost > 0 ? boost
                                 : static_cast<double>(round.all_examples) /
                                       static_cast<double>(std::max<std::size_t>(1, round.examples[row_idx])) /
                                       round.server_learning_rate;
            case Form::plain:
            case Form::distributed:
            case Form::edge_case:
                return boost;
        }
        return 1;
    }

    Form form_;
    RuleSettings settings_;
    std::int32_t source_, target_;
    Trigger trigger_;
};

}  // namespace

double setting(const RuleSettings& settings, const std::string& name, double otherwise)
{
    const auto found = settings.values.find(name);
    return found == settings.values.end() ? otherwise : found->second;
}

std::int32_t label_setting(const RuleSettings& settings, const std::string& name)
{
    return static_cast<std::int32_t>(setting(settings, name, 0));
}

void ensure_class(Dataset& data, std::int32_t label, ExampleSource& source, Random& random)
{
    constexpr double least = 0.2;
    const auto wanted = static_cast<std::size_t>(least * static_cast<double>(data.size()) + 0.5);
    auto held = static_cast<std::size_t>(std::count(data.labels.begin(), data.labels.end(), label));
    for (std::size_t example_idx = 0; example_idx < data.size() && held < wanted; ++example_idx) {
        if (data.labels[example_idx] == label) continue;
        source.make(static_cast<std::size_t>(label), random, data.input(example_idx));
        data.labels[example_idx] = label;
        ++held;
    }
}

std::unique_ptr<Attack> make_data_attack(const std::string& name, const RuleSettings& settings, const InputShape& shape,
                                         std::size_t classes)
{
    using Form = Backdoor::Form;
    const auto backdoor = [&](Form form) { return std::make_unique<Backdoor>(form, settings, shape); };
    if (name == "label-flip") return std::make_unique<LabelFlip>(settings, classes);
    if (name == "backdoor") return backdoor(settings.variant == "clipped" ? Form::clipped : Form::plain);
    if (name == "dba") return backdoor(Form::distributed);
    if (name == "model-replacement") return backdoor(Form::replacement);
    if (name == "constrain-and-scale") return backdoor(Form::constrained);
    if (name == "edge-case") return backdoor(Form::edge_case);
    if (name == "neurotoxin") return backdoor(Form::neurotoxin);
    if (name == "drip") return backdoor(Form::clipped);
    return nullptr;
}

}  // namespace fedsleuth::analysis::lab
