// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/analyse.h"

#include "analysis/detection/probe_scores.h"
#include "analysis/detection/round_findings.h"
#include "analysis/detection/score_round.h"
#include "analysis/identity/audit.h"
#include "analysis/ledger/ledger_builder.h"
#include "analysis/privacy/audit.h"
#include "analysis/rollback/candidates.h"
#include "analysis/rollback/contamination.h"
#include "analysis/rollback/step_check.h"
#include "analysis/verdict/fusion.h"
#include "analysis/verdict/probe_run.h"
#include "analysis/verdict/repair.h"
#include "model/json_writer.h"

#include <algorithm>
#include <map>
#include <set>

namespace fedsleuth::analysis {

using model::ClientId;
using model::RoundLedger;
using model::RoundNo;

namespace {

/// The case's ledger where it still fits what would be built now, else a new one, kept in the case.
model::Result<RoundLedger> ledger_for(const LedgerPlan& plan, const std::vector<model::Layer>& layers, bool rebuild,
                                      model::CaseStore& store, model::UpdateSource& source, model::Progress& progress,
                                      AnalysisSummary& summary)
{
    if (!rebuild) {
        FEDSLEUTH_TRY(std::optional<RoundLedger> kept, store.ledger(plan.round));
        if (kept && kept->clients == plan.clients && kept->step_rounds == plan.step_rounds &&
            kept->own_rounds == plan.own_rounds && kept->has_shipped == plan.has_shipped &&
            kept->has_reference == plan.has_reference && kept->has_model == plan.has_model)
            return std::move(*kept);
    }
    FEDSLEUTH_TRY(RoundLedger ledger, build_ledger(source, layers, plan, progress));
    FEDSLEUTH_CHECK(store.put_ledger(ledger));
    ++summary.ledgers_built;
    return ledger;
}

Attendance::Declared declared_examples(const std::vector<const model::Update*>& updates)
{
    Attendance::Declared declared;
    for (const model::Update* update : updates)
        if (update->num_examples) declared[update->client] = static_cast<double>(*update->num_examples);
    return declared;
}

std::vector<std::pair<RoundNo, std::vector<ClientId>>> evidence_clients(const Evidence& evidence)
{
    std::vector<std::pair<RoundNo, std::vector<ClientId>>> rounds;
    for (const ScoredRound& round : evidence.rounds) rounds.emplace_back(round.patterns.round, round.patterns.clients);
    return rounds;
}

/// What is left to judge by when the rounds of repairs are left out, of everything that runs through the rounds too.
model::Result<Evidence> evidence_without(const Evidence& all, const Repairs& repairs, model::CaseStore& store,
                                         std::map<RoundNo, std::vector<const model::Update*>>& by_round)
{
    Evidence rest;
    rest.examples = all.examples;
    rest.explained = all.explained;
    rest.probes = all.probes;
    if (rest.probes)
        std::erase_if(rest.probes->rounds, [&](const ProbeRound& round) { return is_repair(repairs, round.round); });
    for (const ScoredRound& round : all.rounds) {
        if (is_repair(repairs, round.patterns.round)) continue;
        FEDSLEUTH_TRY(const std::optional<RoundLedger> ledger, store.ledger(round.patterns.round));
        if (ledger) rest.add(*ledger, declared_examples(by_round[round.patterns.round]));
    }
    return rest;
}

std::string why_nothing_is_inspectable(const model::Federation& federation, const std::vector<model::Round>& rounds)
{
    if (federation.secure_aggregation)
        return "The server saw only sums (secure aggregation): single clients can't be judged.";
    for (const model::Round& round : rounds)
        if (!round.inspectable) return round.why_not;
    return "No round has the " + std::to_string(smallest_crowd) +
           " usable updates that it takes to compare a client with a crowd.";
}

}  // namespace

model::Result<AnalysisSummary> analyse(model::CaseStore& store, model::UpdateSource& source,
                                       const AnalysisOptions& options, model::Progress& progress)
{
    FEDSLEUTH_TRY(const model::Federation federation, store.federation());
    FEDSLEUTH_TRY(const std::vector<model::Client> clients, store.clients());
    FEDSLEUTH_TRY(const std::vector<model::Round> rounds, store.rounds());
    FEDSLEUTH_TRY(const std::vector<model::Update> updates, store.updates());
    FEDSLEUTH_TRY(std::vector<model::Checkpoint> stored, store.checkpoints());
    const std::vector<model::Checkpoint> checkpoints = with_round_metrics(std::move(stored), rounds);

    std::set<RoundNo> hidden;  // rounds of which only sums were seen
    for (const model::Round& round : rounds)
        if (!round.inspectable) hidden.insert(round.number);
    std::map<RoundNo, std::vector<const model::Update*>> by_round;
    std::set<ClientId> known;
    Evidence evidence;
    for (const model::Client& client : clients) known.insert(client.id);
    for (const model::Update& update : updates) {
        by_round[update.round].push_back(&update);
        if (update.reference) continue;
        known.insert(update.client);
        if (update.num_examples) evidence.examples[update.client] = static_cast<double>(*update.num_examples);
    }

    AnalysisSummary summary;
    model::CaseStore::AnalysisOutcome outcome;
    std::vector<ServerStep> steps;
    const std::vector<LedgerPlan> plans = plan_ledgers(updates, checkpoints);
    const std::int64_t d = model::coordinate_count(federation.layers);
    std::int64_t work = 0;
    for (const LedgerPlan& plan : plans) work += ledger_rows(plan) * d;
    progress.start("Measuring the updates", work, "values");
    progress.files(0, static_cast<std::int64_t>(plans.size()));
    std::int64_t planned = 0;
    for (const LedgerPlan& plan : plans) {
        if (progress.stopped()) return model::fail(model::ErrorCode::cancelled, "The analysis was stopped");
        planned += ledger_rows(plan) * d;
        FEDSLEUTH_TRY(const RoundLedger ledger,
                      ledger_for(plan, federation.layers, options.rebuild_ledgers, store, source, progress, summary));
        const std::int64_t done = progress.state().done;
        if (done < planned) progress.advance(planned - done);  // a ledger that was in the case counts as read
        progress.files(++summary.rounds, static_cast<std::int64_t>(plans.size()));

        if (auto step = server_step(ledger, federation.aggregation, by_round[plan.round])) steps.push_back(*step);
        if (hidden.contains(plan.round)) continue;
        evidence.add(ledger, declared_examples(by_round[plan.round]));
    }

    FEDSLEUTH_TRY(const NoiseEvidence noise, measure_noise(store, source, progress));
    FEDSLEUTH_CHECK(keep_noise_evidence(store, noise));
    FEDSLEUTH_TRY(PrivacyAudit privacy, audit_privacy(store, noise, {}, progress));
    for (const model::Finding& finding : privacy.findings)
        if (finding.client && finding.kind == "privacy-noise-too-low")
            evidence.explained[*finding.client] =
                "It adds less noise than it declares (a privacy finding of its own). That by itself sets its updates "
                "apart from those of the others: whether there is more behind it cannot be told from them.";

    FEDSLEUTH_CHECK(check_steps(store, source, federation, updates, steps, progress));
    std::vector<RoundNo> tampered;
    for (ServerStep& step : steps) {
        // A step that differs by the server's declared noise was recomputed as far as it can be.
        if (std::binary_search(privacy.noisy_steps.begin(), privacy.noisy_steps.end(), step.round))
            step.residual.reset();
        if (step.residual && *step.residual > tolerated_residual) tampered.push_back(step.round);
    }
    const Repairs repairs = repairs_after(evidence.rounds, tampered);

    std::string probe_json = "{}";
    if (!options.probes.empty()) {
        FEDSLEUTH_TRY(ProbeRun probed, run_probes(source, federation, checkpoints, options.probes,
                                                  evidence_clients(evidence), progress));
        for (ProbeRound& round : probed.evidence.rounds)
            for (model::DetectorScores& scores : probe_scores(round, probed.evidence.classes))
                outcome.scores.push_back(std::move(scores));
        probe_json = std::move(probed.json);
        summary.notes = std::move(probed.notes);
        evidence.probes = std::move(probed.evidence);
    }
    progress.start("Weighing the evidence", 1, "steps");
    if (repairs.empty()) {
        outcome.verdicts = fuse(evidence, {known.begin(), known.end()});
    } else {
        FEDSLEUTH_TRY(const Evidence rest, evidence_without(evidence, repairs, store, by_round));
        outcome.verdicts = fuse(rest, {known.begin(), known.end()});
    }
    if (evidence.rounds.empty()) {
        outcome.verdicts.inspectable = false;
        outcome.verdicts.why_not = why_nothing_is_inspectable(federation, rounds);
    }

    for (const model::Verdict& verdict : outcome.verdicts.clients) {
        summary.malicious += verdict.verdict == model::VerdictClass::malicious;
        summary.suspect += verdict.verdict == model::VerdictClass::suspect;
    }
    FEDSLEUTH_CHECK(search_steps(store, source, federation, updates, steps, progress));

    FEDSLEUTH_TRY(const std::vector<model::Decision> decisions, store.decisions());
    const std::vector<Onset> onsets = onsets_of(outcome.verdicts, decisions, updates);
    FEDSLEUTH_TRY(IdentityAudit identity, audit_identity(store, progress));
    outcome.signatures = std::move(identity.checks);
    std::vector<model::RollbackCandidate> facts = checkpoint_facts(checkpoints, steps, outcome.signatures);
    FEDSLEUTH_TRY(const std::optional<Counterfactual> contamination,
                  measure_contamination(store, source, flagged_clients(onsets), facts, progress));
    outcome.rollback =
        rate_checkpoints(std::move(facts), checkpoints, onsets, contamination ? &*contamination : nullptr);

    outcome.findings = round_findings(rounds, checkpoints, steps);
    mention_repairs(repairs, outcome.findings);
    for (model::Finding& finding : privacy.findings) outcome.findings.push_back(std::move(finding));
    for (model::Finding& finding : identity.findings) outcome.findings.push_back(std::move(finding));
    summary.findings = static_cast<std::int64_t>(outcome.findings.size());
    for (ScoredRound& round : evidence.rounds)
        for (model::DetectorScores& scores : round.scores) outcome.scores.push_back(std::move(scores));
    outcome.parameters_json = model::JsonWriter()
                                  .begin_object()
                                  .field("rounds", summary.rounds)
                                  .field("ledgers_built", summary.ledgers_built)
                                  .field("ledger_version", RoundLedger::version)
                                  .key("probes")
                                  .raw(probes_parameters_json(options.probes))
                                  .end_object()
                                  .text();
    FEDSLEUTH_CHECK(store.put_analysis(outcome));
    FEDSLEUTH_CHECK(store.put_document(std::string(contamination_document),
                                       contamination ? contamination_json(*contamination) : "{}"));
    FEDSLEUTH_CHECK(store.put_document(std::string(probe_document), probe_json));
    progress.advance(1);
    return summary;
}

}  // namespace fedsleuth::analysis
