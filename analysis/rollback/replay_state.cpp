// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rollback/replay_state.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>

namespace fedsleuth::analysis {

namespace {

constexpr std::string_view first_line = "fedsleuth replay state 1";

/// Exactly as it is, NaN for what is not known.
std::string exact(double number)
{
    char buffer[64];
    std::snprintf(buffer, sizeof buffer, " %a", number);
    return buffer;
}

bool read_number(std::istream& line, double& number)
{
    std::string text;
    if (!(line >> text)) return false;
    char* end = nullptr;
    number = std::strtod(text.c_str(), &end);
    return end != text.c_str() && *end == '\0';
}

std::string line_of(const ReplayCommits::Commit& commit)
{
    std::string line = std::to_string(commit.point.round.value()) + (commit.frozen ? " 1" : " 0");
    for (const double number : {commit.point.way, commit.point.injected, commit.point.frozen, commit.point.corrected,
                                commit.point.apart, commit.secant.value_or(std::numeric_limits<double>::quiet_NaN())})
        line += exact(number);
    return line + " .\n";  // the full stop: the line is whole
}

std::optional<ReplayCommits::Commit> commit_of(const std::string& text)
{
    std::istringstream line(text);
    std::int64_t round = 0;
    int frozen = 0;
    ReplayCommits::Commit commit;
    double secant = 0;
    std::string stop;
    if (!(line >> round >> frozen)) return std::nullopt;
    for (double* number : {&commit.point.way, &commit.point.injected, &commit.point.frozen, &commit.point.corrected,
                           &commit.point.apart, &secant})
        if (!read_number(line, *number)) return std::nullopt;
    if (!(line >> stop) || stop != ".") return std::nullopt;
    commit.point.round = model::RoundNo{round};
    commit.frozen = frozen != 0;
    if (std::isfinite(secant)) commit.secant = secant;
    return commit;
}

}  // namespace

model::Result<ReplayCommits> ReplayCommits::open(const ReplayState& state)
{
    ReplayCommits commits;
    commits.state_ = state;
    if (state.folder.empty()) return commits;
    {
        std::ifstream file(commits.list_path());
        std::string line, identity;
        if (std::getline(file, line) && line == first_line && std::getline(file, identity) &&
            identity == state.identity)
            while (std::getline(file, line)) {
                std::optional<Commit> commit = commit_of(line);
                if (!commit) break;
                commits.commits_.push_back(std::move(*commit));
            }
    }
    std::error_code error;
    if (commits.commits_.empty()) std::filesystem::remove(commits.scratch_path(), error);
    std::ofstream file(commits.list_path(), std::ios::trunc);
    file << first_line << '\n' << state.identity << '\n';
    for (const Commit& commit : commits.commits_) file << line_of(commit);
    file.close();
    if (!file) return model::fail(model::ErrorCode::io, "The replay's state can't be written", commits.list_path());
    return commits;
}

std::string ReplayCommits::list_path() const { return state_.folder + "/.replay-rounds"; }

std::string ReplayCommits::scratch_path() const
{
    return state_.folder.empty() ? std::string() : state_.folder + "/.replay-vectors";
}

const ReplayCommits::Commit* ReplayCommits::find(model::RoundNo round) const
{
    const auto found = std::find_if(commits_.begin(), commits_.end(),
                                    [&](const Commit& commit) { return commit.point.round == round; });
    return found == commits_.end() ? nullptr : &*found;
}

model::Result<void> ReplayCommits::add(Commit commit)
{
    if (state_.folder.empty()) return {};
    std::ofstream file(list_path(), std::ios::app);
    file << line_of(commit);
    file.close();
    if (!file) return model::fail(model::ErrorCode::io, "The replay's state can't be written", list_path());
    commits_.push_back(std::move(commit));
    return {};
}

void ReplayCommits::finish()
{
    if (state_.folder.empty()) return;
    std::error_code error;
    std::filesystem::remove(list_path(), error);
    std::filesystem::remove(scratch_path(), error);
}

}  // namespace fedsleuth::analysis
