// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rollback/step_check.h"

#include "analysis/detection/robust.h"
#include "model/text.h"

#include <Eigen/Dense>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

namespace fedsleuth::analysis {

using model::Result;
using model::RoundNo;
using model::short_number;

namespace {

using Vector = Eigen::VectorXd;
using Matrix = Eigen::MatrixXd;

constexpr std::size_t most_solved = 300;  // clients whose weights are solved for
constexpr std::size_t most_pairs = 80;    // clients of which every two are left out in turn

/// The round in inner products: n clients, in the ledger's order.
struct StepGeometry {
    std::vector<model::ClientId> clients;
    Matrix gram;
    Vector products;    ///< ⟨D_i, s⟩
    double square = 0;  ///< |s|²
    Vector declared;    ///< proportions that the server declared; 0 for whom it turned away
    Vector accepted;    ///< 1 or 0

    /// |s − α Σ w_i D_i| / |s| at the best α, and that α.
    [[nodiscard]] std::pair<double, double> fit(const Vector& w) const
    {
        const double own = w.dot(gram * w), with = products.dot(w);
        if (!(own > 0) || !(square > 0)) return {1, 0};
        return {std::sqrt(std::max(0.0, 1 - with * with / (own * square))), with / own};
    }
    [[nodiscard]] double residual(const Vector& w) const
    {
        return std::sqrt(std::max(0.0, square - 2 * products.dot(w) + w.dot(gram * w)) / square);
    }
};

std::string name_of(const StepGeometry& round, std::size_t client_idx)
{
    return model::visible(round.clients[client_idx].text());
}

std::string names_of(const StepGeometry& round, const std::vector<std::size_t>& which)
{
    constexpr std::size_t most = 5;
    std::string text;
    for (std::size_t idx = 0; idx < which.size() && idx < most; ++idx)
        text += (idx == 0 ? "" : idx + 1 == which.size() ? " and " : ", ") + name_of(round, which[idx]);
    if (which.size() > most) text += " and " + std::to_string(which.size() - most) + " more";
    return text;
}

/// Lawson and Hanson 1974 on the normal equations: the w ≥ 0 with the least |s − Σ w_i D_i|.
Vector non_negative(const Matrix& gram, const Vector& products)
{
    const Eigen::Index n = products.size();
    Vector w = Vector::Zero(n);
    std::set<Eigen::Index> in;
    const double least = 1e-10 * std::max(products.cwiseAbs().maxCoeff(), 1e-300);
    for (Eigen::Index round = 0; round < 3 * n; ++round) {
        const Vector slope = products - gram * w;
        Eigen::Index enter = -1;
        for (Eigen::Index idx = 0; idx < n; ++idx)
            if (!in.contains(idx) && slope[idx] > least && (enter < 0 || slope[idx] > slope[enter])) enter = idx;
        if (enter < 0) break;
        in.insert(enter);
        while (!in.empty()) {
            const std::vector<Eigen::Index> list(in.begin(), in.end());
            const Vector z = Matrix(gram(list, list)).ldlt().solve(Vector(products(list)));
            double most = 1;
            for (std::size_t at = 0; at < list.size(); ++at) {
                const double value = z[static_cast<Eigen::Index>(at)], own = w[list[at]];
                if (value <= 0) most = std::min(most, own - value > 0 ? own / (own - value) : 0.0);
            }
            for (std::size_t at = 0; at < list.size(); ++at)
                w[list[at]] += most * (z[static_cast<Eigen::Index>(at)] - w[list[at]]);
            if (most >= 1) break;
            std::erase_if(in, [&](Eigen::Index idx) {
                const bool gone = w[idx] <= 1e-14;
                if (gone) w[idx] = 0;
                return gone;
            });
        }
    }
    return w;
}

struct Found {
    std::string text, json_kind;
    std::vector<model::ClientId> clients;
};

std::string rate_text(double alpha, double declared)
{
    if (std::abs(alpha - declared) <= 2e-3 * std::abs(declared)) return {};
    return ", at " + short_number(alpha) + " times its length where the declared server learning rate is " +
           short_number(declared);
}

/// The weighted mean under other weights, other rates, or without one or two.
std::optional<Found> other_mean(const StepGeometry& round, double rate)
{
    const auto n = static_cast<std::size_t>(round.products.size());
    const struct {
        const Vector& weights;
        const char* name;
    } means[] = {{round.declared, "the declared weights"}, {round.accepted, "equal weights"}};
    for (const auto& [weights, name] : means) {
        if (!(weights.sum() > 0)) continue;
        const auto [residual, alpha] = round.fit(weights / weights.sum());
        if (residual <= tolerated_residual)
            return Found{"The weighted mean with " + std::string(name) + " gives it" + rate_text(alpha, rate) + ".",
                         "weights",
                         {}};
    }
    for (const auto& [weights, name] : means)
        for (std::size_t first = 0; first < n; ++first) {
            if (!(weights[static_cast<Eigen::Index>(first)] > 0)) continue;
            for (std::size_t second = first; second < n; ++second) {
                if (second > first && n > most_pairs) break;
                if (!(weights[static_cast<Eigen::Index>(second)] > 0)) continue;
                Vector rest = weights;
                rest[static_cast<Eigen::Index>(first)] = rest[static_cast<Eigen::Index>(second)] = 0;
                if (!(rest.sum() > 0)) continue;
                const auto [residual, alpha] = round.fit(rest / rest.sum());
                if (residual > tolerated_residual) continue;
                std::vector<std::size_t> gone{first};
                if (second > first) gone.push_back(second);
                Found found{"The weighted mean with " + std::string(name) + " gives it when " + names_of(round, gone) +
                                " is left out" + rate_text(alpha, rate) + ": the server did not use what it recorded.",
                            "excluded",
                            {}};
                if (gone.size() > 1) found.text.replace(found.text.find(" is left out"), 12, " are left out");
                for (const std::size_t client_idx : gone) found.clients.push_back(round.clients[client_idx]);
                return found;
            }
        }
    return std::nullopt;
}

/// Any weights, first such that are not negative.
std::optional<Found> solved_weights(const StepGeometry& round, std::int64_t coordinates)
{
    const auto n = static_cast<std::size_t>(round.products.size());
    // With as many clients as coordinates anything is a sum of updates.
    if (n == 0 || n > most_solved || 2 * static_cast<std::int64_t>(n) > coordinates) return std::nullopt;
    Vector w = non_negative(round.gram, round.products);
    bool negative = false;
    if (round.residual(w) > tolerated_residual) {
        w = round.gram.ldlt().solve(round.products);
        negative = true;
        if (!w.allFinite() || round.residual(w) > tolerated_residual) return std::nullopt;
    }
    // A client's weight is held against its declared share by the middle client's ratio of both: who got nothing, or
    // too much, moves everybody's share of the whole.
    std::vector<double> ratios;
    for (Eigen::Index idx = 0; idx < w.size(); ++idx)
        if (round.declared[idx] > 0 && w[idx] > 0.01 * w.maxCoeff()) ratios.push_back(w[idx] / round.declared[idx]);
    const double middle = ratios.empty() ? 0 : median_of(ratios);
    std::vector<std::size_t> none, below, added, other;
    for (std::size_t idx = 0; idx < n; ++idx) {
        const double weight = w[static_cast<Eigen::Index>(idx)];
        const double wanted = middle * round.declared[static_cast<Eigen::Index>(idx)];
        if (weight < -1e-3 * w.cwiseAbs().maxCoeff())
            below.push_back(idx);
        else if (wanted > 0 && weight < 0.01 * wanted)
            none.push_back(idx);
        else if (wanted <= 0 && weight > 1e-3 * w.maxCoeff())
            added.push_back(idx);
        else if (wanted > 0 && std::abs(weight / wanted - 1) > 0.05)
            other.push_back(idx);
    }
    Found found;
    found.json_kind = negative ? "signed-weights" : "solved-weights";
    found.text = "Other weights of the recorded updates give it:";
    const auto add = [&](const std::vector<std::size_t>& which, const std::string& what) {
        if (which.empty()) return;
        found.text += (found.clients.empty() ? " " : "; ") + names_of(round, which) + what;
        for (const std::size_t client_idx : which) found.clients.push_back(round.clients[client_idx]);
    };
    add(none, " got no weight");
    add(below, " got a negative weight");
    add(added, ", turned away in the log, got some");
    add(other, " got another weight than declared");
    found.text += ".";
    return found;
}

std::vector<ChosenRule> usual_rules(const std::string& declared, std::size_t n)
{
    const auto f = static_cast<double>(std::max<std::size_t>(1, n / 5));
    std::vector<ChosenRule> rules{{"median", {}},
                                  {"trimmed-mean", {.values = {{"fraction", 0.1}}}},
                                  {"trimmed-mean", {.values = {{"fraction", 0.2}}}},
                                  {"krum", {.values = {{"f", f}}}},
                                  {"multi-krum", {.values = {{"f", f}}}},
                                  {"geometric-median", {}},
                                  {"mean-around-median", {.values = {{"f", f}}}},
                                  {"fedavg", {}}};
    std::erase_if(rules, [&](const ChosenRule& rule) { return rule.name == declared; });
    return rules;
}

std::string nearest_text(const StepGeometry& round)
{
    std::size_t nearest = 0;
    double highest = -2;
    for (std::size_t idx = 0; idx < round.clients.size(); ++idx) {
        const auto at = static_cast<Eigen::Index>(idx);
        const double scale = std::sqrt(round.gram(at, at) * round.square);
        const double cosine = scale > 0 ? round.products[at] / scale : -2;
        if (cosine > highest) {
            highest = cosine;
            nearest = idx;
        }
    }
    if (highest < -1) return "No weights of the recorded updates and no usual rule give it.";
    return "No weights of the recorded updates and no usual rule give it. It is most like the update of " +
           name_of(round, nearest) + " (cosine " + short_number(highest) + ").";
}

std::optional<StepGeometry> geometry_of(const model::RoundLedger& ledger, const RoundCast& cast)
{
    if (!ledger.has_shipped || ledger.size() == 0) return std::nullopt;
    const auto n = static_cast<Eigen::Index>(ledger.size());
    StepGeometry round;
    round.clients = ledger.clients;
    const std::vector<double> gram = ledger.total_gram();
    const std::vector<double> products = ledger.total(&model::RoundLedger::PerLayer::shipped_products);
    round.gram =
        Eigen::Map<const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(gram.data(), n, n);
    round.products = Eigen::Map<const Vector>(products.data(), n);
    round.square = ledger.total(&model::RoundLedger::PerLayer::shipped_square);
    round.declared = round.accepted = Vector::Zero(n);
    for (std::size_t idx = 0; idx < cast.size(); ++idx) {
        const auto place = std::find(round.clients.begin(), round.clients.end(), cast.clients[idx]);
        if (place == round.clients.end()) continue;
        round.accepted[place - round.clients.begin()] = 1;
        round.declared[place - round.clients.begin()] =
            cast.recorded_weights.empty() ? cast.num_examples[idx] : cast.recorded_weights[idx];
    }
    if (!(round.square > 0)) return std::nullopt;
    return round;
}

}  // namespace

Result<void> search_steps(model::CaseStore& store, model::UpdateSource& source, const model::Federation& federation,
                          const std::vector<model::Update>& updates, std::vector<ServerStep>& steps,
                          model::Progress& progress)
{
    std::map<RoundNo, std::vector<const model::Update*>> by_round;
    for (const model::Update& update : updates) by_round[update.round].push_back(&update);
    std::size_t searched = 0;
    for (ServerStep& step : steps) {
        if (!step.residual || *step.residual <= tolerated_residual) continue;
        if (++searched > most_searched) break;
        FEDSLEUTH_TRY(const std::optional<model::RoundLedger> ledger, store.ledger(step.round));
        const RoundCast cast = round_cast(federation, step.round, by_round[step.round]);
        const std::optional<StepGeometry> round = ledger ? geometry_of(*ledger, cast) : std::nullopt;
        if (!round) continue;
        std::optional<Found> found = other_mean(*round, federation.aggregation.server_learning_rate);
        if (!found) found = solved_weights(*round, ledger->coordinates);
        if (!found) {
            std::vector<std::size_t> members(cast.size());
            std::iota(members.begin(), members.end(), std::size_t{0});
            for (const ChosenRule& rule : usual_rules(federation.aggregation.rule, cast.size())) {
                auto made = RoundRule::make(federation, rule, cast, members, store, source, progress);
                if (!made) continue;
                const auto residual = step_residual(*made, cast, 0, source, progress);
                if (!residual && residual.error().code == model::ErrorCode::cancelled)
                    return model::pass_on(model::Error(residual.error()));
                if (!residual || *residual > tolerated_residual) continue;
                found = Found{"The rule " + rule.name + " gives it, where " +
                                  model::visible(federation.aggregation.rule) + " was declared.",
                              "rule",
                              {}};
                break;
            }
        }
        step.instead = found ? found->text : nearest_text(*round);
        step.instead_kind = found ? found->json_kind : "nothing";
        if (found) step.instead_clients = std::move(found->clients);
    }
    return {};
}

}  // namespace fedsleuth::analysis
