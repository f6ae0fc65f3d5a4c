// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluation/grid.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <random>

namespace fedsleuth::evaluation {

namespace {

using analysis::lab::AttackPlan;
using analysis::lab::LabOptions;
using analysis::lab::NetworkKind;
using analysis::lab::PartitionOptions;
using analysis::lab::Schedule;

struct Entry {
    const char* attack;
    const char* variant;
    bool overt;
    bool hidden;
    bool held_out;
};

// The second design (seeds from 10 on) goes on to the end, where stealthy attacks stand again: there is most to learn
// about them. The first stops at first_entries.
constexpr std::size_t first_entries = 36;
constexpr std::array<Entry, 44> entries{{
    {"label-flip", "pair", false, true, false},
    {"label-flip", "all", true, false, false},
    {"label-flip", "random", true, false, false},
    {"backdoor", "plain", false, false, false},
    {"backdoor", "clipped", false, true, false},
    {"dba", "", false, false, true},
    {"model-replacement", "", true, false, false},
    {"constrain-and-scale", "", false, true, false},
    {"edge-case", "", false, true, false},
    {"neurotoxin", "", false, true, true},
    {"drip", "", false, true, false},
    {"sign-flip", "own", true, false, false},
    {"sign-flip", "mean", true, false, false},
    {"noise", "plain", true, false, false},
    {"noise", "matched", true, false, false},
    {"noise", "added", true, false, false},
    {"scaling", "", true, false, false},
    {"alie", "", true, false, false},
    {"ipm", "", true, false, false},
    {"min-max", "unit", true, false, false},
    {"min-max", "sign", true, false, false},
    {"min-max", "std", true, false, false},
    {"min-sum", "unit", true, false, true},
    {"min-sum", "std", true, false, true},
    {"fang-krum", "", true, false, false},
    {"fang-trim", "full", true, false, false},
    {"fang-trim", "partial", true, false, false},
    {"mimic", "", false, false, false},
    {"sybil", "", true, false, false},
    {"poisonedfl", "", true, false, true},
    {"free-rider", "zero", true, false, false},
    {"free-rider", "random", true, false, false},
    {"free-rider", "delta", true, false, false},
    {"free-rider", "advanced", true, false, false},
    {"free-rider", "stale", true, false, false},
    {"label-flip", "all", true, false, false},
    {"drip", "", false, true, false},
    {"backdoor", "clipped", false, true, false},
    {"label-flip", "pair", false, true, false},
    {"constrain-and-scale", "", false, true, false},
    {"edge-case", "", false, true, false},
    {"scaling", "", true, false, false},
    {"drip", "", false, true, false},
    {"sign-flip", "own", true, false, false},
}};

constexpr std::array<Entry, 20> third_entries{{
    {"drip", "", false, true, false},
    {"label-flip", "pair", false, true, false},
    {"backdoor", "plain", false, false, false},
    {"label-flip", "all", true, false, false},
    {"drip", "", false, true, false},
    {"backdoor", "clipped", false, true, false},
    {"scaling", "", true, false, false},
    {"label-flip", "random", true, false, false},
    {"edge-case", "", false, true, false},
    {"drip", "", false, true, false},
    {"constrain-and-scale", "", false, true, false},
    {"sign-flip", "own", true, false, false},
    {"noise", "matched", true, false, false},
    {"free-rider", "stale", true, false, false},
    {"mimic", "", false, false, false},
    {"drip", "", false, true, false},
    {"model-replacement", "", true, false, false},
    {"label-flip", "all", true, false, false},
    {"backdoor", "clipped", false, true, false},
    {"sybil", "", true, false, false},
}};

/// Draws whose results don't depend on the standard library's distributions.
class Draw {
public:
    Draw(std::uint64_t seed, std::size_t number) : engine_(seed * 1'000'003 + number) {}
    double between(double low, double high)
    {
        return low + (high - low) * static_cast<double>(engine_() >> 11) / 9007199254740992.0;
    }
    bool chance(double probability) { return between(0, 1) < probability; }
    template <class T, std::size_t count>
    T pick(const std::array<T, count>& from)
    {
        return from[static_cast<std::size_t>(between(0, 1) * count)];
    }

private:
    std::mt19937_64 engine_;
};

void draw_data(Draw& draw, Cell& cell)
{
    LabOptions& options = cell.options;
    if (cell.second) {
        options.clients = draw.pick(std::array<std::size_t, 11>{6, 8, 10, 10, 12, 15, 20, 20, 25, 30, 40});
        options.rounds = draw.pick(std::array<std::size_t, 7>{12, 16, 20, 24, 24, 30, 36});
    } else {
        options.clients = draw.pick(std::array<std::size_t, 10>{8, 10, 10, 12, 15, 20, 20, 25, 30, 40});
        options.rounds = draw.pick(std::array<std::size_t, 5>{12, 16, 20, 24, 30});
    }
    options.data = draw.chance(0.65) ? LabOptions::Data::digits : LabOptions::Data::mixture;
    options.image_side = draw.chance(0.6) ? 8 : 12;
    options.mixture_spread = draw.between(3, 6);
    const double kind = draw.between(0, 1);
    PartitionOptions& partition = options.partition;
    if (kind < 0.25) {
        partition.kind = PartitionOptions::Kind::iid;
    } else if (kind < 0.8) {
        partition.kind = PartitionOptions::Kind::dirichlet;
        partition.alpha = draw.pick(std::array<double, 5>{0.1, 0.2, 0.3, 0.5, 1.0});
        cell.skew = partition.alpha >= 0.5 ? 1 : 2;
    } else {
        partition.kind = PartitionOptions::Kind::classes;
        partition.classes_per_client = draw.chance(0.6) ? 2 : 3;
        cell.skew = 2;
    }
    partition.examples_per_client = static_cast<std::size_t>(draw.between(40, 160));
    partition.quantity_skew = draw.pick(std::array<double, 3>{0, 0.4, 0.8});
}

void draw_training(Draw& draw, bool second, LabOptions& options)
{
    const double kind = draw.between(0, 1);
    const bool images = options.data == LabOptions::Data::digits;
    options.network = kind < 0.8 ? NetworkKind::mlp : kind < 0.93 || !images ? NetworkKind::softmax : NetworkKind::cnn;
    options.hidden = draw.pick(std::array<std::size_t, 4>{16, 24, 32, 48});
    options.training.learning_rate = std::exp(draw.between(std::log(0.03), std::log(0.25)));
    options.training.epochs = draw.pick(std::array<std::size_t, 3>{1, 2, 3});
    options.training.batch = draw.pick(std::array<std::size_t, 3>{8, 16, 32});
    if (second) {
        options.training.momentum = draw.pick(std::array<double, 4>{0, 0, 0.8, 0.9});
        options.training.learning_rate *= 1 - options.training.momentum;
    } else {
        options.training.momentum = draw.chance(0.2) ? 0.9 : 0;
        if (options.training.momentum > 0) options.training.learning_rate *= 0.2;
    }
    options.test_examples = 100;
}

void draw_operation(Draw& draw, bool second, LabOptions& options)
{
    if (!draw.chance(0.5)) {
        options.participation = draw.pick(std::array<double, 4>{0.4, 0.5, 0.6, 0.8});
        // A crowd of six is the least that a round can be judged by.
        options.participation = std::clamp(6.5 / static_cast<double>(options.clients), options.participation, 1.0);
    }
    if (draw.chance(0.3)) options.dropout = draw.between(0.02, 0.15);
    if (draw.chance(0.12)) options.stragglers = 0.1;
    if (draw.chance(0.3)) {
        options.noisy_clients = draw.between(0.05, 0.2);
        options.noisy_labels = draw.between(0.25, 0.5);
    }
    if (!draw.chance(0.65))
        options.rule =
            second ? draw.pick(std::array<const char*, 6>{"median", "trimmed-mean", "multi-krum", "geometric-median",
                                                          "norm-clipping", "krum"})
                   : draw.pick(std::array<const char*, 5>{"median", "trimmed-mean", "multi-krum", "median", "krum"});
    options.weighted = draw.chance(0.7);
    if (second && draw.chance(0.07))
        options.privacy = {draw.pick(std::array<double, 4>{0.02, 0.05, 0.2, 1.0}),
                           draw.pick(std::array<double, 3>{0.5, 1, 2}), 1e-5};
    const auto f = static_cast<double>(options.clients) * options.participation * (1 - options.dropout);
    if (options.rule == "krum" || options.rule == "multi-krum")
        options.rule_settings.values["f"] = std::max(1.0, std::floor(f / 5));
    if (options.rule == "trimmed-mean") options.rule_settings.values["fraction"] = 0.2;
}

void draw_attack(Draw& draw, const Entry& entry, Cell& cell)
{
    LabOptions& options = cell.options;
    AttackPlan plan;
    plan.attack = entry.attack;
    plan.settings.variant = entry.variant;
    cell.fraction = draw.pick(std::array<double, 6>{0.1, 0.1, 0.2, 0.2, 0.3, 0.4});
    const auto n = static_cast<double>(options.clients);
    plan.attackers = static_cast<std::size_t>(std::max(1.0, std::round(cell.fraction * n)));
    // What only several can do together.
    const std::string_view name = entry.attack;
    for (const std::string_view together : {"sybil", "alie", "ipm", "min-max", "min-sum", "fang-krum", "dba"})
        if (name == together) plan.attackers = std::max<std::size_t>(plan.attackers, 2);
    if (name == "model-replacement") plan.attackers = 1;
    cell.fraction = static_cast<double>(plan.attackers) / n;

    const auto rounds = static_cast<double>(options.rounds);
    const double when = draw.between(0, 1);
    plan.schedule.onset = when < 0.3 ? 1 : static_cast<std::size_t>(std::round(draw.between(0.15, 0.55) * rounds));
    plan.schedule.onset = std::max<std::size_t>(plan.schedule.onset, 1);
    if (name == "model-replacement") {
        plan.schedule.kind = Schedule::Kind::once;
        plan.schedule.onset = static_cast<std::size_t>(std::round(draw.between(0.3, 0.8) * rounds));
    } else if (name == "drip") {
        plan.schedule.kind = Schedule::Kind::ramp;
        if (cell.second) plan.schedule.onset = 1 + static_cast<std::size_t>(draw.between(0, 0.35) * rounds);
    } else if (draw.chance(0.2)) {
        plan.schedule.kind = Schedule::Kind::on_off;
        plan.schedule.period = draw.pick(std::array<std::size_t, 3>{2, 3, 5});
    }
    auto& values = plan.settings.values;
    if (name == "backdoor" && plan.settings.variant == "plain")
        values["boost"] = draw.pick(std::array<double, 3>{1, 2, 4});
    if (name == "scaling") values["factor"] = draw.pick(std::array<double, 4>{3, 5, 10, -2});
    if (name == "ipm") values["epsilon"] = draw.pick(std::array<double, 4>{0.1, 0.5, 0.5, 2});
    if (name == "alie") values["z"] = draw.pick(std::array<double, 3>{0, 0.5, 1});
    if (name == "sign-flip") values["scale"] = draw.pick(std::array<double, 3>{1, 1, 3});
    if (name == "noise" && plan.settings.variant != "matched")
        values["sigma"] = draw.pick(std::array<double, 3>{0.02, 0.05, 0.1});
    if (name == "sybil") values["jitter"] = draw.pick(std::array<double, 3>{0.001, 0.01, 0.1});
    if (name == "label-flip" && plan.settings.variant != "random") values["share"] = draw.chance(0.7) ? 1.0 : 0.6;
    if (name == "label-flip" && plan.settings.variant == "random") values["share"] = 1.0;
    if (name == "drip") plan.schedule.ramp_step = draw.pick(std::array<double, 2>{0.05, 0.1});
    cell.attack = std::string(entry.attack) + (*entry.variant ? " " : "") + entry.variant;
    cell.overt = entry.overt;
    cell.hidden = entry.hidden;
    const bool skewed = options.partition.kind == PartitionOptions::Kind::dirichlet && options.partition.alpha == 0.1;
    cell.hard = entry.hidden && (cell.attack == "label-flip pair" ? skewed : name != "constrain-and-scale");
    cell.held_out = entry.held_out;
    options.attacks.push_back(std::move(plan));
}

}  // namespace

Cell make_cell(std::uint64_t seed, std::size_t number)
{
    Draw draw(seed, number);
    Cell cell;
    cell.number = number;
    cell.second = seed >= 10;
    cell.third = seed >= 40;
    cell.options.seed = seed * 100'003 + number;
    draw_data(draw, cell);
    draw_training(draw, cell.second, cell.options);
    draw_operation(draw, cell.second, cell.options);
    const std::size_t turn = number - number / 5;
    if (number % 5 != 4)
        draw_attack(draw,
                    cell.third ? third_entries[turn % third_entries.size()]
                               : entries[turn % (cell.second ? entries.size() : first_entries)],
                    cell);
    if (cell.third && draw.chance(0.35)) {
        const auto rounds = static_cast<double>(cell.options.rounds);
        cell.options.tampered_round = static_cast<std::size_t>(std::round(draw.between(0.2, 0.9) * rounds));
        cell.options.tampering = std::exp(draw.between(std::log(0.5), std::log(30)));
    }
    return cell;
}

}  // namespace fedsleuth::evaluation
