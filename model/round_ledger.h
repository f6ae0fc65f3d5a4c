// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/ids.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace fedsleuth::model {

/// What one streaming pass over a round's updates leaves: every inner product that a linear rule or a geometric
/// detector asks for, so that no later question touches the updates again.
///
/// n is the number of usable updates of the round (the reference update is not among them), in the order of
/// `clients`. Matrices are row-major. All sums are accumulated in float64. `layers` has one entry
/// for every layer of the federation, counters included (theirs are zeros), or a single one for the whole model where
/// n² × layers would be too much to keep.
struct RoundLedger {
    static constexpr int version = 4;           ///< of the contents: a stored ledger of another version is rebuilt
    static constexpr std::size_t step_window = 10;

    RoundNo round;
    std::vector<ClientId> clients;

    /// What one layer contributes. Total figures are the sums over layers.
    struct PerLayer {
        std::vector<double> gram;               ///< n × n: ⟨D_i, D_j⟩
        std::vector<double> step_products;      ///< n × k: ⟨D_i, s_j⟩ with the previous global steps
        std::vector<double> step_squares;       ///< k: |s_j|²
        std::vector<double> step_gram;          ///< k × k: ⟨s_i, s_j⟩
        std::vector<double> own_products;       ///< n: ⟨D_i, D_i of its previous round⟩; 0 where there is none
        std::vector<double> own_squares;        ///< n: |D_i of its previous round|²
        std::vector<std::int64_t> own_sign_equal;     ///< n: coordinates where D_i and its previous one have the same sign ≠ 0
        std::vector<std::int64_t> own_sign_compared;  ///< n: coordinates where neither is zero; 0 where there is no previous one
        std::vector<double> own_median_products; ///< n: ⟨D_i of its previous round, coordinate median of this round⟩
        std::vector<double> shipped_products;   ///< n: ⟨D_i, w_r − w_{r−1}⟩; empty where no checkpoint pair exists
        double shipped_square = 0;              ///< |w_r − w_{r−1}|²
        std::vector<double> reference_products; ///< n: ⟨D_i, reference⟩; empty where the server recorded none
        double reference_square = 0;
        std::vector<double> model_products;     ///< n: ⟨D_i, w_{r−1}⟩ with the model that the round began from; empty without it
        double model_square = 0;                ///< |w_{r−1}|²
        std::vector<double> median_products;    ///< n: ⟨D_i, coordinate median⟩
        double median_square = 0;
        std::vector<double> median_steps;       ///< k: ⟨coordinate median, s_j⟩
        double median_shipped = 0;              ///< ⟨coordinate median, w_r − w_{r−1}⟩; 0 where no checkpoint pair exists
        /// n: ⟨D_i, P m⟩ with the slow half of the coordinate median m (analysis/kernels/low_pass.h), taken over runs of at
        /// most 4,096 coordinates; and |P m|².
        std::vector<double> slow_products;
        double slow_square = 0;
        std::vector<double> absolute_sums;      ///< n: Σ|D_i|
        /// n: Σ D_i² over the quiet half, the coordinates where |median| is at most its own median. That threshold is
        /// taken anew for every run of at most 4,096 coordinates, so the half is exact in each run and approximate
        /// over the layer.
        std::vector<double> quiet_squares;
        std::int64_t quiet_coordinates = 0;     ///< in the quiet half: at least half of all, more where medians tie
        std::vector<std::int64_t> sign_agreements;  ///< n: coordinates where sign D_i = sign of the median ≠ 0
        std::int64_t sign_compared = 0;             ///< coordinates where the median is not zero

        bool operator==(const PerLayer&) const = default;
    };
    std::vector<PerLayer> layers;

    /// One of the last two layers, output by output: a row of a weight matrix (all that leads to one output unit, a
    /// class in a classifier), or a single number of a bias.
    struct OutputRows {
        std::size_t layer_idx = 0;       ///< in the federation's layers, also where `layers` has a single entry
        std::size_t outputs = 0;         ///< C
        bool bias = false;               ///< one coordinate an output: `sums` is the bias's delta itself
        std::vector<double> sums;        ///< n × C: Σ D_i over the coordinates of output c
        std::vector<double> absolute;    ///< n × C: Σ|D_i|
        std::vector<double> squares;     ///< n × C: Σ D_i²

        bool operator==(const OutputRows&) const = default;
    };
    static constexpr std::size_t most_outputs = 1000;                      ///< a wider layer has no OutputRows
    static constexpr std::size_t most_output_sums = std::size_t{1} << 18;  ///< nor one with n × C above this
    std::vector<OutputRows> output_rows;        ///< at most two, in the order of the layers

    std::vector<RoundNo> step_rounds;                   ///< k ≤ step_window: step j is w_r' − w_{r'−1}, r' = step_rounds[j]; most recent first
    std::vector<std::optional<RoundNo>> own_rounds;     ///< n: the earlier round that own_products refer to
    bool has_shipped = false;
    bool has_reference = false;
    bool has_model = false;                             ///< the model that the round began from, w_{r−1}

    std::vector<std::int64_t> positive, negative, zero; ///< n: signs of the coordinates
    std::vector<double> minimum, maximum;               ///< n: extremes of the coordinates
    std::vector<double> fourth_powers;                  ///< n: Σ D_i⁴, for the kurtosis
    std::vector<double> sums;                           ///< n: Σ D_i
    std::int64_t coordinates = 0;                       ///< d
    std::int64_t non_finite = 0;                        ///< coordinates that were left out of everything (0 unless the file changed)

    [[nodiscard]] std::size_t size() const { return clients.size(); }

    // Totals over layers.
    [[nodiscard]] std::vector<double> total_gram() const;
    [[nodiscard]] std::vector<double> total(std::vector<double> PerLayer::*field) const;
    [[nodiscard]] double total(double PerLayer::*field) const;
    [[nodiscard]] std::vector<double> sign_agreement() const;  ///< n: agreements / compared, in [0, 1]; 0.5 where nothing was compared

    bool operator==(const RoundLedger&) const = default;
};

}  // namespace fedsleuth::model
