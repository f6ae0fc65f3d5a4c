// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/case_store.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

namespace fedsleuth::test {

/// A ledger with every list filled, `n` clients and `layers` layers.
inline model::RoundLedger some_ledger(int round, std::size_t n, std::size_t layers, std::size_t k = 3)
{
    std::mt19937 random(static_cast<unsigned>(round));
    std::normal_distribution<double> normal;
    const auto reals = [&](std::size_t count) {
        std::vector<double> values(count);
        for (double& value : values) value = normal(random);
        return values;
    };
    const auto integers = [&](std::size_t count) {
        std::vector<std::int64_t> values(count);
        for (auto& value : values) value = static_cast<std::int64_t>(random());
        return values;
    };
    model::RoundLedger ledger;
    ledger.round = model::RoundNo{round};
    for (std::size_t idx = 0; idx < n; ++idx) ledger.clients.emplace_back("c" + std::to_string(idx));
    for (std::size_t idx = 0; idx < k; ++idx) ledger.step_rounds.emplace_back(round - 1 - static_cast<int>(idx) + 10);
    ledger.own_rounds.resize(n);
    if (n > 1) ledger.own_rounds[1] = model::RoundNo{round};
    ledger.has_shipped = ledger.has_model = true;
    for (std::size_t idx = 0; idx < layers; ++idx) {
        model::RoundLedger::PerLayer layer;
        layer.gram = reals(n * n);
        layer.step_products = reals(n * k);
        layer.step_squares = reals(k);
        layer.step_gram = reals(k * k);
        layer.slow_products = reals(n);
        layer.slow_square = 0.75;
        layer.own_products = reals(n);
        layer.own_squares = reals(n);
        layer.own_sign_equal = integers(n);
        layer.own_sign_compared = integers(n);
        layer.own_median_products = reals(n);
        layer.median_steps = reals(k);
        layer.shipped_products = reals(n);
        layer.shipped_square = std::numeric_limits<double>::infinity();
        layer.median_products = reals(n);
        layer.median_square = 0.1;
        layer.median_shipped = -0.25;
        layer.model_products = reals(n);
        layer.model_square = 12.5;
        layer.absolute_sums = reals(n);
        layer.quiet_squares = reals(n);
        layer.quiet_coordinates = 9;
        layer.sign_agreements = integers(n);
        layer.sign_compared = 17;
        ledger.layers.push_back(std::move(layer));
    }
    for (std::size_t idx = 0; idx < 2; ++idx)
        ledger.output_rows.push_back(
            {idx, 3 + idx, idx == 1, reals(n * (3 + idx)), reals(n * (3 + idx)), reals(n * (3 + idx))});
    ledger.positive = integers(n);
    ledger.negative = integers(n);
    ledger.zero = integers(n);
    ledger.minimum = reals(n);
    ledger.maximum = reals(n);
    ledger.fourth_powers = reals(n);
    ledger.sums = reals(n);
    ledger.coordinates = 1234;
    ledger.non_finite = 5;
    return ledger;
}

inline bool same(const model::RoundLedger& a, const model::RoundLedger& b) { return a == b; }

/// An outcome in which every member holds something, the awkward values among it.
inline model::CaseStore::AnalysisOutcome some_outcome()
{
    const double nan = std::numeric_limits<double>::quiet_NaN();
    model::CaseStore::AnalysisOutcome outcome;
    for (int round = 1; round <= 2; ++round)
        for (const char* detector : {"norm", "cosine-median"}) {
            model::DetectorScores scores;
            scores.round = model::RoundNo{round};
            scores.detector = detector;
            scores.clients = {model::ClientId{"c0"}, model::ClientId{"c1"}};
            scores.statistic = {1.5, nan};
            scores.z = {-2.0, nan};
            scores.evidence = {0.25 * round, 0};
            scores.location = 1;
            scores.scale = 0.5;
            if (round == 2) scores.detail = {"", "twin of c0"};
            outcome.scores.push_back(std::move(scores));
        }
    model::Verdict bad;
    bad.client = model::ClientId{"c1"};
    bad.verdict = model::VerdictClass::malicious;
    bad.probability = 0.998;
    bad.first_bad_round = model::RoundNo{1};
    bad.bad_rounds = {model::RoundNo{1}, model::RoundNo{2}};
    bad.attack = "sybil";
    bad.family = "colluding";
    bad.reasons = {{"norm", model::RoundNo{1}, "twenty times the rest", 8.1}, {"cosine", model::RoundNo{2}, "", nan}};
    bad.against = {{"drift", model::RoundNo{2}, "moved with the others", 1}};
    bad.group = 1;
    model::Verdict good;
    good.client = model::ClientId{"c0"};
    good.verdict = model::VerdictClass::clean;
    good.probability = 0.01;
    outcome.verdicts.clients = {bad, good};
    outcome.verdicts.inspectable = false;
    outcome.verdicts.why_not = "because";
    outcome.rollback.recommended = model::RoundNo{0};
    outcome.rollback.first_poisoned_round = model::RoundNo{1};
    model::RollbackCandidate candidate;
    candidate.round = model::RoundNo{1};
    candidate.clean_probability = 0.5;
    candidate.contamination = nan;
    candidate.signature = "valid";
    candidate.aggregation = "matches";
    candidate.residual = 1e-7;
    candidate.metrics = {{"accuracy", 0.9}, {"loss", nan}};
    candidate.status = "suspect";
    candidate.why = "one of its updates is suspect";
    outcome.rollback.candidates = {candidate, {}};
    using model::FindingSource, model::Severity;
    outcome.findings = {
        {"accuracy-drop", Severity::low, {}, model::RoundNo{2}, "fell", "{\"by\":0.2}", FindingSource::analysis},
        {"signature-invalid", Severity::critical, model::ClientId{"c1"}, model::RoundNo{2}, "forged", "",
         FindingSource::identity},
        {"privacy-over-budget", Severity::critical, model::ClientId{"c0"}, {}, "spent", "", FindingSource::privacy},
        {"anomaly-spike", Severity::critical, {}, model::RoundNo{1}, "jumped", "", FindingSource::analysis}};
    outcome.parameters_json = "{\"seed\":1}";
    return outcome;
}

}  // namespace fedsleuth::test
