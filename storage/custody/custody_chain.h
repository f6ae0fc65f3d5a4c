// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/custody_entry.h"

#include <string>
#include <vector>

namespace fedsleuth::storage {

/// SHA-256 over the entry's fields, each preceded by its length in bytes, previous hash included: no two different
/// entries share a byte string.
[[nodiscard]] std::string custody_hash(const model::CustodyEntry& entry);

/// What is wrong with a chain, in sentences that name the entry; empty where it is intact. A chain whose last entries
/// were cut off is intact as far as it goes: only a last hash that was written down elsewhere shows that.
[[nodiscard]] std::vector<std::string> check_custody_chain(const std::vector<model::CustodyEntry>& entries);

}  // namespace fedsleuth::storage
