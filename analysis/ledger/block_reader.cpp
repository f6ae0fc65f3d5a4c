// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/ledger/block_reader.h"

#include <algorithm>
#include <exception>
#include <new>
#include <thread>
#include <utility>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace fedsleuth::analysis {

BlockReader::BlockReader(model::UpdateSource& source, const std::vector<model::VectorRef>& rows,
                         std::vector<BlockPlace> places, model::Progress& progress)
    : source_(source), rows_(rows), progress_(progress), places_(std::move(places))
{
    for (const BlockPlace& place : places_) largest_ = std::max(largest_, static_cast<std::size_t>(place.count));
}

/// Memory that nothing is written to yet: a large one in large pages, since every small one costs a fault.
BlockReader::Values BlockReader::allocate(std::size_t count)
{
    constexpr std::size_t large_page = std::size_t{2} << 20;
    const std::size_t bytes = std::max<std::size_t>(count, 1) * sizeof(float);
    if (bytes < 2 * large_page) {
        Values values(static_cast<float*>(std::malloc(bytes)));
        if (!values) throw std::bad_alloc();
        return values;
    }
    const std::size_t whole = (bytes + large_page - 1) / large_page * large_page;
    Values values(static_cast<float*>(std::aligned_alloc(large_page, whole)));
    if (!values) throw std::bad_alloc();
#ifdef MADV_HUGEPAGE
    madvise(values.get(), whole, MADV_HUGEPAGE);  // a wish: without it all is as before
#endif
    return values;
}

model::Result<void> BlockReader::read_while(const std::function<void()>& work)
{
    if (places_.size() <= 1) {  // nothing to read ahead
        const model::Result<void> read = read_all();
        if (read) work();
        return read;
    }
    std::exception_ptr failure;
    model::Result<void> read;
    {
        const std::jthread worker([&] {
            try {
                work();
            } catch (...) {
                failure = std::current_exception();
            }
            end();
        });
        struct EndFirst {
            BlockReader& reader;
            ~EndFirst() { reader.end(); }
        };
        const EndFirst before_the_worker_is_joined{*this};
        read = read_all();
    }
    if (failure) std::rethrow_exception(failure);
    return read;
}

model::Result<void> BlockReader::read_all()
{
    for (std::size_t block_idx = 0; block_idx < places_.size(); ++block_idx) {
        {
            std::unique_lock lock(mutex_);
            changed_.wait(lock, [&] { return ended_ || block_idx < done_ + values_.size(); });
            if (ended_) return {};
        }
        FEDSLEUTH_CHECK(read_block(block_idx));
        {
            const std::scoped_lock lock(mutex_);
            read_ = block_idx + 1;
        }
        changed_.notify_all();
    }
    return {};
}

model::Result<void> BlockReader::read_block(std::size_t block_idx)
{
    if (progress_.stopped()) return model::fail(model::ErrorCode::cancelled, "The ledger was stopped");
    Values& values = values_[block_idx % values_.size()];
    if (!values) values = allocate(rows_.size() * largest_);
    return source_.read(rows_, places_[block_idx].first, places_[block_idx].count, values.get());
}

std::optional<Block> BlockReader::wait_for(std::size_t block_idx)
{
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return ended_ || block_idx < read_; });
    if (block_idx >= read_) return {};
    return Block{values_[block_idx % values_.size()].get(), places_[block_idx].count, places_[block_idx].first};
}

void BlockReader::done_with(std::size_t block_idx)
{
    {
        const std::scoped_lock lock(mutex_);
        done_ = block_idx + 1;
    }
    progress_.advance(places_[block_idx].count * static_cast<std::int64_t>(rows_.size()));
    changed_.notify_all();
}

void BlockReader::end()
{
    {
        const std::scoped_lock lock(mutex_);
        ended_ = true;
    }
    changed_.notify_all();
}

}  // namespace fedsleuth::analysis
