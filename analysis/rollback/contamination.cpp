// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rollback/contamination.h"

#include "model/json_writer.h"

#include <simdjson.h>

#include <algorithm>

namespace fedsleuth::analysis {

using model::JsonWriter;
using model::RoundNo;

namespace {

void numbers(JsonWriter& json, std::string_view name, const std::vector<double>& values)
{
    json.key(name).begin_array();
    for (const double value : values) json.value(value);
    json.end_array();
}

void rounds(JsonWriter& json, std::string_view name, const std::vector<RoundNo>& values)
{
    json.key(name).begin_array();
    for (const RoundNo value : values) json.value(value.value());
    json.end_array();
}

std::vector<double> read_numbers(simdjson::dom::element element)
{
    std::vector<double> values;
    for (const auto value : element.get_array()) values.push_back(double(value.get_double()));
    return values;
}

std::vector<RoundNo> read_rounds(simdjson::dom::element element)
{
    std::vector<RoundNo> values;
    for (const auto value : element.get_array()) values.emplace_back(std::int64_t(value.get_int64()));
    return values;
}

/// Throws simdjson_error for whatever is not as contamination_json wrote it.
Counterfactual read_contamination(simdjson::dom::element document)
{
    Counterfactual result;
    result.from = RoundNo{std::int64_t(document["from"].get_int64())};
    for (const auto removal : document["clients"].get_array())
        result.removals.push_back({model::ClientId{std::string(std::string_view(removal["client"].get_string()))},
                                   RoundNo{std::int64_t(removal["since"].get_int64())}});
    for (const auto each : document["points"].get_array()) {
        CounterfactualPoint point;
        point.round = RoundNo{std::int64_t(each["round"].get_int64())};
        point.way = each["way"].get_double();
        point.injected = each["injected"].get_double();
        point.frozen = each["frozen"].get_double();
        point.corrected = each["corrected"].get_double();
        point.apart = each["apart"].get_double();
        point.bound = each["bound"].get_double();
        point.parts = read_numbers(each["parts"]);
        point.parts_injected = read_numbers(each["parts_injected"]);
        result.points.push_back(std::move(point));
    }
    if (!document["secant"].is_null()) result.secant = double(document["secant"].get_double());
    result.share = read_numbers(document["share"]);
    result.tampered = read_rounds(document["tampered"]);
    result.not_redone = read_rounds(document["not_redone"]);
    result.frozen_rounds = document["frozen_rounds"].get_int64();
    for (const auto note : document["notes"].get_array())
        result.notes.emplace_back(std::string_view(note.get_string()));
    return result;
}

}  // namespace

std::vector<RoundNo> tampered_rounds(const std::vector<model::RollbackCandidate>& facts)
{
    std::vector<RoundNo> tampered;
    for (const model::RollbackCandidate& fact : facts)
        if (fact.aggregation == "mismatch") tampered.push_back(fact.round);
    return tampered;
}

model::Result<std::optional<Counterfactual>> measure_contamination(model::CaseStore& store, model::UpdateSource& source,
                                                                   const std::vector<Removal>& flagged,
                                                                   const std::vector<model::RollbackCandidate>& facts,
                                                                   model::Progress& progress)
{
    CounterfactualOptions options;
    options.removals = flagged;
    options.tampered = tampered_rounds(facts);
    options.parts = true;
    auto measured = run_counterfactual(store, source, options, {}, {}, progress);
    if (measured) return std::move(*measured);
    const model::ErrorCode code = measured.error().code;
    if (code == model::ErrorCode::unsupported || code == model::ErrorCode::not_found) return std::nullopt;
    return model::pass_on(std::move(measured.error()));
}

double influence(const CounterfactualPoint& point, double length)
{
    if (!(length > 0)) return 0;
    return point.way > 0 ? length / point.way : 1.0;
}

const CounterfactualPoint* point_of(const Counterfactual& contamination, RoundNo round)
{
    const auto found = std::find_if(contamination.points.begin(), contamination.points.end(),
                                    [&](const CounterfactualPoint& point) { return point.round == round; });
    return found == contamination.points.end() ? nullptr : &*found;
}

std::string contamination_json(const Counterfactual& contamination)
{
    JsonWriter json;
    json.begin_object().field("version", 1).field("from", contamination.from.value());
    json.key("clients").begin_array();
    for (const Removal& removal : contamination.removals)
        json.begin_object().field("client", removal.client.text()).field("since", removal.since.value()).end_object();
    json.end_array().key("points").begin_array();
    for (const CounterfactualPoint& point : contamination.points) {
        json.begin_object().field("round", point.round.value()).field("way", point.way);
        json.field("injected", point.injected).field("frozen", point.frozen).field("corrected", point.corrected);
        json.field("apart", point.apart).field("bound", point.bound);
        numbers(json, "parts", point.parts);
        numbers(json, "parts_injected", point.parts_injected);
        json.end_object();
    }
    json.end_array().optional_field("secant", contamination.secant);
    numbers(json, "share", contamination.share);
    rounds(json, "tampered", contamination.tampered);
    rounds(json, "not_redone", contamination.not_redone);
    json.field("frozen_rounds", contamination.frozen_rounds).key("notes").begin_array();
    for (const std::string& note : contamination.notes) json.value(note);
    json.end_array().end_object();
    return json.text();
}

model::Result<Counterfactual> contamination_from(const std::string& json)
{
    try {
        simdjson::dom::parser parser;
        return read_contamination(parser.parse(json));
    } catch (const simdjson::simdjson_error& error) {
        return model::fail(model::ErrorCode::malformed, error.what(), "the case's contamination document");
    }
}

model::Result<std::optional<Counterfactual>> kept_contamination(model::CaseStore& store,
                                                                const std::vector<Removal>& flagged)
{
    FEDSLEUTH_TRY(const std::optional<std::string> json, store.document(std::string(contamination_document)));
    if (!json) return std::nullopt;
    auto kept = contamination_from(*json);
    if (!kept || kept->removals != flagged) return std::nullopt;
    return std::move(*kept);
}

}  // namespace fedsleuth::analysis
