// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>

namespace fedsleuth::fuzz {

// One function for each kind of bytes that an attacker may write. None of them may crash, hang or take more memory than
// the limits allow, whatever the bytes are. libFuzzer runs each in a program of its own (./dev fuzz); the tests run all
// of them over the files in tests/fuzz/corpus/<name>/.

void log(std::span<const std::uint8_t> bytes);           ///< federation.jsonl
void snapshot(std::span<const std::uint8_t> bytes);      ///< npy, npz, safetensors, pt: told by content
void certificates(std::span<const std::uint8_t> bytes);  ///< PEM: certificates, revocation lists, keys; and seals
void case_file(std::span<const std::uint8_t> bytes);     ///< a .fedcase
void texts(std::span<const std::uint8_t> bytes);         ///< what is shown, exported, and read as time or base64
void filter(std::span<const std::uint8_t> bytes);        ///< the clients page's filter: what a person types, or pastes

/// What holds for whatever was read.
inline void must(bool truth, const char* what)
{
    if (truth) return;
    std::fprintf(stderr, "does not hold: %s\n", what);
    std::abort();
}

}  // namespace fedsleuth::fuzz
