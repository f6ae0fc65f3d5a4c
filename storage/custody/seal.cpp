// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/custody/seal.h"

#include "storage/case/case_inside.h"
#include "storage/case/rows.h"
#include "storage/custody/contents.h"
#include "storage/custody/custody_chain.h"
#include "storage/custody/merkle_tree.h"

#include "model/json_writer.h"
#include "model/text.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <unistd.h>
#include <array>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <map>

namespace fedsleuth::storage {

using model::ErrorCode;
using model::Result;

namespace fs = std::filesystem;

namespace {

constexpr std::string_view first_line = "Fedsleuth seal 1";
constexpr std::size_t longest_seal = 64 << 10;
constexpr std::size_t longest_key = 64 << 10;
constexpr std::size_t key_bytes = 32;

using BioPtr = std::unique_ptr<BIO, int (*)(BIO*)>;
using KeyPtr = std::shared_ptr<EVP_PKEY>;

BioPtr bio_of(std::string_view bytes)
{
    return {BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())), BIO_free};
}

int no_passphrase(char*, int, int, void*) { return 0; }

std::string raw_public_key(const EVP_PKEY* key)
{
    std::array<unsigned char, key_bytes> bytes{};
    std::size_t length = bytes.size();
    if (EVP_PKEY_get_raw_public_key(key, bytes.data(), &length) != 1) return {};
    return model::base64_encoded({reinterpret_cast<const char*>(bytes.data()), length});
}

bool signature_fits(const std::string& key, const std::string& signature, std::string_view message)
{
    const auto raw_key = model::base64_decoded(key);
    const auto raw_signature = model::base64_decoded(signature);
    if (!raw_key || !raw_signature || raw_key->size() != key_bytes) return false;
    const KeyPtr public_key(
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, reinterpret_cast<const unsigned char*>(raw_key->data()),
                                    raw_key->size()),
        EVP_PKEY_free);
    const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    return public_key && context &&
           EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, public_key.get()) == 1 &&
           EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(raw_signature->data()),
                            raw_signature->size(), reinterpret_cast<const unsigned char*>(message.data()),
                            message.size()) == 1;
}

/// Writes the file anew, for its owner's eyes only; error conflict where it exists.
Result<void> write_secret(const fs::path& file, const std::string& text)
{
    std::error_code failed;
    fs::create_directories(file.parent_path(), failed);
    const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor < 0)
        return model::fail(errno == EEXIST ? ErrorCode::conflict : ErrorCode::io,
                           "can't be made: " + std::generic_category().message(errno), file.string());
    const bool written =
        ::write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(descriptor) == 0;
    const bool closed = ::close(descriptor) == 0;
    if (written && closed) return {};
    fs::remove(file, failed);
    return model::fail(ErrorCode::io, "can't be written", file.string());
}

}  // namespace

Result<SealKey> SealKey::from_pem(std::string_view pem)
{
    const BioPtr bio = bio_of(pem);
    const KeyPtr key(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr) : nullptr,
                     EVP_PKEY_free);
    if (!key)
        return model::fail(ErrorCode::malformed, "is no private key in PEM form without a passphrase", {},
                           "make one with: openssl genpkey -algorithm ed25519 -out key.pem");
    if (EVP_PKEY_get_id(key.get()) != EVP_PKEY_ED25519)
        return model::fail(ErrorCode::malformed, "is a private key, but none for Ed25519", {},
                           "make one with: openssl genpkey -algorithm ed25519 -out key.pem");
    return SealKey(key);
}

Result<SealKey> SealKey::load_or_make(const fs::path& file)
{
    std::error_code ignored;
    if (!fs::exists(file, ignored)) {
        const KeyPtr key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), EVP_PKEY_free);
        const BioPtr bio(BIO_new(BIO_s_mem()), BIO_free);
        if (!key || !bio ||
            PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
            return model::fail(ErrorCode::internal, "OpenSSL can't make an Ed25519 key");
        char* text = nullptr;
        const long length = BIO_get_mem_data(bio.get(), &text);
        FEDSLEUTH_CHECK(write_secret(file, std::string(text, static_cast<std::size_t>(length))));
        return SealKey(key);
    }
    std::string pem(longest_key, '\0');
    std::ifstream stream(file, std::ios::binary);
    stream.read(pem.data(), static_cast<std::streamsize>(pem.size()));
    pem.resize(static_cast<std::size_t>(stream.gcount()));
    auto key = from_pem(pem);
    if (!key) key.error().where = file.string();
    return key;
}

Result<fs::path> SealKey::usual_place()
{
    const char* config = std::getenv("XDG_CONFIG_HOME");
    const char* home = std::getenv("HOME");
    if (config && *config == '/') return fs::path(config) / "fedsleuth" / "seal-key.pem";
    if (home && *home == '/') return fs::path(home) / ".config" / "fedsleuth" / "seal-key.pem";
    return model::fail(ErrorCode::not_found, "there is no home folder to keep a key in", {}, "name a key's file");
}

