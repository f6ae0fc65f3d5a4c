// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/ledger/run_sums.h"

#include "analysis/kernels/dot_tile.h"
#include "analysis/kernels/gram.h"
#include "analysis/kernels/low_pass.h"

#include <algorithm>
#include <cmath>

namespace fedsleuth::analysis {

using model::RoundLedger;

RunSums::RunSums(const LedgerRows& rows, const std::vector<OutputPlace>& outputs)
    : rows_(rows),
      outputs_(outputs),
      kernel_(row_kernels().front()),
      gram_(dot_tiles().front(), rows.own_first),
      median_of_(rows.clients),
      client_rows_(rows.clients),
      signs_(rows.clients),
      row_sums_(rows.clients),
      agreements_(rows.clients),
      slow_products_(rows.clients),
      own_sums_(rows.own_of.size()),
      own_sign_counts_(rows.own_of.size()),
      shared_with_median_(rows.own_first - rows.clients),
      pieces_(outputs.size())
{
    median_.reserve(gram_chunk);
    sizes_.reserve(gram_chunk);
    quiet_.reserve(gram_chunk);
    slow_.reserve(gram_chunk);
}

void RunSums::sum(const Block& block, const Run& run)
{
    const auto count = static_cast<std::size_t>(run.count);
    const auto row = [&](std::size_t row_idx) {
        return block.values + static_cast<std::int64_t>(row_idx) * block.stride + run.first;
    };
    non_finite_ = 0;
    gram_.clear();
    median_.resize(count);
    for (std::int64_t first = 0; first < run.count; first += gram_block) {
        const std::int64_t some = std::min(gram_block, run.count - first);
        for (std::size_t row_idx = 0; row_idx < rows_.own_first; ++row_idx)
            non_finite_ += kernel_.clear_non_finite(row(row_idx) + first, static_cast<std::size_t>(some));
        const GramRows together{row(0) + first, rows_.own_first, static_cast<std::size_t>(block.stride)};
        gram_.add(together, nullptr, 0, some, block.stride - run.first - first);
        for (std::size_t client_idx = 0; client_idx < rows_.clients; ++client_idx)
            client_rows_[client_idx] = row(client_idx) + first;
        median_of_.take(client_rows_, some, median_.data() + first);
    }
    gram_.finish();
    compare_with_median(count);
    const CrowdRun crowd{median_.data(), quiet_.data(), count};
    for (std::size_t client_idx = 0; client_idx < rows_.clients; ++client_idx) {
        kernel_.row_sums(row(client_idx), crowd, row_sums_[client_idx]);
        signs_[client_idx] = SignBits(count);
        kernel_.signs(row(client_idx), count, signs_[client_idx]);
        slow_products_[client_idx] = kernel_.product(row(client_idx), slow_.data(), count);
        agreements_[client_idx] = kernel_.compare_signs(signs_[client_idx], median_signs_).equal;
    }
    for (std::size_t idx = 0; idx < shared_with_median_.size(); ++idx)
        shared_with_median_[idx] = kernel_.product(row(rows_.clients + idx), median_.data(), count);
    own_signs_ = SignBits(count);
    for (std::size_t own_idx = 0; own_idx < own_sums_.size(); ++own_idx) {
        const std::size_t client_idx = rows_.own_of[own_idx];
        float* own = row(rows_.own_first + own_idx);
        non_finite_ += kernel_.clear_non_finite(own, count);
        kernel_.pair_sums(row(client_idx), own, median_.data(), count, own_sums_[own_idx]);
        kernel_.signs(own, count, own_signs_);
        own_sign_counts_[own_idx] = kernel_.compare_signs(signs_[client_idx], own_signs_);
    }
    for (std::size_t idx = 0; idx < pieces_.size(); ++idx)
        pieces_[idx].sum(kernel_, outputs_[idx], rows_.clients, row(0), block.stride, block.first + run.first,
                         run.count);
}

/// Which half of the run is quiet, and the median's own figures.
void RunSums::compare_with_median(std::size_t count)
{
    sizes_.resize(count);
    std::transform(median_.begin(), median_.end(), sizes_.begin(), [](double value) { return std::abs(value); });
    const auto half = sizes_.begin() + static_cast<std::ptrdiff_t>((count - 1) / 2);
    std::nth_element(sizes_.begin(), half, sizes_.end());
    const double quiet_up_to = *half;
    slow_.resize(count);
    low_pass(median_, slow_);
    slow_square_ = 0;
    for (const double value : slow_) slow_square_ += value * value;

    quiet_.resize(count);
    median_signs_ = SignBits(count);
    median_square_ = 0;
    quiet_coordinates_ = 0;
    for (std::size_t coord_idx = 0; coord_idx < count; ++coord_idx) {
        const double value = median_[coord_idx];
        const bool quiet = std::abs(value) <= quiet_up_to;
        median_square_ += value * value;
        quiet_[coord_idx] = quiet ? 1 : 0;
        quiet_coordinates_ += quiet;
        median_signs_.positive[coord_idx / 64] |= static_cast<std::uint64_t>(value > 0) << coord_idx % 64;
        median_signs_.negative[coord_idx / 64] |= static_cast<std::uint64_t>(value < 0) << coord_idx % 64;
    }
    sign_compared_ = kernel_.count_bits(median_signs_.positive) + kernel_.count_bits(median_signs_.negative);
}

/// The blocks of the common Gram matrix, of which the upper triangle is there.
void RunSums::add_products_to(RoundLedger::PerLayer& layer) const
{
    const std::size_t n = rows_.clients;
    const std::size_t k = rows_.steps;
    const std::size_t all = rows_.own_first;
    const std::span<const double> sums = gram_.sums();
    const auto add_column = [&](std::size_t row_idx, std::vector<double>& products, double& square) {
        for (std::size_t client_idx = 0; client_idx < n; ++client_idx)
            products[client_idx] += sums[client_idx * all + row_idx];
        square += sums[row_idx * all + row_idx];
    };
    for (std::size_t client_idx = 0; client_idx < n; ++client_idx) {
        const double* products = sums.data() + client_idx * all;
        layer.gram[client_idx * n + client_idx] += products[client_idx];
        for (std::size_t other_idx = client_idx + 1; other_idx < n; ++other_idx) {
            layer.gram[client_idx * n + other_idx] += products[other_idx];
            layer.gram[other_idx * n + client_idx] += products[other_idx];
        }
        for (std::size_t step_idx = 0; step_idx < k; ++step_idx)
            layer.step_products[client_idx * k + step_idx] += products[n + step_idx];
    }
    for (std::size_t step_idx = 0; step_idx < k; ++step_idx) {
        layer.step_squares[step_idx] += sums[(n + step_idx) * all + n + step_idx];
        for (std::size_t other_idx = 0; other_idx < k; ++other_idx)
            layer.step_gram[step_idx * k + other_idx] +=
                sums[(n + std::min(step_idx, other_idx)) * all + n + std::max(step_idx, other_idx)];
    }
    if (rows_.shipped) add_column(*rows_.shipped, layer.shipped_products, layer.shipped_square);
    if (rows_.reference) add_column(*rows_.reference, layer.reference_products, layer.reference_square);
    if (rows_.model) add_column(*rows_.model, layer.model_products, layer.model_square);
}

void RunSums::add_to(RoundLedger::PerLayer& layer, RoundLedger& ledger) const
{
    add_products_to(layer);
    for (std::size_t own_idx = 0; own_idx < own_sums_.size(); ++own_idx) {
        const std::size_t client_idx = rows_.own_of[own_idx];
        layer.own_products[client_idx] += own_sums_[own_idx].product;
        layer.own_squares[client_idx] += own_sums_[own_idx].square;
        layer.own_sign_equal[client_idx] += own_sign_counts_[own_idx].equal;
        layer.own_sign_compared[client_idx] += own_sign_counts_[own_idx].compared;
        layer.own_median_products[client_idx] += own_sums_[own_idx].median_product;
    }
    for (std::size_t step_idx = 0; step_idx < rows_.steps; ++step_idx)
        layer.median_steps[step_idx] += shared_with_median_[step_idx];
    if (rows_.shipped) layer.median_shipped += shared_with_median_[*rows_.shipped - rows_.clients];
    layer.median_square += median_square_;
    layer.slow_square += slow_square_;
    layer.quiet_coordinates += quiet_coordinates_;
    layer.sign_compared += sign_compared_;
    ledger.non_finite += non_finite_;
    for (std::size_t client_idx = 0; client_idx < rows_.clients; ++client_idx) {
        const RowSums& sums = row_sums_[client_idx];
        layer.median_products[client_idx] += sums.median_product;
        layer.slow_products[client_idx] += slow_products_[client_idx];
        layer.absolute_sums[client_idx] += sums.absolute;
        layer.quiet_squares[client_idx] += sums.quiet;
        layer.sign_agreements[client_idx] += agreements_[client_idx];
        ledger.sums[client_idx] += sums.sum;
        ledger.fourth_powers[client_idx] += sums.fourth;
        ledger.minimum[client_idx] = std::min(ledger.minimum[client_idx], static_cast<double>(sums.minimum));
        ledger.maximum[client_idx] = std::max(ledger.maximum[client_idx], static_cast<double>(sums.maximum));
        ledger.positive[client_idx] += kernel_.count_bits(signs_[client_idx].positive);
        ledger.negative[client_idx] += kernel_.count_bits(signs_[client_idx].negative);
    }
    for (std::size_t idx = 0; idx < pieces_.size(); ++idx) pieces_[idx].add_to(ledger.output_rows[idx], rows_.clients);
}

}  // namespace fedsleuth::analysis
