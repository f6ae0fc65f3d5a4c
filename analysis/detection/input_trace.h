// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/probe/curve.h"
#include "model/progress.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace fedsleuth::analysis {

/// What one round's updates do to the wrong answer on the misclassified inputs: means over those inputs. A rise is one
/// of the wrong answer's log-odds, from the model that the round began from to the same with a client's whole update
/// added. An input's reason are the places (an eighth of them) that carry the wrong answer: those at which the shipped
/// model's log-odds fall most when one is set to the input's mean. A trigger is such places; what an update does to
/// them is free of what it does to the rest of the input. n clients; empty without misclassified inputs.
struct InputTrace {
    std::vector<double> rise;     ///< n
    std::vector<double> control;  ///< n: on unrelated inputs: the same shuffled, and those of the probe set
    /// n: on the five inputs of the probe set, of those with another label, that are nearest; empty without a probe
    /// set.
    std::vector<double> near;
    std::vector<double> after;   ///< n: probability of the wrong answer once the update is added
    std::vector<double> reason;  ///< n: rise beyond that on the same inputs without their reason
    std::vector<double> moved;   ///< n: rise on shuffled inputs that got the reason, beyond that without it
    std::vector<double> pasted;  ///< n: the same on inputs of the probe set with another label; empty without one
    std::vector<double> body;    ///< n: rise beyond that on shuffled inputs, by all layers but the last
    std::vector<double> length;  ///< n: L2 norm of the update
    /// n: change of the wrong answer's logit, and fall of the logit of the answer that was likeliest besides it, each
    /// against the mean of all other logits and beyond the same on shuffled inputs.
    std::vector<double> towards, away;
    /// n: rise beyond the shuffled inputs', by the reason alone, and on inputs that got it, where the update is added
    /// to the shipped model and not to the round's.
    std::vector<double> shipped, shipped_reason, shipped_moved;

    double before = 0;  ///< probability of the wrong answer in the model that the round began from
    /// Of the shipped model: log-odds of the wrong answer, what the reason adds to them there, and on shuffled inputs.
    double odds = 0, reason_odds = 0, moved_odds = 0;

    /// The rise beyond what unrelated inputs explain.
    [[nodiscard]] double excess(std::size_t client_idx) const { return rise[client_idx] - control[client_idx]; }
};

/// The input with its places in another order, which `number` decides on.
[[nodiscard]] std::vector<float> shuffled(std::span<const float> input, std::uint64_t number);

/// Follows misclassified inputs through the updates.
class InputTracer {
public:
    static constexpr std::size_t most_inputs = 8;        ///< the first ones are followed
    static constexpr std::size_t most_probe_rows = 256;  ///< of the probe set, evenly taken, as unrelated inputs

    /// Looks for the inputs' reasons in `shipped`, a model that gives the wrong answers. Errors: invalid_argument where
    /// inputs, labels or weights are not as many as they should be, or a label is no class; cancelled.
    [[nodiscard]] static model::Result<InputTracer> make(PlainNetwork network, const model::ProbeSet& misclassified,
                                                         const std::optional<model::ProbeSet>& probe,
                                                         std::vector<float> shipped, model::Progress& progress);

    /// How many of so many places are an input's reason.
    [[nodiscard]] static std::size_t reason_places(std::size_t places);

    /// Goes to another round, which began from `base`.
    void begin(std::span<const float> base, InputTrace& out);
    /// Appends what one update does; `after` is the round's beginning with it added.
    void add(std::span<const float> base, std::span<const float> after, InputTrace& out) const;

    [[nodiscard]] std::int32_t wrong_answer() const { return labels_.front(); }

private:
    explicit InputTracer(PlainNetwork network) : network_(std::move(network)) {}

    /// Logits and their log softmax, of all rows or of those without the probe set's.
    struct Answers {
        std::vector<float> logits, log_p;
        std::size_t first_row = 0;
    };
    enum class Rows { all, own };
    /// Means over the misclassified inputs of log-odds, at one model; what needs the probe set's rows is 0 without
    /// them.
    struct Odds {
        double inputs = 0, shuffled = 0, blanked = 0, moved = 0, control = 0, near = 0, pasted = 0;
    };
    /// Of the logits at one model: the wrong answer's, and the runner-up's, against all others', beyond shuffled
    /// inputs.
    struct Sides {
        double wrong = 0, runner_up = 0;
    };

    [[nodiscard]] Answers answer(std::span<const float> weights, Rows which) const;
    [[nodiscard]] double odds_of(const Answers& answers, std::size_t row_idx, std::size_t input_idx) const;
    [[nodiscard]] Odds odds(const Answers& answers) const;
    [[nodiscard]] Sides sides(const Answers& answers, std::span<const std::size_t> runners_up) const;
    [[nodiscard]] double probability(const Answers& answers) const;
    void add_row(std::span<const float> input);

    PlainNetwork network_;
    std::vector<float> shipped_;
    std::vector<std::int32_t> labels_;                 ///< wrong answers, one an input
    std::vector<std::int32_t> probe_labels_;           ///< of the probe rows
    std::vector<std::vector<std::size_t>> nearest_;    ///< of each input: probe rows
    std::vector<std::vector<std::size_t>> pasted_on_;  ///< of each input: probe rows that get its reason
    /// Probe rows, the inputs, their shuffled copies, the inputs without their reason, the copies and the probe rows
    /// with it.
    std::vector<float> rows_;
    std::size_t count_ = 0;  ///< of rows
    std::size_t inputs_begin_ = 0, shuffled_begin_ = 0, blanked_begin_ = 0, moved_begin_ = 0, pasted_begin_ = 0;
    Odds at_shipped_;
    Odds at_base_;
    Sides base_sides_;
    std::vector<std::size_t> runners_up_;  ///< of each input in the round's beginning
};

}  // namespace fedsleuth::analysis
