// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/verdict/caution.h"
#include "model/verdict.h"

#include "app/cli/case_access.h"
#include "app/cli/commands.h"

#include <algorithm>
#include <CLI/Validators.hpp>

namespace fedsleuth::cli {

namespace {

struct VerdictsCommand {
    CaseOptions common;
    std::string client;
    std::string fail_on;
};

void reasons_field(model::JsonWriter& json, std::string_view key, const std::vector<model::Reason>& reasons)
{
    json.key(key).begin_array();
    for (const model::Reason& reason : reasons) {
        json.begin_object().field("detector", reason.detector).field("round", reason.round.value());
        json.field("text", reason.text).field("evidence", reason.evidence).end_object();
    }
    json.end_array();
}

std::optional<double> probability_of(const model::Verdict& verdict)
{
    if (verdict.verdict == model::VerdictClass::unknown) return std::nullopt;  // nothing was seen: not 0
    return verdict.probability;
}

model::JsonWriter as_json(const model::Verdicts& verdicts, const std::string& caution)
{
    model::JsonWriter json;
    json.begin_object().key("clients").begin_array();
    for (const model::Verdict& verdict : verdicts.clients) {
        json.begin_object().field("client", verdict.client.text()).field("class", model::name_of(verdict.verdict));
        json.optional_field("probability", probability_of(verdict));
        round_or_null(json, "first_bad_round", verdict.first_bad_round);
        json.key("bad_rounds").begin_array();
        for (const model::RoundNo round : verdict.bad_rounds) json.value(round.value());
        json.end_array();
        text_or_null(json, "attack", verdict.attack);
        text_or_null(json, "family", verdict.family);
        reasons_field(json, "reasons", verdict.reasons);
        reasons_field(json, "against", verdict.against);
        json.optional_field("group", verdict.group).end_object();
    }
    json.end_array().field("inspectable", verdicts.inspectable);
    text_or_null(json, "why_not", verdicts.why_not);
    text_or_null(json, "caution", caution);
    json.end_object();
    return json;
}

Table as_table(const model::Verdicts& verdicts, const std::string& caution)
{
    Table table({{"class", "verdict"},
                 {"client", "client"},
                 {"probability", "probability", true},
                 {"first_bad_round", "since round", true},
                 {"bad_rounds", "bad rounds"},
                 {"attack", "attack"},
                 {"family", "family"},
                 {"group", "group", true},
                 {"reason", "strongest reason", false, true}});
    for (const model::Verdict& verdict : verdicts.clients) {
        const std::optional<std::int64_t> group = verdict.group;
        table.add({class_cell(verdict.verdict), text_cell(verdict.client.text()),
                   fixed_cell(probability_of(verdict), 3), round_cell(verdict.first_bad_round),
                   rounds_cell(verdict.bad_rounds), text_cell(verdict.attack), text_cell(verdict.family),
                   count_cell(group), text_cell(verdict.reasons.empty() ? "" : verdict.reasons.front().text)});
    }
    if (!verdicts.inspectable) table.note("Not inspectable: " + verdicts.why_not);
    if (!caution.empty()) table.note("Caution: " + caution);
    return table;
}

/// All arguments about one client, heaviest first.
Table as_argument(const model::Verdict& verdict)
{
    Table table({{"speaks", "speaks"},
                 {"detector", "detector"},
                 {"round", "round", true},
                 {"evidence", "evidence", true},
                 {"text", "what was seen", false, true}});
    const auto add = [&table](std::string_view side, const std::vector<model::Reason>& reasons) {
        for (const model::Reason& reason : reasons) {
            table.add({text_cell(side), text_cell(reason.detector), round_cell(reason.round),
                       fixed_cell(reason.evidence, 1), text_cell(reason.text)});
        }
    };
    add("for", verdict.reasons);
    add("against", verdict.against);
    table.note(verdict.client.text() + ": " + std::string(model::name_of(verdict.verdict)) +
               (verdict.attack.empty() ? "" : ", " + verdict.attack) + ", probability " +
               fixed_cell(probability_of(verdict), 3).shown + ".");
    return table;
}

void say_what_next(const model::Verdicts& verdicts, const std::string& case_path, const Terminal& terminal)
{
    std::optional<model::RoundNo> first;
    const auto count = [&](model::VerdictClass wanted) {
        return std::count_if(verdicts.clients.begin(), verdicts.clients.end(),
                             [wanted](const model::Verdict& verdict) { return verdict.verdict == wanted; });
    };
    const auto malicious = count(model::VerdictClass::malicious);
    const auto suspect = count(model::VerdictClass::suspect);
    for (const model::Verdict& verdict : verdicts.clients) {
        if (verdict.verdict != model::VerdictClass::malicious || !verdict.first_bad_round) continue;
        first = first ? std::min(*first, *verdict.first_bad_round) : *verdict.first_bad_round;
    }
    const auto all = static_cast<std::int64_t>(verdicts.clients.size());
    std::string sentence = std::to_string(malicious) + " of " + plural(all, "client", "clients") + " malicious, " +
                           std::to_string(suspect) + " suspect.";
    if (first) sentence += " The first bad round is " + std::to_string(first->value()) + ".";
    terminal.say(sentence);
    const std::string with_case = " --case " + quoted(case_path);
    if (malicious > 0)
        terminal.say("Next: fedsleuth-cli rollback" + with_case + " for the last clean checkpoint, or decide" +
                     with_case + " --client ID --as malicious --note TEXT to record your own judgement.");
    else if (suspect > 0)
        terminal.say("Next: fedsleuth-cli verdicts" + with_case +
                     " --client ID for all that speaks for and against one.");
    else
        terminal.say("Next: fedsleuth-cli findings" + with_case + " for what else was noticed.");
}

model::Result<Exit> run_verdicts(const VerdictsCommand& options, const Terminal& terminal)
{
    const std::string& path = options.common.case_path;
    FEDSLEUTH_TRY(const std::unique_ptr<storage::CaseFile> store, open_case(path));
    FEDSLEUTH_TRY(model::Verdicts verdicts, analysed_verdicts(*store, path));
    const std::string caution = analysis::caution(verdicts);  // of the whole case, whoever is asked for
    if (!options.client.empty()) {
        const model::ClientId client(options.client);
        FEDSLEUTH_CHECK(known_client(*store, client, path));
        std::erase_if(verdicts.clients, [&](const model::Verdict& verdict) { return verdict.client != client; });
    }
    const bool one = !options.client.empty() && verdicts.clients.size() == 1 && options.common.format == Format::table;
    FEDSLEUTH_CHECK(print(terminal, options.common.format,
                          one ? as_argument(verdicts.clients.front()) : as_table(verdicts, caution), as_json(verdicts, caution)));
    if (options.common.format == Format::table && !one) say_what_next(verdicts, path, terminal);
    const auto threshold = model::verdict_class_from(options.fail_on);
    const bool found =
        threshold && std::any_of(verdicts.clients.begin(), verdicts.clients.end(),
                                 [&](const model::Verdict& verdict) { return verdict.verdict >= *threshold; });
    return found ? Exit::findings : Exit::ok;
}

}  // namespace

void add_verdicts(CLI::App& program, Chosen& chosen)
{
    CLI::App* command = add_command<VerdictsCommand>(
        program, chosen, "verdicts", "who poisoned which rounds, since when, how, and how sure is that",
        [](CLI::App& app, VerdictsCommand& options) {
            add_case(app, options.common);
            app.add_option("--client", options.client, "this client only, with everything that speaks for and against")
                ->option_text("ID");
            app.add_option("--fail-on", options.fail_on, "exit code 3 where some client is that, or graver")
                ->check(CLI::IsMember({"watch", "suspect", "malicious"}))
                ->option_text("malicious|suspect|watch");
        },
        run_verdicts);
    command->footer(help_footer(
        "  fedsleuth-cli verdicts --case run-042.fedcase\n"
        "  fedsleuth-cli verdicts --case run-042.fedcase --client site-07\n"
        "  fedsleuth-cli verdicts --case run-042.fedcase --format json --fail-on malicious    in a pipeline\n"
        "\nA verdict is what the analysis computed: ○ clean, ◇ watch, △ suspect, ■ malicious. What you decide\n"
        "about a client (decide) stands beside it in the command clients, and does not change it. --fail-on\n"
        "looks at verdicts.\n",
        "  0 done, 1 failed, 2 the command line makes no sense, 3 a client is at or above --fail-on\n"));
}

}  // namespace fedsleuth::cli
