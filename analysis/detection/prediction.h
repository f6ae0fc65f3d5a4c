// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/detection/round_view.h"
#include "model/detector_scores.h"

#include <deque>
#include <map>
#include <vector>

namespace fedsleuth::analysis {

/// FLDetector (Zhang et al., KDD 2022): a client's update is predicted from its previous one and from how the global
/// update changed with the model, D̂_t = D_{t−1} + J (w_{t−1} − w_{t−2}), J by L-BFGS over the last ten rounds
/// (analysis/kernels/curvature.h). All of it lies in the span of the last global steps, so the ledgers are enough; the
/// global steps stand for the mean updates (exact up to the server's learning rate).
///
/// Told of the rounds in ascending order. Speaks of clients that also took part in the round before.
class Prediction {
public:
    /// "prediction-miss": |D − D̂| against the median client's in the same round, averaged over the client's last ten
    /// predicted rounds; then remembers the round.
    [[nodiscard]] model::DetectorScores score(const RoundView& view);

private:
    static constexpr std::size_t window = 10;
    /// A client's last update, as far as its products with later steps need it.
    struct Last {
        model::RoundNo round;
        std::map<model::RoundNo, double> products;  ///< ⟨D, s_r⟩ for the steps of its round's window and its own
    };
    [[nodiscard]] std::vector<double> misses(const RoundView& view) const;

    std::map<model::ClientId, Last> last_;
    std::map<model::ClientId, std::deque<double>> recent_;
};

}  // namespace fedsleuth::analysis
