// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/round.h"

#include "app/cli/case_access.h"
#include "app/cli/commands.h"

#include <algorithm>
#include <map>

namespace fedsleuth::cli {

namespace {

struct RoundRow {
    model::Round round;
    std::int64_t received = 0;
    std::optional<std::int64_t> accepted;  ///< nothing where the server recorded no decision
    std::optional<double> suspicion;       ///< the highest evidence of any client; nothing before the analysis
    std::vector<model::ClientId> flagged;

    /// False where only its updates name the round: then who was selected is not known.
    [[nodiscard]] bool has_line() const
    {
        return !round.selected.empty() || !round.failed.empty() || !round.started_at.empty() ||
               !round.finished_at.empty() || !round.metrics.empty();
    }
    [[nodiscard]] std::optional<std::int64_t> selected() const
    {
        if (round.selected.empty()) return std::nullopt;
        return static_cast<std::int64_t>(round.selected.size());
    }
    [[nodiscard]] std::optional<std::int64_t> failed() const
    {
        if (!has_line()) return std::nullopt;
        return static_cast<std::int64_t>(round.failed.size());
    }
};

void count_updates(const std::vector<model::Update>& updates, std::map<model::RoundNo, RoundRow>& rows)
{
    for (const model::Update& update : updates) {
        const auto row = rows.find(update.round);
        if (update.reference || row == rows.end()) continue;
        ++row->second.received;
        if (update.accepted) row->second.accepted = row->second.accepted.value_or(0) + (*update.accepted ? 1 : 0);
    }
}

void flag(const model::Verdicts& verdicts, std::map<model::RoundNo, RoundRow>& rows)
{
    for (const model::Verdict& verdict : verdicts.clients) {
        if (verdict.verdict < model::VerdictClass::suspect) continue;
        for (const model::RoundNo bad : verdict.bad_rounds)
            if (const auto row = rows.find(bad); row != rows.end()) row->second.flagged.push_back(verdict.client);
    }
}

std::optional<double> highest_evidence(const std::vector<model::DetectorScores>& scores)
{
    std::optional<double> highest;
    for (const model::DetectorScores& detector : scores)
        for (const double evidence : detector.evidence)
            if (evidence == evidence) highest = std::max(highest.value_or(0), evidence);
    return highest;
}

model::Result<std::map<model::RoundNo, RoundRow>> gather(model::CaseStore& store)
{
    std::map<model::RoundNo, RoundRow> rows;
    FEDSLEUTH_TRY(std::vector<model::Round> rounds, store.rounds());
    for (model::Round& round : rounds) {
        RoundRow& row = rows[round.number];
        FEDSLEUTH_TRY(const std::vector<model::DetectorScores> scores, store.scores(round.number));
        row.suspicion = highest_evidence(scores);
        row.round = std::move(round);
    }
    FEDSLEUTH_TRY(const std::vector<model::Update> updates, store.updates());
    count_updates(updates, rows);
    FEDSLEUTH_TRY(const std::optional<model::Verdicts> verdicts, store.verdicts());
    if (verdicts) flag(*verdicts, rows);
    return rows;
}

/// One sentence for all rounds of which only sums were seen: mostly it is all of them.
void note_hidden_rounds(const std::map<model::RoundNo, RoundRow>& rows, Table& table)
{
    std::vector<model::RoundNo> hidden;
    for (const auto& [number, row] : rows)
        if (!row.round.inspectable) hidden.push_back(number);
    if (hidden.empty()) return;
    table.note("Not inspectable: " + plural(static_cast<std::int64_t>(hidden.size()), "round", "rounds") + " (" +
               rounds_cell(hidden).shown + "). " + rows.at(hidden.front()).round.why_not);
}

model::Result<Exit> run_rounds(const CaseOptions& options, const Terminal& terminal)
{
    FEDSLEUTH_TRY(const std::unique_ptr<storage::CaseFile> store, open_case(options.case_path));
    FEDSLEUTH_TRY(const model::Federation federation, store->federation());
    FEDSLEUTH_TRY(const auto rows, gather(*store));
    FEDSLEUTH_TRY(const std::optional<model::Verdicts> verdicts, store->verdicts());
    const std::string& rule = federation.aggregation.rule;
    model::JsonWriter json;
    json.begin_object().key("rounds").begin_array();
    Table table({{"round", "round", true},
                 {"selected", "selected", true},
                 {"received", "received", true},
                 {"failed", "failed", true},
                 {"accepted", "accepted", true},
                 {"rule", "rule"},
                 {"suspicion", "suspicion", true},
                 {"metrics", "metrics"},
                 {"flagged", "flagged clients", false, true}});
    for (const auto& [number, row] : rows) {
        json.begin_object().field("round", number.value()).optional_field("selected", row.selected());
        json.field("received", row.received).optional_field("failed", row.failed());
        json.optional_field("accepted", row.accepted);
        metrics_field(json, "metrics", row.round.metrics);
        json.optional_field("suspicion", row.suspicion);
        clients_field(json, "flagged", row.flagged);
        json.field("rule", rule).field("inspectable", row.round.inspectable);
        text_or_null(json, "why_not", row.round.why_not);
        json.end_object();
        table.add({round_cell(number), count_cell(row.selected()), count_cell(row.received), count_cell(row.failed()),
                   count_cell(row.accepted), text_cell(rule), fixed_cell(row.suspicion, 1),
                   metrics_cell(row.round.metrics), clients_cell(row.flagged)});
    }
    json.end_array().end_object();
    note_hidden_rounds(rows, table);
    FEDSLEUTH_CHECK(print(terminal, options.format, table, json));
    if (!verdicts)
        terminal.say("Not analysed yet. Next: fedsleuth-cli analyse --case " + quoted(options.case_path));
    else if (options.format == Format::table)
        terminal.say(
            "Suspicion is the strongest evidence against any client of the round. Next: fedsleuth-cli "
            "aggregate --case " +
            quoted(options.case_path) +
            " --round N --rule RULE --out X.npz for what "
            "another rule would have made of a round.");
    return Exit::ok;
}

}  // namespace

void add_rounds(CLI::App& program, Chosen& chosen)
{
    CLI::App* command = add_command<CaseOptions>(program, chosen, "rounds",
                                                 "every round: who took part, metrics, suspicion, flagged clients",
                                                 add_case, run_rounds);
    command->footer(help_footer(
        "  fedsleuth-cli rounds --case run-042.fedcase\n"
        "  fedsleuth-cli rounds --case run-042.fedcase --format json\n"
        "\nflagged: clients with the verdict suspect or malicious for which this is a bad round. accepted is\n"
        "known only where the server recorded its own decision.\n"));
}

}  // namespace fedsleuth::cli
