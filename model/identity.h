// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/ids.h"

#include <optional>
#include <string>
#include <string_view>

namespace fedsleuth::model {

/// What became of one signature. Never collapsed to yes or no.
enum class SignatureOutcome {
    valid,            ///< it verifies, and its certificate was good when it was made
    invalid,          ///< it does not verify under the sender's key
    certificate_bad,  ///< it verifies, but its certificate was not good at that time
    indeterminate,    ///< something that it takes to say so is not in the evidence
    unsigned_,        ///< there is none
};

/// "valid", "invalid", "certificate-bad", "indeterminate", "unsigned".
[[nodiscard]] std::string_view name_of(SignatureOutcome outcome);

/// The answer on one update's signature, or one checkpoint's.
struct SignatureCheck {
    RoundNo round;
    std::optional<ClientId> client;  ///< nothing: the checkpoint of the round
    SignatureOutcome outcome = SignatureOutcome::unsigned_;
    std::string scheme;
    std::string certificate;         ///< path of the certificate that it was checked against; empty where there is none
    std::optional<ClientId> signer;  ///< the other client under whose key it verifies
    std::string text;                ///< why, in one sentence
};

/// A certificate file or a revocation list as it was taken in.
struct CertificateFile {
    std::string path;
    std::string role;  ///< "certificate", "revocation-list"
    std::string sha256;
    std::string bytes;  ///< empty where it could not be read
    std::string state;  ///< "ok", or why not
};

/// Whether a signature over a file's bytes (not over their digest) verifies under a key: found out while the bytes were
/// at hand.
struct ByteSignature {
    std::string file_sha256;
    std::string signature;   ///< base64, as in the log
    std::string key_sha256;  ///< of the key's SubjectPublicKeyInfo (DER)
    bool verifies = false;
};

}  // namespace fedsleuth::model
