// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/ingest/log_prefix.h"

#include "storage/custody/digest.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <fstream>
#include <functional>
#include <string_view>

namespace fedsleuth::storage {

using model::ErrorCode;
using model::Result;

namespace fs = std::filesystem;

namespace {

constexpr std::int64_t piece_bytes = 1 << 20;

Result<std::ifstream> open_log(const fs::path& file)
{
    // Opening a pipe would wait for somebody to write into it.
    std::error_code ignored;
    const fs::file_status status = fs::status(file, ignored);
    if (!fs::exists(status)) return model::fail(ErrorCode::not_found, "there is no such file", file.string());
    if (!fs::is_regular_file(status)) return model::fail(ErrorCode::refused, "is not a regular file", file.string());
    std::ifstream stream(file, std::ios::binary);
    if (stream) return stream;
    return model::fail(ErrorCode::io, "can't be read", file.string());
}

/// Hands the first `bytes` bytes over, piece by piece.
Result<void> read_prefix(const fs::path& file, std::int64_t bytes, const std::function<void(std::string_view)>& take)
{
    FEDSLEUTH_TRY(std::ifstream stream, open_log(file));
    std::string piece(static_cast<std::size_t>(piece_bytes), '\0');
    while (bytes > 0) {
        const std::int64_t wanted = std::min(piece_bytes, bytes);
        stream.read(piece.data(), wanted);
        if (stream.gcount() != wanted)
            return model::fail(ErrorCode::conflict, "is shorter than what was taken in before", file.string());
        take(std::string_view(piece.data(), static_cast<std::size_t>(wanted)));
        bytes -= wanted;
    }
    return {};
}

LineDigest short_digest(const std::string& hex)
{
    LineDigest digest{};
    for (std::size_t idx = 0; idx < digest.size(); ++idx) {
        unsigned value = 0;
        std::from_chars(hex.data() + 2 * idx, hex.data() + 2 * idx + 2, value, 16);
        digest[idx] = static_cast<std::byte>(value);
    }
    return digest;
}

}  // namespace

Result<std::int64_t> whole_line_bytes(const fs::path& log)
{
    FEDSLEUTH_TRY(std::ifstream stream, open_log(log));
    stream.seekg(0, std::ios::end);
    std::int64_t end = stream.tellg();
    std::string piece;
    while (end > 0) {
        const std::int64_t size = std::min(piece_bytes, end);
        piece.resize(static_cast<std::size_t>(size));
        stream.seekg(end - size);
        stream.read(piece.data(), size);
        if (stream.gcount() != size) return model::fail(ErrorCode::io, "can't be read", log.string());
        if (const std::size_t at = piece.rfind('\n'); at != std::string::npos)
            return end - size + static_cast<std::int64_t>(at) + 1;
        end -= size;
    }
    return 0;
}

Result<std::string> sha256_of_prefix(const fs::path& file, std::int64_t bytes)
{
    Sha256 digest;
    FEDSLEUTH_CHECK(read_prefix(file, bytes, [&](std::string_view piece) { digest.add(piece); }));
    return digest.hex();
}

Result<std::vector<LineDigest>> line_digests(const fs::path& log, std::int64_t bytes)
{
    std::vector<LineDigest> digests;
    Sha256 line;
    FEDSLEUTH_CHECK(read_prefix(log, bytes, [&](std::string_view piece) {
        for (std::size_t end = piece.find('\n'); end != std::string_view::npos; end = piece.find('\n')) {
            line.add(piece.substr(0, end + 1));
            digests.push_back(short_digest(line.hex()));
            piece.remove_prefix(end + 1);
        }
        line.add(piece);
    }));
    return digests;
}

Result<void> write_line_digests(Database& database, const std::vector<LineDigest>& digests)
{
    FEDSLEUTH_TRY(const std::int64_t known, database.integer("SELECT coalesce(max(line), 0) FROM log_line"));
    FEDSLEUTH_TRY(Statement insert, database.prepare("INSERT INTO log_line (line, digest) VALUES (?1, ?2)"));
    for (std::size_t line_idx = static_cast<std::size_t>(known); line_idx < digests.size(); ++line_idx)
        FEDSLEUTH_CHECK(
            insert.run(static_cast<std::int64_t>(line_idx) + 1, std::span<const std::byte>(digests[line_idx])));
    return {};
}

Result<std::int64_t> first_changed_line(Database& database, const std::vector<LineDigest>& digests)
{
    FEDSLEUTH_TRY(Statement statement, database.prepare("SELECT line, digest FROM log_line ORDER BY line"));
    while (true) {
        FEDSLEUTH_TRY(const bool more, statement.step());
        if (!more) return 0;
        const std::int64_t line = statement.integer(0);
        const auto stored = statement.bytes(1);
        if (line < 1 || line > static_cast<std::int64_t>(digests.size())) return line;
        const LineDigest& now = digests[static_cast<std::size_t>(line - 1)];
        if (!std::equal(stored.begin(), stored.end(), now.begin(), now.end())) return line;
    }
}

}  // namespace fedsleuth::storage
