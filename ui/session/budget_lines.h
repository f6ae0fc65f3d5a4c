// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/case_data.h"

#include <string>
#include <vector>

namespace fedsleuth::ui {

/// One client's burn-down: what it says that it has spent after each round, and where that leads.
struct BudgetLine {
    const analysis::ClientBudget* client = nullptr;
    bool selected = false;
    std::vector<std::pair<double, double>> spent;     ///< (round, cumulated ε), of the rounds asked for
    std::vector<std::pair<double, double>> forecast;  ///< from its last point to the budget; empty where none is due
};

struct BudgetLines {
    static constexpr std::size_t all_up_to = 30;  ///< clients: beyond that lines hide each other
    static constexpr std::size_t highest_of_many = 10;

    std::vector<BudgetLine> lines;  ///< the selected one last, on top of the others
    std::size_t left_out = 0;       ///< clients with a claim that are not drawn
};

/// What the chart draws: all clients with a claim, or the selected one and the highest claims where there are many.
[[nodiscard]] BudgetLines budget_lines(const analysis::PrivacyClaims& claims,
                                       const std::optional<model::ClientId>& selected, model::RoundNo first,
                                       model::RoundNo last);

/// "3 of 20 clients say that they have spent more than ε = 30": a clause, without a capital or a full stop.
[[nodiscard]] std::string budget_answer(const analysis::PrivacyClaims& claims);
/// "gaussian on the client, per example, noise multiplier 1.1, …": what the federation declares; empty for nothing.
[[nodiscard]] std::string mechanism_text(const std::optional<model::PrivacyMechanism>& mechanism);

}  // namespace fedsleuth::ui
