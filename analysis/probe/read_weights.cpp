// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/probe/read_weights.h"

#include <algorithm>

namespace fedsleuth::analysis {

model::CoordinateReader reader_of(model::UpdateSource& source, model::VectorRef ref)
{
    return [&source, ref](std::int64_t first, std::int64_t count, float* out) {
        return source.read({&ref, 1}, first, count, out);
    };
}

model::Result<void> read_whole(const model::CoordinateReader& reader, std::span<float> out)
{
    const auto d = static_cast<std::int64_t>(out.size());
    for (std::int64_t first = 0; first < d; first += model::slab_coordinates)
        FEDSLEUTH_CHECK(reader(first, std::min(model::slab_coordinates, d - first), out.data() + first));
    return {};
}

model::Result<void> answer_misclassified(const PlainNetwork& network, Probes& probes, model::UpdateSource& source,
                                         std::span<const model::RoundNo> usable)
{
    if (!probes.misclassified || !probes.misclassified->labels.empty()) return {};
    if (usable.empty())
        return model::fail(model::ErrorCode::not_applicable,
                           "what the model answers can't be told: the case has no checkpoint to use",
                           probes.misclassified->path, "put the wrong answers into the file as y");
    std::vector<float> last(network.coordinates());
    FEDSLEUTH_CHECK(read_whole(reader_of(source, {model::VectorRef::Kind::checkpoint, usable.back(), {}}), last));
    probes.misclassified->labels = answers(network.logits(last, probes.misclassified->inputs), network.classes());
    return {};
}

}  // namespace fedsleuth::analysis
