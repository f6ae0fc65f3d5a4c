// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

/// Federations whose updates are signed, made with OpenSSL: sound, or broken in one place.
namespace fedsleuth::test {

using Key = std::shared_ptr<EVP_PKEY>;
using Cert = std::shared_ptr<X509>;

inline constexpr std::int64_t midnight = 1'772'841'600;  ///< 2026-03-07T00:00:00Z
inline constexpr std::int64_t days = 86'400;

/// "rsa", "ec" or "ed25519".
inline Key make_key(const std::string& kind)
{
    EVP_PKEY* key = nullptr;
    if (kind == "rsa") key = EVP_RSA_gen(2048);
    if (kind == "ec") key = EVP_EC_gen("P-256");
    if (kind == "ed25519") key = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
    if (!key) qFatal("no key of kind %s", kind.c_str());
    return {key, EVP_PKEY_free};
}

/// The same few keys for every federation of a test program: making RSA keys takes its time.
inline Key pooled_key(const std::string& kind, std::size_t idx)
{
    static std::map<std::pair<std::string, std::size_t>, Key> pool;
    Key& key = pool[{kind, idx}];
    if (!key) key = make_key(kind);
    return key;
}

inline std::string kind_for(const std::string& scheme)
{
    return scheme.starts_with("rsa") ? "rsa" : scheme.starts_with("ecdsa") ? "ec" : "ed25519";
}

inline std::string in_memory(const std::function<int(BIO*)>& write)
{
    const std::unique_ptr<BIO, int (*)(BIO*)> bio(BIO_new(BIO_s_mem()), BIO_free);
    if (write(bio.get()) != 1) qFatal("OpenSSL can't write");
    char* text = nullptr;
    const long length = BIO_get_mem_data(bio.get(), &text);
    return {text, static_cast<std::size_t>(length)};
}

struct CertSpec {
    std::string name;
    Key key;
    std::int64_t not_before = midnight - 30 * days;
    std::int64_t not_after = midnight + 400 * days;
    bool authority = false;
    std::string key_usage = {};  ///< as OpenSSL's configuration has it; empty: none
    std::string alternative_name = {};
};

inline X509_NAME* name_for(const std::string& name)
{
    X509_NAME* subject = X509_NAME_new();
    const auto add = [&](const char* field, const std::string& value) {
        X509_NAME_add_entry_by_txt(subject, field, MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(value.data()),
                                   static_cast<int>(value.size()), -1, 0);
    };
    add("O", "Example Grid");
    add("CN", name);
    return subject;
}

/// Signed by `issuer_key` in `issuer`'s name; self-signed where there is none.
inline Cert make_cert(const CertSpec& spec, const Cert& issuer = {}, const Key& issuer_key = {})
{
    static long serial = 1000;
    Cert cert(X509_new(), X509_free);
    X509_set_version(cert.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert.get()), ++serial);
    ASN1_TIME_set(X509_getm_notBefore(cert.get()), spec.not_before);
    ASN1_TIME_set(X509_getm_notAfter(cert.get()), spec.not_after);
    X509_NAME* subject = name_for(spec.name);
    X509_set_subject_name(cert.get(), subject);
    X509_set_issuer_name(cert.get(), issuer ? X509_get_subject_name(issuer.get()) : subject);
    X509_NAME_free(subject);
    X509_set_pubkey(cert.get(), spec.key.get());
    const auto extend = [&](int kind, const std::string& value) {
        X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
        X509_add_ext(cert.get(), extension, -1);
        X509_EXTENSION_free(extension);
    };
    extend(NID_basic_constraints, spec.authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
    if (!spec.key_usage.empty()) extend(NID_key_usage, spec.key_usage);
    if (!spec.alternative_name.empty()) extend(NID_subject_alt_name, spec.alternative_name);
    const Key& signer = issuer_key ? issuer_key : spec.key;
    const bool edwards = EVP_PKEY_get_id(signer.get()) == EVP_PKEY_ED25519;
    if (X509_sign(cert.get(), signer.get(), edwards ? nullptr : EVP_sha256()) == 0) qFatal("can't sign a certificate");
    return cert;
}

inline std::string pem_of(const Cert& cert)
{
    return in_memory([&](BIO* bio) { return PEM_write_bio_X509(bio, cert.get()); });
}

struct Revoked {
    Cert cert;
    std::int64_t since = 0;
    int reason = -1;                 ///< none
    std::int64_t invalid_since = 0;  ///< 0: none
};

inline std::string make_crl(const Cert& authority, const Key& key, const std::vector<Revoked>& entries,
                            std::int64_t made = midnight - 30 * days, std::int64_t next = midnight + 300 * days)
{
    const std::unique_ptr<X509_CRL, void (*)(X509_CRL*)> crl(X509_CRL_new(), X509_CRL_free);
    X509_CRL_set_version(crl.get(), 1);
    X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(authority.get()));
    const std::shared_ptr<ASN1_TIME> time(ASN1_TIME_new(), ASN1_TIME_free);
    ASN1_TIME_set(time.get(), made);
    X509_CRL_set1_lastUpdate(crl.get(), time.get());
    ASN1_TIME_set(time.get(), next);
    X509_CRL_set1_nextUpdate(crl.get(), time.get());
    for (const Revoked& entry : entries) {
        X509_REVOKED* revoked = X509_REVOKED_new();
        ASN1_TIME_set(time.get(), entry.since);
        X509_REVOKED_set_serialNumber(revoked, X509_get_serialNumber(entry.cert.get()));
        X509_REVOKED_set_revocationDate(revoked, time.get());
        if (entry.reason >= 0) {
            const std::shared_ptr<ASN1_ENUMERATED> reason(ASN1_ENUMERATED_new(), ASN1_ENUMERATED_free);
            ASN1_ENUMERATED_set(reason.get(), entry.reason);
            X509_REVOKED_add1_ext_i2d(revoked, NID_crl_reason, reason.get(), 0, 0);
        }
        if (entry.invalid_since > 0) {
            const std::shared_ptr<ASN1_GENERALIZEDTIME> date(ASN1_GENERALIZEDTIME_set(nullptr, entry.invalid_since),
                                                             ASN1_GENERALIZEDTIME_free);
            X509_REVOKED_add1_ext_i2d(revoked, NID_invalidity_date, date.get(), 0, 0);
        }
        X509_CRL_add0_revoked(crl.get(), revoked);
    }
    X509_CRL_sort(crl.get());
    const bool edwards = EVP_PKEY_get_id(key.get()) == EVP_PKEY_ED25519;
    if (X509_CRL_sign(crl.get(), key.get(), edwards ? nullptr : EVP_sha256()) == 0) qFatal("can't sign a list");
    return in_memory([&](BIO* bio) { return PEM_write_bio_X509_CRL(bio, crl.get()); });
}

