// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/privacy/audit.h"

#include <utility>
#include <vector>

namespace fedsleuth::ui {

/// One client's burn-down: what it has spent after each round (recomputed, else by its claims), and where that leads.
struct BudgetLine {
    const analysis::ClientAudit* client = nullptr;
    bool selected = false;
    std::vector<std::pair<double, double>> spent;  ///< (round, cumulated ε), of the rounds asked for; finite
    std::vector<std::pair<double, double>>
        claimed;  ///< the same by its claims, where `spent` is not they; of the selected
    std::vector<std::pair<double, double>> forecast;  ///< from its last point to the budget; empty where none is due
};

struct BudgetLines {
    static constexpr std::size_t all_up_to = 30;  ///< clients: beyond that lines hide each other
    static constexpr std::size_t highest_of_many = 10;

    std::vector<BudgetLine> lines;  ///< the selected one last, on top of the others
    std::size_t left_out = 0;       ///< clients with something to draw that are not drawn
    std::size_t without_bound = 0;  ///< clients whose ε is infinite: no line can show it
};

/// What the chart draws: all clients of whom something is known, or the selected one and the highest where there are
/// many.
[[nodiscard]] BudgetLines budget_lines(const analysis::PrivacyAudit& audit,
                                       const std::optional<model::ClientId>& selected, model::RoundNo first,
                                       model::RoundNo last);

}  // namespace fedsleuth::ui
