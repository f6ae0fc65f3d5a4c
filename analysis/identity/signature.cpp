// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/identity/signature.h"

#include "analysis/identity/openssl.h"

#include <openssl/rsa.h>
#include <array>

namespace fedsleuth::analysis {

namespace {

constexpr std::size_t digest_bytes = 32;
using Digest = std::array<unsigned char, digest_bytes>;

std::optional<Digest> digest_from(std::string_view hex)
{
    const auto value_of = [](char digit) {
        if (digit >= '0' && digit <= '9') return digit - '0';
        if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
        return -1;
    };
    if (hex.size() != 2 * digest_bytes) return std::nullopt;
    Digest digest{};
    for (std::size_t idx = 0; idx < digest_bytes; ++idx) {
        const int high = value_of(hex[2 * idx]), low = value_of(hex[2 * idx + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        digest[idx] = static_cast<unsigned char>(16 * high + low);
    }
    return digest;
}

Digest digest_of(const Digest& message)
{
    Digest digest{};
    unsigned int length = 0;
    EVP_Digest(message.data(), message.size(), digest.data(), &length, EVP_sha256(), nullptr);
    return digest;
}

bool verifies_digest(SignatureScheme scheme, EVP_PKEY* key, const Digest& digest, const std::string& signature)
{
    const KeyContextPtr context(EVP_PKEY_CTX_new(key, nullptr));
    if (!context || EVP_PKEY_verify_init(context.get()) != 1) return false;
    if (scheme != SignatureScheme::ecdsa &&
        (EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PSS_PADDING) != 1 ||
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context.get(), RSA_PSS_SALTLEN_AUTO) != 1 ||
         EVP_PKEY_CTX_set_rsa_mgf1_md(context.get(), EVP_sha256()) != 1))
        return false;
    return EVP_PKEY_CTX_set_signature_md(context.get(), EVP_sha256()) == 1 &&
           EVP_PKEY_verify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                           digest.data(), digest.size()) == 1;
}

}  // namespace

std::optional<SignatureScheme> scheme_from(std::string_view name)
{
    if (name == "rsa-pss-sha256") return SignatureScheme::rsa_pss;
    if (name == "rsa-pss-sha256-prehashed") return SignatureScheme::rsa_pss_prehashed;
    if (name == "ecdsa-sha256") return SignatureScheme::ecdsa;
    if (name == "ed25519") return SignatureScheme::ed25519;
    return std::nullopt;
}

bool fits(SignatureScheme scheme, const Certificate& certificate)
{
    const int kind = certificate.key ? EVP_PKEY_get_base_id(certificate.key.get()) : EVP_PKEY_NONE;
    switch (scheme) {
        case SignatureScheme::rsa_pss:
        case SignatureScheme::rsa_pss_prehashed:
            return kind == EVP_PKEY_RSA || kind == EVP_PKEY_RSA_PSS;
        case SignatureScheme::ecdsa:
            return kind == EVP_PKEY_EC;
        case SignatureScheme::ed25519:
            return kind == EVP_PKEY_ED25519;
    }
    return false;
}

bool verifies(SignatureScheme scheme, const Certificate& certificate, const std::string& file_sha256,
              const std::string& signature)
{
    if (scheme == SignatureScheme::ed25519 || !fits(scheme, certificate)) return false;
    const std::optional<Digest> digest = digest_from(file_sha256);
    if (!digest) return false;
    bool good = false;
    if (scheme == SignatureScheme::rsa_pss_prehashed)
        // Libraries disagree on what "prehashed" means: that the digest is the message, or that it is the message's
        // digest already. Either binds the signer to these bytes.
        good = verifies_digest(scheme, certificate.key.get(), digest_of(*digest), signature);
    good = good || verifies_digest(scheme, certificate.key.get(), *digest, signature);
    ERR_clear_error();
    return good;
}

}  // namespace fedsleuth::analysis
