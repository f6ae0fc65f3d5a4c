// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/rollback/counterfactual.h"
#include "model/decision.h"
#include "model/update.h"
#include "model/verdict.h"

#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace fedsleuth::analysis {

/// Since when a client has been attacking, as a distribution.
struct Onset {
    model::ClientId client;
    std::vector<std::pair<model::RoundNo, double>>
        mass;                ///< P(its first malicious update is of that round), by round; the rest of 1: never
    double probability = 0;  ///< that it is malicious: the sum of the masses
    model::VerdictClass shown = model::VerdictClass::unknown;  ///< by decision where there is one, else by verdict
    bool decided = false;
    std::optional<model::RoundNo> since;  ///< the likeliest round, for people

    /// P(an update of this client went into the checkpoint while it was attacking)
    [[nodiscard]] double touched(model::RoundNo checkpoint) const;
};

/// One onset for every client whose verdict leaves a doubt, or that an analyst decided about (decided clean: without
/// any mass). A client that the verdicts call clean, or could not judge, has none: hundreds of per-cents that say "as
/// good as nobody" would multiply to "somebody surely".
///
/// From a verdict without a distribution of its own: its probability lies on the first bad round, apart from `late` of
/// it, which falls off by half from round to round before (verdicts name the first round that stands out, and slow
/// attacks begin earlier); where no bad round is named, evenly on all rounds in which the client took part. A decision
/// replaces the probability by 1 or 0.
[[nodiscard]] std::vector<Onset> onsets_of(const model::Verdicts& verdicts,
                                           const std::vector<model::Decision>& decisions,
                                           const std::vector<model::Update>& updates);

inline constexpr double late = 0.005;

/// Who is left out where "the flagged clients" are: malicious by decision, or else by verdict; each since its likeliest
/// first bad round. By client.
[[nodiscard]] std::vector<Removal> flagged_clients(const std::vector<Onset>& onsets);

}  // namespace fedsleuth::analysis
