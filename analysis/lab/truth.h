// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/lab/federation.h"
#include "analysis/lab/options.h"

#include <string>

namespace fedsleuth::analysis::lab {

/// The truth.json of a simulated federation: who attacked in which rounds, the last clean checkpoint, who was
/// unreliable, and the options that make the same federation again.
[[nodiscard]] std::string truth_json(const LabFederation& federation, const LabOptions& options);

}  // namespace fedsleuth::analysis::lab
