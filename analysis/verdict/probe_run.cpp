// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/verdict/probe_run.h"

#include "model/json_writer.h"
#include "model/text.h"

#include <algorithm>
#include <map>
#include <set>

namespace fedsleuth::analysis {

using model::Result;
using model::RoundNo;
using model::VectorRef;

namespace {

Result<std::vector<float>> read_checkpoint(model::UpdateSource& source, RoundNo round, std::size_t d)
{
    const VectorRef ref{VectorRef::Kind::checkpoint, round, {}};
    std::vector<float> weights(d);
    for (std::size_t first = 0; first < d; first += model::slab_coordinates) {
        const auto count = std::min<std::int64_t>(model::slab_coordinates, static_cast<std::int64_t>(d - first));
        FEDSLEUTH_CHECK(source.read({&ref, 1}, static_cast<std::int64_t>(first), count, weights.data() + first));
    }
    return weights;
}

void write_set(model::JsonWriter& json, std::string_view name, const std::optional<model::ProbeSet>& set)
{
    json.key(name);
    if (!set) {
        json.null();
        return;
    }
    json.begin_object().field("path", set->path).field("sha256", set->sha256);
    json.field("inputs", static_cast<std::uint64_t>(set->rows)).end_object();
}

std::string percent(double share) { return model::short_number(100 * share) + " %"; }

}  // namespace

std::string probes_parameters_json(const Probes& probes)
{
    model::JsonWriter json;
    json.begin_object();
    write_set(json, "probe", probes.probe);
    write_set(json, "misclassified", probes.misclassified);
    json.end_object();
    return json.text();
}

Result<ProbeRun> run_probes(model::CaseStore&, model::UpdateSource& source, const model::Federation& federation,
                            const std::vector<model::Checkpoint>& checkpoints, Probes probes,
                            const std::vector<std::pair<RoundNo, std::vector<model::ClientId>>>& rounds,
                            model::Progress& progress)
{
    FEDSLEUTH_TRY(const PlainNetwork network, network_for(federation.layers, probes));
    std::set<RoundNo> usable;
    for (const model::Checkpoint& checkpoint : checkpoints)
        if (checkpoint.usable()) usable.insert(checkpoint.round);
    if (usable.empty())
        return model::fail(model::ErrorCode::not_applicable,
                           "a probe needs a checkpoint, and the case has none to use");
    if (probes.misclassified && probes.misclassified->labels.empty()) {
        FEDSLEUTH_TRY(const std::vector<float> last, read_checkpoint(source, *usable.rbegin(), network.coordinates()));
        probes.misclassified->labels = answers(network.logits(last, probes.misclassified->inputs), network.classes());
    }
    ProbeRun run;
    progress.start("Running the models on the probes", static_cast<std::int64_t>(rounds.size() + usable.size()),
                   "rounds");
    model::JsonWriter json;
    json.begin_object().key("probes").raw(probes_parameters_json(probes)).field("network", network.text());
    json.key("checkpoints").begin_array();
    std::optional<ProbeScore> last;
    for (const RoundNo round : usable) {
        if (progress.stopped()) return model::fail(model::ErrorCode::cancelled, "The analysis was stopped");
        FEDSLEUTH_TRY(const std::vector<float> weights, read_checkpoint(source, round, network.coordinates()));
        last = probe_score(network, probes, weights);
        json.begin_object().field("round", round.value()).optional_field("accuracy", last->accuracy);
        json.optional_field("attack_success", last->attack_success).end_object();
        progress.advance(1);
    }
    json.end_array().end_object();
    run.json = json.text();

    FEDSLEUTH_TRY(const ProbeMeasures measures, ProbeMeasures::make(federation.layers, probes));
    run.evidence.classes = measures.probe_classes();
    run.evidence.wrong_answer = measures.wrong_answer();
    for (const auto& [round, clients] : rounds) {
        if (progress.stopped()) return model::fail(model::ErrorCode::cancelled, "The analysis was stopped");
        if (usable.contains(round.before())) {
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
    run.notes.push_back(note + ".");
    return run;
}

}  // namespace fedsleuth::analysis
