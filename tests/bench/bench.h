// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <limits>
#include <string>

namespace fedsleuth::bench {

inline double seconds(const std::function<void()>& work)
{
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Times ours and theirs in turn, `repeats` times, and prints one JSON line with the best of each and their ratio:
/// on a shared machine only the ratio of two things measured in the same minute means anything.
inline void compare(const std::string& name, const std::string& peer, int repeats, const std::function<void()>& ours,
                    const std::function<void()>& theirs)
{
    double best_ours = std::numeric_limits<double>::infinity();
    double best_theirs = best_ours;
    for (int repeat = 0; repeat < repeats; ++repeat) {
        best_ours = std::min(best_ours, seconds(ours));
        best_theirs = std::min(best_theirs, seconds(theirs));
    }
    std::printf("{\"name\": \"%s\", \"against\": \"%s\", \"ours_s\": %.6f, \"theirs_s\": %.6f, \"ratio\": %.3f}\n",
                name.c_str(), peer.c_str(), best_ours, best_theirs, best_ours / best_theirs);
    std::fflush(stdout);
}

}  // namespace fedsleuth::bench
