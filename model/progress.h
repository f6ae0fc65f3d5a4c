// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>

namespace fedsleuth::model {

/// How far a long step is, written by the worker and read by whoever watches; and the wish to stop, the other way.
/// Safe to share between threads. The two counters are in the unit that the stage names (bytes for ingest).
class Progress {
public:
    struct State {
        std::string stage;
        std::int64_t done = 0;
        std::int64_t total = 0;   ///< 0: not known
        std::string unit;         ///< "bytes", "rounds", …
        std::int64_t files_done = 0;
        std::int64_t files_total = 0;
    };

    void start(std::string stage, std::int64_t total, std::string unit)
    {
        const std::scoped_lock lock(mutex_);
        stage_ = std::move(stage);
        unit_ = std::move(unit);
        done_ = 0;
        total_ = total;
    }
    void files(std::int64_t done, std::int64_t total)
    {
        files_done_ = done;
        files_total_ = total;
    }
    void advance(std::int64_t by) { done_ += by; }

    [[nodiscard]] State state() const
    {
        const std::scoped_lock lock(mutex_);
        return {stage_, done_, total_, unit_, files_done_, files_total_};
    }

    void stop() { stop_ = true; }
    [[nodiscard]] bool stopped() const { return stop_; }

private:
    mutable std::mutex mutex_;
    std::string stage_;
    std::string unit_;
    std::atomic<std::int64_t> done_{0};
    std::atomic<std::int64_t> total_{0};
    std::atomic<std::int64_t> files_done_{0};
    std::atomic<std::int64_t> files_total_{0};
    std::atomic<bool> stop_{false};
};

}  // namespace fedsleuth::model
