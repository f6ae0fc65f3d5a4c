// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/ids.h"
#include "model/result.h"

#include <cstdint>
#include <span>

namespace fedsleuth::model {

/// Names one vector of d float32 coordinates in a case.
struct VectorRef {
    enum class Kind {
        update,       ///< a client's update as a delta, whatever form it was sent in
        reference,    ///< the server's own update of the round (client is ignored)
        checkpoint,   ///< the global model after the round
        global_step,  ///< checkpoint(round) − checkpoint(round − 1)
    };
    Kind kind = Kind::update;
    RoundNo round;
    ClientId client;

    bool operator==(const VectorRef&) const = default;
};

/// The size of a stored slab: 256 KiB of float32.
inline constexpr std::int64_t slab_coordinates = 65'536;

/// What is best read at a time of numbers that are in memory: a hundred rows of it stay in the cache.
inline constexpr std::int64_t memory_coordinates = 16'384;

/// The numbers of one case: the other door between storage and analysis. Not safe to share between threads.
class UpdateSource {
public:
    virtual ~UpdateSource() = default;

    /// d: coordinates of the model, counters left out.
    [[nodiscard]] virtual Result<std::int64_t> coordinates() = 0;

    /// Coordinates that are best read at a time, from a multiple of them on.
    [[nodiscard]] virtual std::int64_t block_coordinates() const { return slab_coordinates; }

    /// Fills `out` (rows.size() × count, row-major) with coordinates first … first + count − 1 of each row.
    /// Cheap when called for neighbouring blocks in ascending order. Error not_found for a row that the case does
    /// not hold or that is not usable.
    [[nodiscard]] virtual Result<void> read(std::span<const VectorRef> rows, std::int64_t first, std::int64_t count,
                                            float* out) = 0;
};

}  // namespace fedsleuth::model
