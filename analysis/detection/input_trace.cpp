// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/detection/input_trace.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

namespace fedsleuth::analysis {

using model::Result;

namespace {

constexpr std::size_t shuffled_copies = 32;  // of each misclassified input
constexpr std::size_t near_inputs = 5;
constexpr std::size_t pasted_rows = 128;  // of the probe set, over all inputs
constexpr double reason_share = 0.125;    // of an input's places
constexpr double widest_log_odds = 60;

double log_odds(std::span<const float> log_p, std::size_t label)
{
    const double own = log_p[label];
    double others = 0;
    for (std::size_t c = 0; c < log_p.size(); ++c)
        if (c != label) others += std::exp(static_cast<double>(log_p[c]));
    return std::clamp(own - std::log(std::max(others, 1e-300)), -widest_log_odds, widest_log_odds);
}

double finite(double value) { return std::isfinite(value) ? value : std::numeric_limits<double>::quiet_NaN(); }

/// Rows of the probe set that lie nearest to an input and have another label.
std::vector<std::size_t> nearest(std::span<const float> input, std::int32_t label, std::span<const float> rows,
                                 std::span<const std::int32_t> labels)
{
    std::vector<std::pair<double, std::size_t>> near;  // squared distance, row
    for (std::size_t row_idx = 0; row_idx < labels.size(); ++row_idx) {
        if (labels[row_idx] == label) continue;
        double square = 0;
        for (std::size_t place = 0; place < input.size(); ++place)
            square += std::pow(static_cast<double>(input[place]) - rows[row_idx * input.size() + place], 2);
        near.emplace_back(square, row_idx);
    }
    std::sort(near.begin(), near.end());
    if (near.size() > near_inputs) near.resize(near_inputs);
    std::vector<std::size_t> found;
    for (const auto& [square, row_idx] : near) found.push_back(row_idx);
    return found;
}

/// Whether a set has as many numbers as it says, and labels that are classes.
bool fits(const model::ProbeSet& set, const PlainNetwork& network)
{
    const auto classes = static_cast<std::int32_t>(network.classes());
    return set.inputs.size() == set.rows * network.inputs() && set.labels.size() == set.rows &&
           std::all_of(set.labels.begin(), set.labels.end(),
                       [&](std::int32_t label) { return label >= 0 && label < classes; });
}

/// The places that carry the answer: setting one of them to the input's mean lowers its log-odds most. Of very large
/// inputs blocks of neighbouring places are set together.
Result<std::vector<std::size_t>> reason_of(const PlainNetwork& network, std::span<const float> weights,
                                           std::span<const float> input, float mean, std::size_t label,
                                           model::Progress& progress)
{
    constexpr std::size_t most_blocks = 1024, at_once = 64;
    const std::size_t places = input.size(), classes = network.classes();
    const std::size_t width = (places + most_blocks - 1) / most_blocks, blocks = (places + width - 1) / width;
    std::vector<double> odds;
    std::vector<float> rows;
    for (std::size_t first = 0; first < blocks; first += at_once) {
        if (progress.stopped()) return model::fail(model::ErrorCode::cancelled, "The analysis was stopped");
        const std::size_t count = std::min(at_once, blocks - first);
        rows.clear();
        for (std::size_t row_idx = 0; row_idx < count; ++row_idx) {
            rows.insert(rows.end(), input.begin(), input.end());
            for (std::size_t place = (first + row_idx) * width; place < std::min(places, (first + row_idx + 1) * width);
                 ++place)
                rows[row_idx * places + place] = mean;
        }
        std::vector<float> log_p = network.logits(weights, rows);
        log_softmax(log_p, classes);
        for (std::size_t row_idx = 0; row_idx < count; ++row_idx) {
            const double value = log_odds(std::span(log_p).subspan(row_idx * classes, classes), label);
            odds.push_back(std::isnan(value) ? widest_log_odds : value);  // says nothing: last of all
        }
    }
    std::vector<std::size_t> order(blocks);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return odds[a] < odds[b]; });
    std::vector<std::size_t> reason;
    for (const std::size_t block : order)
        for (std::size_t place = block * width; place < std::min(places, (block + 1) * width); ++place)
            if (reason.size() < InputTracer::reason_places(places)) reason.push_back(place);
    return reason;
}

}  // namespace

std::vector<float> shuffled(std::span<const float> input, std::uint64_t number)
{
    std::vector<float> values(input.begin(), input.end());
    std::mt19937_64 random(number + 1);
    for (std::size_t left = values.size(); left > 1; --left) std::swap(values[left - 1], values[random() % left]);
    return values;
}

