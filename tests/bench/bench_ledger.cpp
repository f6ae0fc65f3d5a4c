// SPDX-License-Identifier: GPL-3.0-or-later
// The whole ledger pass of a round (Gram, median, signs, extremes, windows) against one plain float32 BLAS Gram of the
// same matrix, both from memory; and the memory that a round of 100 clients × 10 million parameters takes.
#include "analysis/ledger/ledger_builder.h"
#include "bench/bench.h"
#include "support/memory_source.h"

#include <cblas.h>
#include <sys/resource.h>
#include <random>

using namespace fedsleuth;
using model::RoundNo;
using model::VectorRef;

namespace {

/// Coordinates made up on demand: as large a round as asked for, without keeping it.
class EndlessSource final : public model::UpdateSource {
public:
    explicit EndlessSource(std::int64_t d) : d_(d) {}
    model::Result<std::int64_t> coordinates() override { return d_; }
    model::Result<void> read(std::span<const VectorRef> rows, std::int64_t first, std::int64_t count,
                             float* out) override
    {
        for (std::size_t row_idx = 0; row_idx < rows.size(); ++row_idx)
            for (std::int64_t coord_idx = 0; coord_idx < count; ++coord_idx)
                *out++ = static_cast<float>((first + coord_idx) * 2654435761u % 1000u) * 1e-3f +
                         static_cast<float>(row_idx) * 1e-4f;
        return {};
    }

private:
    std::int64_t d_;
};

analysis::LedgerPlan plan_of(std::size_t n)
{
    analysis::LedgerPlan plan;
    plan.round = RoundNo{1};
    for (std::size_t client_idx = 0; client_idx < n; ++client_idx)
        plan.clients.emplace_back(std::to_string(client_idx));
    plan.own_rounds.resize(n);
    return plan;
}

std::vector<model::Layer> one_layer(std::int64_t d)
{
    model::Layer layer;
    layer.shape = {d};
    std::vector<model::Layer> layers{layer};
    model::lay_out(layers);
    return layers;
}

}  // namespace

int main()
{
    constexpr std::size_t n = 100;
    constexpr std::int64_t d = 1'000'000;
    std::mt19937 random(1);
    std::normal_distribution<float> normal;
    std::vector<float> matrix(n * d);
    for (float& value : matrix) value = normal(random);
    test::MemorySource source(d);
    for (std::size_t client_idx = 0; client_idx < n; ++client_idx)
        source.put(VectorRef::Kind::update, 1, std::to_string(client_idx),
                   {matrix.begin() + static_cast<std::ptrdiff_t>(client_idx) * d,
                    matrix.begin() + static_cast<std::ptrdiff_t>(client_idx + 1) * d});
    const analysis::LedgerPlan plan = plan_of(n);
    const auto layers = one_layer(d);
    std::vector<float> gram(n * n);
    bench::compare(
        "ledger, 100 x 1,000,000", "one OpenBLAS ssyrk", 3,
        [&] {
            model::Progress progress;
            if (!analysis::build_ledger(source, layers, plan, progress)) std::abort();
        },
        [&] {
            cblas_ssyrk(CblasRowMajor, CblasUpper, CblasNoTrans, n, d, 1.0f, matrix.data(), d, 0.0f, gram.data(), n);
        });

    matrix = {};
    source = test::MemorySource(0);
    rusage before{}, after{};
    getrusage(RUSAGE_SELF, &before);
    EndlessSource endless(10 * d);
    model::Progress progress;
    if (!analysis::build_ledger(endless, one_layer(10 * d), plan, progress)) std::abort();
    getrusage(RUSAGE_SELF, &after);
    // The peak of the whole process, the benchmark's own matrices of before included: an upper bound.
    std::printf("{\"name\": \"peak memory, ledger of 100 x 10,000,000\", \"mebibytes\": %ld}\n",
                after.ru_maxrss / 1024);
}
