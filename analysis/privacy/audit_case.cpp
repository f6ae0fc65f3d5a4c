// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/privacy/audit_case.h"

#include "model/text.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace fedsleuth::analysis {

using model::ClientId;
using model::PrivacyClaim;
using model::PrivacyMechanism;
using model::RoundNo;
using ClaimField = std::optional<double> PrivacyClaim::*;

PrivacyHistory AuditClient::history() const
{
    PrivacyHistory history;
    for (const Release& release : releases)
        if (release.event) history.push_back(*release.event);
    return history;
}

bool AuditClient::all_known() const
{
    return !releases.empty() &&
           std::all_of(releases.begin(), releases.end(), [](const Release& release) { return release.event; });
}

NoiseKind AuditCase::noise_kind() const { return mechanism == "laplace" ? NoiseKind::laplace : NoiseKind::gaussian; }

bool AuditCase::knows_mechanism() const
{
    return mechanism.empty() || mechanism == "gaussian" || mechanism == "laplace";
}

double AuditCase::sent_scale() const
{
    const double rate = std::abs(federation.aggregation.server_learning_rate);
    return federation.update_kind == model::UpdateKind::gradient && rate > 0 ? 1 / rate : 1;
}

std::optional<double> AuditCase::delta_of(const Release& release) const
{
    if (options.delta) return options.delta;
    return release.claim && release.claim->delta ? release.claim->delta : delta;
}

std::optional<double> AuditCase::declared(std::optional<double> PrivacyMechanism::*field) const
{
    return federation.privacy ? (*federation.privacy).*field : std::nullopt;
}