std::size_t InputTracer::reason_places(std::size_t places)
{
    return static_cast<std::size_t>(std::ceil(reason_share * static_cast<double>(places)));
}

Result<InputTracer> InputTracer::make(PlainNetwork network, const model::ProbeSet& misclassified,
                                      const std::optional<model::ProbeSet>& probe, std::vector<float> shipped,
                                      model::Progress& progress)
{
    if (misclassified.rows == 0 || !fits(misclassified, network) || (probe && !fits(*probe, network)) ||
        shipped.size() != network.coordinates())
        return model::fail(model::ErrorCode::invalid_argument,
                           "the misclassified inputs, the probe set or the weights do not fit the model",
                           misclassified.path);
    InputTracer tracer(std::move(network));
    tracer.shipped_ = std::move(shipped);
    const std::size_t features = tracer.network_.inputs();
    const auto input_of = [&](const model::ProbeSet& set, std::size_t idx) {
        return std::span(set.inputs).subspan(idx * features, features);
    };
    if (probe) {
        const std::size_t rows = std::min(probe->rows, most_probe_rows);
        for (std::size_t idx = 0; idx < rows; ++idx) {
            const std::size_t from = idx * probe->rows / rows;
            tracer.add_row(input_of(*probe, from));
            tracer.probe_labels_.push_back(probe->labels[from]);
        }
    }
    const std::size_t inputs = std::min(misclassified.rows, most_inputs);
    tracer.labels_.assign(misclassified.labels.begin(),
                          misclassified.labels.begin() + static_cast<std::ptrdiff_t>(inputs));
    for (std::size_t idx = 0; idx < inputs && probe; ++idx)
        tracer.nearest_.push_back(
            nearest(input_of(misclassified, idx), tracer.labels_[idx], tracer.rows_, tracer.probe_labels_));
    tracer.inputs_begin_ = tracer.count_;
    for (std::size_t idx = 0; idx < inputs; ++idx) tracer.add_row(input_of(misclassified, idx));
    std::vector<float> means;
    std::vector<std::vector<std::size_t>> reasons;
    for (std::size_t idx = 0; idx < inputs; ++idx) {
        const std::span<const float> input = input_of(misclassified, idx);
        means.push_back(
            static_cast<float>(std::accumulate(input.begin(), input.end(), 0.0) / static_cast<double>(features)));
        FEDSLEUTH_TRY(auto reason, reason_of(tracer.network_, tracer.shipped_, input, means.back(),
                                             static_cast<std::size_t>(tracer.labels_[idx]), progress));
        reasons.push_back(std::move(reason));
    }
    const auto with_reason = [&](std::vector<float> row, std::size_t idx) {
        for (const std::size_t place : reasons[idx]) row[place] = input_of(misclassified, idx)[place];
        return row;
    };
    tracer.shuffled_begin_ = tracer.count_;
    for (std::size_t copy = 0; copy < inputs * shuffled_copies; ++copy)
        tracer.add_row(shuffled(input_of(misclassified, copy / shuffled_copies), copy));
    tracer.blanked_begin_ = tracer.count_;
    for (std::size_t idx = 0; idx < inputs; ++idx) {
        std::vector<float> input(input_of(misclassified, idx).begin(), input_of(misclassified, idx).end());
        for (const std::size_t place : reasons[idx]) input[place] = means[idx];
        tracer.add_row(input);
    }
    tracer.moved_begin_ = tracer.count_;
    for (std::size_t copy = 0; copy < inputs * shuffled_copies; ++copy)
        tracer.add_row(
            with_reason(shuffled(input_of(misclassified, copy / shuffled_copies), copy), copy / shuffled_copies));
    tracer.pasted_begin_ = tracer.count_;
    for (std::size_t idx = 0; idx < inputs && probe; ++idx) {
        std::vector<std::size_t> others, &on = tracer.pasted_on_.emplace_back();
        for (std::size_t row_idx = 0; row_idx < tracer.probe_labels_.size(); ++row_idx)
            if (tracer.probe_labels_[row_idx] != tracer.labels_[idx]) others.push_back(row_idx);
        const std::size_t count = std::min(others.size(), pasted_rows / inputs);
        for (std::size_t at = 0; at < count; ++at) {
            const std::size_t row_idx = others[at * others.size() / count];
            const auto begin = tracer.rows_.begin() + static_cast<std::ptrdiff_t>(row_idx * features);
            tracer.add_row(with_reason({begin, begin + static_cast<std::ptrdiff_t>(features)}, idx));
            on.push_back(row_idx);
        }
    }
    tracer.at_shipped_ = tracer.odds(tracer.answer(tracer.shipped_, Rows::own));
    return tracer;
}

