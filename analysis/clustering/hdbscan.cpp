// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/clustering/hdbscan.h"

#include "analysis/clustering/cluster_selection.h"
#include "analysis/clustering/condensed_tree.h"
#include "analysis/clustering/distances.h"
#include "analysis/clustering/spanning_tree.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

namespace fedsleuth::analysis {
namespace {

model::Result<void> check_options(const HdbscanOptions& options)
{
    using model::ErrorCode;
    using model::fail;
    if (options.min_cluster_size < 2)
        return fail(ErrorCode::invalid_argument, "min_cluster_size has to be 2 or more", "hdbscan");
    if (!(options.epsilon >= 0.0) || std::isinf(options.epsilon))
        return fail(ErrorCode::invalid_argument, "epsilon has to be a number of at least 0", "hdbscan");
    return {};
}

model::Result<void> check_distances(std::span<const double> distances, std::size_t n)
{
    using model::ErrorCode;
    using model::fail;
    if (n != 0 && (distances.size() / n != n || distances.size() % n != 0))
        return fail(ErrorCode::invalid_argument, "The distance matrix does not have n × n entries", "hdbscan");
    if (n == 0 && !distances.empty())
        return fail(ErrorCode::invalid_argument, "A distance matrix without points has to be empty", "hdbscan");
    bool good = true;
    for (const double distance : distances)
        good &= (distance >= 0.0) & (distance <= std::numeric_limits<double>::max());
    if (!good) return fail(ErrorCode::invalid_argument, "A distance is negative, infinite or not a number", "hdbscan");
    return {};
}

/// Whether every distance between the rows is finite: if the longest that their extent allows is.
bool stays_finite(std::span<const double> rows, std::size_t n, std::size_t d)
{
    double square = 0;
    for (std::size_t coord_idx = 0; coord_idx < d; ++coord_idx) {
        double lowest = rows[coord_idx], highest = lowest;
        for (std::size_t row_idx = 0; row_idx < n; ++row_idx) {
            const double value = rows[row_idx * d + coord_idx];
            if (!std::isfinite(value)) return false;
            lowest = std::min(lowest, value);
            highest = std::max(highest, value);
        }
        square += (highest - lowest) * (highest - lowest);
    }
    return std::isfinite(square);
}

/// The selected cluster that each cluster of the tree lies in, by index; the root's for all that lie in none.
std::vector<std::size_t> home_of_clusters(const CondensedTree& tree, std::span<const std::size_t> selected)
{
    std::vector<std::size_t> home(tree.clusters, tree.root());
    for (const CondensedRow& row : tree.rows) {
        if (!tree.is_cluster(row.child)) continue;
        const bool is_selected = std::binary_search(selected.begin(), selected.end(), row.child);
        home[tree.index(row.child)] = is_selected ? row.child : home[tree.index(row.parent)];
    }
    return home;
}

/// λ that a point needs to belong to the root as a cluster: dense enough for epsilon, or as dense as the root gets.
double root_threshold(const CondensedTree& tree, double epsilon)
{
    return epsilon > 0.0 ? 1.0 / epsilon : deaths(tree)[0];
}

void label(const CondensedTree& tree, std::span<const std::size_t> selected, double epsilon, Clustering& clustering)
{
    const std::vector<std::size_t> home = home_of_clusters(tree, selected);
    const std::vector<double> death = deaths(tree);
    const bool root_alone = selected.size() == 1 && selected.front() == tree.root();
    const double threshold = root_threshold(tree, epsilon);
    for (const CondensedRow& row : tree.rows) {
        if (tree.is_cluster(row.child)) continue;
        const std::size_t cluster = home[tree.index(row.parent)];
        if (cluster == tree.root() && !(root_alone && row.lambda >= threshold)) continue;
        const auto position = std::lower_bound(selected.begin(), selected.end(), cluster);
        clustering.labels[row.child] = static_cast<int>(position - selected.begin());
        const double largest = death[tree.index(cluster)];
        clustering.probabilities[row.child] =
            largest == 0.0 || std::isinf(row.lambda) ? 1.0 : std::min(row.lambda, largest) / largest;
    }
}

/// Stability of each selected cluster in relation to the largest that its size could have.
std::vector<double> persistence(const CondensedTree& tree, const ClusterSelection& selection,
                                std::span<const int> labels)
{
    double largest = 0;
    for (const CondensedRow& row : tree.rows) largest = std::max(largest, row.lambda);
    std::vector<double> result;
    for (const std::size_t cluster : selection.clusters) {
        const auto members = std::count(labels.begin(), labels.end(), static_cast<int>(result.size()));
        const bool undefined = largest == 0.0 || std::isinf(largest) || members == 0;
        result.push_back(undefined ? 1.0
                                   : selection.mass[tree.index(cluster)] / (static_cast<double>(members) * largest));
    }
    return result;
}

std::size_t neighbours(const HdbscanOptions& options)
{
    return options.min_samples == 0 ? options.min_cluster_size : options.min_samples;
}

Clustering cluster(const std::vector<TreeEdge>& edges, std::size_t n, const HdbscanOptions& options)
{
    Clustering clustering;
    clustering.labels.assign(n, -1);
    clustering.probabilities.assign(n, 0.0);
    clustering.outlier_scores.assign(n, 0.0);
    if (n < 2) return clustering;

    for (const TreeEdge& edge : edges) clustering.merge_distances.push_back(edge.weight);
    const CondensedTree tree = condense(single_linkage(edges), options.min_cluster_size);
    clustering.outlier_scores = glosh(tree);
    if (n < options.min_cluster_size) return clustering;  // too few for any cluster, the root included

    const ClusterSelection selection = select_clusters(tree, stabilities(tree), options);
    label(tree, selection.clusters, options.epsilon, clustering);
    clustering.persistence = persistence(tree, selection, clustering.labels);
    return clustering;
}

}  // namespace

model::Result<Clustering> hdbscan(std::span<const double> distances, std::size_t n, const HdbscanOptions& options)
{
    FEDSLEUTH_CHECK(check_options(options));
    FEDSLEUTH_CHECK(check_distances(distances, n));
    return cluster(spanning_tree(distances, core_distances(distances, n, neighbours(options))), n, options);
}

model::Result<Clustering> hdbscan_points(std::span<const double> rows, std::size_t n, std::size_t d,
                                         const HdbscanOptions& options)
{
    constexpr std::size_t few_coordinates = 8;  // beyond, a k-d tree's boxes keep nobody out
    constexpr std::size_t many_points = 256;
    FEDSLEUTH_CHECK(check_options(options));
    const bool by_tree = d >= 1 && d <= few_coordinates && n >= many_points &&
                         n < std::numeric_limits<std::uint32_t>::max() && neighbours(options) < n / 8 &&
                         stays_finite(rows, n, d);
    if (by_tree) return cluster(spanning_tree_of_points(rows, n, d, neighbours(options)), n, options);
    return hdbscan(euclidean_distances(rows, n, d), n, options);
}

}  // namespace fedsleuth::analysis
