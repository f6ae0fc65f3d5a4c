// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/ingest/other_files.h"

#include "model/text.h"
#include "storage/custody/digest.h"
#include "storage/evidence/byte_file.h"

#include <fstream>
#include <map>
#include <optional>
#include <vector>

namespace fedsleuth::storage {

using model::ErrorCode;
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

Result<std::vector<std::byte>> read_whole(const EvidenceFolder& folder, const std::string& path, std::int64_t largest)
{
    FEDSLEUTH_TRY(const fs::path place, folder.resolve(path));
    FEDSLEUTH_TRY(const auto file, ByteFile::open(place, largest));
    std::vector<std::byte> bytes(static_cast<std::size_t>(file->size()));
    FEDSLEUTH_CHECK(file->read(0, bytes));
    return bytes;
}

}  // namespace

Result<std::set<std::string>> list_snapshot_files(const EvidenceFolder& folder, const Limits& limits)
{
    std::set<std::string> names;
    for (const char* part : {"updates", "checkpoints"}) {
        std::error_code failed;
        fs::recursive_directory_iterator at(folder.root() / part, fs::directory_options::skip_permission_denied,
                                            failed);
        for (; !failed && at != fs::recursive_directory_iterator(); at.increment(failed)) {
            std::error_code ignored;
            if (fs::is_directory(at->symlink_status(ignored))) continue;
            if (static_cast<std::int64_t>(names.size()) >= limits.listed_files)
                return model::fail(ErrorCode::limit,
                                   "holds more than " + model::grouped(limits.listed_files) + " files",
                                   folder.root().string(), "take what does not belong to the federation out of it");
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

Result<IngestCounts> take_certificates(Database& database, const EvidenceFolder& folder, const RoundLog& log,
                                       const Limits& limits)
{
    IngestCounts counts;
    FEDSLEUTH_TRY(Statement known, database.prepare("SELECT sha256, EXISTS (SELECT 1 FROM certificate c WHERE"
                                                    " c.sha256 = o.sha256) FROM other_file o"
                                                    " WHERE path = ?1 AND sha256 <> ''"));
    FEDSLEUTH_TRY(Statement keep, database.prepare("INSERT OR IGNORE INTO certificate (sha256, data) VALUES (?1,"
                                                   " ?2)"));
    FEDSLEUTH_TRY(Statement write, database.prepare("INSERT OR REPLACE INTO other_file (path, role, client, bytes,"
                                                    " sha256, state) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"));
    for (const auto& [path, named] : named_certificates(log)) {
        known.start(path);
        FEDSLEUTH_TRY(const bool there, known.step());
        if (there && known.integer(1) != 0) continue;
        const std::string taken = there ? known.text(0) : std::string();  // by a version that kept digests alone
        known.reset();
        const auto file = read_whole(folder, path, limits.certificate_bytes);
        if (!file) {
            if (taken.empty())
                FEDSLEUTH_CHECK(write.run(path, named.role, named.client, std::int64_t{0}, "", file.error().message));
            continue;
        }
        Sha256 digest;
        digest.add(*file);
        const std::string sha256 = digest.hex();
        if (!taken.empty() && taken != sha256) continue;  // another file by now: what was taken in stands
        const auto bytes = static_cast<std::int64_t>(file->size());
        FEDSLEUTH_CHECK(keep.run(sha256, std::span<const std::byte>(*file)));
        if (taken.empty()) FEDSLEUTH_CHECK(write.run(path, named.role, named.client, bytes, sha256, "ok"));
        ++counts.files;
        counts.bytes += bytes;
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
                  database.prepare("SELECT path FROM other_file WHERE role <> 'log' AND sha256 NOT IN"
                                   " (SELECT sha256 FROM certificate)"));
    while (true) {
        FEDSLEUTH_TRY(const bool more, missing.step());
        if (!more) return false;
        if (is_readable_now(folder, missing.text(0))) return true;
    }
}

}  // namespace fedsleuth::storage
