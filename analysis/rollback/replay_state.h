// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/rollback/counterfactual.h"

#include <optional>
#include <string>
#include <vector>

namespace fedsleuth::analysis {

/// Which rounds of a replay are done, on disk beside its scratch vectors, so that a replay that was stopped goes on
/// with the round after and ends with the same bytes. What does not read back as it was written starts anew.
class ReplayCommits {
public:
    struct Commit {
        CounterfactualPoint point;
        std::optional<double> secant;
        bool frozen = false;
    };

    [[nodiscard]] static model::Result<ReplayCommits> open(const ReplayState& state);

    [[nodiscard]] std::string scratch_path() const;  ///< empty without a folder
    [[nodiscard]] const Commit* find(model::RoundNo round) const;
    /// The scratch vectors hold this round's state now.
    [[nodiscard]] model::Result<void> add(Commit commit);
    /// The replay is over: its state is of no more use.
    void finish();

private:
    [[nodiscard]] std::string list_path() const;
    ReplayState state_;
    std::vector<Commit> commits_;
};

}  // namespace fedsleuth::analysis
