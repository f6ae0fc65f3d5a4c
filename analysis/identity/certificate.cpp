// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/identity/certificate.h"

#include "analysis/identity/openssl.h"

#include <openssl/pem.h>
#include <algorithm>
#include <array>

namespace fedsleuth::analysis {

using model::ErrorCode;
using model::Result;

std::string hex_of(const unsigned char* bytes, std::size_t length)
{
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (std::size_t idx = 0; idx < length; ++idx) {
        text += digits[bytes[idx] >> 4];
        text += digits[bytes[idx] & 0xf];
    }
    return text;
}

std::string sha256_of(const unsigned char* bytes, std::size_t length)
{
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    if (EVP_Digest(bytes, length, digest.data(), &size, EVP_sha256(), nullptr) != 1) return {};
    return hex_of(digest.data(), size);
}

namespace {

std::string key_type_of(const EVP_PKEY* key)
{
    if (!key) return "a kind of key that is not known here";
    const std::string bits = std::to_string(EVP_PKEY_get_bits(key)) + " bits";
    switch (EVP_PKEY_get_base_id(key)) {
        case EVP_PKEY_RSA:
            return "RSA " + bits;
        case EVP_PKEY_RSA_PSS:
            return "RSA-PSS " + bits;
        case EVP_PKEY_EC: {
            std::array<char, 64> group{};
            std::size_t length = 0;
            if (EVP_PKEY_get_group_name(key, group.data(), group.size(), &length) == 1)
                return "EC " + std::string(group.data(), length);
            return "EC " + bits;
        }
        case EVP_PKEY_ED25519:
            return "Ed25519";
        case EVP_PKEY_ED448:
            return "Ed448";
        default:
            return "another kind of key, " + bits;
    }
}

std::string utf8_of(const ASN1_STRING* string)
{
    unsigned char* bytes = nullptr;
    const int length = ASN1_STRING_to_UTF8(&bytes, string);
    if (length < 0) return {};
    std::string text(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(length));
    OPENSSL_free(bytes);
    return text;
}

std::vector<std::string> names_of(X509* x509)
{
    std::vector<std::string> names;
    const X509_NAME* subject = X509_get_subject_name(x509);
    for (int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1); at >= 0;
         at = X509_NAME_get_index_by_NID(subject, NID_commonName, at))
        names.push_back(utf8_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at))));
    auto* alternatives = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(x509, NID_subject_alt_name, nullptr, nullptr));
    for (int idx = 0; idx < sk_GENERAL_NAME_num(alternatives); ++idx) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(alternatives, idx);
        if (name->type == GEN_DNS || name->type == GEN_URI || name->type == GEN_EMAIL)
            names.push_back(utf8_of(name->d.ia5));
    }
    GENERAL_NAMES_free(alternatives);
    return names;
}

Certificate read(std::shared_ptr<X509> x509)
{
    Certificate certificate;
    certificate.key.reset(X509_get_pubkey(x509.get()), EVP_PKEY_free);
    certificate.subject = text_of(X509_get_subject_name(x509.get()));
    certificate.issuer = text_of(X509_get_issuer_name(x509.get()));
    const ASN1_INTEGER* serial = X509_get0_serialNumber(x509.get());
    certificate.serial = hex_of(ASN1_STRING_get0_data(serial), static_cast<std::size_t>(ASN1_STRING_length(serial)));
    certificate.names = names_of(x509.get());
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    if (X509_digest(x509.get(), EVP_sha256(), digest.data(), &size) == 1)
        certificate.fingerprint = hex_of(digest.data(), size);
    unsigned char* der = nullptr;
    const int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509.get()), &der);
    if (length > 0) certificate.key_sha256 = sha256_of(der, static_cast<std::size_t>(length));
    OPENSSL_free(der);
    certificate.key_type = key_type_of(certificate.key.get());
    certificate.not_before = seconds_of(X509_get0_notBefore(x509.get()));
    certificate.not_after = seconds_of(X509_get0_notAfter(x509.get()));
    // All bits are set where the certificate does not say what its key is for.
    certificate.may_sign = (X509_get_key_usage(x509.get()) & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) != 0;
    certificate.is_authority = X509_check_ca(x509.get()) > 0;
    certificate.x509 = std::move(x509);
    return certificate;
}

}  // namespace

bool Certificate::is_named(std::string_view name) const
{
    return std::find(names.begin(), names.end(), name) != names.end();
}

Result<std::vector<Certificate>> read_certificates(std::string_view pem)
{
    const auto fail = [](std::string text) { return model::fail(ErrorCode::malformed, std::move(text)); };
    const BioPtr bio = bio_of(pem);
    std::vector<Certificate> certificates;
    while (bio && certificates.size() < most_certificates) {
        ERR_clear_error();
        std::shared_ptr<X509> x509(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), X509_free);
        if (!x509) {
            const unsigned long error = ERR_peek_last_error();
            const bool ended = ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
            ERR_clear_error();
            if (!ended) return fail("holds a certificate that can't be read");
            break;
        }
        certificates.push_back(read(std::move(x509)));
    }
    if (certificates.empty()) return fail("holds no certificate in PEM form");
    return certificates;
}

}  // namespace fedsleuth::analysis
