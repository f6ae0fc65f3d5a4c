// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/detection/server_step.h"
#include "analysis/privacy/noise_streams.h"
#include "analysis/privacy/noise_tests.h"

#include <algorithm>
#include <cmath>

namespace fedsleuth::analysis {

using model::RoundLedger;
using model::VectorRef;

namespace {

constexpr std::int64_t sampled_blocks = 16;
constexpr std::int64_t sampled_coordinates = 100'000;      ///< for normality and runs
constexpr std::size_t kept_coordinates = 4'096;            ///< of them, for the correlation between rounds
constexpr std::size_t kept_bytes = std::size_t{32} << 20;  ///< over all rounds

struct Block {
    std::int64_t first, count;
};

/// All coordinates of a small model; of a large one 16 blocks spread over it, which every layer of any size meets.
std::vector<Block> sample_blocks(std::int64_t d)
{
    if (d <= sampled_coordinates) {
        std::vector<Block> blocks;
        for (std::int64_t first = 0; first < d; first += model::slab_coordinates)
            blocks.push_back({first, std::min(model::slab_coordinates, d - first)});
        return blocks;
    }
    std::vector<Block> blocks;
    for (std::int64_t block_idx = 0; block_idx < sampled_blocks; ++block_idx)
        blocks.push_back({block_idx * (d / sampled_blocks), sampled_coordinates / sampled_blocks});
    return blocks;
}

/// |s − Σ c_i D_i|² of one layer, out of its products.
double layer_residual(const RoundLedger::PerLayer& layer, const std::vector<double>& factors)
{
    const std::size_t n = factors.size();
    double square = layer.shipped_square;
    for (std::size_t row = 0; row < n; ++row) {
        if (factors[row] == 0) continue;
        square -= 2 * factors[row] * layer.shipped_products[row];
        for (std::size_t column = 0; column < n; ++column)
            square += factors[row] * layer.gram[row * n + column] * factors[column];
    }
    return std::max(square, 0.0);
}

std::optional<double> claimed_clip(const std::vector<const model::Update*>& updates)
{
    for (const model::Update* update : updates)
        if (update->privacy && update->privacy->clipping_norm) return update->privacy->clipping_norm;
    return std::nullopt;
}

double correlation(const std::vector<float>& a, const std::vector<float>& b)
{
    double product = 0, a_square = 0, b_square = 0;
    for (std::size_t coord_idx = 0; coord_idx < a.size(); ++coord_idx) {
        const double x = a[coord_idx], y = b[coord_idx];
        product += x * y;
        a_square += x * x;
        b_square += y * y;
    }
    return a_square > 0 && b_square > 0 ? product / std::sqrt(a_square * b_square) : 0;
}

}  // namespace

/// One round that is read: what is subtracted from the shipped step, and what is left of it.
struct ResidualStream::Pass {
    std::vector<VectorRef> rows;  ///< the shipped step, then the updates that have a factor
    std::vector<double> factors;  ///< of those updates
    std::vector<float> residual;  ///< at the sampled coordinates
    std::int64_t positive = 0, negative = 0, runs = 0;
};

ResidualStream::ResidualStream(model::UpdateSource& source, const model::Federation& federation)
    : source_(source), federation_(federation), d_(model::coordinate_count(federation.layers))
{
}

model::Result<void> ResidualStream::read(Pass& pass, model::Progress& progress)
{
    std::vector<float> values;
    bool last_positive = false;
    for (const Block& block : sample_blocks(d_)) {
        if (progress.stopped()) return model::fail(model::ErrorCode::cancelled, "The noise measurement was stopped");
        values.resize(pass.rows.size() * static_cast<std::size_t>(block.count));
        FEDSLEUTH_CHECK(source_.read(pass.rows, block.first, block.count, values.data()));
        for (std::int64_t coord_idx = 0; coord_idx < block.count; ++coord_idx) {
            double rest = values[static_cast<std::size_t>(coord_idx)];
            for (std::size_t row_idx = 0; row_idx < pass.factors.size(); ++row_idx)
                rest -=
                    pass.factors[row_idx] *
                    values[(row_idx + 1) * static_cast<std::size_t>(block.count) + static_cast<std::size_t>(coord_idx)];
            pass.residual.push_back(static_cast<float>(rest));
            if (rest == 0) continue;
            const bool is_positive = rest > 0;
            ++(is_positive ? pass.positive : pass.negative);
            if (pass.runs == 0 || is_positive != last_positive) ++pass.runs;
            last_positive = is_positive;
        }
    }
    return {};
}

model::Result<void> ResidualStream::add(const RoundLedger& ledger, const std::vector<const model::Update*>& updates,
                                        model::Progress& progress)
{
    const std::optional<ServerStep> step = server_step(ledger, federation_.aggregation, updates);
    if (!step || step->weights.empty()) return {};
    const std::size_t n = ledger.size();
    const double rate = federation_.aggregation.server_learning_rate;

    ServerResidual round;
    round.round = ledger.round;
    round.shipped_square = step->shipped * step->shipped;
    for (const double weight : step->weights) {
        round.clients += weight != 0;
        if (rate != 0) round.max_weight = std::max(round.max_weight, weight / rate);
    }
    // As they are stored, and clipped to the declared norm.
    std::optional<double> clip;
    if (federation_.privacy) clip = federation_.privacy->clipping_norm;
    if (!clip) clip = claimed_clip(updates);
    const double unit = federation_.update_kind == model::UpdateKind::gradient ? std::abs(rate) : 1.0;
    const std::vector<double> gram = ledger.total_gram();
    std::vector<double> clipped = step->weights;
    if (clip && *clip > 0)
        for (std::size_t client_idx = 0; client_idx < n; ++client_idx) {
            const double length = std::sqrt(std::max(gram[client_idx * n + client_idx], 0.0));
            if (length > *clip * unit) clipped[client_idx] *= *clip * unit / length;
        }
    std::vector<double> raw_layers, clipped_layers;
    for (const RoundLedger::PerLayer& layer : ledger.layers) {
        raw_layers.push_back(layer_residual(layer, step->weights));
        clipped_layers.push_back(layer_residual(layer, clipped));
        round.raw_square += raw_layers.back();
        round.clipped_square += clipped_layers.back();
    }
    const bool was_clipped = round.clipped_square < round.raw_square;
    const std::vector<double>& kept = was_clipped ? clipped_layers : raw_layers;
    if (ledger.layers.size() == federation_.layers.size() && ledger.layers.size() > 1)
        for (std::size_t layer_idx = 0; layer_idx < kept.size(); ++layer_idx)
            if (federation_.layers[layer_idx].count > 0) round.layer_squares.push_back(kept[layer_idx]);

    std::vector<float> sample;
    const double residual = std::sqrt(std::min(round.raw_square, round.clipped_square));
    if (residual > tolerated_residual * step->shipped) {
        Pass pass;
        pass.rows.push_back({VectorRef::Kind::global_step, ledger.round, {}});
        for (std::size_t client_idx = 0; client_idx < n; ++client_idx) {
            const double factor = was_clipped ? clipped[client_idx] : step->weights[client_idx];
            if (factor == 0) continue;
            pass.rows.push_back({VectorRef::Kind::update, ledger.round, ledger.clients[client_idx]});
            pass.factors.push_back(factor);
        }
        FEDSLEUTH_CHECK(read(pass, progress));
        round.sign_runs_p = sign_runs_p(pass.positive, pass.negative, pass.runs);
        const std::size_t stride = std::max<std::size_t>(pass.residual.size() / kept_coordinates, 1);
        for (std::size_t coord_idx = 0; coord_idx < pass.residual.size() && sample.size() < kept_coordinates;
             coord_idx += stride)
            sample.push_back(pass.residual[coord_idx]);
        if (pass.residual.size() >= 50) {
            double sum = 0, squares = 0;
            for (const float value : pass.residual) sum += value, squares += static_cast<double>(value) * value;
            const double count = static_cast<double>(pass.residual.size());
            const double deviation = std::sqrt(std::max(squares / count - sum * sum / count / count, 0.0));
            std::sort(pass.residual.begin(), pass.residual.end());
            const bool laplace = federation_.privacy && federation_.privacy->mechanism == "laplace";
            if (deviation > 0)
                round.normality_p =
                    kolmogorov_p(distance_from_noise(pass.residual, sum / count, deviation,
                                                     laplace ? NoiseKind::laplace : NoiseKind::gaussian),
                                 static_cast<std::int64_t>(pass.residual.size()));
        }
    }
    rounds_.push_back(std::move(round));
    const std::size_t used = samples_.size() * kept_coordinates * sizeof(float);
    if (used > kept_bytes) sample.clear();
    samples_.push_back(std::move(sample));
    return {};
}

std::vector<ServerResidual> ResidualStream::finish()
{
    for (std::size_t later = 1; later < samples_.size(); ++later)
        for (std::size_t earlier = 0; earlier < later; ++earlier) {
            if (samples_[later].size() < 256 || samples_[later].size() != samples_[earlier].size()) continue;
            const double here = correlation(samples_[later], samples_[earlier]);
            std::optional<double>& most = rounds_[later].reuse_correlation;
            if (most && std::abs(*most) >= std::abs(here)) continue;
            most = here;
            rounds_[later].reuse_round = rounds_[earlier].round;
        }
    return std::move(rounds_);
}

}  // namespace fedsleuth::analysis
