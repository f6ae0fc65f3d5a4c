// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rollback/replay.h"

#include "app/cli/case_access.h"
#include "app/cli/commands.h"
#include "app/cli/exclude.h"
#include "app/cli/long_step.h"
#include "app/cli/probe_options.h"
#include "app/cli/rule_options.h"
#include "model/text.h"
#include "storage/export/replay_folder.h"

#include <map>
#include <optional>

namespace fedsleuth::cli {

namespace {

struct ReplayCommand {
    CaseOptions common;
    RuleOptions rule;
    std::vector<std::string> exclude;
    bool flagged = false;
    std::optional<std::int64_t> from;
    std::string out;
    ProbeOptions probes;
    std::vector<std::string> formats;  ///< one of the files, one of the answer
};

struct Formats {
    std::optional<storage::ModelFormat> files;  ///< nothing: as the evidence
    Format answer = Format::table;
};

std::optional<Formats> formats_of(const std::vector<std::string>& given)
{
    const std::map<std::string, Format> answers{{"table", Format::table}, {"json", Format::json}, {"csv", Format::csv}};
    Formats formats;
    for (const std::string& name : given) {
        const auto answer = answers.find(name);
        if (answer != answers.end())
            formats.answer = answer->second;
        else if (const auto files = storage::model_format_from(name))
            formats.files = files;
        else
            return std::nullopt;
    }
    return formats;
}

Table as_table(const analysis::Counterfactual& replay, const analysis::ReplayProbe* probe)
{
    std::vector<Column> columns{{"round", "round", true},
                                {"injected", "left out of this round", true},
                                {"frozen", "frozen: moved by (%)", true},
                                {"corrected", "corrected: moved by (%)", true}};
    const bool accuracy = probe && probe->probes().probe, attack = probe && probe->probes().misclassified;
    if (accuracy) {
        columns.push_back({"accuracy_shipped", "accuracy shipped", true});
        columns.push_back({"accuracy_frozen", "frozen", true});
        columns.push_back({"accuracy_corrected", "corrected", true});
    }
    if (attack) {
        columns.push_back({"attack_success_shipped", "attack success shipped", true});
        columns.push_back({"attack_success_frozen", "frozen", true});
        columns.push_back({"attack_success_corrected", "corrected", true});
    }
    Table table(std::move(columns));
    for (const analysis::CounterfactualPoint& point : replay.points) {
        const auto share = [&](double length) {
            return fixed_cell(point.way > 0 ? std::optional(100 * length / point.way) : std::nullopt, 2);
        };
        std::vector<Cell> row{round_cell(point.round), number_cell(point.injected), share(point.frozen),
                              share(point.corrected)};
        analysis::ProbedPoint probed;
        if (probe)
            for (const analysis::ProbedPoint& one : probe->points())
                if (one.round == point.round) probed = one;
        for (const analysis::ProbeScore& score : {probed.shipped, probed.frozen, probed.corrected})
            if (accuracy) row.push_back(fixed_cell(score.accuracy, 3));
        for (const analysis::ProbeScore& score : {probed.shipped, probed.frozen, probed.corrected})
            if (attack) row.push_back(fixed_cell(score.attack_success, 3));
        table.add(std::move(row));
    }
    return table;
}

void probe_field(model::JsonWriter& json, const analysis::ReplayProbe* probe)
{
    json.key("probe");
    if (!probe) {
        json.null();
        return;
    }
    json.begin_object().key("probes").raw(analysis::probes_parameters_json(probe->probes())).key("curve").begin_array();
    for (const analysis::ProbedPoint& point : probe->points()) {
        json.begin_object().field("round", point.round.value());
        for (const auto& [name, score] :
             {std::pair{"shipped", &point.shipped}, {"frozen", &point.frozen}, {"corrected", &point.corrected}}) {
            json.key(name).begin_object().optional_field("accuracy", score->accuracy);
            json.optional_field("attack_success", score->attack_success).end_object();
        }
        json.end_object();
    }
    json.end_array().end_object();
}

model::Result<Exit> run_replay(const ReplayCommand& options, const Terminal& terminal)
{
    analysis::ReplayRequest request;
    request.flagged = options.flagged;
    if (options.from) request.from = model::RoundNo{*options.from};
    if (!options.rule.rule.empty()) {
        const auto rule = checked_rule(options.rule);
        if (!rule) return terminal.wrong_usage(rule.error().where + ": " + rule.error().message, rule.error().hint);
        request.rule = analysis::ChosenRule{options.rule.rule, rule->settings};
    } else if (!options.rule.set.empty() || !options.rule.pre.empty()) {
        return terminal.wrong_usage("--set and --pre need a --rule", "see fedsleuth-cli replay --help");
    }
    const std::optional<Formats> formats = formats_of(options.formats);
    if (!formats) return terminal.wrong_usage("--format: there is no such format", "see fedsleuth-cli replay --help");
    const std::string& path = options.common.case_path;
    FEDSLEUTH_TRY(const std::unique_ptr<storage::CaseFile> store, open_case(path, storage::CaseFile::Mode::read_write));
    FEDSLEUTH_TRY(request.exclude, named_clients(*store, options.exclude, path));
    FEDSLEUTH_TRY(const analysis::CounterfactualOptions plan, analysis::replay_options(*store, request));
    FEDSLEUTH_TRY(model::Federation federation, store->federation());
    FEDSLEUTH_TRY(const std::vector<model::EvidenceFile> evidence, store->evidence_files());
    FEDSLEUTH_TRY(storage::ReplayFolder folder,
                  storage::ReplayFolder::open(options.out, formats->files.value_or(storage::format_like(evidence)),
                                              std::move(federation.layers)));
    FEDSLEUTH_TRY(analysis::Probes probes, read_probes(options.probes));
    std::optional<analysis::ReplayProbe> probe;
    if (!probes.empty()) {
        FEDSLEUTH_TRY(probe, analysis::ReplayProbe::make(*store, *store, std::move(probes)));
    }
    const Interrupts interrupts;
    auto outcome = [&] {
        LongStep step(terminal);
        return analysis::replay_into(*store, *store, plan, folder, step.progress(), probe ? &*probe : nullptr);
    }();
    if (!outcome) {
        model::Error error = std::move(outcome.error());
        if (error.code == model::ErrorCode::cancelled) {
            error.message = "stopped; finished rounds are kept in " + options.out;
            error.hint = "the same command goes on from there";
        }
        if (error.where.empty()) error.where = path;
        return model::pass_on(std::move(error));
    }
    const analysis::Validity validity = analysis::validity_of(outcome->replay);
    FEDSLEUTH_CHECK(store->append_custody("export", options.out, outcome->custody_json, outcome->manifest_sha256));

    model::JsonWriter json;
    json.begin_object().field("out", options.out).field("manifest_sha256", outcome->manifest_sha256);
    json.key("manifest").raw(outcome->manifest);
    probe_field(json, probe ? &*probe : nullptr);
    json.end_object();
    FEDSLEUTH_CHECK(print(terminal, formats->answer, as_table(outcome->replay, probe ? &*probe : nullptr), json));
    terminal.say("Wrote " + plural(static_cast<std::int64_t>(outcome->files.size()), "checkpoint", "checkpoints") +
                 " and manifest.json to " + options.out + ".");
    for (const std::string& note : outcome->replay.notes) terminal.say(note);
    terminal.say("Validity: " + std::string(name_of(validity.badge)) + ". " + validity.reason);
    return Exit::ok;
}

}  // namespace

void add_replay(CLI::App& program, Chosen& chosen)
{
    CLI::App* command = add_command<ReplayCommand>(
        program, chosen, "replay", "the models that would have been: without some clients, or under another rule",
        [](CLI::App& app, ReplayCommand& options) {
            app.add_option("--case", options.common.case_path, "the case file (.fedcase)")
                ->required()
                ->option_text("FILE");
            add_exclude(app, options.exclude);
            add_probes(app, options.probes);
            app.add_flag("--flagged", options.flagged, "leave out everybody who is malicious by decision or verdict");
            add_rule(app, options.rule, false);
            app.add_option("--from", options.from,
                           "start at the checkpoint of this round (else: where flagged clients go, the recommended "
                           "one; without them, the first)")
                ->option_text("N");
            app.add_option("--out", options.out, "a folder of its own")->required()->option_text("FOLDER");
            app.add_option(
                   "--format", options.formats,
                   "of the checkpoints: npz or safetensors (as the evidence unless given); and how the answer is "
                   "written: table, json or csv; may be given for both")
                ->option_text("npz|safetensors|table|json|csv")
                ->type_size(1)
                ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
                ->allow_extra_args(false);
        },
        run_replay);
    command->footer([] {
        return rules_help() +
               help_footer(
                   "  fedsleuth-cli replay --case run-042.fedcase --flagged --out without-them\n"
                   "  fedsleuth-cli replay --case run-042.fedcase --exclude site-07 --rule median --from 14 --out "
                   "what-if\n"
                   "\nEvery update that is left is used as it was sent: what honest clients would have answered to "
                   "another\n"
                   "model is not known. With --probe and --misclassified, the accuracy and the success of the attack "
                   "are shown "
                   "for the\nshipped models and for those that would have been. The badge says how far the result can "
                   "be believed. A replay that was stopped\n"
                   "goes on when the same command is given again.\n");
    });
}

}  // namespace fedsleuth::cli
