// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/export/evidence_lines.h"

#include "model/json_writer.h"

#include <cmath>

namespace fedsleuth::storage {

namespace {

using model::JsonWriter;

template <class Optional>
void if_known(JsonWriter& json, std::string_view name, const Optional& value)
{
    if (value) json.field(name, *value);
}

void if_said(JsonWriter& json, std::string_view name, const std::string& text)
{
    if (!text.empty()) json.field(name, text);
}

void metrics_field(JsonWriter& json, const model::Metrics& metrics)
{
    if (metrics.empty()) return;
    json.key("metrics").begin_object();
    for (const auto& [name, value] : metrics) {
        json.key(name);
        if (std::isfinite(value))
            json.value(value);
        else
            json.raw(std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
    }
    json.end_object();
}

void signature_fields(JsonWriter& json, const std::optional<model::Signature>& signature)
{
    if (!signature) return;
    json.field("signature", signature->base64).field("signature_scheme", signature->scheme);
}

void clients_field(JsonWriter& json, std::string_view name, const std::vector<model::ClientId>& clients)
{
    json.key(name).begin_array();
    for (const model::ClientId& client : clients) json.value(client.text());
    json.end_array();
}

std::string_view name_of(model::UpdateKind kind)
{
    switch (kind) {
        case model::UpdateKind::delta:
            return "delta";
        case model::UpdateKind::weights:
            return "weights";
        case model::UpdateKind::gradient:
            return "gradient";
    }
    return "delta";
}

JsonWriter line(std::string_view type)
{
    JsonWriter json;
    json.begin_object().field("type", type);
    return json;
}

std::string ended(JsonWriter& json)
{
    json.end_object();
    return json.text() + "\n";
}

void mechanism_field(JsonWriter& json, const model::PrivacyMechanism& mechanism)
{
    json.key("privacy").begin_object();
    if_said(json, "mechanism", mechanism.mechanism);
    if_said(json, "unit", mechanism.unit);
    if_said(json, "where", mechanism.where);
    if_known(json, "clipping_norm", mechanism.clipping_norm);
    if_known(json, "noise_multiplier", mechanism.noise_multiplier);
    if_known(json, "sampling_rate", mechanism.sampling_rate);
    if_known(json, "steps_per_round", mechanism.steps_per_round);
    if_known(json, "delta", mechanism.delta);
    if_known(json, "epsilon_budget", mechanism.epsilon_budget);
    json.end_object();
}

void claim_field(JsonWriter& json, const model::PrivacyClaim& claim)
{
    json.key("privacy").begin_object();
    if (claim.epsilon) {
        json.field("epsilon", *claim.epsilon);
        json.field("epsilon_is", claim.cumulative ? "cumulative" : "per-round");
    }
    if_known(json, "delta", claim.delta);
    if_known(json, "noise_multiplier", claim.noise_multiplier);
    if_known(json, "clipping_norm", claim.clipping_norm);
    if_known(json, "sampling_rate", claim.sampling_rate);
    if_known(json, "steps", claim.steps);
    if_said(json, "accountant", claim.accountant);
    json.end_object();
}

}  // namespace

std::string round_digits(model::RoundNo round)
{
    constexpr std::size_t width = 4;
    std::string digits = std::to_string(round.value());
    if (digits.size() < width) digits.insert(0, width - digits.size(), '0');
    return digits;
}

std::string federation_line(const model::Federation& federation)
{
    JsonWriter json = line("federation");
    json.field("format", federation.format).field("name", federation.name);
    if_said(json, "framework", federation.framework);
    if_said(json, "framework_version", federation.framework_version);
    if_said(json, "started_at", federation.started_at);
    json.field("update_kind", name_of(federation.update_kind)).key("aggregation").begin_object();
    const model::Aggregation& aggregation = federation.aggregation;
    json.field("rule", aggregation.rule);
    json.field("weighted_by", aggregation.weighted_by == model::Weighting::equal ? "equal" : "num_examples");
    json.field("server_learning_rate", aggregation.server_learning_rate);
    for (const auto& [name, value] : aggregation.parameters) json.field(name, value);
    json.end_object().key("layers").begin_array();
    for (const model::Layer& layer : federation.layers) {
        json.begin_object().field("name", layer.name).key("shape").begin_array();
        for (const std::int64_t extent : layer.shape) json.value(extent);
        json.end_array().end_object();
    }
    json.end_array();
    if (federation.privacy) mechanism_field(json, *federation.privacy);
    if (federation.secure_aggregation) json.field("secure_aggregation", true);
    if (federation.trust) {
        json.key("trust").begin_object();
        if_said(json, "ca", federation.trust->ca);
        if_said(json, "crl", federation.trust->crl);
        if_said(json, "server_certificate", federation.trust->server_certificate);
        json.end_object();
    }
    return ended(json);
}

std::string client_line(const model::Client& client)
{
    JsonWriter json = line("client");
    json.field("client", client.id.text());
    if_said(json, "registered_at", client.registered_at);
    if_known(json, "num_examples", client.num_examples);
    if_said(json, "certificate", client.certificate);
    return ended(json);
}

std::string update_line(const model::Update& update)
{
    JsonWriter json = line("update");
    json.field("round", update.round.value()).field("client", update.client.text());
    if_said(json, "received_at", update.received_at);
    if_known(json, "num_examples", update.num_examples);
    json.field("path", update.path).field("sha256", update.declared_sha256);
    metrics_field(json, update.metrics);
    if (update.privacy) claim_field(json, *update.privacy);
    if_known(json, "weight", update.weight);
    if (update.base_round) json.field("base_round", update.base_round->value());
    if_known(json, "accepted", update.accepted);
    if_said(json, "reason", update.reason);
    if_said(json, "stage", update.stage);
    if (update.reference) json.field("role", "reference");
    signature_fields(json, update.signature);
    return ended(json);
}

std::string round_line(const model::Round& round)
{
    JsonWriter json = line("round");
    json.field("round", round.number.value());
    if_said(json, "started_at", round.started_at);
    if_said(json, "finished_at", round.finished_at);
    clients_field(json, "selected", round.selected);
    if (!round.failed.empty()) clients_field(json, "failed", round.failed);
    metrics_field(json, round.metrics);
    return ended(json);
}

std::string checkpoint_line(const model::Checkpoint& checkpoint)
{
    JsonWriter json = line("checkpoint");
    json.field("round", checkpoint.round.value()).field("path", checkpoint.path);
    json.field("sha256", checkpoint.declared_sha256);
    metrics_field(json, checkpoint.metrics);
    signature_fields(json, checkpoint.signature);
    return ended(json);
}

}  // namespace fedsleuth::storage
