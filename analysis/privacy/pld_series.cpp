// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/privacy/gaussian.h"
#include "analysis/privacy/loss_sum.h"
#include "analysis/privacy/pld.h"
#include "analysis/privacy/pld_mesh.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace fedsleuth::analysis {

namespace {

/// The rounds of one client on one mesh, and how often each event happened up to each of them.
class Series {
public:
    Series(const PrivacyHistory& distinct, std::span<const SpendingRound> rounds, double delta, double interval,
           double tail, LossGrids& grids)
        : rounds_(rounds), delta_(delta), interval_(interval)
    {
        for (const PrivacyEvent& event : distinct) grids_.push_back(grids.of(event, interval, tail));
        std::vector<std::int64_t> so_far(distinct.size(), 0);
        for (const SpendingRound& round : rounds) {
            so_far[round.event] += round.count;
            counts_.push_back(so_far);
        }
    }

    /// Raises each of `epsilons` to what this direction says.
    void run(Direction direction, std::vector<double>& epsilons) const
    {
        std::size_t first = 0;
        while (first < rounds_.size() && rounds_[first].count == 0) ++first;
        double guess = 0.0;
        while (first < rounds_.size()) {
            const Block block = block_from(first, direction);
            LossSum sum(interval_, direction, block.tilt.value, block.window);
            sum.put_in(parts_after(first));
            std::map<std::pair<std::size_t, std::int64_t>, LossSum::Factor> factors;
            for (std::size_t at = first; at <= block.last; ++at) {
                const SpendingRound& round = rounds_[at];
                if (at > first && round.count > 0) {
                    const auto [factor, is_new] = factors.try_emplace({round.event, round.count});
                    if (is_new) factor->second = sum.factor({grids_[round.event], round.count});
                    sum.multiply(factor->second);
                    if (factors.size() > 32) factors.clear();  // memory: each holds half a window of numbers
                }
                guess = sum.epsilon(delta_, at == first ? block.tilt.target : guess, 0.05 * block.window.deviation);
                epsilons[at] = std::max(epsilons[at], guess);
                if (std::isinf(guess)) guess = block.tilt.target;
            }
            first = block.last + 1;
        }
    }

private:
    /// Rounds that one tilt and one window serve.
    struct Block {
        std::size_t last = 0;
        Tilt tilt;
        LossWindow window;
    };

    [[nodiscard]] std::vector<LossPart> parts_after(std::size_t round) const
    {
        std::vector<LossPart> parts;
        for (std::size_t event = 0; event < grids_.size(); ++event)
            if (counts_[round][event] > 0) parts.push_back({grids_[event], counts_[round][event]});
        return parts;
    }

    /// As many rounds as the first one's tilt suits: the best tilt falls as the loss grows, and too large a tilt costs
    /// digits, or a window that a long tail makes wide.
    [[nodiscard]] Block block_from(std::size_t first, Direction direction) const
    {
        Block block;
        block.last = first;
        const std::vector<LossPart> parts = parts_after(first);
        block.tilt = tilt_for_delta(parts, direction, delta_);
        block.window = loss_window(parts, direction, block.tilt);
        const double width = block.window.high - block.window.low;
        for (std::size_t last = std::min(rounds_.size() - 1, 4 * first + 3); last > first;
             last = first + (last - first) / 2) {
            const std::vector<LossPart> later = parts_after(last);
            const Tilt own_tilt = tilt_for_delta(later, direction, delta_);
            if (own_tilt.value < 0.45 * block.tilt.value) continue;
            const LossWindow own = loss_window(later, direction, own_tilt);
            const LossWindow window = loss_window(later, direction, {block.tilt.value, own_tilt.target});
            if (window.high - window.low > 3.0 * std::max(width, own.high - own.low)) continue;
            block.last = last;
            block.window.low = std::min(block.window.low, window.low);
            block.window.high = std::max(block.window.high, window.high);
            break;
        }
        return block;
    }

    std::span<const SpendingRound> rounds_;
    double delta_;
    double interval_;
    std::vector<std::shared_ptr<const LossGrid>> grids_;
    std::vector<std::vector<std::int64_t>> counts_;  ///< by round and event
};

bool all_unsampled_gaussians(const PrivacyHistory& distinct)
{
    return std::all_of(distinct.begin(), distinct.end(), [](const PrivacyEvent& event) {
        return event.mechanism == Mechanism::gaussian && event.sampling == Sampling::none;
    });
}

std::vector<double> gaussian_after_each(const PrivacyHistory& distinct, std::span<const SpendingRound> rounds,
                                        double delta)
{
    std::vector<double> epsilons;
    double squares = 0.0;
    for (const SpendingRound& round : rounds) {
        if (round.count > 0)
            squares += static_cast<double>(round.count) / (distinct[round.event].noise * distinct[round.event].noise);
        epsilons.push_back(gdp_epsilon(std::sqrt(squares), delta));
    }
    return epsilons;
}

}  // namespace

model::Result<std::vector<double>> pld_after_each(const PrivacyHistory& distinct, std::span<const SpendingRound> rounds,
                                                  double delta, const AccountOptions& options)
{
    if (all_unsampled_gaussians(distinct)) return gaussian_after_each(distinct, rounds, delta);
    PrivacyHistory total = distinct;
    for (PrivacyEvent& event : total) event.count = 0;
    for (const SpendingRound& round : rounds) total[round.event].count += round.count;
    LossGrids grids;
    FEDSLEUTH_TRY(const PldMesh mesh, pld_mesh(total, delta, options, grids));
    const Series series(distinct, rounds, delta, mesh.interval, mesh.tail, grids);
    std::vector<double> epsilons(rounds.size(), 0.0);
    series.run(Direction::remove, epsilons);
    if (pld_has_two_directions(total)) series.run(Direction::add, epsilons);
    return epsilons;
}

}  // namespace fedsleuth::analysis
