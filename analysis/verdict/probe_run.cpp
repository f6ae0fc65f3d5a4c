// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/verdict/probe_run.h"

#include "analysis/probe/read_weights.h"
#include "model/json_writer.h"
#include "model/text.h"

#include <simdjson.h>

#include <algorithm>

namespace fedsleuth::analysis {

using model::Result;
using model::RoundNo;
using model::VectorRef;

namespace {

std::string percent(double share) { return model::short_number(100 * share) + " %"; }

}  // namespace

std::string probes_summary(const std::string& json)
{
    simdjson::dom::parser parser;
    const simdjson::padded_string padded(json);
    std::string_view text;
    if (parser.parse(padded)["summary"].get(text) != simdjson::SUCCESS) return {};
    return std::string(text);
}

Result<ProbeRun> run_probes(model::UpdateSource& source, const model::Federation& federation,
                            const std::vector<model::Checkpoint>& checkpoints, Probes probes,
                            const std::vector<std::pair<RoundNo, std::vector<model::ClientId>>>& rounds,
                            model::Progress& progress)
{
    FEDSLEUTH_TRY(const PlainNetwork network, network_for(federation.layers, probes));
    std::vector<RoundNo> usable;
    for (const model::Checkpoint& checkpoint : checkpoints)
        if (checkpoint.usable()) usable.push_back(checkpoint.round);
    if (usable.empty())
        return model::fail(model::ErrorCode::not_applicable,
                           "a probe needs a checkpoint, and the case has none to use");
    FEDSLEUTH_CHECK(answer_misclassified(network, probes, source, usable));
    ProbeRun run;
    progress.start("Running the models on the probes", static_cast<std::int64_t>(rounds.size() + usable.size()),
                   "rounds");
    model::JsonWriter json;
    json.begin_object().key("probes").raw(probes_parameters_json(probes)).field("network", network.text());
    json.key("checkpoints").begin_array();
    std::optional<ProbeScore> last;
    std::vector<float> weights(network.coordinates()),
        shipped;  // of those that give most of the wrong answers, the last
    double most_given = 0;
    for (const RoundNo round : usable) {
        if (progress.stopped()) return model::fail(model::ErrorCode::cancelled, "The analysis was stopped");
        FEDSLEUTH_CHECK(read_whole(reader_of(source, {VectorRef::Kind::checkpoint, round, {}}), weights));
        last = probe_score(network, probes, weights);
        if (const double given = last->attack_success.value_or(0); given >= most_given) {
            shipped = weights;
            most_given = given;
        }
        json.begin_object().field("round", round.value()).optional_field("accuracy", last->accuracy);
        json.optional_field("attack_success", last->attack_success).end_object();
        progress.advance(1);
    }
    json.end_array();
    FEDSLEUTH_TRY(ProbeMeasures measures, ProbeMeasures::make(federation.layers, probes, std::move(shipped), progress));
    run.evidence.classes = measures.probe_classes();
    run.evidence.wrong_answer = measures.wrong_answer();
    for (const auto& [round, clients] : rounds) {
        if (progress.stopped()) return model::fail(model::ErrorCode::cancelled, "The analysis was stopped");
        if (std::binary_search(usable.begin(), usable.end(), round.before())) {
            FEDSLEUTH_TRY(ProbeRound measured, measures.measure(round, clients, source));
            run.evidence.rounds.push_back(std::move(measured));
        }
        progress.advance(1);
    }
    std::string note = "Probes on the model " + network.text() + ": ";
    if (last->accuracy) note += "the last checkpoint answers " + percent(*last->accuracy) + " of the probe set rightly";
    if (last->attack_success)
        note += std::string(last->accuracy ? ", and " : "the last checkpoint gives ") + percent(*last->attack_success) +
                " of the misclassified inputs the wrong answer";
    if (probes.misclassified && !run.evidence.rounds.empty()) {
        const InputTrace& trace = run.evidence.rounds.front().trace;
        note += ". Of the " + std::to_string(network.inputs()) + " places of a misclassified input the " +
                std::to_string(InputTracer::reason_places(network.inputs())) +
                " that carry the wrong answer most raise its log-odds by " + model::short_number(trace.reason_odds) +
                " there, and by " + model::short_number(trace.moved_odds) +
                " where they are put into shuffled inputs (a planted trigger does both)";
    }
    run.notes.push_back(note + ".");
    if (probes.misclassified)
        run.notes.emplace_back(
            "An input that was answered wrongly says that something went wrong: less is asked for before a client is "
            "malicious or suspect.");
    for (const std::optional<model::ProbeSet>* set : {&probes.probe, &probes.misclassified})
        if (*set)
            note += std::string(set == &probes.probe ? ". Probe set: " : ". Misclassified inputs: ") +
                    std::to_string((*set)->rows) + " from a file with the SHA-256 " + (*set)->sha256;
    run.json = json.field("summary", note + ".").end_object().text();
    return run;
}

}  // namespace fedsleuth::analysis
