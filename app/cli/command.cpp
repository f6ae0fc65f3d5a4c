// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/command.h"

#include <CLI/Error.hpp>
#include <CLI/Validators.hpp>
#include <map>

namespace fedsleuth::cli {

Exit Chosen::run(const Terminal& terminal) const
{
    if (!action_) return terminal.wrong_usage("no command given", "fedsleuth-cli --help lists them");
    const model::Result<Exit> answer = action_(terminal);
    return answer ? *answer : terminal.failed(answer.error());
}

void describe_program(CLI::App& program)
{
    program.set_version_flag("--version", "fedsleuth-cli " FEDSLEUTH_VERSION);
    program.require_subcommand(1);
    program.get_formatter()->column_width(32);
    program.footer(R"(The usual way:
  fedsleuth-cli ingest FOLDER --case a.fedcase     take the evidence in (it is only read)
  fedsleuth-cli analyse --case a.fedcase           read every update once, and judge
  fedsleuth-cli verdicts --case a.fedcase          who poisoned which rounds, since when, how sure is that
  fedsleuth-cli rollback --case a.fedcase          the last clean checkpoint
  fedsleuth-cli decide --case a.fedcase --client site-07 --as malicious --note "seen in round 15"

The answer goes to standard output, in the --format that is asked for; everything else to standard error.
fedsleuth-cli COMMAND --help explains one command, with examples.

Exit codes: 0 done, 1 failed or stopped, 2 the command line makes no sense,
            3 done, and something is at or above the --fail-on that was asked for.
)");
}

Exit parse_and_run(CLI::App& program, const Chosen& chosen, const Terminal& terminal, int argc, char** argv)
{
    try {
        program.parse(argc, argv);
    } catch (const CLI::Success& asked_for_text) {
        program.exit(asked_for_text);  // help or version
        return Exit::ok;
    } catch (const CLI::ParseError& error) {
        std::string names = "fedsleuth-cli";
        const CLI::App* command = &program;
        while (!command->get_subcommands().empty()) {
            command = command->get_subcommands().front();
            names += " " + command->get_name();
        }
        const std::vector<std::string> unknown = command->remaining();
        const bool no_such_command = !command->get_subcommands({}).empty() && !unknown.empty();
        return terminal.wrong_usage(no_such_command ? "no such command: " + unknown.front() : error.what(),
                                    "see " + names + " --help");
    }
    return chosen.run(terminal);
}

void add_format(CLI::App& command, Format& format)
{
    const std::map<std::string, Format> formats{{"table", Format::table}, {"json", Format::json}, {"csv", Format::csv}};
    command.add_option("--format", format, "how the answer is written: table (for people), json or csv (for programs)")
        ->transform(CLI::Transformer(formats))
        ->option_text("table|json|csv");
}

void add_case(CLI::App& command, CaseOptions& options)
{
    command.add_option("--case", options.case_path, "the case file (.fedcase)")->required()->option_text("FILE");
    add_format(command, options.format);
}

void mark_required(CLI::App& command)
{
    for (CLI::Option* option : command.get_options())
        if (option->get_required()) option->option_text(option->get_option_text() + " (needed)");
}

std::string help_footer(std::string_view examples, std::string_view exit_codes)
{
    std::string footer = "Examples:\n";
    footer += examples;
    footer += "\nExit codes:\n";
    footer += exit_codes.empty() ? "  0 done, 1 failed, 2 the command line makes no sense\n" : exit_codes;
    return footer;
}

}  // namespace fedsleuth::cli
