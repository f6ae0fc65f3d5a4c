// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/kernels/gram.h"
#include "analysis/privacy/noise_streams.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace fedsleuth::analysis {

using model::ClientId;
using model::RoundNo;
using model::VectorRef;

namespace {

constexpr std::size_t sample_bytes = std::size_t{32} << 20;  ///< over all updates of the case
constexpr std::int64_t most_coordinates = 4096;
constexpr std::int64_t least_coordinates = 256;  ///< below that, chance alone correlates too much
constexpr double worth_noting = 0.3;

/// The pair of rounds whose samples agree most.
std::optional<ReusedNoise> closest_rounds(const std::vector<float>& samples, const std::vector<RoundNo>& rounds,
                                          std::size_t width)
{
    const std::size_t n = rounds.size();
    std::vector<double> gram(n * n, 0.0);
    add_gram(samples.data(), n, width, static_cast<std::int64_t>(width), gram.data());
    std::optional<ReusedNoise> closest;
    for (std::size_t later = 1; later < n; ++later)
        for (std::size_t earlier = 0; earlier < later; ++earlier) {
            const double lengths = std::sqrt(gram[later * n + later] * gram[earlier * n + earlier]);
            if (!(lengths > 0)) continue;
            const double cosine = gram[later * n + earlier] / lengths;
            if (std::abs(cosine) < worth_noting || (closest && std::abs(closest->correlation) >= std::abs(cosine)))
                continue;
            closest = ReusedNoise{{}, rounds[later], rounds[earlier], cosine, static_cast<std::int64_t>(width)};
        }
    return closest;
}

}  // namespace

model::Result<std::vector<ReusedNoise>> find_reused_noise(model::UpdateSource& source, const NoiseEvidence& evidence,
                                                          model::Progress& progress)
{
    std::vector<ReusedNoise> found;
    if (evidence.updates.empty()) return found;
    const auto fits = static_cast<std::int64_t>(sample_bytes / sizeof(float) / evidence.updates.size());
    const std::int64_t width = std::min({most_coordinates, fits, evidence.coordinates});
    if (width < least_coordinates) return found;
    // From the middle of the model: the first layer's first inputs are often dead.
    const std::int64_t first = std::min(evidence.coordinates / 2, evidence.coordinates - width);

    struct Samples {
        std::vector<RoundNo> rounds;
        std::vector<float> values;
    };
    std::map<ClientId, Samples> clients;
    progress.start("Looking for reused noise", static_cast<std::int64_t>(evidence.updates.size()), "updates");
    for (const UpdateNoise& update : evidence.updates) {
        if (progress.stopped()) return model::fail(model::ErrorCode::cancelled, "The noise measurement was stopped");
        Samples& samples = clients[update.client];
        samples.rounds.push_back(update.round);
        const std::size_t filled = samples.values.size();
        samples.values.resize(filled + static_cast<std::size_t>(width));
        const VectorRef row{VectorRef::Kind::update, update.round, update.client};
        FEDSLEUTH_CHECK(source.read({&row, 1}, first, width, samples.values.data() + filled));
        progress.advance(1);
    }
    for (const auto& [client, samples] : clients) {
        std::optional<ReusedNoise> closest =
            closest_rounds(samples.values, samples.rounds, static_cast<std::size_t>(width));
        if (!closest) continue;
        closest->client = client;
        found.push_back(std::move(*closest));
    }
    return found;
}

}  // namespace fedsleuth::analysis
