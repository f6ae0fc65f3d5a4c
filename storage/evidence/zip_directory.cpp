// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/evidence/zip_directory.h"

#include "storage/evidence/evidence_text.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace fedsleuth::storage {

using model::Result;
using namespace std::string_view_literals;

namespace {

// APPNOTE.TXT 4.3.14 to 4.3.16.
constexpr std::string_view end_record = "PK\x05\x06"sv;
constexpr std::string_view end_record_64 = "PK\x06\x06"sv;
constexpr std::string_view locator_64 = "PK\x06\x07"sv;
constexpr std::size_t end_bytes = 22;
constexpr std::size_t locator_bytes = 20;
constexpr std::size_t end_bytes_64 = 56;
constexpr std::int64_t longest_tail = 22 + 65'535 + 20;  ///< the end, its comment, and the locator before it

std::uint64_t number(std::string_view bytes, std::size_t at, std::size_t length)
{
    std::uint64_t value = 0;
    for (std::size_t idx = length; idx-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[at + idx]);
    return value;
}

/// Entries that the ZIP64 record names, where the locator before the end leads to one; else 0.
Result<std::uint64_t> entries_64(ByteFile& file, std::string_view tail, std::size_t end)
{
    if (end < locator_bytes || tail.substr(end - locator_bytes, locator_64.size()) != locator_64) return 0;
    const std::uint64_t at = number(tail, end - locator_bytes + 8, 8);
    const std::int64_t last = file.size() - static_cast<std::int64_t>(end_bytes_64);
    if (last < 0 || at > static_cast<std::uint64_t>(last)) return 0;
    std::string record(end_bytes_64, '\0');
    FEDSLEUTH_CHECK(file.read(static_cast<std::int64_t>(at), std::as_writable_bytes(std::span(record))));
    return record.starts_with(end_record_64) ? std::max(number(record, 24, 8), number(record, 32, 8)) : 0;
}

}  // namespace

Result<void> check_zip_directory(ByteFile& file, const Limits& limits)
{
    const std::int64_t length = std::min(file.size(), longest_tail);
    std::string tail(static_cast<std::size_t>(length), '\0');
    FEDSLEUTH_CHECK(file.read(file.size() - length, std::as_writable_bytes(std::span(tail))));
    // A comment may hold what looks like another end, and readers differ on which they take: none may promise too much.
    for (std::size_t end = tail.find(end_record); end != std::string::npos; end = tail.find(end_record, end + 1)) {
        if (tail.size() - end < end_bytes) break;
        FEDSLEUTH_TRY(const std::uint64_t wide, entries_64(file, tail, end));
        const std::uint64_t narrow = std::max(number(tail, end + 8, 2), number(tail, end + 10, 2));
        const std::uint64_t entries = std::max(wide, narrow == 0xffff && wide > 0 ? 0 : narrow);
        if (entries > static_cast<std::uint64_t>(limits.tensors))
            return over_limit("its directory names " + std::to_string(entries) + " entries, more than the limit of " +
                                  model::grouped(limits.tensors),
                              file.name());
    }
    return {};
}

}  // namespace fedsleuth::storage
