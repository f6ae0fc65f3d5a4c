// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "storage/custody/digest.h"
#include "storage/evidence/byte_file.h"
#include "storage/evidence/limits.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace fedsleuth::storage {

/// Cuts a file into lines through a bounded buffer, and hashes all whole lines on the way. A last line without a line
/// break is not given: it is still being written.
class LineReader {
public:
    LineReader(std::shared_ptr<ByteFile> file, std::int64_t longest_line);

    struct Line {
        std::string text;       ///< without its line break; empty where it was too long
        bool too_long = false;
    };
    /// The next whole line into `line`; false at the end. Errors: io.
    [[nodiscard]] model::Result<bool> next(Line& line);

    [[nodiscard]] std::int64_t whole_bytes() const { return whole_bytes_; }
    /// Of the whole lines so far. To be asked for once, at the end.
    [[nodiscard]] std::string sha256() { return hash_.hex(); }

private:
    [[nodiscard]] model::Result<bool> fill();
    [[nodiscard]] model::Result<void> hash_again(std::int64_t from, std::int64_t to);

    std::shared_ptr<ByteFile> file_;
    std::int64_t longest_line_;
    Sha256 hash_;
    std::vector<char> buffer_;
    std::size_t buffer_at_ = 0;
    std::size_t buffer_end_ = 0;
    std::int64_t read_ = 0;         ///< bytes of the file that went through the buffer
    std::int64_t whole_bytes_ = 0;
};

}  // namespace fedsleuth::storage
