// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/rate_meter.h"

#include "model/text.h"

#include <algorithm>
#include <cmath>

namespace fedsleuth::ui {

void RateMeter::look(const model::Progress::State& state, double now)
{
    if (!any_ || state.stage != stage_ || state.done < last_done_) {
        any_ = true;
        stage_ = state.stage;
        started_ = last_time_ = now;
        last_done_ = state.done;
        rate_ = 0;
        return;
    }
    const double passed = now - last_time_;
    if (passed <= 0) return;
    const double current = static_cast<double>(state.done - last_done_) / passed;
    // In the beginning all that was seen counts the same; later the memory fades.
    const double weight = std::max(1 - std::exp(-passed / memory_seconds), passed / (now - started_));
    rate_ += weight * (current - rate_);
    last_time_ = now;
    last_done_ = state.done;
}

std::optional<double> RateMeter::rate() const
{
    if (!any_ || last_time_ - started_ < settle_seconds || rate_ <= 0) return std::nullopt;
    return rate_;
}

JobState job_state(std::string name, const model::Progress::State& state, const RateMeter& meter)
{
    JobState result;
    result.name = std::move(name);
    result.progress = state;
    result.rate = meter.rate();
    if (state.total > 0) {
        result.share = std::clamp(static_cast<double>(state.done) / static_cast<double>(state.total), 0.0, 1.0);
        if (result.rate)
            result.seconds_left =
                static_cast<double>(std::max<std::int64_t>(state.total - state.done, 0)) / *result.rate;
    }
    return result;
}

namespace {

std::string amount(std::int64_t count, const std::string& unit)
{
    if (unit == "bytes") return model::byte_text(count);
    return model::grouped(count) + (unit.empty() ? "" : " " + unit);
}

std::string rate_text(double rate)
{
    return rate >= 100 ? model::grouped(std::llround(rate)) : model::short_number(rate, 2);
}

std::string duration_text(double seconds)
{
    if (seconds < 1) return "a moment";
    if (seconds < 90) return model::grouped(std::llround(seconds)) + " s";
    if (seconds < 5400) return model::grouped(std::llround(seconds / 60)) + " min";
    return model::short_number(seconds / 3600, 2) + " h";
}

}  // namespace

std::string describe(const JobState& state)
{
    const model::Progress::State& progress = state.progress;
    std::string text = progress.stage.empty() ? state.name : progress.stage;
    if (state.stopping) return text + ": stopping …";
    if (progress.total > 0) {
        const std::string done =
            progress.unit == "bytes" ? amount(progress.done, "bytes") : model::grouped(progress.done);
        text += ": " + done + " of " + amount(progress.total, progress.unit);
    } else if (progress.done > 0) {
        text += ": " + amount(progress.done, progress.unit);
    }
    // The count of files stays where it was when the next stage counts something else.
    if (progress.files_total > 0 && progress.unit == "bytes")
        text += " · file " + model::grouped(progress.files_done) + " of " + model::grouped(progress.files_total);
    if (state.rate) {
        const std::string rate = progress.unit == "bytes"
                                     ? model::byte_text(std::llround(*state.rate))
                                     : rate_text(*state.rate) + (progress.unit.empty() ? "" : " " + progress.unit);
        text += " · " + rate + "/s";
    }
    if (state.seconds_left) text += " · " + duration_text(*state.seconds_left) + " left";
    return text;
}

}  // namespace fedsleuth::ui
