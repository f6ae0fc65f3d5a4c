// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/cli/command.h"

#include <string>
#include <vector>

namespace fedsleuth::cli {

/// --exclude a,b; may be given several times.
void add_exclude(CLI::App& command, std::vector<std::string>& exclude);

}  // namespace fedsleuth::cli
