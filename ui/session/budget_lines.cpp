// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/budget_lines.h"

#include "model/text.h"
#include "ui/session/wording.h"

#include <algorithm>

namespace fedsleuth::ui {

namespace {

BudgetLine line_of(const analysis::PrivacyClaims& claims, const analysis::ClientBudget& client, model::RoundNo first,
                   model::RoundNo last)
{
    BudgetLine line;
    line.client = &client;
    for (const auto& [round, epsilon] : client.series)
        if (first <= round && round <= last) line.spent.emplace_back(static_cast<double>(round.value()), epsilon);
    // Only where the line reaches the client's present can it be drawn on into the future.
    const bool to_the_end = !client.series.empty() && client.series.back().first <= last;
    if (to_the_end && claims.budget && client.forecast && !client.exhausted_in)
        line.forecast = {{static_cast<double>(client.series.back().first.value()), client.series.back().second},
                         {static_cast<double>(client.forecast->value()), *claims.budget}};
    return line;
}

}  // namespace

BudgetLines budget_lines(const analysis::PrivacyClaims& claims, const std::optional<model::ClientId>& selected,
                         model::RoundNo first, model::RoundNo last)
{
    std::vector<const analysis::ClientBudget*> drawn;
    for (const analysis::ClientBudget& client : claims.clients)
        if (!client.series.empty()) drawn.push_back(&client);
    const std::size_t with_claim = drawn.size();
    const auto is_selected = [&](const analysis::ClientBudget* client) {
        return selected && client->client == *selected;
    };
    if (with_claim > BudgetLines::all_up_to) {
        std::stable_sort(drawn.begin(), drawn.end(), [&](const auto* a, const auto* b) {
            if (is_selected(a) != is_selected(b)) return is_selected(a);
            return a->epsilon_claimed.value_or(0) > b->epsilon_claimed.value_or(0);
        });
        const bool any_selected = is_selected(drawn.front());
        const std::size_t kept = BudgetLines::highest_of_many + (any_selected ? 1 : 0);
        drawn.erase(drawn.begin() + static_cast<std::ptrdiff_t>(kept), drawn.end());
    }
    std::stable_partition(drawn.begin(), drawn.end(), [&](const auto* client) { return !is_selected(client); });

    BudgetLines result;
    result.left_out = with_claim - drawn.size();
    for (const analysis::ClientBudget* client : drawn) {
        result.lines.push_back(line_of(claims, *client, first, last));
        result.lines.back().selected = is_selected(client);
    }
    return result;
}

std::string budget_answer(const analysis::PrivacyClaims& claims)
{
    const auto clients = static_cast<std::int64_t>(claims.clients.size());
    std::int64_t over = 0;
    std::int64_t silent = 0;
    for (const analysis::ClientBudget& client : claims.clients) {
        if (client.exhausted_in) ++over;
        if (client.rounds_with_claim == 0) ++silent;
    }
    const std::string of_all = model::grouped(over) + " of " + counted(clients, "client", "clients");
    std::string text;
    if (silent == clients)
        text = "a mechanism is declared, but no client says what it has spent";
    else if (!claims.budget)
        text = "no budget is declared to hold the claims against";
    else if (over == 0)
        text = "no client says that it has spent more than ε = " + model::short_number(*claims.budget);
    else
        text = of_all + (over == 1 ? " says that it has" : " say that they have") +
               " spent more than ε = " + model::short_number(*claims.budget);
    if (silent > 0 && silent < clients)
        text.append("; ").append(model::grouped(silent)).append(silent == 1 ? " claims nothing" : " claim nothing");
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

}  // namespace fedsleuth::ui
