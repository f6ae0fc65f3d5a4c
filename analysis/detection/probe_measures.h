// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/detection/input_trace.h"
#include "model/progress.h"
#include "model/update_source.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace fedsleuth::analysis {

/// What one round's updates do to the answers of the model that the round began from: every client's update is added
/// to it as a whole. n clients; what does not apply is empty.
struct ProbeRound {
    model::RoundNo round;
    std::vector<model::ClientId> clients;  ///< n
    std::vector<double> loss;              ///< n: rise of the mean cross entropy on the probe set
    /// n × k × k, k the classes of the probe set (probe_classes): at (s, t), s ≠ t, how much the update moves the
    /// inputs of class s from s towards t, beyond what it does to all other inputs alike: the mean change of the logit
    /// of t less that of s on the inputs of s, less the same on the inputs of all other classes.
    std::vector<double> confusion;
    /// k × k: at (s, t) the mean probability that the model of the round before gives t on the inputs of class s.
    std::vector<double> mistakes;
    std::vector<double>
        noise;  ///< n × C: mean change of ln p on structureless inputs (methods G.1, 10; DeepSight's DDif)
    InputTrace trace;
};

/// Runs clients' models over the probes.
class ProbeMeasures {
public:
    /// Classes of a probe set above this number are not compared pair by pair.
    static constexpr std::size_t most_classes = 64;
    static constexpr std::size_t noise_inputs = 100;

    /// `shipped`: weights that give the wrong answers; not looked at without misclassified inputs. Errors: those of
    /// PlainNetwork::recognise and of InputTracer::make; invalid_argument for labels beyond the model's classes or
    /// inputs that are not as long as the model's.
    [[nodiscard]] static model::Result<ProbeMeasures> make(const std::vector<model::Layer>& layers,
                                                           const Probes& probes, std::vector<float> shipped,
                                                           model::Progress& progress);

    /// `clients`: with usable updates of that round; the checkpoint of the round before must be usable. Reads one
    /// update at a time, as a whole. What weights give no finite answer to is NaN. Errors: those of the source.
    [[nodiscard]] model::Result<ProbeRound> measure(model::RoundNo round, const std::vector<model::ClientId>& clients,
                                                    model::UpdateSource& source);

    [[nodiscard]] const PlainNetwork& network() const { return network_; }
    [[nodiscard]] const std::vector<std::int32_t>& probe_classes() const { return classes_; }  ///< k, ascending
    [[nodiscard]] std::int32_t wrong_answer() const { return tracer_ ? tracer_->wrong_answer() : -1; }

private:
    explicit ProbeMeasures(PlainNetwork network) : network_(std::move(network)) {}
    void add_row(std::span<const float> input);

    PlainNetwork network_;
    std::vector<float> inputs_;          ///< the probe set, then the noise
    std::vector<std::int32_t> labels_;   ///< of the probe set
    std::vector<std::int32_t> classes_;  ///< k
    std::size_t rows_ = 0;
    std::optional<InputTracer> tracer_;
};

}  // namespace fedsleuth::analysis
