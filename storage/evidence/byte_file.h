// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/result.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace fedsleuth::storage {

// Sums and products of numbers that a file chose: nothing where they leave int64.
[[nodiscard]] inline std::optional<std::int64_t> checked_add(std::int64_t a, std::int64_t b)
{
    std::int64_t sum = 0;
    if (__builtin_add_overflow(a, b, &sum)) return std::nullopt;
    return sum;
}
[[nodiscard]] inline std::optional<std::int64_t> checked_mul(std::int64_t a, std::int64_t b)
{
    std::int64_t product = 0;
    if (__builtin_mul_overflow(a, b, &product)) return std::nullopt;
    return product;
}

/// A run of bytes of known length, read in ranges.
class ByteSource {
public:
    virtual ~ByteSource() = default;
    [[nodiscard]] virtual std::int64_t size() const = 0;
    /// Fills `out` with the bytes from `offset` on. Errors: malformed where the range leaves the source; io.
    [[nodiscard]] virtual model::Result<void> read(std::int64_t offset, std::span<std::byte> out) = 0;
};

/// A regular file, opened read-only. Read with pread and never mapped: a mapped file that someone cuts short while it
/// is read ends the program with SIGBUS.
class ByteFile final : public ByteSource {
public:
    /// Errors: not_found; refused for anything but a regular file; limit above `largest` bytes; io.
    [[nodiscard]] static model::Result<std::shared_ptr<ByteFile>> open(const std::filesystem::path& path,
                                                                      std::int64_t largest);
    ~ByteFile() override;
    ByteFile(const ByteFile&) = delete;
    ByteFile& operator=(const ByteFile&) = delete;

    [[nodiscard]] std::int64_t size() const override { return size_; }
    [[nodiscard]] model::Result<void> read(std::int64_t offset, std::span<std::byte> out) override;
    [[nodiscard]] const std::string& name() const { return name_; }  ///< without its folder

private:
    ByteFile(int descriptor, std::int64_t size, std::string name)
        : descriptor_(descriptor), size_(size), name_(std::move(name))
    {
    }
    int descriptor_;
    std::int64_t size_;  ///< when it was opened
    std::string name_;
};

}  // namespace fedsleuth::storage
