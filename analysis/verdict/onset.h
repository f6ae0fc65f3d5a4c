// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace fedsleuth::analysis {

/// In which of its rounds a client attacked, by a hidden Markov model with two states, honest and attacking, on the
/// rounds' log likelihood ratios (attack against honest). Attacks begin with probability 1/T a round and pause with
/// probability `pause`; they begin before the first round with probability `from_start`.
struct AttackTimes {
    std::vector<double> probability;    ///< T: that the client attacked in that round, given all rounds
    std::vector<std::size_t> attacked;  ///< the rounds of the single likeliest course (Viterbi) in which it attacked
};

[[nodiscard]] AttackTimes attack_times(std::span<const double> log_ratios, double pause = 0.08,
                                       double from_start = 0.15);

}  // namespace fedsleuth::analysis
