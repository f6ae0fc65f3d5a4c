// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/verdict/onset.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace fedsleuth::analysis {

AttackTimes attack_times(std::span<const double> log_ratios, double pause, double from_start)
{
    AttackTimes times;
    const std::size_t count = log_ratios.size();
    if (count == 0) return times;
    using Pair = std::array<double, 2>;  // honest, attacking
    const double begin = 1 / static_cast<double>(std::max<std::size_t>(count, 2));
    const std::array<Pair, 2> step{{{1 - begin, begin}, {pause, 1 - pause}}};
    const Pair start{1 - from_start, from_start};
    const auto emission = [&](std::size_t at) { return Pair{1.0, std::exp(std::clamp(log_ratios[at], -30.0, 30.0))}; };

    // Forward and backward, each step scaled to sum to one.
    std::vector<Pair> forward(count), backward(count);
    const auto scaled = [](Pair pair) {
        const double sum = pair[0] + pair[1];
        return Pair{pair[0] / sum, pair[1] / sum};
    };
    for (std::size_t at = 0; at < count; ++at) {
        const Pair seen = emission(at);
        Pair here = start;
        if (at > 0)
            for (std::size_t state = 0; state < 2; ++state)
                here[state] = forward[at - 1][0] * step[0][state] + forward[at - 1][1] * step[1][state];
        forward[at] = scaled({here[0] * seen[0], here[1] * seen[1]});
    }
    backward[count - 1] = {0.5, 0.5};
    for (std::size_t at = count - 1; at > 0; --at) {
        const Pair seen = emission(at);
        Pair here{};
        for (std::size_t state = 0; state < 2; ++state)
            here[state] = step[state][0] * seen[0] * backward[at][0] + step[state][1] * seen[1] * backward[at][1];
        backward[at - 1] = scaled(here);
    }
    for (std::size_t at = 0; at < count; ++at)
        times.probability.push_back(scaled({forward[at][0] * backward[at][0], forward[at][1] * backward[at][1]})[1]);

    // Viterbi, in logarithms.
    std::vector<std::array<std::size_t, 2>> from(count);
    Pair best{std::log(start[0]), std::log(start[1]) + std::clamp(log_ratios[0], -30.0, 30.0)};
    for (std::size_t at = 1; at < count; ++at) {
        Pair next{};
        for (std::size_t state = 0; state < 2; ++state) {
            const double stay = best[0] + std::log(step[0][state]);
            const double turn = best[1] + std::log(step[1][state]);
            from[at][state] = turn > stay;
            next[state] = std::max(stay, turn) + (state == 1 ? std::clamp(log_ratios[at], -30.0, 30.0) : 0.0);
        }
        best = next;
    }
    std::size_t state = best[1] > best[0];
    for (std::size_t at = count; at-- > 0;) {
        if (state == 1) times.attacked.insert(times.attacked.begin(), at);
        state = from[at][state];
    }
    return times;
}

}  // namespace fedsleuth::analysis
