// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/federation.h"
#include "model/privacy_claim.h"
#include "model/result.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace fedsleuth::analysis {

enum class Mechanism {
    gaussian,
    laplace,
    zcdp,         ///< anything that satisfies ρ-zCDP
    approximate,  ///< anything that satisfies (ε, δ)-DP
    tree,         ///< DP-FTRL: prefix sums from a binary tree of Gaussians, each record in one leaf of a tree
};

enum class Sampling {
    none,                 ///< every record takes part every time
    poisson,              ///< each record takes part with probability `rate`, independently; add/remove-one neighbours
    without_replacement,  ///< a fixed share `rate` is drawn; replace-one neighbours only
};

/// One release, made `count` times with fresh noise and fresh samples: the leaf of every privacy history. A history is
/// a list of them; their order does not matter (composition is not adaptive in any accountant here).
///
/// Under sampling without replacement the neighbours differ by replacement, so the noise is in units of *that*
/// sensitivity: a sum of vectors clipped to C moves by 2C, and noise of z·C is `noise` = z/2 (see replace_one).
struct PrivacyEvent {
    Mechanism mechanism = Mechanism::gaussian;
    /// Gaussian and tree: standard deviation / L2 sensitivity. Laplace: scale / L1 sensitivity. zCDP: ρ. Approximate:
    /// ε.
    double noise = 1.0;
    double delta = 0.0;  ///< of `approximate` alone
    Sampling sampling = Sampling::none;
    double rate = 1.0;
    std::int64_t count = 1;
    std::int64_t leaves = 1;  ///< of `tree` alone: values released over one tree; `count` is the number of trees

    friend bool operator==(const PrivacyEvent&, const PrivacyEvent&) = default;
};

using PrivacyHistory = std::vector<PrivacyEvent>;

/// An Opacus triple: the Poisson-sampled Gaussian, `steps` times. Rate 1 is no sampling.
[[nodiscard]] PrivacyEvent sampled_gaussian(double noise_multiplier, double sampling_rate, std::int64_t steps);
/// DP-FTRL: `leaves` prefix sums over each of `restarts` trees.
[[nodiscard]] PrivacyEvent tree_aggregation(double noise_multiplier, std::int64_t leaves, std::int64_t restarts = 1);
/// The same release for replace-one neighbours drawn without replacement: its sensitivity is twice as large.
[[nodiscard]] PrivacyEvent replace_one(PrivacyEvent event);

/// What adaptive clipping leaves for the vector when its clipped count, too, gets noise: z_Δ = (z⁻² − (2σ_b)⁻²)^(−½)
/// (Andrew et al., Differentially Private Learning with Adaptive Clipping, Thm 1). `total` is the noise multiplier that
/// the accountant may use, the result the one that the vector needs. Error: total ≥ 2σ_b.
[[nodiscard]] model::Result<double> adaptive_vector_noise(double total, double count_stddev);
/// The way back: what a vector noise and a count noise are worth together.
[[nodiscard]] double adaptive_total_noise(double vector_noise, double count_stddev);

/// One round as the federation declared it; what the claim says goes first, what it leaves out is the mechanism's.
/// Nothing where no noise is known, or the mechanism is unknown. A missing sampling rate counts as 1 (no
/// amplification), missing steps as 1.
[[nodiscard]] std::optional<PrivacyEvent> declared_event(const model::PrivacyClaim* claim,
                                                         const model::PrivacyMechanism* mechanism);

/// Error: a parameter out of its range. Noise may be 0 (nothing is hidden then: ε is infinite).
[[nodiscard]] model::Result<void> check_history(std::span<const PrivacyEvent> history);

/// The same history with equal events counted together, without those that happen zero times or to nobody; trees as the
/// Gaussians that they are, sampled (ε, δ) as the smaller (ε, δ) that it is, sampled zCDP without its sampling: what is
/// left is Gaussian or Laplace, sampled or not, zCDP, and (ε, δ). Sorted: equal histories become equal lists. Counts
/// saturate.
[[nodiscard]] PrivacyHistory compacted(std::span<const PrivacyEvent> history);

/// "Gaussian, σ = 1.1, Poisson-sampled at 1 %, 1,000 times".
[[nodiscard]] std::string described(const PrivacyEvent& event);

}  // namespace fedsleuth::analysis
