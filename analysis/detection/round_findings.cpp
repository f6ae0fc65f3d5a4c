// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/detection/round_findings.h"

#include "analysis/detection/robust.h"
#include "model/json_writer.h"
#include "model/text.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace fedsleuth::analysis {

using model::Finding;
using model::Severity;
using model::short_number;

namespace {

Finding finding_of(std::string kind, Severity severity, model::RoundNo round, std::string text, std::string evidence)
{
    Finding finding;
    finding.kind = std::move(kind);
    finding.severity = severity;
    finding.round = round;
    finding.text = std::move(text);
    finding.evidence_json = std::move(evidence);
    finding.source = model::FindingSource::analysis;
    return finding;
}

void find_mismatches(const std::vector<ServerStep>& steps, std::vector<Finding>& findings)
{
    for (const ServerStep& step : steps) {
        if (!step.residual || *step.residual <= tolerated_residual) continue;
        model::JsonWriter evidence;
        evidence.begin_object().field("residual", *step.residual).field("tolerated", tolerated_residual);
        evidence.field("step_norm", step.shipped).key("instead");
        if (step.instead_kind.empty())
            evidence.null();
        else
            evidence.value(step.instead_kind);
        evidence.key("clients").begin_array();
        for (const model::ClientId& client : step.instead_clients) evidence.value(client.text());
        evidence.end_array().end_object();
        findings.push_back(
            finding_of("checkpoint-mismatch", Severity::critical, step.round,
                       "The checkpoint of round " + std::to_string(step.round.value()) +
                           " is not what the stored updates give under the declared rule: what differs has " +
                           short_number(100 * *step.residual) + " % of the length of the step that was shipped (L2 norm " +
                           short_number(step.shipped) + ")." + (step.instead.empty() ? "" : " " + step.instead),
                       evidence.text()));
    }
}

void find_spikes(const std::vector<ServerStep>& steps, std::vector<Finding>& findings)
{
    constexpr double spike_ratio = 4;
    constexpr double spike_z = 6;
    std::vector<double> lengths;
    for (const ServerStep& step : steps) lengths.push_back(std::log(std::max(step.shipped, 1e-300)));
    if (lengths.size() < 5) return;
    const Crowd crowd = crowd_of(lengths, 0.1);
    for (std::size_t idx = 0; idx < steps.size(); ++idx) {
        const double ratio = std::exp(lengths[idx] - crowd.location);
        if (ratio < spike_ratio || (lengths[idx] - crowd.location) / crowd.scale < spike_z) continue;
        findings.push_back(finding_of("anomaly-spike", Severity::medium, steps[idx].round,
                                      "Round " + std::to_string(steps[idx].round.value()) + " moved the model " +
                                          short_number(ratio) + " times as far as the median round.",
                                      model::JsonWriter()
                                          .begin_object()
                                          .field("step_norm", steps[idx].shipped)
                                          .field("ratio_to_median", ratio)
                                          .end_object()
                                          .text()));
    }
}

void find_drops(const std::map<model::RoundNo, double>& accuracy, std::vector<Finding>& findings)
{
    constexpr double drop_share = 0.05;
    std::vector<double> changes;
    double previous = 0;
    bool first = true;
    for (const auto& [round, value] : accuracy) {
        if (!first) changes.push_back(value - previous);
        previous = value;
        first = false;
    }
    if (changes.size() < 4) return;
    const Crowd crowd = crowd_of(changes, 0.005);
    std::size_t idx = 0;
    first = true;
    for (const auto& [round, value] : accuracy) {
        if (!first) {
            const double change = changes[idx++];
            if (change <= -drop_share && (change - crowd.location) / crowd.scale <= -4)
                findings.push_back(finding_of("accuracy-drop", Severity::medium, round,
                                              "Accuracy fell from " + short_number(value - change) + " to " +
                                                  short_number(value) + " in round " + std::to_string(round.value()) +
                                                  ".",
                                              model::JsonWriter()
                                                  .begin_object()
                                                  .field("before", value - change)
                                                  .field("after", value)
                                                  .end_object()
                                                  .text()));
        }
        first = false;
    }
}

}  // namespace

std::vector<Finding> round_findings(const std::vector<model::Round>& rounds,
                                    const std::vector<model::Checkpoint>& checkpoints,
                                    const std::vector<ServerStep>& steps)
{
    std::vector<Finding> findings;
    find_mismatches(steps, findings);
    find_spikes(steps, findings);
    std::map<model::RoundNo, double> accuracy;
    const auto note = [&](model::RoundNo round, const model::Metrics& metrics) {
        const auto value = metrics.find("accuracy");
        if (value != metrics.end() && std::isfinite(value->second)) accuracy.try_emplace(round, value->second);
    };
    for (const model::Round& round : rounds) note(round.number, round.metrics);
    for (const model::Checkpoint& checkpoint : checkpoints) note(checkpoint.round, checkpoint.metrics);
    find_drops(accuracy, findings);
    return findings;
}

}  // namespace fedsleuth::analysis
