// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/verdict/likeness.h"

#include "analysis/detection/robust.h"
#include "analysis/verdict/series.h"

#include <algorithm>
#include <cmath>
#include <Eigen/Core>
#include <functional>
#include <limits>
#include <map>

namespace fedsleuth::analysis {

double cosine_of(std::span<const double> a, std::span<const double> b)
{
    double product = 0, square_a = 0, square_b = 0;
    for (std::size_t k = 0; k < a.size() && k < b.size(); ++k) {
        product += a[k] * b[k];
        square_a += a[k] * a[k];
        square_b += b[k] * b[k];
    }
    return square_a > 0 && square_b > 0 ? product / std::sqrt(square_a * square_b) : not_known;
}

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
            likeness[a * n + b] = cosine_of(leans[*places[a]], leans[*places[b]]);
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

std::vector<Likeness> all_likenesses(const History& history, const Places& places)
{
    if (places.size() > History::most_clients) return std::vector<Likeness>(6);
    const Likeness whole = likeness_of(history.company(), places);
    const Likeness head = likeness_of(history.head_company(), places);
    const Likeness leans = lean_likeness(history.leans(), places);
    return {whole,
            head,
            excess_of(whole, leans),
            leans,
            excess_of(likeness_of(history.body_company(), places), leans),
            excess_of(head, leans)};
}

Likeness rhythm_likeness(const std::vector<Rhythm>& clients, std::size_t m)
{
    constexpr double widest = 4;       // a number of one round counts at most this much
    constexpr double more_rounds = 2;  // in which nothing was alike
    struct Place {
        Eigen::Index client = 0;
        const double* apart = nullptr;
    };
    std::map<model::RoundNo, std::vector<Place>> rounds;
    for (std::size_t idx = 0; idx < clients.size(); ++idx)
        for (std::size_t place = 0; place < clients[idx].rounds.size(); ++place)
            rounds[clients[idx].rounds[place]].push_back(
                {static_cast<Eigen::Index>(idx), clients[idx].apart.data() + place * m});

    const auto n = static_cast<Eigen::Index>(clients.size());
    Eigen::MatrixXd products = Eigen::MatrixXd::Zero(n, n), common = products;
    Eigen::MatrixXd beside = products;  // |a|² over the rounds that b was in as well
    std::vector<double> column;
    for (const auto& [round, places] : rounds) {
        Eigen::MatrixXd values = Eigen::MatrixXd::Zero(n, static_cast<Eigen::Index>(m));  // 0 for who was not there
        Eigen::VectorXd there = Eigen::VectorXd::Zero(n);
        for (std::size_t which = 0; which < m; ++which) {
            column.clear();
            for (const Place& place : places) column.push_back(held(place.apart[which], widest));
            const double middle = median_of(column);
            for (std::size_t idx = 0; idx < places.size(); ++idx)
                values(places[idx].client, static_cast<Eigen::Index>(which)) = column[idx] - middle;
        }
        for (const Place& place : places) there(place.client) = 1;
        products.noalias() += values * values.transpose();
        common.noalias() += there * there.transpose();
        beside.noalias() += values.rowwise().squaredNorm() * there.transpose();
    }
    Likeness likeness(clients.size() * clients.size(), not_known);
    for (Eigen::Index a = 0; a < n; ++a)
        for (Eigen::Index b = 0; b < n; ++b) {
            const double scale = std::sqrt(beside(a, b) * beside(b, a));
            if (a != b && scale > 0)
                likeness[static_cast<std::size_t>(a * n + b)] =
                    products(a, b) / scale * common(a, b) / (common(a, b) + more_rounds);
        }
    return likeness;
}

void add_likeness(const Likeness& likeness, std::size_t n, std::vector<std::vector<double>>& columns)
{
    // Of each client the four most like it: three to speak of, and one more outside a trio.
    constexpr std::size_t kept = 4;
    std::vector<std::vector<std::pair<double, std::size_t>>> nearest(n);
    for (std::size_t idx = 0; idx < n; ++idx) {
        auto& near = nearest[idx];
        for (std::size_t other = 0; other < n && !likeness.empty(); ++other)
            if (!std::isnan(likeness[idx * n + other])) near.emplace_back(likeness[idx * n + other], other);
        const std::size_t count = std::min(kept, near.size());
        std::partial_sort(near.begin(), near.begin() + static_cast<std::ptrdiff_t>(count), near.end(),
                          std::greater<>());
        near.resize(count);
    }
    std::vector<double> highest(n, not_known), three(n, not_known), trio(n, not_known), apart(n, not_known);
    for (std::size_t idx = 0; idx < n; ++idx) {
        const auto& near = nearest[idx];
        if (near.size() < 3) continue;
        highest[idx] = near[0].first;
        three[idx] = (near[0].first + near[1].first + near[2].first) / 3;
        const std::size_t members[] = {idx, near[0].second, near[1].second};
        trio[idx] = std::min({near[1].first, likeness[members[1] * n + members[2]]});
        double outside = -std::numeric_limits<double>::infinity();
        for (const std::size_t member : members)
            for (const auto& [value, other] : nearest[member])
                if (std::find(std::begin(members), std::end(members), other) == std::end(members))
                    outside = std::max(outside, value);
        if (std::isfinite(outside)) apart[idx] = trio[idx] - outside;
    }
    columns.push_back(highest);
    columns.push_back(three);
    columns.push_back(levels(highest, 0.03));
    columns.push_back(levels(three, 0.03));
    columns.push_back(std::move(trio));
    columns.push_back(std::move(apart));
}

}  // namespace fedsleuth::analysis
