// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/privacy/noise_evidence.h"

#include "analysis/detection/server_step.h"
#include "analysis/ledger/ledger_builder.h"
#include "analysis/privacy/noise_streams.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace fedsleuth::analysis {

using model::RoundLedger;
using model::RoundNo;

namespace {

/// Products with what the others of the round sent, each weighted by its own 1 / |u|²: the less noise a peer has, the
/// more its direction counts. From the Gram matrix alone: with W_jk = G_jk / (G_jj G_kk), v_i = Σ_{j ≠ i} u_j / G_jj
/// has |v_i|² = ΣΣ W − 2 Σ_j W_ij + W_ii and ⟨u_i, v_i⟩ = G_ii (Σ_j W_ij − W_ii).
void compare_with_peers(const std::vector<double>& gram, std::size_t n, UpdateNoise* updates)
{
    std::vector<double> row_sums(n, 0.0);
    double total = 0;
    const auto square = [&](std::size_t client_idx) { return gram[client_idx * n + client_idx]; };
    for (std::size_t client_idx = 0; client_idx < n; ++client_idx)
        for (std::size_t peer_idx = 0; peer_idx < n; ++peer_idx) {
            if (!(square(client_idx) > 0) || !(square(peer_idx) > 0)) continue;
            const double product = gram[client_idx * n + peer_idx];
            row_sums[client_idx] += product / (square(client_idx) * square(peer_idx));
            if (peer_idx == client_idx) continue;
            const double cosine = product / std::sqrt(square(client_idx) * square(peer_idx));
            UpdateNoise& update = updates[client_idx];
            if (update.closest_cosine && *update.closest_cosine >= cosine) continue;
            update.closest_cosine = cosine;
            update.closest = updates[peer_idx].client;
        }
    for (const double sum : row_sums) total += sum;
    for (std::size_t client_idx = 0; client_idx < n; ++client_idx) {
        if (!(square(client_idx) > 0)) continue;
        const double own = 1 / square(client_idx);
        const double length = total - 2 * row_sums[client_idx] + own;
        if (length > 0)
            updates[client_idx].peer_product = square(client_idx) * (row_sums[client_idx] - own) / std::sqrt(length);
    }
}

/// Which layers of the ledger hold coordinates.
std::vector<std::size_t> kept_layers(const RoundLedger& ledger, const std::vector<model::Layer>& layers,
                                     std::size_t known)
{
    std::vector<std::size_t> kept;
    if (ledger.layers.size() == layers.size() && known > 1) {
        for (std::size_t layer_idx = 0; layer_idx < layers.size(); ++layer_idx)
            if (layers[layer_idx].count > 0) kept.push_back(layer_idx);
    }
    return kept;
}

void add_updates(const RoundLedger& ledger, const std::vector<model::Layer>& layers, NoiseEvidence& evidence)
{
    const std::size_t n = ledger.size();
    const std::size_t first = evidence.updates.size();
    const std::vector<std::size_t> kept = kept_layers(ledger, layers, evidence.layers.size());
    const std::vector<double> gram = ledger.total_gram();
    const std::vector<double> products = ledger.total(&RoundLedger::PerLayer::own_products);
    const std::vector<double> squares = ledger.total(&RoundLedger::PerLayer::own_squares);
    for (std::size_t client_idx = 0; client_idx < n; ++client_idx) {
        UpdateNoise& update = evidence.updates.emplace_back();
        update.round = ledger.round;
        update.client = ledger.clients[client_idx];
        update.square = gram[client_idx * n + client_idx];
        for (const std::size_t layer_idx : kept)
            update.layer_squares.push_back(ledger.layers[layer_idx].gram[client_idx * n + client_idx]);
        if (ledger.own_rounds[client_idx] && squares[client_idx] > 0 && update.square > 0)
            update.previous_cosine = products[client_idx] / std::sqrt(squares[client_idx] * update.square);
    }
    if (n > 1) compare_with_peers(gram, n, evidence.updates.data() + first);
}

std::map<RoundNo, std::vector<const model::Update*>> grouped(const std::vector<model::Update>& updates)
{
    std::map<RoundNo, std::vector<const model::Update*>> by_round;
    for (const model::Update& update : updates) by_round[update.round].push_back(&update);
    return by_round;
}

bool anything_declared(const model::Federation& federation, const std::vector<model::Update>& updates)
{
    return federation.privacy ||
           std::any_of(updates.begin(), updates.end(), [](const model::Update& update) { return update.privacy; });
}

void name_layers(const model::Federation& federation, NoiseEvidence& evidence)
{
    for (const model::Layer& layer : federation.layers)
        if (layer.count > 0) evidence.layers.push_back({layer.name, layer.count});
    evidence.coordinates = model::coordinate_count(federation.layers);
}

/// What a case has measured already: squares and products of the rounds of which only single updates were seen.
model::Result<NoiseEvidence> from_ledgers(model::CaseStore& store)
{
    NoiseEvidence evidence;
    FEDSLEUTH_TRY(const model::Federation federation, store.federation());
    FEDSLEUTH_TRY(const std::vector<model::Round> rounds, store.rounds());
    FEDSLEUTH_TRY(const std::vector<model::Update> updates, store.updates());
    if (!anything_declared(federation, updates)) return evidence;
    name_layers(federation, evidence);
    for (const model::Round& round : rounds) {
        if (!round.inspectable) continue;
        FEDSLEUTH_TRY(const std::optional<RoundLedger> ledger, store.ledger(round.number));
        if (ledger) add_updates(*ledger, federation.layers, evidence);
    }
    if (evidence.updates.empty()) return NoiseEvidence{};
    return evidence;
}

}  // namespace

model::Result<NoiseEvidence> measure_noise(model::CaseStore& store, model::UpdateSource& source,
                                           model::Progress& progress)
{
    FEDSLEUTH_TRY(NoiseEvidence evidence, from_ledgers(store));
    if (evidence.coordinates == 0) return evidence;
    FEDSLEUTH_TRY(const model::Federation federation, store.federation());
    FEDSLEUTH_TRY(const std::vector<model::Round> rounds, store.rounds());
    FEDSLEUTH_TRY(const std::vector<model::Update> updates, store.updates());
    const auto by_round = grouped(updates);

    ResidualStream residuals(source, federation);
    progress.start("Measuring the noise", static_cast<std::int64_t>(rounds.size()), "rounds");
    for (const model::Round& round : rounds) {
        if (progress.stopped()) return model::fail(model::ErrorCode::cancelled, "The noise measurement was stopped");
        progress.advance(1);
        FEDSLEUTH_TRY(const std::optional<RoundLedger> ledger, store.ledger(round.number));
        const auto here = by_round.find(round.number);
        if (!ledger || here == by_round.end() || !round.inspectable) continue;
        FEDSLEUTH_CHECK(residuals.add(*ledger, here->second, progress));
    }
    evidence.server = residuals.finish();
    FEDSLEUTH_TRY(evidence.reused, find_reused_noise(source, evidence, progress));
    return evidence;
}

model::Result<NoiseEvidence> kept_noise_evidence(model::CaseStore& store)
{
    FEDSLEUTH_TRY(NoiseEvidence evidence, from_ledgers(store));
    FEDSLEUTH_TRY(const std::optional<std::string> document, store.document(noise_document_name));
    if (document && evidence.coordinates > 0) read_noise_document(*document, evidence);
    return evidence;
}

model::Result<void> keep_noise_evidence(model::CaseStore& store, const NoiseEvidence& evidence)
{
    return store.put_document(noise_document_name, noise_document(evidence));
}

}  // namespace fedsleuth::analysis
