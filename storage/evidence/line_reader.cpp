// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/evidence/line_reader.h"

#include <algorithm>
#include <cstring>

namespace fedsleuth::storage {

using model::Result;

namespace {
constexpr std::int64_t buffer_bytes = 1 << 20;
}

LineReader::LineReader(std::shared_ptr<ByteFile> file, std::int64_t longest_line)
    : file_(std::move(file)), longest_line_(longest_line), buffer_(static_cast<std::size_t>(buffer_bytes))
{
}

Result<bool> LineReader::fill()
{
    const std::int64_t now = std::min(buffer_bytes, file_->size() - read_);
    if (now == 0) return false;
    FEDSLEUTH_CHECK(
        file_->read(read_, std::as_writable_bytes(std::span(buffer_.data(), static_cast<std::size_t>(now)))));
    read_ += now;
    buffer_at_ = 0;
    buffer_end_ = static_cast<std::size_t>(now);
    return true;
}

Result<void> LineReader::hash_again(std::int64_t from, std::int64_t to)
{
    std::vector<std::byte> piece(static_cast<std::size_t>(std::min(buffer_bytes, to - from)));
    while (from < to) {
        const auto now = static_cast<std::size_t>(std::min<std::int64_t>(to - from, buffer_bytes));
        FEDSLEUTH_CHECK(file_->read(from, {piece.data(), now}));
        hash_.add(std::span<const std::byte>(piece.data(), now));
        from += static_cast<std::int64_t>(now);
    }
    return {};
}

Result<bool> LineReader::next(Line& line)
{
    line.text.clear();
    line.too_long = false;
    for (;;) {
        if (buffer_at_ == buffer_end_) {
            FEDSLEUTH_TRY(const bool more, fill());
            if (!more) return false;
        }
        const char* const begin = buffer_.data() + buffer_at_;
        const std::size_t left = buffer_end_ - buffer_at_;
        const auto* const found = static_cast<const char*>(std::memchr(begin, '\n', left));
        const std::size_t taken = found == nullptr ? left : static_cast<std::size_t>(found - begin);
        if (!line.too_long && static_cast<std::int64_t>(line.text.size() + taken) > longest_line_) {
            line.too_long = true;
            line.text.clear();
        }
        if (!line.too_long) line.text.append(begin, taken);
        buffer_at_ += taken;
        if (found == nullptr) continue;
        ++buffer_at_;
        const std::int64_t end = read_ - static_cast<std::int64_t>(buffer_end_ - buffer_at_);
        // An overlong line was not kept, and whether it is whole was not known before: it is hashed from the file.
        if (line.too_long) {
            FEDSLEUTH_CHECK(hash_again(whole_bytes_, end));
        } else {
            hash_.add(line.text);
            hash_.add("\n");
        }
        whole_bytes_ = end;
        return true;
    }
}

}  // namespace fedsleuth::storage
