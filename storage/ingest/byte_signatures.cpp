// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/ingest/byte_signatures.h"

#include "model/text.h"
#include "storage/custody/digest.h"
#include "storage/evidence/byte_file.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace fedsleuth::storage {

using model::ErrorCode;
using model::Result;

namespace {

constexpr std::int64_t signed_bytes_of_others = std::int64_t{8} << 30;  ///< hashed in vain under other clients' keys

struct FreeKey {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct Key {
    std::string sha256;  ///< of its SubjectPublicKeyInfo
    std::shared_ptr<EVP_PKEY> key;
};

/// The Ed25519 key of the first certificate of a PEM file; nothing where it is no such file, or holds another key.
std::optional<Key> ed25519_key_of(std::span<const std::byte> pem)
{
    const std::unique_ptr<BIO, int (*)(BIO*)> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
    if (!bio) return std::nullopt;
    const std::unique_ptr<X509, void (*)(X509*)> certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr),
                                                             X509_free);
    if (!certificate) return std::nullopt;
    std::shared_ptr<EVP_PKEY> key(X509_get_pubkey(certificate.get()), FreeKey());
    if (!key || EVP_PKEY_get_id(key.get()) != EVP_PKEY_ED25519) return std::nullopt;
    unsigned char* der = nullptr;
    const int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate.get()), &der);
    if (length <= 0) return std::nullopt;
    Key found{sha256_hex({reinterpret_cast<const char*>(der), static_cast<std::size_t>(length)}), std::move(key)};
    OPENSSL_free(der);
    return found;
}

bool verifies(const Key& key, const std::string& signature, const std::vector<std::byte>& bytes)
{
    const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    return context && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.key.get()) == 1 &&
           EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                            reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()) == 1;
}

/// Who has which key, by the certificates of the case. The server goes by the name "@server".
struct Keys {
    std::multimap<std::string, Key> of;  ///< client → key
    std::map<std::string, Key> all;      ///< by digest
};

Result<Keys> read_keys(Database& database)
{
    FEDSLEUTH_TRY(Statement statement,
                  database.prepare("SELECT DISTINCT n.client, c.data FROM (SELECT client, certificate AS path FROM"
                                   " client_line UNION SELECT '@server', server_certificate FROM trust) n"
                                   " JOIN other_file o ON o.path = n.path JOIN certificate c ON c.sha256 = o.sha256"));
    Keys keys;
    while (true) {
        FEDSLEUTH_TRY(const bool more, statement.step());
        if (!more) return keys;
        const std::optional<Key> key = ed25519_key_of(statement.bytes(1));
        if (!key) continue;
        keys.of.emplace(statement.text(0), *key);
        keys.all.emplace(key->sha256, *key);
    }
}

struct SignedFile {
    std::string path;
    std::string sha256;
    std::string signature;  ///< base64
    std::string client;
};

Result<std::vector<SignedFile>> read_signed_files(Database& database)
{
    FEDSLEUTH_TRY(Statement statement,
                  database.prepare("SELECT DISTINCT path, sha256, signature, iif(reference, '@server', client) FROM"
                                   " update_line WHERE signature_scheme = 'ed25519' AND sha256 IS NOT NULL UNION"
                                   " SELECT path, sha256, signature, '@server' FROM checkpoint_line"
                                   " WHERE signature_scheme = 'ed25519' AND sha256 IS NOT NULL"));
    std::vector<SignedFile> files;
    while (true) {
        FEDSLEUTH_TRY(const bool more, statement.step());
        if (!more) return files;
        files.push_back({statement.text(0), statement.text(1), statement.text(2), statement.text(3)});
    }
}

/// The bytes that were taken in; nothing where the file is not there any more or is another one by now.
std::optional<std::vector<std::byte>> bytes_of(const EvidenceFolder& folder, const SignedFile& signed_file,
                                               std::int64_t largest)
{
    const auto path = folder.resolve(signed_file.path);
    if (!path) return std::nullopt;
    const auto file = ByteFile::open(*path, largest);
    if (!file) return std::nullopt;
    std::vector<std::byte> bytes(static_cast<std::size_t>((*file)->size()));
    if (!(*file)->read(0, bytes)) return std::nullopt;
    Sha256 digest;
    digest.add(bytes);
    if (digest.hex() != signed_file.sha256) return std::nullopt;
    return bytes;
}

class Checker {
public:
    Checker(Database& database, const EvidenceFolder& folder, const Limits& limits, Keys keys)
        : database_(database), folder_(folder), limits_(limits), keys_(std::move(keys))
    {
    }

    Result<void> check(const SignedFile& file)
    {
        std::vector<const Key*> own;
        const auto [begin, end] = keys_.of.equal_range(file.client);
        for (auto at = begin; at != end; ++at) own.push_back(&at->second);
        FEDSLEUTH_TRY(const bool done, is_done(file, own));
        const auto signature = model::base64_decoded(file.signature);
        if (done || !signature) return {};
        const auto bytes = bytes_of(folder_, file, limits_.signed_bytes);
        if (!bytes) return {};
        bool fits = false;
        for (const Key* key : own) {
            const bool good = verifies(*key, *signature, *bytes);
            fits = fits || good;
            FEDSLEUTH_CHECK(write(file, key->sha256, good));
        }
        if (fits) return {};
        if (own.empty()) FEDSLEUTH_CHECK(write(file, "", false));  // tried, though there is no key of its own
        for (const auto& [sha256, key] : keys_.all) {
            in_vain_ += static_cast<std::int64_t>(bytes->size());
            if (in_vain_ > signed_bytes_of_others) return {};
            if (verifies(key, *signature, *bytes)) return write(file, sha256, true);
        }
        return {};
    }

private:
    Result<bool> is_done(const SignedFile& file, const std::vector<const Key*>& own)
    {
        FEDSLEUTH_TRY(Statement known, database_.prepare("SELECT 1 FROM byte_signature WHERE file_sha256 = ?1 AND"
                                                         " signature = ?2 AND key_sha256 = ?3"));
        for (const Key* key : own) {
            known.start(file.sha256, file.signature, key->sha256);
            FEDSLEUTH_TRY(const bool there, known.step());
            if (!there) return false;
        }
        if (!own.empty()) return true;
        known.start(file.sha256, file.signature, "");
        return known.step();
    }

    Result<void> write(const SignedFile& file, const std::string& key, bool good)
    {
        FEDSLEUTH_TRY(Statement insert, database_.prepare("INSERT OR REPLACE INTO byte_signature VALUES (?1, ?2, ?3,"
                                                          " ?4)"));
        return insert.run(file.sha256, file.signature, key, good);
    }

    Database& database_;
    const EvidenceFolder& folder_;
    const Limits& limits_;
    Keys keys_;
    std::int64_t in_vain_ = 0;
};

}  // namespace

Result<void> check_byte_signatures(Database& database, const EvidenceFolder& folder, const Limits& limits,
                                   model::Progress& progress)
{
    FEDSLEUTH_TRY(const std::vector<SignedFile> files, read_signed_files(database));
    if (files.empty()) return {};
    FEDSLEUTH_TRY(Keys keys, read_keys(database));
    progress.start("Checking Ed25519 signatures", static_cast<std::int64_t>(files.size()), "files");
    Checker checker(database, folder, limits, std::move(keys));
    for (const SignedFile& file : files) {
        if (progress.stopped()) return model::fail(ErrorCode::cancelled, "stopped", folder.root().string());
        FEDSLEUTH_CHECK(checker.check(file));
        progress.advance(1);
    }
    return {};
}

}  // namespace fedsleuth::storage
