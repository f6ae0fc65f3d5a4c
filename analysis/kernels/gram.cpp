// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/kernels/gram.h"

#include "analysis/kernels/dot_tile.h"
#include "analysis/kernels/gram_chunk.h"
#include "analysis/kernels/gram_with.h"
#include "analysis/kernels/parallel.h"

#include <algorithm>
#include <memory>
#include <span>
#include <vector>

namespace fedsleuth::analysis {
namespace {

void add_upper_to_both(std::span<const double> sums, std::size_t n, double* gram)
{
    for (std::size_t row_idx = 0; row_idx < n; ++row_idx) {
        gram[row_idx * n + row_idx] += sums[row_idx * n + row_idx];
        for (std::size_t other_idx = row_idx + 1; other_idx < n; ++other_idx) {
            gram[row_idx * n + other_idx] += sums[row_idx * n + other_idx];
            gram[other_idx * n + row_idx] += sums[row_idx * n + other_idx];
        }
    }
}

}  // namespace

void add_products_with(const DotTile& tile, const GramRows& a, const GramRows* b, std::int64_t count, unsigned threads,
                       double* products)
{
    if (a.n == 0 || (b != nullptr && b->n == 0) || count <= 0) return;
    const auto chunks = static_cast<std::size_t>((count + gram_chunk - 1) / gram_chunk);
    std::vector<std::unique_ptr<GramChunk>> workers(std::clamp<std::size_t>(threads, 1, chunks));
    const auto compute = [&](std::size_t chunk_idx, std::size_t worker_idx) {
        std::unique_ptr<GramChunk>& work = workers[worker_idx];
        if (!work) work = std::make_unique<GramChunk>(tile, a.n, b != nullptr ? b->n : 0);
        const std::int64_t first = static_cast<std::int64_t>(chunk_idx) * gram_chunk;
        work->clear();
        work->add(a, b, first, std::min(count, first + gram_chunk), count);
        work->finish();
    };
    const auto commit = [&](std::size_t, std::size_t worker_idx) {
        const std::span<const double> sums = workers[worker_idx]->sums();
        if (b == nullptr)
            add_upper_to_both(sums, a.n, products);
        else
            for (std::size_t pair = 0; pair < sums.size(); ++pair) products[pair] += sums[pair];
    };
    parallel_in_order(chunks, threads, compute, commit);
}

void add_gram(const float* rows, std::size_t n, std::size_t stride, std::int64_t count, double* gram, unsigned threads)
{
    add_products_with(dot_tiles().front(), {rows, n, stride}, nullptr, count, threads, gram);
}

void add_products(const float* a, std::size_t n, std::size_t a_stride, const float* b, std::size_t k,
                  std::size_t b_stride, std::int64_t count, double* products, unsigned threads)
{
    const GramRows b_rows{b, k, b_stride};
    add_products_with(dot_tiles().front(), {a, n, a_stride}, &b_rows, count, threads, products);
}

}  // namespace fedsleuth::analysis
