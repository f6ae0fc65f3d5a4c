// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/dossier.h"

#include "analysis/detection/detector.h"
#include "analysis/identity/moment.h"
#include "model/text.h"
#include "model/wording.h"
#include "ui/session/identity_words.h"
#include "ui/session/privacy_words.h"
#include "ui/session/rollback_words.h"
#include "ui/session/wording.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <tuple>

namespace fedsleuth::ui {

namespace {

using Lines = std::vector<DossierLine>;

void add(Lines& lines, std::string label, std::string value)
{
    if (!value.empty()) lines.push_back({std::move(label), std::move(value)});
}

void add_section(Dossier& dossier, std::string title, Lines lines)
{
    if (!lines.empty()) dossier.sections.push_back({std::move(title), std::move(lines)});
}

std::string number_or_nothing(const std::optional<double>& number)
{
    return number ? model::short_number(*number, 4) : "";
}

std::string as_sentence(std::string text)
{
    if (!text.empty()) text.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(text.front())));
    return text.empty() ? text : text + ".";
}

Lines verdict_lines(const CaseData& data, const model::ClientId& client)
{
    Lines lines;
    const model::Verdict* verdict = data.verdict(client);
    if (!verdict) {
        lines.push_back({"", data.verdicts ? "The analysis says nothing of this client." : "Not analysed yet."});
    } else {
        add(lines, "Analysis",
            std::string(model::name_of(verdict->verdict)) + ", " + probability_text(verdict->probability));
        if (verdict->first_bad_round)
            add(lines, "Bad since", "round " + std::to_string(verdict->first_bad_round->value()));
        add(lines, "Bad in", round_list_text(verdict->bad_rounds, 8));
        add(lines, "Attack", attack_text(verdict->attack));
        add(lines, "", as_sentence(attack_meaning(verdict->attack)));
        if (verdict->group) {
            std::vector<model::ClientId> others;
            for (const model::Verdict& other : data.verdicts->clients)
                if (other.group == verdict->group && other.client != client) others.push_back(other.client);
            add(lines, "Acts with", client_list_text(others, 12));
        }
    }
    if (const model::Decision* decision = data.decision(client)) {
        add(lines, "Decided",
            std::string(model::name_of(decision->decided)) + ", by " + model::visible(decision->actor) + ", " +
                time_text(decision->time));
        add(lines, "Note", model::visible(decision->note));
    }
    return lines;
}

Lines reason_lines(const std::vector<model::Reason>& reasons)
{
    Lines lines;
    for (const model::Reason& reason : reasons)
        // Of which rounds it is the sentence says: some are of one, some of all.
        lines.push_back(
            {analysis::detector_title(reason.detector) + " (evidence " + model::short_number(reason.evidence, 2) + ")",
             model::visible(reason.text)});
    return lines;
}

Lines identity_lines(const CaseData& data, const model::ClientId& id)
{
    const auto found =
        std::lower_bound(data.clients.begin(), data.clients.end(), id,
                         [](const model::Client& client, const model::ClientId& key) { return client.id < key; });
    if (found == data.clients.end() || found->id != id) return {{"", "The log does not know this client."}};
    Lines lines;
    add(lines, "Registered",
        found->registered ? (found->registered_at.empty() ? std::string("yes") : time_text(found->registered_at))
                          : std::string("no: it only sent updates"));
    if (found->num_examples) add(lines, "Examples", model::grouped(*found->num_examples));
    add(lines, "Certificate",
        found->certificate.empty() ? std::string("none named") : model::visible(found->certificate));
    for (const analysis::CertificateView& view : data.certificates) {
        if (view.client != id) continue;
        if (!view.problem.empty()) {
            add(lines, "", "It can't be read: it " + model::visible(view.problem) + ".");
            continue;
        }
        add(lines, "Issued to", model::visible(view.subject));
        add(lines, "Key", model::visible(view.key_type));
        if (view.not_before && view.not_after)
            add(lines, "Valid",
                analysis::moment_text(*view.not_before) + " to " + analysis::moment_text(*view.not_after));
        if (view.revoked)
            add(lines, "Revoked",
                analysis::moment_text(view.revoked->since) +
                    (view.revoked->reason.empty() ? "" : " (" + model::visible(view.revoked->reason) + ")"));
        if (view.way.empty()) add(lines, "", "No way leads from it to the case's authority.");
    }
    add(lines, "Signatures", client_signatures(data, id));
    add(lines, "Other keys", model::visible(found->extra_json));
    return lines;
}

