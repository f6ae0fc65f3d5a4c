// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/exclude.h"

#include "app/cli/case_access.h"

#include <algorithm>

namespace fedsleuth::cli {

void add_exclude(CLI::App& command, std::vector<std::string>& exclude)
{
    command.add_option("--exclude", exclude, "clients to leave out; may be given several times")
        ->option_text("a,b")
        ->type_size(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->allow_extra_args(false);
}

model::Result<std::vector<model::ClientId>> excluded_clients(const std::vector<std::string>& exclude,
                                                             model::CaseStore& store, const std::string& case_path)
{
    FEDSLEUTH_TRY(const std::vector<model::Client> clients, store.clients());
    const auto known = [&clients](const std::string& name) {
        return std::any_of(clients.begin(), clients.end(),
                           [&name](const model::Client& client) { return client.id.text() == name; });
    };
    std::vector<model::ClientId> names;
    for (const std::string& list : exclude) {
        if (known(list)) {
            names.emplace_back(list);
            continue;
        }
        for (std::size_t first = 0; first <= list.size();) {
            const std::size_t end = std::min(list.find(',', first), list.size());
            const std::string name = list.substr(first, end - first);
            FEDSLEUTH_CHECK(known_client(store, model::ClientId(name), case_path));
            names.emplace_back(name);
            first = end + 1;
        }
    }
    return names;
}

}  // namespace fedsleuth::cli
