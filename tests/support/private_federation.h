// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/lab/lab_case.h"
#include "analysis/ledger/ledger_builder.h"
#include "analysis/privacy/accountant.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace fedsleuth::test {

/// A federation with differential privacy that does what its log says: vectors, log and claims from one description.
/// What a test wants to be a lie it says in `client` (of client 0) or changes in the finished federation.
struct PrivateSpec {
    unsigned seed = 1;
    int clients = 10, rounds = 8;
    std::string mechanism = "gaussian", unit = "client", where = "client", where_declared = "client";
    double noise = 1, clip = 0.5, rate = 1, delta = 1e-5, steps = 1;
    std::vector<double> schedule;    ///< of the noise, by round; empty: `noise`
    std::string accountant = "rdp";  ///< of the claims; empty: nobody claims
    bool cumulative = true;
    bool steps_so_far = false;  ///< claims count all steps so far
    bool all_rounds = false;    ///< claims of ε count rounds without the client, too
    bool parameters_in_claims = true;
    bool even_weights = true;
    bool noise_for_heaviest = true;  ///< the server's noise protects the heaviest client
    std::string stage;               ///< "clipped": the recorder stood behind the server's clipping
    double budget = 1e6;
    enum class Drawing { poisson, fixed, turns, all } drawing = Drawing::poisson;

    // What client 0 does otherwise.
    double noise_share = 1;    ///< of what it claims
    double signal = 0;         ///< length of its unclipped signal, over C; 0: clipped as the others'
    bool noise_first = false;  ///< and clips then
    int bare_layer = -1;       ///< without noise
    bool same_noise_every_round = false, noise_of_client_1 = false;
    // What the server does otherwise.
    double server_share = 1;
    bool server_clips = true, server_same_noise = false;
    int server_bare_layer = -1;
};

class PrivateFederation {
public:
    explicit PrivateFederation(const PrivateSpec& spec) : spec_(spec), random_(spec.seed)
    {
        describe();
        for (int round = 1; round <= spec_.rounds; ++round) play(round);
    }

    analysis::lab::LabFederation made;

    /// Ledgers, noise evidence and audit, as an analysis would make them.
    [[nodiscard]] analysis::lab::LabCase analysed() const
    {
        analysis::lab::LabCase store(std::make_shared<const analysis::lab::LabFederation>(made));
        model::Progress progress;
        for (const analysis::LedgerPlan& plan : analysis::plan_ledgers(made.updates, made.checkpoints))
            (void)store.put_ledger(*analysis::build_ledger(store, made.federation.layers, plan, progress));
        return store;
    }

private:
    using Row = std::vector<float>;

    void describe()
    {
        model::Federation& federation = made.federation;
        federation.format = "fedsleuth/1";
        federation.layers = {{"fc1.weight", {25, 8}}, {"fc1.bias", {25}}, {"fc2.weight", {4, 25}}, {"fc2.bias", {4}}};
        d_ = static_cast<std::size_t>(model::lay_out(federation.layers));
        federation.aggregation.weighted_by =
            spec_.even_weights ? model::Weighting::equal : model::Weighting::num_examples;
        model::PrivacyMechanism& privacy = federation.privacy.emplace();
        privacy.mechanism = spec_.mechanism;
        privacy.unit = spec_.unit;
        privacy.where = spec_.where_declared;
        privacy.clipping_norm = spec_.clip;
        privacy.noise_multiplier = spec_.noise;
        privacy.sampling_rate = spec_.rate;
        privacy.steps_per_round = spec_.steps;
        privacy.delta = spec_.delta;
        privacy.epsilon_budget = spec_.budget;
        common_ = direction();
        for (int client_idx = 0; client_idx < spec_.clients; ++client_idx) {
            model::Client& client = made.clients.emplace_back();
            client.id = id(client_idx);
            client.registered = true;
            client.num_examples = 60 + static_cast<int>(random_() % 400);
            histories_.emplace_back();
            totals_.push_back(0);
        }
        model::Checkpoint& start = made.checkpoints.emplace_back();
        start.state = model::SnapshotState::usable;
        made.models.emplace_back(d_, 0.0F);
    }

    static model::ClientId id(int client_idx) { return model::ClientId{"c" + std::to_string(100 + client_idx)}; }

    Row direction()
    {
        Row row(d_);
        double square = 0;
        for (float& value : row) value = static_cast<float>(normal_(random_)), square += value * value;
        for (float& value : row) value = static_cast<float>(value / std::sqrt(square));
        return row;
    }

    double noise_of(int round) const
    {
        return spec_.schedule.empty() ? spec_.noise : spec_.schedule[static_cast<std::size_t>(round - 1)];
    }

