// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/lab/attacks/crafting.h"
#include "analysis/lab/attacks/kinds.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <utility>

namespace fedsleuth::analysis::lab {

namespace {

/// All attackers copy one honest client, the same one whenever it takes part.
class Mimic final : public Attack {
public:
    Mimic(const RuleSettings& settings, std::uint64_t seed) : jitter_(settings.values.at("jitter"))
    {
        Random random(seed, {stream::attack, 1});
        first_choice_ = random.next();
    }

    Rows craft(const AttackRound& round, Random& random) override
    {
        Rows rows = round.own;
        if (round.honest.n == 0) return rows;
        if (!victim_) victim_ = round.honest_clients[first_choice_ % round.honest.n];
        const auto present = std::find(round.honest_clients.begin(), round.honest_clients.end(), *victim_);
        const std::size_t copied = present == round.honest_clients.end()
                                       ? 0
                                       : static_cast<std::size_t>(present - round.honest_clients.begin());
        for (std::size_t row_idx = 0; row_idx < rows.n; ++row_idx) {
            rows.set(row_idx, round.honest[copied]);
            add_jitter(rows[row_idx], jitter_, random);
        }
        return rows;
    }

private:
    double jitter_;
    std::uint64_t first_choice_ = 0;
    std::optional<std::size_t> victim_;
};

/// One data set with flipped labels behind all identities.
class Sybil final : public Attack {
public:
    Sybil(const RuleSettings& settings, std::size_t classes)
        : jitter_(settings.values.at("jitter")), classes_(static_cast<std::int32_t>(classes))
    {
    }

    bool trains_on_poison() const override { return true; }
    Dataset poison(const Dataset& shard, std::size_t, ExampleSource&, Random&) override
    {
        if (!shared_) {
            shared_ = shard;
            for (std::int32_t& label : shared_->labels) label = classes_ - 1 - label;
        }
        return *shared_;
    }
    Rows craft(const AttackRound& round, Random& random) override
    {
        Rows rows = round.poisoned;
        for (std::size_t row_idx = 0; row_idx < rows.n; ++row_idx) {
            rows.set(row_idx, round.poisoned[0]);
            add_jitter(rows[row_idx], jitter_, random);
        }
        return rows;
    }

private:
    double jitter_;
    std::int32_t classes_;
    std::optional<Dataset> shared_;
};

/// PoisonedFL (Xie et al. 2025, section 4): a fixed random sign vector, magnitudes from what the last global step kept
/// of the last malicious update, and a factor that shrinks when the model does not follow.
class PoisonedFl final : public Attack {
public:
    PoisonedFl(const RuleSettings& settings, std::uint64_t seed)
        : scale_(settings.values.at("scale")),
          period_(static_cast<std::size_t>(settings.values.at("period"))),
          jitter_(settings.values.at("jitter")),
          seed_(seed)
    {
    }

    Rows craft(const AttackRound& round, Random& random) override
    {
        const std::size_t d = round.global.size();
        if (signs_.empty()) begin(round.global);
        if (rounds_++ > 0 && rounds_ % period_ == 0) look(round.global);
        std::vector<double> vector(d, 0.0);
        std::vector<double> step(round.previous_step.begin(), round.previous_step.end());
        if (step.empty()) step = mean_of(round.own);
        const double length = norm_of(step), last_length = norm_of(last_);
        for (std::size_t coord_idx = 0; coord_idx < d; ++coord_idx) {
            const double kept = last_.empty() || last_length == 0 ? 0 : last_[coord_idx] * length / last_length;
            vector[coord_idx] = std::abs(step[coord_idx] - kept);
        }
        const double magnitude = norm_of(vector);
        for (std::size_t coord_idx = 0; coord_idx < d; ++coord_idx)
            vector[coord_idx] *= magnitude > 0 ? scale_ * length / magnitude * signs_[coord_idx] : 0;
        last_ = vector;
        Rows rows = round.own;
        for (std::size_t row_idx = 0; row_idx < rows.n; ++row_idx) {
            rows.set(row_idx, vector);
            add_jitter(rows[row_idx], jitter_, random);
        }
        return rows;
    }

private:
    void begin(std::span<const float> global)
    {
        Random random(seed_, {stream::attack, 2});
        for (std::size_t coord_idx = 0; coord_idx < global.size(); ++coord_idx)
            signs_.push_back(random.uniform() < 0.5 ? -1.0 : 1.0);
        start_.assign(global.begin(), global.end());
    }
    /// Does the model's move since the last look share more signs with the pattern than chance would give it (99 %)?
    void look(std::span<const float> global)
    {
        constexpr double quantile = 2.3263, shrink = 0.7, least = 0.5;
        double agreeing = 0;
        for (std::size_t coord_idx = 0; coord_idx < global.size(); ++coord_idx)
            agreeing += (static_cast<double>(global[coord_idx]) - start_[coord_idx]) * signs_[coord_idx] > 0;
        const auto d = static_cast<double>(global.size());
        if (agreeing < d / 2 + quantile * std::sqrt(d) / 2) scale_ = std::max(least, shrink * scale_);
        start_.assign(global.begin(), global.end());
    }

