// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace fedsleuth::analysis {

/// A k-d tree over n points of d float64 coordinates, for few coordinates: what answers questions about mutual
/// reachability without a distance matrix.
///
/// Distances are made as euclidean_distances makes them, to the bit. A box's lower bound runs through the same rounding
/// (differences, squares, sums and roots are monotone), so it is never above the distance of a point inside: answers
/// are exact, ties included.
class PointTree {
public:
    PointTree(std::span<const double> rows, std::size_t n, std::size_t d);

    /// As core_distances of the distance matrix.
    [[nodiscard]] std::vector<double> core_distances(std::size_t min_samples) const;

    struct Candidate {
        double reach;  ///< mutual reachability
        std::uint32_t point;
        bool operator<(const Candidate& other) const
        {
            return reach != other.reach ? reach < other.reach : point < other.point;
        }
    };

    /// From now on `nearest` asks about these core distances, and about all points.
    void set_core(std::span<const double> core);
    /// Takes a point out of the answers of `nearest`.
    void remove(std::size_t point);
    /// The `most` points with the smallest (mutual reachability with `point`, index), ascending, among those that were
    /// not removed.
    void nearest(std::size_t point, std::size_t most, std::vector<Candidate>& candidates) const;

private:
    struct Node {
        std::uint32_t first = 0;  ///< in order_
        std::uint32_t count = 0;
        std::uint32_t left = 0;  ///< child nodes; 0: a leaf
        std::uint32_t right = 0;
        std::uint32_t above = 0;
        std::uint32_t outside = 0;      ///< points that were not removed
        std::uint32_t least_point = 0;  ///< lowest index of all its points
        double least_core = 0;          ///< of all its points
    };
    std::uint32_t build(std::uint32_t first, std::uint32_t count, std::uint32_t above);
    [[nodiscard]] const double* at(std::uint32_t place) const { return points_.data() + place * d_; }
    [[nodiscard]] double square_to(const double* point, const double* other) const;
    [[nodiscard]] double square_to_box(const double* point, std::uint32_t node) const;
    void nearest_squares(std::uint32_t node, std::uint32_t place, std::size_t most, std::vector<double>& heap) const;
    struct Question;
    void ask(std::uint32_t node, double bound, Question& question) const;
    [[nodiscard]] double bound_of(std::uint32_t node, const Question& question) const;

    std::size_t d_;
    std::vector<std::uint32_t> order_;     ///< points, leaf by leaf
    std::vector<std::uint32_t> place_of_;  ///< of each point in order_
    std::vector<double> points_;           ///< coordinates in that order
    std::vector<double> boxes_;            ///< of each node: d lowest, d highest coordinates
    std::vector<Node> nodes_;
    std::vector<std::uint32_t> leaf_of_;  ///< of each place
    std::vector<double> core_;            ///< of each place
    std::vector<char> removed_;           ///< of each place
};

}  // namespace fedsleuth::analysis
