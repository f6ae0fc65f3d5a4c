// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rules/round_inputs.h"

#include "analysis/kernels/gram.h"
#include "analysis/kernels/parallel.h"
#include "analysis/rules/ledger_geometry.h"

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace fedsleuth::analysis {
namespace {

using model::ClientId;
using model::ErrorCode;
using model::fail;
using model::RoundNo;
using model::VectorRef;

constexpr std::size_t slab_bytes = std::size_t{64} << 20;  ///< read at a time, over all rows

/// Coordinates to read at a time: a whole number of chunks of the Gram sums, so that the ledger's slabs give the same
/// bits, and no more memory than slab_bytes.
std::int64_t slab_width(std::size_t n)
{
    const auto chunks = static_cast<std::int64_t>(slab_bytes / sizeof(float) / n) / gram_chunk;
    return std::clamp<std::int64_t>(chunks * gram_chunk, gram_chunk, model::slab_coordinates);
}

std::string name_of(const VectorRef& vector)
{
    switch (vector.kind) {
        case VectorRef::Kind::update:
            return "The update of " + vector.client.text();
        case VectorRef::Kind::reference:
            return "The server's reference update";
        case VectorRef::Kind::checkpoint:
            return "The checkpoint";
        default:
            return "The global step";
    }
}

/// The participants' geometry out of the round's ledger; nothing where the ledger does not know them all.
std::optional<RoundGeometry> ledger_geometry(const model::RoundLedger& ledger, const Participants& who)
{
    std::vector<std::size_t> places;
    for (const ClientId& client : who.clients) {
        const auto place = std::find(ledger.clients.begin(), ledger.clients.end(), client);
        if (place == ledger.clients.end()) return std::nullopt;
        places.push_back(static_cast<std::size_t>(place - ledger.clients.begin()));
    }
    return geometry_at(ledger, places);
}

/// A vector beside the updates that the rule takes and the case holds, and where its products go.
struct Side {
    VectorRef ref;
    std::optional<SideVector> RoundGeometry::*place;
};

model::Result<std::vector<Side>> sides_to_read(model::CaseStore& store, const Participants& who,
                                               std::span<const RuleInput> wanted, const RoundGeometry& known)
{
    const auto wants = [&](RuleInput input) { return std::find(wanted.begin(), wanted.end(), input) != wanted.end(); };
    FEDSLEUTH_TRY(const std::vector<model::Checkpoint> checkpoints, store.checkpoints());
    const auto has_model = [&](RoundNo round) {
        return std::any_of(checkpoints.begin(), checkpoints.end(), [&](const model::Checkpoint& checkpoint) {
            return checkpoint.round == round && checkpoint.usable();
        });
    };
    const RoundNo before = who.round.before();
    std::vector<Side> sides;
    if (wants(RuleInput::reference) && !known.reference) {
        FEDSLEUTH_TRY(const std::vector<model::Update> updates, store.updates());
        if (std::any_of(updates.begin(), updates.end(), [&](const model::Update& update) {
                return update.round == who.round && update.reference && update.usable();
            }))
            sides.push_back(
                {{VectorRef::Kind::reference, who.round, model::server_client()}, &RoundGeometry::reference});
    }
    if (wants(RuleInput::previous) && !known.previous && has_model(before) && has_model(before.before()))
        sides.push_back({{VectorRef::Kind::global_step, before, {}}, &RoundGeometry::previous});
    if (wants(RuleInput::model) && !known.model && has_model(before))
        sides.push_back({{VectorRef::Kind::checkpoint, before, {}}, &RoundGeometry::model});
    return sides;
}

/// One pass over the updates and the side vectors: the Gram matrix where it is not known yet, and all products.
model::Result<void> read_products(model::UpdateSource& source, const Participants& who, const std::vector<Side>& sides,
                                  std::int64_t d, model::Progress& progress, RoundGeometry& geometry)
{
    const std::size_t n = who.rows.size();
    const bool need_gram = geometry.gram.empty();
    if (!need_gram && sides.empty()) return {};
    std::vector<VectorRef> rows = who.rows;
    for (const Side& side : sides) rows.push_back(side.ref);
    if (need_gram) geometry.gram.assign(n * n, 0.0);
    const std::size_t k = sides.size();
    std::vector<double> products(n * k, 0.0);
    std::vector<double> side_gram(k * k, 0.0);
    const unsigned threads = hardware_threads();
    FEDSLEUTH_CHECK(for_each_slab(source, rows, d, "comparing the updates", progress,
                                  [&](const float* values, std::int64_t, std::int64_t count) -> model::Result<void> {
                                      const auto stride = static_cast<std::size_t>(count);
                                      const float* beside = values + n * stride;
                                      if (need_gram) add_gram(values, n, stride, count, geometry.gram.data(), threads);
                                      if (k == 0) return {};
                                      add_products(values, n, stride, beside, k, stride, count, products.data(),
                                                   threads);
                                      add_gram(beside, k, stride, count, side_gram.data(), threads);
                                      return {};
                                  }));
    for (std::size_t side_idx = 0; side_idx < k; ++side_idx) {
        SideVector side{{}, side_gram[side_idx * (k + 1)]};
        for (std::size_t client_idx = 0; client_idx < n; ++client_idx)
            side.products.push_back(products[client_idx * k + side_idx]);
        geometry.*sides[side_idx].place = std::move(side);
    }
    return {};
}

/// The Gram matrix of what each participant sent up to this round, summed in float64.
model::Result<std::vector<double>> history_gram(model::CaseStore& store, model::UpdateSource& source,
                                                const Participants& who, std::int64_t d, model::Progress& progress)
{
    std::map<ClientId, std::size_t> place_of;
    for (std::size_t client_idx = 0; client_idx < who.clients.size(); ++client_idx)
        place_of[who.clients[client_idx]] = client_idx;
    std::map<RoundNo, std::vector<VectorRef>> sent;
    FEDSLEUTH_TRY(const std::vector<model::Update> updates, store.updates());
    for (const model::Update& update : updates)
        if (update.round <= who.round && update.usable() && !update.reference && place_of.contains(update.client))
            sent[update.round].push_back({VectorRef::Kind::update, update.round, update.client});

    using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    const auto n = static_cast<Eigen::Index>(who.clients.size());
    const std::int64_t width = slab_width(2 * who.clients.size());  // the sums take as much again, twice as wide
    RowMajor gram = RowMajor::Zero(n, n);
    std::vector<float> values;
    progress.start("summing each client's updates", d, "coordinates");
    for (std::int64_t first = 0; first < d; first += width) {
        const std::int64_t count = std::min(width, d - first);
        RowMajor sums = RowMajor::Zero(n, count);
        for (const auto& [round, rows] : sent) {
            if (progress.stopped()) return fail(ErrorCode::cancelled, "Stopped before the aggregate was complete");
            values.resize(rows.size() * static_cast<std::size_t>(count));
            FEDSLEUTH_CHECK(source.read(rows, first, count, values.data()));
            for (std::size_t row_idx = 0; row_idx < rows.size(); ++row_idx)
                sums.row(static_cast<Eigen::Index>(place_of[rows[row_idx].client])) +=
                    Eigen::Map<const Eigen::RowVectorXf>(values.data() + row_idx * static_cast<std::size_t>(count),
                                                         count)
                        .cast<double>();
        }
        gram.noalias() += sums * sums.transpose();
        progress.advance(count);
    }
    return std::vector<double>(gram.data(), gram.data() + gram.size());
}

}  // namespace

model::Result<Participants> participants(model::CaseStore& store, model::RoundNo round,
                                         std::span<const ClientId> exclude)
{
    FEDSLEUTH_TRY(const model::Federation federation, store.federation());
    FEDSLEUTH_TRY(const std::vector<model::Update> updates, store.updates());
    const std::string where = "round " + std::to_string(round.value());
    std::set<ClientId> left_out(exclude.begin(), exclude.end());
    Participants result;
    result.round = round;
    bool any = false;
    bool all_counted = true;
    for (const model::Update& update : updates) {
        if (update.round != round || update.reference) continue;
        any = true;
        if (left_out.erase(update.client) != 0) continue;
        if (!update.usable()) {
            result.notes.push_back("The update of " + update.client.text() + " is not usable and left out.");
            continue;
        }
        result.clients.push_back(update.client);
        result.rows.push_back({VectorRef::Kind::update, round, update.client});
        const auto examples = static_cast<double>(update.num_examples.value_or(-1));
        all_counted = all_counted && examples >= 0;
        result.num_examples.push_back(examples);
    }
    if (!any) return fail(ErrorCode::not_found, "No update of this round is in the case", where);
    if (!left_out.empty())
        return fail(ErrorCode::not_found, left_out.begin()->text() + " did not take part, so it cannot be excluded",
                    where);
    if (result.clients.empty()) return fail(ErrorCode::not_applicable, "No usable update of this round remains", where);
    const bool by_examples = federation.aggregation.weighted_by == model::Weighting::num_examples;
    const bool some_examples = std::any_of(result.num_examples.begin(), result.num_examples.end(),
                                           [](double examples) { return examples > 0; });
    if (by_examples && !(all_counted && some_examples))
        result.notes.emplace_back("Not every client reported its number of examples: all count the same.");
    if (!by_examples || !all_counted || !some_examples) result.num_examples.assign(result.clients.size(), 1.0);
    return result;
}

model::Result<void> for_each_slab(model::UpdateSource& source, std::span<const VectorRef> rows, std::int64_t d,
                                  const std::string& stage, model::Progress& progress, const SlabWork& work)
{
    progress.start(stage, d, "coordinates");
    const std::int64_t width = slab_width(rows.size());
    std::vector<float> values(rows.size() * static_cast<std::size_t>(std::min(width, d)));
    for (std::int64_t first = 0; first < d; first += width) {
        if (progress.stopped()) return fail(ErrorCode::cancelled, "Stopped before the aggregate was complete");
        const std::int64_t count = std::min(width, d - first);
        FEDSLEUTH_CHECK(source.read(rows, first, count, values.data()));
        for (std::size_t row_idx = 0; row_idx < rows.size(); ++row_idx) {
            const float* row = values.data() + static_cast<std::int64_t>(row_idx) * count;
            if (!std::all_of(row, row + count, [](float value) { return std::isfinite(value); }))
                return fail(ErrorCode::invalid_argument, name_of(rows[row_idx]) + " holds a value that is not finite",
                            "round " + std::to_string(rows[row_idx].round.value()),
                            rows[row_idx].kind == VectorRef::Kind::update ? "exclude the client" : "");
        }
        FEDSLEUTH_CHECK(work(values.data(), first, count));
        progress.advance(count);
    }
    return {};
}

model::Result<RoundGeometry> case_geometry(model::CaseStore& store, model::UpdateSource& source,
                                           const Participants& who, std::span<const RuleInput> wanted, std::int64_t d,
                                           model::Progress& progress)
{
    const auto wants = [&](RuleInput input) { return std::find(wanted.begin(), wanted.end(), input) != wanted.end(); };
    RoundGeometry geometry;
    FEDSLEUTH_TRY(const std::optional<model::RoundLedger> ledger, store.ledger(who.round));
    if (ledger)
        if (auto known = ledger_geometry(*ledger, who)) geometry = std::move(*known);
    geometry.n = who.clients.size();
    geometry.num_examples = who.num_examples;
    if (!wants(RuleInput::reference)) geometry.reference.reset();
    if (!wants(RuleInput::previous)) geometry.previous.reset();
    if (!wants(RuleInput::model)) geometry.model.reset();
    FEDSLEUTH_TRY(const std::vector<Side> sides, sides_to_read(store, who, wanted, geometry));
    FEDSLEUTH_CHECK(read_products(source, who, sides, d, progress, geometry));
    if (wants(RuleInput::history)) {
        FEDSLEUTH_TRY(geometry.history, history_gram(store, source, who, d, progress));
    }
    return geometry;
}

model::Result<std::vector<double>> SourceSample::values(std::span<const std::int64_t> coords) const
{
    std::vector<double> chosen(rows_.size() * coords.size());
    const std::int64_t width = slab_width(rows_.size());
    std::vector<float> values;
    for (std::size_t at = 0; at < coords.size();) {
        if (progress_.stopped()) return fail(ErrorCode::cancelled, "Stopped before the aggregate was complete");
        // Everything from this coordinate to the last one that is wanted within a slab's width.
        const std::int64_t first = coords[at];
        const auto end =
            std::lower_bound(coords.begin() + static_cast<std::ptrdiff_t>(at), coords.end(), first + width);
        const auto until = static_cast<std::size_t>(end - coords.begin());
        const std::int64_t count = coords[until - 1] - first + 1;
        values.resize(rows_.size() * static_cast<std::size_t>(count));
        FEDSLEUTH_CHECK(source_.read(rows_, first, count, values.data()));
        for (; at < until; ++at)
            for (std::size_t row_idx = 0; row_idx < rows_.size(); ++row_idx)
                chosen[row_idx * coords.size() + at] = static_cast<double>(
                    values[row_idx * static_cast<std::size_t>(count) + static_cast<std::size_t>(coords[at] - first)]);
    }
    return chosen;
}

}  // namespace fedsleuth::analysis
