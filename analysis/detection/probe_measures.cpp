// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/detection/probe_measures.h"

#include "analysis/probe/read_weights.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

namespace fedsleuth::analysis {

using model::Result;
using model::VectorRef;

namespace {

/// One model's answers to all inputs.
struct Answers {
    std::vector<float> logits, log_p;
};

}  // namespace

void ProbeMeasures::add_row(std::span<const float> input)
{
    inputs_.insert(inputs_.end(), input.begin(), input.end());
    ++rows_;
}

Result<ProbeMeasures> ProbeMeasures::make(const std::vector<model::Layer>& layers, const Probes& probes,
                                          std::vector<float> shipped, model::Progress& progress)
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
        for (std::size_t idx = 0; idx < noise_inputs; ++idx)
            measures.add_row(shuffled(input_of(*probes.probe, idx % probes.probe->rows), idx));
    }
    if (probes.misclassified) {
        FEDSLEUTH_TRY(measures.tracer_, InputTracer::make(measures.network_, *probes.misclassified, probes.probe,
                                                          std::move(shipped), progress));
    }
    return measures;
}

Result<ProbeRound> ProbeMeasures::measure(model::RoundNo round, const std::vector<model::ClientId>& clients,
                                          model::UpdateSource& source)
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
    if (tracer_) tracer_->begin(base, out.trace);
    for (const model::ClientId& client : clients) {
        FEDSLEUTH_CHECK(read({VectorRef::Kind::update, round, client}, update));
        for (std::size_t coord_idx = 0; coord_idx < d; ++coord_idx) update[coord_idx] += base[coord_idx];
        if (!labels_.empty()) {
            const Answers after = answer(update);
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
                for (std::size_t idx = labels_.size(); idx < rows_; ++idx)
                    sum += static_cast<double>(after.log_p[idx * classes + c]) - before.log_p[idx * classes + c];
                out.noise.push_back(sum / static_cast<double>(noise_inputs));
            }
        }
        if (tracer_) tracer_->add(base, update, out.trace);
    }
    for (std::vector<double>* values : {&out.loss, &out.confusion, &out.noise})
        for (double& value : *values)
            if (!std::isfinite(value)) value = std::numeric_limits<double>::quiet_NaN();
    return out;
}

}  // namespace fedsleuth::analysis
