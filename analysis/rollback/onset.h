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
    /// By round: P(its first malicious update is of that round or an earlier one). Empty: it never attacked.
    std::vector<std::pair<model::RoundNo, double>> reached;
    double probability = 0;                                    ///< that it is malicious: where `reached` ends
    model::VerdictClass shown = model::VerdictClass::unknown;  ///< by decision where there is one, else by verdict
    bool decided = false;
    std::optional<model::RoundNo> since;  ///< the likeliest round, for people

    /// P(an update of this client went into the checkpoint while it was attacking)
    [[nodiscard]] double touched(model::RoundNo checkpoint) const;
};

/// One onset for every client that is suspect or malicious, and for every one that an analyst decided about (decided
/// clean: `reached` is empty). Others have none: their probabilities are little more than the share of attackers that
/// is expected before any evidence, and hundreds of those would multiply to "somebody surely". What hangs on a client
/// that is left open is answered by trying both (RollbackAnswer::sensitivity).
///
/// From a verdict without a distribution of its own: its probability lies on the first bad round, apart from `late` of
/// it, which falls off by half from round to round before (verdicts name the first round that stands out, and slow
/// attacks begin earlier); a member of a group does not begin before the group's median; where no bad round is named,
/// evenly on all rounds in which the client took part. A decision replaces the probability by 1 or 0.
[[nodiscard]] std::vector<Onset> onsets_of(const model::Verdicts& verdicts,
                                           const std::vector<model::Decision>& decisions,
                                           const std::vector<model::Update>& updates);

/// The rounds in which each client sent an update, ascending.
using Participation = std::map<model::ClientId, std::vector<model::RoundNo>>;
[[nodiscard]] Participation participation_of(const std::vector<model::Update>& updates);

/// The onset of one client that took part in these rounds (at least one). `decided`: nothing, or malicious or clean.
[[nodiscard]] Onset onset_of(const model::Verdict& verdict, std::optional<model::VerdictClass> decided,
                             const std::vector<model::RoundNo>& rounds);

inline constexpr double late = 0.005;

/// Who is left out where "the flagged clients" are: malicious by decision, or else by verdict; each since its likeliest
/// first bad round. By client.
[[nodiscard]] std::vector<Removal> flagged_clients(const std::vector<Onset>& onsets);

}  // namespace fedsleuth::analysis