inline std::string sha256_bytes(const std::string& bytes)
{
    std::string digest(32, '\0');
    unsigned int length = 0;
    EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()), &length, EVP_sha256(),
               nullptr);
    return digest;
}

/// The signature in base64.
inline std::string sign(const std::string& scheme, const Key& key, const std::string& file)
{
    const std::string message = scheme == "rsa-pss-sha256-prehashed" ? sha256_bytes(file) : file;
    const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    EVP_PKEY_CTX* parameters = nullptr;
    const bool edwards = EVP_PKEY_get_id(key.get()) == EVP_PKEY_ED25519;
    EVP_DigestSignInit(context.get(), &parameters, edwards ? nullptr : EVP_sha256(), nullptr, key.get());
    if (EVP_PKEY_get_id(key.get()) == EVP_PKEY_RSA) {
        EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING);
        EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, file.size() % 2 ? RSA_PSS_SALTLEN_DIGEST : RSA_PSS_SALTLEN_MAX);
    }
    const auto* bytes = reinterpret_cast<const unsigned char*>(message.data());
    std::size_t length = 0;
    EVP_DigestSign(context.get(), nullptr, &length, bytes, message.size());
    std::vector<unsigned char> signature(length);
    if (EVP_DigestSign(context.get(), signature.data(), &length, bytes, message.size()) != 1) qFatal("can't sign");
    return QByteArray(reinterpret_cast<const char*>(signature.data()), static_cast<qsizetype>(length))
        .toBase64()
        .toStdString();
}

