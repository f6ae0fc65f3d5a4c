// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/progress.h"

#include <optional>
#include <string>

namespace fedsleuth::ui {

/// How far a job is, how fast, and how long it will take, made from a few looks at its Progress. No Qt in it.
struct JobState {
    std::string name;
    model::Progress::State progress;
    std::optional<double> share;         ///< 0 … 1; none where the total is not known
    std::optional<double> rate;          ///< units a second; none in the first moments of a stage
    std::optional<double> seconds_left;  ///< none where the total or the rate is not known
    bool stopping = false;
};

/// Turns looks at a counter into a rate. A stage has a rate of its own; the newest seconds weigh most.
class RateMeter {
public:
    /// `now` in seconds on any steady clock; calls come in order.
    void look(const model::Progress::State& state, double now);
    [[nodiscard]] std::optional<double> rate() const;

private:
    static constexpr double settle_seconds = 0.5;  ///< before that, a rate says nothing
    static constexpr double memory_seconds = 5;

    std::string stage_;
    double started_ = 0;
    double last_time_ = 0;
    std::int64_t last_done_ = 0;
    double rate_ = 0;
    bool any_ = false;
};

[[nodiscard]] JobState job_state(std::string name, const model::Progress::State& state, const RateMeter& meter);

/// "Reading updates: 12 of 24 rounds · 3.1 rounds/s · 4 s left", for the status bar.
[[nodiscard]] std::string describe(const JobState& state);

}  // namespace fedsleuth::ui
