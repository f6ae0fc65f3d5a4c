// SPDX-License-Identifier: GPL-3.0-or-later
// Compiled without contraction of products and sums (CMakeLists.txt): distances are to be those of the matrix.
#include "analysis/clustering/point_tree.h"

#include "analysis/kernels/parallel.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace fedsleuth::analysis {
namespace {

constexpr std::uint32_t leaf_size = 12;

}  // namespace

PointTree::PointTree(std::span<const double> rows, std::size_t n, std::size_t d)
    : d_(d),
      order_(n),
      place_of_(n),
      points_(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(n * d)),
      leaf_of_(n),
      removed_(n, 0)
{
    std::iota(order_.begin(), order_.end(), 0U);
    if (n == 0) return;
    build(0, static_cast<std::uint32_t>(n), 0);
    for (std::uint32_t place = 0; place < n; ++place) {
        place_of_[order_[place]] = place;
        std::copy_n(rows.data() + order_[place] * d, d, points_.data() + place * d);
    }
}

/// Splits at the median of the widest coordinate. points_ are still in the order of their indices.
std::uint32_t PointTree::build(std::uint32_t first, std::uint32_t count, std::uint32_t above)
{
    const auto node_idx = static_cast<std::uint32_t>(nodes_.size());
    nodes_.push_back({.first = first, .count = count, .above = above, .outside = count});
    const auto begin = order_.begin() + first;
    nodes_.back().least_point = *std::min_element(begin, begin + count);
    const std::size_t box = boxes_.size();
    boxes_.resize(box + 2 * d_);
    std::size_t widest = 0;
    for (std::size_t coord_idx = 0; coord_idx < d_; ++coord_idx) {
        double lowest = points_[order_[first] * d_ + coord_idx], highest = lowest;
        for (std::uint32_t place = first; place < first + count; ++place) {
            lowest = std::min(lowest, points_[order_[place] * d_ + coord_idx]);
            highest = std::max(highest, points_[order_[place] * d_ + coord_idx]);
        }
        boxes_[box + coord_idx] = lowest;
        boxes_[box + d_ + coord_idx] = highest;
        if (highest - lowest > boxes_[box + d_ + widest] - boxes_[box + widest]) widest = coord_idx;
    }
    if (count <= leaf_size) {
        std::fill_n(leaf_of_.begin() + first, count, node_idx);
        return node_idx;
    }
    const std::uint32_t half = count / 2;
    std::nth_element(begin, begin + half, begin + count, [&](std::uint32_t a, std::uint32_t b) {
        return points_[a * d_ + widest] < points_[b * d_ + widest];
    });
    const std::uint32_t left = build(first, half, node_idx);
    const std::uint32_t right = build(first + half, count - half, node_idx);
    nodes_[node_idx].left = left;
    nodes_[node_idx].right = right;
    return node_idx;
}

double PointTree::square_to(const double* point, const double* other) const
{
    double sum = 0;
    for (std::size_t coord_idx = 0; coord_idx < d_; ++coord_idx) {
        const double difference = point[coord_idx] - other[coord_idx];
        const double square = difference * difference;
        sum += square;
    }
    return sum;
}

double PointTree::square_to_box(const double* point, std::uint32_t node) const
{
    const double* lowest = boxes_.data() + node * 2 * d_;
    const double* highest = lowest + d_;
    double sum = 0;
    for (std::size_t coord_idx = 0; coord_idx < d_; ++coord_idx) {
        const double x = point[coord_idx];
        const double difference = std::max({0.0, lowest[coord_idx] - x, x - highest[coord_idx]});
        const double square = difference * difference;
        sum += square;
    }
    return sum;
}

/// Keeps the `most` smallest squares in a heap, the largest of them first.
void PointTree::nearest_squares(std::uint32_t node, std::uint32_t place, std::size_t most,
                                std::vector<double>& heap) const
{
    const double* point = at(place);
    const Node& here = nodes_[node];
    if (here.left == 0) {
        for (std::uint32_t other = here.first; other < here.first + here.count; ++other) {
            if (other == place) continue;
            const double square = square_to(point, at(other));
            if (heap.size() == most) {
                if (square >= heap.front()) continue;
                std::pop_heap(heap.begin(), heap.end());
                heap.pop_back();
            }
            heap.push_back(square);
            std::push_heap(heap.begin(), heap.end());
        }
        return;
    }
    double near_square = square_to_box(point, here.left), far_square = square_to_box(point, here.right);
    std::uint32_t near = here.left, far = here.right;
    if (far_square < near_square) {
        std::swap(near, far);
        std::swap(near_square, far_square);
    }
    if (heap.size() < most || near_square < heap.front()) nearest_squares(near, place, most, heap);
    if (heap.size() < most || far_square < heap.front()) nearest_squares(far, place, most, heap);
}

