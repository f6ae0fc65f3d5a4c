// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

namespace fedsleuth::storage {

/// Everything that evidence may not exceed, in one place. A file that asks for more is refused with the limit's name.
struct Limits {
    std::int64_t log_line_bytes = 64 << 20;
    std::int64_t log_bytes = std::int64_t{16} << 30;
    std::int64_t header_bytes = 100'000'000;  ///< safetensors' own maximum
    std::int64_t npy_header_bytes = 1 << 20;
    std::int64_t tensors = 100'000;  ///< tensors in one snapshot
    std::int64_t rank = 64;          ///< dimensions of a tensor
    std::int64_t name_bytes = 4096;
    std::int64_t snapshot_bytes = std::int64_t{64} << 30;  ///< of one file
    std::int64_t inflated_bytes = std::int64_t{64} << 30;  ///< all members of one archive together
    std::int64_t inflation_ratio = 2000;                   ///< inflated : deflated (deflate itself ends near 1032)
    std::int64_t elements = std::int64_t{1}
                            << 36;  ///< logical elements of one snapshot (a stride of 0 repeats without bytes)
    std::int64_t pickle_bytes = 64 << 20;
    std::int64_t pickle_opcodes = 10'000'000;
    std::int64_t pickle_depth = 64;
    std::int64_t pickle_values = 4'000'000;    ///< values that one pickle makes
    std::int64_t expanded_elements = 1 << 24;  ///< of one tensor that repeats what its storage holds once
    std::int64_t integer_elements = 1 << 24;   ///< of one integer tensor that is read whole
    std::int64_t column_ordered_bytes = 256
                                        << 20;  ///< of one deflated Fortran-ordered array: each block inflates it anew
    std::int64_t text_bytes = 64 << 10;         ///< of one free text in the log
    std::int64_t json_depth = 64;
    std::int64_t certificate_bytes = 1 << 20;  ///< of one certificate or revocation list that is kept whole
    std::int64_t signed_bytes = std::int64_t{1}
                                << 30;   ///< of one file under an Ed25519 signature: those are checked in one piece
    /// Clients, rounds, updates and checkpoints that one log may name, and the bytes of the lines that name them: a log is
    /// held in memory whole, at about 2 KiB beside each line.
    std::int64_t log_entries = 1'000'000;
    std::int64_t log_entry_bytes = std::int64_t{1} << 30;
    std::int64_t listed_files = 2'000'000;  ///< names in updates/ and checkpoints/ together
    std::int64_t log_issues = 10'000;    ///< import issues of one log that are kept one by one
    std::int64_t unknown_types = 1'000;  ///< unknown line types that are counted one by one
};

}  // namespace fedsleuth::storage
