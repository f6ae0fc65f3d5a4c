// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/cli/output.h"
#include "app/cli/terminal.h"
#include "model/result.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <functional>
#include <memory>
#include <string>

namespace fedsleuth::cli {

/// What a parsed command line asks for; it runs when parsing is over.
using Action = std::function<model::Result<Exit>(const Terminal&)>;

/// Where each command puts its action when it is the one that was given.
class Chosen {
public:
    void is(Action action) { action_ = std::move(action); }
    [[nodiscard]] Exit run(const Terminal& terminal) const;

private:
    Action action_;
};

/// Name, version, and the help that stands over and under the list of commands.
void describe_program(CLI::App& program);

/// Parses the command line and runs what it asks for. Help and version are data: they go to standard output.
[[nodiscard]] Exit parse_and_run(CLI::App& program, const Chosen& chosen, const Terminal& terminal, int argc,
                                 char** argv);

/// Options that every command on a case has.
struct CaseOptions {
    std::string case_path;
    Format format = Format::table;
};

void add_format(CLI::App& command, Format& format);
void add_case(CLI::App& command, CaseOptions& options);

/// Says in the help which options are needed: a text of our own for an option's value hides CLI11's mark.
void mark_required(CLI::App& command);

/// Help that teaches: examples and what the exit codes mean here, below the options.
[[nodiscard]] std::string help_footer(std::string_view examples, std::string_view exit_codes = {});

/// One subcommand: makes it, lets `describe` add options to it, and runs `run` with them when it is chosen.
template <class Options>
CLI::App* add_command(CLI::App& parent, Chosen& chosen, const std::string& name, const std::string& summary,
                      const std::function<void(CLI::App&, Options&)>& describe,
                      std::function<model::Result<Exit>(const Options&, const Terminal&)> run)
{
    CLI::App* command = parent.add_subcommand(name, summary);
    command->footer(std::string());  // not the parent's, which CLI11 hands down
    const auto options = std::make_shared<Options>();
    describe(*command, *options);
    mark_required(*command);
    command->callback([options, run = std::move(run), &chosen] {
        chosen.is([options, run](const Terminal& terminal) { return run(*options, terminal); });
    });
    return command;
}

}  // namespace fedsleuth::cli