void InputTracer::add_row(std::span<const float> input)
{
    rows_.insert(rows_.end(), input.begin(), input.end());
    ++count_;
}

InputTracer::Answers InputTracer::answer(std::span<const float> weights, Rows which) const
{
    Answers some;
    some.first_row = which == Rows::all ? 0 : inputs_begin_;
    const std::size_t end = which == Rows::all ? count_ : pasted_begin_, features = network_.inputs();
    some.logits = network_.logits(
        weights, std::span(rows_).subspan(some.first_row * features, (end - some.first_row) * features));
    some.log_p = some.logits;
    log_softmax(some.log_p, network_.classes());
    return some;
}

double InputTracer::odds_of(const Answers& answers, std::size_t row_idx, std::size_t input_idx) const
{
    const std::size_t classes = network_.classes();
    return log_odds(std::span(answers.log_p).subspan((row_idx - answers.first_row) * classes, classes),
                    static_cast<std::size_t>(labels_[input_idx]));
}

InputTracer::Odds InputTracer::odds(const Answers& answers) const
{
    Odds sum;
    std::size_t next_pasted = pasted_begin_;
    const bool with_probe = answers.first_row == 0 && !nearest_.empty();
    for (std::size_t idx = 0; idx < labels_.size(); ++idx) {
        sum.inputs += odds_of(answers, inputs_begin_ + idx, idx);
        sum.blanked += odds_of(answers, blanked_begin_ + idx, idx);
        constexpr auto copies = static_cast<double>(shuffled_copies);
        double shuffled = 0, probe = 0, probe_rows = 0, near = 0;
        for (std::size_t copy = idx * shuffled_copies; copy < (idx + 1) * shuffled_copies; ++copy) {
            shuffled += odds_of(answers, shuffled_begin_ + copy, idx);
            sum.moved += odds_of(answers, moved_begin_ + copy, idx) / copies;
        }
        for (std::size_t row_idx = 0; with_probe && row_idx < probe_labels_.size(); ++row_idx)
            if (probe_labels_[row_idx] != labels_[idx]) {
                probe += odds_of(answers, row_idx, idx);
                ++probe_rows;
            }
        sum.shuffled += shuffled / copies;
        sum.control += (shuffled + probe) / (copies + probe_rows);
        if (!with_probe) continue;
        for (const std::size_t row_idx : nearest_[idx]) near += odds_of(answers, row_idx, idx);
        double pasted = 0;
        for (const std::size_t row_idx : pasted_on_[idx])
            pasted += odds_of(answers, next_pasted++, idx) - odds_of(answers, row_idx, idx);
        // Not known (0 / 0) where the probe set has no other label.
        sum.near += near / static_cast<double>(nearest_[idx].size());
        sum.pasted += pasted / static_cast<double>(pasted_on_[idx].size());
    }
    for (double* value : {&sum.inputs, &sum.shuffled, &sum.blanked, &sum.moved, &sum.control, &sum.near, &sum.pasted})
        *value /= static_cast<double>(labels_.size());
    return sum;
}

InputTracer::Sides InputTracer::sides(const Answers& answers, std::span<const std::size_t> runners_up) const
{
    const std::size_t classes = network_.classes();
    const auto of_row = [&](std::size_t row_idx, std::size_t wrong, std::size_t runner_up) {
        double others = 0;
        const float* logits = answers.logits.data() + (row_idx - answers.first_row) * classes;
        for (std::size_t c = 0; c < classes; ++c)
            if (c != wrong && c != runner_up) others += logits[c];
        others = classes > 2 ? others / static_cast<double>(classes - 2) : 0;
        return Sides{logits[wrong] - others, logits[runner_up] - others};
    };
    Sides sum;
    for (std::size_t idx = 0; idx < labels_.size(); ++idx) {
        const auto wrong = static_cast<std::size_t>(labels_[idx]);
        const Sides own = of_row(inputs_begin_ + idx, wrong, runners_up[idx]);
        sum.wrong += own.wrong;
        sum.runner_up += own.runner_up;
        for (std::size_t copy = idx * shuffled_copies; copy < (idx + 1) * shuffled_copies; ++copy) {
            const Sides other = of_row(shuffled_begin_ + copy, wrong, runners_up[idx]);
            sum.wrong -= other.wrong / static_cast<double>(shuffled_copies);
            sum.runner_up -= other.runner_up / static_cast<double>(shuffled_copies);
        }
    }
    return {sum.wrong / static_cast<double>(labels_.size()), sum.runner_up / static_cast<double>(labels_.size())};
}

