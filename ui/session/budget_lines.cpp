// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/budget_lines.h"

#include <algorithm>
#include <cmath>

namespace fedsleuth::ui {

namespace {

using analysis::ClientAudit;
using analysis::SpentPoint;

/// The recomputed series where there is one, else the claims.
std::optional<double> SpentPoint::*series_of(const ClientAudit& client)
{
    const bool recomputed = !client.series.empty() && client.series.back().spent;
    return recomputed ? &SpentPoint::spent : &SpentPoint::claimed;
}

std::optional<double> last_value(const ClientAudit& client)
{
    const auto field = series_of(client);
    for (auto point = client.series.rbegin(); point != client.series.rend(); ++point)
        if ((*point).*field) return (*point).*field;
    return std::nullopt;
}

std::vector<std::pair<double, double>> points_of(const ClientAudit& client, std::optional<double> SpentPoint::*field,
                                                 model::RoundNo first, model::RoundNo last)
{
    std::vector<std::pair<double, double>> points;
    for (const SpentPoint& point : client.series)
        if (first <= point.round && point.round <= last && point.*field && std::isfinite(*(point.*field)))
            points.emplace_back(static_cast<double>(point.round.value()), *(point.*field));
    return points;
}

BudgetLine line_of(const analysis::PrivacyAudit& audit, const ClientAudit& client, bool selected, model::RoundNo first,
                   model::RoundNo last)
{
    BudgetLine line;
    line.client = &client;
    line.selected = selected;
    line.spent = points_of(client, series_of(client), first, last);
    if (selected && series_of(client) != &SpentPoint::claimed)
        line.claimed = points_of(client, &SpentPoint::claimed, first, last);
    // Only where the line reaches the client's present can it be drawn on into the future.
    const bool to_the_end = !line.spent.empty() && client.series.back().round <= last;
    if (to_the_end && audit.budget && client.forecast && !client.exhausted_in)
        line.forecast = {line.spent.back(), {static_cast<double>(client.forecast->value()), *audit.budget}};
    return line;
}

}  // namespace

BudgetLines budget_lines(const analysis::PrivacyAudit& audit, const std::optional<model::ClientId>& selected,
                         model::RoundNo first, model::RoundNo last)
{
    BudgetLines result;
    std::vector<const ClientAudit*> drawn;
    for (const ClientAudit& client : audit.clients) {
        const std::optional<double> value = last_value(client);
        if (value) drawn.push_back(&client);
        if ((value && std::isinf(*value)) || (client.epsilon_measured && std::isinf(*client.epsilon_measured)))
            ++result.without_bound;
    }
    const std::size_t known = drawn.size();
    const auto is_selected = [&](const ClientAudit* client) { return selected && client->client == *selected; };
    if (known > BudgetLines::all_up_to) {
        std::stable_sort(drawn.begin(), drawn.end(), [&](const auto* a, const auto* b) {
            if (is_selected(a) != is_selected(b)) return is_selected(a);
            return *last_value(*a) > *last_value(*b);
        });
        const std::size_t kept = BudgetLines::highest_of_many + (is_selected(drawn.front()) ? 1 : 0);
        drawn.erase(drawn.begin() + static_cast<std::ptrdiff_t>(kept), drawn.end());
    }
    std::stable_partition(drawn.begin(), drawn.end(), [&](const auto* client) { return !is_selected(client); });
    result.left_out = known - drawn.size();
    for (const ClientAudit* client : drawn)
        result.lines.push_back(line_of(audit, *client, is_selected(client), first, last));
    return result;
}

}  // namespace fedsleuth::ui
