// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/privacy/noise_evidence.h"
#include "model/federation.h"
#include "model/round_ledger.h"
#include "model/update.h"

#include <string>
#include <string_view>
#include <vector>

namespace fedsleuth::analysis {

// What of the noise evidence takes the numbers themselves, streamed slab by slab; and the document that keeps it.

/// Recomputes each round's step as the declared weighted mean, with the updates as they are stored and clipped to the
/// declared norm, and measures what the server added. Rounds that the ledger shows to be exact are not read at all.
class ResidualStream {
public:
    ResidualStream(model::UpdateSource& source, const model::Federation& federation);

    /// One round, in ascending order. Skips a round whose step can't be recomputed. Errors: those of the source,
    /// cancelled.
    [[nodiscard]] model::Result<void> add(const model::RoundLedger& ledger,
                                          const std::vector<const model::Update*>& updates, model::Progress& progress);
    /// All rounds so far, with the correlations between them.
    [[nodiscard]] std::vector<ServerResidual> finish();

private:
    struct Pass;
    [[nodiscard]] model::Result<void> read(Pass& pass, model::Progress& progress);

    model::UpdateSource& source_;
    const model::Federation& federation_;
    std::int64_t d_ = 0;
    std::vector<ServerResidual> rounds_;
    std::vector<std::vector<float>>
        samples_;  ///< per round: the residual at the same coordinates; empty where it was not read
};

/// Each client's two rounds whose updates agree most, on a sample of coordinates, where they agree by more than 0.3.
[[nodiscard]] model::Result<std::vector<ReusedNoise>> find_reused_noise(model::UpdateSource& source,
                                                                        const NoiseEvidence& evidence,
                                                                        model::Progress& progress);

inline constexpr const char* noise_document_name = "privacy-noise";
/// Server residuals and reuse as one JSON object.
[[nodiscard]] std::string noise_document(const NoiseEvidence& evidence);
/// Reads back what noise_document wrote; leaves the evidence as it is where the text is of another version or damaged.
void read_noise_document(std::string_view json, NoiseEvidence& evidence);

}  // namespace fedsleuth::analysis
