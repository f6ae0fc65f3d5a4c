// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/identity/moment.h"

#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>

namespace fedsleuth::analysis {

namespace {

/// `digits` decimal digits at `at`, which moves on; nothing where there are none.
std::optional<int> number(std::string_view text, std::size_t& at, std::size_t digits)
{
    if (text.size() < at + digits) return std::nullopt;
    int value = 0;
    for (const char character : text.substr(at, digits)) {
        if (character < '0' || character > '9') return std::nullopt;
        value = 10 * value + (character - '0');
    }
    at += digits;
    return value;
}

bool skip(std::string_view text, std::size_t& at, std::string_view any_of)
{
    if (at >= text.size() || any_of.find(text[at]) == std::string_view::npos) return false;
    ++at;
    return true;
}

}  // namespace

std::optional<double> moment_of(std::string_view text)
{
    std::size_t at = 0;
    const auto year = number(text, at, 4);
    if (!year || !skip(text, at, "-")) return std::nullopt;
    const auto month = number(text, at, 2);
    if (!month || !skip(text, at, "-")) return std::nullopt;
    const auto day = number(text, at, 2);
    if (!day || !skip(text, at, "Tt ")) return std::nullopt;
    const auto hour = number(text, at, 2);
    if (!hour || !skip(text, at, ":")) return std::nullopt;
    const auto minute = number(text, at, 2);
    if (!minute || !skip(text, at, ":")) return std::nullopt;
    const auto second = number(text, at, 2);
    if (!second) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day))};
    if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
    double seconds = 86400.0 * static_cast<double>(std::chrono::sys_days(date).time_since_epoch().count()) +
                     3600.0 * *hour + 60.0 * *minute + *second;
    if (skip(text, at, ".")) {
        double unit = 0.1;
        const std::size_t first = at;
        for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, unit /= 10)
            seconds += unit * (text[at] - '0');
        if (at == first) return std::nullopt;
    }
    if (at == text.size() || (skip(text, at, "Zz") && at == text.size())) return seconds;
    const bool east = text[at] == '+';
    if (!skip(text, at, "+-")) return std::nullopt;
    const auto hours = number(text, at, 2);
    if (!hours || !skip(text, at, ":")) return std::nullopt;
    const auto minutes = number(text, at, 2);
    if (!minutes || at != text.size()) return std::nullopt;
    const double offset = 3600.0 * *hours + 60.0 * *minutes;
    return east ? seconds - offset : seconds + offset;
}

std::string moment_text(double seconds)
{
    constexpr double furthest = 4e11;  // years of five digits
    if (!std::isfinite(seconds) || std::fabs(seconds) > furthest) return "an impossible time";
    const auto whole = static_cast<std::int64_t>(std::floor(seconds));
    const std::chrono::sys_seconds moment{std::chrono::seconds(whole)};
    const auto day = std::chrono::floor<std::chrono::days>(moment);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(moment - day);
    char text[64];
    std::snprintf(text, sizeof text, "%04d-%02u-%02u %02d:%02d:%02d UTC", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                  static_cast<int>(clock.seconds().count()));
    return text;
}

}  // namespace fedsleuth::analysis
