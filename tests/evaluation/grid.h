// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/lab/options.h"

#include <cstddef>
#include <cstdint>
#include <string>

namespace fedsleuth::evaluation {

/// One federation of the grid.
struct Cell {
    std::size_t number = 0;
    bool second = false;  ///< of the second design, or of the third
    bool third = false;
    std::string attack;     ///< catalogue name and variant, "label-flip pair"; empty: nobody attacks
    bool held_out = false;  ///< one of the four attacks that no calibration ever sees
    bool hidden = false;  ///< an attack that is built to hide: those below, pair flips on any data, constrain-and-scale
    bool hard = false;   ///< of the hard set: pair flip at Dirichlet 0.1, clipped backdoor, drip, Neurotoxin, edge case
    bool overt = false;  ///< of the overt and colluding set
    double skew = 0;     ///< 0 IID, 1 Dirichlet(≥ 0.5), 2 Dirichlet(< 0.5) or few classes a client
    double fraction = 0;  ///< of the clients that attack
    analysis::lab::LabOptions options;
};

/// Cell `number` of the design with this seed. The design is random rather than factorial: attacks take turns, so that
/// all come up equally often, a fifth of the cells has none; everything else (size, rounds, data, skew, model,
/// training, rule, participation, dropouts, noisy honest clients, share of attackers, onset, on and off) is drawn
/// anew for every cell, so that no two share a setting by design. Seeds from 10 on draw from the second design: fewer
/// clients as well, longer runs, momentum, more rules, differential privacy, and stealthy attacks more often. Seeds
/// from 40 on draw from the third: that, with the attacks alone that are hard to see, and with servers that tamper.
[[nodiscard]] Cell make_cell(std::uint64_t seed, std::size_t number);

}  // namespace fedsleuth::evaluation
