// SPDX-License-Identifier: GPL-3.0-or-later
// The whole ledger pass of a round (Gram, median, signs, extremes, windows) against one plain float32 BLAS Gram of the
// same matrix, both from memory; and the memory that a round of 100 clients × 10 million parameters takes.
#include "analysis/kernels/parallel.h"
#include "analysis/ledger/ledger_builder.h"
#include "bench/bench.h"
#include "bench/openblas.h"
#include "support/memory_source.h"

#include <sched.h>
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
    model::Result<std::int64_t> coordinates() override { return d_; }  // in slabs, as a case gives them
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

constexpr std::size_t n = 100;
constexpr std::int64_t d = 1'000'000;

analysis::LedgerPlan plan_of(std::int64_t round)
{
    analysis::LedgerPlan plan;
    plan.round = RoundNo{round};
    for (std::size_t client_idx = 0; client_idx < n; ++client_idx)
        plan.clients.emplace_back(std::to_string(client_idx));
    plan.own_rounds.resize(n);
    return plan;
}

/// A round in the middle of a federation: ten steps before it, every client's earlier update, its own checkpoints.
analysis::LedgerPlan full_plan(std::int64_t round)
{
    analysis::LedgerPlan plan = plan_of(round);
    plan.own_rounds.assign(n, RoundNo{round - 1});
    for (std::int64_t step = 1; step <= 10; ++step) plan.step_rounds.emplace_back(round - step);
    plan.has_shipped = plan.has_model = true;
    return plan;
}

std::vector<model::Layer> one_layer(std::int64_t coordinates)
{
    model::Layer layer;
    layer.shape = {coordinates};
    std::vector<model::Layer> layers{layer};
    model::lay_out(layers);
    return layers;
}

void build(model::UpdateSource& source, std::int64_t coordinates, const analysis::LedgerPlan& plan)
{
    model::Progress progress;
    if (!analysis::build_ledger(source, one_layer(coordinates), plan, progress)) std::abort();
}

void compare_with_ssyrk(test::MemorySource& source, const std::vector<float>& matrix)
{
    std::vector<float> gram(n * n);
    const auto ssyrk = [&] {
        cblas_ssyrk(CblasRowMajor, CblasUpper, CblasNoTrans, n, d, 1.0F, matrix.data(), d, 0.0F, gram.data(), n);
    };
    openblas_set_num_threads(1);
    const std::string peer = std::string("one OpenBLAS ssyrk of its updates, 1 thread, ") + openblas_get_corename();
    const std::string size = "ledger 100 x 1e6 from memory, ";
    const std::string threads = std::to_string(analysis::hardware_threads()) + " threads, ";
    bench::compare(
        size + threads + "updates alone", peer, 7, [&] { build(source, d, plan_of(50)); }, ssyrk,
        bench::limit_as_it_comes(2.0));
    bench::compare(
        size + threads + "with 10 steps, shipped step, model, own updates (212 rows)", peer, 7,
        [&] { build(source, d, full_plan(50)); }, ssyrk, bench::limit_as_it_comes(2.0));
    // The scheduler's affinity is what the number of threads is taken from.
    cpu_set_t all, one;
    sched_getaffinity(0, sizeof all, &all);
    CPU_ZERO(&one);
    for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++cpu)
        if (CPU_ISSET(cpu, &all)) CPU_SET(cpu, &one);
    sched_setaffinity(0, sizeof one, &one);
    bench::compare(
        size + "one processor, updates alone", peer, 5, [&] { build(source, d, plan_of(50)); }, ssyrk,
        bench::limit_as_it_comes(2.0));
    bench::compare(
        size + "one processor, 212 rows", peer, 5, [&] { build(source, d, full_plan(50)); }, ssyrk);
    sched_setaffinity(0, sizeof all, &all);
}

}  // namespace

int main(int, char** argv)
{
    if (bench::limit_as_it_comes(1)) {  // once is enough
        // The peak of the process is measured first, before anything else has taken memory.
        EndlessSource endless(10 * d);
        build(endless, 10 * d, full_plan(50));
        rusage usage{};
        getrusage(RUSAGE_SELF, &usage);
        const long mebibytes = usage.ru_maxrss / 1024;
        std::printf("{\"name\": \"peak memory, ledger of 100 x 10,000,000 with 212 rows\", \"mebibytes\": %ld%s\n",
                    mebibytes, bench::verdict(static_cast<double>(mebibytes), 1536).c_str());
    }
    std::mt19937 random(1);
    std::normal_distribution<float> normal;
    std::vector<float> matrix(n * d);
    for (float& value : matrix) value = normal(random);
    const auto row = [&](std::size_t row_idx) {
        const auto first = matrix.begin() + static_cast<std::ptrdiff_t>(row_idx * d);
        return std::vector<float>(first, first + d);
    };
    test::MemorySource source(d);
    for (std::size_t client_idx = 0; client_idx < n; ++client_idx) {
        source.put(VectorRef::Kind::update, 50, std::to_string(client_idx), row(client_idx));
        source.put(VectorRef::Kind::update, 49, std::to_string(client_idx), row((client_idx + 7) % n));
    }
    for (int step = 0; step <= 10; ++step)
        source.put(VectorRef::Kind::global_step, 50 - step, "", row(static_cast<std::size_t>(step)));
    source.put(VectorRef::Kind::checkpoint, 49, "", row(99));
    compare_with_ssyrk(source, matrix);
    bench::again_with_the_best_openblas(argv);
}
