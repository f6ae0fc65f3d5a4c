// SPDX-License-Identifier: GPL-3.0-or-later
// For the auditor: what was promised, what was spent, and which rules hold.
#include "analysis/report/report_parts.h"

#include "analysis/report/svg.h"
#include "model/text.h"
#include "model/wording.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace fedsleuth::analysis {

namespace {

ReportBlock burn_down(const PrivacyAudit& audit)
{
    constexpr std::size_t most = 8;
    std::vector<const ClientAudit*> worst;
    for (const ClientAudit& client : audit.clients)
        if (!client.series.empty()) worst.push_back(&client);
    std::stable_sort(worst.begin(), worst.end(), [](const ClientAudit* a, const ClientAudit* b) {
        const auto last = [](const ClientAudit* of) {
            const SpentPoint& point = of->series.back();
            return std::max(point.spent.value_or(0), point.claimed.value_or(0));
        };
        return last(a) > last(b);
    });
    const std::size_t all = worst.size();
    if (worst.size() > most) worst.resize(most);
    SvgChart chart;
    chart.x_name = "Round";
    chart.y_name = "ε";
    chart.y_low = 0;
    chart.level = audit.budget;
    chart.level_name = "budget";
    constexpr std::array<const char*, 8> colors{"#b3261e", "#1f5fa8", "#a16f00", "#3c7a3a",
                                                "#7b4fa3", "#c2570c", "#2b7f86", "#5b6470"};
    for (std::size_t idx = 0; idx < worst.size(); ++idx) {
        SvgLine spent{short_label(worst[idx]->client.text(), 8), {}, colors[idx], {}, false, false};
        SvgLine claimed = spent;
        claimed.dash = "3 3";
        for (const SpentPoint& point : worst[idx]->series) {
            const auto x = static_cast<double>(point.round.value());
            const double unknown = std::numeric_limits<double>::quiet_NaN();
            spent.points.emplace_back(x, point.spent.value_or(unknown));
            claimed.points.emplace_back(x, point.claimed.value_or(unknown));
        }
        claimed.name.clear();
        const auto known = [](const SvgLine& line) {
            return std::any_of(line.points.begin(), line.points.end(),
                               [](const auto& p) { return std::isfinite(p.second); });
        };
        if (known(spent)) chart.lines.push_back(spent);
        if (known(claimed)) {
            if (!known(spent)) claimed.name = spent.name;
            chart.lines.push_back(claimed);
        }
    }
    std::string caption = "Privacy spent over time: solid as recomputed (" + model::accountant_words(audit.accountant) +
                          "), dashed as claimed";
    if (all > worst.size())
        caption += ". The " + std::to_string(worst.size()) + " clients that spent most, of " + std::to_string(all);
    return figure(caption, svg_chart(chart));
}

/// In which reading the claims fit what was recomputed.
std::string reading_words(ClaimReading fits)
{
    switch (fits) {
        case ClaimReading::cumulative:
            return "totals so far";
        case ClaimReading::per_round:
            return "round by round";
        case ClaimReading::either:
            return "either way";
        case ClaimReading::neither:
            return "no reading fits";
        case ClaimReading::none:
            break;
    }
    return "–";
}

ReportBlock clients_table(const PrivacyAudit& audit)
{
    std::vector<std::vector<std::string>> rows;
    for (const ClientAudit& client : audit.clients)
        rows.push_back({model::visible(client.client.text()), std::to_string(client.rounds),
                        number_text(client.epsilon_claimed), number_text(client.epsilon.under("rdp")),
                        number_text(client.epsilon.under("pld")), number_text(client.epsilon_measured),
                        reading_words(client.fits), round_text(client.exhausted_in), round_text(client.forecast)});
    return table("What each client spent",
                 {"Client", "#Rounds", "#ε claimed", "#ε RDP", "#ε PLD", "#ε by measured noise", "Claims fit as",
                  "#Budget exhausted in", "#Forecast"},
                 rows);
}

}  // namespace

ReportSection privacy_section(const ReportData& data)
{
    ReportSection section{"privacy", "Privacy, for the auditor", false, {}};
    const PrivacyAudit& audit = data.audit;
    if (!audit.declared) {
        section.blocks.push_back(
            paragraph("The federation declares no privacy mechanism and no client claims any ε: there "
                      "is nothing to audit, and no differential privacy is promised to anybody."));
        return section;
    }
    section.blocks.push_back(paragraph(
        "Mechanism: " + (audit.mechanism.empty() ? std::string("not known") : model::visible(audit.mechanism)) +
        "; unit: " + (audit.unit.empty() ? std::string("not known") : model::visible(audit.unit)) +
        "; noise added at: " + (audit.where.empty() ? std::string("not known") : model::visible(audit.where)) + "; δ " +
        number_text(audit.delta) + "; budget ε " + number_text(audit.budget) +
        ". Series, budget and forecast are those of the accountant " + model::accountant_words(audit.accountant) +
        "."));
    if (!audit.assumptions.empty()) {
        section.blocks.push_back(heading("Assumptions"));
        std::vector<std::string> items;
        for (const std::string& each : audit.assumptions) items.push_back(model::visible(each));
        section.blocks.push_back(list(items));
    }
    if (std::any_of(audit.clients.begin(), audit.clients.end(),
                    [](const auto& client) { return !client.series.empty(); }))
        section.blocks.push_back(burn_down(audit));
    section.blocks.push_back(clients_table(audit));
    if (!audit.rules.empty()) {
        std::vector<std::vector<std::string>> rows;
        for (const RuleResult& rule : audit.rules)
            rows.push_back({"P" + std::to_string(rule.number), std::string(rule.name),
                            std::string(name_of(rule.outcome)), model::visible(rule.sentence)});
        section.blocks.push_back(
            table("The twenty rules; unknown is not a pass", {"Rule", "What", "Outcome", "Why"}, rows));
    }
    section.blocks.push_back(
        note("A counterfactual model or a report on raw updates is not covered by the privacy that the "
             "federation promised: keep both confidential."));
    return section;
}

}  // namespace fedsleuth::analysis
