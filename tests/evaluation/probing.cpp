// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluation/probing.h"

#include "analysis/detection/score_round.h"
#include "analysis/lab/lab_case.h"
#include "analysis/lab/simulation.h"
#include "analysis/ledger/ledger_builder.h"

namespace fedsleuth::evaluation {

using model::Result;

model::ProbeSet as_probe(const analysis::lab::Dataset& data, const std::string& name)
{
    model::ProbeSet set;
    set.path = name;
    set.rows = data.size();
    if (data.shape.is_image())
        set.shape = {static_cast<std::int64_t>(data.shape.height), static_cast<std::int64_t>(data.shape.width)};
    else
        set.shape = {static_cast<std::int64_t>(data.shape.features)};
    set.inputs = data.inputs;
    set.labels = data.labels;
    return set;
}

namespace {

/// The first input of the probe set that the model answers wrongly, with its answer.
analysis::lab::Dataset natural_error(const analysis::lab::LabFederation& federation)
{
    const analysis::lab::Dataset& probe = federation.probe;
    analysis::lab::Dataset wrong{probe.shape, probe.classes, {}, {}};
    const auto network =
        analysis::PlainNetwork::recognise(federation.federation.layers, as_probe(probe, "probe").shape);
    if (!network) return wrong;
    const std::vector<std::int32_t> answers =
        analysis::answers(network->logits(federation.models.back(), probe.inputs), network->classes());
    for (std::size_t idx = 0; idx < answers.size() && wrong.size() == 0; ++idx)
        if (answers[idx] != probe.labels[idx]) wrong.add(probe.input(idx), answers[idx]);
    return wrong;
}

}  // namespace

Result<Probed> probe_cell(const Cell& cell)
{
    model::Progress progress;
    FEDSLEUTH_TRY(auto simulated, analysis::lab::simulate(cell.options, progress));
    const auto federation = std::make_shared<const analysis::lab::LabFederation>(std::move(simulated));
    analysis::lab::LabCase lab(federation);
    Probed out;
    Recording& recording = out.recording;
    recording.cell = cell;
    recording.malicious = federation->truth.malicious;
    recording.attack_of = federation->truth.attack_of;
    recording.unreliable = federation->truth.unreliable;
    for (const model::Client& client : federation->clients)
        if (client.num_examples) recording.examples[client.id] = static_cast<double>(*client.num_examples);

    const analysis::lab::Dataset wrong = cell.attack.empty() ? natural_error(*federation) : federation->misclassified;
    out.probes.probe = as_probe(federation->probe, "probe");
    out.has_misclassified = wrong.size() > 0;
    if (out.has_misclassified) out.probes.misclassified = as_probe(wrong, "misclassified");
    FEDSLEUTH_TRY(const analysis::ProbeMeasures measures,
                  analysis::ProbeMeasures::make(federation->federation.layers, out.probes));
    out.classes = measures.probe_classes();
    out.wrong_answer = measures.wrong_answer();
    std::optional<analysis::ProbeMeasures> trace;
    if (out.has_misclassified) {
        FEDSLEUTH_TRY(trace,
                      analysis::ProbeMeasures::make(federation->federation.layers, {{}, out.probes.misclassified}));
    }
    for (const analysis::LedgerPlan& plan : analysis::plan_ledgers(federation->updates, federation->checkpoints)) {
        FEDSLEUTH_TRY(auto ledger, analysis::build_ledger(lab, federation->federation.layers, plan, progress));
        if (ledger.has_model && ledger.size() >= analysis::smallest_crowd) {
            FEDSLEUTH_TRY(analysis::ProbeRound round, measures.measure(plan.round, ledger.clients, lab));
            out.rounds.push_back(std::move(round));
            if (trace) {
                FEDSLEUTH_TRY(analysis::ProbeRound alone, trace->measure(plan.round, ledger.clients, lab));
                out.trace_rounds.push_back(std::move(alone));
            }
        }
        recording.ledgers.push_back(std::move(ledger));
    }
    return out;
}

}  // namespace fedsleuth::evaluation
