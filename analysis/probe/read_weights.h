// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/probe/curve.h"
#include "model/checkpoint_sink.h"
#include "model/update_source.h"

#include <span>
#include <vector>

namespace fedsleuth::analysis {

/// One vector of a case as a reader; good as long as the source is.
[[nodiscard]] model::CoordinateReader reader_of(model::UpdateSource& source, model::VectorRef ref);

/// Fills `out` slab by slab. Errors: the reader's.
[[nodiscard]] model::Result<void> read_whole(const model::CoordinateReader& reader, std::span<float> out);

/// Gives misclassified inputs without labels the answers of the last of the usable checkpoints (ascending). Error
/// not_applicable where there is none.
[[nodiscard]] model::Result<void> answer_misclassified(const PlainNetwork& network, Probes& probes,
                                                       model::UpdateSource& source,
                                                       std::span<const model::RoundNo> usable);

}  // namespace fedsleuth::analysis
