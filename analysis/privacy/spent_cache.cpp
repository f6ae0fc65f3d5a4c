// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/privacy/spent_cache.h"

#include <algorithm>

namespace fedsleuth::analysis {

namespace {

template <class Number>
void append(std::string& key, Number number)
{
    key.append(reinterpret_cast<const char*>(&number), sizeof number);
}

std::string key_of(const PrivacyHistory& history, double delta, Accountant accountant)
{
    std::string key;
    append(key, delta);
    append(key, accountant);
    for (const PrivacyEvent& event : history) {
        append(key, event.mechanism);
        append(key, event.noise);
        append(key, event.delta);
        append(key, event.sampling);
        append(key, event.rate);
        append(key, event.count);
        append(key, event.leaves);
    }
    return key;
}

}  // namespace

const std::vector<double>& SpentCache::after_each(const PrivacyHistory& history, double delta, Accountant accountant)
{
    const auto [place, is_new] = series_.try_emplace(key_of(history, delta, accountant));
    if (is_new)
        if (auto series = epsilon_after_each(history, delta, accountant)) place->second = std::move(*series);
    return place->second;
}

std::optional<double> SpentCache::whole(const PrivacyHistory& history, double delta, Accountant accountant)
{
    const PrivacyHistory counted = compacted(history);
    const auto [place, is_new] = totals_.try_emplace(key_of(counted, delta, accountant));
    if (is_new)
        if (const auto spent = epsilon_of(counted, delta, accountant)) place->second = spent->epsilon;
    return place->second;
}

std::optional<double> SpentCache::tight(const PrivacyHistory& history, double delta)
{
    const bool exact = std::all_of(history.begin(), history.end(), [](const PrivacyEvent& event) {
        return event.mechanism == Mechanism::gaussian && event.sampling == Sampling::none;
    });
    return whole(history, delta, exact ? Accountant::gdp : Accountant::pld);
}

}  // namespace fedsleuth::analysis
