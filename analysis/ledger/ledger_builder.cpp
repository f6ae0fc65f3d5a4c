// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/ledger/ledger_builder.h"

#include "analysis/kernels/gram.h"
#include "analysis/kernels/order_statistics.h"
#include "analysis/ledger/output_rows.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <thread>

namespace fedsleuth::analysis {

using model::RoundLedger;
using model::RoundNo;
using model::VectorRef;

std::vector<LedgerPlan> plan_ledgers(const std::vector<model::Update>& updates,
                                     const std::vector<model::Checkpoint>& checkpoints)
{
    std::set<RoundNo> models;
    for (const model::Checkpoint& checkpoint : checkpoints)
        if (checkpoint.usable()) models.insert(checkpoint.round);
    const auto has_step = [&](RoundNo round) { return models.contains(round) && models.contains(round.before()); };

    std::map<RoundNo, std::vector<const model::Update*>> by_round;
    for (const model::Update& update : updates)
        if (update.usable()) by_round[update.round].push_back(&update);

    std::vector<LedgerPlan> plans;
    std::map<model::ClientId, RoundNo> last_seen;
    for (auto& [round, sent] : by_round) {
        LedgerPlan plan;
        plan.round = round;
        std::sort(sent.begin(), sent.end(), [](const auto* a, const auto* b) { return a->client < b->client; });
        for (const model::Update* update : sent) {
            if (update->reference) {
                plan.has_reference = true;
                continue;
            }
            plan.clients.push_back(update->client);
            const auto seen = last_seen.find(update->client);
            plan.own_rounds.push_back(seen == last_seen.end() ? std::nullopt : std::optional(seen->second));
        }
        if (plan.clients.empty()) continue;
        for (const model::ClientId& client : plan.clients) last_seen[client] = round;

        plan.has_model = models.contains(round.before());
        plan.has_shipped = has_step(round);
        const RoundNo oldest{round.value() - static_cast<std::int64_t>(RoundLedger::step_window)};
        for (RoundNo step = round.before(); step >= oldest && step.value() >= 1; step = step.before())
            if (has_step(step)) plan.step_rounds.push_back(step);
        plans.push_back(std::move(plan));
    }
    return plans;
}

namespace {

/// A run of coordinates that lies within one layer.
struct Segment {
    std::size_t layer_idx = 0;
    std::int64_t first = 0;  ///< within the block
    std::int64_t count = 0;
};

std::vector<Segment> segments_of(const std::vector<model::Layer>& layers, std::int64_t first, std::int64_t count)
{
    std::vector<Segment> segments;
    for (std::size_t layer_idx = 0; layer_idx < layers.size(); ++layer_idx) {
        const std::int64_t from = std::max(first, layers[layer_idx].offset);
        const std::int64_t to = std::min(first + count, layers[layer_idx].offset + layers[layer_idx].count);
        if (from < to) segments.push_back({layer_idx, from - first, to - from});
    }
    return segments;
}

/// Where each kind of row lies in the block: updates, then their predecessors, then steps, shipped, reference, model.
struct Rows {
    std::vector<VectorRef> refs;
    std::size_t own_first = 0;
    std::size_t step_first = 0;
    std::size_t shipped = 0;
    std::size_t reference = 0;
    std::size_t model = 0;
    std::vector<std::size_t> own_of;  ///< index into clients of each own row
};

Rows rows_of(const LedgerPlan& plan)
{
    Rows rows;
    for (const model::ClientId& client : plan.clients)
        rows.refs.push_back({VectorRef::Kind::update, plan.round, client});
    rows.own_first = rows.refs.size();
    for (std::size_t client_idx = 0; client_idx < plan.clients.size(); ++client_idx) {
        if (!plan.own_rounds[client_idx]) continue;
        rows.own_of.push_back(client_idx);
        rows.refs.push_back({VectorRef::Kind::update, *plan.own_rounds[client_idx], plan.clients[client_idx]});
    }
    rows.step_first = rows.refs.size();
    for (const RoundNo step : plan.step_rounds) rows.refs.push_back({VectorRef::Kind::global_step, step, {}});
    rows.shipped = rows.refs.size();
    if (plan.has_shipped) rows.refs.push_back({VectorRef::Kind::global_step, plan.round, {}});
    rows.reference = rows.refs.size();
    if (plan.has_reference) rows.refs.push_back({VectorRef::Kind::reference, plan.round, model::server_client()});
    rows.model = rows.refs.size();
    if (plan.has_model) rows.refs.push_back({VectorRef::Kind::checkpoint, plan.round.before(), {}});
    return rows;
}

double dot(const float* a, const float* b, std::int64_t count)
{
    double sum = 0;
    for (std::int64_t coord_idx = 0; coord_idx < count; ++coord_idx)
        sum += static_cast<double>(a[coord_idx]) * static_cast<double>(b[coord_idx]);
    return sum;
}

class Builder {
public:
    Builder(const std::vector<model::Layer>& layers, const LedgerPlan& plan)
        : plan_(plan), n_(plan.clients.size()), outputs_(layers, plan.clients.size())
    {
        ledger_.round = plan.round;
        ledger_.clients = plan.clients;
        ledger_.own_rounds = plan.own_rounds;
        ledger_.step_rounds = plan.step_rounds;
        ledger_.has_shipped = plan.has_shipped;
        ledger_.has_reference = plan.has_reference;
        ledger_.has_model = plan.has_model;
        ledger_.coordinates = model::coordinate_count(layers);
        layers_ = layers;
        if (n_ * n_ * layers.size() > ledger_gram_limit) {
            model::Layer whole;
            whole.name = "all layers";
            whole.shape = {ledger_.coordinates};
            whole.count = ledger_.coordinates;
            layers_ = {whole};
        }
        const std::size_t k = plan.step_rounds.size();
        for (std::size_t layer_idx = 0; layer_idx < layers_.size(); ++layer_idx) {
            RoundLedger::PerLayer& layer = ledger_.layers.emplace_back();
            layer.gram.assign(n_ * n_, 0.0);
            layer.step_products.assign(n_ * k, 0.0);
            layer.step_squares.assign(k, 0.0);
            layer.own_products.assign(n_, 0.0);
            layer.own_squares.assign(n_, 0.0);
            layer.own_sign_equal.assign(n_, 0);
            layer.own_sign_compared.assign(n_, 0);
            layer.own_median_products.assign(n_, 0.0);
            layer.median_steps.assign(k, 0.0);
            if (plan.has_model) layer.model_products.assign(n_, 0.0);
            layer.absolute_sums.assign(n_, 0.0);
            layer.quiet_squares.assign(n_, 0.0);
            if (plan.has_shipped) layer.shipped_products.assign(n_, 0.0);
            if (plan.has_reference) layer.reference_products.assign(n_, 0.0);
            layer.median_products.assign(n_, 0.0);
            layer.sign_agreements.assign(n_, 0);
        }
        ledger_.positive.assign(n_, 0);
        ledger_.negative.assign(n_, 0);
        ledger_.zero.assign(n_, 0);
        ledger_.minimum.assign(n_, ledger_.coordinates > 0 ? std::numeric_limits<double>::infinity() : 0.0);
        ledger_.maximum.assign(n_, ledger_.coordinates > 0 ? -std::numeric_limits<double>::infinity() : 0.0);
        ledger_.fourth_powers.assign(n_, 0.0);
        ledger_.sums.assign(n_, 0.0);
    }

