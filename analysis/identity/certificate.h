// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/identity.h"
#include "model/result.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct x509_st;
struct evp_pkey_st;

namespace fedsleuth::analysis {

/// One X.509 certificate, read. Times are seconds since 1970, UTC.
struct Certificate {
    std::shared_ptr<x509_st> x509;
    std::shared_ptr<evp_pkey_st> key;  ///< null where OpenSSL knows no such key
    std::string subject;               ///< "CN=site-00,O=Example Health Grid"
    std::string issuer;
    std::string serial;              ///< hexadecimal
    std::vector<std::string> names;  ///< common names, and alternative names of DNS, URI, e-mail
    std::string fingerprint;         ///< SHA-256 of the whole, hexadecimal
    std::string key_sha256;          ///< SHA-256 of its SubjectPublicKeyInfo
    std::string key_type;            ///< "RSA 2048 bits", "EC prime256v1", "Ed25519", …
    double not_before = 0;
    double not_after = 0;
    bool may_sign = true;  ///< its key usage allows signatures on data
    bool is_authority = false;

    [[nodiscard]] bool is_named(std::string_view name) const;
};

/// Every certificate of a PEM file in its order: the holder's first, then those that lead to the authority. At most
/// `most_certificates` are read. Error malformed where there is none, or one can't be read.
[[nodiscard]] model::Result<std::vector<Certificate>> read_certificates(std::string_view pem);

inline constexpr std::size_t most_certificates = 1000;

}  // namespace fedsleuth::analysis
