// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rollback/compare.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace fedsleuth::analysis {

namespace {

struct Sums {
    double aa = 0, bb = 0, ab = 0, apart = 0;

    void add(const float* a, const float* b, std::int64_t count)
    {
        for (std::int64_t coord_idx = 0; coord_idx < count; ++coord_idx) {
            const double x = a[coord_idx], y = b[coord_idx];
            aa += x * x;
            bb += y * y;
            ab += x * y;
            apart += (x - y) * (x - y);
        }
    }
    void add(const Sums& other)
    {
        aa += other.aa;
        bb += other.bb;
        ab += other.ab;
        apart += other.apart;
    }
};

LayerComparison comparison_of(std::string name, std::int64_t coordinates, const Sums& sums)
{
    LayerComparison result{std::move(name),    coordinates,           std::sqrt(sums.aa),
                           std::sqrt(sums.bb), std::sqrt(sums.apart), {}};
    if (sums.aa > 0 && sums.bb > 0) {
        // 2 atan2(|a/|a| − b/|b||, |a/|a| + b/|b||) keeps small angles, which acos loses.
        const double cosine = sums.ab / (result.length_a * result.length_b);
        result.degrees =
            2 * std::atan2(std::sqrt(std::max(2 - 2 * cosine, 0.0)), std::sqrt(std::max(2 + 2 * cosine, 0.0))) * 180 /
            std::numbers::pi;
    }
    return result;
}

}  // namespace

model::Result<std::vector<LayerComparison>> compare_checkpoints(model::UpdateSource& source,
                                                                std::span<const model::Layer> layers, model::RoundNo a,
                                                                model::RoundNo b, model::Progress& progress)
{
    using model::VectorRef;
    const std::array<VectorRef, 2> refs{VectorRef{VectorRef::Kind::checkpoint, a, {}},
                                        VectorRef{VectorRef::Kind::checkpoint, b, {}}};
    std::int64_t d = 0;
    for (const model::Layer& layer : layers) d += layer.count;
    progress.start("Comparing checkpoints", d, "coordinates");
    std::vector<float> values(static_cast<std::size_t>(2 * std::min(d, model::slab_coordinates)));
    std::vector<LayerComparison> result(1);
    Sums all;
    for (const model::Layer& layer : layers) {
        if (layer.counter) continue;
        Sums sums;
        for (std::int64_t first = 0; first < layer.count; first += model::slab_coordinates) {
            if (progress.stopped()) return model::fail(model::ErrorCode::cancelled, "The comparison was stopped");
            const std::int64_t count = std::min(model::slab_coordinates, layer.count - first);
            FEDSLEUTH_CHECK(source.read(refs, layer.offset + first, count, values.data()));
            sums.add(values.data(), values.data() + count, count);
            progress.advance(count);
        }
        all.add(sums);
        result.push_back(comparison_of(layer.name, layer.count, sums));
    }
    result.front() = comparison_of({}, d, all);
    return result;
}

}  // namespace fedsleuth::analysis