std::string SealKey::public_key() const { return raw_public_key(key_.get()); }

std::string SealKey::sign(std::string_view message) const
{
    const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    std::array<unsigned char, 64> signature{};
    std::size_t length = signature.size();
    if (!context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) != 1 ||
        EVP_DigestSign(context.get(), signature.data(), &length, reinterpret_cast<const unsigned char*>(message.data()),
                       message.size()) != 1)
        return {};
    return model::base64_encoded({reinterpret_cast<const char*>(signature.data()), length});
}

Result<std::string> public_key_from_pem(std::string_view pem)
{
    const BioPtr bio = bio_of(pem);
    const KeyPtr key(bio ? PEM_read_bio_PUBKEY(bio.get(), nullptr, no_passphrase, nullptr) : nullptr, EVP_PKEY_free);
    if (!key || EVP_PKEY_get_id(key.get()) != EVP_PKEY_ED25519)
        return model::fail(ErrorCode::malformed, "is no Ed25519 public key in PEM form");
    return raw_public_key(key.get());
}

Result<std::string> seal_case(CaseFile& file, const SealKey& key)
{
    FEDSLEUTH_TRY(const model::Federation federation, file.federation());
    FEDSLEUTH_TRY(const std::vector<model::CustodyEntry> before, file.custody());
    const std::vector<std::string> problems = check_custody_chain(before);
    if (!problems.empty())
        return model::fail(ErrorCode::conflict, "has a broken custody chain: " + problems.front(),
                           file.inside().database.file(), "verify says all that is wrong with it");
    model::JsonWriter parameters;
    parameters.begin_object().field("key", key.public_key()).field("version", FEDSLEUTH_VERSION).end_object();
    FEDSLEUTH_TRY(const auto leaves, evidence_leaves(file.inside().database));
    const std::string root = MerkleTree(leaves).root();
    FEDSLEUTH_CHECK(file.append_custody("seal", "case", parameters.text(), root));
    FEDSLEUTH_TRY(const std::vector<model::CustodyEntry> entries, file.custody());
    std::string text(first_line);
    const auto add = [&](const char* name, const std::string& value) {
        text += '\n' + std::string(name) + ": " + value;
    };
    add("federation", model::visible(federation.name));
    add("entries", std::to_string(entries.back().index));
    add("head", entries.back().hash);
    add("evidence-files", std::to_string(leaves.size()));
    add("evidence-root", root);
    add("sealed-at", entries.back().time);
    add("sealed-by", model::visible(entries.back().actor));
    add("version", FEDSLEUTH_VERSION);
    add("key", "ed25519 " + key.public_key());
    text += '\n';
    return text + "signature: " + key.sign(text) + '\n';
}

Result<Seal> read_seal(std::string_view text)
{
    const auto fail = [](std::string why) {
        return model::fail(ErrorCode::malformed, "is no seal of Fedsleuth: " + std::move(why));
    };
    if (text.size() > longest_seal) return fail("it is far too long");
    if (!text.starts_with(first_line)) return fail("its first line is another");
    constexpr std::array<std::string_view, 10> names{"federation",    "entries",   "head",      "evidence-files",
                                                     "evidence-root", "sealed-at", "sealed-by", "version",
                                                     "key",           "signature"};
    std::array<std::string, 10> values;
    std::size_t at = first_line.size();
    std::size_t signed_bytes = 0;
    for (std::size_t idx = 0; idx < names.size(); ++idx) {
        if (at >= text.size() || text[at] != '\n') return fail("it is cut off");
        const std::size_t end = text.find('\n', ++at);
        const std::string_view line = text.substr(at, end == std::string_view::npos ? end : end - at);
        const std::string start = std::string(names[idx]) + ": ";
        if (!line.starts_with(start)) return fail("it lacks \"" + std::string(names[idx]) + '"');
        values[idx] = line.substr(start.size());
        if (idx + 1 == names.size()) signed_bytes = at;
        at += line.size();
    }
    const std::string_view rest = text.substr(at);
    if (rest.find_first_not_of("\r\n \t") != std::string_view::npos) return fail("more follows after its signature");
    Seal seal;
    const auto number = [](const std::string& digits, std::int64_t& value) {
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
        return error == std::errc() && end == digits.data() + digits.size() && value >= 0;
    };
    if (!number(values[1], seal.entries) || !number(values[3], seal.evidence_files))
        return fail("a number in it is none");
    if (!values[8].starts_with("ed25519 ")) return fail("its key is of a kind that is not known");
    seal.federation = values[0];
    seal.head = values[2];
    seal.evidence_root = values[4];
    seal.sealed_at = values[5];
    seal.sealed_by = values[6];
    seal.version = values[7];
    seal.key = values[8].substr(8);
    seal.signature = values[9];
    seal.verifies = signature_fits(seal.key, seal.signature, text.substr(0, signed_bytes));
    return seal;
}

}  // namespace fedsleuth::storage