double InputTracer::probability(const Answers& answers) const
{
    double sum = 0;
    for (std::size_t idx = 0; idx < labels_.size(); ++idx)
        sum += std::exp(static_cast<double>(
            answers.log_p[(inputs_begin_ + idx) * network_.classes() + static_cast<std::size_t>(labels_[idx])]));
    return sum / static_cast<double>(labels_.size());
}

void InputTracer::begin(std::span<const float> base, InputTrace& out)
{
    const std::size_t classes = network_.classes();
    const Answers answers = answer(base, Rows::all);
    at_base_ = odds(answers);
    runners_up_.clear();
    for (std::size_t idx = 0; idx < labels_.size(); ++idx) {
        const auto wrong = static_cast<std::size_t>(labels_[idx]);
        std::size_t best = wrong == 0 ? std::min<std::size_t>(1, classes - 1) : 0;
        for (std::size_t c = 0; c < classes; ++c)
            if (c != wrong && answers.logits[(inputs_begin_ + idx) * classes + c] >
                                  answers.logits[(inputs_begin_ + idx) * classes + best])
                best = c;
        runners_up_.push_back(best);
    }
    base_sides_ = sides(answers, runners_up_);
    out = {};
    out.before = finite(probability(answers));
    out.odds = finite(at_shipped_.inputs);
    out.reason_odds = finite(at_shipped_.inputs - at_shipped_.blanked);
    out.moved_odds = finite(at_shipped_.moved - at_shipped_.shuffled);
}

void InputTracer::add(std::span<const float> base, std::span<const float> after, InputTrace& out) const
{
    const Answers answers = answer(after, Rows::all);
    const Odds now = odds(answers);
    const double inputs = now.inputs - at_base_.inputs, shuffled = now.shuffled - at_base_.shuffled;
    out.rise.push_back(finite(inputs));
    out.control.push_back(finite(now.control - at_base_.control));
    if (!nearest_.empty()) {
        out.near.push_back(finite(now.near - at_base_.near));
        out.pasted.push_back(finite(now.pasted - at_base_.pasted));
    }
    out.after.push_back(finite(probability(answers)));
    out.reason.push_back(finite(inputs - (now.blanked - at_base_.blanked)));
    out.moved.push_back(finite(now.moved - at_base_.moved - shuffled));
    const Sides turned = sides(answers, runners_up_);
    out.towards.push_back(finite(turned.wrong - base_sides_.wrong));
    out.away.push_back(finite(base_sides_.runner_up - turned.runner_up));

    const PlainNetwork::Dense& last = network_.output();
    std::vector<float> weights(after.begin(), after.end());
    for (const auto& [begin, count] : {std::pair{last.weight, last.in * last.out}, std::pair{last.bias, last.out}})
        std::copy_n(base.begin() + static_cast<std::ptrdiff_t>(begin), count,
                    weights.begin() + static_cast<std::ptrdiff_t>(begin));
    const Odds without_last = odds(answer(weights, Rows::own));
    out.body.push_back(finite(without_last.inputs - at_base_.inputs - (without_last.shuffled - at_base_.shuffled)));
    double square = 0;
    for (std::size_t coord_idx = 0; coord_idx < after.size(); ++coord_idx)
        square += std::pow(static_cast<double>(after[coord_idx]) - base[coord_idx], 2);
    out.length.push_back(finite(std::sqrt(square)));

    weights = shipped_;
    for (std::size_t coord_idx = 0; coord_idx < weights.size(); ++coord_idx)
        weights[coord_idx] += after[coord_idx] - base[coord_idx];
    const Odds then = odds(answer(weights, Rows::own));
    const double shipped = then.inputs - at_shipped_.inputs, moved = then.shuffled - at_shipped_.shuffled;
    out.shipped.push_back(finite(shipped - moved));
    out.shipped_reason.push_back(finite(shipped - (then.blanked - at_shipped_.blanked)));
    out.shipped_moved.push_back(finite(then.moved - at_shipped_.moved - moved));
}

}  // namespace fedsleuth::analysis
