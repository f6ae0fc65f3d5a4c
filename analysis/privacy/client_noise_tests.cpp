// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/privacy/client_noise_tests.h"

#include "analysis/privacy/normal.h"
#include "model/text.h"

#include <algorithm>
#include <cmath>

namespace fedsleuth::analysis {

using model::RoundNo;

double Bounds::floor(double coordinates, double chance)
{
    const auto [place, is_new] = floors_.try_emplace({coordinates, chance});
    if (is_new) place->second = noise_floor(coordinates, chance, kind_);
    return place->second;
}

double Bounds::ceiling(double coordinates, double signal, double chance)
{
    const auto [place, is_new] = ceilings_.try_emplace({coordinates, signal, chance});
    if (is_new) place->second = clip_ceiling(coordinates, signal, chance, kind_);
    return place->second;
}

NoiseSums sums_of(const AuditCase& work, const AuditClient& client)
{
    NoiseSums sums;
    const double sent = work.sent_scale();
    const bool layered = work.evidence->layers.size() > 1;
    if (layered) sums.layers.assign(work.evidence->layers.size(), 0.0);
    for (const Release& release : client.releases) {
        if (!release.measured || !release.noise || !release.clip || !(*release.noise > 0) || !(*release.clip > 0) ||
            !std::isfinite(*release.noise) || !std::isfinite(*release.clip))
            continue;
        // Scales that no float32 vector can be held against.
        const double noise_square = *release.noise * *release.noise * *release.clip * *release.clip;
        if (!(noise_square > 1e-60 && noise_square < 1e60 && *release.noise > 1e-20)) continue;
        Measured& measured = sums.rounds.emplace_back();
        measured.release = &release;
        measured.clip = *release.clip;
        measured.scale = *release.noise * *release.clip;
        const double square = measured.scale * measured.scale;
        measured.length = std::sqrt(std::max(release.measured->square, 0.0)) * sent;
        measured.ratio = measured.length * measured.length / square;
        measured.signal = measured.clip * measured.clip / square;
        sums.ratio += measured.ratio;
        sums.signal += measured.signal;
        if (layered && release.measured->layer_squares.size() == sums.layers.size())
            for (std::size_t layer_idx = 0; layer_idx < sums.layers.size(); ++layer_idx)
                sums.layers[layer_idx] += release.measured->layer_squares[layer_idx] * sent * sent / square;
        else
            sums.layers.clear();
        // A peer that copied this client carries the same noise: it says nothing about the signal.
        if (release.measured->closest_cosine && *release.measured->closest_cosine < 0.3) {
            sums.peer += release.measured->peer_product * sent;
            sums.clips += measured.clip;
            sums.variance += square * (work.noise_kind() == NoiseKind::laplace ? 2 : 1);
            ++sums.peers;
        }
    }
    return sums;
}

Floor test_floor(const AuditCase& work, const NoiseSums& sums, Bounds& bounds)
{
    Floor floor;
    const NoiseKind kind = work.noise_kind();
    const double d = static_cast<double>(work.evidence->coordinates);
    const double count = static_cast<double>(sums.rounds.size());
    floor.fails = sums.ratio < bounds.floor(d * count, noise_alpha);
    const double least = bounds.floor(d, noise_alpha / count);
    double squares = 0;
    for (const Measured& measured : sums.rounds) {
        if (measured.ratio < least) floor.rounds.push_back(&measured);
        squares += measured.length * measured.length / (measured.clip * measured.clip);
    }
    floor.noise_multiplier = std::sqrt(squares / (d * count * (kind == NoiseKind::laplace ? 2 : 1)));
    const double layers = static_cast<double>(std::max<std::size_t>(sums.layers.size(), 1));
    for (std::size_t layer_idx = 0; layer_idx < sums.layers.size(); ++layer_idx) {
        const double coordinates = static_cast<double>(work.evidence->layers[layer_idx].coordinates) * count;
        if (sums.layers[layer_idx] < bounds.floor(coordinates, noise_alpha / layers)) floor.layers.push_back(layer_idx);
    }
    return floor;
}

namespace {

/// Excess of the same share in every layer, new in every round, is noise (more than was said, which harms nobody), not
/// signal.
bool is_noise_throughout(const AuditCase& work, const NoiseSums& sums)
{
    if (sums.layers.size() < 2) return false;
    const double d = static_cast<double>(work.evidence->coordinates);
    const double count = static_cast<double>(sums.rounds.size());
    const double mean = sums.ratio / (d * count);
    for (std::size_t layer_idx = 0; layer_idx < sums.layers.size(); ++layer_idx) {
        const double n = static_cast<double>(work.evidence->layers[layer_idx].coordinates) * count;
        const double spread = work.noise_kind() == NoiseKind::laplace ? std::sqrt(5.0 / n) : std::sqrt(2.0 / n);
        if (std::abs(sums.layers[layer_idx] / n / mean - 1) > 4 * spread) return false;
    }
    double cosine = 0, compared = 0;
    for (const Measured& measured : sums.rounds)
        if (measured.release->measured->previous_cosine)
            cosine += *measured.release->measured->previous_cosine, ++compared;
    // A clipped signal makes two updates agree by C² / |u|².
    const double clipped = sums.signal / sums.ratio;
    return compared > 0 && cosine / compared < clipped + 4 / std::sqrt(d * compared);
}

}  // namespace

std::string over_clip(const AuditCase& work, const NoiseSums& sums, Bounds& bounds, RoundNo& round)
{
    const NoiseKind kind = work.noise_kind();
    const double d = static_cast<double>(work.evidence->coordinates);
    const double count = static_cast<double>(sums.rounds.size());
    round = sums.rounds.front().release->update->round;
    const auto told = [&](double signal, double clips) {
        return "the updates hold a signal of about " + number(std::sqrt(std::max(signal, 0.0)), 3) +
               " beside the noise, the clipping norm is " + number(clips, 3);
    };
    const double usual_clip = sums.rounds.front().clip, usual_scale = sums.rounds.front().scale;
    const double unit = kind == NoiseKind::laplace ? 2 : 1;
    for (const Measured& measured : sums.rounds)
        if (measured.ratio > bounds.ceiling(d, measured.signal, noise_alpha / count / 4) &&
            !is_noise_throughout(work, sums)) {
            round = measured.release->update->round;
            return "in round " + std::to_string(round.value()) + " " +
                   told((measured.ratio - unit * d) * measured.scale * measured.scale, measured.clip);
        }
    if (sums.ratio > bounds.ceiling(d * count, sums.signal, noise_alpha / 4) && !is_noise_throughout(work, sums))
        return "over all its rounds " + told((sums.ratio / count - unit * d) * usual_scale * usual_scale, usual_clip);
    const double layers = static_cast<double>(std::max<std::size_t>(sums.layers.size(), 1));
    for (std::size_t layer_idx = 0; layer_idx < sums.layers.size(); ++layer_idx) {
        const NoiseLayer& layer = work.evidence->layers[layer_idx];
        const double coordinates = static_cast<double>(layer.coordinates) * count;
        if (kind == NoiseKind::laplace && coordinates < 50) continue;
        if (sums.layers[layer_idx] > bounds.ceiling(coordinates, sums.signal, noise_alpha / layers / 4) &&
            !is_noise_throughout(work, sums))
            return "in layer " + model::visible(layer.name) + " " +
                   told((sums.layers[layer_idx] / count - unit * static_cast<double>(layer.coordinates)) * usual_scale *
                            usual_scale,
                        usual_clip);
    }
    // Along the direction of the round's other clients a clipped signal is C at most, and noise is one normal variable.
    if (sums.peers > 0 && sums.peer > sums.clips + normal_tail_quantile(noise_alpha / 4) * std::sqrt(sums.variance))
        return "along what the other clients sent its updates reach " +
               number(sums.peer / static_cast<double>(sums.peers), 3) + " on average, the clipping norm is " +
               number(usual_clip, 3);
    return {};
}

bool noised_before_clipping(const AuditCase& work, const NoiseSums& sums)
{
    std::size_t on_norm = 0, compared = 0;
    double cosine = 0;
    for (const Measured& measured : sums.rounds) {
        on_norm += std::abs(measured.length / measured.clip - 1) < 1e-4;
        if (!measured.release->measured->previous_cosine) continue;
        cosine += *measured.release->measured->previous_cosine;
        ++compared;
    }
    if (on_norm < sums.rounds.size() || compared == 0) return false;
    const double d = static_cast<double>(work.evidence->coordinates);
    return cosine / static_cast<double>(compared) < 6 / std::sqrt(d * static_cast<double>(compared));
}

}  // namespace fedsleuth::analysis
