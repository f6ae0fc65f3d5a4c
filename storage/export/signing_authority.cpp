// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/export/signing_authority.h"

#include "storage/custody/digest.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <array>
#include <vector>

namespace fedsleuth::storage {

using model::Result;

namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype([](EVP_PKEY* key) { EVP_PKEY_free(key); })>;
using Certificate = std::unique_ptr<X509, decltype([](X509* x509) { X509_free(x509); })>;
using RevocationList = std::unique_ptr<X509_CRL, decltype([](X509_CRL* list) { X509_CRL_free(list); })>;
using Bio = std::unique_ptr<BIO, decltype([](BIO* bio) { BIO_free(bio); })>;
using Extension = std::unique_ptr<X509_EXTENSION, decltype([](X509_EXTENSION* one) { X509_EXTENSION_free(one); })>;
using Time = std::unique_ptr<ASN1_TIME, decltype([](ASN1_TIME* time) { ASN1_TIME_free(time); })>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, decltype([](EVP_MD_CTX* context) { EVP_MD_CTX_free(context); })>;

constexpr std::string_view authority_name = "Fedsleuth Lab CA";

tl::unexpected<model::Error> openssl_failed(const char* what)
{
    return model::fail(model::ErrorCode::internal, std::string("OpenSSL could not ") + what);
}

/// 32 bytes that follow from the seed, the holder and a purpose.
std::array<unsigned char, 32> derived(std::uint64_t seed, std::string_view holder, std::string_view purpose)
{
    const std::string hex =
        sha256_hex("fedsleuth lab/" + std::to_string(seed) + "/" + std::string(purpose) + "/" + std::string(holder));
    std::array<unsigned char, 32> bytes{};
    for (std::size_t byte_idx = 0; byte_idx < bytes.size(); ++byte_idx)
        bytes[byte_idx] = static_cast<unsigned char>(std::stoi(hex.substr(2 * byte_idx, 2), nullptr, 16));
    return bytes;
}

Key key_of(std::uint64_t seed, std::string_view holder)
{
    const auto secret = derived(seed, holder, "key");
    return Key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, secret.data(), secret.size()));
}

bool name_it(X509_NAME* name, std::string_view common)
{
    const auto add = [&](const char* field, std::string_view text) {
        return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                                          reinterpret_cast<const unsigned char*>(text.data()),
                                          static_cast<int>(text.size()), -1, 0) == 1;
    };
    return add("O", "Fedsleuth Lab") && add("CN", common);
}

bool extend(X509* certificate, int nid, const char* value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
    const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
    return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool number_it(X509* certificate, std::uint64_t seed, std::string_view holder)
{
    auto bytes = derived(seed, holder, "serial");
    constexpr int serial_bytes = 16;
    bytes[0] = static_cast<unsigned char>((bytes[0] & 0x3fU) | 0x40U);  // positive, and as long as the others
    BIGNUM* number = BN_bin2bn(bytes.data(), serial_bytes, nullptr);
    const bool done = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
    BN_free(number);
    return done;
}

template <class Write>
Result<std::string> pem_of(const Write& write)
{
    const Bio out(BIO_new(BIO_s_mem()));
    if (!out || write(out.get()) != 1) return openssl_failed("write PEM");
    char* text = nullptr;
    const long length = BIO_get_mem_data(out.get(), &text);
    return std::string(text, static_cast<std::size_t>(length));
}

}  // namespace

struct SigningAuthority::Inside {
    std::uint64_t seed = 0;
    std::int64_t not_before = 0;
    std::int64_t not_after = 0;
    Key key;

