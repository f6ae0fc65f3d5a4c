// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/long_step.h"

#include "app/cli/output.h"
#include "model/text.h"

#include <array>
#include <atomic>
#include <cmath>
#include <csignal>
#include <cstdio>

namespace fedsleuth::cli {

namespace {

// A signal handler reaches nothing but a static: the one mutable static of the program, and it has to be lock-free.
std::atomic<bool> interrupt_raised{false};
static_assert(std::atomic<bool>::is_always_lock_free);

constexpr std::array<int, 3> stop_signals{SIGINT, SIGTERM, SIGHUP};

extern "C" void on_stop_signal(int) { interrupt_raised = true; }

std::string time_text(double seconds)
{
    char buffer[48];
    if (seconds < 60)
        std::snprintf(buffer, sizeof buffer, "%.0f s", std::ceil(seconds));
    else if (seconds < 3600)
        std::snprintf(buffer, sizeof buffer, "%.0f min", std::ceil(seconds / 60));
    else
        std::snprintf(buffer, sizeof buffer, "%.1f h", seconds / 3600);
    return buffer;
}

std::string amount_text(std::int64_t amount, const std::string& unit)
{
    return unit == "bytes" ? model::byte_text(amount) : model::grouped(amount) + " " + unit;
}

/// Units a second, smoothed: a stage's rate is told by what the last seconds gave.
class Rate {
public:
    double update(const model::Progress::State& state, double now)
    {
        if (state.stage != stage_ || state.done < done_) {
            stage_ = state.stage;
            rate_ = 0;
        } else if (now > time_) {
            const double latest = static_cast<double>(state.done - done_) / (now - time_);
            constexpr double share = 0.2;
            rate_ = rate_ > 0 ? (1 - share) * rate_ + share * latest : latest;
        }
        done_ = state.done;
        time_ = now;
        return rate_;
    }

private:
    std::string stage_;
    std::int64_t done_ = 0;
    double time_ = 0;
    double rate_ = 0;
};

}  // namespace

Interrupts::Interrupts()
{
    interrupt_raised = false;
    struct sigaction action {};
    action.sa_handler = on_stop_signal;
    action.sa_flags = static_cast<int>(SA_RESETHAND);  // the second one ends the program at once
    for (const int signal : stop_signals) sigaction(signal, &action, nullptr);
}

Interrupts::~Interrupts()
{
    struct sigaction action {};
    action.sa_handler = SIG_DFL;
    for (const int signal : stop_signals) sigaction(signal, &action, nullptr);
}

bool Interrupts::raised() { return interrupt_raised; }

std::string progress_text(const model::Progress::State& state, double units_per_second)
{
    std::string text = state.stage;
    if (state.files_total > 0)
        text += "  " + model::grouped(state.files_done) + " of " + plural(state.files_total, "file", "files");
    if (state.done > 0 || state.total > 0) text += "  " + amount_text(state.done, state.unit);
    if (state.total > 0) text += " of " + amount_text(state.total, state.unit);
    if (units_per_second > 0) {
        text += state.unit == "bytes" ? "  " + model::byte_text(std::llround(units_per_second)) + "/s"
                                      : "  " + model::short_number(units_per_second) + " " + state.unit + "/s";
        if (state.total > state.done)
            text += "  " + time_text(static_cast<double>(state.total - state.done) / units_per_second) + " left";
    }
    return text;
}

LongStep::LongStep(const Terminal& terminal) : terminal_(terminal), watcher_([this] { watch(); }) {}

LongStep::~LongStep()
{
    {
        const std::scoped_lock lock(mutex_);
        over_ = true;
    }
    wake_.notify_all();
    watcher_.join();
    terminal_.refresh("");
}

double LongStep::seconds() const
{
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

void LongStep::watch()
{
    constexpr auto interrupt_interval = std::chrono::milliseconds(50);
    constexpr int intervals_a_line = 4;  // 200 ms: five lines a second
    Rate rate;
    std::unique_lock lock(mutex_);
    for (int turn = 1; !wake_.wait_for(lock, interrupt_interval, [this] { return over_; }); ++turn) {
        if (Interrupts::raised()) progress_.stop();
        if (turn % intervals_a_line != 0 || !terminal_.err_is_terminal()) continue;
        const model::Progress::State state = progress_.state();
        const double units_per_second = rate.update(state, seconds());
        terminal_.refresh(progress_.stopped() ? "stopping as soon as the case is in order …"
                                              : progress_text(state, units_per_second));
    }
}

}  // namespace fedsleuth::cli
