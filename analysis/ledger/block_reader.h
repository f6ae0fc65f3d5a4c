// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/progress.h"
#include "model/result.h"
#include "model/update_source.h"

#include <array>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace fedsleuth::analysis {

/// Rows of a round's vectors over some coordinates.
struct Block {
    float* values;        ///< row-major, as the rows were asked for
    std::int64_t stride;  ///< between rows, and coordinates that the block has
    std::int64_t first;   ///< coordinate of the model
};

/// Coordinates of the model that are read at a time.
struct BlockPlace {
    std::int64_t first = 0;
    std::int64_t count = 0;
};

/// Reads rows block by block of coordinates, one block ahead of those who work on them: two blocks are in memory.
class BlockReader {
public:
    /// Progress advances by coordinates × rows as blocks are done with.
    BlockReader(model::UpdateSource& source, const std::vector<model::VectorRef>& rows, std::vector<BlockPlace> places,
                model::Progress& progress);

    /// Reads on the caller's thread, the only one that touches the source, while `work` runs on another. Errors: those
    /// of the source; `cancelled`. What `work` throws is thrown again here.
    [[nodiscard]] model::Result<void> read_while(const std::function<void()>& work);

    /// For `work`, from any thread. Nothing when reading has ended before that block.
    [[nodiscard]] std::optional<Block> wait_for(std::size_t block_idx);
    /// Nobody looks at this block, or one before, any more.
    void done_with(std::size_t block_idx);

private:
    struct Free {
        void operator()(float* memory) const { std::free(memory); }
    };
    using Values = std::unique_ptr<float[], Free>;

    [[nodiscard]] static Values allocate(std::size_t count);
    model::Result<void> read_block(std::size_t block_idx);
    model::Result<void> read_all();
    void end();

    model::UpdateSource& source_;
    const std::vector<model::VectorRef>& rows_;
    model::Progress& progress_;
    std::vector<BlockPlace> places_;
    std::size_t largest_ = 0;  ///< coordinates of a block
    std::array<Values, 2> values_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::size_t read_ = 0;  ///< blocks that are there, or were
    std::size_t done_ = 0;  ///< blocks whose place may be taken
    bool ended_ = false;    ///< no more blocks are to come: an error, a stop, nobody works any more, or all are there
};

}  // namespace fedsleuth::analysis