Lines participation_lines(const CaseData& data, const model::ClientId& id)
{
    std::vector<model::RoundNo> took_part;
    std::vector<model::RoundNo> unusable;
    if (const auto sent = data.updates_of.find(id); sent != data.updates_of.end())
        for (const std::uint32_t idx : sent->second) {
            took_part.push_back(data.updates[idx].round);
            if (!data.updates[idx].usable()) unusable.push_back(data.updates[idx].round);
        }
    Lines lines;
    lines.push_back({"Took part in", took_part.empty() ? std::string("no round")
                                                       : std::to_string(took_part.size()) + " of " +
                                                             counted(static_cast<std::int64_t>(data.rounds.size()),
                                                                     "round", "rounds")});
    if (!took_part.empty() && took_part.size() < data.rounds.size()) add(lines, "Which", round_list_text(took_part, 8));
    if (!unusable.empty()) add(lines, "Not usable", round_list_text(unusable, 8));
    return lines;
}

std::string epsilon_words(double epsilon)
{
    return std::isfinite(epsilon) ? "ε = " + model::short_number(epsilon, 4) : std::string("without bound");
}

/// What it spent by the audit, what it says itself, and how both stand to the budget.
Lines privacy_lines(const CaseData& data, const model::ClientId& id)
{
    const AuditPtr audit = audit_of(data);
    const auto found = std::find_if(audit->clients.begin(), audit->clients.end(),
                                    [&](const analysis::ClientAudit& client) { return client.client == id; });
    if (!audit->declared || found == audit->clients.end()) return {};
    const analysis::ClientAudit& client = *found;
    Lines lines;
    if (!is_claims_only(*audit)) {
        const std::optional<double> spent = client.epsilon.under(audit->accountant);
        lines.push_back({"Spent", spent ? epsilon_words(*spent) + ", recomputed by " +
                                              accountant_text(audit->accountant) + " over " +
                                              counted(client.rounds, "round", "rounds")
                                        : std::string("can't be recomputed: parameters are missing")});
        if (client.epsilon_measured)
            add(lines, "Noise seen", epsilon_words(*client.epsilon_measured) + ": less noise than it said");
    }
    lines.push_back({"Claims", client.epsilon_claimed ? epsilon_words(*client.epsilon_claimed) + " after " +
                                                            counted(client.rounds_with_claim, "claim", "claims")
                                                      : std::string("nothing")});
    if (audit->budget)
        add(lines, "Budget",
            epsilon_words(*audit->budget) +
                (!client.budget_share ? ""
                 : !std::isfinite(*client.budget_share)
                     ? "; nothing bounds what was spent of it"
                     : "; spent " + model::short_number(100 * *client.budget_share, 3) + " % of it"));
    if (client.exhausted_in) add(lines, "Exhausted", "in round " + std::to_string(client.exhausted_in->value()));
    if (client.forecast) add(lines, "Forecast", "exhausted in round " + std::to_string(client.forecast->value()));
    std::string kinds;
    for (const std::string& kind : client.findings) kinds += (kinds.empty() ? "" : ", ") + model::kind_words(kind);
    add(lines, "Findings", kinds);
    return lines;
}

Lines finding_lines(const CaseData& data, const std::function<bool(const model::Finding&)>& wanted)
{
    Lines lines;
    for (const model::Finding& finding : data.findings)
        if (wanted(finding))
            lines.push_back({std::string(model::name_of(finding.severity)) + ", " + model::kind_words(finding.kind) +
                                 (finding.round ? ", round " + std::to_string(finding.round->value()) : ""),
                             model::visible(finding.text), source_of(data, finding)});
    constexpr std::size_t at_most = 12;
    if (lines.size() > at_most) {
        const std::size_t hidden = lines.size() - at_most;
        lines.resize(at_most);
        lines.push_back({"", std::to_string(hidden) + " more are on the Overview page."});
    }
    return lines;
}

