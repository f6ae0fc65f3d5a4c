// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rollback/replay.h"

#include "analysis/rollback/answer.h"
#include "model/json_writer.h"
#include "model/text.h"

#include <openssl/sha.h>

#include <cstdio>
#include <set>

namespace fedsleuth::analysis {

using model::ClientId;
using model::ErrorCode;
using model::JsonWriter;
using model::RoundNo;

namespace {

std::string sha256_hex(const std::string& text)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
    std::string hex;
    char two[3];
    for (const unsigned char byte : digest) {
        std::snprintf(two, sizeof two, "%02x", byte);
        hex += two;
    }
    return hex;
}

std::string percent(double share) { return model::short_number(share * 100, 3) + " %"; }

}  // namespace

std::string_view name_of(Badge badge)
{
    return badge == Badge::green ? "green" : badge == Badge::amber ? "amber" : "red";
}

Validity validity_of(const Counterfactual& replay)
{
    constexpr double near = 0.2, far = 0.5, agreeing = 0.25;
    Validity validity;
    const CounterfactualPoint& last = replay.points.back();
    if (!(last.frozen > 0)) {
        validity.reason = "Nothing that was left out had moved the model: it is the shipped one.";
        return validity;
    }
    validity.moved = last.way > 0 ? last.frozen / last.way : 1.0;
    validity.disagreement = last.apart / last.frozen;
    const std::string figures = "At the last checkpoint the model would lie " + percent(validity.moved) +
                                " of the way of training from the shipped one, and the two replays (updates as they "
                                "were sent, and updates that answer the other model) differ by " +
                                percent(validity.disagreement) + " of that.";
    if (validity.moved < near && validity.disagreement < agreeing) {
        validity.reason = figures + " Honest updates would have been nearly the same.";
    } else if (validity.moved < far) {
        validity.badge = Badge::amber;
        validity.reason = figures +
                          " Honest clients would have answered it with other updates: a good start for "
                          "training on, not a measurement.";
    } else {
        validity.badge = Badge::red;
        validity.reason = figures +
                          " The updates were computed at a different model; only retraining answers what "
                          "would have been.";
    }
    return validity;
}

model::Result<CounterfactualOptions> replay_options(model::CaseStore& store, const ReplayRequest& request)
{
    FEDSLEUTH_TRY(const std::vector<model::Update> updates, store.updates());
    std::set<ClientId> known, removed(request.exclude.begin(), request.exclude.end());
    for (const model::Update& update : updates)
        if (!update.reference) known.insert(update.client);
    for (const ClientId& client : removed)
        if (!known.contains(client))
            return model::fail(ErrorCode::not_found, "No update of a client \"" + client.text() + "\" is in the case");
    CounterfactualOptions options;
    options.rule = request.rule;
    options.from = request.from;
    FEDSLEUTH_TRY(const std::optional<RollbackAnswer> answer, rollback_answer(store));
    if (answer) options.tampered = tampered_rounds(answer->rollback.candidates);
    if (request.flagged) {
        if (!answer)
            return model::fail(ErrorCode::not_found, "The case has not been analysed yet, so nobody is flagged", {},
                               "run analyse first, or name the clients with --exclude");
        for (const Removal& flagged : answer->flagged) removed.insert(flagged.client);
        if (!options.from && !answer->flagged.empty() && answer->rollback.recommended != std::nullopt)
            options.from = answer->rollback.recommended;
    }
    for (const ClientId& client : removed) options.removals.push_back({client, RoundNo{}});
    if (options.removals.empty() && !options.rule && options.tampered.empty())
        return model::fail(ErrorCode::invalid_argument,
                           request.flagged ? "Nobody is flagged: the replay would give the shipped checkpoints"
                                           : "Nothing is to be left out and no other rule is named",
                           {}, "name clients with --exclude, or a rule with --rule");
    return options;
}

model::Result<std::string> replay_inputs_json(model::CaseStore& store, const CounterfactualOptions& options)
{
    FEDSLEUTH_TRY(const model::Federation federation, store.federation());
    FEDSLEUTH_TRY(const std::vector<model::Update> updates, store.updates());
    FEDSLEUTH_TRY(const std::vector<model::Checkpoint> checkpoints, store.checkpoints());
    JsonWriter json;
    json.begin_object().field("federation", federation.name).key("from");
    options.from ? json.value(options.from->value()) : json.null();
    json.key("removed").begin_array();
    for (const Removal& removal : options.removals)
        json.begin_object().field("client", removal.client.text()).field("since", removal.since.value()).end_object();
    json.end_array().key("tampered_rounds").begin_array();
    for (const RoundNo round : options.tampered) json.value(round.value());
    json.end_array().field("rule", options.rule ? options.rule->name : federation.aggregation.rule);
    json.field("rule_is_declared", !options.rule).key("settings").begin_object();
    for (const auto& [name, value] : options.rule ? options.rule->settings.values : federation.aggregation.parameters)
        json.field(name, value);
    json.end_object().field("variant", options.rule ? options.rule->settings.variant : std::string("paper"));
    json.field("seed", options.rule ? options.rule->settings.seed : std::uint64_t{0});
    json.key("pre").begin_array();
    if (options.rule)
        for (const PreSettings& pre : options.rule->settings.pre) {
            json.begin_object().field("name", pre.name).key("settings").begin_object();
            for (const auto& [name, value] : pre.values) json.field(name, value);
            json.end_object().end_object();
        }
    json.end_array().field("version", FEDSLEUTH_VERSION).key("sources").begin_array();
    const auto source = [&](std::string_view role, RoundNo round, const std::string& path, const std::string& sha256) {
        json.begin_object().field("role", role).field("round", round.value()).field("path", path);
        json.field("sha256", sha256).end_object();
    };
    for (const model::Checkpoint& checkpoint : checkpoints)
        source("checkpoint", checkpoint.round, checkpoint.path, checkpoint.actual_sha256);
    for (const model::Update& update : updates)
        source(update.reference ? "reference" : "update", update.round, update.path, update.actual_sha256);
    json.end_array().end_object();
    return json.text();
}

