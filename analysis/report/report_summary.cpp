// SPDX-License-Identifier: GPL-3.0-or-later
// What happened and what to do, and what the analyst concluded.
#include "analysis/report/report_parts.h"

#include "model/grave_findings.h"
#include "model/text.h"
#include "model/wording.h"

#include <algorithm>
#include <map>

namespace fedsleuth::analysis {

using model::VerdictClass;

namespace {

std::vector<model::ClientId> of_class(const ReportData& data, VerdictClass shown)
{
    std::vector<model::ClientId> clients;
    for (const model::ClientId& client : accused(data))
        if (data.shown_class(client) == shown) clients.push_back(client);
    return clients;
}

std::string names(const std::vector<model::ClientId>& clients)
{
    constexpr std::size_t most = 8;
    std::string text;
    for (std::size_t idx = 0; idx < std::min(clients.size(), most); ++idx)
        text += (idx > 0 ? ", " : "") + model::visible(clients[idx].text());
    if (clients.size() > most) text += " and " + std::to_string(clients.size() - most) + " more";
    return text;
}

std::string attacks(const ReportData& data, const std::vector<model::ClientId>& clients)
{
    std::map<std::string, int> count;
    for (const model::ClientId& client : clients)
        if (const model::Verdict* verdict = data.verdict(client); verdict && !verdict->attack.empty())
            ++count[verdict->attack];
    std::string text;
    for (const auto& [attack, how_many] : count)
        text += (text.empty() ? "" : ", ") + attack + (count.size() > 1 ? " (" + std::to_string(how_many) + ")" : "");
    return text;
}

/// What to do, in order of urgency.
std::vector<std::string> to_do(const ReportData& data)
{
    std::vector<std::string> items;
    const std::vector<model::ClientId> malicious = of_class(data, VerdictClass::malicious);
    const std::vector<model::ClientId> suspects = of_class(data, VerdictClass::suspect);
    if (!malicious.empty())
        items.push_back("Stop accepting updates of " + names(malicious) + ", and revoke their certificates.");
    if (data.rollback && data.rollback->rollback.recommended) {
        const model::Rollback& rollback = data.rollback->rollback;
        if (*rollback.recommended != rollback.candidates.back().round) {
            const std::string round = round_text(rollback.recommended);
            items.push_back("Go back to the checkpoint of round " + round +
                            ", and train the rounds after it again "
                            "without the flagged clients (replay gives a first estimate of that model).");
        }
        if (data.rollback->contamination && !data.rollback->contamination->tampered.empty())
            items.push_back("Find out who could write the server's checkpoints: round " +
                            rounds_text(data.rollback->contamination->tampered) +
                            " shipped a model that the updates do not give.");
    } else if (data.rollback) {
        items.emplace_back(
            "No checkpoint is clean with enough certainty: decide on the doubtful clients first, or train "
            "from the beginning.");
    }
    if (!suspects.empty()) items.push_back("Look into " + names(suspects) + " and decide: malicious, watch or clean.");
    std::vector<model::ClientId> watched;  // who is accused of nothing
    if (data.verdicts)
        for (const model::Verdict& verdict : data.verdicts->clients)
            if (data.shown_class(verdict.client) == VerdictClass::watch) watched.push_back(verdict.client);
    if (!watched.empty())
        items.push_back("Keep an eye on " + names(watched) + ": odd, but not enough to accuse anyone.");
    if (const auto grave = model::grave_findings(data.findings).count; grave > 0)
        items.push_back("Answer the " + counted(grave, "finding", "findings") + " of high or critical severity below.");
    const auto over = std::count_if(data.audit.clients.begin(), data.audit.clients.end(),
                                    [](const ClientAudit& client) { return client.exhausted_in.has_value(); });
    if (over > 0)
        items.push_back(counted(over, "client has", "clients have") +
                        " spent more than the privacy budget: take no more updates of them.");
    if (!data.verdicts) items.emplace_back("Run the analysis: nothing has been judged yet.");
    if (items.empty()) items.emplace_back("Nothing has to be done.");
    return items;
}

}  // namespace

std::string report_headline(const ReportData& data)
{
    if (!data.verdicts) return "The case has not been analysed yet: this report holds what the evidence alone says.";
    if (!data.verdicts->inspectable) return "Single clients can't be judged: " + data.verdicts->why_not;
    const std::vector<model::ClientId> malicious = of_class(data, VerdictClass::malicious);
    const std::vector<model::ClientId> suspects = of_class(data, VerdictClass::suspect);
    std::string text;
    if (malicious.empty() && suspects.empty()) {
        text = "No client stands out as malicious by its updates.";
    } else {
        text = malicious.empty() ? "No client is malicious beyond doubt"
                                 : counted(static_cast<std::int64_t>(malicious.size()), "client is malicious",
                                           "clients are malicious");
        if (data.rollback && data.rollback->rollback.first_poisoned_round)
            text += ", since round " + round_text(data.rollback->rollback.first_poisoned_round);
        if (!suspects.empty())
            text += "; " + counted(static_cast<std::int64_t>(suspects.size()), "is suspect", "are suspect");
        text += ".";
    }
    if (data.rollback && data.rollback->contamination && !data.rollback->contamination->tampered.empty())
        text += " The server shipped a model that the updates do not give in round " +
                rounds_text(data.rollback->contamination->tampered) + ".";
    // A foreign signature or an overspent budget shows in no update; whoever reads only this must learn of it here.
    if (const model::GraveFindings grave = model::grave_findings(data.findings); grave.gravest)
        text.append(" ")
            .append(counted(grave.count, "finding is", "findings are"))
            .append(" of high or critical severity, the gravest: ")
            .append(model::kind_words(grave.gravest->kind))
            .append(grave.gravest->client ? " (" + model::visible(grave.gravest->client->text()) + ")" : "")
            .append(".");
    if (data.rollback) {
        const model::Rollback& rollback = data.rollback->rollback;
        if (!rollback.recommended)
            text += " No checkpoint can be recommended.";
        else if (*rollback.recommended == rollback.candidates.back().round)
            text += " The last checkpoint, of round " + round_text(rollback.recommended) + ", can be kept.";
        else
            text += " Go back to the checkpoint of round " + round_text(rollback.recommended) + ".";
    }
    return text;
}

ReportSection summary_section(const ReportData& data)
{
    ReportSection section{"summary", "What happened, and what to do", false, {}};
    const model::Federation& federation = data.federation;
    std::string about = "The federation \"" + model::visible(federation.name) + "\"";
    if (!federation.framework.empty()) about += " (" + model::visible(federation.framework) + ")";
    about += " trained for " + counted(static_cast<std::int64_t>(data.rounds.size()), "round", "rounds") + " with " +
             counted(static_cast<std::int64_t>(data.clients.size()), "client", "clients") + "; " +
             counted(static_cast<std::int64_t>(data.updates.size()), "update", "updates") + " and " +
             counted(static_cast<std::int64_t>(data.checkpoints.size()), "checkpoint", "checkpoints") +
             " are on record. The server says that it aggregated by " + model::visible(federation.aggregation.rule) +
             ".";
    section.blocks.push_back(paragraph(about));
    const std::vector<model::ClientId> malicious = of_class(data, VerdictClass::malicious);
    if (!malicious.empty()) {
        std::string who = "Malicious: " + names(malicious) + ".";
        if (const std::string how = attacks(data, malicious); !how.empty()) who += " Likely attack: " + how + ".";
        section.blocks.push_back(paragraph(who));
    }
    if (const std::vector<model::ClientId> suspects = of_class(data, VerdictClass::suspect); !suspects.empty())
        section.blocks.push_back(paragraph("Suspect: " + names(suspects) + "."));
    section.blocks.push_back(heading("What to do"));
    section.blocks.push_back(list(to_do(data)));
    return section;
}

ReportSection conclusions_section(const ReportData& data)
{
    ReportSection section{"conclusions", "Conclusions of the analyst", true, {}};
    if (data.decisions.empty()) {
        section.blocks.push_back(paragraph("No analyst has decided about any client. Everything below is computed."));
        return section;
    }
    section.blocks.push_back(
        paragraph("These are decisions of people, each with its reason. They override the computed "
                  "verdicts in the rollback; the verdicts themselves stay as they were computed."));
    std::vector<std::vector<std::string>> rows;
    for (const model::Decision& decision : data.decisions) {
        const model::Verdict* verdict = data.verdict(decision.client);
        rows.push_back({model::visible(decision.client.text()), std::string(name_of(decision.decided)),
                        verdict ? std::string(name_of(verdict->verdict)) : "–", model::visible(decision.note),
                        model::visible(decision.actor), decision.time});
    }
    section.blocks.push_back(table("Decisions, oldest first; the newest on a client counts",
                                   {"Client", "Decided", "Computed verdict", "Why", "By", "Time (UTC)"}, rows));
    return section;
}

}  // namespace fedsleuth::analysis
