// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/privacy/noise_streams.h"
#include "model/json_writer.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

namespace fedsleuth::analysis {

using model::ClientId;
using model::RoundNo;

namespace {

constexpr std::string_view version = R"({"version":1,"server":[)";

/// Reads the numbers and texts of the document in the order in which they were written: it is this program's own, but a
/// case file may be damaged.
class Reader {
public:
    explicit Reader(std::string_view text) : rest_(text) {}

    bool skip(std::string_view expected)
    {
        if (!rest_.starts_with(expected)) return false;
        rest_.remove_prefix(expected.size());
        return true;
    }
    [[nodiscard]] bool at(char what) const { return !rest_.empty() && rest_.front() == what; }
    std::optional<double> number()
    {
        skip(",");
        double value = 0;
        const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
        if (error != std::errc()) {
            fine_ = skip("null") && fine_;
            return std::nullopt;
        }
        rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
        return value;
    }
    std::int64_t integer()
    {
        const double value = number().value_or(0);
        if (!(std::abs(value) < 1e15)) fine_ = false;
        return fine_ ? static_cast<std::int64_t>(value) : 0;
    }
    [[nodiscard]] bool fine() const { return fine_; }

private:
    std::string_view rest_;
    bool fine_ = true;
};

bool read_server(Reader& reader, NoiseEvidence& evidence)
{
    while (!reader.at(']')) {
        reader.skip(",");
        if (!reader.skip("[")) return false;
        ServerResidual& round = evidence.server.emplace_back();
        round.round = RoundNo{reader.integer()};
        round.clients = reader.integer();
        round.max_weight = reader.number().value_or(0);
        round.shipped_square = reader.number().value_or(0);
        round.raw_square = reader.number().value_or(0);
        round.clipped_square = reader.number().value_or(0);
        round.normality_p = reader.number();
        round.sign_runs_p = reader.number();
        round.reuse_correlation = reader.number();
        round.reuse_round = RoundNo{reader.integer()};
        if (!reader.skip(",[")) return false;
        while (!reader.at(']')) {
            round.layer_squares.push_back(reader.number().value_or(0));
            if (!reader.fine()) return false;
        }
        if (!reader.skip("]]") || !reader.fine()) return false;
    }
    return reader.skip("]");
}

/// Clients are named by their place among all of the evidence's: their names are an attacker's to choose.
std::vector<ClientId> client_places(const NoiseEvidence& evidence)
{
    std::set<ClientId> names;
    for (const UpdateNoise& update : evidence.updates) names.insert(update.client);
    return {names.begin(), names.end()};
}

bool read_reused(Reader& reader, NoiseEvidence& evidence)
{
    const std::vector<ClientId> clients = client_places(evidence);
    if (!reader.skip(",\"reused\":[")) return false;
    while (!reader.at(']')) {
        reader.skip(",");
        if (!reader.skip("[")) return false;
        const std::int64_t place = reader.integer();
        if (place < 0 || place >= static_cast<std::int64_t>(clients.size())) return false;
        ReusedNoise& reused = evidence.reused.emplace_back();
        reused.client = clients[static_cast<std::size_t>(place)];
        reused.round = RoundNo{reader.integer()};
        reused.earlier = RoundNo{reader.integer()};
        reused.correlation = reader.number().value_or(0);
        reused.coordinates = reader.integer();
        if (!reader.skip("]") || !reader.fine()) return false;
    }
    return true;
}

}  // namespace

std::string noise_document(const NoiseEvidence& evidence)
{
    const std::vector<ClientId> clients = client_places(evidence);
    model::JsonWriter json;
    json.begin_object().field("version", 1).key("server").begin_array();
    const auto optional = [&](const std::optional<double>& value) { value ? json.value(*value) : json.null(); };
    for (const ServerResidual& round : evidence.server) {
        json.begin_array().value(round.round.value()).value(round.clients).value(round.max_weight);
        json.value(round.shipped_square).value(round.raw_square).value(round.clipped_square);
        optional(round.normality_p);
        optional(round.sign_runs_p);
        optional(round.reuse_correlation);
        json.value(round.reuse_round.value()).begin_array();
        for (const double square : round.layer_squares) json.value(square);
        json.end_array().end_array();
    }
    json.end_array().key("reused").begin_array();
    for (const ReusedNoise& reused : evidence.reused) {
        const auto place = std::lower_bound(clients.begin(), clients.end(), reused.client) - clients.begin();
        json.begin_array().value(static_cast<std::int64_t>(place)).value(reused.round.value());
        json.value(reused.earlier.value()).value(reused.correlation).value(reused.coordinates).end_array();
    }
    return json.end_array().end_object().text();
}

void read_noise_document(std::string_view json, NoiseEvidence& evidence)
{
    Reader reader(json);
    if (reader.skip(version) && read_server(reader, evidence) && read_reused(reader, evidence)) return;
    evidence.server.clear();
    evidence.reused.clear();
}

}  // namespace fedsleuth::analysis
