// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "storage/sqlite/database.h"

#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

namespace fedsleuth::storage {

inline constexpr std::int64_t case_application_id = 0x46534c31;  ///< "FSL1"

/// The numbered steps, oldest first: a file of version v has run the first v of them.
[[nodiscard]] std::span<const std::string_view> schema_steps();

/// Runs the steps above the file's version, the new version included, in one transaction.
[[nodiscard]] model::Result<void> run_schema_steps(Database& database, std::span<const std::string_view> steps);

/// Whether tables and indexes are exactly those that the steps make. Error refused, naming the first that is not.
[[nodiscard]] model::Result<void> check_schema(Database& database, std::span<const std::string_view> steps);

/// Checks that the file is a case of a known version, and brings an older one up to date after a copy of it was put
/// beside it (`<file>.v<version>.backup`). `may_write` false: an older file is refused. Error refused.
[[nodiscard]] model::Result<void> bring_up_to_date(Database& database, std::span<const std::string_view> steps,
                                                   bool may_write);

}  // namespace fedsleuth::storage