namespace {

/// The value that at least half of the claims share; nothing where fewer than two claim one.
std::optional<double> shared_value(const std::vector<const PrivacyClaim*>& claims, ClaimField field)
{
    std::map<double, std::size_t> counts;
    std::size_t all = 0;
    for (const PrivacyClaim* claim : claims)
        if (claim->*field && !std::isnan(*(claim->*field))) {
            ++counts[*(claim->*field)];
            ++all;
        }
    const auto most = std::max_element(counts.begin(), counts.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    if (all < 2 || 2 * most->second < all) return std::nullopt;
    return most->first;
}

void share_claims(AuditCase& work)
{
    std::map<RoundNo, std::vector<const PrivacyClaim*>> by_round;
    std::vector<const PrivacyClaim*> all;
    for (const model::Update& update : work.updates) {
        if (update.reference || !update.privacy) continue;
        by_round[update.round].push_back(&*update.privacy);
        all.push_back(&*update.privacy);
    }
    for (const auto& [round, claims] : by_round)
        for (const ClaimField field : {&PrivacyClaim::noise_multiplier, &PrivacyClaim::sampling_rate,
                                       &PrivacyClaim::clipping_norm, &PrivacyClaim::delta})
            work.round_claims[round].*field = shared_value(claims, field);
    work.delta = work.options.delta ? work.options.delta : work.declared(&PrivacyMechanism::delta);
    if (!work.delta) work.delta = shared_value(all, &PrivacyClaim::delta);
    if (!work.delta && all.size() == 1) work.delta = all.front()->delta;
}

/// Which of the claimed and the declared value counts (the rule is AuditCase's).
template <class Promises>
std::optional<double> counting(std::optional<double> claimed, std::optional<double> declared,
                               std::optional<double> shared, bool own_mechanism, const Promises& promises_more)
{
    if (!claimed) return declared ? declared : shared;
    if (own_mechanism) return claimed;
    if (declared && !promises_more(*claimed, *declared)) return claimed;
    if (shared && same(*claimed, *shared)) return claimed;
    if (declared) return declared;
    return shared ? shared : claimed;
}

/// The steps of each release. Claims say those of their round, or of all rounds so far: then they grow with each.
void set_steps(const AuditCase& work, AuditClient& client)
{
    const double usual = work.declared(&PrivacyMechanism::steps_per_round).value_or(1.0);
    std::vector<double> claimed;
    for (const Release& release : client.releases)
        if (release.claim && release.claim->steps) claimed.push_back(*release.claim->steps);
    bool grows = claimed.size() >= 2;
    for (std::size_t idx = 1; idx < claimed.size(); ++idx) grows = grows && claimed[idx] > claimed[idx - 1];
    grows = grows && claimed.back() > 0.8 * static_cast<double>(claimed.size()) * claimed.front();
    double before = 0;
    for (Release& release : client.releases) {
        release.steps = usual;
        if (!release.claim || !release.claim->steps) continue;
        release.steps = grows ? *release.claim->steps - before : *release.claim->steps;
        before = *release.claim->steps;
    }
}

void set_mechanism(const AuditCase& work, AuditClient& client)
{
    static const PrivacyClaim nothing;
    const bool own = work.unit == "example" && !work.place.at_server;
    for (Release& release : client.releases) {
        const PrivacyClaim& claim = release.claim ? *release.claim : nothing;
        const auto shared = work.round_claims.find(release.update->round);
        const PrivacyClaim& round = shared == work.round_claims.end() ? nothing : shared->second;
        const auto larger = [](double a, double b) { return a > b && !same(a, b); };
        const auto smaller = [](double a, double b) { return a < b && !same(a, b); };
        const auto differs = [](double a, double b) { return !same(a, b); };
        release.noise = counting(claim.noise_multiplier, work.declared(&PrivacyMechanism::noise_multiplier),
                                 round.noise_multiplier, own, larger);
        release.rate = counting(claim.sampling_rate, work.declared(&PrivacyMechanism::sampling_rate),
                                round.sampling_rate, own, smaller);
        if (work.options.sampling_rate) release.rate = work.options.sampling_rate;
        release.clip = counting(claim.clipping_norm, work.declared(&PrivacyMechanism::clipping_norm),
                                round.clipping_norm, own, differs);
        PrivacyClaim counts;
        counts.noise_multiplier = release.noise;
        counts.sampling_rate = release.rate;
        counts.steps = release.steps;
        release.event = declared_event(&counts, work.federation.privacy ? &*work.federation.privacy : nullptr);
    }
}

/// Does |u|² look like a clipped update with its noise, from both sides?
bool carries_noise(const AuditCase& work, const Release& release)
{
    if (!release.measured || !release.noise || !release.clip || !(*release.noise > 0) || !(*release.clip > 0))
        return false;
    const double scale = *release.noise * *release.clip;
    const double sent = work.sent_scale();
    const double square = release.measured->square * sent * sent / (scale * scale);
    const double d = static_cast<double>(work.evidence->coordinates);
    const double signal = 1 / (*release.noise * *release.noise);
    const bool laplace = work.noise_kind() == NoiseKind::laplace;
    const double mean = laplace ? 2 * d : d;
    const double deviation = std::sqrt(laplace ? 20 * d + 8 * signal : 2 * (d + 2 * signal));
    return square > mean - 6 * deviation && square < mean + signal + 6 * deviation;
}

void find_noise_place(AuditCase& work)
{
    const std::string where = work.federation.privacy ? work.federation.privacy->where : "";
    work.place.at_client = where == "client" || (where.empty() && work.unit == "example");
    work.place.at_server = where == "server";
    std::size_t measured = 0, noisy = 0, rounds = 0, noisy_rounds = 0;
    for (AuditClient& client : work.clients) {
        set_mechanism(work, client);
        for (const Release& release : client.releases) {
            measured += release.measured != nullptr;
            noisy += work.knows_mechanism() && carries_noise(work, release);
        }
    }
    work.place.seen_in_updates = noisy > 0 && 2 * noisy >= measured;
    if (work.place.at_client || work.place.at_server) return;
    for (const ServerResidual& round : work.evidence->server) {
        ++rounds;
        noisy_rounds += std::min(round.raw_square, round.clipped_square) > 1e-6 * round.shipped_square;
    }
    work.place.inferred = true;
    work.place.at_client = work.place.seen_in_updates;
    work.place.at_server = !work.place.at_client && noisy_rounds > 0 && 2 * noisy_rounds >= rounds;
}

void find_unit(AuditCase& work)
{
    if (work.federation.privacy) work.mechanism = work.federation.privacy->mechanism;
    if (work.federation.privacy) work.unit = work.federation.privacy->unit;
    work.unit_declared = !work.unit.empty();
    if (work.unit_declared) return;
    // Many sampled steps a round are DP-SGD's, which protects single examples.
    bool many = work.declared(&PrivacyMechanism::steps_per_round).value_or(1) > 1 &&
                work.declared(&PrivacyMechanism::sampling_rate).value_or(1) < 1;
    for (const model::Update& update : work.updates)
        many = many || (update.privacy && update.privacy->steps.value_or(1) > 1 &&
                        update.privacy->sampling_rate.value_or(1) < 1);
    work.unit = many ? "example" : "client";
}

void expect_claims(AuditCase& work)
{
    std::size_t took_part = 0, claiming = 0;
    for (const AuditClient& client : work.clients) {
        took_part += !client.releases.empty();
        claiming += std::any_of(client.releases.begin(), client.releases.end(),
                                [](const Release& release) { return release.claim && release.claim->epsilon; });
    }
    work.claims_expected = work.place.at_client || 2 * claiming >= std::max<std::size_t>(took_part, 1);
}

}  // namespace

model::Result<std::optional<AuditCase>> gather_audit(model::CaseStore& store, const NoiseEvidence& evidence,
                                                     const AuditOptions& options)
{
    AuditCase work;
    work.evidence = &evidence;
    work.options = options;
    FEDSLEUTH_TRY(work.federation, store.federation());
    FEDSLEUTH_TRY(work.rounds, store.rounds());
    FEDSLEUTH_TRY(work.updates, store.updates());
    FEDSLEUTH_TRY(work.policy, audit_policy(store));
    FEDSLEUTH_TRY(const std::vector<model::Client> clients, store.clients());
    const bool any_claim = std::any_of(work.updates.begin(), work.updates.end(),
                                       [](const model::Update& update) { return !update.reference && update.privacy; });
    if (!work.federation.privacy && !any_claim) return std::optional<AuditCase>();

    std::map<std::pair<RoundNo, ClientId>, const UpdateNoise*> measured;
    for (const UpdateNoise& update : evidence.updates) measured[{update.round, update.client}] = &update;
    std::map<ClientId, AuditClient> by_id;
    for (const model::Client& client : clients) {
        by_id[client.id].id = client.id;
        by_id[client.id].num_examples = client.num_examples;
    }
    for (const model::Update& update : work.updates) {
        if (update.reference) continue;
        AuditClient& client = by_id[update.client];
        client.id = update.client;
        if (!client.num_examples) client.num_examples = update.num_examples;
        Release& release = client.releases.emplace_back();
        release.update = &update;
        release.claim = update.privacy;
        const auto place = measured.find({update.round, update.client});
        if (place != measured.end()) release.measured = place->second;
    }
    for (auto& [id, client] : by_id) work.clients.push_back(std::move(client));
    share_claims(work);
    find_unit(work);
    for (AuditClient& client : work.clients) set_steps(work, client);
    find_noise_place(work);
    for (AuditClient& client : work.clients) set_mechanism(work, client);
    expect_claims(work);
    return std::optional<AuditCase>(std::move(work));
}

AuditVerdicts::AuditVerdicts()
{
    constexpr std::array<std::string_view, 20> names{
        "Claim against what was spent; cumulative or per round",
        "How clients are sampled",
        "Sampling rate against participation",
        "δ below 1/n",
        "Parameters and claims complete",
        "Clipping before noise",
        "Norms within the clipping norm",
        "Weights of the aggregation",
        "Unit: client or example",
        "Where the noise is, and how much",
        "Classical Gaussian formula",
        "Adaptive clipping accounted for",
        "Hyper-parameter search accounted for",
        "Noise in every layer",
        "Counts and metrics in the clear",
        "Noise not used again",
        "Budget and policy",
        "One neighbouring relation",
        "Accountant that bounds",
        "Floating-point sampler",
    };
    for (std::size_t rule_idx = 0; rule_idx < names.size(); ++rule_idx) {
        RuleResult& result = rules.emplace_back();
        result.number = static_cast<int>(rule_idx) + 1;
        result.name = names[rule_idx];
        result.evidence_json = "{}";
        result.sentence = "Not tested.";
    }
}

void AuditVerdicts::pass(int number, std::string sentence)
{
    if (rule(number).outcome == RuleOutcome::fail) return;
    rule(number).outcome = RuleOutcome::pass;
    rule(number).sentence = std::move(sentence);
}

void AuditVerdicts::unknown(int number, std::string sentence)
{
    if (rule(number).outcome == RuleOutcome::fail) return;
    rule(number).outcome = RuleOutcome::unknown;
    rule(number).sentence = std::move(sentence);
}

void AuditVerdicts::fail(int number, std::string sentence, std::vector<ClientId> clients)
{
    RuleResult& result = rule(number);
    last_failed_ = number;
    constexpr std::size_t enough = 500;  // bytes: the findings hold the rest
    if (result.outcome != RuleOutcome::fail)
        result.sentence = std::move(sentence);
    else if (result.sentence.size() < enough)
        result.sentence += " " + sentence;
    result.outcome = RuleOutcome::fail;
    for (ClientId& client : clients)
        if (std::find(result.clients.begin(), result.clients.end(), client) == result.clients.end())
            result.clients.push_back(std::move(client));
}

model::Finding& AuditVerdicts::find(std::string kind, model::Severity severity, std::string text)
{
    model::Finding& finding = findings.emplace_back();
    finding.kind = std::move(kind);
    finding.severity = severity;
    finding.text = std::move(text);
    finding.source = model::FindingSource::privacy;
    raised_by.push_back(last_failed_);
    return finding;
}

std::string named(const ClientId& client) { return model::visible(client.text()); }

std::string named(const std::vector<ClientId>& clients)
{
    constexpr std::size_t most = 5;
    std::string text;
    const std::size_t shown = clients.size() > most + 1 ? most : clients.size();
    for (std::size_t client_idx = 0; client_idx < shown; ++client_idx) {
        if (client_idx > 0) text += client_idx + 1 == clients.size() ? " and " : ", ";
        text += named(clients[client_idx]);
    }
    if (shown < clients.size()) text += " and " + std::to_string(clients.size() - shown) + " more";
    return text;
}

std::string number(double value, int digits)
{
    if (std::isinf(value)) return value > 0 ? "infinite" : "minus infinity";
    return model::short_number(value, digits);
}

bool same(double a, double b) { return a == b || std::abs(a - b) <= 1e-6 * std::max(std::abs(a), std::abs(b)); }

std::optional<std::string> extra_value(const std::string& extra_json, std::string_view key)
{
    // Written by this program's own JSON writer: no blanks, and quotes inside strings carry a backslash.
    const std::string wanted = std::string("\"").append(key).append("\":");
    for (std::size_t at = extra_json.find(wanted); at != std::string::npos; at = extra_json.find(wanted, at + 1)) {
        if (at > 0 && extra_json[at - 1] == '\\') continue;
        std::string_view value = std::string_view(extra_json).substr(at + wanted.size());
        if (value.starts_with('"')) {
            value.remove_prefix(1);
            return std::string(value.substr(0, value.find('"')));
        }
        if (value.starts_with('{') || value.starts_with('[')) return std::nullopt;
        return std::string(value.substr(0, value.find_first_of(",}]")));
    }
    return std::nullopt;
}

}  // namespace fedsleuth::analysis
