// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/lab/attack_catalogue.h"
#include "app/cli/simulate_options.h"
#include "app/cli/text_width.h"
#include "model/text.h"

#include <cmath>

namespace fedsleuth::cli {

namespace lab = analysis::lab;

namespace {

constexpr double no_bound = 1e5;  ///< larger limits are there to keep numbers sane, and say nothing to a reader

void parameters_field(model::JsonWriter& json, const std::vector<analysis::ParameterInfo>& parameters)
{
    json.key("parameters").begin_array();
    for (const analysis::ParameterInfo& parameter : parameters) {
        json.begin_object().field("name", parameter.name).field("meaning", parameter.meaning);
        json.field("minimum", parameter.minimum).field("maximum", parameter.maximum);
        json.optional_field("default", parameter.standard).field("integer", parameter.integer).end_object();
    }
    json.end_array();
}

void names_field(model::JsonWriter& json, std::string_view key, const std::vector<std::string_view>& names)
{
    json.key(key).begin_array();
    for (const std::string_view name : names) json.value(name);
    json.end_array();
}

std::string_view name_of(lab::Schedule::Kind kind)
{
    using Kind = lab::Schedule::Kind;
    switch (kind) {
        case Kind::always:
            return "always";
        case Kind::once:
            return "once";
        case Kind::every:
            return "every";
        case Kind::on_off:
            return "on-off";
        case Kind::ramp:
            return "ramp";
    }
    return "";
}

std::string parameter_line(const analysis::ParameterInfo& parameter)
{
    std::string text = std::string(parameter.name) + ": " + std::string(parameter.meaning) + " (";
    text += model::short_number(parameter.minimum) +
            (parameter.maximum > no_bound ? " or more" : " to " + model::short_number(parameter.maximum));
    if (parameter.standard) text += "; " + model::short_number(*parameter.standard) + " unless set";
    return text + ")";
}

}  // namespace

std::string attacks_help()
{
    constexpr int columns = 110;
    std::string help = "Attacks:\n";
    const auto add = [&help](int indent, const std::string& text) {
        bool first = true;
        for (const std::string& line : wrapped(text, columns - indent)) {
            help += std::string(static_cast<std::size_t>(first ? indent : indent + 2), ' ') + line + "\n";
            first = false;
        }
    };
    for (const lab::AttackInfo& attack : lab::attacks()) {
        add(2, std::string(attack.name) + ": " + std::string(attack.meaning));
        std::string variants;
        for (const std::string_view variant : attack.variants)
            variants += (variants.empty() ? "" : ", ") + std::string(variant);
        if (!variants.empty()) add(6, "variants: " + variants);
        for (const analysis::ParameterInfo& parameter : attack.parameters) add(6, parameter_line(parameter));
    }
    return help + "\n";
}

model::JsonWriter simulate_list()
{
    model::JsonWriter json;
    json.begin_object().key("attacks").begin_array();
    for (const lab::AttackInfo& attack : lab::attacks()) {
        json.begin_object().field("name", attack.name).field("title", attack.title).field("meaning", attack.meaning);
        json.field("source", attack.source).field("label", attack.label);
        json.field("family", model::family_of(attack.label)).field("schedule", name_of(attack.usual));
        names_field(json, "variants", attack.variants);
        parameters_field(json, attack.parameters);
        json.end_object();
    }
    json.end_array().key("rules").begin_array();
    for (const analysis::RuleInfo* rule : analysis::all_rules()) {
        json.begin_object().field("name", rule->name).field("title", rule->title).field("meaning", rule->meaning);
        json.field("paper", rule->paper).field("breakdown", rule->breakdown);
        names_field(json, "variants", rule->variants);
        parameters_field(json, rule->parameters);
        json.end_object();
    }
    json.end_array();
    names_field(json, "data", {"digits", "mixture"});
    names_field(json, "models", {"softmax", "mlp", "cnn"});
    names_field(json, "partitions", {"iid", "dirichlet", "classes"});
    names_field(json, "schedules", {"always", "once", "every", "on-off", "ramp"});
    names_field(json, "snapshots", {"npz", "npy", "safetensors"});
    json.end_object();
    return json;
}

}  // namespace fedsleuth::cli
