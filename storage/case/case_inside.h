// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "storage/case/case_file.h"
#include "storage/case/vector_reader.h"
#include "storage/sqlite/database.h"

#include <string>

namespace fedsleuth::storage {

struct CaseFile::Inside {
    explicit Inside(Database opened) : database(std::move(opened)), vectors(database) {}

    Database database;
    VectorReader vectors;
};

/// Appends an entry to the chain, inside the caller's transaction.
[[nodiscard]] model::Result<void> append_custody_entry(Database& database, const std::string& action,
                                                       const std::string& subject, const std::string& parameters_json,
                                                       const std::string& sha256);

/// The federation's layers, laid out.
[[nodiscard]] model::Result<std::vector<model::Layer>> read_layers(Database& database);

/// Writes a finding, inside the caller's transaction.
[[nodiscard]] model::Result<void> write_findings(Database& database, const std::vector<model::Finding>& findings);

/// Replaces the outcomes of signatures, inside the caller's transaction.
[[nodiscard]] model::Result<void> write_signature_checks(Database& database,
                                                         const std::vector<model::SignatureCheck>& checks);

}  // namespace fedsleuth::storage
