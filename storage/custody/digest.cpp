// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/custody/digest.h"

#include <openssl/evp.h>
#include <new>

namespace fedsleuth::storage {

struct Sha256::State {
    struct Free {
        void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
    };
    std::unique_ptr<EVP_MD_CTX, Free> context{EVP_MD_CTX_new()};

    State()
    {
        if (!context) throw std::bad_alloc();
        begin();
    }
    // SHA-256 of the default provider has no way to fail but running out of memory.
    void begin()
    {
        if (EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) != 1) throw std::bad_alloc();
    }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::add(std::span<const std::byte> bytes)
{
    if (EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) != 1) throw std::bad_alloc();
}

void Sha256::add(std::string_view text) { add(std::as_bytes(std::span(text.data(), text.size()))); }

std::string Sha256::hex()
{
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int length = 0;
    if (EVP_DigestFinal_ex(state_->context.get(), digest.data(), &length) != 1) throw std::bad_alloc();
    state_->begin();

    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(2 * length);
    for (unsigned int byte_idx = 0; byte_idx < length; ++byte_idx) {
        text += digits[digest[byte_idx] >> 4];
        text += digits[digest[byte_idx] & 0xf];
    }
    return text;
}

std::string sha256_hex(std::string_view bytes)
{
    Sha256 hash;
    hash.add(bytes);
    return hash.hex();
}

}  // namespace fedsleuth::storage
