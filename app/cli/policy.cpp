// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/identity/admission.h"
#include "analysis/privacy/audit_policy.h"

#include "app/cli/case_access.h"
#include "app/cli/commands.h"
#include "model/text.h"

#include <charconv>

namespace fedsleuth::cli {

namespace {

struct PolicyCommand {
    CaseOptions common;
    std::vector<std::string> set;
};

/// "name=value", or "name=default".
model::Result<std::pair<std::string, std::optional<double>>> setting(const std::string& text)
{
    const std::size_t equals = text.find('=');
    const auto refuse = [&] {
        return model::fail(model::ErrorCode::invalid_argument, "'" + model::visible(text) + "' is no name=value",
                           "--set", "for example privacy.max_epsilon=8, or privacy.max_epsilon=default");
    };
    if (equals == std::string::npos || equals == 0) return refuse();
    const std::string value = text.substr(equals + 1);
    std::optional<double> number;
    if (value != "default") {
        double parsed = 0;
        const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), parsed);
        if (error != std::errc() || end != value.data() + value.size()) return refuse();
        number = parsed;
    }
    return std::pair{text.substr(0, equals), number};
}

model::Result<Exit> run_policy(const PolicyCommand& options, const Terminal& terminal)
{
    FEDSLEUTH_TRY(const std::unique_ptr<storage::CaseFile> store,
                  open_case(options.common.case_path, options.set.empty() ? storage::CaseFile::Mode::read_only
                                                                          : storage::CaseFile::Mode::read_write));
    for (const std::string& text : options.set) {
        FEDSLEUTH_TRY(const auto change, setting(text));
        FEDSLEUTH_CHECK(change.first.starts_with("admission.")
                            ? analysis::set_admission_limit(*store, change.first, change.second)
                            : analysis::set_audit_policy(*store, change.first, change.second));
    }
    FEDSLEUTH_TRY(const auto limits, store->policy());
    Table table({{"name", "limit"}, {"value", "value", true}, {"set", "set by"}, {"meaning", "meaning", false, true}});
    model::JsonWriter json;
    json.begin_object().key("policy").begin_array();
    for (const analysis::PolicyField& field : analysis::policy_fields()) {
        const auto own = limits.find(std::string(field.name));
        const bool is_set = own != limits.end();
        const std::optional<double> value = is_set ? std::optional(own->second) : field.usual;
        json.begin_object().field("name", field.name).optional_field("value", value).field("set", is_set);
        json.field("meaning", field.meaning).end_object();
        table.add({text_cell(field.name), number_cell(value, 6), text_cell(is_set ? "the case" : "default"),
                   text_cell(field.meaning)});
    }
    for (const analysis::AdmissionLimit& limit : analysis::admission_limits()) {
        const auto own = limits.find(std::string(limit.name));
        const bool is_set = own != limits.end();
        const double value = is_set ? own->second : limit.standard;
        const std::string meaning = std::string(limit.title) + ", in " + std::string(limit.unit);
        json.begin_object().field("name", limit.name).field("value", value).field("set", is_set);
        json.field("meaning", meaning).end_object();
        table.add({text_cell(limit.name), number_cell(value, 6), text_cell(is_set ? "the case" : "default"),
                   text_cell(meaning)});
    }
    json.end_array().end_object();
    FEDSLEUTH_CHECK(print(terminal, options.common.format, table, json));
    if (!options.set.empty())
        terminal.say(
            "The change is on record (custody). Findings follow with the next analysis: fedsleuth-cli analyse --case " +
            quoted(options.common.case_path));
    return Exit::ok;
}

}  // namespace

void add_policy(CLI::App& program, Chosen& chosen)
{
    CLI::App* command = add_command<PolicyCommand>(
        program, chosen, "policy", "the limits that the case sets for privacy and admission, and changes to them",
        [](CLI::App& app, PolicyCommand& options) {
            add_case(app, options.common);
            app.add_option("--set", options.set, "change a limit; name=default takes it back")
                ->option_text("NAME=VALUE");
        },
        run_policy);
    command->footer(
        help_footer("  fedsleuth-cli policy --case run-042.fedcase\n"
                    "  fedsleuth-cli policy --case run-042.fedcase --set privacy.max_epsilon=8\n"
                    "  fedsleuth-cli policy --case run-042.fedcase --set privacy.max_epsilon=default\n"));
}

}  // namespace fedsleuth::cli
