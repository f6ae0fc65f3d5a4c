// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/federation.h"
#include "model/ids.h"

#include <optional>
#include <string>
#include <vector>

namespace fedsleuth::model {

struct Round {
    RoundNo number;
    std::string started_at;
    std::string finished_at;
    std::vector<ClientId> selected;
    std::vector<ClientId> failed;  ///< selected, but nothing came
    Metrics metrics;
    std::string extra_json;

    bool inspectable = true;  ///< false where only sums were seen (secure aggregation)
    std::string why_not;
};

}  // namespace fedsleuth::model
