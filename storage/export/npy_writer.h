// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/result.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace fedsleuth::storage {

enum class NumberType { float32, float64 };

struct WriteOptions {
    NumberType type = NumberType::float64;  ///< as which the numbers are written; float32 rounds
    bool overwrite = false;                 ///< replace a file that is there already
};

/// Writes one array as .npy, format 1.0, row-major; the same array gives the same bytes. The file appears under its
/// name only when it is whole. Errors: invalid_argument where the shape does not hold values.size() elements; conflict
/// where the file exists and may not be replaced; io.
[[nodiscard]] model::Result<void> write_npy(const std::filesystem::path& path, const std::vector<std::int64_t>& shape,
                                            std::span<const double> values, const WriteOptions& options = {});

/// Bytes of a known number that are made while they are read.
class ByteStream {
public:
    virtual ~ByteStream() = default;
    [[nodiscard]] virtual std::int64_t size() const = 0;
    virtual void rewind() = 0;
    /// Fills as much of `into` as there is left; returns the number of bytes, 0 at the end, −1 where they can't be had.
    [[nodiscard]] virtual std::int64_t read(std::span<std::byte> into) = 0;
};

/// What stands before the numbers of a .npy file.
[[nodiscard]] std::string npy_header(const std::vector<std::int64_t>& shape, NumberType type);

/// The bytes of a .npy file, piece by piece.
class NpyStream final : public ByteStream {
public:
    NpyStream(const std::vector<std::int64_t>& shape, std::span<const double> values, NumberType type);

    [[nodiscard]] std::int64_t size() const override;
    void rewind() override { at_ = 0; }
    [[nodiscard]] std::int64_t read(std::span<std::byte> into) override;

private:
    std::string header_;
    std::span<const double> values_;
    NumberType type_;
    std::int64_t at_ = 0;
};

/// Runs `write` on a temporary name beside `path` and renames that to `path` when it succeeded. Error conflict where
/// the file exists and `overwrite` is false.
[[nodiscard]] model::Result<void> write_whole(
    const std::filesystem::path& path, bool overwrite,
    const std::function<model::Result<void>(const std::filesystem::path& temporary)>& write);

/// Error invalid_argument where the shape does not hold that many elements.
[[nodiscard]] model::Result<void> check_shape(const std::vector<std::int64_t>& shape, std::size_t values,
                                              const std::string& name);

}  // namespace fedsleuth::storage
