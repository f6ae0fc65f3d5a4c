// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/case_store.h"
#include "model/progress.h"
#include "model/result.h"
#include "model/update_source.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace fedsleuth::analysis {

// What the stored vectors themselves say about the noise in them, measured once: the audit's rules read it.

/// One client's update of one round. Squares are |u|², whole and layer by layer.
struct UpdateNoise {
    model::RoundNo round;
    model::ClientId client;
    double square = 0;
    std::vector<double> layer_squares;  ///< per layer of NoiseEvidence::layers
    double peer_product =
        0;  ///< ⟨u, v⟩ for v the unit vector of what the round's other clients sent, each over its own |u|²
    std::optional<double> previous_cosine;  ///< with its own previous update
    std::optional<double> closest_cosine;   ///< with the most similar other update of the round
    model::ClientId closest;
};

/// What the server added: r = shipped step − η Σ a_i clip(D_i), by the replay of the aggregation.
struct ServerResidual {
    model::RoundNo round;
    std::int64_t clients = 0;           ///< that were aggregated
    double max_weight = 0;              ///< largest a_i, where Σ a_i = 1
    double shipped_square = 0;          ///< |w_r − w_{r−1}|²
    double raw_square = 0;              ///< |r|² with the updates as they are stored
    double clipped_square = 0;          ///< |r|² with the updates clipped to the declared norm
    std::vector<double> layer_squares;  ///< |r|² by layer, of the smaller of the two
    std::optional<double> normality_p;  ///< Kolmogorov–Smirnov against a centred normal, on at most 1e5 coordinates
    std::optional<double> sign_runs_p;  ///< runs test of the signs
    std::optional<double> reuse_correlation;  ///< largest |correlation| with the residual of another round
    model::RoundNo reuse_round;
};

/// A client whose noise of one round came again in another, or at another client.
struct ReusedNoise {
    model::ClientId client;
    model::RoundNo round, earlier;
    double correlation = 0;
    std::int64_t coordinates = 0;  ///< compared
};

struct NoiseLayer {
    std::string name;
    std::int64_t coordinates = 0;
};

struct NoiseEvidence {
    std::int64_t coordinates = 0;        ///< d; 0: nothing was measured
    std::vector<NoiseLayer> layers;      ///< with coordinates; one for the whole model where ledgers keep no layers
    std::vector<UpdateNoise> updates;    ///< by round, then client
    std::vector<ServerResidual> server;  ///< by round
    std::vector<ReusedNoise> reused;
};

/// Measures the noise of a case: squares and products out of the ledgers, and where a mechanism is declared one
/// streaming pass over updates and checkpoints for the server's residual and for reuse. Memory: one slab of every
/// update of a round, and a sample of at most 32 MiB over all rounds. Errors: those of the doors; cancelled.
[[nodiscard]] model::Result<NoiseEvidence> measure_noise(model::CaseStore& store, model::UpdateSource& source,
                                                         model::Progress& progress);

/// What streaming measured (server, reused) as a document of the case, so that it is read once.
[[nodiscard]] model::Result<void> keep_noise_evidence(model::CaseStore& store, const NoiseEvidence& evidence);

/// The evidence that the case holds: squares and products out of its ledgers, the rest as the last analysis kept it.
/// Empty before the first analysis. Never touches the updates.
[[nodiscard]] model::Result<NoiseEvidence> kept_noise_evidence(model::CaseStore& store);

}  // namespace fedsleuth::analysis
