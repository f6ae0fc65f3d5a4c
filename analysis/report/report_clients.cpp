// SPDX-License-Identifier: GPL-3.0-or-later
// Who, since when, how sure; the evidence and what speaks against it.
#include "analysis/report/report_parts.h"

#include "analysis/detection/detector.h"
#include "analysis/report/svg.h"
#include "model/text.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

namespace fedsleuth::analysis {

using model::RoundNo;
using model::VerdictClass;

namespace {

/// Training seen from outside: accuracy, and the strongest evidence against anybody.
ReportBlock time_line(const ReportData& data)
{
    SvgChart chart;
    chart.x_name = "Round";
    chart.y_name = "Accuracy";
    chart.right_name = "Strongest evidence";
    SvgLine accuracy{"Accuracy", {}, "#1f5fa8", {}, false, false};
    for (const model::Checkpoint& checkpoint : data.checkpoints) {
        const auto value = checkpoint.metrics.find("accuracy");
        if (value != checkpoint.metrics.end())
            accuracy.points.emplace_back(static_cast<double>(checkpoint.round.value()), value->second);
    }
    SvgLine strongest{"Strongest evidence against a client", {}, "#7a828c", "5 3", false, true};
    std::map<RoundNo, double> most;
    for (const auto& [client, rounds] : data.evidence)
        for (const auto& [round, value] : rounds) most[round] = std::max(most[round], value);
    for (const auto& [round, value] : most) strongest.points.emplace_back(static_cast<double>(round.value()), value);
    chart.y_low = 0;
    if (!accuracy.points.empty()) chart.y_high = 1;
    chart.lines = {accuracy, strongest};
    std::set<RoundNo> bad;
    if (data.verdicts)
        for (const model::Verdict& verdict : data.verdicts->clients)
            if (data.shown_class(verdict.client) == VerdictClass::malicious)
                bad.insert(verdict.bad_rounds.begin(), verdict.bad_rounds.end());
    for (const RoundNo round : bad) chart.flagged_x.push_back(static_cast<double>(round.value()));
    chart.flagged_name = "Round with malicious updates";
    if (data.rollback && data.rollback->rollback.recommended &&
        *data.rollback->rollback.recommended != data.rollback->rollback.candidates.back().round)
        chart.marks.push_back(
            {static_cast<double>(data.rollback->rollback.recommended->value()), "go back to here", "#1f5fa8"});
    return figure(
        "Training over time: accuracy as the server reported it, and how strong the evidence against some "
        "client was",
        svg_chart(chart));
}

ReportBlock suspects_figure(const ReportData& data)
{
    constexpr std::size_t most = 20;
    std::vector<SvgBar> bars;
    for (const model::Verdict& verdict : data.verdicts->clients) {
        if (bars.size() == most) break;
        const VerdictClass shown = data.shown_class(verdict.client);
        bars.push_back({std::string(symbol_of(shown)) + " " + short_label(verdict.client.text()), verdict.probability,
                        color_of(shown), probability_text(verdict.probability)});
    }
    std::string caption =
        "Probability that a client is malicious, by the computed verdicts; the mark is the class in force";
    if (data.verdicts->clients.size() > most)
        caption += " (the first " + std::to_string(most) + " of " + std::to_string(data.verdicts->clients.size()) + ")";
    return figure(caption, svg_bars(bars, "Probability"));
}

/// Clients by rounds; where there are too many rounds a column shows the strongest of several.
ReportBlock heat_map(const ReportData& data)
{
    constexpr std::size_t most_rows = 40, most_columns = 120;
    SvgHeat heat;
    heat.top = 12;
    heat.unit = "evidence of the strongest detector";
    std::vector<RoundNo> rounds;
    for (const model::Round& round : data.rounds) rounds.push_back(round.number);
    const std::size_t fold = std::max<std::size_t>(1, (rounds.size() + most_columns - 1) / most_columns);
    for (std::size_t first = 0; first < rounds.size(); first += fold) heat.columns.push_back(round_text(rounds[first]));
    for (const model::Verdict& verdict : data.verdicts->clients) {
        if (heat.rows.size() == most_rows) break;
        heat.rows.push_back(short_label(verdict.client.text()));
        std::vector<double> row(heat.columns.size(), std::numeric_limits<double>::quiet_NaN());
        if (const auto of = data.evidence.find(verdict.client); of != data.evidence.end())
            for (std::size_t idx = 0; idx < rounds.size(); ++idx)
                if (const auto value = of->second.find(rounds[idx]); value != of->second.end())
                    row[idx / fold] =
                        std::isnan(row[idx / fold]) ? value->second : std::max(row[idx / fold], value->second);
        heat.values.push_back(std::move(row));
    }
    std::string caption = "Evidence against each client in each round; white: it did not take part";
    if (data.verdicts->clients.size() > heat.rows.size())
        caption += ". The " + std::to_string(heat.rows.size()) + " likeliest of " +
                   std::to_string(data.verdicts->clients.size()) + " clients";
    if (fold > 1) caption += ". A column is the strongest of " + std::to_string(fold) + " rounds";
    return figure(caption, svg_heat(heat));
}

void add_reasons(ReportSection& section, const ReportData& data, const model::Verdict& verdict)
{
    const std::string name = model::visible(verdict.client.text());
    const model::Decision* decision = data.decision(verdict.client);
    std::string text = "Computed: " + std::string(name_of(verdict.verdict)) + ", with probability " +
                       probability_text(verdict.probability);
    if (verdict.first_bad_round) text += ", since round " + round_text(verdict.first_bad_round);
    if (!verdict.attack.empty()) text += "; likely attack: " + verdict.attack + " (" + verdict.family + ")";
    text += ".";
    if (decision) text += " Decided by an analyst: " + std::string(name_of(decision->decided)) + ".";
    section.blocks.push_back(heading(std::string(symbol_of(data.shown_class(verdict.client))) + " " + name));
    section.blocks.push_back(paragraph(text));
    const auto sentences = [](const std::vector<model::Reason>& reasons, std::size_t most, bool accusing) {
        std::vector<std::string> items;
        for (const model::Reason& reason : reasons) {
            if (items.size() == most) {
                items.push_back("… and " + std::to_string(reasons.size() - most) + " more.");
                break;
            }
            // Of which rounds it is the sentence says: some are of one, some of all.
            items.push_back((accusing ? detector_title(reason.detector) + " (evidence " +
                                            model::short_number(reason.evidence, 3) + "): "
                                      : std::string()) +
                            model::visible(reason.text));
        }
        return items;
    };
    if (!verdict.reasons.empty()) {
        section.blocks.push_back(paragraph("What speaks against the client:"));
        section.blocks.push_back(list(sentences(verdict.reasons, 6, true)));
    }
    if (!verdict.against.empty()) {
        section.blocks.push_back(paragraph("What speaks for the client:"));
        section.blocks.push_back(list(sentences(verdict.against, 4, false)));
    }
}

}  // namespace

ReportSection clients_section(const ReportData& data)
{
    ReportSection section{"clients", "Who, since when, and how sure that is", false, {}};
    section.blocks.push_back(time_line(data));
    if (!data.verdicts) {
        section.blocks.push_back(paragraph("The case has not been analysed."));
        return section;
    }
    if (!data.verdicts->inspectable) section.blocks.push_back(note(data.verdicts->why_not));
    if (!data.verdicts->clients.empty()) {
        section.blocks.push_back(suspects_figure(data));
        section.blocks.push_back(heat_map(data));
    }
    constexpr std::size_t most = 200;
    std::vector<std::vector<std::string>> rows;
    for (const model::Verdict& verdict : data.verdicts->clients) {
        const VerdictClass shown = data.shown_class(verdict.client);
        if (rows.size() == most) break;
        const model::Decision* decision = data.decision(verdict.client);
        rows.push_back(
            {model::visible(verdict.client.text()),
             std::string(symbol_of(shown)) + " " + std::string(name_of(shown)) + (decision ? " (decided)" : ""),
             verdict.verdict == VerdictClass::unknown ? "–" : probability_text(verdict.probability),
             round_text(verdict.first_bad_round), rounds_text(verdict.bad_rounds),
             verdict.attack.empty() ? "–" : verdict.attack, verdict.group ? std::to_string(*verdict.group) : "–"});
    }
    std::string caption = "Every client, by probability";
    if (data.verdicts->clients.size() > rows.size())
        caption +=
            " (the first " + std::to_string(rows.size()) + " of " + std::to_string(data.verdicts->clients.size()) + ")";
    section.blocks.push_back(table(
        caption, {"Client", "Class", "#Probability", "#Since round", "Bad rounds", "Likely attack", "#Group"}, rows));
    constexpr std::size_t most_told = 30;
    std::size_t told = 0;
    for (const model::ClientId& client : accused(data)) {
        const model::Verdict* verdict = data.verdict(client);
        if (verdict == nullptr) continue;
        if (told++ == most_told) {
            section.blocks.push_back(note("The reasons for the others are in the JSON report."));
            break;
        }
        add_reasons(section, data, *verdict);
    }
    return section;
}

}  // namespace fedsleuth::analysis
