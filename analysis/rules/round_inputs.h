// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/rules/rule.h"
#include "model/case_store.h"
#include "model/progress.h"
#include "model/update_source.h"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace fedsleuth::analysis {

/// Who takes part in one round of a case, and what is to be said about it.
struct Participants {
    model::RoundNo round;
    std::vector<model::ClientId> clients;
    std::vector<model::VectorRef> rows;
    std::vector<double> num_examples;  ///< all 1 where the federation weights equally, or a client did not report
    std::vector<std::string> notes;
};

/// Errors: not_found for the round, or an excluded client that did not take part; not_applicable where nobody remains.
[[nodiscard]] model::Result<Participants> participants(model::CaseStore& store, model::RoundNo round,
                                                       std::span<const model::ClientId> exclude);

using SlabWork = std::function<model::Result<void>(const float* values, std::int64_t first, std::int64_t count)>;

/// Reads the rows slab by slab, checks that every value is finite, and hands each slab (rows.size() × count) on.
/// Errors: those of the source and of the work, invalid_argument naming the client, cancelled.
[[nodiscard]] model::Result<void> for_each_slab(model::UpdateSource& source, std::span<const model::VectorRef> rows,
                                                std::int64_t d, const std::string& stage, model::Progress& progress,
                                                const SlabWork& work);

/// The round's geometry: out of its ledger where the case has one that knows all participants, else in one pass over
/// the updates; with those of `wanted` that the case holds.
[[nodiscard]] model::Result<RoundGeometry> case_geometry(model::CaseStore& store, model::UpdateSource& source,
                                                         const Participants& who, std::span<const RuleInput> wanted,
                                                         std::int64_t d, model::Progress& progress);

/// Chosen coordinates of the participants' updates.
class SourceSample final : public CoordinateSample {
public:
    SourceSample(model::UpdateSource& source, std::span<const model::VectorRef> rows, std::int64_t d,
                 model::Progress& progress)
        : source_(source), rows_(rows), d_(d), progress_(progress)
    {
    }
    [[nodiscard]] std::int64_t coordinates() const override { return d_; }
    [[nodiscard]] model::Result<std::vector<double>> values(std::span<const std::int64_t> coords) const override;

private:
    model::UpdateSource& source_;
    std::span<const model::VectorRef> rows_;
    std::int64_t d_;
    model::Progress& progress_;
};

}  // namespace fedsleuth::analysis
