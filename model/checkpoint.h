// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/update.h"

namespace fedsleuth::model {

/// The global model after a round; round 0 is what training started from.
struct Checkpoint {
    RoundNo round;
    std::string path;
    std::string declared_sha256;
    std::string actual_sha256;
    std::int64_t bytes = 0;
    std::optional<Signature> signature;
    Metrics metrics;
    std::string extra_json;
    std::int64_t line = 0;  ///< of the log; 0 where there is no log

    SnapshotState state = SnapshotState::missing;
    std::string state_text;
    std::int64_t non_finite_count = 0;

    [[nodiscard]] bool usable() const { return state == SnapshotState::usable; }
};

}  // namespace fedsleuth::model
