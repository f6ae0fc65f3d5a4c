// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/probe/curve.h"
#include "analysis/rollback/counterfactual.h"
#include "model/case_store.h"
#include "model/update_source.h"

#include <vector>

namespace fedsleuth::analysis {

/// One checkpoint on the probes: as it was shipped (nothing where there is no usable one), and as it would have been.
struct ProbedPoint {
    model::RoundNo round;
    ProbeScore shipped, frozen, corrected;
};

/// Runs the models of a replay on the probes while they are made.
class ReplayProbe {
public:
    /// Misclassified inputs without labels get the answers of the last usable checkpoint. Errors: those of network_for;
    /// not_applicable for misclassified inputs without labels where no checkpoint can be used.
    [[nodiscard]] static model::Result<ReplayProbe> make(model::CaseStore& store, model::UpdateSource& source,
                                                         Probes probes);

    /// As a CheckpointTaker. Reads each of the three models as a whole; an empty reader's is left out.
    [[nodiscard]] model::Result<void> take(model::RoundNo round, const VectorReader& frozen,
                                           const VectorReader& corrected);
    [[nodiscard]] bool has(model::RoundNo round) const;
    /// By round.
    [[nodiscard]] const std::vector<ProbedPoint>& points() const { return points_; }
    [[nodiscard]] const Probes& probes() const { return probes_; }

private:
    ReplayProbe(PlainNetwork network, Probes probes, model::UpdateSource& source)
        : network_(std::move(network)), probes_(std::move(probes)), source_(&source)
    {
    }

    PlainNetwork network_;
    Probes probes_;
    model::UpdateSource* source_;
    std::vector<model::RoundNo> usable_;  ///< ascending
    std::vector<ProbedPoint> points_;
};

}  // namespace fedsleuth::analysis
