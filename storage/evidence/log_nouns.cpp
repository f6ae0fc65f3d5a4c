// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/evidence/log_nouns.h"

#include "storage/evidence/evidence_text.h"

#include <algorithm>
#include <limits>

namespace fedsleuth::storage {

namespace dom = simdjson::dom;

LogObject::LogObject(dom::object object, const BareNumbers& bare, const Limits& limits)
    : fields_(object, "", bare, limits), bare_(bare), limits_(limits)
{
}

Fields* LogObject::nested(std::string_view key)
{
    const std::optional<dom::object> object = fields_.object(key);
    if (!object) return nullptr;
    nested_.push_back({std::string(key), Fields(*object, std::string(key) + ".", bare_, limits_)});
    return &nested_.back().fields;
}

std::string LogObject::complaint() const
{
    if (!fields_.fine()) return fields_.complaint();
    for (const Nested& one : nested_)
        if (!one.fields.fine()) return one.fields.complaint();
    return {};
}

std::string LogObject::rest() const
{
    model::JsonWriter json;
    json.begin_object();
    bool any = fields_.write_rest(json);
    for (const Nested& one : nested_) {
        if (!one.fields.has_rest()) continue;
        any = true;
        json.key(one.key).begin_object();
        one.fields.write_rest(json);
        json.end_object();
    }
    json.end_object();
    return any ? json.text() : std::string();
}

namespace {

constexpr std::int64_t any_integer = std::numeric_limits<std::int64_t>::min();

/// A SHA-256 as hex digits, made lower-case.
std::string read_sha256(Fields& fields)
{
    fields.require("sha256", "64 hexadecimal digits");
    std::string text = fields.short_text("sha256").value_or("");
    const bool fits = text.size() == 64 && text.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
    if (!fits) fields.complain("\"sha256\" is " + in_quotes(text) + ", expected 64 hexadecimal digits");
    std::transform(text.begin(), text.end(), text.begin(), [](char digit) {
        return digit >= 'A' && digit <= 'F' ? static_cast<char>(digit + 'a' - 'A') : digit;
    });
    return text;
}

std::string read_path(Fields& fields)
{
    fields.require("path", "the path of a snapshot file");
    return fields.short_text("path").value_or("");
}

model::RoundNo read_round_number(Fields& fields, std::int64_t least)
{
    fields.require("round", "an integer from " + std::to_string(least) + " on");
    return model::RoundNo{fields.integer("round", least).value_or(least)};
}

model::ClientId read_client_id(Fields& fields)
{
    fields.require("client", "the client's id, a text");
    return model::ClientId{fields.short_text("client").value_or("")};
}

std::optional<model::Signature> read_signature(Fields& fields)
{
    std::optional<std::string> base64 = fields.text("signature");
    std::string scheme = fields.text("signature_scheme").value_or("");
    if (!base64) return std::nullopt;
    return model::Signature{std::move(*base64), std::move(scheme)};
}

std::vector<model::ClientId> read_clients(Fields& fields, std::string_view key)
{
    std::vector<model::ClientId> clients;
    for (std::string& id : fields.short_texts(key).value_or(std::vector<std::string>()))
        clients.emplace_back(std::move(id));
    return clients;
}

model::PrivacyClaim read_claim(Fields& fields)
{
    model::PrivacyClaim claim;
    claim.epsilon = fields.number("epsilon");
    const std::string extent = fields.text("epsilon_is").value_or("cumulative");
    if (extent != "cumulative" && extent != "per-round")
        fields.complain("\"privacy.epsilon_is\" is " + in_quotes(extent) +
                        ", expected \"cumulative\" or \"per-round\"");
    claim.cumulative = extent == "cumulative";
    claim.delta = fields.number("delta");
    claim.noise_multiplier = fields.number("noise_multiplier");
    claim.clipping_norm = fields.number("clipping_norm");
    claim.sampling_rate = fields.number("sampling_rate");
    claim.steps = fields.number("steps");
    claim.accountant = fields.text("accountant").value_or("");
    return claim;
}

}  // namespace

model::Client read_client(LogObject& line)
{
    Fields& fields = line.fields();
    model::Client client;
    client.id = read_client_id(fields);
    client.registered = true;
    client.registered_at = fields.text("registered_at").value_or("");
    client.num_examples = fields.integer("num_examples", any_integer);
    client.certificate = fields.short_text("certificate").value_or("");
    return client;
}

model::Update read_update(LogObject& line)
{
    Fields& fields = line.fields();
    model::Update update;
    update.round = read_round_number(fields, 1);
    update.client = read_client_id(fields);
    update.received_at = fields.text("received_at").value_or("");
    update.num_examples = fields.integer("num_examples", any_integer);
    update.path = read_path(fields);
    update.declared_sha256 = read_sha256(fields);
    update.signature = read_signature(fields);
    update.metrics = fields.numbers("metrics").value_or(model::Metrics());
    if (Fields* const privacy = line.nested("privacy")) update.privacy = read_claim(*privacy);
    update.weight = fields.number("weight");
    if (const std::optional<std::int64_t> base = fields.integer("base_round", 0))
        update.base_round = model::RoundNo{*base};
    update.accepted = fields.truth("accepted");
    update.reason = fields.text("reason").value_or("");
    update.stage = fields.text("stage").value_or("");
    if (const std::optional<std::string> role = fields.text("role")) {
        update.reference = *role == "reference";
        if (!update.reference)
            fields.complain("\"role\" is " + in_quotes(*role) + ", expected \"reference\" or no role");
        if (update.reference && fields.fine() && update.client != model::server_client())
            fields.complain("\"client\" is " + in_quotes(update.client.text()) +
                            ", expected \"@server\" where the role is \"reference\"");
    }
    return update;
}

model::Round read_round(LogObject& line)
{
    Fields& fields = line.fields();
    model::Round round;
    round.number = read_round_number(fields, 1);
    round.started_at = fields.text("started_at").value_or("");
    round.finished_at = fields.text("finished_at").value_or("");
    round.selected = read_clients(fields, "selected");
    round.failed = read_clients(fields, "failed");
    round.metrics = fields.numbers("metrics").value_or(model::Metrics());
    return round;
}

model::Checkpoint read_checkpoint(LogObject& line)
{
    Fields& fields = line.fields();
    model::Checkpoint checkpoint;
    checkpoint.round = read_round_number(fields, 0);
    checkpoint.path = read_path(fields);
    checkpoint.declared_sha256 = read_sha256(fields);
    checkpoint.signature = read_signature(fields);
    checkpoint.metrics = fields.numbers("metrics").value_or(model::Metrics());
    return checkpoint;
}

}  // namespace fedsleuth::storage
