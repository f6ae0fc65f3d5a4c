// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/privacy_words.h"

#include "model/text.h"
#include "model/wording.h"
#include "ui/session/wording.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace fedsleuth::ui {

using analysis::ClientAudit;
using analysis::PrivacyAudit;

namespace {

std::string claims_answer(const PrivacyAudit& audit)
{
    const auto clients = static_cast<std::int64_t>(audit.clients.size());
    std::int64_t over = 0;
    std::int64_t silent = 0;
    for (const ClientAudit& client : audit.clients) {
        if (client.exhausted_in) ++over;
        if (client.rounds_with_claim == 0) ++silent;
    }
    std::string text;
    if (silent == clients)
        text = "a mechanism is declared, but no client says what it has spent";
    else if (!audit.budget)
        text = "no budget is declared to hold the claims against";
    else if (over == 0)
        text = "no client says that it has spent more than ε = " + model::short_number(*audit.budget);
    else
        text = model::grouped(over) + " of " + counted(clients, "client", "clients") +
               (over == 1 ? " says that it has" : " say that they have") +
               " spent more than ε = " + model::short_number(*audit.budget);
    if (silent > 0 && silent < clients)
        text.append("; ").append(model::grouped(silent)).append(silent == 1 ? " claims nothing" : " claim nothing");
    return text;
}

std::string csv_number(const std::optional<double>& number)
{
    if (!number || std::isnan(*number)) return {};
    if (std::isinf(*number)) return "inf";
    char buffer[32];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, *number).ptr;
    return {buffer, end};
}

}  // namespace

AuditPtr audit_of(const CaseData& data) { return data.audit ? data.audit : data.claims_audit; }

bool is_claims_only(const PrivacyAudit& audit)
{
    return std::none_of(audit.clients.begin(), audit.clients.end(), [](const ClientAudit& client) {
        return !client.series.empty() && client.series.back().spent.has_value();
    });
}

std::optional<double> epsilon_that_counts(const ClientAudit& client)
{
    std::optional<double> counts = client.epsilon_claimed;
    if (!client.series.empty() && client.series.back().spent) counts = client.series.back().spent;
    if (client.epsilon_measured && (!counts || *client.epsilon_measured > *counts)) counts = client.epsilon_measured;
    return counts;
}

const ClientAudit* worst_client(const PrivacyAudit& audit)
{
    const ClientAudit* worst = nullptr;
    for (const ClientAudit& client : audit.clients) {
        const std::optional<double> epsilon = epsilon_that_counts(client);
        if (epsilon && (!worst || *epsilon > *epsilon_that_counts(*worst))) worst = &client;
    }
    return worst;
}

std::string audit_answer(const PrivacyAudit& audit)
{
    if (is_claims_only(audit)) return claims_answer(audit);
    const auto clients = static_cast<std::int64_t>(audit.clients.size());
    std::int64_t over = 0;
    for (const ClientAudit& client : audit.clients) {
        const std::optional<double> epsilon = epsilon_that_counts(client);
        if (client.exhausted_in || (audit.budget && epsilon && *epsilon > *audit.budget)) ++over;
    }
    std::string text;
    if (!audit.budget)
        text = "no budget is declared to hold what was spent against";
    else if (over == 0)
        text = "no client has spent more than ε = " + model::short_number(*audit.budget);
    else
        text = model::grouped(over) + " of " + counted(clients, "client", "clients") + (over == 1 ? " has" : " have") +
               " spent more than ε = " + model::short_number(*audit.budget);
    if (const ClientAudit* worst = worst_client(audit)) {
        const double epsilon = *epsilon_that_counts(*worst);
        text += "; " + model::visible(worst->client.text()) + " spent the most, ";
        text += std::isfinite(epsilon) ? "ε = " + model::short_number(epsilon) : "without any bound";
    }
    return text;
}

std::string mechanism_text(const std::optional<model::PrivacyMechanism>& mechanism)
{
    if (!mechanism) return {};
    std::vector<std::string> parts;
    parts.push_back(mechanism->mechanism.empty() ? std::string("mechanism not named")
                                                 : model::visible(mechanism->mechanism));
    if (!mechanism->where.empty()) parts.push_back("noise on the " + model::visible(mechanism->where));
    if (!mechanism->unit.empty()) parts.push_back("protects each " + model::visible(mechanism->unit));
    const auto number = [&](const char* name, const std::optional<double>& value) {
        if (value) parts.push_back(std::string(name) + " " + model::short_number(*value, 4));
    };
    number("noise multiplier", mechanism->noise_multiplier);
    number("clipping norm", mechanism->clipping_norm);
    number("sampling rate", mechanism->sampling_rate);
    number("steps a round", mechanism->steps_per_round);
    number("δ =", mechanism->delta);
    number("budget ε =", mechanism->epsilon_budget);
    std::string text;
    for (const std::string& part : parts) text.append(text.empty() ? "" : "  ·  ").append(part);
    return text;
}

std::string client_mechanism_text(const ClientAudit& client)
{
    if (client.history.empty()) return {};
    const analysis::MechanismSegment& last = client.history.back();
    std::string text = last.noise_multiplier == 0 ? "no noise" : "σ = " + model::short_number(last.noise_multiplier);
    text += last.sampling_rate >= 1 ? ", everybody"
                                    : ", " + model::short_number(100 * last.sampling_rate) + "\u00a0% sampled";
    const std::size_t changes = client.history.size() - 1;
    if (changes == 1) text += ", changed once";
    if (changes > 1) text += ", changed " + model::grouped(static_cast<long long>(changes)) + " times";
    return text;
}

std::string accountant_text(std::string_view accountant) { return model::accountant_words(accountant); }

std::string ledger_csv(const PrivacyAudit& audit)
{
    std::string text = "client,rounds,rounds_with_claim,mechanism,epsilon_claimed,claims_fit";
    for (const std::string_view accountant : analysis::audit_accountants) text.append(",").append(accountant);
    text += ",epsilon_measured,budget,budget_share,budget_exhausted_round,forecast_round,findings\r\n";
    const auto round = [](const std::optional<model::RoundNo>& number) {
        return number ? std::to_string(number->value()) : std::string();
    };
    for (const ClientAudit& client : audit.clients) {
        std::vector<std::string> cells{
            model::csv_cell(client.client.text()),    std::to_string(client.rounds),
            std::to_string(client.rounds_with_claim), model::csv_cell(client_mechanism_text(client)),
            csv_number(client.epsilon_claimed),       std::string(name_of(client.fits))};
        for (const std::optional<double>& epsilon : client.epsilon.values) cells.push_back(csv_number(epsilon));
        for (const std::optional<double>& number : {client.epsilon_measured, audit.budget, client.budget_share})
            cells.push_back(csv_number(number));
        cells.push_back(round(client.exhausted_in));
        cells.push_back(round(client.forecast));
        std::string findings;
        for (const std::string& kind : client.findings) findings += (findings.empty() ? "" : " ") + kind;
        cells.push_back(model::csv_cell(findings));
        for (std::size_t at = 0; at < cells.size(); ++at) text += (at == 0 ? "" : ",") + cells[at];
        text += "\r\n";
    }
    return text;
}

}  // namespace fedsleuth::ui
