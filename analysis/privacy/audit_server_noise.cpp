// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/privacy/audit_rules.h"
#include "model/json_writer.h"
#include "model/text.h"

#include <algorithm>
#include <cmath>

namespace fedsleuth::analysis {

using model::RoundNo;
using model::Severity;

namespace {

constexpr double alpha = 1e-6;  ///< chance that a server that did what it declares is accused

/// One round's residual over the noise that was due.
struct ServerRound {
    const ServerResidual* residual = nullptr;
    double mean_scale = 0;    ///< η z C / n: calibrated to the plain mean
    double weight_scale = 0;  ///< η z C max a: to the largest weight
    double noise = 0, clip = 0;

    [[nodiscard]] double least_square() const { return std::min(residual->raw_square, residual->clipped_square); }
};

/// z and C of a round: what its claims share, else the declaration.
std::optional<double> of_round(const AuditCase& work, RoundNo round,
                               std::optional<double> model::PrivacyClaim::*claimed,
                               std::optional<double> model::PrivacyMechanism::*declared)
{
    const auto shared = work.round_claims.find(round);
    if (shared != work.round_claims.end() && shared->second.*claimed) return shared->second.*claimed;
    return work.declared(declared);
}

std::vector<ServerRound> rounds_of(const AuditCase& work)
{
    std::vector<ServerRound> rounds;
    for (const ServerResidual& residual : work.evidence->server) {
        const auto noise = of_round(work, residual.round, &model::PrivacyClaim::noise_multiplier,
                                    &model::PrivacyMechanism::noise_multiplier);
        const auto clip = of_round(work, residual.round, &model::PrivacyClaim::clipping_norm,
                                   &model::PrivacyMechanism::clipping_norm);
        if (!noise || !clip || !(*noise > 0) || !(*clip > 0) || std::isinf(*noise) || std::isinf(*clip) ||
            residual.clients == 0 || !(residual.max_weight > 0))
            continue;
        // Scales that no float32 vector can be held against.
        const double square = *noise * *noise * *clip * *clip;
        if (!(square > 1e-60 && square < 1e60)) continue;
        ServerRound& round = rounds.emplace_back();
        round.residual = &residual;
        round.noise = *noise;
        round.clip = *clip;
        const double rate = std::abs(work.federation.aggregation.server_learning_rate);
        round.mean_scale = rate * *noise * *clip / static_cast<double>(residual.clients);
        round.weight_scale = rate * *noise * *clip * residual.max_weight;
    }
    return rounds;
}

void add_low_noise(AuditVerdicts& verdicts, int rule, std::string text, std::optional<RoundNo> round, double shown)
{
    verdicts.fail(rule, text);
    model::Finding& finding = verdicts.find("privacy-noise-too-low", Severity::high, std::move(text));
    finding.round = round;
    finding.evidence_json =
        model::JsonWriter().begin_object().field("share_of_declared_noise", shown).end_object().text();
}

/// P10 and P8: is there as much noise as the mean needs, and as the largest weight needs?
bool check_amount(const AuditCase& work, const std::vector<ServerRound>& rounds, AuditVerdicts& verdicts)
{
    const NoiseKind kind = work.noise_kind();
    const double d = static_cast<double>(work.evidence->coordinates);
    const double count = static_cast<double>(rounds.size());
    const double unit = kind == NoiseKind::laplace ? 2 : 1;
    double by_mean = 0, by_weight = 0, uneven = 0;
    std::vector<RoundNo> low;
    for (const ServerRound& round : rounds) {
        const double here = round.least_square() / (round.mean_scale * round.mean_scale);
        by_mean += here;
        by_weight += round.least_square() / (round.weight_scale * round.weight_scale);
        uneven = std::max(uneven, round.residual->max_weight * static_cast<double>(round.residual->clients));
        if (here < noise_floor(d, alpha / count, kind)) low.push_back(round.residual->round);
    }
    const double floor = noise_floor(d * count, alpha, kind);
    const double shown = std::sqrt(by_mean / (unit * d * count));
    if (by_mean < floor || !low.empty()) {
        std::string which;
        if (!low.empty() && low.size() < rounds.size())
            which = " in " + std::to_string(low.size()) + " of " + std::to_string(rounds.size()) +
                    " rounds (first: round " + std::to_string(low.front().value()) + ")";
        add_low_noise(verdicts, 10,
                      "The server's steps differ from the mean of the clipped updates by " + number(shown, 3) +
                          " times the declared noise" +
                          (which.empty() ? " over all rounds" : " on average, and by less than chance allows" + which) +
                          " (chance of that under the declared noise: below 1e-6).",
                      low.empty() ? std::nullopt : std::optional(low.front()), shown);
        return false;
    }
    const double effective = std::sqrt(by_weight / (unit * d * count));
    if (uneven > 1.02 && by_weight < floor) {
        std::string text =
            "The server weights clients by up to " + number(uneven, 3) +
            " times the mean's share, and its noise is that of a plain mean: for the heaviest client the noise "
            "multiplier is " +
            number(effective * rounds.front().noise, 3) + ", not " + number(rounds.front().noise, 3) + ".";
        verdicts.fail(8, text);
        model::Finding& finding = verdicts.find("privacy-weighting", Severity::medium, std::move(text));
        finding.evidence_json = model::JsonWriter()
                                    .begin_object()
                                    .field("largest_weight_over_mean", uneven)
                                    .field("noise_multiplier_declared", rounds.front().noise)
                                    .field("noise_multiplier_effective", effective * rounds.front().noise)
                                    .end_object()
                                    .text();
    } else {
        verdicts.pass(8, uneven > 1.02
                             ? "Weights are uneven (up to " + number(uneven, 3) +
                                   " times the mean's), and the noise is large enough for the heaviest client."
                             : "All clients weigh the same within 2 %, so the noise of the mean protects each.");
    }
    verdicts.pass(10,
                  "What the server added is " + number(shown, 3) + " times the declared noise" +
                      (work.place.inferred ? " (the log does not say where it is added; its steps show it)." : "."));
    return true;
}

/// P7 for the server's own clipping: the replay without it fits where the replay with it does not.
void check_clipping(const AuditCase& work, const std::vector<ServerRound>& rounds, AuditVerdicts& verdicts)
{
    const NoiseKind kind = work.noise_kind();
    const double d = static_cast<double>(work.evidence->coordinates);
    const double count = static_cast<double>(rounds.size());
    std::vector<RoundNo> unclipped;
    std::size_t tested = 0;
    for (const ServerRound& round : rounds) {
        if (same(round.residual->raw_square, round.residual->clipped_square)) continue;
        ++tested;
        const double scale = std::max(round.weight_scale, round.mean_scale);
        const double ceiling = scale * scale * clip_ceiling(d, 0, alpha / count, kind);
        if (round.residual->clipped_square > ceiling && round.residual->raw_square <= ceiling)
            unclipped.push_back(round.residual->round);
    }
    if (!unclipped.empty()) {
        std::string text = "The server did not clip in " + std::to_string(unclipped.size()) + " of " +
                           std::to_string(rounds.size()) + " rounds (first: round " +
                           std::to_string(unclipped.front().value()) +
                           "): its steps are the mean of the updates as they came, longer than the clipping norm.";
        verdicts.fail(7, text);
        model::Finding& finding = verdicts.find("privacy-norm-over-clip", Severity::high, std::move(text));
        finding.round = unclipped.front();
        finding.evidence_json = model::JsonWriter()
                                    .begin_object()
                                    .field("rounds", static_cast<std::int64_t>(unclipped.size()))
                                    .field("clipping_norm", rounds.front().clip)
                                    .end_object()
                                    .text();
    } else if (tested > 0) {
        verdicts.pass(7, "The server's steps are those of the clipped updates.");
    }
}

void check_layers(const AuditCase& work, const std::vector<ServerRound>& rounds, AuditVerdicts& verdicts)
{
    const auto& layers = work.evidence->layers;
    if (layers.size() < 2) {
        verdicts.unknown(14, "The layers of this model were not measured one by one.");
        return;
    }
    std::vector<double> sums(layers.size(), 0.0);
    double count = 0;
    for (const ServerRound& round : rounds) {
        if (round.residual->layer_squares.size() != layers.size()) continue;
        ++count;
        for (std::size_t layer_idx = 0; layer_idx < layers.size(); ++layer_idx)
            sums[layer_idx] += round.residual->layer_squares[layer_idx] / (round.mean_scale * round.mean_scale);
    }
    std::string bare;
    for (std::size_t layer_idx = 0; layer_idx < layers.size() && count > 0; ++layer_idx)
        if (sums[layer_idx] < noise_floor(static_cast<double>(layers[layer_idx].coordinates) * count,
                                          alpha / static_cast<double>(layers.size()), work.noise_kind()))
            bare += (bare.empty() ? "" : ", ") + model::visible(layers[layer_idx].name);
    if (!bare.empty())
        add_low_noise(verdicts, 14, "The server adds less noise than declared to some layers (" + bare + ").",
                      std::nullopt, 0);
    else if (count > 0)
        verdicts.pass(14, "Every layer carries the server's noise.");
    else
        verdicts.unknown(14, "The layers of this model were not measured one by one.");
}

/// P16, and the law of the noise.
void check_law(const AuditCase& work, const std::vector<ServerRound>& rounds, AuditVerdicts& verdicts)
{
    const ServerResidual* reused = nullptr;
    std::size_t tested = 0, other_law = 0, ordered = 0, runs = 0;
    for (const ServerRound& round : rounds) {
        const ServerResidual& residual = *round.residual;
        const double chance =
            6 / std::sqrt(static_cast<double>(std::min<std::int64_t>(work.evidence->coordinates, 4096)));
        if (residual.reuse_correlation && std::abs(*residual.reuse_correlation) > std::max(chance, 0.3) &&
            (!reused || std::abs(*residual.reuse_correlation) > std::abs(*reused->reuse_correlation)))
            reused = &residual;
        if (residual.normality_p) ++tested, other_law += *residual.normality_p < 1e-4;
        if (residual.sign_runs_p) ++runs, ordered += *residual.sign_runs_p < 1e-4;
    }
    if (reused) {
        add_low_noise(verdicts, 16,
                      "The server used the noise of round " + std::to_string(reused->reuse_round.value()) +
                          " again in round " + std::to_string(reused->round.value()) + " (correlation " +
                          number(*reused->reuse_correlation, 2) + "): the difference of the two steps has none.",
                      reused->round, 0);
    } else if (runs > 1 && 2 * ordered >= runs) {
        add_low_noise(verdicts, 16,
                      "The signs of the server's noise follow each other in runs that chance does not make: it is "
                      "not drawn independently.",
                      std::nullopt, 0);
    } else {
        verdicts.pass(16, "The server's noise of no round came again in another.");
    }
    if (tested > 1 && 2 * other_law >= tested) {
        std::string text = "What the server adds is not " +
                           std::string(work.noise_kind() == NoiseKind::laplace ? "Laplace" : "Gaussian") +
                           " noise in " + std::to_string(other_law) + " of " + std::to_string(tested) +
                           " rounds (Kolmogorov-Smirnov, p < 1e-4).";
        verdicts.fail(10, text);
        verdicts.find("privacy-inconsistent-claim", Severity::medium, std::move(text));
    }
}

bool steps_are_exact(const std::vector<ServerRound>& rounds)
{
    return std::all_of(rounds.begin(), rounds.end(), [](const ServerRound& round) {
        return round.residual->raw_square < 1e-6 * round.residual->shipped_square;
    });
}

std::vector<RoundNo> explained_by_noise(const AuditCase& work, const std::vector<ServerRound>& rounds)
{
    std::vector<RoundNo> explained;
    const double d = static_cast<double>(work.evidence->coordinates);
    for (const ServerRound& round : rounds) {
        const double scale = std::max(round.weight_scale, round.mean_scale);
        if (round.least_square() <= scale * scale * clip_ceiling(d, 0, alpha, work.noise_kind()))
            explained.push_back(round.residual->round);
    }
    return explained;
}

}  // namespace

std::vector<RoundNo> check_server_noise(const AuditCase& work, AuditVerdicts& verdicts)
{
    if (!work.place.at_server) {
        if (work.place.at_client)
            verdicts.pass(8, "Each client adds its own noise, so the server's weights don't matter to its ε.");
        else
            for (const int rule : {8, 10, 14, 16})
                verdicts.unknown(
                    rule, "The log does not say where the noise is added, and neither updates nor steps show it.");
        return {};
    }
    const std::vector<ServerRound> rounds = work.knows_mechanism() ? rounds_of(work) : std::vector<ServerRound>();
    if (rounds.empty()) {
        for (const int rule : {8, 10, 14, 16})
            verdicts.unknown(
                rule,
                "No step of the server could be recomputed (it takes checkpoints, usable updates, noise of a "
                "known law and a rule that is a weighted mean).");
        return {};
    }
    const std::vector<RoundNo> explained = explained_by_noise(work, rounds);
    if (work.place.seen_in_updates && steps_are_exact(rounds)) {
        std::string text =
            "The federation declares noise at the server; its steps are the exact means of the updates, and the "
            "updates "
            "themselves carry the noise: that is local privacy, added by the clients.";
        verdicts.fail(10, text);
        verdicts.find("privacy-inconsistent-claim", Severity::medium, std::move(text));
        return explained;
    }
    const bool enough = check_amount(work, rounds, verdicts);
    if (!enough) {
        verdicts.unknown(8, "The noise is too low for any weights.");
        verdicts.unknown(14, "The noise is too low as a whole.");
        verdicts.unknown(16, "The noise is too low to be compared between rounds.");
        return explained;
    }
    check_clipping(work, rounds, verdicts);
    check_layers(work, rounds, verdicts);
    check_law(work, rounds, verdicts);
    return explained;
}

}  // namespace fedsleuth::analysis
