// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/ids.h"
#include "model/result.h"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fedsleuth::storage {

// Blocks of numbers are stored as they lie in memory.
static_assert(std::endian::native == std::endian::little, "the case file is little-endian");

/// Appends values to a byte string: integers and doubles as 8 bytes, little-endian; text and lists with their length
/// before them.
class ByteWriter {
public:
    void integer(std::int64_t value) { raw(&value, sizeof value); }
    void real(double value) { raw(&value, sizeof value); }
    void text(std::string_view value);
    void reals(const std::vector<double>& values);
    void integers(const std::vector<std::int64_t>& values);
    void texts(const std::vector<model::ClientId>& values);
    void texts(const std::vector<std::string>& values);

    [[nodiscard]] const std::vector<std::byte>& bytes() const { return bytes_; }

private:
    void raw(const void* data, std::size_t size);
    std::vector<std::byte> bytes_;
};

/// Reads what ByteWriter wrote. No length is believed before it has been compared with what is left; after the first
/// thing that does not fit, everything reads as empty and finish() says so.
class ByteReader {
public:
    explicit ByteReader(std::span<const std::byte> bytes) : rest_(bytes) {}

    std::int64_t integer();
    double real();
    std::string text();
    std::vector<double> reals();
    std::vector<std::int64_t> integers();
    std::vector<model::ClientId> clients();
    std::vector<std::string> texts();
    /// The length of a list whose items take at least `item_bytes` each.
    std::size_t count(std::size_t item_bytes);
    void reject() { fits_ = false; }

    [[nodiscard]] bool fits() const { return fits_; }
    /// Error malformed unless everything fitted and nothing is left over.
    [[nodiscard]] model::Result<void> finish(std::string_view what) const;

private:
    bool take(void* into, std::size_t size);
    std::span<const std::byte> rest_;
    bool fits_ = true;
};

}  // namespace fedsleuth::storage
