// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/rules/rule.h"
#include "model/case_store.h"
#include "model/progress.h"
#include "model/update_source.h"

#include <span>
#include <string>
#include <vector>

namespace fedsleuth::analysis {

struct Aggregate {
    std::string rule;
    std::vector<double> vector;          ///< d
    std::optional<RuleWeights> how;      ///< for weight rules
    std::optional<ColumnChoice> choice;  ///< for column rules that choose
    std::vector<std::string> notes;
    double norm = 0;  ///< L2, of the vector

    /// Of either kind of rule; empty where it does not select or score.
    [[nodiscard]] const std::vector<std::size_t>& selected() const;
    [[nodiscard]] const std::vector<double>& scores() const;
};

/// What a rule may be shown beside the rows: each d numbers (history: n × d), or none.
struct SideInputs {
    std::span<const double> reference = {};
    std::span<const double> history = {};   ///< each client's updates so far, summed
    std::span<const double> previous = {};  ///< the step of the round before
    std::span<const double> model = {};     ///< the model that the round started from
};

/// A rule on n rows of d float64 coordinates, row-major (compute aggregate; exact, nothing is rounded to float32), with
/// what settings.pre asks for before it. Rows with a NaN or an infinity are refused by name (invalid_argument), never
/// averaged in.
[[nodiscard]] model::Result<Aggregate> aggregate_matrix(std::string_view rule, std::span<const double> rows,
                                                        std::size_t n, std::size_t d,
                                                        std::span<const double> num_examples,
                                                        const RuleSettings& settings, const SideInputs& side = {});

struct RoundAggregate {
    Aggregate aggregate;
    std::vector<model::ClientId> clients;  ///< n: those that took part, in the order of weights
};

/// A rule, with its pre-aggregations, on the usable updates of one round of a case, without the clients in `exclude`,
/// streaming slab by slab. Uses the round's ledger where the case holds it, and what else of the case the rule takes:
/// the server's reference update, the step of the round before, the checkpoint before, the sums of the clients' updates
/// so far. Errors: not_found for the round or an excluded client that did not take part, those of the rule, cancelled.
[[nodiscard]] model::Result<RoundAggregate> aggregate_round(model::CaseStore& store, model::UpdateSource& source,
                                                            model::RoundNo round, std::string_view rule,
                                                            const RuleSettings& settings,
                                                            std::span<const model::ClientId> exclude,
                                                            model::Progress& progress);

}  // namespace fedsleuth::analysis
