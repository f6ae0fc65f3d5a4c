// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rollback/counterfactual.h"

#include "analysis/kernels/gram.h"
#include "analysis/kernels/curvature.h"
#include "analysis/rollback/replay_state.h"
#include "analysis/rollback/round_plan.h"
#include "analysis/rollback/scratch_vectors.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <Eigen/Dense>

namespace fedsleuth::analysis {

using model::ErrorCode;
using model::RoundNo;
using model::VectorRef;

namespace {

constexpr std::size_t block_bytes = std::size_t{64} << 20;  ///< of updates, read at a time
constexpr std::size_t ring = curvature_window + 2;          ///< honest aggregates that are kept

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

double squares(const std::vector<double>& values, std::int64_t count)
{
    double sum = 0;
    for (std::int64_t coord_idx = 0; coord_idx < count; ++coord_idx)
        sum += values[static_cast<std::size_t>(coord_idx)] * values[static_cast<std::size_t>(coord_idx)];
    return sum;
}

/// Slots of the scratch file. Those of the state come twice, so that the round before stays whole until this one is.
std::size_t slot_frozen(std::size_t idx) { return idx % 2; }
std::size_t slot_corrected(std::size_t idx) { return 2 + idx % 2; }
std::size_t slot_model(std::size_t idx) { return 4 + idx % 2; }
std::size_t slot_update(std::size_t idx) { return 6 + idx % ring; }
constexpr std::size_t slot_injected = 6 + ring;
std::size_t slot_part(std::size_t removal_idx) { return slot_injected + 1 + removal_idx; }

class Run {
public:
    Run(model::UpdateSource& source, const ReplayPlan& plan, ScratchVectors scratch, std::int64_t d, std::size_t parts,
        model::Progress& progress)
        : source_(source), plan_(plan), scratch_(std::move(scratch)), d_(d), parts_(parts), progress_(progress)
    {
        std::size_t most = 2 * ring;
        for (const PlannedRound& round : plan.rounds)
            if (round.reads_updates()) most = std::max(most, round.cast.size());
        const auto chunks = static_cast<std::int64_t>(block_bytes / sizeof(float) / most) / gram_chunk;
        width_ = std::min(d, std::clamp<std::int64_t>(chunks * gram_chunk, gram_chunk, model::slab_coordinates));
        for (auto* buffer : {&step_, &update_, &other_, &injected_, &before_, &model_}) buffer->resize(size(width_));
        shipped_.resize(size(2 * width_));
    }

    model::Result<CounterfactualPoint> round(std::size_t idx, std::optional<double>& secant, bool& frozen);
    [[nodiscard]] VectorReader frozen_reader(std::size_t idx);
    [[nodiscard]] VectorReader corrected_reader(std::size_t idx);
    [[nodiscard]] VectorReader shipped_reader(RoundNo round);
    [[nodiscard]] model::Result<double> way(RoundNo round);
    [[nodiscard]] const std::vector<double>& shares() const { return shares_; }

private:
    static std::size_t size(std::int64_t count) { return static_cast<std::size_t>(count); }

    model::Result<void> for_each_block(const std::function<model::Result<void>(std::int64_t, std::int64_t)>& work)
    {
        for (std::int64_t first = 0; first < d_; first += width_) {
            if (progress_.stopped()) return model::fail(ErrorCode::cancelled, "The replay was stopped");
            const std::int64_t count = std::min(width_, d_ - first);
            FEDSLEUTH_CHECK(work(first, count));
            progress_.advance(count);
        }
        return {};
    }
    model::Result<void> read_step(RoundNo round, std::int64_t first, std::int64_t count, double* out)
    {
        const VectorRef ref{VectorRef::Kind::global_step, round, {}};
        FEDSLEUTH_CHECK(source_.read(std::span(&ref, 1), first, count, shipped_.data()));
        std::copy_n(shipped_.data(), count, out);
        return {};
    }
    /// The honest aggregate of a round of the plan.
    model::Result<void> read_update(std::size_t idx, std::int64_t first, std::int64_t count, double* out)
    {
        return idx < plan_.active ? read_step(plan_.rounds[idx].round, first, count, out)
                                  : scratch_.read(slot_update(idx), first, count, out);
    }
    /// The last model before anything differs.
    model::Result<void> read_start(std::int64_t first, std::int64_t count)
    {
        const RoundNo round = plan_.active > plan_.begin ? plan_.rounds[plan_.active - 1].round : plan_.from;
        FEDSLEUTH_CHECK(shipped_reader(round)(first, count, shipped_.data()));
        std::copy_n(shipped_.data(), count, model_.begin());
        return {};
    }
    [[nodiscard]] std::size_t window_of(std::size_t idx) const;
    model::Result<void> add_parts(const PlannedRound& round, std::int64_t first, std::int64_t count,
                                  CounterfactualPoint& point);
    model::Result<void> make_steps(std::size_t idx, std::int64_t first, std::int64_t count, CounterfactualPoint& point);
    model::Result<void> read_window(std::size_t idx, std::size_t m, std::int64_t first, std::int64_t count,
                                    Matrix& rows);
    model::Result<void> advance(std::size_t idx, const CurvatureStep& curvature, std::size_t m,
                                CounterfactualPoint& point);

