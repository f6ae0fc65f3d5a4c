// SPDX-License-Identifier: GPL-3.0-or-later
// Mean-around-median and Bulyan on 100 updates of 1,000,000 float32 coordinates, against the loops that their papers'
// definitions amount to. One thread each.
#include "analysis/kernels/gram.h"
#include "analysis/rules/rule.h"
#include "bench/bench.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <span>
#include <vector>

using namespace fedsleuth;

namespace {

constexpr std::size_t clients = 100;
constexpr std::size_t coordinates = 1'000'000;
constexpr std::size_t f = 20;
constexpr int repeats = 3;

using Rows = std::vector<const float*>;

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

/// Column by column: the median, then the mean of the `keep` values nearest to it. Blocks of columns are gathered row
/// by row, as the cache wants it.
void textbook_nearest_mean(const Rows& rows, std::size_t keep, std::vector<double>& out)
{
    constexpr std::size_t block = 64;
    const std::size_t n = rows.size();
    std::vector<float> columns(block * n);
    for (std::size_t first = 0; first < coordinates; first += block) {
        const std::size_t count = std::min(block, coordinates - first);
        for (std::size_t row_idx = 0; row_idx < n; ++row_idx)
            for (std::size_t column = 0; column < count; ++column)
                columns[column * n + row_idx] = rows[row_idx][first + column];
        for (std::size_t column = 0; column < count; ++column) {
            const std::span<float> values(columns.data() + column * n, n);
            const auto middle = values.begin() + static_cast<std::ptrdiff_t>(n / 2);
            std::nth_element(values.begin(), middle, values.end());
            const double upper = *middle;
            const double lower = n % 2 != 0 ? upper : *std::max_element(values.begin(), middle);
            const double median = (lower + upper) / 2;
            const auto last = values.begin() + static_cast<std::ptrdiff_t>(keep);
            std::nth_element(values.begin(), last - 1, values.end(),
                             [&](float a, float b) { return std::abs(a - median) < std::abs(b - median); });
            out[first + column] = std::accumulate(values.begin(), last, 0.0) / static_cast<double>(keep);
        }
    }
}

std::vector<double> textbook_distances(const Rows& rows)
{
    std::vector<double> distances(clients * clients, 0.0);
    for (std::size_t a = 0; a < clients; ++a)
        for (std::size_t b = 0; b < a; ++b) {
            double sum = 0;
            for (std::size_t coord_idx = 0; coord_idx < coordinates; ++coord_idx) {
                const double difference = static_cast<double>(rows[a][coord_idx]) - rows[b][coord_idx];
                sum += difference * difference;
            }
            distances[a * clients + b] = distances[b * clients + a] = sum;
        }
    return distances;
}

/// n − 2f times: the update with the least sum of distances to its nearest neighbours among those left.
Rows textbook_picks(const Rows& rows)
{
    const std::vector<double> distances = textbook_distances(rows);
    std::vector<std::size_t> left(clients);
    std::iota(left.begin(), left.end(), std::size_t{0});
    Rows picked;
    while (picked.size() < clients - 2 * f) {
        const std::size_t neighbours = left.size() > f + 2 ? left.size() - f - 2 : 1;
        std::size_t best = 0;
        double least = INFINITY;
        for (std::size_t at = 0; at < left.size(); ++at) {
            std::vector<double> to_others;
            for (const std::size_t other : left)
                if (other != left[at]) to_others.push_back(distances[left[at] * clients + other]);
            std::sort(to_others.begin(), to_others.end());
            const auto end = to_others.begin() + static_cast<std::ptrdiff_t>(std::min(neighbours, to_others.size()));
            const double score = std::accumulate(to_others.begin(), end, 0.0);
            if (score >= least) continue;
            least = score;
            best = at;
        }
        picked.push_back(rows[left[best]]);
        left.erase(left.begin() + static_cast<std::ptrdiff_t>(best));
    }
    return picked;
}

void bulyan(const std::vector<float>& values, const Rows& rows, std::vector<double>& out)
{
    const analysis::ColumnRule& rule = *analysis::find_column_rule("bulyan");
    analysis::RoundGeometry round{.n = clients, .gram = std::vector<double>(clients * clients, 0.0)};
    analysis::add_gram(values.data(), clients, coordinates, coordinates, round.gram.data());
    const auto choice = rule.choose(round, {{{"f", static_cast<double>(f)}}});
    if (!choice) std::abort();
    Rows picked;
    for (const std::size_t row_idx : choice->rows) picked.push_back(rows[row_idx]);
    if (!rule.apply(picked, coordinates, choice->settings, out.data())) std::abort();
}

}  // namespace

int main()
{
    const std::vector<float> values = updates();
    Rows rows(clients);
    for (std::size_t row_idx = 0; row_idx < clients; ++row_idx) rows[row_idx] = values.data() + row_idx * coordinates;
    std::vector<double> ours(coordinates), theirs(coordinates);
    const auto check = [&] {
        for (std::size_t coord_idx = 0; coord_idx < coordinates; ++coord_idx)
            if (std::abs(ours[coord_idx] - theirs[coord_idx]) > 1e-6) std::abort();
    };
    const analysis::RuleSettings assume{{{"f", static_cast<double>(f)}}};
    bench::compare(
        "mean-around-median 100 x 1e6, f = 20", "the textbook loop", repeats,
        [&] {
            if (!analysis::find_column_rule("mean-around-median")->apply(rows, coordinates, assume, ours.data()))
                std::abort();
        },
        [&] { textbook_nearest_mean(rows, clients - f, theirs); }, 0.3);
    check();
    bench::compare(
        "bulyan 100 x 1e6, f = 20, from the updates on", "the textbook loops", repeats,
        [&] { bulyan(values, rows, ours); },
        [&] { textbook_nearest_mean(textbook_picks(rows), clients - 4 * f, theirs); }, 0.3);
    check();
    const Rows some(rows.begin(), rows.end() - 2 * f);
    bench::compare(
        "bulyan's second step, 60 of 100 x 1e6", "the textbook loop", repeats,
        [&] {
            if (!analysis::find_column_rule("bulyan")->apply(some, coordinates, assume, ours.data())) std::abort();
        },
        [&] { textbook_nearest_mean(some, clients - 4 * f, theirs); }, 0.3);
    check();
}
