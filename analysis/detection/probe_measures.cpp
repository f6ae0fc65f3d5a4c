// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/detection/probe_measures.h"

#include "analysis/probe/read_weights.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <set>
#include <string>

namespace fedsleuth::analysis {

using model::Result;
using model::VectorRef;

namespace {

constexpr std::size_t shuffled_copies = 32;  // of each misclassified input
constexpr std::size_t most_suspects = 64;
constexpr std::size_t near_inputs = 5;
constexpr double widest_log_odds = 60;

double log_odds(std::span<const float> log_p, std::int32_t label)
{
    const double own = log_p[static_cast<std::size_t>(label)];
    double others = 0;
    for (std::size_t c = 0; c < log_p.size(); ++c)
        if (c != static_cast<std::size_t>(label)) others += std::exp(static_cast<double>(log_p[c]));
    return std::clamp(own - std::log(std::max(others, 1e-300)), -widest_log_odds, widest_log_odds);
}

/// One model's answers to all inputs.
struct Answers {
    std::vector<float> logits, log_p;
};

std::span<const float> row(const std::vector<float>& values, std::size_t row_idx, std::size_t classes)
{
    return std::span(values).subspan(row_idx * classes, classes);
}

}  // namespace

void ProbeMeasures::add_row(std::span<const float> input)
{
    inputs_.insert(inputs_.end(), input.begin(), input.end());
    ++rows_;
}

void ProbeMeasures::add_shuffled(std::span<const float> input, std::uint64_t number)
{
    std::vector<float> values(input.begin(), input.end());
    std::mt19937_64 random(number + 1);
    for (std::size_t left = values.size(); left > 1; --left) std::swap(values[left - 1], values[random() % left]);
    add_row(values);
}

Result<ProbeMeasures> ProbeMeasures::make(const std::vector<model::Layer>& layers, const Probes& probes)
{
    FEDSLEUTH_TRY(PlainNetwork network, network_for(layers, probes));
    ProbeMeasures measures(std::move(network));
    const std::size_t features = measures.network_.inputs();
    const auto input_of = [&](const model::ProbeSet& set, std::size_t idx) {
        return std::span(set.inputs).subspan(idx * features, features);
    };
    if (probes.probe) {
        measures.labels_ = probes.probe->labels;
        const std::set<std::int32_t> present(measures.labels_.begin(), measures.labels_.end());
        if (present.size() <= most_classes) measures.classes_.assign(present.begin(), present.end());
        for (std::size_t idx = 0; idx < probes.probe->rows; ++idx) measures.add_row(input_of(*probes.probe, idx));
        measures.noise_begin_ = measures.rows_;
        for (std::size_t idx = 0; idx < noise_inputs; ++idx)
            measures.add_shuffled(input_of(*probes.probe, idx % probes.probe->rows), idx);
    }
    measures.suspects_begin_ = measures.shuffled_begin_ = measures.rows_;
    if (probes.misclassified) {
        const model::ProbeSet& set = *probes.misclassified;
        const std::size_t count = std::min(set.rows, most_suspects);
        measures.suspects_.assign(set.labels.begin(), set.labels.begin() + static_cast<std::ptrdiff_t>(count));
        for (std::size_t idx = 0; idx < count; ++idx) measures.add_row(input_of(set, idx));
        measures.shuffled_begin_ = measures.rows_;
        for (std::size_t idx = 0; idx < count && probes.probe; ++idx) {
            std::vector<std::pair<double, std::size_t>> near;  // squared distance, row
            for (std::size_t probe_idx = 0; probe_idx < measures.labels_.size(); ++probe_idx) {
                if (measures.labels_[probe_idx] == measures.suspects_[idx]) continue;
                double square = 0;
                for (std::size_t place = 0; place < features; ++place)
                    square += std::pow(
                        static_cast<double>(input_of(set, idx)[place]) - input_of(*probes.probe, probe_idx)[place], 2);
                near.emplace_back(square, probe_idx);
            }
            std::sort(near.begin(), near.end());
            if (near.size() > near_inputs) near.resize(near_inputs);
            measures.nearest_.emplace_back();
            for (const auto& [square, probe_idx] : near) measures.nearest_.back().push_back(probe_idx);
        }
        for (std::size_t idx = 0; idx < count; ++idx)
            for (std::size_t copy = 0; copy < shuffled_copies; ++copy)
                measures.add_shuffled(input_of(set, idx), idx * shuffled_copies + copy);
    }
    return measures;
}

Result<ProbeRound> ProbeMeasures::measure(model::RoundNo round, const std::vector<model::ClientId>& clients,
                                          model::UpdateSource& source) const
{
    const std::size_t classes = network_.classes(), k = classes_.size(), d = network_.coordinates();
    const auto read = [&](const VectorRef& ref, std::vector<float>& out) {
        out.resize(d);
        return read_whole(reader_of(source, ref), out);
    };
    const auto answer = [&](std::span<const float> weights) {
        Answers all;
        all.logits = network_.logits(weights, inputs_);
        all.log_p = all.logits;
        log_softmax(all.log_p, classes);
        return all;
    };
    std::vector<float> base, update;
    FEDSLEUTH_CHECK(read({VectorRef::Kind::checkpoint, round.before(), {}}, base));
    const Answers before = answer(base);

    ProbeRound out;
    out.round = round;
    out.clients = clients;
    std::vector<double> class_rows(k, 0.0);
    std::vector<std::size_t> class_of(labels_.size());
    for (std::size_t idx = 0; idx < labels_.size() && k > 0; ++idx) {
        class_of[idx] = static_cast<std::size_t>(std::lower_bound(classes_.begin(), classes_.end(), labels_[idx]) -
                                                 classes_.begin());
        class_rows[class_of[idx]] += 1;
    }
    out.mistakes.assign(k * k, 0.0);
    for (std::size_t idx = 0; idx < labels_.size(); ++idx)
        for (std::size_t t = 0; t < k; ++t)
            out.mistakes[class_of[idx] * k + t] +=
                std::exp(static_cast<double>(before.log_p[idx * classes + static_cast<std::size_t>(classes_[t])])) /
                class_rows[class_of[idx]];
    for (const model::ClientId& client : clients) {
        FEDSLEUTH_CHECK(read({VectorRef::Kind::update, round, client}, update));
        for (std::size_t coord_idx = 0; coord_idx < d; ++coord_idx) update[coord_idx] += base[coord_idx];
        const Answers after = answer(update);
        if (!labels_.empty()) {
            double rise = 0;
            std::vector<double> moved(k * k, 0.0);  // (s, t): sum of the change of logit t on the inputs of s
            for (std::size_t idx = 0; idx < labels_.size(); ++idx) {
                const auto label = static_cast<std::size_t>(labels_[idx]);
                rise += static_cast<double>(before.log_p[idx * classes + label]) - after.log_p[idx * classes + label];
                for (std::size_t t = 0; t < k; ++t) {
                    const std::size_t place = idx * classes + static_cast<std::size_t>(classes_[t]);
                    moved[class_of[idx] * k + t] += static_cast<double>(after.logits[place]) - before.logits[place];
                }
            }
            out.loss.push_back(rise / static_cast<double>(labels_.size()));
            std::vector<double> all(k, 0.0);
            for (std::size_t s = 0; s < k; ++s)
                for (std::size_t t = 0; t < k; ++t) all[t] += moved[s * k + t];
            const auto rows = static_cast<double>(labels_.size());
            const auto own = [&](std::size_t s, std::size_t t) {  // on the inputs of s beyond those of all others
                const double others = std::max(1.0, rows - class_rows[s]);
                return moved[s * k + t] / class_rows[s] - (all[t] - moved[s * k + t]) / others;
            };
            for (std::size_t s = 0; s < k; ++s)
                for (std::size_t t = 0; t < k; ++t) out.confusion.push_back(s == t ? 0.0 : own(s, t) - own(s, s));
            for (std::size_t c = 0; c < classes; ++c) {
                double sum = 0;
                for (std::size_t idx = noise_begin_; idx < suspects_begin_; ++idx)
                    sum += static_cast<double>(after.log_p[idx * classes + c]) - before.log_p[idx * classes + c];
                out.noise.push_back(sum / static_cast<double>(suspects_begin_ - noise_begin_));
            }
        }
        if (suspects_.empty()) continue;
        const auto rise = [&](std::size_t row_idx, std::int32_t label) {
            return log_odds(row(after.log_p, row_idx, classes), label) -
                   log_odds(row(before.log_p, row_idx, classes), label);
        };
        double trace = 0, control = 0, nearest = 0, probability = 0;
        for (std::size_t idx = 0; idx < suspects_.size(); ++idx) {
            trace += rise(suspects_begin_ + idx, suspects_[idx]);
            probability += std::exp(static_cast<double>(
                row(after.log_p, suspects_begin_ + idx, classes)[static_cast<std::size_t>(suspects_[idx])]));
            double here = 0, count = 0;
            for (std::size_t copy = 0; copy < shuffled_copies; ++copy, ++count)
                here += rise(shuffled_begin_ + idx * shuffled_copies + copy, suspects_[idx]);
            for (std::size_t probe_idx = 0; probe_idx < labels_.size(); ++probe_idx) {
                if (labels_[probe_idx] == suspects_[idx]) continue;
                here += rise(probe_idx, suspects_[idx]);
                ++count;
            }
            control += here / count;
            if (labels_.empty()) continue;
            double near = 0;
            for (const std::size_t probe_idx : nearest_[idx]) near += rise(probe_idx, suspects_[idx]);
            nearest += near / static_cast<double>(std::max<std::size_t>(1, nearest_[idx].size()));
        }
        if (!labels_.empty()) out.trace_near.push_back(nearest / static_cast<double>(suspects_.size()));
        out.trace_after.push_back(probability / static_cast<double>(suspects_.size()));
        out.trace.push_back(trace / static_cast<double>(suspects_.size()));
        out.trace_control.push_back(control / static_cast<double>(suspects_.size()));
    }
    for (std::vector<double>* values :
         {&out.loss, &out.confusion, &out.noise, &out.trace, &out.trace_control, &out.trace_near, &out.trace_after})
        for (double& value : *values)
            if (!std::isfinite(value)) value = std::numeric_limits<double>::quiet_NaN();
    return out;
}

}  // namespace fedsleuth::analysis
