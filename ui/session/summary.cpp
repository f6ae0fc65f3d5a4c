// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/summary.h"

#include "analysis/verdict/caution.h"
#include "model/grave_findings.h"
#include "model/text.h"
#include "model/wording.h"
#include "ui/session/privacy_words.h"
#include "ui/session/wording.h"

#include <algorithm>
#include <set>

namespace fedsleuth::ui {

using model::VerdictClass;

std::vector<const model::Verdict*> flagged_clients(const CaseData& data)
{
    std::vector<const model::Verdict*> flagged;
    if (!data.verdicts) return flagged;
    for (const model::Verdict& verdict : data.verdicts->clients)
        if (data.shown_class(verdict.client) >= VerdictClass::suspect) flagged.push_back(&verdict);
    return flagged;
}

std::optional<model::RoundNo> first_bad_round(const CaseData& data)
{
    std::optional<model::RoundNo> first;
    for (const model::Verdict* verdict : flagged_clients(data))
        if (verdict->first_bad_round && (!first || *verdict->first_bad_round < *first))
            first = verdict->first_bad_round;
    return first;
}

FileState file_state(const model::EvidenceFile& file)
{
    if (file.actual_sha256.empty()) return FileState::missing;
    if (!file.declared_sha256.empty() && file.declared_sha256 != file.actual_sha256) return FileState::altered;
    return file.state.empty() || file.state == "ok" ? FileState::ok : FileState::refused;
}

EvidenceState evidence_state(const CaseData& data)
{
    EvidenceState state;
    for (const model::EvidenceFile& file : data.files) {
        ++state.files;
        if (!file.declared_sha256.empty()) ++state.declared;
        switch (file_state(file)) {
            case FileState::ok:
                break;
            case FileState::missing:
                ++state.missing;
                break;
            case FileState::altered:
                ++state.altered;
                break;
            case FileState::refused:
                ++state.refused;
                break;
        }
    }
    return state;
}

namespace {

using Flagged = std::vector<const model::Verdict*>;

bool can_judge(const CaseData& data) { return data.verdicts && data.verdicts->inspectable; }

std::vector<model::ClientId> of_class(const CaseData& data, VerdictClass wanted)
{
    std::vector<model::ClientId> clients;
    for (const model::Verdict& verdict : data.verdicts->clients)
        if (data.shown_class(verdict.client) == wanted) clients.push_back(verdict.client);
    return clients;
}

/// " (99.8 %)", " (97.1 % to 99.9 %)": what the analysis thinks of these clients.
std::string how_sure(const CaseData& data, const std::vector<model::ClientId>& clients)
{
    double low = 1;
    double high = 0;
    for (const model::ClientId& client : clients) {
        const model::Verdict* verdict = data.verdict(client);
        if (!verdict) continue;
        low = std::min(low, verdict->probability);
        high = std::max(high, verdict->probability);
    }
    const std::string from = probability_text(low);
    const std::string to = probability_text(high);
    return from == to ? " (probability " + to + ")" : " (probability " + from + " to " + to + ")";
}

/// ", but 2 findings of high or critical severity are about a and b": what was found of clients that no update betrays
/// (a foreign signature, an overspent budget). Empty where nothing was.
std::string found_clause(const CaseData& data)
{
    std::int64_t count = 0;
    std::set<model::ClientId> about;
    for (const model::Finding& finding : data.findings) {
        if (finding.severity < model::Severity::high || !finding.client) continue;
        ++count;
        about.insert(*finding.client);
    }
    if (count == 0) return {};
    return " for its updates, but " + counted(count, "finding", "findings") + " of high or critical severity " +
           (count == 1 ? "is" : "are") + " about " +
           (about.size() == data.clients.size() && about.size() > 1
                ? "all of them"
                : client_list_text(std::vector<model::ClientId>(about.begin(), about.end())));
}

std::string who_sentence(const CaseData& data)
{
    const auto clients = static_cast<std::int64_t>(data.clients.size());
    if (!data.verdicts)
        return "Not analysed yet: " + counted(clients, "client", "clients") + " sent " +
               counted(static_cast<std::int64_t>(data.updates.size()), "update", "updates") + " in " +
               counted(static_cast<std::int64_t>(data.rounds.size()), "round", "rounds") + ".";
    if (!data.verdicts->inspectable)
        return "Nobody can be judged: " + (data.verdicts->why_not.empty()
                                               ? std::string("single updates can't be inspected.")
                                               : model::visible(data.verdicts->why_not));
    const auto malicious = of_class(data, VerdictClass::malicious);
    const auto suspect = of_class(data, VerdictClass::suspect);
    const auto watch = of_class(data, VerdictClass::watch);
    std::string text;
    if (malicious.empty() && suspect.empty()) {
        text = "None of the " + counted(clients, "client", "clients") + " is flagged" + found_clause(data);
    } else {
        const auto name = [&](const std::vector<model::ClientId>& named, std::string_view what) {
            return client_list_text(named) + (named.size() == 1 ? " is " : " are ") + std::string(what) +
                   how_sure(data, named);
        };
        if (!malicious.empty()) text = name(malicious, "malicious");
        if (!suspect.empty()) text += (text.empty() ? "" : "; ") + name(suspect, "suspect");
        text += "; the other " +
                counted(clients - static_cast<std::int64_t>(malicious.size() + suspect.size()), "client is",
                        "clients are") +
                " not flagged";
    }
    if (!watch.empty()) text += ". Worth watching: " + client_list_text(watch);
    text += ".";
    if (const std::string caution = analysis::caution(*data.verdicts); !caution.empty()) text += " " + caution;
    return text;
}

std::string gravest_clause(const CaseData& data)
{
    const model::GraveFindings grave = model::grave_findings(data.findings);
    if (!grave.gravest) return {};
    std::string text = " Found besides (" + std::string(name_of(grave.gravest->severity)) + ", " +
                       model::kind_words(grave.gravest->kind) + "): " + model::visible(grave.gravest->text);
    if (!text.ends_with('.')) text += '.';
    if (grave.count > 1)
        text += " " + counted(grave.count - 1, "more finding is", "more findings are") + " high or critical.";
    return text;
}

/// What to do about findings where no update is to blame. Empty where nothing grave was found.
std::string next_clause(const CaseData& data)
{
    const model::GraveFindings grave = model::grave_findings(data.findings);
    if (!grave.gravest) return {};
    switch (grave.gravest->source) {
        case model::FindingSource::identity:
            return " Next: settle who sent and signed what; the Evidence page shows signatures and certificates.";
        case model::FindingSource::privacy:
            return " Next: settle what was spent; the Privacy page shows each client and check.";
        case model::FindingSource::ingest:
        case model::FindingSource::analysis:
            break;
    }
    return " Next: look into the findings listed below.";
}

std::string when_sentence(const CaseData& data, const Flagged& flagged)
{
    if (!can_judge(data)) return "So no round can be called good or bad.";
    std::vector<model::RoundNo> bad;
    for (const model::Verdict* verdict : flagged)
        bad.insert(bad.end(), verdict->bad_rounds.begin(), verdict->bad_rounds.end());
    const std::set<model::RoundNo> distinct(bad.begin(), bad.end());
    const std::string rounds = counted(static_cast<std::int64_t>(data.rounds.size()), "round", "rounds");
    if (flagged.empty()) {
        std::vector<model::RoundNo> grave;
        for (const model::Finding& finding : data.findings)
            if (finding.severity >= model::Severity::high && finding.round) grave.push_back(*finding.round);
        if (grave.empty()) return "No round stands out among the " + rounds + ".";
        return "No update stands out in any of the " + rounds + ", but something grave was found in " +
               round_list_text(grave) + ".";
    }
    if (distinct.empty()) return "No single round of the " + rounds + " could be named as bad.";
    if (distinct.size() == 1)
        return "It happened in round " + std::to_string(distinct.begin()->value()) + ", and in no other of the " +
               rounds + ".";
    return "It began in round " + std::to_string(distinct.begin()->value()) + "; bad are " + round_list_text(bad) +
           ", " + model::grouped(static_cast<long long>(distinct.size())) + " of " + rounds + ".";
}

std::string group_clause(const Flagged& flagged)
{
    std::map<int, std::vector<model::ClientId>> groups;
    for (const model::Verdict* verdict : flagged)
        if (verdict->group) groups[*verdict->group].push_back(verdict->client);
    std::string text;
    for (const auto& [number, members] : groups)
        if (members.size() > 1) text.append(" ").append(client_list_text(members)).append(" act as one.");
    return text;
}

std::string how_sentence(const CaseData& data, const Flagged& flagged)
{
    if (!can_judge(data)) return "Nor can an attack be told.";
    if (flagged.empty())
        return of_class(data, VerdictClass::watch).empty() ? "No update looks like poisoning."
                                                           : "No attack was recognised in any update.";
    std::map<std::string, std::int64_t> clients_of;
    for (const model::Verdict* verdict : flagged)
        if (!verdict->attack.empty()) ++clients_of[verdict->attack];
    if (clients_of.empty()) return "The kind of attack could not be told." + group_clause(flagged);
    if (clients_of.size() == 1) {
        const std::string& attack = clients_of.begin()->first;
        if (attack == "unknown") return "The kind of attack could not be told." + group_clause(flagged);
        const std::string meaning = attack_meaning(attack);
        return "It looks like " + attack_text(attack) + (meaning.empty() ? "" : ": " + meaning) + "." +
               group_clause(flagged);
    }
    std::vector<std::pair<std::string, std::int64_t>> by_count(clients_of.begin(), clients_of.end());
    std::stable_sort(by_count.begin(), by_count.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    std::vector<std::string> kinds;
    for (const auto& [attack, count] : by_count)
        kinds.push_back(attack_text(attack) + " (" + counted(count, "client", "clients") + ")");
    return "It looks like " + list_text(kinds) + "." + group_clause(flagged);
}

std::string back_sentence(const CaseData& data, const Flagged& flagged)
{
    if (data.checkpoints.empty()) return "The log names no checkpoint to go back to.";
    if (!data.rollback || data.rollback->candidates.empty()) return "No checkpoint has been rated.";
    if (!can_judge(data)) return "No checkpoint can be called clean on this evidence.";
    const model::Rollback& rollback = *data.rollback;
    const model::RoundNo last = rollback.candidates.back().round;
    if (!rollback.recommended) return "No checkpoint can be recommended: none is clean with enough certainty.";
    const model::RoundNo to = *rollback.recommended;
    const auto candidate = std::find_if(rollback.candidates.begin(), rollback.candidates.end(),
                                        [to](const model::RollbackCandidate& each) { return each.round == to; });
    const std::string sure = candidate == rollback.candidates.end()
                                 ? std::string()
                                 : " (clean with probability " + probability_text(candidate->clean_probability) + ")";
    if (to == last)
        return (!flagged.empty() ? "The last checkpoint still stands: round "
                : model::grave_findings(data.findings).count == 0
                    ? "No need to go back: the last checkpoint, of round "
                    : "The updates give no reason to go back: the last checkpoint is of round ") +
               std::to_string(to.value()) + sure + ".";
    const std::string which = to.value() == 0 ? std::string("the model before training (round 0)")
                                              : "the checkpoint of round " + std::to_string(to.value());
    return "Go back to " + which + sure + "; that gives up " + counted(last.value() - to.value(), "round", "rounds") +
           " of training.";
}

std::string privacy_clause(const CaseData& data)
{
    if (!data.privacy.declared) return "No privacy mechanism is declared.";
    return "Privacy: " + audit_answer(*audit_of(data)) + ".";
}

std::string evidence_sentence(const CaseData& data)
{
    const EvidenceState state = evidence_state(data);
    std::vector<std::string> troubles;
    if (state.missing) troubles.push_back(model::grouped(state.missing) + " missing");
    if (state.altered) troubles.push_back(model::grouped(state.altered) + " altered");
    if (state.refused) troubles.push_back(model::grouped(state.refused) + " not usable");
    std::string text = counted(state.files, "evidence file", "evidence files");
    if (!troubles.empty())
        text += ", " + list_text(troubles);
    else if (state.declared == 0)
        text += state.files > 0 ? " read, no digests declared" : "";
    else
        text += " read, " + model::grouped(state.declared) + " with a declared digest, which fits";
    if (!data.issues.empty())
        text += ", " + counted(static_cast<std::int64_t>(data.issues.size()), "import issue", "import issues");
    text += data.custody_intact ? "; the custody chain is intact. " : "; the custody chain is BROKEN. ";
    return text + privacy_clause(data);
}

std::vector<Figure> figures_of(const CaseData& data, const Flagged& flagged)
{
    const auto count = [](std::size_t number) { return model::grouped(static_cast<long long>(number)); };
    std::vector<Figure> figures;
    figures.push_back({count(data.clients.size()), "clients",
                       counted(static_cast<std::int64_t>(data.updates.size()), "update", "updates")});
    figures.push_back({count(data.rounds.size()), "rounds",
                       counted(static_cast<std::int64_t>(data.checkpoints.size()), "checkpoint", "checkpoints")});
    figures.push_back({can_judge(data) ? count(flagged.size()) : "–", "flagged clients",
                       data.decisions.empty() ? ""
                                              : counted(static_cast<std::int64_t>(data.decision_of.size()),
                                                        "client decided", "clients decided")});
    const std::optional<model::RoundNo> bad = first_bad_round(data);
    figures.push_back({bad ? std::to_string(bad->value()) : "–", "first bad round", ""});
    const std::optional<model::RoundNo> back = data.rollback ? data.rollback->recommended : std::nullopt;
    figures.push_back({back ? std::to_string(back->value()) : "–", "recommended checkpoint", ""});
    return figures;
}

}  // namespace

Summary summarise(const CaseData& data)
{
    const Flagged flagged = flagged_clients(data);
    Summary summary;
    summary.who = who_sentence(data);
    summary.when =
        data.verdicts ? when_sentence(data, flagged) : "When something went wrong is not known before the analysis.";
    summary.how = data.verdicts ? how_sentence(data, flagged) : "Nor is how.";
    summary.how += gravest_clause(data);
    summary.back = back_sentence(data, flagged);
    if (flagged.empty()) summary.back += next_clause(data);
    summary.evidence = evidence_sentence(data);
    summary.figures = figures_of(data, flagged);
    return summary;
}

}  // namespace fedsleuth::ui
