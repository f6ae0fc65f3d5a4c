// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/probe/curve.h"

#include "model/json_writer.h"

namespace fedsleuth::analysis {

namespace {

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

model::Result<void> check(const model::ProbeSet& set, const PlainNetwork& network)
{
    if (set.features() != network.inputs())
        return model::fail(model::ErrorCode::invalid_argument,
                           "an input has " + std::to_string(set.features()) + " numbers, and the model takes " +
                               std::to_string(network.inputs()),
                           set.path);
    for (const std::int32_t label : set.labels)
        if (label < 0 || static_cast<std::size_t>(label) >= network.classes())
            return model::fail(model::ErrorCode::invalid_argument,
                               "there is a label " + std::to_string(label) + ", and the model has the classes 0 to " +
                                   std::to_string(network.classes() - 1),
                               set.path);
    return {};
}

}  // namespace

model::Result<PlainNetwork> network_for(const std::vector<model::Layer>& layers, const Probes& probes)
{
    if (probes.empty()) return model::fail(model::ErrorCode::invalid_argument, "there is no probe");
    const model::ProbeSet& any = probes.probe ? *probes.probe : *probes.misclassified;
    auto network = PlainNetwork::recognise(layers, any.shape);
    if (!network) {
        model::Error error = std::move(network.error());
        if (error.where.empty()) error.where = any.path;
        return model::pass_on(std::move(error));
    }
    if (probes.probe) FEDSLEUTH_CHECK(check(*probes.probe, *network));
    if (probes.misclassified) FEDSLEUTH_CHECK(check(*probes.misclassified, *network));
    return network;
}

ProbeScore probe_score(const PlainNetwork& network, const Probes& probes, std::span<const float> weights)
{
    const auto share = [&](const std::optional<model::ProbeSet>& set) -> std::optional<double> {
        if (!set || set->labels.empty()) return std::nullopt;
        return share_equal(answers(network.logits(weights, set->inputs), network.classes()), set->labels);
    };
    return {share(probes.probe), share(probes.misclassified)};
}

std::string probes_parameters_json(const Probes& probes)
{
    model::JsonWriter json;
    json.begin_object();
    write_set(json, "probe", probes.probe);
    write_set(json, "misclassified", probes.misclassified);
    json.end_object();
    return json.text();
}

}  // namespace fedsleuth::analysis
