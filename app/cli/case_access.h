// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/case_store.h"
#include "model/result.h"
#include "storage/case/case_file.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace fedsleuth::cli {

/// Opens a case that must exist, with errors that say what to do.
[[nodiscard]] model::Result<std::unique_ptr<storage::CaseFile>> open_case(
    const std::string& path, storage::CaseFile::Mode mode = storage::CaseFile::Mode::read_only);

/// The verdicts, or an error that says to run analyse first.
[[nodiscard]] model::Result<model::Verdicts> analysed_verdicts(model::CaseStore& store, const std::string& case_path);

/// The newest decision on each client.
[[nodiscard]] model::Result<std::map<model::ClientId, model::Decision>> newest_decisions(model::CaseStore& store);

/// Error not_found where the case knows no such client.
[[nodiscard]] model::Result<void> known_client(model::CaseStore& store, const model::ClientId& client,
                                               const std::string& case_path);

/// The clients that lists like "a,b" name. One that holds a comma is taken whole where the case knows it. Error
/// not_found for one that the case does not know.
[[nodiscard]] model::Result<std::vector<model::ClientId>> named_clients(model::CaseStore& store,
                                                                        const std::vector<std::string>& lists,
                                                                        const std::string& case_path);

/// `path` as it can be pasted into a shell.
[[nodiscard]] std::string quoted(const std::string& path);

}  // namespace fedsleuth::cli