    double scale_;
    std::size_t period_;
    double jitter_;
    std::uint64_t seed_;
    std::size_t rounds_ = 0;
    std::vector<double> signs_, start_, last_;
};

/// Takes part without training.
class FreeRider final : public Attack {
public:
    explicit FreeRider(const RuleSettings& settings) : variant_(settings.variant), noise_(settings.values.at("noise"))
    {
    }

    bool trains_on_poison() const override { return variant_ == "lazy"; }
    Dataset poison(const Dataset& shard, std::size_t, ExampleSource&, Random&) override
    {
        Dataset little{shard.shape, shard.classes, {}, {}};
        const std::size_t count = std::max<std::size_t>(1, shard.size() / 20);
        for (std::size_t example_idx = 0; example_idx < count; ++example_idx)
            little.add(shard.input(example_idx), shard.labels[example_idx]);
        return little;
    }
    Rows craft(const AttackRound& round, Random& random) override
    {
        if (variant_ == "lazy") return round.poisoned;
        Rows rows(round.own.n, round.own.d);
        if (variant_ == "zero") return rows;
        std::vector<double> step(round.previous_step.begin(), round.previous_step.end());
        if (step.empty()) step.assign(rows.d, 0.0);
        // Before there is a step to copy, noise as weak as an untrained hand would guess.
        constexpr double guess = 1e-3;
        const double spread = norm_of(step) / std::sqrt(static_cast<double>(rows.d));
        for (std::size_t row_idx = 0; row_idx < rows.n; ++row_idx) {
            const auto last = last_.find(round.attackers[row_idx]);
            if (variant_ == "stale" && last != last_.end()) {
                rows.set(row_idx, last->second);
                continue;
            }
            if (variant_ == "stale") {
                rows.set(row_idx, round.own[row_idx]);
                continue;
            }
            if (variant_ != "random") rows.set(row_idx, step);
            double sigma = variant_ == "random" ? spread : variant_ == "advanced" ? noise_ * spread : 0;
            if (round.previous_step.empty()) sigma = guess;
            if (sigma > 0)
                for (double& value : rows[row_idx]) value += sigma * random.normal();
        }
        return rows;
    }
    void sent(std::size_t attacker_idx, std::span<const float> update) override
    {
        last_[attacker_idx].assign(update.begin(), update.end());
    }

private:
    std::string variant_;
    double noise_;
    std::map<std::size_t, std::vector<double>> last_;  ///< what each attacker sent last
};

}  // namespace

std::unique_ptr<Attack> make_copying_attack(const std::string& name, const RuleSettings& settings, std::size_t classes,
                                            std::uint64_t seed)
{
    if (name == "mimic") return std::make_unique<Mimic>(settings, seed);
    if (name == "sybil") return std::make_unique<Sybil>(settings, classes);
    if (name == "poisonedfl") return std::make_unique<PoisonedFl>(settings, seed);
    if (name == "free-rider") return std::make_unique<FreeRider>(settings);
    return nullptr;
}

}  // namespace fedsleuth::analysis::lab