std::string update_state(const model::Update& update)
{
    if (update.usable()) return "usable";
    return update.state_text.empty() ? std::string("not usable") : model::visible(update.state_text);
}

Lines update_lines(const CaseData& data, const model::Update& update)
{
    Lines lines;
    add(lines, "Received", time_text(update.received_at));
    if (update.num_examples) add(lines, "Examples", model::grouped(*update.num_examples));
    add(lines, "Size", update.bytes > 0 ? model::byte_text(update.bytes) : "");
    add(lines, "State", update_state(update));
    if (update.base_round)
        add(lines, "Started from", "checkpoint of round " + std::to_string(update.base_round->value()));
    add(lines, "Weight used", number_or_nothing(update.weight));
    if (update.accepted)
        add(lines, "Server",
            (*update.accepted ? "accepted" : "rejected") +
                (update.reason.empty() ? std::string() : ": " + model::visible(update.reason)));
    add(lines, "Metrics", metrics_text(update.metrics, 8));
    for (const model::SignatureCheck& check : data.signatures)
        if (check.round == update.round && check.client == update.client) {
            add(lines, "Signature", outcome_text(check.outcome));
            add(lines, "", check.outcome == model::SignatureOutcome::valid ? "" : model::visible(check.text));
            break;
        }
    add(lines, "File", model::visible(update.path));
    if (update.line > 0)
        lines.push_back({"Log line", model::grouped(update.line), SourcePlace{"federation.jsonl", update.line}});
    const bool altered = !update.declared_sha256.empty() && !update.actual_sha256.empty() &&
                         update.declared_sha256 != update.actual_sha256;
    add(lines, "SHA-256", update.actual_sha256);
    if (altered) add(lines, "Declared", update.declared_sha256 + " — not what was read");
    add(lines, "Other keys", model::visible(update.extra_json));
    return lines;
}

/// What the detectors saw of the client in the round, heaviest first.
Lines detector_lines(const CaseData& data, const model::ClientId& client, model::RoundNo round)
{
    const auto found = data.round_index.find(round);
    if (found == data.round_index.end() || found->second >= data.scores.size()) return {};
    std::vector<std::pair<double, DossierLine>> seen;
    for (const model::DetectorScores& scores : data.scores[found->second]) {
        const auto at = std::find(scores.clients.begin(), scores.clients.end(), client);
        if (at == scores.clients.end()) continue;
        const auto idx = static_cast<std::size_t>(at - scores.clients.begin());
        if (idx >= scores.evidence.size() || !(scores.evidence[idx] > 0)) continue;
        seen.push_back(
            {scores.evidence[idx],
             {analysis::detector_title(scores.detector) + " (evidence " + model::short_number(scores.evidence[idx], 2) + ")",
              model::visible(analysis::sentence(scores, idx))}});
    }
    std::stable_sort(seen.begin(), seen.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
    Lines lines;
    for (auto& [evidence, line] : seen) lines.push_back(std::move(line));
    return lines;
}

}  // namespace

const model::Update* find_update(const CaseData& data, model::RoundNo round, const model::ClientId& client)
{
    const auto found = std::lower_bound(
        data.updates.begin(), data.updates.end(), std::tie(round, client),
        [](const model::Update& update, const auto& key) { return std::tie(update.round, update.client) < key; });
    return found != data.updates.end() && found->round == round && found->client == client ? &*found : nullptr;
}

