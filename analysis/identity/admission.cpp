// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/identity/admission.h"

#include "analysis/identity/holders.h"
#include "analysis/identity/moment.h"
#include "model/json_writer.h"
#include "model/text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <set>

namespace fedsleuth::analysis {

using model::ClientId;
using model::Finding;
using model::RoundNo;
using model::Severity;

namespace {

constexpr double no_limit = 0;
constexpr std::array<AdmissionLimit, 8> limits{{
    {"admission.min_examples", "Fewest examples that an update may stand for", "examples", 1},
    {"admission.min_share", "Fewest examples, as a share of the median client's (0: not looked for)", "share", 0.1},
    {"admission.updates_a_round", "Most different updates of one client for one round", "updates", 1},
    {"admission.updates_a_day", "Most updates of one client within 24 hours (0: no limit)", "updates", no_limit},
    {"admission.bulk_registrations", "Registrations in one burst that are too many (0: not looked for)", "clients", 4},
    {"admission.bulk_window", "Longest burst of registrations while the federation runs", "seconds", 60},
    {"admission.rounds_behind", "Most rounds that an update's starting point may be behind", "rounds", 0},
    {"admission.seconds_late", "Longest time after the end of its round that an update may come", "seconds", 0},
}};

Finding finding_of(const char* kind, Severity severity, std::optional<ClientId> client, std::optional<RoundNo> round,
                   std::string text, const model::JsonWriter& evidence)
{
    Finding finding;
    finding.kind = kind;
    finding.severity = severity;
    finding.client = std::move(client);
    finding.round = round;
    finding.text = std::move(text);
    finding.evidence_json = evidence.text();
    finding.source = model::FindingSource::identity;
    return finding;
}

std::string name(const ClientId& client) { return model::visible(client.text()); }
std::string round_name(RoundNo round) { return "round " + std::to_string(round.value()); }

/// Half of the clients' updates stand for at most so many examples; nothing where none says.
std::optional<double> usual_examples(const std::vector<model::Update>& updates)
{
    std::map<ClientId, std::int64_t> latest;
    for (const model::Update& update : updates)
        if (!update.reference && update.num_examples) latest[update.client] = *update.num_examples;
    std::vector<std::int64_t> counts;
    for (const auto& [client, count] : latest) counts.push_back(count);
    if (counts.empty()) return std::nullopt;
    const auto middle = counts.begin() + static_cast<std::ptrdiff_t>(counts.size() / 2);
    std::nth_element(counts.begin(), middle, counts.end());
    return static_cast<double>(*middle);
}

struct Few {
    RoundNo first;
    std::int64_t least = 0;
    std::int64_t rounds = 0;
};

std::map<ClientId, Few> below(const std::vector<model::Update>& updates, double fewest)
{
    std::map<ClientId, Few> few;
    for (const model::Update& update : updates) {
        if (update.reference || !update.num_examples || !(static_cast<double>(*update.num_examples) < fewest)) continue;
        Few& entry = few.try_emplace(update.client, Few{update.round, *update.num_examples, 0}).first->second;
        entry.least = std::min(entry.least, *update.num_examples);
        ++entry.rounds;
    }
    return few;
}

/// Below the fixed limit; and far below what is usual, where that is an exception (many federations have a long tail of
/// small clients: there it says nothing about any of them).
void find_few_examples(const std::vector<model::Update>& updates, double fewest, double share,
                       std::vector<Finding>& findings)
{
    constexpr double exceptional = 0.1;
    std::map<ClientId, Few> few = below(updates, fewest);
    const std::optional<double> usual = usual_examples(updates);
    if (usual && share > no_limit) {
        std::set<ClientId> senders;
        for (const model::Update& update : updates)
            if (!update.reference) senders.insert(update.client);
        std::map<ClientId, Few> outliers = below(updates, share * *usual);
        if (static_cast<double>(outliers.size()) <= std::max(1.0, exceptional * static_cast<double>(senders.size())))
            few.merge(outliers);
    }
    for (const auto& [client, entry] : few) {
        model::JsonWriter json;
        json.begin_object().field("num_examples", entry.least).field("limit", fewest).field("rounds", entry.rounds);
        json.optional_field("median", usual).end_object();
        findings.push_back(finding_of(
            "too-few-examples", Severity::medium, client, entry.first,
            name(client) + " says that an update of it stands for " + std::to_string(entry.least) + " examples (in " +
                std::to_string(entry.rounds) + (entry.rounds == 1 ? " round" : " rounds") + ", first in " +
                round_name(entry.first) + "); the limit is " + model::short_number(fewest) +
                (usual ? ", and the median client has " + model::short_number(*usual) : "") + ".",
            json));
    }
}

/// Different updates for one round. The same bytes twice are a delivery that was repeated.
void find_many_in_a_round(const std::vector<model::Submission>& submissions, double most,
                          std::vector<Finding>& findings)
{
    if (most <= no_limit) return;
    std::map<std::pair<RoundNo, ClientId>, std::set<std::string>> files;
    for (const model::Submission& sent : submissions) files[{sent.round, sent.client}].insert(sent.sha256);
    for (const auto& [key, digests] : files) {
        if (!(static_cast<double>(digests.size()) > most)) continue;
        const auto& [round, client] = key;
        model::JsonWriter json;
        json.begin_object()
            .field("updates", static_cast<std::int64_t>(digests.size()))
            .field("limit", most)
            .end_object();
        findings.push_back(finding_of("rate-limit", Severity::medium, client, round,
                                      name(client) + " sent " + std::to_string(digests.size()) +
                                          " different updates for " + round_name(round) +
                                          "; the last one counts. The limit is " + model::short_number(most) + ".",
                                      json));
    }
}

/// The fullest 24 hours of each client.
void find_many_in_a_day(const std::vector<model::Submission>& submissions, double most, std::vector<Finding>& findings)
{
    if (most <= no_limit) return;
    constexpr double day = 86400;
    struct Sent {
        double at;
        RoundNo round;
        auto operator<=>(const Sent&) const = default;
    };
    std::map<ClientId, std::vector<Sent>> by_client;
    for (const model::Submission& sent : submissions)
        if (const auto at = moment_of(sent.received_at)) by_client[sent.client].push_back({*at, sent.round});
    for (auto& [client, list] : by_client) {
        std::sort(list.begin(), list.end());
        std::size_t first = 0, fullest = 0, fullest_first = 0;
        for (std::size_t last = 0; last < list.size(); ++last) {
            while (list[last].at - list[first].at >= day) ++first;
            if (last - first + 1 > fullest) {
                fullest = last - first + 1;
                fullest_first = first;
            }
        }
        if (!(static_cast<double>(fullest) > most)) continue;
        const Sent& over = list[fullest_first + static_cast<std::size_t>(most)];
        model::JsonWriter json;
        json.begin_object().field("updates", static_cast<std::int64_t>(fullest)).field("limit", most);
        json.field("from", moment_text(list[fullest_first].at)).end_object();
        findings.push_back(finding_of("rate-limit", Severity::medium, client, over.round,
                                      name(client) + " sent " + std::to_string(fullest) +
                                          " updates within 24 hours from " + moment_text(list[fullest_first].at) +
                                          " on; the limit is " + model::short_number(most) + " a day.",
                                      json));
    }
}

/// Updates for rounds that had not selected their sender.
void find_unasked(const std::vector<model::Client>& clients, const std::vector<model::Round>& rounds,
                  const std::vector<model::Submission>& submissions, std::vector<Finding>& findings)
{
    std::set<ClientId> registered;  // who never was has been named already
    for (const model::Client& client : clients)
        if (client.registered) registered.insert(client.id);
    std::map<RoundNo, std::set<ClientId>> selected;
    for (const model::Round& round : rounds)
        if (!round.selected.empty()) selected[round.number] = {round.selected.begin(), round.selected.end()};
    std::set<std::pair<RoundNo, ClientId>> unasked;
    std::size_t asked = 0;
    for (const model::Submission& sent : submissions) {
        const auto round = selected.find(sent.round);
        if (round == selected.end()) continue;
        if (round->second.contains(sent.client))
            ++asked;
        else if (registered.contains(sent.client))
            unasked.emplace(sent.round, sent.client);
    }
    if (unasked.size() > asked) return;  // the log's "selected" means something else here
    for (const auto& [round, client] : unasked)
        findings.push_back(
            finding_of("rate-limit", Severity::medium, client, round,
                       name(client) + " sent an update for " + round_name(round) + ", which had not selected it.",
                       model::JsonWriter().begin_object().field("selected", false).end_object()));
}

struct Registered {
    double at;
    ClientId client;
    auto operator<=>(const Registered&) const = default;
};

void report_burst(std::span<const Registered> burst, const std::string& compared, std::vector<Finding>& findings)
{
    std::set<ClientId> members;
    for (const Registered& registered : burst) members.insert(registered.client);
    const double seconds = burst.back().at - burst.front().at;
    for (const ClientId& client : members) {
        model::JsonWriter json;
        json.begin_object().key("clients").begin_array();
        for (const ClientId& member : members) json.value(member.text());
        json.end_array().field("seconds", seconds).field("from", moment_text(burst.front().at)).end_object();
        findings.push_back(finding_of("bulk-registration", Severity::medium, client, {},
                                      name(client) + " was registered within " + model::short_number(seconds) +
                                          " s together with " + names_text(members, client) + " (from " +
                                          moment_text(burst.front().at) + " on); " + compared + ".",
                                      json));
    }
}

/// P(a Poisson count of this mean ≥ `count`).
double poisson_tail(double mean, std::size_t count)
{
    double term = std::exp(-mean), below = 0;
    for (std::size_t idx = 0; idx < count; ++idx) {
        below += term;
        term *= mean / static_cast<double>(idx + 1);
    }
    return std::max(0.0, 1 - below);
}

double median_of(std::vector<double> values)
{
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

/// How the clients of a federation usually come: at even distances, or as chance has it.
struct Arrivals {
    double gap = 0;   ///< the median one, in seconds
    double rate = 0;  ///< arrivals a second
    bool even = false;
    std::size_t count = 0;

    explicit Arrivals(const std::vector<Registered>& list) : count(list.size())
    {
        std::vector<double> gaps, off;
        for (std::size_t idx = 1; idx < list.size(); ++idx) gaps.push_back(list[idx].at - list[idx - 1].at);
        gap = median_of(gaps);
        for (const double one : gaps) off.push_back(std::fabs(one - gap));
        even = median_of(off) <= 0.3 * gap;
        const double all = list.back().at - list.front().at;
        rate = all > 0 ? static_cast<double>(gaps.size()) / all : 0;
    }
    [[nodiscard]] bool is_close(double seconds) const { return seconds <= (even ? 0.35 : 0.2) * gap; }
    /// Whether so many within so short a time are more than chance makes of it anywhere in the list.
    [[nodiscard]] bool stands_out(std::size_t members, double seconds) const
    {
        constexpr double false_alarms = 0.01;
        if (gap <= 0 || 2 * members >= count) return false;
        return even || static_cast<double>(count) * poisson_tail(rate * seconds, members - 1) < false_alarms;
    }
};

/// Registrations in a burst: while the federation was running already, or far closer together than it is usual in this
/// one. A federation whose clients are all enrolled at once shows no burst: there is nothing that stands out.
void find_bursts(const std::vector<model::Client>& clients, const std::vector<model::Round>& rounds, double most,
                 double window, std::vector<Finding>& findings)
{
    if (most <= no_limit) return;
    const auto size = static_cast<std::size_t>(std::max(2.0, most));
    std::vector<Registered> list;
    for (const model::Client& client : clients)
        if (const auto at = moment_of(client.registered_at)) list.push_back({*at, client.id});
    std::sort(list.begin(), list.end());
    if (list.size() < size) return;
    std::optional<double> running_since;
    for (const model::Round& round : rounds)
        if (const auto at = moment_of(round.started_at); at && (!running_since || *at < *running_since))
            running_since = at;

    const Arrivals usual(list);
    for (std::size_t first = 0; first < list.size();) {
        const bool late = running_since && list[first].at > *running_since;
        std::size_t end = first + 1;
        while (end < list.size() &&
               (usual.is_close(list[end].at - list[end - 1].at) || (late && list[end].at - list[first].at <= window)))
            ++end;
        if (end - first >= size && (late || usual.stands_out(end - first, list[end - 1].at - list[first].at)))
            report_burst(std::span(list).subspan(first, end - first),
                         late ? "the federation was running already"
                              : "usually " + model::short_number(usual.gap) + " s lie between two registrations",
                         findings);
        first = end;
    }
}

void find_stale(const std::vector<model::Update>& updates, double behind, std::vector<Finding>& findings)
{
    std::vector<const model::Update*> stale;
    std::size_t all = 0;
    for (const model::Update& update : updates) {
        if (update.reference) continue;
        ++all;
        const auto rounds = static_cast<double>(update.round.before().value() - update.base().value());
        if (rounds > behind || rounds < 0) stale.push_back(&update);
    }
    if (2 * stale.size() > all) {
        model::JsonWriter json;
        json.begin_object().field("updates", static_cast<std::int64_t>(stale.size())).end_object();
        findings.push_back(
            finding_of("update-stale", Severity::info, {}, {},
                       "Most updates start from an older checkpoint than the last: the federation is "
                       "asynchronous. Set the limit admission.rounds_behind to have those named that lag too far.",
                       json));
        return;
    }
    for (const model::Update* update : stale) {
        const bool future = update->base() >= update->round;
        model::JsonWriter json;
        json.begin_object().field("path", update->path).field("base_round", update->base().value());
        if (update->line > 0) json.field("file", "federation.jsonl").field("line", update->line);
        json.end_object();
        findings.push_back(
            finding_of("update-stale", future ? Severity::high : Severity::low, update->client, update->round,
                       "The update of " + name(update->client) + " in " + round_name(update->round) +
                           (future ? " claims to start from the checkpoint of " + round_name(update->base()) +
                                         ", which did not exist yet."
                                   : " starts from the checkpoint of " + round_name(update->base()) + ", " +
                                         std::to_string(update->round.before().value() - update->base().value()) +
                                         " rounds behind; the limit is " + model::short_number(behind) + "."),
                       json));
    }
}

void find_late(const std::vector<model::Round>& rounds, const std::vector<model::Update>& updates, double seconds,
               std::vector<Finding>& findings)
{
    std::map<RoundNo, double> closed;
    for (const model::Round& round : rounds)
        if (const auto at = moment_of(round.finished_at)) closed[round.number] = *at;
    for (const model::Update& update : updates) {
        const auto end = closed.find(update.round);
        const auto came = moment_of(update.received_at);
        if (update.reference || end == closed.end() || !came || !(*came - end->second > seconds)) continue;
        model::JsonWriter json;
        json.begin_object().field("path", update.path).field("admission.seconds_late", *came - end->second);
        if (update.line > 0) json.field("file", "federation.jsonl").field("line", update.line);
        json.end_object();
        const bool counted = !update.accepted || *update.accepted;
        findings.push_back(finding_of(
            "update-stale", counted ? Severity::medium : Severity::low, update.client, update.round,
            "The update of " + name(update.client) + " came " + model::short_number(*came - end->second) + " s after " +
                round_name(update.round) + " had closed" + (counted ? "" : ", and the server left it out") + ".",
            json));
    }
}

}  // namespace

std::span<const AdmissionLimit> admission_limits() { return limits; }

std::map<std::string, double> admission_policy(const std::map<std::string, double>& of_the_case)
{
    std::map<std::string, double> policy;
    for (const AdmissionLimit& limit : limits) {
        const auto own = of_the_case.find(std::string(limit.name));
        policy[std::string(limit.name)] = own != of_the_case.end() ? own->second : limit.standard;
    }
    return policy;
}

model::Result<void> set_admission_limit(model::CaseStore& store, std::string_view name, std::optional<double> value)
{
    std::string known;
    for (const AdmissionLimit& limit : limits) {
        known += (known.empty() ? "" : ", ") + std::string(limit.name);
        if (limit.name != name) continue;
        if (value && !(std::isfinite(*value) && *value >= 0))
            return model::fail(model::ErrorCode::invalid_argument,
                               std::string(name) + " is a number from 0 on (" + std::string(limit.title) + ")");
        return store.put_policy(std::string(name), value);
    }
    return model::fail(model::ErrorCode::invalid_argument, "Admission has no limit '" + std::string(name) + "'", {},
                       "it has " + known);
}

std::vector<Finding> admission_findings(const std::vector<model::Client>& clients,
                                        const std::vector<model::Round>& rounds,
                                        const std::vector<model::Update>& updates,
                                        const std::vector<model::Submission>& submissions,
                                        const std::map<std::string, double>& policy)
{
    std::vector<Finding> findings;
    find_few_examples(updates, policy.at("admission.min_examples"), policy.at("admission.min_share"), findings);
    find_many_in_a_round(submissions, policy.at("admission.updates_a_round"), findings);
    find_many_in_a_day(submissions, policy.at("admission.updates_a_day"), findings);
    find_unasked(clients, rounds, submissions, findings);
    find_bursts(clients, rounds, policy.at("admission.bulk_registrations"), policy.at("admission.bulk_window"),
                findings);
    find_stale(updates, policy.at("admission.rounds_behind"), findings);
    find_late(rounds, updates, policy.at("admission.seconds_late"), findings);
    return findings;
}

}  // namespace fedsleuth::analysis
