// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/result.h"
#include "storage/case/case_file.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct evp_pkey_st;

namespace fedsleuth::storage {

/// An analyst's Ed25519 key.
class SealKey {
public:
    /// Errors: malformed for anything but an Ed25519 private key in PEM form without a passphrase.
    [[nodiscard]] static model::Result<SealKey> from_pem(std::string_view pem);
    /// The key in that file; where there is none, a new one that only its owner may read. Errors: those of from_pem,
    /// io.
    [[nodiscard]] static model::Result<SealKey> load_or_make(const std::filesystem::path& file);
    /// $XDG_CONFIG_HOME/fedsleuth/seal-key.pem, by default in ~/.config. Error not_found without a home.
    [[nodiscard]] static model::Result<std::filesystem::path> usual_place();

    [[nodiscard]] std::string public_key() const;                    ///< 32 bytes in base64
    [[nodiscard]] std::string sign(std::string_view message) const;  ///< base64

private:
    explicit SealKey(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {}
    std::shared_ptr<evp_pkey_st> key_;
};

/// What a seal says: how a case stood when somebody signed for it.
struct Seal {
    std::string federation;
    std::int64_t entries = 0;  ///< in the custody chain, the sealing itself included
    std::string head;          ///< hash of the last of them
    std::int64_t evidence_files = 0;
    std::string evidence_root;
    std::string sealed_at;  ///< RFC 3339 UTC
    std::string sealed_by;  ///< user of the operating system
    std::string version;    ///< of Fedsleuth
    std::string key;        ///< the signer's public key, 32 bytes in base64
    std::string signature;  ///< Ed25519 over every line before its own
    bool verifies = false;  ///< the signature under that key
};

/// Records the sealing in custody, then signs the chain's head. Returns the seal as a text of a few lines, to be kept
/// apart from the case. Error conflict where the chain is broken: a broken chain is not sealed.
[[nodiscard]] model::Result<std::string> seal_case(CaseFile& file, const SealKey& key);

/// Reads a seal. Error malformed for anything else; a seal whose signature does not verify is read, and says so.
[[nodiscard]] model::Result<Seal> read_seal(std::string_view text);

/// The 32 bytes (base64) of an Ed25519 public key in PEM form. Error malformed.
[[nodiscard]] model::Result<std::string> public_key_from_pem(std::string_view pem);

}  // namespace fedsleuth::storage
