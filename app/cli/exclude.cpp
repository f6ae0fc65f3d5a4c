// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/exclude.h"

namespace fedsleuth::cli {

void add_exclude(CLI::App& command, std::vector<std::string>& exclude)
{
    command.add_option("--exclude", exclude, "clients to leave out; may be given several times")
        ->option_text("a,b")
        ->type_size(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->allow_extra_args(false);
}

}  // namespace fedsleuth::cli
