// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/cli/command.h"
#include "model/case_store.h"

#include <string>
#include <vector>

namespace fedsleuth::cli {

/// --exclude a,b; may be given several times.
void add_exclude(CLI::App& command, std::vector<std::string>& exclude);

/// The clients that --exclude names. A name that holds a comma is taken whole where the case knows it. Error not_found.
[[nodiscard]] model::Result<std::vector<model::ClientId>> excluded_clients(const std::vector<std::string>& exclude,
                                                                           model::CaseStore& store,
                                                                           const std::string& case_path);

}  // namespace fedsleuth::cli