    /// One draw of the mechanism's law with scale 1.
    double drawn()
    {
        if (spec_.mechanism != "laplace") return normal_(random_);
        const double u = std::uniform_real_distribution<double>(-0.5, 0.5)(random_);
        return (u < 0 ? 1 : -1) * std::log1p(-2 * std::abs(u));
    }
    std::vector<double> fresh_noise()
    {
        std::vector<double> noise(d_);
        for (double& value : noise) value = drawn();
        return noise;
    }
    void bare(std::vector<double>& noise, int layer_idx) const
    {
        if (layer_idx < 0) return;
        const model::Layer& layer = made.federation.layers[static_cast<std::size_t>(layer_idx)];
        std::fill_n(noise.begin() + layer.offset, layer.count, 0.0);
    }

    std::set<int> cohort(int round)
    {
        std::set<int> drawn;
        const int fixed = std::max(static_cast<int>(std::lround(spec_.rate * spec_.clients)), 1);
        for (int client_idx = 0; client_idx < spec_.clients; ++client_idx) {
            const bool chance = std::uniform_real_distribution<double>(0, 1)(random_) < spec_.rate;
            const int turns = std::max(static_cast<int>(std::lround(1 / spec_.rate)), 1);
            if (spec_.unit == "example" || spec_.drawing == PrivateSpec::Drawing::all || spec_.rate >= 1 ||
                (spec_.drawing == PrivateSpec::Drawing::poisson && chance) ||
                (spec_.drawing == PrivateSpec::Drawing::turns && (client_idx + round) % turns == 0))
                drawn.insert(client_idx);
        }
        while (spec_.drawing == PrivateSpec::Drawing::fixed && static_cast<int>(drawn.size()) < fixed)
            drawn.insert(static_cast<int>(random_() % static_cast<unsigned>(spec_.clients)));
        return drawn;
    }

    Row update_of(int client_idx, int round)
    {
        const bool liar = client_idx == 0;
        const Row own = direction();
        const double wanted =
            liar && spec_.signal > 0 ? spec_.signal : std::uniform_real_distribution<double>(0.3, 2.5)(random_);
        std::vector<double> row(d_);
        double square = 0;
        for (std::size_t k = 0; k < d_; ++k) row[k] = 0.7 * common_[k] + 0.5 * own[k], square += row[k] * row[k];
        const bool at_client = spec_.where == "client" && spec_.unit == "client";
        const bool unclipped = (liar && spec_.signal > 0) || (!at_client && spec_.stage != "clipped");
        const double length = spec_.clip * (unclipped ? wanted : std::min(wanted, 1.0));
        for (double& value : row) value *= length / std::sqrt(square);
        if (at_client) {
            std::vector<double> noise = fresh_noise();
            if (client_idx == 1) noise_of_1_ = noise;
            if (liar && spec_.same_noise_every_round) noise = kept_.empty() ? kept_ = noise : kept_;
            if (liar) bare(noise, spec_.bare_layer);
            const double scale = noise_of(round) * spec_.clip * (liar ? spec_.noise_share : 1);
            for (std::size_t k = 0; k < d_; ++k) row[k] += scale * noise[k];
            if (liar && spec_.noise_first) {
                double all = 0;
                for (const double value : row) all += value * value;
                for (double& value : row) value *= spec_.clip / std::sqrt(all);
            }
        }
        return {row.begin(), row.end()};
    }

    void play(int number)
    {
        model::Round& round = made.rounds.emplace_back();
        round.number = model::RoundNo{number};
        const std::set<int> taking_part = cohort(number);
        if (spec_.unit == "client")
            for (int client_idx = 0; client_idx < spec_.clients; ++client_idx)
                if (taking_part.contains(client_idx) || spec_.all_rounds) account(client_idx, number);
        std::vector<Row> rows;
        std::vector<double> weights;
        // The last first, so that client 0 can take another's noise.
        for (auto client_idx = taking_part.rbegin(); client_idx != taking_part.rend(); ++client_idx) {
            round.selected.push_back(id(*client_idx));
            rows.push_back(update_of(*client_idx, number));
            if (*client_idx == 0 && spec_.noise_of_client_1 && taking_part.contains(1)) {
                for (std::size_t k = 0; k < d_; ++k)
                    rows.back()[k] = static_cast<float>(0.3 * spec_.clip * common_[k] +
                                                        noise_of(number) * spec_.clip * noise_of_1_[k]);
            }
            model::Update update;
            update.round = round.number;
            update.client = id(*client_idx);
            update.num_examples = made.clients[static_cast<std::size_t>(*client_idx)].num_examples;
            update.state = model::SnapshotState::usable;
            update.stage = spec_.stage;
            update.metrics["train_loss"] = 1.0 / number;
            claim(*client_idx, number, update);
            made.updates.push_back(update);
            made.deltas.push_back(rows.back());
            weights.push_back(spec_.even_weights ? 1 : static_cast<double>(*update.num_examples));
        }
        const std::size_t count = rows.size();
        std::reverse(made.updates.end() - static_cast<std::ptrdiff_t>(count), made.updates.end());
        std::reverse(made.deltas.end() - static_cast<std::ptrdiff_t>(count), made.deltas.end());
        step(number, rows, weights);
    }

