// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/case_access.h"

#include <algorithm>
#include <filesystem>

namespace fedsleuth::cli {

namespace {

model::Error not_analysed(const std::string& case_path)
{
    return {model::ErrorCode::not_found, "this case has not been analysed yet", case_path,
            "run analyse first: fedsleuth-cli analyse --case " + quoted(case_path)};
}

}  // namespace

model::Result<std::vector<model::ClientId>> named_clients(model::CaseStore& store,
                                                          const std::vector<std::string>& lists,
                                                          const std::string& case_path)
{
    FEDSLEUTH_TRY(const std::vector<model::Client> clients, store.clients());
    const auto known = [&clients](const std::string& name) {
        return std::any_of(clients.begin(), clients.end(),
                           [&name](const model::Client& client) { return client.id.text() == name; });
    };
    std::vector<model::ClientId> names;
    for (const std::string& list : lists) {
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

std::string quoted(const std::string& path)
{
    constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./+=:@%,";
    if (!path.empty() && path.find_first_not_of(plain) == std::string::npos) return path;
    std::string out = "'";
    for (const char character : path) {
        if (character == '\'')
            out += "'\\''";
        else
            out += character;
    }
    return out + "'";
}

model::Result<std::unique_ptr<storage::CaseFile>> open_case(const std::string& path, storage::CaseFile::Mode mode)
{
    std::error_code error;
    const std::filesystem::file_status status = std::filesystem::status(path, error);
    if (!std::filesystem::exists(status)) {
        return model::fail(model::ErrorCode::not_found, "there is no such case file", path,
                           "make it from an evidence folder: fedsleuth-cli ingest FOLDER --case " + quoted(path));
    }
    if (std::filesystem::is_directory(status)) {
        return model::fail(
            model::ErrorCode::invalid_argument, "is a folder, and no case file", path,
            "an evidence folder becomes a case with: fedsleuth-cli ingest " + quoted(path) + " --case FILE");
    }
    return storage::CaseFile::open(path, mode);
}

model::Result<model::Verdicts> analysed_verdicts(model::CaseStore& store, const std::string& case_path)
{
    FEDSLEUTH_TRY(std::optional<model::Verdicts> verdicts, store.verdicts());
    if (!verdicts) return model::pass_on(not_analysed(case_path));
    // The order is part of what the command line promises; what is not known comes last.
    std::stable_sort(verdicts->clients.begin(), verdicts->clients.end(),
                     [](const model::Verdict& a, const model::Verdict& b) {
                         const bool a_known = a.verdict != model::VerdictClass::unknown;
                         const bool b_known = b.verdict != model::VerdictClass::unknown;
                         if (a_known != b_known) return a_known;
                         return a_known && a.probability > b.probability;
                     });
    return std::move(*verdicts);
}

model::Result<std::map<model::ClientId, model::Decision>> newest_decisions(model::CaseStore& store)
{
    FEDSLEUTH_TRY(const std::vector<model::Decision> decisions, store.decisions());
    std::map<model::ClientId, model::Decision> newest;
    for (const model::Decision& decision : decisions) newest[decision.client] = decision;  // oldest first
    return newest;
}

model::Result<void> known_client(model::CaseStore& store, const model::ClientId& client, const std::string& case_path)
{
    FEDSLEUTH_TRY(const std::vector<model::Client> clients, store.clients());
    const bool known = std::any_of(clients.begin(), clients.end(),
                                   [&](const model::Client& candidate) { return candidate.id == client; });
    if (known) return {};
    return model::fail(model::ErrorCode::not_found, "knows no client \"" + client.text() + "\"", case_path,
                       "list them with: fedsleuth-cli clients --case " + quoted(case_path));
}

}  // namespace fedsleuth::cli
