// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/identity/certificate.h"

#include <optional>
#include <string>
#include <string_view>

namespace fedsleuth::analysis {

/// The schemes of the evidence format.
enum class SignatureScheme {
    rsa_pss,            ///< RSA-PSS, SHA-256, MGF1 with SHA-256, any salt length
    rsa_pss_prehashed,  ///< the same over the 32 bytes of the file's SHA-256
    ecdsa,              ///< ECDSA in DER over SHA-256
    ed25519,            ///< over the bytes themselves: can't be told from their digest
};

[[nodiscard]] std::optional<SignatureScheme> scheme_from(std::string_view name);

/// Whether a key of this kind can make such signatures.
[[nodiscard]] bool fits(SignatureScheme scheme, const Certificate& certificate);

/// Whether a signature of one of the three schemes that sign a digest verifies. `file_sha256` is the file's digest in
/// hexadecimal, `signature` its bytes. False for Ed25519, a key of another kind, and anything malformed.
[[nodiscard]] bool verifies(SignatureScheme scheme, const Certificate& certificate, const std::string& file_sha256,
                            const std::string& signature);

}  // namespace fedsleuth::analysis
