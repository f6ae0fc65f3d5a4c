// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/ids.h"
#include "model/verdict.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fedsleuth::cli {

/// What really happened in a labelled federation.
struct Truth {
    std::string attack;  ///< as the label names it; empty where nobody attacked
    std::map<model::ClientId, std::vector<model::RoundNo>> malicious;  ///< client → its poisoned rounds, ascending
    std::map<model::ClientId, std::string> attack_of =
        {};  ///< where clients attack in different ways: client → its attack
};

/// One client, as it was and as it was judged.
struct ScoredClient {
    model::ClientId client;
    bool malicious = false;
    model::VerdictClass verdict = model::VerdictClass::unknown;
    std::optional<double> probability;  ///< none where the verdict is unknown
};

/// How good the verdicts are. What can't be computed (nobody attacked, nobody was found) is nothing.
struct Score {
    std::optional<double> tpr;          ///< share of the malicious clients that are called malicious
    std::optional<double> fpr;          ///< share of the others that are called malicious
    std::optional<double> auroc;        ///< of the probabilities; ties count half; clients without one are left out
    std::optional<double> onset_error;  ///< rounds: mean |first bad round − truth| over the malicious that were found
    std::optional<double> family_accuracy;  ///< share of them whose family is the attack's
    std::vector<ScoredClient> clients;      ///< by probability, highest first
};

/// `everyone`: all clients of the case; one that has no verdict counts as unknown. A malicious client that the case
/// does not hold counts as not found.
[[nodiscard]] Score score(const model::Verdicts& verdicts, const std::vector<model::ClientId>& everyone,
                          const Truth& truth);

/// P(a > b) + P(a = b) / 2 for a drawn from `positives` and b from `negatives`; nothing where one side is empty.
[[nodiscard]] std::optional<double> area_under_roc(const std::vector<double>& positives,
                                                   const std::vector<double>& negatives);

/// The family of an attack as labels name it; nothing where the name is not known. Labels may use the verdicts' own
/// names (model::family_of), and these:
///
/// - targeted: constrain-and-scale, constrained-backdoor, slow-backdoor, dba, neurotoxin, edge-case
/// - untargeted: gaussian-noise, random-noise
/// - colluding: alie, ipm, min-max, min-sum
/// - free-rider: free-riding
/// - unreliable: noisy-labels
[[nodiscard]] std::optional<std::string_view> family_of_label(std::string_view attack);

}  // namespace fedsleuth::cli
