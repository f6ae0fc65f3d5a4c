// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/rules/ledger_geometry.h"
#include "analysis/rules/rule.h"
#include "model/federation.h"
#include "model/ids.h"
#include "model/round_ledger.h"
#include "model/update.h"

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace fedsleuth::analysis {

struct ColumnVectors;

/// One rule to be asked.
struct AskedRule {
    std::string rule;
    RuleSettings settings = {};
};
[[nodiscard]] bool same_question(const AskedRule& a, const AskedRule& b);

struct WhatIfQuestion {
    std::vector<model::ClientId> exclude = {};  ///< left out of every rule
    std::vector<model::ClientId> flagged = {};  ///< left out of the mean that results are held against
    std::vector<AskedRule> rules = {};
};

/// How far two steps lie apart; NaN where it is not known, or an angle with a step of length 0.
struct Gap {
    double distance = 0;  ///< L2
    double angle = 0;     ///< in degrees, 0 to 180
};

/// What one rule would have made of the round.
struct RuleAnswer {
    std::string rule;
    std::string title;
    bool by_weights = true;
    std::string refusal;                ///< why the rule gives nothing here; empty: it does
    bool waiting = false;               ///< a column rule whose vector is not at hand: all numbers are NaN
    std::vector<double> weights;        ///< n, as the rule gave them; empty for column rules
    std::vector<std::size_t> selected;  ///< of the n, in order of selection; also for column rules that choose
    std::vector<std::string> notes;
    double norm = 0;           ///< L2, of the step
    Gap to_shipped;            ///< the step that the server made; NaN where the case does not hold its checkpoints
    Gap to_unflagged;          ///< the mean of the updates that are neither flagged nor excluded
    double flagged_share = 0;  ///< Σ |weight| of flagged clients / Σ |weight|; NaN where there are no weights
};

struct WhatIf {
    model::RoundNo round;
    std::vector<model::ClientId> clients;  ///< n: those that remained, in the ledger's order
    std::vector<bool> flagged;             ///< n
    double shipped_norm = 0;               ///< NaN where it is not known
    double unflagged_norm = 0;             ///< NaN where nobody is left unflagged
    std::vector<RuleAnswer> rules;        ///< in the order of the question
    std::vector<Gap> gaps;                 ///< rules × rules, row-major
};

/// Each client's number of examples where the server weighted by it and every update of the round reported one; all 1
/// else. In the ledger's order.
[[nodiscard]] std::vector<double> ledger_examples(const model::RoundLedger& ledger,
                                                  std::span<const model::Update> updates, model::Weighting weighting);

/// A round of which questions are asked, all of them answered from its ledger alone. Results are steps: what a rule
/// makes of the updates, times the server's learning rate.
class WhatIfRound {
public:
    /// `num_examples`: n of the ledger.
    WhatIfRound(const model::RoundLedger& ledger, std::vector<double> num_examples, double server_learning_rate);

    /// `columns`: the vectors of column rules, where somebody computed them for the same clients (column_vectors());
    /// without them only the plain median of everybody is known.
    [[nodiscard]] WhatIf ask(const WhatIfQuestion& question, const ColumnVectors* columns = nullptr) const;

    [[nodiscard]] LedgerRound remaining(std::span<const model::ClientId> exclude) const;
    /// The ledger with all layers taken together.
    [[nodiscard]] const model::RoundLedger& ledger() const { return whole_; }
    /// Whether the geometry has the step of the round before, which centred clipping starts from.
    [[nodiscard]] bool has_previous() const;

private:
    model::RoundLedger whole_;
    std::vector<double> num_examples_;
    double learning_rate_;
};

/// Every rule with its defaults, in the order in which they are shown; those that compute columns last.
[[nodiscard]] std::vector<AskedRule> every_rule();

}  // namespace fedsleuth::analysis
