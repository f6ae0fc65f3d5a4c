// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <limits>
#include <optional>
#include <string>

namespace fedsleuth::bench {

inline double seconds(const std::function<void()>& work)
{
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

inline std::string verdict(double value, std::optional<double> limit)
{
    if (!limit) return "}";
    char text[80];
    std::snprintf(text, sizeof text, ", \"limit\": %g, \"meets\": %s}", *limit, value <= *limit ? "true" : "false");
    return text;
}

/// Times ours and theirs in turn, `repeats` times, and prints one JSON line with the best of each and their ratio, and
/// whether it keeps to the limit that we set ourselves: on a shared machine only the ratio of two things measured in
/// the same minute means anything.
inline void compare(const std::string& name, const std::string& peer, int repeats, const std::function<void()>& ours,
                    const std::function<void()>& theirs, std::optional<double> limit = {})
{
    double best_ours = std::numeric_limits<double>::infinity();
    double best_theirs = best_ours;
    for (int repeat = 0; repeat < repeats; ++repeat) {
        best_ours = std::min(best_ours, seconds(ours));
        best_theirs = std::min(best_theirs, seconds(theirs));
    }
    const double ratio = best_ours / best_theirs;
    std::printf("{\"name\": \"%s\", \"against\": \"%s\", \"ours_s\": %.6f, \"theirs_s\": %.6f, \"ratio\": %.3f%s\n",
                name.c_str(), peer.c_str(), best_ours, best_theirs, ratio, verdict(ratio, limit).c_str());
    std::fflush(stdout);
}

/// Times what has no alternative to be held against, and prints the best of `repeats` in milliseconds.
inline void within(const std::string& name, int repeats, const std::function<void()>& ours,
                   std::optional<double> limit_ms)
{
    double best = std::numeric_limits<double>::infinity();
    for (int repeat = 0; repeat < repeats; ++repeat) best = std::min(best, seconds(ours) * 1e3);
    std::printf("{\"name\": \"%s\", \"ms\": %.3f%s\n", name.c_str(), best, verdict(best, limit_ms).c_str());
    std::fflush(stdout);
}

}  // namespace fedsleuth::bench
