// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/lab/truth.h"

#include "model/json_writer.h"

#include <set>

namespace fedsleuth::analysis::lab {

namespace {

void rounds_field(model::JsonWriter& json, std::string_view name, const std::vector<model::RoundNo>& rounds)
{
    json.key(name).begin_array();
    for (const model::RoundNo round : rounds) json.value(round.value());
    json.end_array();
}

void clients_field(model::JsonWriter& json, std::string_view name, const std::vector<model::ClientId>& clients)
{
    json.key(name).begin_array();
    for (const model::ClientId& client : clients) json.value(client.text());
    json.end_array();
}

void names_field(model::JsonWriter& json, std::string_view name, const std::map<model::ClientId, std::string>& names)
{
    json.key(name).begin_object();
    for (const auto& [client, text] : names) json.field(client.text(), text);
    json.end_object();
}

void recipe_field(model::JsonWriter& json, const LabOptions& options)
{
    json.key("simulation").begin_object().field("seed", options.seed).field("rule", options.rule);
    json.key("attacks").begin_array();
    for (const AttackPlan& plan : options.attacks) {
        json.begin_object().field("attack", plan.attack).field("variant", plan.settings.variant);
        json.field("attackers", static_cast<std::uint64_t>(plan.attackers));
        json.field("onset", static_cast<std::uint64_t>(plan.schedule.onset)).field("stealth", plan.stealth);
        json.key("settings").begin_object();
        for (const auto& [name, value] : plan.settings.values) json.field(name, value);
        json.end_object().end_object();
    }
    json.end_array().end_object();
}

}  // namespace

std::string truth_json(const LabFederation& federation, const LabOptions& options)
{
    const LabTruth& truth = federation.truth;
    std::set<model::RoundNo> poisoned;
    for (const auto& [client, rounds] : truth.malicious) poisoned.insert(rounds.begin(), rounds.end());
    model::JsonWriter json;
    json.begin_object().key("attack");
    if (truth.malicious.empty())
        json.null();
    else
        json.value(truth.attack);
    json.key("malicious").begin_object();
    for (const auto& [client, rounds] : truth.malicious) rounds_field(json, client.text(), rounds);
    json.end_object();
    names_field(json, "attacks", truth.attack_of);
    names_field(json, "simulated", truth.simulated);
    rounds_field(json, "poisoned_rounds", {poisoned.begin(), poisoned.end()});
    json.key("asr").begin_array();
    for (const double success : truth.attack_success) json.value(success);
    json.end_array().field("last_clean_checkpoint", truth.last_clean_checkpoint.value());
    clients_field(json, "unreliable", truth.unreliable);
    clients_field(json, "stragglers", truth.stragglers);
    json.key("identity_faults").begin_object().end_object().key("privacy_faults").begin_object().end_object();
    rounds_field(json, "tampered_checkpoints", truth.tampered);
    json.field("backdoor", truth.backdoor);
    recipe_field(json, options);
    json.end_object();
    return json.text() + "\n";
}

}  // namespace fedsleuth::analysis::lab
