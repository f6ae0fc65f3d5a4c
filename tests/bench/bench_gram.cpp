// SPDX-License-Identifier: GPL-3.0-or-later
// The Gram matrix of 100 updates of 1,000,000 float32 coordinates, summed in float64, against OpenBLAS on the same
// data: ssyrk (sums in float32: half the work a register does, and no digits left between near-copies), and dsyrk of a
// float64 copy that was made beforehand. Single-threaded comparisons hold OpenBLAS to one thread.
#include "analysis/kernels/dot_tile.h"
#include "analysis/kernels/gram.h"
#include "bench/bench.h"
#include "bench/openblas.h"
#include "model/update_source.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

using namespace fedsleuth;

namespace {

constexpr std::size_t clients = 100;
constexpr std::size_t coordinates = 1'000'000;
constexpr int repeats = 9;

std::vector<float> updates()
{
    std::vector<float> values(clients * coordinates);
    std::uint32_t state = 1;
    for (float& value : values) {
        state = state * 1664525U + 1013904223U;
        value = static_cast<float>(static_cast<std::int32_t>(state)) * 0x1p-31F;
    }
    return values;
}

void ssyrk(const std::vector<float>& values, std::vector<float>& gram)
{
    cblas_ssyrk(CblasRowMajor, CblasUpper, CblasNoTrans, clients, coordinates, 1.0F, values.data(), coordinates, 0.0F,
                gram.data(), clients);
}

}  // namespace

int main(int, char** argv)
{
    const std::vector<float> values = updates();
    std::vector<double> gram(clients * clients);
    std::vector<float> single(clients * clients);
    const std::string set = analysis::dot_tiles().front().name;
    const std::string core = openblas_get_corename();
    const auto whole = [&](unsigned threads) {
        std::fill(gram.begin(), gram.end(), 0.0);
        analysis::add_gram(values.data(), clients, coordinates, coordinates, gram.data(), threads);
    };
    const auto in_slabs = [&] {
        std::fill(gram.begin(), gram.end(), 0.0);
        for (std::int64_t first = 0; first < static_cast<std::int64_t>(coordinates); first += model::slab_coordinates)
            analysis::add_gram(values.data() + first, clients, coordinates,
                               std::min<std::int64_t>(model::slab_coordinates, coordinates - first), gram.data());
    };
    for (const int threads : {1, 2}) {
        openblas_set_num_threads(threads);
        const std::string suffix = ", " + std::to_string(threads) + (threads == 1 ? " thread" : " threads");
        bench::compare(
            "gram 100 x 1e6, " + set + suffix, "OpenBLAS ssyrk (float32 sums, " + core + suffix + ")", repeats,
            [&] { whole(static_cast<unsigned>(threads)); }, [&] { ssyrk(values, single); },
            bench::limit_as_it_comes(1.0));
    }
    openblas_set_num_threads(1);
    bench::compare("gram 100 x 1e6 in slabs of 65536, 1 thread", "OpenBLAS ssyrk of the whole, 1 thread", repeats,
                   in_slabs, [&] { ssyrk(values, single); });
    const std::vector<double> doubles(values.begin(), values.end());
    std::vector<double> other(clients * clients);
    bench::compare(
        "gram 100 x 1e6, 1 thread", "OpenBLAS dsyrk of a float64 copy, 1 thread", repeats, [&] { whole(1); },
        [&] {
            cblas_dsyrk(CblasRowMajor, CblasUpper, CblasNoTrans, clients, coordinates, 1.0, doubles.data(), coordinates,
                        0.0, other.data(), clients);
        });
    bench::again_with_the_best_openblas(argv);
    return 0;
}
