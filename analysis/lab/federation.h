// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/lab/dataset.h"
#include "model/checkpoint.h"
#include "model/client.h"
#include "model/federation.h"
#include "model/round.h"
#include "model/update.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace fedsleuth::analysis::lab {

/// What really happened in a simulated federation.
struct LabTruth {
    std::string attack;  ///< the verdicts' name for the first plan's attack; empty where nobody attacked
    /// The rounds in which each attacker's poisoned update reached the server, ascending. An attacker that never got to
    /// attack is not in it.
    std::map<model::ClientId, std::vector<model::RoundNo>> malicious;
    std::map<model::ClientId, std::string> attack_of;  ///< of each attacker: the verdicts' name
    std::map<model::ClientId, std::string> simulated;  ///< and the catalogue's
    std::vector<model::ClientId> unreliable;           ///< honest clients with partly random labels
    std::vector<model::ClientId> stragglers;           ///< honest clients that send stale updates now and then
    bool backdoor = false;                             ///< one of the attacks plants one
    std::vector<model::RoundNo> tampered;              ///< what was shipped then is not what the updates give
    /// After each round: share of the inputs that an attacker cares for that get the answer that it wants; the largest
    /// over the attacks. Zeros where no attack wants a certain answer.
    std::vector<double> attack_success;
    model::RoundNo last_clean_checkpoint;  ///< before the first poisoned round; the last where there is none
};

/// A federation that was simulated, as its server recorded it, and the truth beside it.
struct LabFederation {
    model::Federation federation;
    std::vector<model::Client> clients;          ///< by id
    std::vector<model::Round> rounds;            ///< by number
    std::vector<model::Update> updates;          ///< by round, then client
    std::vector<std::vector<float>> deltas;      ///< of each update: d numbers
    std::vector<model::Checkpoint> checkpoints;  ///< by round, from 0
    std::vector<std::vector<float>> models;      ///< of each checkpoint: d numbers
    LabTruth truth;
    /// For whoever wants to try what a probe is worth: 100 clean inputs that nobody trained on, with their labels …
    Dataset probe;
    /// … and one input that a shipped model answered as an attacker wants it, with that answer as its label: the first
    /// such of the latest model that gave any. Empty while there is none.
    Dataset misclassified;
};

}  // namespace fedsleuth::analysis::lab
