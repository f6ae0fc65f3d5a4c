// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/layer.h"
#include "model/result.h"
#include "storage/evidence/evidence_folder.h"
#include "storage/evidence/limits.h"
#include "storage/evidence/round_log.h"

#include <vector>

namespace fedsleuth::storage {

struct Layout {
    std::vector<model::Layer> layers;  ///< laid out; empty where nothing says what the model is
    bool seen = false;                 ///< a snapshot was read for it
};

/// The federation's layers: those that the log declares, else the tensors of the first readable checkpoint, else those
/// of the first round's updates, as most of them have it (one client alone must not decide what the model is). Layers
/// whose tensors are integers in the snapshot become counters. Error limit where the model is larger than allowed.
[[nodiscard]] model::Result<Layout> find_layout(const RoundLog& log, const EvidenceFolder& folder,
                                                const Limits& limits);

}  // namespace fedsleuth::storage
