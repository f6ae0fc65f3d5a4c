// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/golden.h"
#include "analysis/rules/aggregate.h"

#include <optional>
#include <string>

namespace fedsleuth::test {

/// How a peer's call is put to us, and how near we have to come.
struct RuleCall {
    std::string rule;
    analysis::RuleSettings settings = {};
    bool weighted = false;
    double tolerance = 1e-9;
    std::string side = {};  ///< which of the input's vectors goes with it: "reference", "history", "previous", "model"
};

/// A case of aggregators.json; nothing where it is of a rule that we do not have.
inline std::optional<RuleCall> aggregator_call(simdjson::dom::element entry)
{
    const std::string peer = text_of(entry["peer"]);
    const std::string rule = text_of(entry["rule"]);
    const simdjson::dom::element params = entry["params"];
    const auto number = [&](const char* name) {
        double value = 0;
        return params[name].get_double().get(value) == simdjson::SUCCESS ? std::optional(value) : std::nullopt;
    };
    RuleCall call;
    call.settings.variant = peer.starts_with("byzfl") ? "byzfl" : "flower";
    if (peer == "byzfl_torch_float32") call.tolerance = 1e-5;
    auto& values = call.settings.values;
    const auto with_f = [&](const char* name) {
        call.rule = name;
        values["f"] = number("f").value();
        return call;
    };
    const auto plain = [&](const char* name) {
        call.rule = name;
        call.settings.variant = "paper";
        return call;
    };
    const auto after = [&](const char* pre, const char* name) {
        call.settings.pre = {{pre, {{"f", number("f").value()}}}};
        return plain(name);
    };
    if (rule == "fedavg_weighted") return call.weighted = true, plain("fedavg");
    if (rule == "fedavg_unweighted" || rule == "average") return plain("fedavg");
    if (rule == "median") return call.weighted = true, plain("median");
    if (rule == "trimmed_mean") return values["fraction"] = *number("proportiontocut"), plain("trimmed-mean");
    if (rule == "trmean") return values["count"] = *number("f"), plain("trimmed-mean");
    if (rule == "krum") return with_f("krum");
    if (rule.starts_with("multikrum")) {
        call.weighted = rule == "multikrum_weighted";
        if (const auto keep = number("m")) values["keep"] = *keep;
        return with_f("multi-krum");
    }
    if (rule == "bulyan") {
        if (peer == "flower_serverapp") call.settings.variant = "flower-serverapp";
        return with_f("bulyan");
    }
    if (rule == "meamed") return with_f("mean-around-median");
    if (rule == "mda") return with_f("mda");
    if (rule == "smea") return call.side = "previous", with_f("smea");
    if (rule == "monna") return values["pivot"] = number("idx").value(), with_f("monna");
    if (rule == "caf") return call.side = "previous", with_f("caf");
    if (rule == "geometric_median") {
        call.rule = "geometric-median";
        if (number("nu")) values = {{"nu", *number("nu")}, {"iterations", *number("T")}};
        return call;
    }
    if (rule.starts_with("centered_clipping")) {
        call.rule = "centred-clipping";
        if (!number("tau")) return call;
        values = {{"radius", *number("tau")}, {"iterations", *number("L") * (rule.ends_with("two_calls") ? 2 : 1)}};
        if (text_of(params["m"]) == "row 0") call.side = "row 0";
        return call;
    }
    if (rule == "nnm+average") return after("nnm", "fedavg");
    if (rule == "nnm+median") return after("nnm", "median");
    if (rule == "nnm+trmean") return values["count"] = *number("f"), after("nnm", "trimmed-mean");
    if (rule == "arc+average") return after("arc", "fedavg");
    return std::nullopt;
}

/// A case of defences.json, with `f` the malicious clients that its input has.
inline std::optional<RuleCall> defence_call(simdjson::dom::element entry, double f)
{
    const std::string peer = text_of(entry["peer"]);
    const std::string rule = text_of(entry["rule"]);
    const simdjson::dom::element params = entry["params"];
    const auto number = [&](const char* name) { return params[name].get_double().value(); };
    const std::string variant = peer == "flpoison" ? "flpoison" : "paper";
    if (rule == "foolsgold") return RuleCall{.rule = "foolsgold", .side = "history"};
    if (rule == "foolsgold_deep") return RuleCall{.rule = "foolsgold", .settings = {.variant = "deep-fg"}};
    if (rule == "foolsgold_pardoning") return RuleCall{.rule = "foolsgold", .settings = {.variant = "flpoison"}};
    if (rule == "fltrust")
        return RuleCall{.rule = "fltrust",
                        .settings = {.variant = variant},
                        .tolerance = peer == "fltrust_official_lab" ? 1e-9 : 1e-6,
                        .side = "reference"};
    if (rule == "flame" && peer == "flbyz")
        return RuleCall{.rule = "flame", .settings = {.variant = "flbyz"}, .tolerance = 1e-5};
    if (rule == "flame")
        return RuleCall{
            .rule = "flame", .settings = {.variant = peer == "flpoison" ? "paper" : "zhmzm"}, .side = "model"};
    if (rule == "flame_on_updates") return RuleCall{.rule = "flame"};
    if (rule == "dnc" && peer == "blades") return RuleCall{.rule = "dnc", .settings = {.values = {{"f", f}}}};
    if (rule == "rfa" && peer == "flpoison")
        return RuleCall{.rule = "geometric-median",
                        .settings = {.values = {{"nu", number("epsilon")}, {"iterations", number("num_iters")}},
                                     .variant = "byzfl"}};
    if (rule == "rfa")
        return RuleCall{.rule = "geometric-median",
                        .settings = {.values = {{"nu", number("eps")},
                                                {"iterations", number("maxiter")},
                                                {"tolerance", number("ftol")}}},
                        .weighted = true};
    if (rule == "signguard" && (peer == "flpoison" || peer == "signguard_official"))
        return RuleCall{.rule = "signguard",
                        .settings = {.values = {{"start", number("window_start")}}, .variant = variant},
                        .tolerance = 1e-5};
    return std::nullopt;
}

}  // namespace fedsleuth::test