    void step(int number, const std::vector<Row>& rows, std::vector<double> weights)
    {
        std::vector<double> next(made.models.back().begin(), made.models.back().end());
        double total = 0, heaviest = 0;
        for (const double weight : weights) total += weight, heaviest = std::max(heaviest, weight);
        const bool at_server = spec_.where == "server";
        for (std::size_t row_idx = 0; row_idx < rows.size(); ++row_idx) {
            double square = 0;
            for (const float value : rows[row_idx]) square += static_cast<double>(value) * value;
            const double shrink = at_server && spec_.server_clips ? std::min(1.0, spec_.clip / std::sqrt(square)) : 1.0;
            for (std::size_t k = 0; k < d_; ++k) next[k] += weights[row_idx] / total * shrink * rows[row_idx][k];
        }
        if (at_server && !rows.empty()) {
            std::vector<double> noise = fresh_noise();
            if (spec_.server_same_noise) noise = kept_.empty() ? kept_ = noise : kept_;
            bare(noise, spec_.server_bare_layer);
            const double share = spec_.noise_for_heaviest ? heaviest / total : 1.0 / static_cast<double>(rows.size());
            for (std::size_t k = 0; k < d_; ++k)
                next[k] += spec_.server_share * noise_of(number) * spec_.clip * share * noise[k];
        }
        model::Checkpoint& checkpoint = made.checkpoints.emplace_back();
        checkpoint.round = model::RoundNo{number};
        checkpoint.state = model::SnapshotState::usable;
        made.models.emplace_back(next.begin(), next.end());
    }

    void account(int client_idx, int number)
    {
        analysis::PrivacyEvent event =
            analysis::sampled_gaussian(noise_of(number), spec_.rate, static_cast<std::int64_t>(spec_.steps));
        if (spec_.mechanism == "laplace") event.mechanism = analysis::Mechanism::laplace;
        histories_[static_cast<std::size_t>(client_idx)].push_back(event);
    }

    /// ε of a history, as the accountant of the claims has it.
    double epsilon(const analysis::PrivacyHistory& history)
    {
        if (spec_.accountant == "classical") return std::sqrt(2 * std::log(1.25 / spec_.delta)) / history.back().noise;
        analysis::Accountant accountant = *analysis::accountant_named(spec_.accountant);
        const bool dear = accountant == analysis::Accountant::pld || accountant == analysis::Accountant::prv;
        if (dear && spec_.rate >= 1 && spec_.mechanism == "gaussian") accountant = analysis::Accountant::gdp;  // exact
        const analysis::PrivacyHistory counted = analysis::compacted(history);
        for (const auto& [known, value] : known_)
            if (known == counted) return value;
        analysis::AccountOptions options;
        options.interval = 1e-3;
        known_.emplace_back(counted, analysis::epsilon_of(counted, spec_.delta, accountant, options)->epsilon);
        return known_.back().second;
    }

    void claim(int client_idx, int number, model::Update& update)
    {
        if (spec_.unit == "example") account(client_idx, number);
        if (spec_.accountant.empty()) return;
        const analysis::PrivacyHistory& history = histories_[static_cast<std::size_t>(client_idx)];
        model::PrivacyClaim& claim = update.privacy.emplace();
        claim.cumulative = spec_.cumulative;
        claim.epsilon = epsilon(spec_.cumulative ? history : analysis::PrivacyHistory{history.back()});
        claim.delta = spec_.delta;
        if (spec_.accountant != "classical") claim.accountant = spec_.accountant;
        if (!spec_.parameters_in_claims) return;
        claim.noise_multiplier = noise_of(number);
        claim.clipping_norm = spec_.clip;
        claim.sampling_rate = spec_.rate;
        totals_[static_cast<std::size_t>(client_idx)] += spec_.steps;
        claim.steps = spec_.steps_so_far ? totals_[static_cast<std::size_t>(client_idx)] : spec_.steps;
    }

    PrivateSpec spec_;
    std::mt19937 random_;
    std::normal_distribution<double> normal_;
    std::size_t d_ = 0;
    Row common_;
    std::vector<double> kept_, noise_of_1_;
    std::vector<analysis::PrivacyHistory> histories_;
    std::vector<double> totals_;
    std::vector<std::pair<analysis::PrivacyHistory, double>> known_;
};

}  // namespace fedsleuth::test
