// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rollback/candidates.h"

#include "analysis/rollback/contamination.h"
#include "model/text.h"

#include <algorithm>
#include <map>

namespace fedsleuth::analysis {

using model::RollbackCandidate;
using model::RoundNo;
using model::VerdictClass;

namespace {

/// That nobody is flagged is not a certainty that nobody attacked.
constexpr double ceiling = 0.99;

std::string number_of(RoundNo round) { return std::to_string(round.value()); }

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

std::string names_of(std::vector<const Onset*> onsets)
{
    constexpr std::size_t most = 4;
    const auto since = [](const Onset* onset) { return onset->since.value_or(RoundNo{}); };
    std::sort(onsets.begin(), onsets.end(), [&](const Onset* a, const Onset* b) {
        return since(a) != since(b) ? since(a) < since(b) : a->client < b->client;
    });
    std::string text;
    for (std::size_t idx = 0; idx < std::min(onsets.size(), most); ++idx) {
        text += (idx ? ", " : "") + model::visible(onsets[idx]->client.text());
        if (onsets[idx]->since) text += " (since round " + number_of(*onsets[idx]->since);
        if (onsets[idx]->decided) text += onsets[idx]->since ? ", by decision" : " (by decision";
        if (onsets[idx]->since || onsets[idx]->decided) text += ")";
    }
    if (onsets.size() > most) text += " and " + std::to_string(onsets.size() - most) + " more";
    return text;
}

/// Whose updates may be in a checkpoint.
struct Touched {
    std::vector<const Onset*> malicious;  ///< more likely than not
    std::vector<const Onset*> doubtful;   ///< the others that leave a doubt worth naming
};

Touched touched_by(const std::vector<Onset>& onsets, RoundNo checkpoint)
{
    constexpr double worth_naming = 0.01;
    Touched touched;
    for (const Onset& onset : onsets) {
        const double probability = onset.touched(checkpoint);
        if (onset.shown == VerdictClass::malicious && probability >= 0.5)
            touched.malicious.push_back(&onset);
        else if (probability >= worth_naming)
            touched.doubtful.push_back(&onset);
    }
    return touched;
}

void give_status(RollbackCandidate& candidate, const Touched& touched, std::optional<RoundNo> tampered,
                 std::optional<RoundNo> first_poisoned)
{
    if (!touched.malicious.empty()) {
        candidate.status = "contaminated";
        candidate.why = "Holds updates of " + names_of(touched.malicious) + ".";
    } else if (tampered) {
        candidate.status = "contaminated";
        candidate.why = "The checkpoint of round " + number_of(*tampered) +
                        " is not what that round's updates give under the declared rule; this one " +
                        (*tampered == candidate.round ? "is that one." : "was trained from it.");
    } else if (candidate.clean_probability < strict_cleanliness) {
        candidate.status = "suspect";
        candidate.why = "No malicious client stands out before it, but it may hold malicious updates of " +
                        names_of(touched.doubtful) + ".";
    } else if (first_poisoned) {
        candidate.why = "Made before the first malicious update (round " + number_of(*first_poisoned) + ").";
    } else {
        candidate.why = "No malicious client and no tampering was found up to here.";
    }
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

std::vector<RollbackCandidate> checkpoint_facts(const std::vector<model::Checkpoint>& checkpoints,
                                                const std::vector<ServerStep>& steps,
                                                const std::vector<model::SignatureCheck>& signatures)
{
    std::map<RoundNo, std::string_view> signature_of;
    for (const model::SignatureCheck& check : signatures)
        if (!check.client) signature_of[check.round] = signature_word(check.outcome);
    std::map<RoundNo, const ServerStep*> step_of;
    for (const ServerStep& step : steps) step_of[step.round] = &step;
    std::vector<RollbackCandidate> facts;
    for (const model::Checkpoint& checkpoint : checkpoints) {
        RollbackCandidate candidate;
        candidate.round = checkpoint.round;
        candidate.metrics = checkpoint.metrics;
        const auto signature = signature_of.find(checkpoint.round);
        candidate.signature = signature != signature_of.end() ? signature->second
                              : checkpoint.signature          ? "not-checked"
                                                              : "missing";
        const auto step = step_of.find(checkpoint.round);
        if (step != step_of.end() && step->second->residual) {
            candidate.residual = step->second->residual;
            candidate.aggregation = *candidate.residual <= tolerated_residual ? "matches" : "mismatch";
        }
        facts.push_back(std::move(candidate));
    }
    return facts;
}

model::Rollback rate_checkpoints(std::vector<RollbackCandidate> facts,
                                 const std::vector<model::Checkpoint>& checkpoints, const std::vector<Onset>& onsets,
                                 const Counterfactual* contamination)
{
    model::Rollback rollback;
    for (const Removal& flagged : flagged_clients(onsets))
        if (!rollback.first_poisoned_round || flagged.since < *rollback.first_poisoned_round)
            rollback.first_poisoned_round = flagged.since;

    std::map<RoundNo, const model::Checkpoint*> checkpoint_of;
    for (const model::Checkpoint& checkpoint : checkpoints) checkpoint_of[checkpoint.round] = &checkpoint;
    std::optional<RoundNo> tampered;
    for (RollbackCandidate& candidate : facts) {
        if (candidate.aggregation == "mismatch" && !tampered) tampered = candidate.round;
        candidate.clean_probability = tampered ? 0.0 : ceiling;
        for (const Onset& onset : onsets) candidate.clean_probability *= 1 - onset.touched(candidate.round);
        candidate.contamination.reset();
        if (const CounterfactualPoint* point = contamination ? point_of(*contamination, candidate.round) : nullptr)
            candidate.contamination = std::min(influence(*point, point->frozen), 1.0);
        candidate.status = "clean";
        give_status(candidate, touched_by(onsets, candidate.round), tampered, rollback.first_poisoned_round);

        const auto checkpoint = checkpoint_of.find(candidate.round);
        const bool usable = checkpoint != checkpoint_of.end() && checkpoint->second->usable();
        if (!usable && candidate.status == "clean") {
            candidate.status = "suspect";
            candidate.why =
                "The file can't be used: " +
                (checkpoint == checkpoint_of.end() ? std::string("it is not there") : checkpoint->second->state_text);
        } else if (candidate.signature == "invalid" && candidate.status == "clean") {
            candidate.status = "suspect";
            candidate.why = "Its signature is not a good one of the server's: it may not be what the server shipped.";
        }
        if (candidate.status == "clean") rollback.recommended = candidate.round;
    }
    rollback.candidates = std::move(facts);
    return rollback;
}

}  // namespace fedsleuth::analysis
