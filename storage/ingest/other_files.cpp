// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/ingest/other_files.h"

#include "storage/custody/digest.h"
#include "storage/custody/file_digest.h"

#include <fstream>
#include <map>
#include <optional>

namespace fedsleuth::storage {

using model::Result;

namespace fs = std::filesystem;

namespace {

struct Named {
    std::string role;
    std::optional<model::ClientId> client;
};

/// Path → what it is, the first naming first.
std::map<std::string, Named> named_certificates(const RoundLog& log)
{
    std::map<std::string, Named> named;
    if (log.federation && log.federation->noun.trust) {
        const model::Trust& trust = *log.federation->noun.trust;
        if (!trust.ca.empty()) named.try_emplace(trust.ca, Named{"certificate", {}});
        if (!trust.crl.empty()) named.try_emplace(trust.crl, Named{"revocation-list", {}});
        if (!trust.server_certificate.empty()) named.try_emplace(trust.server_certificate, Named{"certificate", {}});
    }
    for (const auto& client : log.clients)
        if (!client.noun.certificate.empty())
            named.try_emplace(client.noun.certificate, Named{"certificate", client.noun.id});
    return named;
}

}  // namespace

std::set<std::string> list_snapshot_files(const EvidenceFolder& folder)
{
    std::set<std::string> names;
    for (const char* part : {"updates", "checkpoints"}) {
        std::error_code failed;
        fs::recursive_directory_iterator at(folder.root() / part, fs::directory_options::skip_permission_denied,
                                            failed);
        for (; !failed && at != fs::recursive_directory_iterator(); at.increment(failed)) {
            std::error_code ignored;
            if (fs::is_directory(at->symlink_status(ignored))) continue;
            names.insert(at->path().lexically_relative(folder.root()).generic_string());
        }
    }
    return names;
}

std::string digest_of_listing(const std::set<std::string>& names)
{
    Sha256 digest;
    for (const std::string& name : names) {
        digest.add(name);
        digest.add(std::string_view("\0", 1));
    }
    return digest.hex();
}

Result<IngestCounts> take_certificates(Database& database, const EvidenceFolder& folder, const RoundLog& log)
{
    IngestCounts counts;
    FEDSLEUTH_TRY(Statement known, database.prepare("SELECT 1 FROM other_file WHERE path = ?1 AND sha256 <> ''"));
    FEDSLEUTH_TRY(Statement write, database.prepare("INSERT OR REPLACE INTO other_file (path, role, client, bytes,"
                                                    " sha256, state) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"));
    for (const auto& [path, named] : named_certificates(log)) {
        known.start(path);
        FEDSLEUTH_TRY(const bool there, known.step());
        if (there) continue;
        std::string sha256;
        std::string state = "ok";
        std::int64_t bytes = 0;
        if (const auto file = folder.resolve(path); !file) {
            state = file.error().message;
        } else if (const auto digest = sha256_of_file(*file, [&](std::int64_t piece) { return bytes += piece, true; });
                   !digest) {
            state = digest.error().message;
        } else {
            sha256 = *digest;
            ++counts.files;
            counts.bytes += bytes;
        }
        FEDSLEUTH_CHECK(write.run(path, named.role, named.client, bytes, sha256, state));
    }
    return counts;
}

bool is_readable_now(const EvidenceFolder& folder, const std::string& path)
{
    const auto file = folder.resolve(path);
    return file && std::ifstream(*file, std::ios::binary).good();
}

Result<bool> certificates_to_retry(Database& database, const EvidenceFolder& folder)
{
    FEDSLEUTH_TRY(Statement missing,
                  database.prepare("SELECT path FROM other_file WHERE sha256 = '' AND role <> 'log'"));
    while (true) {
        FEDSLEUTH_TRY(const bool more, missing.step());
        if (!more) return false;
        if (is_readable_now(folder, missing.text(0))) return true;
    }
}

}  // namespace fedsleuth::storage