    /// A certificate for the holder's key, signed by the authority's.
    [[nodiscard]] Certificate certificate(std::string_view holder, const Key& holder_key, bool authority) const
    {
        Certificate made(X509_new());
        if (!made || !holder_key) return nullptr;
        X509* x509 = made.get();
        const bool fine =
            X509_set_version(x509, X509_VERSION_3) == 1 && number_it(x509, seed, holder) &&
            ASN1_TIME_set(X509_getm_notBefore(x509), not_before) != nullptr &&
            ASN1_TIME_set(X509_getm_notAfter(x509), not_after) != nullptr &&
            name_it(X509_get_subject_name(x509), holder) && name_it(X509_get_issuer_name(x509), authority_name) &&
            X509_set_pubkey(x509, holder_key.get()) == 1 &&
            extend(x509, NID_basic_constraints, authority ? "critical,CA:TRUE" : "critical,CA:FALSE") &&
            extend(x509, NID_key_usage, authority ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature") &&
            X509_sign(x509, key.get(), nullptr) > 0;
        return fine ? std::move(made) : nullptr;
    }
};

SigningAuthority::SigningAuthority(std::unique_ptr<Inside> inside) : inside_(std::move(inside)) {}
SigningAuthority::SigningAuthority(SigningAuthority&&) noexcept = default;
SigningAuthority& SigningAuthority::operator=(SigningAuthority&&) noexcept = default;
SigningAuthority::~SigningAuthority() = default;

Result<SigningAuthority> SigningAuthority::create(std::uint64_t seed, std::int64_t not_before, std::int64_t not_after)
{
    auto inside = std::make_unique<Inside>();
    inside->seed = seed;
    inside->not_before = not_before;
    inside->not_after = not_after;
    inside->key = key_of(seed, authority_name);
    if (!inside->key) return openssl_failed("make an Ed25519 key");
    return SigningAuthority(std::move(inside));
}

Result<std::string> SigningAuthority::authority_pem() const
{
    const Certificate own = inside_->certificate(authority_name, inside_->key, true);
    if (!own) return openssl_failed("make the authority's certificate");
    return pem_of([&](BIO* out) { return PEM_write_bio_X509(out, own.get()); });
}

Result<std::string> SigningAuthority::revocations_pem() const
{
    const RevocationList list(X509_CRL_new());
    const Time from(ASN1_TIME_set(nullptr, inside_->not_before)), until(ASN1_TIME_set(nullptr, inside_->not_after));
    const std::unique_ptr<X509_NAME, decltype([](X509_NAME* name) { X509_NAME_free(name); })> issuer(X509_NAME_new());
    const bool fine = list && from && until && issuer && name_it(issuer.get(), authority_name) &&
                      X509_CRL_set_version(list.get(), X509_CRL_VERSION_2) == 1 &&
                      X509_CRL_set_issuer_name(list.get(), issuer.get()) == 1 &&
                      X509_CRL_set1_lastUpdate(list.get(), from.get()) == 1 &&
                      X509_CRL_set1_nextUpdate(list.get(), until.get()) == 1 &&
                      X509_CRL_sign(list.get(), inside_->key.get(), nullptr) > 0;
    if (!fine) return openssl_failed("make a revocation list");
    return pem_of([&](BIO* out) { return PEM_write_bio_X509_CRL(out, list.get()); });
}

Result<std::string> SigningAuthority::certificate_pem(std::string_view holder) const
{
    const Certificate made = inside_->certificate(holder, key_of(inside_->seed, holder), false);
    if (!made) return openssl_failed("make a certificate");
    return pem_of([&](BIO* out) { return PEM_write_bio_X509(out, made.get()); });
}

Result<std::string> SigningAuthority::sign(std::string_view holder, std::span<const std::byte> bytes) const
{
    const Key key = key_of(inside_->seed, holder);
    const DigestContext context(EVP_MD_CTX_new());
    std::array<unsigned char, 64> signature{};
    std::size_t length = signature.size();
    if (!key || !context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) != 1 ||
        EVP_DigestSign(context.get(), signature.data(), &length, reinterpret_cast<const unsigned char*>(bytes.data()),
                       bytes.size()) != 1)
        return openssl_failed("sign");
    std::array<unsigned char, 96> text{};
    const int written = EVP_EncodeBlock(text.data(), signature.data(), static_cast<int>(length));
    return std::string(reinterpret_cast<const char*>(text.data()), static_cast<std::size_t>(written));
}

}  // namespace fedsleuth::storage
