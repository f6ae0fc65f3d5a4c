// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/detection/score_round.h"
#include "ui/session/case_data.h"

#include <algorithm>
#include <string>

namespace fedsleuth::test {

inline model::ClientId client_id(std::size_t idx)
{
    std::string number = std::to_string(idx);
    return model::ClientId{"site-" + std::string(number.size() < 4 ? 4 - number.size() : 0, '0') + number};
}

/// What a made-up case holds. Nothing in it is random.
struct CaseShape {
    std::size_t clients = 20;
    std::size_t rounds = 24;
    std::size_t malicious = 1;  ///< the first clients, from the round `onset` on
    std::size_t onset = 15;
    std::size_t detectors = 3;
    bool privacy = false;
};

/// Case data as the analysis would leave it, made by hand.
inline std::shared_ptr<ui::CaseData> made_case(const CaseShape& shape)
{
    using namespace model;
    auto data = std::make_shared<ui::CaseData>();
    data->case_path = "/nowhere/made.fedcase";
    data->federation.name = "made up";
    data->federation.framework = "none";
    data->federation.layers = {{"w", {100}, false, 0, 100}};
    lay_out(data->federation.layers);
    const auto attacks = [&](std::size_t client, std::size_t round) {
        return client < shape.malicious && round >= shape.onset;
    };

    for (std::size_t client = 0; client < shape.clients; ++client) {
        Client made;
        made.id = client_id(client);
        made.registered = true;
        made.registered_at = "2026-03-06T16:00:07Z";
        made.num_examples = 72;
        data->clients.push_back(made);
    }
    Verdicts verdicts;
    for (std::size_t client = 0; client < shape.clients; ++client) {
        Verdict verdict;
        verdict.client = client_id(client);
        verdict.verdict = client < shape.malicious ? VerdictClass::malicious : VerdictClass::clean;
        verdict.probability = client < shape.malicious ? 0.9975 - 0.001 * double(client) : 0.005;
        if (client < shape.malicious) {
            verdict.first_bad_round = RoundNo{std::int64_t(shape.onset)};
            for (std::size_t round = shape.onset; round <= shape.rounds; ++round)
                verdict.bad_rounds.emplace_back(std::int64_t(round));
            verdict.attack = "model-replacement";
            verdict.family = "targeted";
            verdict.reasons = {{"norm", RoundNo{std::int64_t(shape.onset)},
                                "Its update was 60 times as long as the median one.", 14.0}};
            verdict.against = {{"sign", RoundNo{1}, "Sign agreement: within the crowd.", 1.0}};
        }
        verdicts.clients.push_back(std::move(verdict));
    }
    data->verdicts = std::move(verdicts);

    Rollback rollback;
    for (std::size_t round = 0; round <= shape.rounds; ++round) {
        const RoundNo number{std::int64_t(round)};
        Checkpoint checkpoint;
        checkpoint.round = number;
        checkpoint.state = SnapshotState::usable;
        data->checkpoints.push_back(checkpoint);
        RollbackCandidate candidate;
        candidate.round = number;
        const bool bad = shape.malicious > 0 && round >= shape.onset;
        candidate.clean_probability = bad ? 0.003 : 0.9995;
        candidate.status = bad ? "contaminated" : "clean";
        candidate.why = bad ? "Holds updates of a malicious client." : "Made before the first malicious update.";
        candidate.metrics = {{"accuracy", 0.5 + 0.4 * double(round) / double(shape.rounds)}};
        if (!bad) rollback.recommended = number;
        rollback.candidates.push_back(candidate);
    }
    if (shape.malicious > 0) rollback.first_poisoned_round = RoundNo{std::int64_t(shape.onset)};
    data->rollback = std::move(rollback);

    for (std::size_t round = 1; round <= shape.rounds; ++round) {
        const RoundNo number{std::int64_t(round)};
        Round made;
        made.number = number;
        made.metrics = {{"accuracy", 0.5 + 0.4 * double(round) / double(shape.rounds)}};
        data->rounds.push_back(made);
        std::vector<DetectorScores> scores(shape.detectors);
        for (std::size_t detector = 0; detector < shape.detectors; ++detector) {
            scores[detector].round = number;
            scores[detector].detector = "detector-" + std::to_string(detector);
            scores[detector].scale = 1;
        }
        for (std::size_t client = 0; client < shape.clients; ++client) {
            Update update;
            update.round = number;
            update.client = client_id(client);
            update.state = SnapshotState::usable;
            update.num_examples = 72;
            data->updates.push_back(update);
            for (DetectorScores& of : scores) {
                const double evidence = attacks(client, round) ? 9.0 : double((client * 7 + round * 3) % 10) / 10.0;
                of.clients.push_back(client_id(client));
                of.statistic.push_back(evidence);
                of.z.push_back(evidence);
                of.evidence.push_back(evidence);
            }
        }
        data->suspicion.push_back(analysis::round_suspicion(scores));
        data->scores.push_back(std::move(scores));
    }

    if (shape.privacy) {
        PrivacyMechanism mechanism;
        mechanism.mechanism = "gaussian";
        mechanism.noise_multiplier = 0.8;
        mechanism.epsilon_budget = 30;
        data->federation.privacy = mechanism;
        data->privacy.declared = true;
        data->privacy.budget = 30;
        for (std::size_t client = 0; client < shape.clients; ++client) {
            analysis::ClientBudget budget;
            budget.client = client_id(client);
            budget.rounds = budget.rounds_with_claim = std::int64_t(shape.rounds);
            const double pace = client == 0 ? 2.0 : 0.5 + 0.01 * double(client % 50);
            for (std::size_t round = 1; round <= shape.rounds; ++round)
                budget.series.emplace_back(RoundNo{std::int64_t(round)}, pace * double(round));
            budget.epsilon_claimed = budget.series.back().second;
            if (client == 0)
                budget.exhausted_in = RoundNo{16};
            else
                budget.forecast = RoundNo{std::int64_t(30 / pace) + 1};
            data->privacy.clients.push_back(std::move(budget));
        }
    }
    for (std::size_t round = 1; round <= std::min<std::size_t>(shape.rounds, 50); ++round)
        data->findings.push_back({"accuracy-drop",
                                  Severity::medium,
                                  {},
                                  RoundNo{std::int64_t(round)},
                                  "Accuracy fell.",
                                  "",
                                  FindingSource::analysis});
    index_case_data(*data);
    return data;
}

}  // namespace fedsleuth::test