    void add(const Rows& rows, std::vector<float>& block, std::int64_t first, std::int64_t count)
    {
        // What is not finite here slipped past ingest (a float64 beyond float32's range, a file that changed): it is
        // left out as a zero and counted, so that one coordinate does not turn every sum into a NaN.
        for (float& value : block) {
            if (std::isfinite(value)) continue;
            value = 0;
            ++ledger_.non_finite;
        }
        for (const Segment& segment : segments_of(layers_, first, count)) add_segment(rows, block, count, segment);
        outputs_.add(block.data(), first, count);
    }

    RoundLedger take()
    {
        ledger_.output_rows = outputs_.take();
        return std::move(ledger_);
    }

private:
    void add_segment(const Rows& rows, const std::vector<float>& block, std::int64_t stride, const Segment& segment)
    {
        RoundLedger::PerLayer& layer = ledger_.layers[segment.layer_idx];
        const auto row = [&](std::size_t row_idx) {
            return block.data() + static_cast<std::int64_t>(row_idx) * stride + segment.first;
        };
        const auto wide = static_cast<std::size_t>(stride);

        add_gram(row(0), n_, wide, segment.count, layer.gram.data(), threads_);
        add_shared_products(rows, row, wide, segment.count, layer);
        for (std::size_t own_idx = 0; own_idx < rows.own_of.size(); ++own_idx) {
            const std::size_t client_idx = rows.own_of[own_idx];
            const float* own = row(rows.own_first + own_idx);
            layer.own_products[client_idx] += dot(row(client_idx), own, segment.count);
            layer.own_squares[client_idx] += dot(own, own, segment.count);
            for (std::int64_t coord_idx = 0; coord_idx < segment.count; ++coord_idx) {
                const float now = row(client_idx)[coord_idx], before = own[coord_idx];
                layer.own_sign_compared[client_idx] += now != 0 && before != 0;
                layer.own_sign_equal[client_idx] += (now > 0 && before > 0) || (now < 0 && before < 0);
            }
        }
        for (std::int64_t first = 0; first < segment.count; first += gram_chunk) {
            const std::int64_t count = std::min(gram_chunk, segment.count - first);
            add_order_statistics([&](std::size_t row_idx) { return row(row_idx) + first; },
                                 plan_.has_shipped ? row(rows.shipped) + first : nullptr, count, layer);
            add_median_products(
                rows, [&](std::size_t row_idx) { return row(row_idx) + first; }, count, layer);
        }
    }

