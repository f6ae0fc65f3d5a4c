// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/privacy/audit_case.h"

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace fedsleuth::analysis {

// The exact tests on one client's stored updates (methods: chi-square floor, clip ceiling), without words about them.

/// Chance that a test accuses a client that did what it says, over all of its rounds and layers.
inline constexpr double noise_alpha = 1e-6;

/// The exact bounds, which many clients share.
class Bounds {
public:
    explicit Bounds(NoiseKind kind) : kind_(kind) {}
    [[nodiscard]] double floor(double coordinates, double chance);
    [[nodiscard]] double ceiling(double coordinates, double signal, double chance);

private:
    NoiseKind kind_;
    std::map<std::pair<double, double>, double> floors_;
    std::map<std::array<double, 3>, double> ceilings_;
};

/// One measured release with its scale: s is one coordinate's standard deviation (Laplace: scale b).
struct Measured {
    const Release* release = nullptr;
    double ratio = 0;   ///< |u|² / s²
    double signal = 0;  ///< C² / s²: the most that a clipped signal adds
    double scale = 0;   ///< s
    double clip = 0;    ///< C
    double length = 0;  ///< |u|, in the units that were sent
};

/// What the vectors of one client say about its noise.
struct NoiseSums {
    std::vector<Measured> rounds;
    double ratio = 0, signal = 0;
    std::vector<double> layers;  ///< Σ |u_l|² / s²
    double peer = 0, clips = 0, variance = 0;
    std::size_t peers = 0;
};

[[nodiscard]] NoiseSums sums_of(const AuditCase& work, const AuditClient& client);

/// Verdict of the noise floor: how much noise there is, and where it is missing.
struct Floor {
    bool fails = false;                   ///< over all rounds together
    std::vector<const Measured*> rounds;  ///< that fail on their own
    std::vector<std::size_t> layers;      ///< that fail though the whole does not
    double noise_multiplier = 0;          ///< that all rounds together show at most, in units of C
};

[[nodiscard]] Floor test_floor(const AuditCase& work, const NoiseSums& sums, Bounds& bounds);

/// Why the clip is refuted, in words, and in which round first; empty where it is not.
///
/// What it can see: noise of z·C in d coordinates over R rounds hides a signal of constant length s unless s/C exceeds
/// about √(1 + 5 z² √(2d/R)) by its length (over all rounds), or (1 + 5 z/√R) / cos along what the other clients sent,
/// with cos the share of the signal in that direction (chance of a false accusation 1e-6). With z = 0.8, d = 1,210 and
/// R = 24 that is 5.7 C, or 1.8 C at best: a client that skips the clipping where its updates are hardly longer than C
/// is not told from its peers, by no test on these numbers. Products between all pairs of a client's rounds would need
/// 2.8 C at best, where its signal never turns.
[[nodiscard]] std::string over_clip(const AuditCase& work, const NoiseSums& sums, Bounds& bounds,
                                    model::RoundNo& round);

/// Noised first and clipped then: every update ends exactly on the clipping norm, and has no memory of the one before.
[[nodiscard]] bool noised_before_clipping(const AuditCase& work, const NoiseSums& sums);

}  // namespace fedsleuth::analysis
