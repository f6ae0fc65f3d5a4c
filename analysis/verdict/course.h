// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/verdict/patterns.h"

#include <cstddef>
#include <vector>

namespace fedsleuth::analysis {

/// From this height on a pattern's sum over rounds is an alarm, and from that on it speaks for itself.
inline constexpr double course_alarms = 5;
inline constexpr double course_convicts = 8;

/// The course of one pattern over one client's rounds: a CUSUM. Each round adds its evidence less a toll, each round
/// without the pattern takes some back, and the sum never falls below zero. So a lasting offset that stays below the
/// toll never adds up, however many rounds there are, and a single overwhelming round is enough.
struct Course {
    double highest = 0;            ///< that the sum reached
    std::vector<std::size_t> bad;  ///< places in the client's rounds where the pattern was there, in runs that alarmed
};

/// `rounds` of one client, ascending.
[[nodiscard]] Course course_of(const std::vector<const ClientRound*>& rounds, Pattern pattern);

}  // namespace fedsleuth::analysis
