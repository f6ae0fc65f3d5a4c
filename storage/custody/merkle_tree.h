// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fedsleuth::storage {

/// A hash tree as RFC 6962, section 2.1, has it: a leaf is SHA-256(0x00 ‖ data), a node SHA-256(0x01 ‖ left ‖ right),
/// and n leaves split at the largest power of two below n. Hashes are lower-case hexadecimal.
class MerkleTree {
public:
    explicit MerkleTree(const std::vector<std::string>& leaves);  ///< the leaves' data, in order

    [[nodiscard]] std::size_t size() const { return hashes_.size(); }
    [[nodiscard]] const std::string& root() const { return root_; }  ///< SHA-256 of nothing for an empty tree
    /// The hashes that lead from leaf `idx` to the root, from the bottom up.
    [[nodiscard]] std::vector<std::string> inclusion_proof(std::size_t idx) const;

private:
    [[nodiscard]] std::string root_of(std::size_t first, std::size_t count) const;
    void prove(std::size_t idx, std::size_t first, std::size_t count, std::vector<std::string>& proof) const;

    std::vector<std::string> hashes_;  ///< of the leaves
    std::string root_;
};

/// Whether leaf `idx` of a tree of `size` leaves holds `data`, going by a proof (RFC 9162, section 2.1.3.2).
[[nodiscard]] bool proves_inclusion(std::string_view data, std::size_t idx, std::size_t size,
                                    const std::vector<std::string>& proof, std::string_view root);

}  // namespace fedsleuth::storage
