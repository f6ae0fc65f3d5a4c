// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rollback/candidates.h"

#include "model/text.h"

#include <algorithm>
#include <map>
#include <string_view>

namespace fedsleuth::analysis {

using model::ClientId;
using model::RollbackCandidate;
using model::RoundNo;
using model::VerdictClass;

namespace {

/// Verdicts are not calibrated on clean runs yet: that nobody is flagged is not a certainty that nobody attacked.
constexpr double uncalibrated_ceiling = 0.99;

/// Who touched the model, from when on, and how likely that was an attack.
struct Touch {
    ClientId client;
    RoundNo since;
    double probability = 0;
    bool decided = false;  ///< by the analyst
    bool malicious = false;
};

std::vector<Touch> touches_of(const std::vector<model::Update>& updates, const model::Verdicts& verdicts,
                              const std::vector<model::Decision>& decisions)
{
    std::map<ClientId, RoundNo> first_update;
    for (const model::Update& update : updates)
        if (!update.reference) first_update.try_emplace(update.client, update.round);
    std::map<ClientId, VerdictClass> decided;
    for (const model::Decision& decision : decisions) decided[decision.client] = decision.decided;

    std::vector<Touch> touches;
    for (const model::Verdict& verdict : verdicts.clients) {
        const auto decision = decided.find(verdict.client);
        const bool by_analyst = decision != decided.end() && decision->second != VerdictClass::watch;
        const VerdictClass shown = by_analyst ? decision->second : verdict.verdict;
        if (shown != VerdictClass::malicious && shown != VerdictClass::suspect) continue;
        const auto first = first_update.find(verdict.client);
        if (first == first_update.end()) continue;
        touches.push_back({verdict.client, verdict.first_bad_round.value_or(first->second),
                           by_analyst ? 1.0 : verdict.probability, by_analyst, shown == VerdictClass::malicious});
    }
    std::sort(touches.begin(), touches.end(), [](const Touch& a, const Touch& b) {
        return a.since != b.since ? a.since < b.since : a.client < b.client;
    });
    return touches;
}

/// A signature that can't be told to be good counts as not checked: nothing is called valid that is not known to be.
std::string_view signature_word(model::SignatureOutcome outcome)
{
    switch (outcome) {
        case model::SignatureOutcome::valid:
            return "valid";
        case model::SignatureOutcome::invalid:
        case model::SignatureOutcome::certificate_bad:
            return "invalid";
        case model::SignatureOutcome::unsigned_:
            return "missing";
        case model::SignatureOutcome::indeterminate:
            break;
    }
    return "not-checked";
}

std::string names_of(const std::vector<const Touch*>& touches)
{
    constexpr std::size_t most = 4;
    std::string text;
    for (std::size_t idx = 0; idx < std::min(touches.size(), most); ++idx)
        text += (idx ? ", " : "") + model::visible(touches[idx]->client.text()) + " (since round " +
                std::to_string(touches[idx]->since.value()) + (touches[idx]->decided ? ", by decision" : "") + ")";
    if (touches.size() > most) text += " and " + std::to_string(touches.size() - most) + " more";
    return text;
}

}  // namespace

std::vector<model::Checkpoint> with_round_metrics(std::vector<model::Checkpoint> checkpoints,
                                                  const std::vector<model::Round>& rounds)
{
    std::map<RoundNo, const model::Metrics*> metrics;
    for (const model::Round& round : rounds) metrics[round.number] = &round.metrics;
    for (model::Checkpoint& checkpoint : checkpoints) {
        const auto found = metrics.find(checkpoint.round);
        if (checkpoint.metrics.empty() && found != metrics.end()) checkpoint.metrics = *found->second;
    }
    return checkpoints;
}

model::Rollback rate_checkpoints(const std::vector<model::Checkpoint>& checkpoints,
                                 const std::vector<model::Update>& updates, const model::Verdicts& verdicts,
                                 const std::vector<model::Decision>& decisions, const std::vector<ServerStep>& steps,
                                 const std::vector<std::optional<double>>& injected,
                                 const std::vector<model::SignatureCheck>& signatures)
{
    model::Rollback rollback;
    const std::vector<Touch> touches = touches_of(updates, verdicts, decisions);
    for (const Touch& touch : touches)
        if (touch.malicious && (!rollback.first_poisoned_round || touch.since < *rollback.first_poisoned_round))
            rollback.first_poisoned_round = touch.since;

    std::map<RoundNo, std::string_view> signed_rounds;
    for (const model::SignatureCheck& check : signatures)
        if (!check.client) signed_rounds[check.round] = signature_word(check.outcome);

    std::optional<RoundNo> tampered;
    double way = 0;
    double added = 0;
    bool added_known = true;
    std::size_t next_step = 0;
    for (const model::Checkpoint& checkpoint : checkpoints) {
        RollbackCandidate candidate;
        candidate.round = checkpoint.round;
        candidate.metrics = checkpoint.metrics;
        const auto signature = signed_rounds.find(checkpoint.round);
        candidate.signature = signature != signed_rounds.end() ? signature->second
                              : checkpoint.signature           ? "not-checked"
                                                               : "missing";
        for (; next_step < steps.size() && steps[next_step].round <= checkpoint.round; ++next_step) {
            const ServerStep& step = steps[next_step];
            way += step.shipped;
            if (injected[next_step])
                added += *injected[next_step];
            else
                added_known = false;
            if (!step.residual) continue;
            const bool matches = *step.residual <= tolerated_residual;
            if (step.round == checkpoint.round) {
                candidate.residual = step.residual;
                candidate.aggregation = matches ? "matches" : "mismatch";
            }
            if (!matches && !tampered) tampered = step.round;
        }
        candidate.clean_probability = uncalibrated_ceiling;
        std::vector<const Touch*> malicious, suspect;
        for (const Touch& touch : touches) {
            if (touch.since > checkpoint.round) continue;
            candidate.clean_probability *= 1 - touch.probability;
            (touch.malicious ? malicious : suspect).push_back(&touch);
        }
        const bool holds_tampering = tampered && *tampered <= checkpoint.round;
        if (holds_tampering) candidate.clean_probability = 0;
        if (holds_tampering)
            candidate.contamination.reset();  // what the server added is not among the updates
        else if (malicious.empty() && suspect.empty())
            candidate.contamination = 0;
        else if (added_known && way > 0)
            candidate.contamination = std::min(added / way, 1.0);

        if (!checkpoint.usable()) {
            candidate.status = "suspect";
            candidate.why = "The file can't be used: " + checkpoint.state_text;
        } else if (!malicious.empty()) {
            candidate.status = "contaminated";
            candidate.why = "Holds updates of " + names_of(malicious) + ".";
        } else if (holds_tampering) {
            candidate.status = "contaminated";
            candidate.why = "The checkpoint of round " + std::to_string(tampered->value()) +
                            " is not what that round's updates give under the declared rule; this one " +
                            (*tampered == checkpoint.round ? "is that one." : "was trained from it.");
        } else if (candidate.signature == "invalid") {
            candidate.status = "suspect";
            candidate.why = "Its signature is not a good one of the server's: it may not be what the server shipped.";
        } else if (!suspect.empty()) {
            candidate.status = "suspect";
            candidate.why =
                "No malicious client before it, but it holds updates of suspects: " + names_of(suspect) + ".";
        } else if (rollback.first_poisoned_round) {
            candidate.why = "Made before the first malicious update (round " +
                            std::to_string(rollback.first_poisoned_round->value()) + ").";
        } else {
            candidate.why = "No malicious client and no tampering was found up to here.";
        }
        if (candidate.status == "clean") rollback.recommended = checkpoint.round;
        rollback.candidates.push_back(std::move(candidate));
    }
    return rollback;
}

model::Result<std::optional<model::Rollback>> current_rollback(model::CaseStore& store)
{
    FEDSLEUTH_TRY(const std::optional<model::Verdicts> verdicts, store.verdicts());
    if (!verdicts) return std::nullopt;
    FEDSLEUTH_TRY(const std::vector<model::Decision> decisions, store.decisions());
    if (decisions.empty()) return store.rollback();
    FEDSLEUTH_TRY(const model::Federation federation, store.federation());
    FEDSLEUTH_TRY(std::vector<model::Checkpoint> stored, store.checkpoints());
    FEDSLEUTH_TRY(const std::vector<model::Round> rounds, store.rounds());
    const std::vector<model::Checkpoint> checkpoints = with_round_metrics(std::move(stored), rounds);
    FEDSLEUTH_TRY(const std::vector<model::Update> updates, store.updates());

    std::map<ClientId, VerdictClass> shown;
    for (const model::Verdict& verdict : verdicts->clients) shown[verdict.client] = verdict.verdict;
    for (const model::Decision& decision : decisions)
        if (decision.decided != VerdictClass::watch) shown[decision.client] = decision.decided;
    std::map<RoundNo, std::vector<const model::Update*>> by_round;
    for (const model::Update& update : updates) by_round[update.round].push_back(&update);

    std::vector<ServerStep> steps;
    std::vector<std::optional<double>> injected;
    for (const auto& [round, sent] : by_round) {
        FEDSLEUTH_TRY(const std::optional<model::RoundLedger> ledger, store.ledger(round));
        if (!ledger) continue;
        std::optional<ServerStep> step = server_step(*ledger, federation.aggregation, sent);
        if (!step) continue;
        std::vector<bool> flagged;
        for (const ClientId& client : ledger->clients) flagged.push_back(shown[client] == VerdictClass::malicious);
        injected.push_back(injected_length(*ledger, *step, flagged));
        steps.push_back(std::move(*step));
    }
    FEDSLEUTH_TRY(const std::vector<model::SignatureCheck> signatures, store.signature_checks());
    return rate_checkpoints(checkpoints, updates, *verdicts, decisions, steps, injected, signatures);
}

}  // namespace fedsleuth::analysis
