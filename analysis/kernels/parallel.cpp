// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/kernels/parallel.h"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace fedsleuth::analysis {
namespace {

/// Hands out block numbers, lets the holder of the lowest unfinished one commit, and keeps the first exception.
class Queue {
public:
    explicit Queue(std::size_t blocks) : blocks_(blocks) {}

    /// The next block; `blocks` when there is none left or a worker failed.
    std::size_t take()
    {
        const std::scoped_lock lock(mutex_);
        return failure_ ? blocks_ : std::min(blocks_, next_++);
    }
    /// Returns once every earlier block is committed; false when a worker failed.
    bool wait_for_turn(std::size_t block_idx)
    {
        std::unique_lock lock(mutex_);
        turned_.wait(lock, [&] { return failure_ || committed_ == block_idx; });
        return !failure_;
    }
    void pass_turn()
    {
        {
            const std::scoped_lock lock(mutex_);
            ++committed_;
        }
        turned_.notify_all();
    }
    void fail(std::exception_ptr failure)
    {
        {
            const std::scoped_lock lock(mutex_);
            if (!failure_) failure_ = std::move(failure);
        }
        turned_.notify_all();
    }
    void rethrow() const
    {
        if (failure_) std::rethrow_exception(failure_);
    }

private:
    std::size_t blocks_;
    std::size_t next_ = 0;
    std::size_t committed_ = 0;
    std::exception_ptr failure_;
    std::mutex mutex_;
    std::condition_variable turned_;
};

void run_workers(std::size_t blocks, unsigned threads, const std::function<void(std::size_t, Queue&)>& worker)
{
    Queue queue(blocks);
    const auto guarded = [&](std::size_t worker_idx) {
        try {
            worker(worker_idx, queue);
        } catch (...) {
            queue.fail(std::current_exception());
        }
    };
    {
        std::vector<std::jthread> helpers;
        for (std::size_t worker_idx = 1; worker_idx < std::min<std::size_t>(threads, blocks); ++worker_idx)
            helpers.emplace_back(guarded, worker_idx);
        guarded(0);
    }
    queue.rethrow();
}

}  // namespace

unsigned hardware_threads() { return std::max(1U, std::thread::hardware_concurrency()); }

void parallel_for(std::size_t blocks, unsigned threads, const std::function<void(std::size_t)>& work)
{
    if (threads <= 1 || blocks <= 1) {
        for (std::size_t block_idx = 0; block_idx < blocks; ++block_idx) work(block_idx);
        return;
    }
    run_workers(blocks, threads, [&](std::size_t, Queue& queue) {
        for (std::size_t block_idx = queue.take(); block_idx < blocks; block_idx = queue.take()) work(block_idx);
    });
}

void parallel_in_order(std::size_t blocks, unsigned threads,
                       const std::function<void(std::size_t, std::size_t)>& compute,
                       const std::function<void(std::size_t, std::size_t)>& commit)
{
    if (threads <= 1 || blocks <= 1) {
        for (std::size_t block_idx = 0; block_idx < blocks; ++block_idx) {
            compute(block_idx, 0);
            commit(block_idx, 0);
        }
        return;
    }
    run_workers(blocks, threads, [&](std::size_t worker_idx, Queue& queue) {
        for (std::size_t block_idx = queue.take(); block_idx < blocks; block_idx = queue.take()) {
            compute(block_idx, worker_idx);
            if (!queue.wait_for_turn(block_idx)) return;
            commit(block_idx, worker_idx);
            queue.pass_turn();
        }
    });
}

}  // namespace fedsleuth::analysis
