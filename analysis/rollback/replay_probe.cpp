// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rollback/replay_probe.h"

#include "analysis/probe/read_weights.h"

#include <algorithm>

namespace fedsleuth::analysis {

using model::Result;
using model::RoundNo;

Result<ReplayProbe> ReplayProbe::make(model::CaseStore& store, model::UpdateSource& source, Probes probes)
{
    FEDSLEUTH_TRY(const model::Federation federation, store.federation());
    FEDSLEUTH_TRY(const std::vector<model::Checkpoint> checkpoints, store.checkpoints());
    FEDSLEUTH_TRY(PlainNetwork network, network_for(federation.layers, probes));
    std::vector<RoundNo> usable;
    for (const model::Checkpoint& checkpoint : checkpoints)
        if (checkpoint.usable()) usable.push_back(checkpoint.round);
    FEDSLEUTH_CHECK(answer_misclassified(network, probes, source, usable));
    ReplayProbe probe(std::move(network), std::move(probes), source);
    probe.usable_ = std::move(usable);
    return probe;
}

Result<void> ReplayProbe::take(RoundNo round, const VectorReader& frozen, const VectorReader& corrected)
{
    std::vector<float> weights(network_.coordinates());
    const auto score = [&](const VectorReader& reader) -> Result<ProbeScore> {
        if (!reader) return ProbeScore{};
        FEDSLEUTH_CHECK(read_whole(reader, weights));
        return probe_score(network_, probes_, weights);
    };
    ProbedPoint point;
    point.round = round;
    FEDSLEUTH_TRY(point.frozen, score(frozen));
    FEDSLEUTH_TRY(point.corrected, score(corrected));
    if (std::binary_search(usable_.begin(), usable_.end(), round)) {
        FEDSLEUTH_TRY(point.shipped, score(reader_of(*source_, {model::VectorRef::Kind::checkpoint, round, {}})));
    }
    points_.insert(std::ranges::upper_bound(points_, round, {}, &ProbedPoint::round), std::move(point));
    return {};
}

bool ReplayProbe::has(RoundNo round) const
{
    return std::ranges::binary_search(points_, round, {}, &ProbedPoint::round);
}

}  // namespace fedsleuth::analysis