    /// Products of every update with the rows that all clients share: steps, shipped step, reference and model, which
    /// lie side by side in the block and are multiplied as one matrix.
    template <class Row>
    void add_shared_products(const Rows& rows, const Row& row, std::size_t stride, std::int64_t count,
                             RoundLedger::PerLayer& layer)
    {
        const std::size_t shared = rows.refs.size() - rows.step_first;
        if (shared == 0) return;
        std::vector<double> products(n_ * shared, 0.0);
        add_products(row(0), n_, stride, row(rows.step_first), shared, stride, count, products.data(), threads_);
        const auto square = [&](std::size_t row_idx) { return dot(row(row_idx), row(row_idx), count); };
        const std::size_t k = plan_.step_rounds.size();
        for (std::size_t step_idx = 0; step_idx < k; ++step_idx)
            layer.step_squares[step_idx] += square(rows.step_first + step_idx);
        if (plan_.has_shipped) layer.shipped_square += square(rows.shipped);
        if (plan_.has_reference) layer.reference_square += square(rows.reference);
        if (plan_.has_model) layer.model_square += square(rows.model);
        for (std::size_t client_idx = 0; client_idx < n_; ++client_idx) {
            const double* own = products.data() + client_idx * shared;
            for (std::size_t step_idx = 0; step_idx < k; ++step_idx)
                layer.step_products[client_idx * k + step_idx] += own[step_idx];
            if (plan_.has_shipped) layer.shipped_products[client_idx] += own[rows.shipped - rows.step_first];
            if (plan_.has_reference) layer.reference_products[client_idx] += own[rows.reference - rows.step_first];
            if (plan_.has_model) layer.model_products[client_idx] += own[rows.model - rows.step_first];
        }
    }

    /// Products of the median that add_order_statistics left with what was there before the round.
    template <class Row>
    void add_median_products(const Rows& rows, const Row& row, std::int64_t count, RoundLedger::PerLayer& layer)
    {
        const auto with_median = [&](const float* values) {
            double sum = 0;
            for (std::int64_t coord_idx = 0; coord_idx < count; ++coord_idx)
                sum += median_[static_cast<std::size_t>(coord_idx)] * static_cast<double>(values[coord_idx]);
            return sum;
        };
        for (std::size_t own_idx = 0; own_idx < rows.own_of.size(); ++own_idx)
            layer.own_median_products[rows.own_of[own_idx]] += with_median(row(rows.own_first + own_idx));
        for (std::size_t step_idx = 0; step_idx < layer.median_steps.size(); ++step_idx)
            layer.median_steps[step_idx] += with_median(row(rows.step_first + step_idx));
    }

