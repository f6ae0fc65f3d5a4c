// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/result.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace fedsleuth::storage {

/// A certificate authority and its holders' keys for evidence that is made up (simulations). All keys are Ed25519 and
/// follow from the seed, so the same seed gives the same certificates and signatures, bit for bit. They are no secret:
/// whoever knows the seed has them.
class SigningAuthority {
public:
    /// Certificates are good from `not_before` until `not_after`, seconds since 1970. Error internal where OpenSSL
    /// fails.
    [[nodiscard]] static model::Result<SigningAuthority> create(std::uint64_t seed, std::int64_t not_before,
                                                                std::int64_t not_after);
    SigningAuthority(SigningAuthority&&) noexcept;
    SigningAuthority& operator=(SigningAuthority&&) noexcept;
    ~SigningAuthority();

    [[nodiscard]] model::Result<std::string> authority_pem() const;
    /// A revocation list without entries.
    [[nodiscard]] model::Result<std::string> revocations_pem() const;
    /// The certificate of a holder by that common name.
    [[nodiscard]] model::Result<std::string> certificate_pem(std::string_view holder) const;
    /// The holder's signature over the bytes, base64.
    [[nodiscard]] model::Result<std::string> sign(std::string_view holder, std::span<const std::byte> bytes) const;

    static constexpr std::string_view scheme = "ed25519";

private:
    struct Inside;
    explicit SigningAuthority(std::unique_ptr<Inside> inside);
    std::unique_ptr<Inside> inside_;
};

}  // namespace fedsleuth::storage