std::vector<double> PointTree::core_distances(std::size_t min_samples) const
{
    const std::size_t n = order_.size();
    std::vector<double> core(n, 0.0);
    if (n < 2) return core;
    const std::size_t most = std::clamp<std::size_t>(min_samples, 1, n - 1);
    constexpr std::size_t band = 256;  // points that a thread takes
    parallel_for((n + band - 1) / band, hardware_threads(), [&](std::size_t band_idx) {
        std::vector<double> heap;
        for (std::size_t place = band_idx * band; place < std::min(n, (band_idx + 1) * band); ++place) {
            heap.clear();
            nearest_squares(0, static_cast<std::uint32_t>(place), most, heap);
            core[order_[place]] = std::sqrt(heap.front());
        }
    });
    return core;
}

void PointTree::set_core(std::span<const double> core)
{
    core_.resize(order_.size());
    for (std::size_t place = 0; place < order_.size(); ++place) core_[place] = core[order_[place]];
    std::fill(removed_.begin(), removed_.end(), 0);
    for (auto node = nodes_.rbegin(); node != nodes_.rend(); ++node) {  // children come after their parents
        node->outside = node->count;
        node->least_core =
            node->left != 0 ? std::min(nodes_[node->left].least_core, nodes_[node->right].least_core)
                            : *std::min_element(core_.begin() + node->first, core_.begin() + node->first + node->count);
    }
}

void PointTree::remove(std::size_t point)
{
    const std::uint32_t place = place_of_[point];
    if (removed_[place] != 0) return;
    removed_[place] = 1;
    std::uint32_t node = leaf_of_[place];
    --nodes_[node].outside;
    while (node != 0) {
        node = nodes_[node].above;
        --nodes_[node].outside;
    }
}

struct PointTree::Question {
    const double* point;
    std::uint32_t place;
    double core;
    std::size_t most;
    std::vector<Candidate>& candidates;

    [[nodiscard]] bool full() const { return candidates.size() == most; }
};

double PointTree::bound_of(std::uint32_t node, const Question& question) const
{
    if (nodes_[node].outside == 0) return std::numeric_limits<double>::infinity();
    return std::max({question.core, nodes_[node].least_core, std::sqrt(square_to_box(question.point, node))});
}

void PointTree::ask(std::uint32_t node, double bound, Question& question) const
{
    const Node& here = nodes_[node];
    if (here.outside == 0) return;
    std::vector<Candidate>& candidates = question.candidates;
    if (question.full() && !(Candidate{bound, here.least_point} < candidates.back())) return;
    if (here.left != 0) {
        const double left = bound_of(here.left, question), right = bound_of(here.right, question);
        const bool left_first = left <= right;
        ask(left_first ? here.left : here.right, std::min(left, right), question);
        ask(left_first ? here.right : here.left, std::max(left, right), question);
        return;
    }
    for (std::uint32_t place = here.first; place < here.first + here.count; ++place) {
        if (removed_[place] != 0 || place == question.place) continue;
        const double distance = std::sqrt(square_to(question.point, at(place)));
        const Candidate candidate{std::max({question.core, core_[place], distance}), order_[place]};
        if (question.full()) {
            if (!(candidate < candidates.back())) continue;
            candidates.pop_back();
        }
        candidates.insert(std::upper_bound(candidates.begin(), candidates.end(), candidate), candidate);
    }
}

void PointTree::nearest(std::size_t point, std::size_t most, std::vector<Candidate>& candidates) const
{
    candidates.clear();
    const std::uint32_t place = place_of_[point];
    Question question{at(place), place, core_[place], most, candidates};
    ask(0, 0.0, question);
}

}  // namespace fedsleuth::analysis