inline std::string time_of(std::int64_t seconds)
{
    const std::time_t time = seconds;
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", std::gmtime(&time));
    return text;
}

/// One vector of eight numbers, as numpy.save writes it.
inline std::string npy_of(const std::vector<float>& values)
{
    std::string header =
        "{'descr': '<f4', 'fortran_order': False, 'shape': (" + std::to_string(values.size()) + ",), }";
    header.resize(117, ' ');
    header += '\n';
    std::string file("\x93NUMPY\x01\x00", 8);
    file += static_cast<char>(header.size());
    file += '\0';
    file += header;
    const std::size_t at = file.size();
    file.resize(at + 4 * values.size());
    std::memcpy(file.data() + at, values.data(), 4 * values.size());
    return file;
}

/// A federation of which a test may change anything before it is written.
class SignedFederation {
public:
    struct Member {
        std::string id;
        Key key;
        Cert cert;
        std::string pem;  ///< what its certificate file holds
        std::string path = {};
        std::int64_t registered = 0;
    };
    struct Sent {
        int round = 0;
        std::string client;  ///< empty: the checkpoint
        std::string bytes;
        std::int64_t at = 0;  ///< 0: the log does not say
        Key signer;           ///< null: not signed
        std::string scheme;
        std::string signature;  ///< instead of the signer's; empty: the signer's
        std::string more;       ///< of the log line
        int examples = 70;
    };

    explicit SignedFederation(const std::string& scheme, int members = 6, int rounds = 4) : rounds_(rounds)
    {
        authority_key = make_key("ec");
        authority = make_cert({"Grid CA", authority_key, midnight - 90 * days, midnight + 4000 * days, true}, {}, {});
        authority_pem = pem_of(authority);
        crl_pem = make_crl(authority, authority_key, {});
        server = {"@server", pooled_key(kind_for(scheme), 0), {}, {}, "certs/server.pem"};
        certify(server, {"@server", server.key});
        for (int idx = 0; idx < members; ++idx) {
            const std::string id = "site-0" + std::to_string(idx);
            clients.push_back(
                {id, pooled_key(kind_for(scheme), static_cast<std::size_t>(idx) + 1), {}, {}, "certs/" + id + ".pem"});
            certify(clients.back(), {id, clients.back().key});
            clients.back().registered = midnight + 7 * (idx + 1);
        }
        float value = 0.125f;
        const auto send = [&](int round, const Member& from, const std::string& client, std::int64_t at) {
            std::vector<float> numbers;
            for (int idx = 0; idx < 8; ++idx) numbers.push_back(value += 0.25f);
            sent.push_back({round, client, npy_of(numbers), at, from.key, scheme, {}, {}});
        };
        send(0, server, "", midnight);
        for (int round = 1; round <= rounds; ++round) {
            for (int idx = 0; idx < members; ++idx)
                send(round, clients[static_cast<std::size_t>(idx)], clients[static_cast<std::size_t>(idx)].id,
                     update_time(round, idx));
            send(round, server, "", finish_of(round));
        }
    }

    Member member(const std::string& id, const std::string& scheme) const
    {
        Member made{id, make_key(kind_for(scheme)), {}, {}, "certs/" + id + ".pem"};
        certify(made, {id, made.key});
        return made;
    }
    void certify(Member& member, const CertSpec& spec) const
    {
        member.cert = make_cert(spec, authority, authority_key);
        member.pem = pem_of(member.cert);
    }
    Member& client(int idx) { return clients.at(static_cast<std::size_t>(idx)); }
    Sent& update(int round, int idx)
    {
        for (Sent& one : sent)
            if (one.round == round && one.client == client(idx).id) return one;
        qFatal("no such update");
    }
    Sent& checkpoint(int round)
    {
        for (Sent& one : sent)
            if (one.round == round && one.client.empty()) return one;
        qFatal("no such checkpoint");
    }
    static std::int64_t start_of(int round) { return midnight + 160 + 85 * (round - 1); }
    static std::int64_t finish_of(int round) { return start_of(round) + 65; }
    static std::int64_t update_time(int round, int idx) { return start_of(round) + 3 + 3 * idx; }

