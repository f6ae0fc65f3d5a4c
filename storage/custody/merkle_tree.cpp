// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/custody/merkle_tree.h"

#include "storage/custody/digest.h"

#include <bit>

namespace fedsleuth::storage {

namespace {

std::string bytes_from(std::string_view hex)
{
    const auto value_of = [](char digit) { return digit <= '9' ? digit - '0' : digit - 'a' + 10; };
    std::string bytes;
    for (std::size_t at = 0; at + 1 < hex.size(); at += 2)
        bytes += static_cast<char>(value_of(hex[at]) << 4 | value_of(hex[at + 1]));
    return bytes;
}

std::string leaf_hash(std::string_view data)
{
    Sha256 digest;
    digest.add(std::string_view("\0", 1));
    digest.add(data);
    return digest.hex();
}

std::string node_hash(std::string_view left, std::string_view right)
{
    return sha256_hex('\x01' + bytes_from(left) + bytes_from(right));
}

}  // namespace

MerkleTree::MerkleTree(const std::vector<std::string>& leaves)
{
    hashes_.reserve(leaves.size());
    for (const std::string& leaf : leaves) hashes_.push_back(leaf_hash(leaf));
    root_ = hashes_.empty() ? sha256_hex("") : root_of(0, hashes_.size());
}

std::string MerkleTree::root_of(std::size_t first, std::size_t count) const
{
    if (count == 1) return hashes_[first];
    const std::size_t left = std::bit_floor(count - 1);
    return node_hash(root_of(first, left), root_of(first + left, count - left));
}

void MerkleTree::prove(std::size_t idx, std::size_t first, std::size_t count, std::vector<std::string>& proof) const
{
    if (count == 1) return;
    const std::size_t left = std::bit_floor(count - 1);
    if (idx < first + left) {
        prove(idx, first, left, proof);
        proof.push_back(root_of(first + left, count - left));
    } else {
        prove(idx, first + left, count - left, proof);
        proof.push_back(root_of(first, left));
    }
}

std::vector<std::string> MerkleTree::inclusion_proof(std::size_t idx) const
{
    std::vector<std::string> proof;
    if (idx < hashes_.size()) prove(idx, 0, hashes_.size(), proof);
    return proof;
}

bool proves_inclusion(std::string_view data, std::size_t idx, std::size_t size, const std::vector<std::string>& proof,
                      std::string_view root)
{
    if (idx >= size) return false;
    std::size_t node = idx, last = size - 1;
    std::string hash = leaf_hash(data);
    for (const std::string& other : proof) {
        if (last == 0 || other.size() != 64 || other.find_first_not_of("0123456789abcdef") != std::string::npos)
            return false;
        if (node % 2 == 1 || node == last) {
            hash = node_hash(other, hash);
            while (node % 2 == 0 && node != 0) {
                node /= 2;
                last /= 2;
            }
        } else {
            hash = node_hash(hash, other);
        }
        node /= 2;
        last /= 2;
    }
    return last == 0 && hash == root;
}

}  // namespace fedsleuth::storage
