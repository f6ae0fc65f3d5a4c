// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/lab/random.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

namespace fedsleuth::analysis::lab {

namespace {

std::uint64_t split_mix(std::uint64_t& state)
{
    state += 0x9e3779b97f4a7c15U;
    std::uint64_t mixed = state;
    mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9U;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebU;
    return mixed ^ (mixed >> 31U);
}

}  // namespace

Random::Random(std::uint64_t seed, std::initializer_list<std::uint64_t> stream)
{
    std::uint64_t state = seed;
    for (const std::uint64_t part : stream) {
        state = split_mix(state) ^ (part * 0xd1342543de82ef95U + 0x2545f4914f6cdd1dU);
    }
    for (std::uint64_t& word : state_) word = split_mix(state);
}

std::uint64_t Random::next()
{
    const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17U;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
}

double Random::uniform() { return static_cast<double>(next() >> 11U) * 0x1.0p-53; }

double Random::uniform(double low, double high) { return low + (high - low) * uniform(); }

std::size_t Random::below(std::size_t bound)
{
    // Rejection of the incomplete last stretch: no number is likelier than another.
    const std::uint64_t range = bound;
    const std::uint64_t limit = std::numeric_limits<std::uint64_t>::max() / range * range;
    std::uint64_t drawn = next();
    while (drawn >= limit) drawn = next();
    return static_cast<std::size_t>(drawn % range);
}

double Random::normal()
{
    if (has_spare_) {
        has_spare_ = false;
        return spare_;
    }
    const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
    const double angle = 2.0 * std::numbers::pi * uniform();
    spare_ = radius * std::sin(angle);
    has_spare_ = true;
    return radius * std::cos(angle);
}

double Random::gamma(double shape)
{
    if (shape < 1.0) return gamma(shape + 1.0) * std::pow(1.0 - uniform(), 1.0 / shape);
    const double d = shape - 1.0 / 3.0;
    const double c = 1.0 / std::sqrt(9.0 * d);
    for (;;) {
        const double x = normal();
        const double v = std::pow(1.0 + c * x, 3.0);
        if (v <= 0) continue;
        if (std::log(1.0 - uniform()) < 0.5 * x * x + d - d * v + d * std::log(v)) return d * v;
    }
}

std::vector<double> Random::dirichlet(std::size_t count, double alpha)
{
    std::vector<double> point(count);
    for (double& value : point) value = gamma(alpha);
    const double sum = std::accumulate(point.begin(), point.end(), 0.0);
    if (sum > 0) {
        for (double& value : point) value /= sum;
    } else {
        // A very small alpha: all mass on one corner, and every draw underflowed.
        std::fill(point.begin(), point.end(), 0.0);
        point[below(count)] = 1.0;
    }
    return point;
}

std::vector<std::size_t> Random::choose(std::size_t total, std::size_t count)
{
    std::vector<std::size_t> all(total);
    std::iota(all.begin(), all.end(), std::size_t{0});
    for (std::size_t taken = 0; taken < count; ++taken) std::swap(all[taken], all[taken + below(total - taken)]);
    all.resize(count);
    std::sort(all.begin(), all.end());
    return all;
}

}  // namespace fedsleuth::analysis::lab