    void write(const std::filesystem::path& folder) const
    {
        const auto put = [&](const std::string& path, const std::string& bytes) {
            std::filesystem::create_directories((folder / path).parent_path());
            std::ofstream(folder / path, std::ios::binary) << bytes;
        };
        std::string log =
            R"({"type":"federation","format":"fedsleuth/1","name":"signed","started_at":")" + time_of(midnight) +
            R"(","update_kind":"delta","aggregation":{"rule":"fedavg"},"layers":[{"name":"w","shape":[8]}])";
        if (trusts)
            log += R"(,"trust":{"ca":"certs/ca.pem")" +
                   std::string(crl_pem.empty() ? "" : R"(,"crl":"certs/crl.pem")") +
                   R"(,"server_certificate":"certs/server.pem"})";
        log += "}\n";
        put("certs/ca.pem", authority_pem);
        if (!crl_pem.empty()) put("certs/crl.pem", crl_pem);
        put(server.path, server.pem);
        for (const Member& one : clients) {
            log += R"({"type":"client","client":")" + one.id + R"(","registered_at":")" + time_of(one.registered) +
                   R"(","num_examples":70,"certificate":")" + one.path + "\"}\n";
            put(one.path, one.pem);
        }
        for (const Sent& one : sent) log += line_of(one, put);
        for (int round = 1; round <= rounds_; ++round)
            log += R"({"type":"round","round":)" + std::to_string(round) + R"(,"started_at":")" +
                   time_of(start_of(round)) + R"(","finished_at":")" + time_of(finish_of(round)) + '"' +
                   selected_text(round) + "}\n";
        put("federation.jsonl", log + more_lines);
    }

    Key authority_key;
    Cert authority;
    std::string authority_pem, crl_pem;
    Member server;
    std::vector<Member> clients;
    std::vector<Sent> sent;
    bool trusts = true;
    std::string more_lines;
    std::map<int, std::vector<std::string>> selected;  ///< round → clients; the log says nothing of other rounds

private:
    std::string selected_text(int round) const
    {
        const auto found = selected.find(round);
        if (found == selected.end()) return {};
        std::string text;
        for (const std::string& id : found->second) text += (text.empty() ? "\"" : ",\"") + id + '"';
        return ",\"selected\":[" + text + "]";
    }

    template <class Put>
    static std::string line_of(const Sent& one, const Put& put)
    {
        const std::string number = std::to_string(one.round);
        const std::string path =
            one.client.empty() ? "checkpoints/r" + number + ".npy" : "updates/r" + number + "-" + one.client + ".npy";
        put(path, one.bytes);
        std::string line = one.client.empty()
                               ? R"({"type":"checkpoint","round":)" + number
                               : R"({"type":"update","round":)" + number + R"(,"client":")" + one.client + "\"" +
                                     (one.at == 0 ? "" : R"(,"received_at":")" + time_of(one.at) + '"') +
                                     R"(,"num_examples":)" + std::to_string(one.examples);
        line += R"(,"path":")" + path + R"(","sha256":")" +
                QByteArray::fromStdString(sha256_bytes(one.bytes)).toHex().toStdString() + '"';
        if (one.signer || !one.signature.empty())
            line += R"(,"signature":")" +
                    (one.signature.empty() ? sign(one.scheme, one.signer, one.bytes) : one.signature) +
                    R"(","signature_scheme":")" + one.scheme + '"';
        return line + one.more + "}\n";
    }

    int rounds_;
};

}  // namespace fedsleuth::test
