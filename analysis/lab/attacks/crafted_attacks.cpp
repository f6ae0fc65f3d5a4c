// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/lab/attacks/adaptive.h"
#include "analysis/lab/attacks/crafting.h"
#include "analysis/lab/attacks/kinds.h"

#include <cmath>
#include <utility>

namespace fedsleuth::analysis::lab {

namespace {

/// Each attacker bends its own honest update.
class OwnUpdate final : public Attack {
public:
    OwnUpdate(std::string name, RuleSettings settings) : name_(std::move(name)), settings_(std::move(settings)) {}

    Rows craft(const AttackRound& round, Random& random) override
    {
        Rows rows = round.own;
        if (name_ == "sign-flip" && settings_.variant == "mean" && round.honest.n > 0)
            for (std::size_t row_idx = 0; row_idx < rows.n; ++row_idx) rows.set(row_idx, mean_of(round.honest));
        for (std::size_t row_idx = 0; row_idx < rows.n; ++row_idx) bend_row(rows[row_idx], random);
        return rows;
    }

private:
    void bend_row(std::span<double> row, Random& random) const
    {
        if (name_ == "sign-flip") {
            for (double& value : row) value *= -settings_.values.at("scale");
        } else if (name_ == "scaling") {
            for (double& value : row) value *= settings_.values.at("factor");
        } else if (settings_.variant == "matched") {
            const double length = norm_of(row);
            for (double& value : row) value = random.normal();
            const double drawn = norm_of(row);
            for (double& value : row) value *= length / drawn;
        } else {
            const double sigma = settings_.values.at("sigma");
            const double keep = settings_.variant == "added" ? 1 : 0;
            for (double& value : row) value = keep * value + sigma * random.normal();
        }
    }

    std::string name_;
    RuleSettings settings_;
};

/// All attackers send one vector, crafted from what they know of honest updates.
class Crowd final : public Attack {
public:
    Crowd(std::string name, RuleSettings settings) : name_(std::move(name)), settings_(std::move(settings)) {}

    Rows craft(const AttackRound& round, Random& random) override
    {
        const bool all = setting(settings_, "knowledge", 1) > 0;
        const Rows& known = (all || round.own.n < 2) && round.honest.n > 0 ? round.honest : round.own;
        Rows rows(round.own.n, round.own.d);
        const std::vector<double> vector = crafted(round, known, random);
        for (std::size_t row_idx = 0; row_idx < rows.n; ++row_idx) {
            rows.set(row_idx, vector);
            if (name_ == "fang-trim" && settings_.variant == "full") rows.set(row_idx, trimmed(known, random));
            add_jitter(rows[row_idx], setting(settings_, "jitter", 0), random);
        }
        return rows;
    }

private:
    std::vector<double> crafted(const AttackRound& round, const Rows& known, Random& random) const
    {
        const std::size_t f = round.own.n;
        if (name_ == "alie") {
            const double z = settings_.values.at("z");
            return alie(known, -strongest(round, known, z > 0 ? z : alie_z(round.honest.n + f, f)));
        }
        if (name_ == "ipm") return ipm(known, strongest(round, known, settings_.values.at("epsilon")));
        if (name_ == "min-max") return min_max(known, direction()).vector;
        if (name_ == "min-sum") return min_sum(known, direction()).vector;
        if (name_ == "agr-tailored") {
            const auto along = static_cast<Direction>(static_cast<int>(settings_.values.at("direction")));
            return (settings_.variant == "multi-krum" ? tailored_to_multi_krum(known, f, along)
                                                      : tailored_to_trimmed_mean(known, f, along))
                .vector;
        }
        if (name_ == "fang-krum") return fang_krum(known, f).vector;
        if (settings_.variant == "partial") return fang_trim_partial(round.own);
        return trimmed(known, random);
    }
    /// The factor of ALIE or IPM: the fixed one, or the one that moves the server's rule furthest from the honest mean.
    double strongest(const AttackRound& round, const Rows& known, double fixed) const
    {
        if (settings_.variant != "optimal" || !round.aggregate) return fixed;
        const std::vector<double> mean = mean_of(known);
        const auto moved = [&](double factor) {
            Rows all = known;
            const std::vector<double> vector = name_ == "alie" ? alie(known, -factor) : ipm(known, factor);
            for (std::size_t copy_idx = 0; copy_idx < round.own.n; ++copy_idx) all.add(std::span<const double>(vector));
            const std::vector<double> result = round.aggregate(all);
            return result.empty() ? 0.0 : squared_distance(result, mean);
        };
        LineSearch search;
        search.step = 1;
        return line_maximum(moved, search);
    }
    /// Beyond the extreme by a factor between 1 and 2, drawn for every coordinate.
    static std::vector<double> trimmed(const Rows& known, Random& random)
    {
        std::vector<double> factor(known.d);
        for (double& value : factor) value = random.uniform(1, 2);
        return fang_trim(known, factor);
    }
    Direction direction() const
    {
        if (settings_.variant == "sign") return Direction::sign;
        return settings_.variant == "std" ? Direction::std : Direction::unit;
    }

    std::string name_;
    RuleSettings settings_;
};

}  // namespace

void add_jitter(std::span<double> row, double share, Random& random)
{
    if (share <= 0) return;
    const double sigma = share * norm_of(row) / std::sqrt(static_cast<double>(row.size()));
    for (double& value : row) value += sigma * random.normal();
}

std::unique_ptr<Attack> make_crafted_attack(const std::string& name, const RuleSettings& settings)
{
    for (const char* own : {"sign-flip", "noise", "scaling"})
        if (name == own) return std::make_unique<OwnUpdate>(name, settings);
    for (const char* crowd : {"alie", "ipm", "min-max", "min-sum", "agr-tailored", "fang-krum", "fang-trim"})
        if (name == crowd) return std::make_unique<Crowd>(name, settings);
    return nullptr;
}

}  // namespace fedsleuth::analysis::lab