Dossier client_dossier(const CaseData& data, const model::ClientId& client, std::optional<model::RoundNo> round)
{
    Dossier dossier;
    dossier.title = model::visible(client.text());
    dossier.mark = data.shown_class(client);
    dossier.subtitle = std::string(model::name_of(*dossier.mark));
    if (data.decision(client))
        dossier.subtitle += ", by decision";
    else if (const model::Verdict* verdict = data.verdict(client))
        dossier.subtitle += ", " + probability_text(verdict->probability);
    add_section(dossier, "Verdict", verdict_lines(data, client));
    if (const model::Verdict* verdict = data.verdict(client)) {
        add_section(dossier, "What speaks against the client", reason_lines(verdict->reasons));
        // These speak of the whole case, and name their detector themselves.
        Lines against;
        for (const model::Reason& reason : verdict->against) against.push_back({"", model::visible(reason.text)});
        add_section(dossier, "What speaks for the client", std::move(against));
    }
    if (round) {
        const std::string title = "In round " + std::to_string(round->value());
        if (const model::Update* update = find_update(data, *round, client))
            add_section(dossier, title, update_lines(data, *update));
        else
            add_section(dossier, title, {{"", "It sent nothing."}});
        add_section(dossier, "What the detectors saw in it", detector_lines(data, client, *round));
    }
    add_section(dossier, "Findings",
                finding_lines(data, [&](const model::Finding& finding) { return finding.client == client; }));
    add_section(dossier, "Identity", identity_lines(data, client));
    add_section(dossier, "Participation", participation_lines(data, client));
    add_section(dossier, "Privacy", privacy_lines(data, client));
    return dossier;
}

Dossier round_dossier(const CaseData& data, model::RoundNo number)
{
    Dossier dossier;
    dossier.title = "Round " + std::to_string(number.value());
    const auto found = data.round_index.find(number);
    if (found == data.round_index.end()) {
        dossier.subtitle = number.value() == 0 ? "the model before training" : "not in the log";
        return dossier;
    }
    const model::Round& round = data.rounds[found->second];
    std::int64_t received = 0;
    std::int64_t usable = 0;
    const auto first =
        std::lower_bound(data.updates.begin(), data.updates.end(), number,
                         [](const model::Update& update, model::RoundNo key) { return update.round < key; });
    for (auto update = first; update != data.updates.end() && update->round == number; ++update) {
        if (update->reference) continue;
        ++received;
        if (update->usable()) ++usable;
    }
    Lines lines;
    add(lines, "Started", time_text(round.started_at));
    add(lines, "Finished", time_text(round.finished_at));
    if (!round.selected.empty())
        add(lines, "Selected", counted(static_cast<std::int64_t>(round.selected.size()), "client", "clients"));
    add(lines, "Received",
        counted(received, "update", "updates") + (usable < received ? ", " + std::to_string(usable) + " usable" : ""));
    add(lines, "Nothing came from", client_list_text(round.failed, 8));
    add(lines, "Metrics", metrics_text(round.metrics, 8));
    if (!round.inspectable) add(lines, "Not inspectable", model::visible(round.why_not));
    add(lines, "Other keys", model::visible(round.extra_json));
    add_section(dossier, "Round", std::move(lines));

    std::vector<model::ClientId> bad;
    if (data.verdicts)
        for (const model::Verdict& verdict : data.verdicts->clients)
            if (std::find(verdict.bad_rounds.begin(), verdict.bad_rounds.end(), number) != verdict.bad_rounds.end())
                bad.push_back(verdict.client);
    if (data.verdicts)
        add_section(dossier, "Judgement",
                    {{"Bad here", bad.empty() ? std::string("nobody") : client_list_text(bad, 12)}});
    if (data.rollback)
        for (const model::RollbackCandidate& candidate : data.rollback->candidates)
            if (candidate.round == number)
                add_section(dossier, "Its checkpoint",
                            {{"Status", model::visible(candidate.status) + "; clean with probability " +
                                            probability_text(candidate.clean_probability)},
                             {"Why", model::visible(candidate.why)}});
    add_section(dossier, "Findings",
                finding_lines(data, [&](const model::Finding& finding) { return finding.round == number; }));
    return dossier;
}

std::string Dossier::text() const
{
    std::string result = title + "\n" + (subtitle.empty() ? "" : subtitle + "\n");
    for (const DossierSection& section : sections) {
        result += "\n" + section.title + "\n";
        for (const DossierLine& line : section.lines)
            result += (line.label.empty() ? "" : line.label + ": ") + line.value +
                      (line.source ? " (" + place_words(*line.source) + ")" : "") + "\n";
    }
    return result;
}

}  // namespace fedsleuth::ui
