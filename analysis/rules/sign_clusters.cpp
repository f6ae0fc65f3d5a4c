// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rules/sign_clusters.h"

#include "analysis/rules/numpy_random.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <set>

namespace fedsleuth::analysis {
namespace {

using Point = std::array<float, 3>;

Point point_at(std::span<const float> points, std::size_t idx)
{
    return {points[3 * idx], points[3 * idx + 1], points[3 * idx + 2]};
}

double distance(const Point& a, const Point& b)
{
    double square = 0;
    for (std::size_t axis = 0; axis < a.size(); ++axis) {
        const double difference = static_cast<double>(a[axis]) - static_cast<double>(b[axis]);
        square += difference * difference;
    }
    return std::sqrt(square);
}

/// Mean distance to the furthest of the nearest half (the point itself counted), over at most 50 points.
double estimated_bandwidth(const std::vector<Point>& all)
{
    constexpr std::size_t most = 50;
    std::vector<Point> points;
    for (const std::size_t idx : NumpyRandom(0).permutation(all.size())) {
        if (points.size() == most) break;
        points.push_back(all[idx]);
    }
    const std::size_t neighbours = std::max<std::size_t>(1, points.size() / 2);
    double sum = 0;
    for (const Point& point : points) {
        std::vector<double> distances;
        for (const Point& other : points) distances.push_back(distance(point, other));
        const auto nth = distances.begin() + static_cast<std::ptrdiff_t>(neighbours - 1);
        std::nth_element(distances.begin(), nth, distances.end());
        sum += *nth;
    }
    return sum / static_cast<double>(points.size());
}

std::vector<Point> seeds(const std::vector<Point>& points, double bandwidth)
{
    if (bandwidth == 0.0) return points;
    const auto width = static_cast<float>(bandwidth);
    std::set<Point> bins;
    for (const Point& point : points) {
        Point bin{};
        for (std::size_t axis = 0; axis < bin.size(); ++axis) bin[axis] = std::nearbyintf(point[axis] / width);
        bins.insert(bin);
    }
    if (bins.size() == points.size()) return points;
    std::vector<Point> result;
    for (Point bin : bins) {
        for (float& value : bin) value *= width;
        result.push_back(bin);
    }
    return result;
}

struct Centre {
    std::size_t points = 0;
    Point at{};
};

/// Where a seed comes to rest, and how many points lie around it there; none: it starts in the void.
Centre climb(const std::vector<Point>& points, Point at, double bandwidth)
{
    constexpr int most_steps = 300;
    Centre centre{0, at};
    for (int step = 0;; ++step) {
        std::array<double, 3> sum{};
        std::size_t within = 0;
        for (const Point& point : points) {
            if (distance(point, centre.at) > bandwidth) continue;
            ++within;
            for (std::size_t axis = 0; axis < sum.size(); ++axis) sum[axis] += static_cast<double>(point[axis]);
        }
        centre.points = within;
        if (within == 0) return centre;
        const Point before = centre.at;
        for (std::size_t axis = 0; axis < sum.size(); ++axis)
            centre.at[axis] = static_cast<float>(sum[axis] / static_cast<double>(within));
        if (distance(before, centre.at) < 1e-3 * bandwidth || step == most_steps || bandwidth == 0.0) return centre;
    }
}

}  // namespace

std::vector<int> mean_shift(std::span<const float> values, std::size_t n)
{
    std::vector<Point> points;
    for (std::size_t idx = 0; idx < n; ++idx) points.push_back(point_at(values, idx));
    std::vector<int> labels(n, -1);
    if (n == 0) return labels;
    const double bandwidth = estimated_bandwidth(points);

    std::map<Point, std::size_t> drawn;  // one entry a centre: many seeds end in the same place
    for (const Point& seed : seeds(points, bandwidth)) {
        const Centre centre = climb(points, seed, bandwidth);
        if (centre.points > 0) drawn[centre.at] = centre.points;
    }
    std::vector<Centre> centres;
    for (const auto& [at, count] : drawn) centres.push_back({count, at});
    std::sort(centres.begin(), centres.end(), [](const Centre& a, const Centre& b) {
        return a.points != b.points ? a.points > b.points : a.at > b.at;
    });
    std::vector<Centre> apart;
    for (const Centre& centre : centres)
        if (std::none_of(apart.begin(), apart.end(),
                         [&](const Centre& known) { return distance(known.at, centre.at) <= bandwidth; }))
            apart.push_back(centre);
    for (std::size_t idx = 0; idx < n; ++idx) {
        double nearest = std::numeric_limits<double>::infinity();
        for (std::size_t label = 0; label < apart.size(); ++label) {
            const double away = distance(points[idx], apart[label].at);
            if (away >= nearest) continue;
            nearest = away;
            labels[idx] = away <= bandwidth ? static_cast<int>(label) : -1;
        }
    }
    return labels;
}

std::vector<int> dbscan(std::span<const float> values, std::size_t n, double eps, std::size_t min_samples)
{
    std::vector<std::vector<std::size_t>> near(n);
    for (std::size_t idx = 0; idx < n; ++idx)
        for (std::size_t other = 0; other < n; ++other)
            if (distance(point_at(values, idx), point_at(values, other)) <= eps) near[idx].push_back(other);
    std::vector<int> labels(n, -1);
    int next = 0;
    for (std::size_t first = 0; first < n; ++first) {
        if (labels[first] >= 0 || near[first].size() < min_samples) continue;
        std::vector<std::size_t> open{first};
        labels[first] = next;
        while (!open.empty()) {
            const std::size_t point = open.back();
            open.pop_back();
            if (near[point].size() < min_samples) continue;  // on the border: belongs, but does not spread
            for (const std::size_t other : near[point])
                if (labels[other] < 0) {
                    labels[other] = next;
                    open.push_back(other);
                }
        }
        ++next;
    }
    return labels;
}

}  // namespace fedsleuth::analysis
