// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

namespace fedsleuth::model {

/// A signature as the log carries it, over the exact bytes of a snapshot file.
struct Signature {
    std::string base64;
    std::string scheme;  ///< rsa-pss-sha256, rsa-pss-sha256-prehashed, ecdsa-sha256, ed25519, or unknown text
};

}  // namespace fedsleuth::model
