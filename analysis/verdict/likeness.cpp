// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/verdict/likeness.h"

#include "analysis/detection/robust.h"
#include "analysis/verdict/series.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace fedsleuth::analysis {

Likeness likeness_of(const Company& company, const Places& places)
{
    const std::size_t n = places.size();
    Likeness likeness(n * n, not_known);
    for (std::size_t a = 0; a < n; ++a)
        for (std::size_t b = 0; b < n; ++b)
            if (a != b && places[a] && places[b] && company.size() >= 4)
                likeness[a * n + b] = fisher(company.overall(*places[a], *places[b]));
    return likeness;
}

Likeness lean_likeness(const std::vector<std::vector<double>>& leans, const Places& places)
{
    const std::size_t n = places.size();
    Likeness likeness(n * n, not_known);
    for (std::size_t a = 0; a < n; ++a)
        for (std::size_t b = 0; b < n; ++b) {
            if (a == b || !places[a] || !places[b] || *places[a] >= leans.size() || *places[b] >= leans.size())
                continue;
            const std::vector<double>& one = leans[*places[a]];
            const std::vector<double>& other = leans[*places[b]];
            double product = 0, square_one = 0, square_other = 0;
            for (std::size_t output = 0; output < one.size() && output < other.size(); ++output) {
                product += one[output] * other[output];
                square_one += one[output] * one[output];
                square_other += other[output] * other[output];
            }
            if (square_one > 0 && square_other > 0)
                likeness[a * n + b] = product / std::sqrt(square_one * square_other);
        }
    return likeness;
}

Likeness excess_of(Likeness likeness, const Likeness& explained)
{
    double sum = 0, sum_x = 0, sum_xx = 0, sum_y = 0, sum_xy = 0;
    for (std::size_t idx = 0; idx < likeness.size(); ++idx) {
        if (std::isnan(likeness[idx]) || std::isnan(explained[idx])) continue;
        sum += 1;
        sum_x += explained[idx];
        sum_xx += explained[idx] * explained[idx];
        sum_y += likeness[idx];
        sum_xy += explained[idx] * likeness[idx];
    }
    const double spread = sum * sum_xx - sum_x * sum_x;
    if (sum < 20 || spread <= 1e-9) return likeness;
    const double slope = (sum * sum_xy - sum_x * sum_y) / spread;
    const double middle = (sum_y - slope * sum_x) / sum;
    for (std::size_t idx = 0; idx < likeness.size(); ++idx)
        if (!std::isnan(explained[idx])) likeness[idx] -= middle + slope * explained[idx];
    return likeness;
}

void add_likeness(const Likeness& likeness, std::size_t n, std::vector<std::vector<double>>& columns)
{
    std::vector<double> highest(n, not_known), three(n, not_known);
    for (std::size_t idx = 0; idx < n; ++idx) {
        std::vector<double> all;
        for (std::size_t other = 0; other < n; ++other)
            if (!std::isnan(likeness[idx * n + other])) all.push_back(likeness[idx * n + other]);
        if (all.size() < 3) continue;
        std::partial_sort(all.begin(), all.begin() + 3, all.end(), std::greater<>());
        highest[idx] = all[0];
        three[idx] = (all[0] + all[1] + all[2]) / 3;
    }
    columns.push_back(highest);
    columns.push_back(three);
    columns.push_back(levels(highest, 0.03));
    columns.push_back(levels(three, 0.03));
}

}  // namespace fedsleuth::analysis