std::string replay_manifest_json(const std::string& inputs_json, const Counterfactual& replay,
                                 const std::vector<ReplayFile>& files)
{
    const Validity validity = validity_of(replay);
    JsonWriter json;
    json.begin_object().field("format", "fedsleuth-replay/1").key("inputs").raw(inputs_json);
    json.field("from", replay.from.value()).key("validity").begin_object();
    json.field("badge", name_of(validity.badge)).field("moved", validity.moved);
    json.field("disagreement", validity.disagreement).field("reason", validity.reason).end_object();
    json.key("files").begin_array();
    for (const ReplayFile& file : files) {
        json.begin_object().field("round", file.round.value()).field("kind", file.kind).field("path", file.path);
        json.field("sha256", file.sha256).end_object();
    }
    json.end_array().key("curve").begin_array();
    for (const CounterfactualPoint& point : replay.points) {
        json.begin_object().field("round", point.round.value()).field("way", point.way);
        json.field("injected", point.injected).field("frozen", point.frozen).field("corrected", point.corrected);
        json.field("bound", point.bound).end_object();
    }
    json.end_array().optional_field("secant", replay.secant).key("tampered_rounds").begin_array();
    for (const RoundNo round : replay.tampered) json.value(round.value());
    json.end_array().key("notes").begin_array();
    json.value(
        "Frozen: every update that is left is used as it was sent. Corrected: the same, with the answer of "
        "honest clients to the other model estimated by L-BFGS; of the last round only.");
    json.value("Integer tensors (counters) have no numbers here and are left out of the files.");
    json.value(
        "These models are made from raw updates: differential privacy that the shipped checkpoints promise "
        "does not cover them. Treat them as confidential.");
    for (const std::string& note : replay.notes) json.value(note);
    json.end_array().end_object();
    return json.text();
}

namespace {

/// The rounds that an earlier run of the same replay finished.
model::Result<void> probe_earlier(const Counterfactual& replay, const model::CheckpointSink& sink, ReplayProbe& probe,
                                  model::Progress& progress)
{
    for (const CounterfactualPoint& point : replay.points) {
        if (probe.has(point.round)) continue;
        if (progress.stopped()) return model::fail(ErrorCode::cancelled, "stopped");
        FEDSLEUTH_TRY(const VectorReader frozen, sink.read("frozen", point.round));
        auto corrected = sink.read("corrected", point.round);
        if (!corrected && corrected.error().code != ErrorCode::not_found)
            return model::pass_on(std::move(corrected.error()));
        FEDSLEUTH_CHECK(probe.take(point.round, frozen, corrected ? *corrected : VectorReader()));
    }
    return {};
}

}  // namespace

model::Result<ReplayOutcome> replay_into(model::CaseStore& store, model::UpdateSource& source,
                                         const CounterfactualOptions& options, model::CheckpointSink& sink,
                                         model::Progress& progress, ReplayProbe* probe)
{
    FEDSLEUTH_TRY(const std::string inputs, replay_inputs_json(store, options));
    ReplayOutcome outcome;
    std::optional<RoundNo> last;
    const auto take = [&](RoundNo round, const VectorReader& frozen,
                          const VectorReader& corrected) -> model::Result<void> {
        FEDSLEUTH_CHECK(sink.write("frozen", round, frozen));
        // The corrected model is kept of the last round alone; which one that is shows in the end. Until then a run
        // with probes keeps them all: stopped and resumed, it measures them again.
        FEDSLEUTH_CHECK(sink.write("corrected", round, corrected));
        if (last && !probe) sink.remove("corrected", *last);
        last = round;
        if (probe) FEDSLEUTH_CHECK(probe->take(round, frozen, corrected));
        return {};
    };
    FEDSLEUTH_TRY(outcome.replay, run_counterfactual(store, source, options, take,
                                                     {sink.state_folder(), sha256_hex(inputs)}, progress));
    if (probe) FEDSLEUTH_CHECK(probe_earlier(outcome.replay, sink, *probe, progress));
    const auto add = [&](const char* kind, RoundNo round) -> model::Result<void> {
        ReplayFile file{round, kind, sink.name(kind, round), {}};
        FEDSLEUTH_TRY(file.sha256, sink.digest(file.path));
        outcome.files.push_back(std::move(file));
        return {};
    };
    for (const CounterfactualPoint& point : outcome.replay.points) {
        FEDSLEUTH_CHECK(add("frozen", point.round));
        if (point.round != outcome.replay.points.back().round) sink.remove("corrected", point.round);
    }
    FEDSLEUTH_CHECK(add("corrected", outcome.replay.points.back().round));
    outcome.manifest = replay_manifest_json(inputs, outcome.replay, outcome.files);
    FEDSLEUTH_TRY(outcome.manifest_sha256, sink.finish(outcome.manifest));
    JsonWriter custody;
    custody.begin_object().field("version", FEDSLEUTH_VERSION).field("what", "replay");
    custody.field("badge", name_of(validity_of(outcome.replay).badge)).field("inputs_sha256", sha256_hex(inputs));
    if (probe) custody.key("probes").raw(probes_parameters_json(probe->probes()));
    outcome.custody_json = custody.end_object().text();
    return outcome;
}

}  // namespace fedsleuth::analysis
