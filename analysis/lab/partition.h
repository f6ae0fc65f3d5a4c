// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/lab/random.h"

#include <cstddef>
#include <vector>

namespace fedsleuth::analysis::lab {

/// How the data differ between clients.
struct PartitionOptions {
    enum class Kind {
        iid,        ///< every client has the same share of every class
        dirichlet,  ///< each client's shares are drawn from Dirichlet(alpha): the smaller, the more skewed
        classes,    ///< each client has `classes_per_client` classes in equal parts
    };
    Kind kind = Kind::iid;
    double alpha = 0.5;
    std::size_t classes_per_client = 2;
    std::size_t examples_per_client = 120;  ///< on average
    /// Standard deviation of the logarithm of the clients' sizes; 0: all have the same size.
    double quantity_skew = 0;
};

/// A client never has fewer examples than this.
inline constexpr std::size_t fewest_examples = 8;

/// counts[client][label]: how many examples of each class every client has. Rows sum to the clients' sizes, which sum
/// to clients × examples_per_client up to rounding and `fewest_examples`.
[[nodiscard]] std::vector<std::vector<std::size_t>> partition(const PartitionOptions& options, std::size_t clients,
                                                              std::size_t classes, Random& random);

/// `total` split in the given proportions (≥ 0, not all 0) into whole numbers that sum to it; the largest remainders
/// are rounded up, the first among equals.
[[nodiscard]] std::vector<std::size_t> apportion(std::size_t total, const std::vector<double>& proportions);

}  // namespace fedsleuth::analysis::lab
