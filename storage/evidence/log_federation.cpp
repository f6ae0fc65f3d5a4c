// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/layer.h"
#include "storage/evidence/evidence_text.h"
#include "storage/evidence/log_nouns.h"

#include <cmath>
#include <set>

namespace fedsleuth::storage {

namespace dom = simdjson::dom;

namespace {

constexpr std::string_view known_format = "fedsleuth/1";

void read_update_kind(Fields& fields, model::Federation& federation)
{
    constexpr std::string_view expected = "\"delta\", \"weights\" or \"gradient\"";
    fields.require("update_kind", expected);
    const std::optional<std::string> kind = fields.text("update_kind");
    if (!kind) return;
    if (*kind == "delta")
        federation.update_kind = model::UpdateKind::delta;
    else if (*kind == "weights")
        federation.update_kind = model::UpdateKind::weights;
    else if (*kind == "gradient")
        federation.update_kind = model::UpdateKind::gradient;
    else
        fields.complain("\"update_kind\" is " + in_quotes(*kind) + ", expected " + std::string(expected));
}

model::Aggregation read_aggregation(Fields& fields)
{
    model::Aggregation aggregation;
    if (std::optional<std::string> rule = fields.short_text("rule")) aggregation.rule = std::move(*rule);
    if (const std::optional<std::string> weighted = fields.text("weighted_by")) {
        if (*weighted != "num_examples" && *weighted != "equal")
            fields.complain("\"aggregation.weighted_by\" is " + in_quotes(*weighted) +
                            ", expected \"num_examples\" or \"equal\"");
        aggregation.weighted_by = *weighted == "equal" ? model::Weighting::equal : model::Weighting::num_examples;
    }
    if (const std::optional<double> rate = fields.number("server_learning_rate")) {
        if (!std::isfinite(*rate))
            fields.complain("\"aggregation.server_learning_rate\" is not finite, expected a finite number");
        aggregation.server_learning_rate = *rate;
    }
    aggregation.parameters = fields.take_numbers();
    return aggregation;
}

model::PrivacyMechanism read_mechanism(Fields& fields)
{
    model::PrivacyMechanism mechanism;
    mechanism.mechanism = fields.text("mechanism").value_or("");
    mechanism.unit = fields.text("unit").value_or("");
    mechanism.where = fields.text("where").value_or("");
    mechanism.clipping_norm = fields.number("clipping_norm");
    mechanism.noise_multiplier = fields.number("noise_multiplier");
    mechanism.sampling_rate = fields.number("sampling_rate");
    mechanism.steps_per_round = fields.number("steps_per_round");
    mechanism.delta = fields.number("delta");
    mechanism.epsilon_budget = fields.number("epsilon_budget");
    return mechanism;
}

/// One of `layers`; complaints go to the layer's own fields.
model::Layer read_layer(Fields& fields, const Limits& limits)
{
    constexpr std::string_view expected = "an array of integers from 0 on";
    model::Layer layer;
    fields.require("name", "the tensor's name");
    layer.name = fields.short_text("name").value_or("");
    fields.require("shape", expected);
    const std::optional<dom::array> shape = fields.array("shape");
    if (!shape) return layer;
    for (const dom::element item : *shape) {
        std::int64_t extent = 0;
        if (item.get(extent) != simdjson::SUCCESS || extent < 0) {
            fields.complain(in_quotes(fields.name_of("shape")) + " holds " + std::string(simdjson::to_string(item)) +
                            ", expected " + std::string(expected));
            return layer;
        }
        layer.shape.push_back(extent);
    }
    if (static_cast<std::int64_t>(layer.shape.size()) > limits.rank)
        fields.complain(in_quotes(fields.name_of("shape")) + " has " + std::to_string(layer.shape.size()) +
                        " dimensions, more than the limit of " + std::to_string(limits.rank));
    return layer;
}

std::vector<model::Layer> read_layers(LogObject& line)
{
    Fields& fields = line.fields();
    const Limits& limits = line.limits();
    std::vector<model::Layer> layers;
    std::set<std::string> names;
    const std::optional<dom::array> items = fields.array("layers");
    if (!items) return layers;
    for (const dom::element item : *items) {
        const std::string name = "layers[" + std::to_string(layers.size()) + "]";
        if (static_cast<std::int64_t>(layers.size()) == limits.tensors) {
            fields.complain("\"layers\" has more than the limit of " + std::to_string(limits.tensors));
            return layers;
        }
        dom::object object;
        if (item.get(object) != simdjson::SUCCESS) {
            fields.complain(in_quotes(name) + " is no object with \"name\" and \"shape\"");
            return layers;
        }
        Fields layer(object, name + ".", line.bare(), limits);
        layers.push_back(read_layer(layer, limits));
        if (!names.insert(layers.back().name).second)
            layer.complain("\"layers\" has the name " + in_quotes(layers.back().name) + " twice");
        if (!layer.fine()) {
            fields.complain(layer.complaint());
            return layers;
        }
    }
    const std::int64_t coordinates = model::lay_out(layers);
    if (coordinates < 0 || coordinates > limits.elements)
        fields.complain("\"layers\" hold more elements than the limit of " + std::to_string(limits.elements));
    return layers;
}

}  // namespace

model::Federation read_federation(LogObject& line)
{
    Fields& fields = line.fields();
    model::Federation federation;
    fields.require("format", "\"fedsleuth/1\"");
    federation.format = fields.text("format").value_or("");
    if (federation.format != known_format)
        fields.complain("\"format\" is " + in_quotes(federation.format) + ", expected \"fedsleuth/1\"");
    federation.name = fields.text("name").value_or("");
    federation.framework = fields.text("framework").value_or("");
    federation.framework_version = fields.text("framework_version").value_or("");
    federation.started_at = fields.text("started_at").value_or("");
    read_update_kind(fields, federation);
    if (Fields* const aggregation = line.nested("aggregation")) federation.aggregation = read_aggregation(*aggregation);
    federation.layers = read_layers(line);
    if (Fields* const privacy = line.nested("privacy")) federation.privacy = read_mechanism(*privacy);
    federation.secure_aggregation = fields.truth("secure_aggregation").value_or(false);
    if (Fields* const trust = line.nested("trust")) {
        federation.trust = model::Trust{trust->short_text("ca").value_or(""), trust->short_text("crl").value_or(""),
                                        trust->short_text("server_certificate").value_or("")};
    }
    return federation;
}

}  // namespace fedsleuth::storage
