// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/result.h"

#include <cstdint>
#include <string>
#include <utility>

namespace fedsleuth::analysis {

/// A row of float64 vectors of d coordinates in a file: a replay's state, so that its memory does not grow with the
/// model. A slot that was never written reads as zeros.
class ScratchVectors {
public:
    /// An empty path makes a file that vanishes with the object; else the file is made or opened, and kept. Error io.
    [[nodiscard]] static model::Result<ScratchVectors> open(const std::string& path, std::int64_t d);
    ScratchVectors(ScratchVectors&& other) noexcept : file_(std::exchange(other.file_, -1)), d_(other.d_) {}
    ScratchVectors& operator=(ScratchVectors&& other) noexcept
    {
        std::swap(file_, other.file_);
        std::swap(d_, other.d_);
        return *this;
    }
    ~ScratchVectors();

    [[nodiscard]] model::Result<void> read(std::size_t slot, std::int64_t first, std::int64_t count, double* out) const;
    [[nodiscard]] model::Result<void> write(std::size_t slot, std::int64_t first, std::int64_t count,
                                            const double* values);

private:
    ScratchVectors(int file, std::int64_t d) : file_(file), d_(d) {}
    [[nodiscard]] std::int64_t place(std::size_t slot, std::int64_t first) const
    {
        return (static_cast<std::int64_t>(slot) * d_ + first) * static_cast<std::int64_t>(sizeof(double));
    }

    int file_ = -1;
    std::int64_t d_ = 0;
};

}  // namespace fedsleuth::analysis
