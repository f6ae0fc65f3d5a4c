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

/// The first input of the server's test data that the last model answers wrongly, with its answer. It must not be one
/// of the probe set: an attack's input is none of it either.
analysis::lab::Dataset natural_error(const analysis::lab::LabFederation& federation, const analysis::lab::Dataset& test)
{
    analysis::lab::Dataset wrong{test.shape, test.classes, {}, {}};
    const auto network = analysis::PlainNetwork::recognise(federation.federation.layers, as_probe(test, "test").shape);
    if (!network) return wrong;
    const std::vector<std::int32_t> answers =
        analysis::answers(network->logits(federation.models.back(), test.inputs), network->classes());
    for (std::size_t idx = 0; idx < answers.size() && wrong.size() == 0; ++idx)
        if (answers[idx] != test.labels[idx]) wrong.add(test.input(idx), answers[idx]);
    return wrong;
}

/// The last model that answers the input as it says, or just the last.
std::vector<float> shipped_with(const analysis::lab::LabFederation& federation, const model::ProbeSet& wrong)
{
    const auto network = analysis::PlainNetwork::recognise(federation.federation.layers, wrong.shape);
    for (std::size_t back = federation.models.size(); network && back-- > 0;)
        if (analysis::answers(network->logits(federation.models[back], wrong.inputs), network->classes()) ==
            wrong.labels)
            return federation.models[back];
    return federation.models.back();
}

}  // namespace

Result<Probed> probe_cell(const Cell& cell)
{
    model::Progress progress;
    FEDSLEUTH_TRY(analysis::lab::Simulation simulation, analysis::lab::Simulation::create(cell.options));
    while (!simulation.done()) FEDSLEUTH_CHECK(simulation.step());
    const analysis::lab::Dataset test = simulation.test_data();
    const auto federation = std::make_shared<const analysis::lab::LabFederation>(simulation.take());
    analysis::lab::LabCase lab(federation);
    Probed out;
    Recording& recording = out.recording;
    recording.cell = cell;
    recording.malicious = federation->truth.malicious;
    recording.attack_of = federation->truth.attack_of;
    recording.unreliable = federation->truth.unreliable;
    for (const model::Client& client : federation->clients)
        if (client.num_examples) recording.examples[client.id] = static_cast<double>(*client.num_examples);

    const analysis::lab::Dataset wrong =
        cell.attack.empty() ? natural_error(*federation, test) : federation->misclassified;
    out.probes.probe = as_probe(federation->probe, "probe");
    out.has_misclassified = wrong.size() > 0;
    if (out.has_misclassified) out.probes.misclassified = as_probe(wrong, "misclassified");
    std::vector<float> shipped;
    if (out.has_misclassified) shipped = shipped_with(*federation, *out.probes.misclassified);
    FEDSLEUTH_TRY(analysis::ProbeMeasures measures,
                  analysis::ProbeMeasures::make(federation->federation.layers, out.probes, shipped, progress));
    out.classes = measures.probe_classes();
    out.wrong_answer = measures.wrong_answer();
    std::optional<analysis::ProbeMeasures> trace;
    if (out.has_misclassified) {
        FEDSLEUTH_TRY(trace, analysis::ProbeMeasures::make(federation->federation.layers,
                                                           {{}, out.probes.misclassified}, shipped, progress));
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
