// SPDX-License-Identifier: GPL-3.0-or-later
// What to go back to, and what that costs.
#include "analysis/report/report_parts.h"

#include "analysis/report/svg.h"
#include "model/text.h"
#include "model/wording.h"

#include <algorithm>

namespace fedsleuth::analysis {

namespace {

std::string of_round(const std::optional<model::RoundNo>& round)
{
    return round ? "that of round " + round_text(round) : std::string("none");
}

ReportBlock contamination_figure(const RollbackAnswer& answer)
{
    const Counterfactual& measured = *answer.contamination;
    SvgChart chart;
    chart.x_name = "Checkpoint of round";
    chart.y_name = "Share of the way of training (%)";
    SvgLine frozen{"Honest updates as sent", {}, "#b3261e", {}, true, false};
    SvgLine corrected{"Honest clients answer", {}, "#1f5fa8", "6 3", false, false};
    SvgLine estimate{measured.secant ? "Rough estimate" : "Lengths added up", {}, "#7a828c", "2 3", false, false};
    double most = 0;
    for (const CounterfactualPoint& point : measured.points) {
        const auto x = static_cast<double>(point.round.value());
        frozen.points.emplace_back(x, 100 * influence(point, point.frozen));
        corrected.points.emplace_back(x, 100 * influence(point, point.corrected));
        estimate.points.emplace_back(x, 100 * influence(point, point.bound));
        most = std::max({most, frozen.points.back().second, corrected.points.back().second});
    }
    for (auto& [x, y] : estimate.points) y = std::min(y, 1.5 * most + 1);
    chart.y_low = 0;
    chart.lines = {frozen, corrected, estimate};
    if (answer.rollback.recommended)
        chart.marks.push_back({static_cast<double>(answer.rollback.recommended->value()), "recommended", "#1f5fa8"});
    return figure(
        "Contamination: how far each checkpoint lies from the one that would have been without the flagged "
        "clients, as a share of the way from the first checkpoint. " +
            (measured.secant ? "The rough estimate knows the lengths of the changes alone, and multiplies earlier ones "
                               "by " +
                                   model::short_number(*measured.secant, 3) +
                                   " a round, the median that was measured; it may lie below the others"
                             : std::string("The lengths of the changes, added up, take every change to point the same "
                                           "way")) +
            " (cut off where it leaves the figure)",
        svg_chart(chart));
}

void add_card(ReportSection& section, const RollbackAnswer& answer)
{
    const model::Rollback& rollback = answer.rollback;
    const auto found = std::find_if(rollback.candidates.begin(), rollback.candidates.end(),
                                    [&](const auto& candidate) { return candidate.round == *rollback.recommended; });
    section.blocks.push_back(paragraph("Recommended: the checkpoint of round " + round_text(rollback.recommended) +
                                       ". It is untouched with probability " +
                                       probability_text(found->clean_probability) + ". " + model::visible(found->why)));
    if (!answer.price || answer.price->rounds == 0) return;
    const RollbackPrice& price = *answer.price;
    section.blocks.push_back(heading("What going back costs"));
    section.blocks.push_back(
        list({counted(price.rounds, "round", "rounds") + " of training.",
              counted(price.clean_updates, "update", "updates") + " of " +
                  counted(price.clean_clients, "client", "clients") + " that nobody suspects (of " +
                  model::grouped(price.updates) + " in all), made of " +
                  counted(price.clean_examples, "training example", "training examples") + ".",
              "Metrics then: " + model::visible(metrics_text(price.then)) +
                  "; now: " + model::visible(metrics_text(price.now)) + "."}));
}

void add_sensitivity(ReportSection& section, const RollbackAnswer& answer)
{
    section.blocks.push_back(heading("Does the answer depend on a doubt?"));
    if (answer.sensitivity.empty()) {
        section.blocks.push_back(
            paragraph("No client's probability lies between 10\u00a0% and 90\u00a0%: nobody is left open."));
        return;
    }
    section.blocks.push_back(paragraph(
        answer.depends_on_doubt() ? "Yes: deciding on a client below changes the recommendation."
                                  : "No: whatever is decided on the clients below, the recommendation stays."));
    std::vector<std::vector<std::string>> rows;
    for (const Toggle& toggle : answer.sensitivity)
        rows.push_back({model::visible(toggle.client.text()), probability_text(toggle.probability),
                        round_text(toggle.if_malicious), round_text(toggle.if_clean)});
    section.blocks.push_back(table("Recommended checkpoint, if the client were …",
                                   {"Client", "#Probability", "#… malicious", "#… clean"}, rows));
}

void add_shares(ReportSection& section, const Counterfactual& measured)
{
    std::vector<std::vector<std::string>> rows;
    for (std::size_t idx = 0; idx < measured.removals.size() && idx < measured.share.size(); ++idx) {
        double injected = 0;
        for (const CounterfactualPoint& point : measured.points) injected += point.parts_injected[idx];
        rows.push_back({model::visible(measured.removals[idx].client.text()), round_text(measured.removals[idx].since),
                        model::short_number(injected, 3), percent_text(measured.share[idx])});
    }
    if (!rows.empty())
        section.blocks.push_back(table("What each flagged client added, and its share of the contamination at the end",
                                       {"Client", "#Since round", "#Length added in all", "#Share"}, rows));
    for (const std::string& each : measured.notes) section.blocks.push_back(note(model::visible(each)));
}

}  // namespace

ReportSection rollback_section(const ReportData& data)
{
    ReportSection section{"rollback", "What to go back to", false, {}};
    if (!data.rollback) {
        section.blocks.push_back(paragraph("Checkpoints are rated by the analysis, which has not run."));
        return section;
    }
    const RollbackAnswer& answer = *data.rollback;
    if (answer.rollback.candidates.empty()) {
        section.blocks.push_back(paragraph("The case holds no checkpoint, so there is nothing to go back to."));
        return section;
    }
    if (answer.rollback.recommended)
        add_card(section, answer);
    else
        section.blocks.push_back(paragraph("No checkpoint can be recommended: none is clean with enough certainty."));
    if (answer.by_decision())
        section.blocks.push_back(note("Decisions of an analyst are part of this answer; see the conclusions."));
    section.blocks.push_back(
        paragraph("Last checkpoint that is untouched with a probability of at least 50\u00a0%: " +
                  of_round(answer.last_clean[0]) + "; 95\u00a0%: " + of_round(answer.last_clean[1]) +
                  "; 99\u00a0%: " + of_round(answer.last_clean[2]) +
                  ". Last one with a contamination of at most 1\u00a0%: " + of_round(answer.tolerant) + "."));
    if (const std::string uncounted = answer.uncounted(); !uncounted.empty()) section.blocks.push_back(note(uncounted));
    if (answer.contamination && answer.contamination->points.back().frozen > 0) {
        section.blocks.push_back(contamination_figure(answer));
        add_shares(section, *answer.contamination);
    } else if (answer.contamination) {
        section.blocks.push_back(
            paragraph("No contamination: no flagged client's update, and nothing that the server "
                      "put in itself, went into any checkpoint."));
    } else {
        section.blocks.push_back(
            note("The contamination could not be measured: the declared rule can't be run again on "
                 "what the case holds."));
    }
    add_sensitivity(section, answer);
    std::vector<std::vector<std::string>> rows;
    for (const model::RollbackCandidate& candidate : answer.rollback.candidates)
        rows.push_back({round_text(candidate.round), candidate.status, percent_text(candidate.clean_probability),
                        percent_text(candidate.contamination), model::signature_words(candidate.signature),
                        model::aggregation_words(candidate.aggregation),
                        candidate.residual ? model::short_number(*candidate.residual, 2) : "–",
                        model::visible(metrics_text(candidate.metrics))});
    section.blocks.push_back(
        table("Every checkpoint",
              {"#Round", "Status", "#Untouched", "#Contamination", "Signature", "Aggregation", "#Residual", "Metrics"},
              rows));
    section.blocks.push_back(
        note("Untouched: the probability that no malicious update went into it. Aggregation: whether "
             "the updates and the declared rule give the step that was shipped; the residual is what "
             "differs, as a share of that step (up to 0.001 is rounding)."));
    return section;
}

}  // namespace fedsleuth::analysis
