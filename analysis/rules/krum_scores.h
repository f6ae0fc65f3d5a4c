// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/rules/rule.h"

#include <cstddef>
#include <string>
#include <vector>

namespace fedsleuth::analysis {

/// What Krum and Multi-Krum share (Blanchard, El Mhamdi, Guerraoui, Stainer, NeurIPS 2017, section 4): a client's score
/// is the sum of the squared distances to its nearest neighbours. How many of them differs:
///   paper   n − f − 2, and n > 2f + 2 is demanded;
///   flower  max(1, n − f − 2), for any f;
///   byzfl   n − f − 1, their mean instead of the sum, and n > 2f is demanded.
struct KrumScores {
    std::size_t f = 0;  ///< malicious clients that are assumed
    std::size_t neighbours = 0;
    std::vector<double> scores;        ///< n
    std::vector<std::size_t> ranking;  ///< n: lowest score first, then lowest index
    std::vector<std::string> notes;
};

/// `settings` completed. f: as given, else a fifth of the clients, cut to what the variant allows. Errors:
/// not_applicable where n is too small for f or for the rule.
[[nodiscard]] model::Result<KrumScores> krum_scores(const RoundGeometry& round, const RuleSettings& settings,
                                                    std::string_view rule);

/// The parameter `f`, the same for both rules.
[[nodiscard]] ParameterInfo krum_f();

}  // namespace fedsleuth::analysis
