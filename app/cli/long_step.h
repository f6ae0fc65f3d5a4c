// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/cli/terminal.h"
#include "model/progress.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace fedsleuth::cli {

/// While it lives, Ctrl-C, SIGTERM and SIGHUP are a wish to stop and do not end the program; a second one does.
class Interrupts {
public:
    Interrupts();
    ~Interrupts();
    Interrupts(const Interrupts&) = delete;
    Interrupts& operator=(const Interrupts&) = delete;

    [[nodiscard]] static bool raised();
};

/// What a progress line says of a step: files, amounts, rate and time left, where they are known.
[[nodiscard]] std::string progress_text(const model::Progress::State& state, double units_per_second);

/// Watches over one long step from a thread of its own: hands an interrupt on to the step's Progress, and on a
/// terminal shows how far it is, at most five times a second.
class LongStep {
public:
    explicit LongStep(const Terminal& terminal);
    ~LongStep();
    LongStep(const LongStep&) = delete;
    LongStep& operator=(const LongStep&) = delete;

    [[nodiscard]] model::Progress& progress() { return progress_; }
    [[nodiscard]] double seconds() const;  ///< since the step began

private:
    void watch();

    const Terminal& terminal_;
    model::Progress progress_;
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
    std::mutex mutex_;
    std::condition_variable wake_;
    bool over_ = false;
    std::thread watcher_;
};

}  // namespace fedsleuth::cli
