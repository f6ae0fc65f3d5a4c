// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <functional>

namespace fedsleuth::analysis {

/// Threads that this machine runs at once; at least 1.
[[nodiscard]] unsigned hardware_threads();

/// Calls work(block_idx) once for every block_idx in [0, blocks), on at most `threads` threads (0 counts as 1). Blocks
/// are handed out in ascending order; with one thread, or one block, everything runs on the caller's. `work` has to
/// write to places that belong to its block alone: then the result cannot depend on the number of threads. An
/// exception of `work` ends the hand-out and is thrown again on the caller's thread.
void parallel_for(std::size_t blocks, unsigned threads, const std::function<void(std::size_t)>& work);

/// The same for sums: compute(block_idx, worker_idx) runs in any order, commit(block_idx, worker_idx) strictly in
/// ascending order of block_idx and one at a time, so floating-point sums made in `commit` are the same with any
/// number of threads. worker_idx is below max(1, min(threads, blocks)) and names a scratch area: a worker commits
/// before it computes its next block.
void parallel_in_order(std::size_t blocks, unsigned threads,
                       const std::function<void(std::size_t, std::size_t)>& compute,
                       const std::function<void(std::size_t, std::size_t)>& commit);

}  // namespace fedsleuth::analysis
