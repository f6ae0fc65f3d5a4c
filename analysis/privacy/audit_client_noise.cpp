// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/privacy/audit_rules.h"
#include "analysis/privacy/client_noise_tests.h"
#include "model/json_writer.h"
#include "model/text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

namespace fedsleuth::analysis {

using model::ClientId;
using model::RoundNo;
using model::Severity;

namespace {

void add_noise_finding(AuditVerdicts& verdicts, const AuditClient& client, const Measured& first, double shown,
                       double declared, std::string text)
{
    model::Finding& finding = verdicts.find("privacy-noise-too-low", Severity::high, std::move(text));
    finding.client = client.id;
    finding.round = first.release->update->round;
    finding.evidence_json = model::JsonWriter()
                                .begin_object()
                                .field("noise_multiplier", declared)
                                .field("noise_multiplier_shown_at_most", shown)
                                .field("norm", first.length)
                                .field("noise_norm_expected", first.scale)
                                .end_object()
                                .text();
}

void report_floor(const AuditCase& work, const AuditClient& client, const NoiseSums& sums, const Floor& floor,
                  AuditVerdicts& verdicts)
{
    const double z = *sums.rounds.front().release->noise;
    const double d = static_cast<double>(work.evidence->coordinates);
    const std::string chance = " (chance of that under the declared noise: below 1e-6)";
    if (floor.fails && noised_before_clipping(work, sums)) {
        std::string text = named(client.id) + " sent updates of exactly the clipping norm, " +
                           number(sums.rounds.front().clip) +
                           ", without memory of the one before: it added the noise first and "
                           "clipped then, which leaves noise of " +
                           number(floor.noise_multiplier) + " times the clipping norm at most, not " + number(z) + ".";
        verdicts.fail(6, text, {client.id});
        add_noise_finding(verdicts, client, sums.rounds.front(), floor.noise_multiplier, z, std::move(text));
        return;
    }
    std::string text;
    const bool all = floor.fails && floor.rounds.size() == sums.rounds.size();
    if (floor.fails || floor.rounds.size() == sums.rounds.size()) {
        const double shown = floor.noise_multiplier;
        text = named(client.id) + " claims noise of " + number(z) + " times the clipping norm; its updates hold " +
               (shown * std::sqrt(d) <= 1.001
                    ? std::string("none that could be seen: none is longer than the clipping norm")
                    : number(shown) + " times it at most") +
               (all || floor.rounds.empty()
                    ? ""
                    : ", and least in round " + std::to_string(floor.rounds.front()->release->update->round.value())) +
               chance + ".";
    } else if (!floor.rounds.empty()) {
        std::string rounds;
        for (std::size_t idx = 0; idx < std::min<std::size_t>(floor.rounds.size(), 5); ++idx)
            rounds += (idx ? ", " : "") + std::to_string(floor.rounds[idx]->release->update->round.value());
        text = named(client.id) + " sent " + std::to_string(floor.rounds.size()) + " of its " +
               std::to_string(sums.rounds.size()) + " updates with less noise than the " + number(z) +
               " times the clipping norm that it claims (round " + rounds + (floor.rounds.size() > 5 ? ", …" : "") +
               ")" + chance + ".";
    } else {
        std::string layers;
        for (const std::size_t layer_idx : floor.layers)
            layers += (layers.empty() ? "" : ", ") + model::visible(work.evidence->layers[layer_idx].name);
        text = named(client.id) + " adds less noise than it claims to some layers (" + layers + ")" + chance + ".";
        verdicts.fail(14, text, {client.id});
        add_noise_finding(verdicts, client, sums.rounds.front(), floor.noise_multiplier, z, std::move(text));
        return;
    }
    verdicts.fail(10, text, {client.id});
    add_noise_finding(verdicts, client, floor.rounds.empty() ? sums.rounds.front() : *floor.rounds.front(),
                      floor.noise_multiplier, z, std::move(text));
}

void check_reuse(const AuditCase& work, const std::map<ClientId, const NoiseSums*>& noisy, AuditVerdicts& verdicts)
{
    const auto too_alike = [&](const NoiseSums& sums, double coordinates) {
        // Signal alone makes two updates agree by C² / (C² + s² d); chance by 4.9 / √d.
        const double share = sums.signal / (sums.signal + static_cast<double>(work.evidence->coordinates) *
                                                              static_cast<double>(sums.rounds.size()));
        return std::max(0.3, 4.9 / std::sqrt(coordinates) + 2 * share);
    };
    const auto add = [&](const ClientId& client, RoundNo round, double correlation, std::string text) {
        verdicts.fail(16, text, {client});
        model::Finding& finding = verdicts.find("privacy-noise-too-low", Severity::high, std::move(text));
        finding.client = client;
        finding.round = round;
        finding.evidence_json =
            model::JsonWriter().begin_object().field("correlation", correlation).end_object().text();
    };
    for (const ReusedNoise& reused : work.evidence->reused) {
        const auto sums = noisy.find(reused.client);
        if (sums == noisy.end() ||
            std::abs(reused.correlation) < too_alike(*sums->second, static_cast<double>(reused.coordinates)))
            continue;
        add(reused.client, reused.round, reused.correlation,
            named(reused.client) + " used the noise of round " + std::to_string(reused.earlier.value()) +
                " again in round " + std::to_string(reused.round.value()) + " (correlation " +
                number(reused.correlation, 2) + "): the difference of the two updates has none.");
    }
    for (const auto& [client, sums] : noisy)
        for (const Measured& measured : sums->rounds) {
            const UpdateNoise& update = *measured.release->measured;
            if (!update.closest_cosine || !noisy.contains(update.closest) ||
                *update.closest_cosine < too_alike(*sums, static_cast<double>(work.evidence->coordinates)))
                continue;
            add(client, update.round, *update.closest_cosine,
                named(client) + " and " + named(update.closest) + " sent the same noise in round " +
                    std::to_string(update.round.value()) + " (correlation " + number(*update.closest_cosine, 2) +
                    "): whoever knows one of them sees the other without.");
            break;
        }
}

/// Noise of z·C / √n at each client makes z·C in their sum: noise of the sum, declared as noise of each.
bool is_noise_of_the_sum(const AuditCase& work, const std::vector<double>& shares)
{
    if (shares.size() < 4) return false;
    std::vector<double> sorted = shares;
    std::sort(sorted.begin(), sorted.end());
    double cohort = 0;
    std::map<RoundNo, std::size_t> sizes;
    for (const AuditClient& client : work.clients)
        for (const Release& release : client.releases) ++sizes[release.update->round];
    for (const auto& [round, size] : sizes) cohort += static_cast<double>(size) / static_cast<double>(sizes.size());
    const double expected = 1 / std::sqrt(cohort);
    const auto near = [&](double share) { return std::abs(share / expected - 1) < 0.15; };
    return near(sorted[sorted.size() / 2]) &&
           10 * std::count_if(sorted.begin(), sorted.end(), near) >= 9 * static_cast<std::ptrdiff_t>(sorted.size());
}

}  // namespace

std::vector<std::optional<double>> check_client_noise(const AuditCase& work, AuditVerdicts& verdicts)
{
    std::vector<std::optional<double>> shown(work.clients.size());
    const bool of_examples = work.unit == "example" || verdicts.rule(9).outcome == RuleOutcome::fail;
    if (of_examples && !work.place.at_server) {
        for (const int rule : {6, 7, 10, 14, 16})
            verdicts.unknown(
                rule, "The noise sits in the clients' gradients, step by step: the update alone does not show it.");
        return shown;
    }
    if (!work.knows_mechanism()) {
        for (const int rule : {6, 7, 10, 14, 16})
            verdicts.unknown(
                rule, "The law of the declared noise, '" + model::visible(work.mechanism) + "', is not known here.");
        return shown;
    }
    if (!work.place.at_client) {
        check_bare_norms(work, verdicts);
        verdicts.unknown(6, "Clipping and noise happen at the server, in an order that the log does not show.");
        return shown;
    }

    Bounds bounds(work.noise_kind());
    std::vector<NoiseSums> sums;
    std::vector<std::pair<std::size_t, Floor>> failing;
    std::map<ClientId, const NoiseSums*> noisy;
    std::vector<double> shares;
    sums.reserve(work.clients.size());
    std::size_t measured = 0;
    for (std::size_t client_idx = 0; client_idx < work.clients.size(); ++client_idx) {
        sums.push_back(sums_of(work, work.clients[client_idx]));
        const NoiseSums& mine = sums.back();
        if (mine.rounds.empty()) continue;
        ++measured;
        const Floor floor = test_floor(work, mine, bounds);
        shares.push_back(floor.noise_multiplier / *mine.rounds.front().release->noise);
        if (floor.fails || !floor.rounds.empty() || !floor.layers.empty()) failing.emplace_back(client_idx, floor);
        if (!floor.fails) noisy[work.clients[client_idx].id] = &mine;
    }
    if (measured == 0) {
        for (const int rule : {6, 7, 14, 16})
            verdicts.unknown(rule, "No update could be measured against the noise that it is said to carry.");
        return shown;
    }
    if (2 * failing.size() > measured && is_noise_of_the_sum(work, shares)) {
        std::string text =
            "The clients add noise of about " + number(shares[shares.size() / 2], 2) +
            " times what is declared: one over the root of the cohort, noise of the sum. It protects against those who "
            "see only the sum, not against the server that sees each update.";
        verdicts.fail(10, text);
        model::Finding& finding = verdicts.find("privacy-inconsistent-claim", Severity::medium, std::move(text));
        finding.evidence_json = model::JsonWriter()
                                    .begin_object()
                                    .field("share_of_declared_noise", shares[shares.size() / 2])
                                    .end_object()
                                    .text();
        failing.clear();
    }
    std::size_t server_noisy = 0;
    for (const ServerResidual& round : work.evidence->server)
        server_noisy += std::min(round.raw_square, round.clipped_square) > 1e-6 * round.shipped_square;
    if (failing.size() == measured && server_noisy > 0 && 2 * server_noisy >= work.evidence->server.size()) {
        std::string text =
            "The federation declares noise at the clients; no update carries it, and the server's steps do: that is "
            "central privacy, which trusts the server with every update.";
        verdicts.fail(10, text);
        verdicts.find("privacy-inconsistent-claim", Severity::medium, std::move(text));
        check_bare_norms(work, verdicts);
        return shown;
    }

    for (const auto& [client_idx, floor] : failing) {
        report_floor(work, work.clients[client_idx], sums[client_idx], floor, verdicts);
        const double d = static_cast<double>(work.evidence->coordinates);
        if (floor.fails)
            shown[client_idx] = floor.noise_multiplier * std::sqrt(d) <= 1.001 ? 0 : floor.noise_multiplier;
    }
    double hidden = 0;  // the signal that a test of this power would still miss, over C
    for (std::size_t client_idx = 0; client_idx < work.clients.size(); ++client_idx) {
        const NoiseSums& mine = sums[client_idx];
        if (mine.rounds.empty()) continue;
        RoundNo round;
        const std::string why = over_clip(work, mine, bounds, round);
        if (!why.empty()) {
            add_over_clip(verdicts, work.clients[client_idx].id, round, mine.rounds.front().clip,
                          named(work.clients[client_idx].id) + " did not clip as it claims: " + why + ".");
            continue;
        }
        const double all = static_cast<double>(work.evidence->coordinates) * static_cast<double>(mine.rounds.size());
        const double unit = work.noise_kind() == NoiseKind::laplace ? 2 : 1;
        hidden =
            std::max(hidden, std::sqrt((bounds.ceiling(all, mine.signal, noise_alpha / 4) - unit * all) / mine.signal));
    }
    check_reuse(work, noisy, verdicts);

    verdicts.pass(6, "No client's updates end exactly on the clipping norm in spite of noise.");
    if (hidden > 1.5)
        verdicts.unknown(7, "The noise hides signals of up to " + number(hidden, 2) +
                                " times the clipping norm: no update is refuted, and none shown to be clipped.");
    else
        verdicts.pass(7, "No update holds more signal than the clipping norm allows (signals above " +
                             number(hidden, 3) + " times that would show).");
    verdicts.pass(
        10,
        "The updates carry the noise that the clients claim" +
            std::string(work.place.inferred ? " (the log does not say where it is added; the updates show it)." : "."));
    if (work.evidence->layers.size() > 1)
        verdicts.pass(14, "Every layer carries its noise.");
    else
        verdicts.unknown(14, "The layers of this model were not measured one by one.");
    verdicts.pass(16, "No noise came again in another round, or at another client.");
    return shown;
}

}  // namespace fedsleuth::analysis
