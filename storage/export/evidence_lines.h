// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/checkpoint.h"
#include "model/client.h"
#include "model/federation.h"
#include "model/round.h"
#include "model/update.h"

#include <string>

namespace fedsleuth::storage {

// Lines of an evidence folder's round log, each with its line end. Metrics that are no finite numbers are written as
// Python writes them (NaN, Infinity), as recorders do.

[[nodiscard]] std::string federation_line(const model::Federation& federation);
[[nodiscard]] std::string client_line(const model::Client& client);
[[nodiscard]] std::string update_line(const model::Update& update);
[[nodiscard]] std::string round_line(const model::Round& round);
[[nodiscard]] std::string checkpoint_line(const model::Checkpoint& checkpoint);

/// "0015".
[[nodiscard]] std::string round_digits(model::RoundNo round);

}  // namespace fedsleuth::storage
