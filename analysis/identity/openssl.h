// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

namespace fedsleuth::analysis {

// OpenSSL's handles, each with its release.

using BioPtr = std::unique_ptr<BIO, decltype([](BIO* bio) { BIO_free(bio); })>;
using CrlPtr = std::unique_ptr<X509_CRL, decltype([](X509_CRL* crl) { X509_CRL_free(crl); })>;
using StorePtr = std::unique_ptr<X509_STORE, decltype([](X509_STORE* store) { X509_STORE_free(store); })>;
using StoreContextPtr =
    std::unique_ptr<X509_STORE_CTX, decltype([](X509_STORE_CTX* context) { X509_STORE_CTX_free(context); })>;
/// A list that does not own what is in it.
using CertificateStack = std::unique_ptr<STACK_OF(X509), decltype([](STACK_OF(X509) * stack) { sk_X509_free(stack); })>;
using KeyContextPtr =
    std::unique_ptr<EVP_PKEY_CTX, decltype([](EVP_PKEY_CTX* context) { EVP_PKEY_CTX_free(context); })>;

inline BioPtr bio_of(std::string_view bytes)
{
    return BioPtr(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

/// Seconds since 1970; NaN for a time that can't be read.
inline double seconds_of(const ASN1_TIME* time)
{
    tm parts{};
    if (!time || ASN1_TIME_to_tm(time, &parts) != 1) return std::numeric_limits<double>::quiet_NaN();
    return static_cast<double>(timegm(&parts));
}

inline std::string text_of(const X509_NAME* name)
{
    const BioPtr out(BIO_new(BIO_s_mem()));
    if (!name || !out || X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) < 0) return {};
    char* text = nullptr;
    const long length = BIO_get_mem_data(out.get(), &text);
    return length > 0 ? std::string(text, static_cast<std::size_t>(length)) : std::string();
}

std::string hex_of(const unsigned char* bytes, std::size_t length);
std::string sha256_of(const unsigned char* bytes, std::size_t length);  ///< hexadecimal

}  // namespace fedsleuth::analysis