    model::UpdateSource& source_;
    const ReplayPlan& plan_;
    ScratchVectors scratch_;
    std::int64_t d_;
    std::size_t parts_;
    model::Progress& progress_;
    std::int64_t width_ = 0;
    std::vector<float> shipped_, values_;
    std::vector<double> step_, update_, other_, injected_, before_, model_;
    std::vector<double> shares_;
};

/// Pairs that the round can look back on: unbroken rounds with both checkpoints.
std::size_t Run::window_of(std::size_t idx) const
{
    std::size_t m = 0;
    while (m < curvature_window && idx > m && plan_.rounds[idx - m].follows && plan_.rounds[idx - m - 1].shipped) ++m;
    return m;
}

/// The round's other step into update_ and its ring slot, what was injected into injected_ and its slot.
model::Result<void> Run::make_steps(std::size_t idx, std::int64_t first, std::int64_t count, CounterfactualPoint& point)
{
    const PlannedRound& round = plan_.rounds[idx];
    if (round.shipped) FEDSLEUTH_CHECK(read_step(round.round, first, count, step_.data()));
    if (round.reads_updates()) {
        values_.resize(round.cast.size() * size(count));
        FEDSLEUTH_CHECK(source_.read(round.cast.rows, first, count, values_.data()));
    }
    const bool looks_back = idx > 0 && round.follows && plan_.rounds[idx - 1].shipped;
    if (looks_back && round.rest && round.rest->uses_previous())
        FEDSLEUTH_CHECK(read_step(round.round.before(), first, count, before_.data()));
    const double* previous = looks_back ? before_.data() : nullptr;
    if (round.rest)
        FEDSLEUTH_CHECK(round.rest->apply(values_.data(), count, previous, update_.data()));
    else if (round.stands_still)
        std::fill_n(update_.begin(), count, 0.0);
    else
        std::copy_n(step_.begin(), count, update_.begin());
    if (round.everybody) FEDSLEUTH_CHECK(round.everybody->apply(values_.data(), count, nullptr, step_.data()));
    if (round.changed && (round.shipped || round.everybody))
        for (std::int64_t coord_idx = 0; coord_idx < count; ++coord_idx)
            injected_[size(coord_idx)] = step_[size(coord_idx)] - update_[size(coord_idx)];
    else
        std::fill_n(injected_.begin(), count, 0.0);
    FEDSLEUTH_CHECK(scratch_.write(slot_update(idx), first, count, update_.data()));
    FEDSLEUTH_CHECK(scratch_.write(slot_injected, first, count, injected_.data()));
    point.injected += squares(injected_, count);

    return round.parts.empty() ? model::Result<void>() : add_parts(round, first, count, point);
}

/// What each removed client did alone, this round and up to here.
model::Result<void> Run::add_parts(const PlannedRound& round, std::int64_t first, std::int64_t count,
                                   CounterfactualPoint& point)
{
    for (std::size_t removal_idx = 0; removal_idx < std::min(parts_, round.parts.size()); ++removal_idx) {
        if (const auto& part = round.parts[removal_idx]) {
            const float* row = values_.data() + static_cast<std::int64_t>(part->client_idx) * count;
            for (std::int64_t coord_idx = 0; coord_idx < count; ++coord_idx)
                other_[size(coord_idx)] =
                    part->weight * double{row[coord_idx]} - part->share * update_[size(coord_idx)];
        } else if (round.without[removal_idx]) {
            FEDSLEUTH_CHECK(round.without[removal_idx]->apply(values_.data(), count, nullptr, other_.data()));
            for (std::int64_t coord_idx = 0; coord_idx < count; ++coord_idx)
                other_[size(coord_idx)] = step_[size(coord_idx)] - other_[size(coord_idx)];
        } else {
            continue;
        }
        FEDSLEUTH_CHECK(scratch_.read(slot_part(removal_idx), first, count, before_.data()));
        for (std::int64_t coord_idx = 0; coord_idx < count; ++coord_idx)
            before_[size(coord_idx)] += other_[size(coord_idx)];
        point.parts_injected[removal_idx] += squares(other_, count);
        FEDSLEUTH_CHECK(scratch_.write(slot_part(removal_idx), first, count, before_.data()));
    }
    return {};
}

/// Rows e, s₁ … s_m, g₀ … g_m of one block.
model::Result<void> Run::read_window(std::size_t idx, std::size_t m, std::int64_t first, std::int64_t count,
                                     Matrix& rows)
{
    rows.resize(static_cast<Eigen::Index>(2 * m + 2), count);
    const auto row = [&](std::size_t which) { return rows.data() + static_cast<std::int64_t>(which) * count; };
    FEDSLEUTH_CHECK(scratch_.read(slot_corrected(idx - 1), first, count, row(0)));
    FEDSLEUTH_CHECK(scratch_.read(slot_update(idx), first, count, row(m + 1)));
    for (std::size_t j = 1; j <= m; ++j) {
        FEDSLEUTH_CHECK(read_step(plan_.rounds[idx - j].round, first, count, row(j)));
        FEDSLEUTH_CHECK(read_update(idx - j, first, count, row(m + 1 + j)));
    }
    return {};
}

model::Result<CounterfactualPoint> Run::round(std::size_t idx, std::optional<double>& secant, bool& frozen)
{
    CounterfactualPoint point;
    point.round = plan_.rounds[idx].round;
    point.parts.assign(parts_, 0.0);
    point.parts_injected.assign(parts_, 0.0);
    const std::size_t m = window_of(idx);
    Matrix rows, products = Matrix::Zero(static_cast<Eigen::Index>(2 * m + 2), static_cast<Eigen::Index>(2 * m + 2));
    FEDSLEUTH_CHECK(for_each_block([&](std::int64_t first, std::int64_t count) -> model::Result<void> {
        FEDSLEUTH_CHECK(make_steps(idx, first, count, point));
        FEDSLEUTH_CHECK(read_window(idx, m, first, count, rows));
        products.noalias() += rows * rows.transpose();
        return {};
    }));
    const CurvatureStep curvature =
        curvature_step(std::span(products.data(), static_cast<std::size_t>(products.size())), m);
    secant = curvature.secant;
    frozen = curvature.coefficients.empty();
    FEDSLEUTH_CHECK(advance(idx, curvature, m, point));
    point.injected = std::sqrt(point.injected);
    for (double& square : point.parts_injected) square = std::sqrt(square);
    return point;
}

/// From the state of the round before to this round's, and its lengths.
model::Result<void> Run::advance(std::size_t idx, const CurvatureStep& curvature, std::size_t m,
                                 CounterfactualPoint& point)
{
    Matrix rows;
    std::vector<double> frozen(size(width_)), corrected(size(width_)), products(parts_, 0.0);
    FEDSLEUTH_CHECK(for_each_block([&](std::int64_t first, std::int64_t count) -> model::Result<void> {
        FEDSLEUTH_CHECK(scratch_.read(slot_frozen(idx - 1), first, count, frozen.data()));
        FEDSLEUTH_CHECK(scratch_.read(slot_corrected(idx - 1), first, count, corrected.data()));
        FEDSLEUTH_CHECK(scratch_.read(slot_injected, first, count, injected_.data()));
        FEDSLEUTH_CHECK(scratch_.read(slot_update(idx), first, count, update_.data()));
        if (idx == plan_.active)
            FEDSLEUTH_CHECK(read_start(first, count));
        else
            FEDSLEUTH_CHECK(scratch_.read(slot_model(idx - 1), first, count, model_.data()));
        if (!curvature.coefficients.empty()) {
            FEDSLEUTH_CHECK(read_window(idx, m, first, count, rows));
            const Eigen::Map<const Eigen::RowVectorXd> weights(
                curvature.coefficients.data(), static_cast<Eigen::Index>(curvature.coefficients.size()));
            Eigen::Map<Eigen::RowVectorXd>(corrected.data(), count) += weights * rows;
        }
        double apart = 0;
        for (std::size_t coord_idx = 0; coord_idx < size(count); ++coord_idx) {
            frozen[coord_idx] += injected_[coord_idx];
            corrected[coord_idx] += injected_[coord_idx];
            model_[coord_idx] += update_[coord_idx];
            apart += (frozen[coord_idx] - corrected[coord_idx]) * (frozen[coord_idx] - corrected[coord_idx]);
        }
        point.apart += apart;
        point.frozen += squares(frozen, count);
        point.corrected += squares(corrected, count);
        for (std::size_t removal_idx = 0; removal_idx < parts_; ++removal_idx) {
            FEDSLEUTH_CHECK(scratch_.read(slot_part(removal_idx), first, count, before_.data()));
            point.parts[removal_idx] += squares(before_, count);
            for (std::size_t coord_idx = 0; coord_idx < size(count); ++coord_idx)
                products[removal_idx] += before_[coord_idx] * frozen[coord_idx];
        }
        FEDSLEUTH_CHECK(scratch_.write(slot_frozen(idx), first, count, frozen.data()));
        FEDSLEUTH_CHECK(scratch_.write(slot_corrected(idx), first, count, corrected.data()));
        return scratch_.write(slot_model(idx), first, count, model_.data());
    }));
    shares_.clear();
    for (const double product : products) shares_.push_back(point.frozen > 0 ? product / point.frozen : 0.0);
    for (double* square : {&point.apart, &point.frozen, &point.corrected}) *square = std::sqrt(*square);
    for (double& square : point.parts) square = std::sqrt(square);
    return {};
}

VectorReader Run::shipped_reader(RoundNo round)
{
    return [this, round](std::int64_t first, std::int64_t count, float* out) {
        const VectorRef ref{VectorRef::Kind::checkpoint, round, {}};
        return source_.read(std::span(&ref, 1), first, count, out);
    };
}

VectorReader Run::frozen_reader(std::size_t idx)
{
    return [this, idx](std::int64_t first, std::int64_t count, float* out) -> model::Result<void> {
        std::vector<double> model(size(count));
        FEDSLEUTH_CHECK(scratch_.read(slot_model(idx), first, count, model.data()));
        std::transform(model.begin(), model.end(), out, [](double value) { return static_cast<float>(value); });
        return {};
    };
}

/// w − e corrected = (w − e frozen) + e frozen − e corrected.
VectorReader Run::corrected_reader(std::size_t idx)
{
    return [this, idx](std::int64_t first, std::int64_t count, float* out) -> model::Result<void> {
        std::vector<double> model(size(count)), frozen(size(count)), corrected(size(count));
        FEDSLEUTH_CHECK(scratch_.read(slot_model(idx), first, count, model.data()));
        FEDSLEUTH_CHECK(scratch_.read(slot_frozen(idx), first, count, frozen.data()));
        FEDSLEUTH_CHECK(scratch_.read(slot_corrected(idx), first, count, corrected.data()));
        for (std::size_t coord_idx = 0; coord_idx < size(count); ++coord_idx)
            out[coord_idx] = static_cast<float>(model[coord_idx] + frozen[coord_idx] - corrected[coord_idx]);
        return {};
    };
}

/// |w − w₀|
model::Result<double> Run::way(RoundNo round)
{
    const std::array<VectorRef, 2> refs{VectorRef{VectorRef::Kind::checkpoint, round, {}},
                                        VectorRef{VectorRef::Kind::checkpoint, plan_.first, {}}};
    double sum = 0;
    for (std::int64_t first = 0; first < d_; first += width_) {
        const std::int64_t count = std::min(width_, d_ - first);
        FEDSLEUTH_CHECK(source_.read(refs, first, count, shipped_.data()));
        for (std::int64_t coord_idx = 0; coord_idx < count; ++coord_idx) {
            const double moved = double{shipped_[size(coord_idx)]} - double{shipped_[size(count + coord_idx)]};
            sum += moved * moved;
        }
    }
    return std::sqrt(sum);
}

/// ρ and the estimates that it gives.
void close(Counterfactual& result, std::vector<double> secants)
{
    std::erase_if(secants, [](double secant) { return !std::isfinite(secant); });
    if (!secants.empty()) {
        const auto middle = secants.begin() + static_cast<std::ptrdiff_t>(secants.size() / 2);
        std::nth_element(secants.begin(), middle, secants.end());
        result.secant = *middle;
    }
    double bound = 0;
    for (CounterfactualPoint& point : result.points) {
        bound = result.secant.value_or(1.0) * bound + point.injected;
        point.bound = bound;
    }
}

}  // namespace

model::Result<Counterfactual> run_counterfactual(model::CaseStore& store, model::UpdateSource& source,
                                                 const CounterfactualOptions& options, const CheckpointTaker& taker,
                                                 const ReplayState& state, model::Progress& progress)
{
    FEDSLEUTH_TRY(const ReplayPlan plan, plan_replay(store, source, options, progress));
    FEDSLEUTH_TRY(const std::int64_t d, source.coordinates());
    FEDSLEUTH_TRY(ReplayCommits commits, ReplayCommits::open(state));
    FEDSLEUTH_TRY(ScratchVectors scratch, ScratchVectors::open(commits.scratch_path(), d));
    const std::size_t parts = options.parts ? std::min(options.removals.size(), parts_limit) : 0;
    Run run(source, plan, std::move(scratch), d, parts, progress);
    const std::size_t rounds = plan.rounds.size();
    progress.start("Replaying the rounds", static_cast<std::int64_t>(rounds - plan.active) * 2 * d, "values");

    Counterfactual result;
    result.from = plan.from;
    result.removals = options.removals;
    result.notes = plan.notes;
    result.not_redone = plan.not_redone;
    CounterfactualPoint start;
    start.round = plan.from;
    start.parts.assign(parts, 0.0);
    start.parts_injected.assign(parts, 0.0);
    FEDSLEUTH_TRY(start.way, run.way(plan.from));
    result.points.push_back(start);
    if (taker) FEDSLEUTH_CHECK(taker(plan.from, run.shipped_reader(plan.from), run.shipped_reader(plan.from)));

    std::vector<double> secants;
    for (std::size_t idx = plan.begin; idx < rounds; ++idx) {
        const PlannedRound& round = plan.rounds[idx];
        progress.files(static_cast<std::int64_t>(idx - plan.begin), static_cast<std::int64_t>(rounds - plan.begin));
        if (round.tampered) result.tampered.push_back(round.round);
        if (idx < plan.active) {  // as it was shipped
            CounterfactualPoint point = start;
            point.round = round.round;
            FEDSLEUTH_TRY(point.way, run.way(round.round));
            result.points.push_back(std::move(point));
            if (taker)
                FEDSLEUTH_CHECK(taker(round.round, run.shipped_reader(round.round), run.shipped_reader(round.round)));
            continue;
        }
        CounterfactualPoint point;
        std::optional<double> secant;
        bool frozen = false;
        if (const ReplayCommits::Commit* done = commits.find(round.round)) {
            point = done->point;
            secant = done->secant;
            frozen = done->frozen;
            progress.advance(2 * d);
        } else {
            FEDSLEUTH_TRY(point, run.round(idx, secant, frozen));
            point.way = result.points.back().way;
            if (round.shipped) {
                FEDSLEUTH_TRY(point.way, run.way(round.round));
            }
            if (taker) FEDSLEUTH_CHECK(taker(round.round, run.frozen_reader(idx), run.corrected_reader(idx)));
            FEDSLEUTH_CHECK(commits.add({point, secant, frozen}));
        }
        if (secant) secants.push_back(*secant);
        result.frozen_rounds += frozen && result.points.back().corrected > 0;
        result.points.push_back(std::move(point));
    }
    result.share = run.shares();
    close(result, std::move(secants));
    commits.finish();
    return result;
}

}  // namespace fedsleuth::analysis
