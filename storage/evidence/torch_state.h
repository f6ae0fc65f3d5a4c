// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/result.h"
#include "storage/evidence/limits.h"
#include "storage/evidence/pickle.h"

#include <string>
#include <vector>

namespace fedsleuth::storage {

/// The tensors of a checkpoint, found in what its pickle holds.
struct TorchState {
    struct Entry {
        std::string name;  ///< "0", "1", … where the tensors are only numbered
        Pickle::Id tensor = 0;
    };
    std::vector<Entry> entries;
    bool named = true;
    std::vector<std::string> notes;
};

/// Looks for the state_dict in the pickle's root. Errors: malformed where there is no tensor to be found, where a name
/// is no text or stands twice; limit.
[[nodiscard]] model::Result<TorchState> find_state(const Pickle& pickle, const std::string& where,
                                                  const Limits& limits);

}  // namespace fedsleuth::storage
