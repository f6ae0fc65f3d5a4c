// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/print_pdf.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <vector>

namespace fedsleuth::cli {

namespace {

using model::ErrorCode;

/// This process' environment, with Qt told that there is no display.
std::vector<std::string> environment_without_display()
{
    std::vector<std::string> variables;
    for (char** variable = environ; *variable != nullptr; ++variable)
        if (std::strncmp(*variable, "QT_QPA_PLATFORM=", 16) != 0) variables.emplace_back(*variable);
    variables.emplace_back("QT_QPA_PLATFORM=offscreen");
    return variables;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts)
{
    std::vector<char*> pointers;
    for (std::string& text : texts) pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
}

}  // namespace

model::Result<void> print_pdf(const std::string& case_path, const std::string& out,
                              const analysis::ReportOptions& options)
{
    std::error_code error;
    const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
    const std::filesystem::path program = self.parent_path() / "fedsleuth";
    if (error || ::access(program.c_str(), X_OK) != 0)
        return model::fail(ErrorCode::not_found, "PDF is printed by the desktop program, which is not there",
                           program.string(), "write .html instead and print it, or build with FEDSLEUTH_GUI=ON");
    std::vector<std::string> arguments{program.string(), "--report", std::filesystem::absolute(out, error).string(),
                                       "--made-at", options.made_at};
    if (options.pseudonyms) arguments.emplace_back("--pseudonyms");
    arguments.emplace_back("--");
    arguments.push_back(std::filesystem::absolute(case_path, error).string());
    std::vector<std::string> environment = environment_without_display();
    pid_t child = 0;
    const int failed = ::posix_spawn(&child, program.c_str(), nullptr, nullptr, pointers_to(arguments).data(),
                                     pointers_to(environment).data());
    if (failed != 0) return model::fail(ErrorCode::io, std::strerror(failed), program.string());
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
    return model::fail(ErrorCode::io, "the desktop program could not print the report (see above)", out);
}

}  // namespace fedsleuth::cli
