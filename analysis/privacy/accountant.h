// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/privacy/event.h"
#include "model/progress.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fedsleuth::analysis {

enum class Accountant {
    rdp,       ///< Rényi DP on a grid of orders: an upper bound, 5 to 20 % loose
    pld,       ///< privacy loss distribution, connect-the-dots: an upper bound, tight
    prv,       ///< Gopi et al.'s bracket around the truth; its upper end is the answer
    gdp,       ///< Gaussian DP: exact without sampling; with sampling the central limit, which UNDER-reports
    zcdp,      ///< ρ-zCDP and ρ + 2√(ρ ln 1/δ); knows no amplification by sampling
    basic,     ///< ε and δ added up
    advanced,  ///< Dwork, Rothblum, Vadhan
    optimal,   ///< Kairouz, Oh, Viswanath Thm 3.3, for one (ε, δ) repeated
};

[[nodiscard]] std::string_view accountant_name(Accountant accountant);
[[nodiscard]] std::optional<Accountant> accountant_named(std::string_view name);

/// RDP orders. `standard` is dp_accounting's grid, `opacus` is Opacus's.
enum class OrderGrid { standard, opacus };

struct AccountOptions {
    OrderGrid orders = OrderGrid::standard;
    std::vector<double> own_orders;  ///< in place of the grid where not empty; each above 1
    double interval = 0;         ///< of PLD, in ε; 0: 1e-4, finer for very many steps, coarser for a very wide loss
    bool central_limit = false;  ///< GDP: the central limit formula without sampling too, as Opacus has it
    double prv_epsilon_error = 0.01;
    double prv_delta_error = 0;  ///< 0: δ / 1000
};

/// An answer and what it rests on. An ε without bound is infinite.
struct Spent {
    double epsilon = 0;
    std::optional<double> estimate;  ///< PRV: the middle of the bracket
    std::optional<double> lower;     ///< PRV: its lower end
    std::optional<double> order;     ///< RDP: where the best bound was found
    std::optional<double> interval;  ///< PLD and PRV: the mesh that was used
    std::optional<double> mu;        ///< GDP
    bool under_reports = false;      ///< the formula is an approximation from below: no guarantee
    std::string note;                ///< what a reader has to know, in one sentence; empty where there is nothing
};

/// ε of a history at δ. δ in [0, 1); an empty history spends 0. Errors: a parameter out of range, or an accountant that
/// has no answer for a mechanism (`not_applicable`).
[[nodiscard]] model::Result<Spent> epsilon_of(std::span<const PrivacyEvent> history, double delta,
                                              Accountant accountant, const AccountOptions& options = {});

/// ε of many histories at once, in their order: what they have in common is computed once. Threads: at most `threads`.
[[nodiscard]] model::Result<std::vector<Spent>> epsilon_of_each(std::span<const PrivacyHistory> histories, double delta,
                                                                Accountant accountant,
                                                                const AccountOptions& options = {},
                                                                unsigned threads = 1);

/// ε after each event of `history`, taken in their order (one event a round, say).
[[nodiscard]] model::Result<std::vector<double>> epsilon_after_each(std::span<const PrivacyEvent> history, double delta,
                                                                    Accountant accountant,
                                                                    const AccountOptions& options = {});

/// δ of a history at ε ≥ 0, by rdp, pld, prv (upper end), gdp, zcdp, basic or advanced.
[[nodiscard]] model::Result<double> delta_of(std::span<const PrivacyEvent> history, double epsilon,
                                             Accountant accountant, const AccountOptions& options = {});

}  // namespace fedsleuth::analysis
