// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/federation.h"
#include "model/ids.h"
#include "model/privacy_claim.h"
#include "model/signature.h"

#include <cstdint>
#include <optional>
#include <string>

namespace fedsleuth::model {

/// How far the numbers of a snapshot can be used.
enum class SnapshotState {
    usable,      ///< read whole, fits the layers, every value finite
    missing,     ///< no such file in the folder
    refused,     ///< the reader refused it (why is in state_text)
    misfit,      ///< its tensors do not fit the federation's layers
    non_finite,  ///< holds a NaN or an infinity: kept, out of the statistics
    no_base,     ///< whole weights, but the checkpoint that they started from is not there
};

/// What one client sent in one round.
struct Update {
    RoundNo round;
    ClientId client;
    std::string received_at;
    std::optional<std::int64_t> num_examples;
    std::string path;             ///< relative to the evidence folder
    std::string declared_sha256;  ///< of the log; lower-case hex
    std::string actual_sha256;    ///< of the bytes that were read; empty where the file was missing
    std::int64_t bytes = 0;
    std::optional<Signature> signature;
    Metrics metrics;
    std::optional<PrivacyClaim> privacy;
    std::optional<double> weight;       ///< that the server really used
    std::optional<RoundNo> base_round;  ///< where it was not round − 1
    std::optional<bool> accepted;       ///< the server's own decision
    std::string reason;
    std::string stage;
    bool reference = false;  ///< role "reference": the server's own update
    std::int64_t line = 0;   ///< of the log; 0 where there is no log
    std::string extra_json;

    SnapshotState state = SnapshotState::missing;
    std::string state_text;             ///< why it is not usable, in one sentence
    std::int64_t non_finite_count = 0;  ///< coordinates that are NaN or infinite

    [[nodiscard]] bool usable() const { return state == SnapshotState::usable; }
    /// Checkpoint that this update started from.
    [[nodiscard]] RoundNo base() const { return base_round.value_or(round.before()); }
};

/// A line of the log about a client's update, be it the one that counts or one that a later line replaced.
struct Submission {
    RoundNo round;
    ClientId client;
    std::string received_at;
    std::string sha256;  ///< as the log says; of the file that was read where it says nothing
};

}  // namespace fedsleuth::model
