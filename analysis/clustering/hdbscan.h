// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/result.h"

#include <cstddef>
#include <span>
#include <vector>

namespace fedsleuth::analysis {

struct HdbscanOptions {
    enum class Selection { excess_of_mass, leaf };
    std::size_t min_cluster_size = 5;
    std::size_t min_samples = 0;  ///< 0: as min_cluster_size. Neighbours are counted without the point itself.
    Selection selection = Selection::excess_of_mass;
    bool allow_single_cluster = false;
    double epsilon = 0;  ///< cluster_selection_epsilon
};

struct Clustering {
    std::vector<int> labels;              ///< n: −1 is noise
    std::vector<double> probabilities;    ///< n
    std::vector<double> outlier_scores;   ///< n: GLOSH
    std::vector<double> persistence;      ///< one a cluster
    std::vector<double> merge_distances;  ///< n − 1, ascending: mutual reachability of the single-linkage tree
};

/// HDBSCAN* (Campello, Moulavi, Sander 2013; McInnes & Healy 2017), exact, on an n × n distance matrix (row-major,
/// symmetric, finite, zero diagonal). Ties are broken by lowest index, so the answer does not depend on chance.
/// Errors: invalid_argument for a matrix of the wrong size or with NaN.
[[nodiscard]] model::Result<Clustering> hdbscan(std::span<const double> distances, std::size_t n,
                                                const HdbscanOptions& options);

/// The same, to the bit, for n rows of d float64 coordinates (row-major) under the Euclidean distance: through a k-d
/// tree where there are few coordinates and many points, else through the matrix of distances.
[[nodiscard]] model::Result<Clustering> hdbscan_points(std::span<const double> rows, std::size_t n, std::size_t d,
                                                       const HdbscanOptions& options);

/// The order of rows in which an average-linkage dendrogram lists its leaves, nearer branches side by side: for heat
/// maps of a distance matrix. A permutation of 0 … n − 1.
[[nodiscard]] std::vector<std::size_t> linkage_order(std::span<const double> distances, std::size_t n);

}  // namespace fedsleuth::analysis