    /// Everything that goes through the coordinate median, and each client's own signs, extremes and moments.
    template <class Row>
    void add_order_statistics(const Row& row, const float* shipped, std::int64_t count, RoundLedger::PerLayer& layer)
    {
        std::vector<const float*> clients(n_);
        for (std::size_t client_idx = 0; client_idx < n_; ++client_idx) clients[client_idx] = row(client_idx);
        median_.resize(static_cast<std::size_t>(count));
        column_median(clients, count, median_.data());
        for (const double value : median_) {
            layer.median_square += value * value;
            layer.sign_compared += value != 0;
        }
        if (shipped != nullptr)
            for (std::int64_t coord_idx = 0; coord_idx < count; ++coord_idx)
                layer.median_shipped +=
                    median_[static_cast<std::size_t>(coord_idx)] * static_cast<double>(shipped[coord_idx]);
        std::vector<double> sizes(median_.size());
        std::transform(median_.begin(), median_.end(), sizes.begin(), [](double value) { return std::abs(value); });
        const auto half = sizes.begin() + static_cast<std::ptrdiff_t>((sizes.size() - 1) / 2);
        std::nth_element(sizes.begin(), half, sizes.end());
        const double quiet_below = *half;
        for (const double value : median_) layer.quiet_coordinates += std::abs(value) <= quiet_below;
        for (std::size_t client_idx = 0; client_idx < n_; ++client_idx) {
            const float* values = clients[client_idx];
            double product = 0, sum = 0, fourth = 0, absolute = 0, quiet = 0;
            float lowest = std::numeric_limits<float>::infinity(), highest = -lowest;
            std::int64_t positive = 0, negative = 0, agreements = 0;
            for (std::int64_t coord_idx = 0; coord_idx < count; ++coord_idx) {
                const float value = values[coord_idx];
                const double middle = median_[static_cast<std::size_t>(coord_idx)];
                const double wide = value;
                product += wide * middle;
                sum += wide;
                absolute += std::abs(wide);
                if (std::abs(middle) <= quiet_below) quiet += wide * wide;
                fourth += wide * wide * wide * wide;
                lowest = std::min(lowest, value);
                highest = std::max(highest, value);
                positive += value > 0;
                negative += value < 0;
                agreements += (value > 0 && middle > 0) || (value < 0 && middle < 0);
            }
            layer.median_products[client_idx] += product;
            layer.sign_agreements[client_idx] += agreements;
            layer.absolute_sums[client_idx] += absolute;
            layer.quiet_squares[client_idx] += quiet;
            ledger_.sums[client_idx] += sum;
            ledger_.fourth_powers[client_idx] += fourth;
            ledger_.minimum[client_idx] = std::min(ledger_.minimum[client_idx], static_cast<double>(lowest));
            ledger_.maximum[client_idx] = std::max(ledger_.maximum[client_idx], static_cast<double>(highest));
            ledger_.positive[client_idx] += positive;
            ledger_.negative[client_idx] += negative;
            ledger_.zero[client_idx] += count - positive - negative;
        }
    }

    const LedgerPlan& plan_;
    std::size_t n_;
    unsigned threads_ = std::clamp(std::thread::hardware_concurrency(), 1u, 8u);  // any number gives the same bits
    std::vector<model::Layer> layers_;
    std::vector<double> median_;
    OutputSums outputs_;
    RoundLedger ledger_;
};

}  // namespace

std::int64_t ledger_rows(const LedgerPlan& plan) { return static_cast<std::int64_t>(rows_of(plan).refs.size()); }

model::Result<RoundLedger> build_ledger(model::UpdateSource& source, const std::vector<model::Layer>& layers,
                                        const LedgerPlan& plan, model::Progress& progress)
{
    constexpr std::int64_t block_values = std::int64_t{64} << 20;
    const Rows rows = rows_of(plan);
    const auto row_count = static_cast<std::int64_t>(rows.refs.size());
    std::int64_t block_size =
        std::clamp<std::int64_t>(block_values / std::max<std::int64_t>(row_count, 1), 1, model::slab_coordinates);
    if (block_size > gram_chunk) block_size -= block_size % gram_chunk;
    const std::int64_t d = model::coordinate_count(layers);

    Builder builder(layers, plan);
    std::vector<float> block;
    for (std::int64_t first = 0; first < d; first += block_size) {
        if (progress.stopped()) return model::fail(model::ErrorCode::cancelled, "The ledger was stopped");
        const std::int64_t count = std::min(block_size, d - first);
        block.resize(static_cast<std::size_t>(row_count * count));
        FEDSLEUTH_CHECK(source.read(rows.refs, first, count, block.data()));
        builder.add(rows, block, first, count);
        progress.advance(count * row_count);
    }
    return builder.take();
}

}  // namespace fedsleuth::analysis
