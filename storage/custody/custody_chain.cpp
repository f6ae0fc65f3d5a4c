// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/custody/custody_chain.h"

#include "storage/custody/digest.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace fedsleuth::storage {

namespace {

/// The length as 8 bytes, little-endian, then the bytes.
void add_field(Sha256& digest, std::string_view field)
{
    std::array<std::byte, 8> length{};
    for (std::size_t idx = 0; idx < length.size(); ++idx)
        length[idx] = static_cast<std::byte>(static_cast<std::uint64_t>(field.size()) >> (8 * idx) & 0xff);
    digest.add(length);
    digest.add(field);
}

}  // namespace

std::string custody_hash(const model::CustodyEntry& entry)
{
    Sha256 digest;
    add_field(digest, std::to_string(entry.index));
    for (const std::string* field : {&entry.time, &entry.actor, &entry.action, &entry.subject, &entry.parameters_json,
                                     &entry.sha256, &entry.previous})
        add_field(digest, *field);
    return digest.hex();
}

std::vector<std::string> check_custody_chain(const std::vector<model::CustodyEntry>& entries)
{
    std::vector<std::string> problems;
    std::string previous(64, '0');
    std::int64_t expected = 1;
    std::string time;
    for (const model::CustodyEntry& entry : entries) {
        const std::string name = "custody entry " + std::to_string(entry.index) + " (" + entry.action + ")";
        if (entry.index != expected)
            problems.push_back(name + " stands where entry " + std::to_string(expected) +
                               " should: entries are missing, doubled or out of order");
        if (entry.previous != previous)
            problems.push_back(name + " does not follow from the entry before it: its link to it is another hash");
        if (entry.hash != custody_hash(entry))
            problems.push_back(name + " was changed after it was written: its hash does not fit its contents");
        if (entry.time < time)
            problems.push_back(name + " is dated before the entry that it follows: it was back-dated");
        previous = entry.hash;
        time = entry.time;
        ++expected;
    }
    return problems;
}

}  // namespace fedsleuth::storage
