// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/report/report.h"

#include "app/cli/case_access.h"
#include "app/cli/commands.h"
#include "app/cli/long_step.h"
#include "app/cli/print_pdf.h"
#include "storage/custody/file_digest.h"
#include "storage/export/npy_writer.h"

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>

namespace fedsleuth::cli {

namespace {

struct ReportCommand {
    std::string case_path;
    std::string out;
    bool pseudonyms = false;
};

/// Now, or what SOURCE_DATE_EPOCH says, so that builds of a report can be reproduced to the byte.
std::string time_stamp()
{
    std::time_t now = std::time(nullptr);
    if (const char* set = std::getenv("SOURCE_DATE_EPOCH")) {
        long long seconds = 0;
        const char* end = set + std::strlen(set);
        if (std::from_chars(set, end, seconds).ptr == end && end != set) now = static_cast<std::time_t>(seconds);
    }
    std::tm parts{};
    gmtime_r(&now, &parts);
    char buffer[40];
    return {buffer, std::strftime(buffer, sizeof buffer, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

model::Result<void> write_text(const std::string& path, const std::string& text)
{
    return storage::write_whole(path, true, [&](const std::filesystem::path& temporary) -> model::Result<void> {
        std::ofstream file(temporary, std::ios::binary | std::ios::trunc);
        file << text;
        file.close();
        if (!file)
            return model::fail(model::ErrorCode::io, "can't be written: " + std::string(std::strerror(errno)), path);
        return {};
    });
}

model::Result<Exit> run_report(const ReportCommand& options, const Terminal& terminal)
{
    const std::string ending = std::filesystem::path(options.out).extension().string();
    if (ending != ".html" && ending != ".pdf" && ending != ".json")
        return terminal.wrong_usage("--out " + options.out + ": the ending says the format: .html, .pdf or .json",
                                    "see fedsleuth-cli report --help");
    const std::string& path = options.case_path;
    auto opened = open_case(path, storage::CaseFile::Mode::read_write);
    const bool writable = opened.has_value();
    if (!opened) {  // a case that may only be read can be reported on; then the report is not on record
        FEDSLEUTH_TRY(opened, open_case(path));
    }
    storage::CaseFile& store = **opened;
    const analysis::ReportOptions how{options.pseudonyms, time_stamp()};
    if (ending == ".pdf") {
        FEDSLEUTH_CHECK(print_pdf(path, options.out, how));
    } else {
        const Interrupts interrupts;
        auto data = [&] {
            LongStep step(terminal);
            return analysis::read_report_data(store, store, true, step.progress());
        }();
        if (!data) return model::pass_on(std::move(data.error()));
        const analysis::Report report = analysis::make_report(*data, how);
        FEDSLEUTH_CHECK(write_text(options.out, ending == ".json" ? report.json : analysis::report_html(report)));
    }
    if (writable) {
        FEDSLEUTH_TRY(const std::string sha256, storage::sha256_of_file(options.out));
        model::JsonWriter parameters;
        parameters.begin_object().field("version", FEDSLEUTH_VERSION).field("what", "report");
        parameters.field("pseudonyms", options.pseudonyms).end_object();
        FEDSLEUTH_CHECK(store.append_custody("export", options.out, parameters.text(), sha256));
    } else {
        terminal.say("The case can't be written: this report is not on record in its custody chain.");
    }
    terminal.say("Wrote " + options.out + ".");
    return Exit::ok;
}

}  // namespace

void add_report(CLI::App& program, Chosen& chosen)
{
    CLI::App* command = add_command<ReportCommand>(
        program, chosen, "report", "the whole case as a page to read, to print, or for programs",
        [](CLI::App& app, ReportCommand& options) {
            app.add_option("--case", options.case_path, "the case file (.fedcase)")->required()->option_text("FILE");
            app.add_option("--out", options.out, "where it goes; the ending says the format; replaced if it exists")
                ->required()
                ->option_text("X.html|X.pdf|X.json");
            app.add_flag("--pseudonyms", options.pseudonyms, "\"client-07\" instead of the clients' ids");
        },
        run_report);
    command->footer(help_footer(
        "  fedsleuth-cli report --case run-042.fedcase --out run-042.html\n"
        "  fedsleuth-cli report --case run-042.fedcase --pseudonyms --out for-the-auditor.pdf\n"
        "\nThe HTML is one file without scripts that asks the network for nothing. PDF is printed by the desktop "
        "program,\n"
        "which has to lie beside this one. The same case gives the same bytes, the time stamp aside (it is taken from\n"
        "SOURCE_DATE_EPOCH where that is set). The report is on record in the custody chain.\n"));
}

}  // namespace fedsleuth::cli
