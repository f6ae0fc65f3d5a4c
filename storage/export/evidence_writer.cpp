// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/export/evidence_writer.h"

#include "storage/custody/digest.h"
#include "storage/export/evidence_lines.h"
#include "storage/export/npz_writer.h"
#include "storage/export/safetensors_writer.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

namespace fedsleuth::storage {

using model::ErrorCode;
using model::Result;

namespace fs = std::filesystem;

namespace {

const char* extension_of(SnapshotFormat format)
{
    switch (format) {
        case SnapshotFormat::npz:
            return ".npz";
        case SnapshotFormat::npy:
            return ".npy";
        case SnapshotFormat::safetensors:
            return ".safetensors";
    }
    return "";
}

/// A client's name as part of a file's: letters, digits, and few signs; "server" for the server's own.
Result<std::string> file_name_of(const model::ClientId& client)
{
    if (client == model::server_client()) return std::string("server");
    const std::string& name = client.text();
    const bool fine =
        !name.empty() && name.size() <= 100 && name.front() != '.' &&
        std::all_of(name.begin(), name.end(), [](unsigned char letter) {
            return (letter < 0x80 && std::isalnum(letter)) || letter == '-' || letter == '_' || letter == '.';
        });
    if (fine) return name;
    return model::fail(ErrorCode::invalid_argument, "this name of a client can't be a file's", name);
}

Result<std::string> bytes_of(const fs::path& path)
{
    std::ifstream stream(path, std::ios::binary);
    std::string bytes{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
    if (!stream && !stream.eof()) return model::fail(ErrorCode::io, "can't be read again", path.string());
    return bytes;
}

class Writer {
public:
    Writer(const RecordedFederation& recorded, fs::path folder, const EvidenceOptions& options,
           model::Progress& progress)
        : recorded_(recorded), folder_(std::move(folder)), options_(options), progress_(progress)
    {
    }

    Result<void> run()
    {
        FEDSLEUTH_CHECK(make_folders());
        const std::size_t files = recorded_.updates.size() + recorded_.checkpoints.size();
        progress_.start("Writing the evidence", static_cast<std::int64_t>(files), "files");
        FEDSLEUTH_CHECK(begin());
        std::size_t update_idx = 0, checkpoint_idx = 0;
        // The model that training started from, then round by round as a server sees it.
        FEDSLEUTH_CHECK(write_checkpoints(checkpoint_idx, model::RoundNo(0)));
        for (const model::Round& round : recorded_.rounds) {
            for (; update_idx < recorded_.updates.size() && recorded_.updates[update_idx].round <= round.number;
                 ++update_idx)
                FEDSLEUTH_CHECK(write_update(update_idx));
            log_ += round_line(round);
            FEDSLEUTH_CHECK(write_checkpoints(checkpoint_idx, round.number));
        }
        return write_text(folder_ / "federation.jsonl", log_);
    }

private:
    Result<void> make_folders()
    {
        std::error_code failed;
        if (fs::exists(folder_, failed) && !fs::is_empty(folder_, failed))
            return model::fail(ErrorCode::conflict, "is there already and not empty", folder_.string(),
                               "name a new folder");
        for (const char* name : {"updates", "checkpoints", "certs"}) {
            if (std::string_view(name) == "certs" && !options_.authority) continue;
            fs::create_directories(folder_ / name, failed);
            if (failed) return model::fail(ErrorCode::io, failed.message(), (folder_ / name).string());
        }
        return {};
    }

    Result<void> begin()
    {
        model::Federation federation = recorded_.federation;
        federation.update_kind = model::UpdateKind::delta;
        federation.trust.reset();
        if (options_.authority) {
            federation.trust = model::Trust{"certs/ca.pem", "certs/crl.pem", "certs/server.pem"};
            FEDSLEUTH_TRY(const std::string authority, options_.authority->authority_pem());
            FEDSLEUTH_TRY(const std::string revocations, options_.authority->revocations_pem());
            FEDSLEUTH_TRY(const std::string server, options_.authority->certificate_pem(model::server_client().text()));
            FEDSLEUTH_CHECK(write_text(folder_ / federation.trust->ca, authority));
            FEDSLEUTH_CHECK(write_text(folder_ / federation.trust->crl, revocations));
            FEDSLEUTH_CHECK(write_text(folder_ / federation.trust->server_certificate, server));
        }
        log_ += federation_line(federation);
        for (model::Client client : recorded_.clients) {
            client.certificate.clear();
            if (options_.authority) {
                FEDSLEUTH_TRY(const std::string name, file_name_of(client.id));
                FEDSLEUTH_TRY(const std::string certificate, options_.authority->certificate_pem(client.id.text()));
                client.certificate = "certs/" + name + ".pem";
                FEDSLEUTH_CHECK(write_text(folder_ / client.certificate, certificate));
            }
            log_ += client_line(client);
        }
        return {};
    }

    Result<void> write_update(std::size_t update_idx)
    {
        model::Update update = recorded_.updates[update_idx];
        FEDSLEUTH_TRY(const std::string name, file_name_of(update.client));
        update.path = "updates/r" + round_digits(update.round) + "-" + name + extension_of(options_.format);
        FEDSLEUTH_TRY(update.signature, write_snapshot(update.path, recorded_.update_values(update_idx),
                                                       update.client.text(), update.declared_sha256));
        log_ += update_line(update);
        return {};
    }

    /// All that are not written yet, up to a round.
    Result<void> write_checkpoints(std::size_t& checkpoint_idx, model::RoundNo until)
    {
        for (; checkpoint_idx < recorded_.checkpoints.size() && recorded_.checkpoints[checkpoint_idx].round <= until;
             ++checkpoint_idx) {
            model::Checkpoint checkpoint = recorded_.checkpoints[checkpoint_idx];
            checkpoint.path = "checkpoints/r" + round_digits(checkpoint.round) + extension_of(options_.format);
            FEDSLEUTH_TRY(checkpoint.signature,
                          write_snapshot(checkpoint.path, recorded_.checkpoint_values(checkpoint_idx),
                                         model::server_client().text(), checkpoint.declared_sha256));
            log_ += checkpoint_line(checkpoint);
        }
        return {};
    }

    /// Writes one file of numbers; sets its digest, answers its signature where things are signed.
    Result<std::optional<model::Signature>> write_snapshot(const std::string& path, std::span<const float> numbers,
                                                           const std::string& holder, std::string& sha256)
    {
        if (progress_.stopped()) return model::fail(ErrorCode::cancelled, "The writing was stopped", folder_.string());
        const std::vector<double> values(numbers.begin(), numbers.end());
        std::vector<NamedArray> arrays;
        for (const model::Layer& layer : recorded_.federation.layers) {
            if (layer.counter) continue;
            const std::span<const double> all(values);
            if (static_cast<std::size_t>(layer.offset + layer.count) > all.size())
                return model::fail(ErrorCode::invalid_argument, "there are fewer numbers than the layers hold", path);
            arrays.push_back(
                {layer.name, layer.shape,
                 all.subspan(static_cast<std::size_t>(layer.offset), static_cast<std::size_t>(layer.count))});
        }
        const WriteOptions as_float{NumberType::float32, false};
        const fs::path file = folder_ / path;
        switch (options_.format) {
            case SnapshotFormat::npz:
                FEDSLEUTH_CHECK(write_npz(file, arrays, as_float));
                break;
            case SnapshotFormat::npy:
                FEDSLEUTH_CHECK(write_npy(file, {static_cast<std::int64_t>(values.size())}, values, as_float));
                break;
            case SnapshotFormat::safetensors:
                FEDSLEUTH_CHECK(write_safetensors(file, arrays, as_float));
                break;
        }
        FEDSLEUTH_TRY(const std::string bytes, bytes_of(file));
        sha256 = sha256_hex(bytes);
        progress_.advance(1);
        if (!options_.authority) return std::optional<model::Signature>();
        FEDSLEUTH_TRY(std::string signature,
                      options_.authority->sign(holder, std::as_bytes(std::span(bytes.data(), bytes.size()))));
        return std::optional(model::Signature{std::move(signature), std::string(SigningAuthority::scheme)});
    }

    const RecordedFederation& recorded_;
    fs::path folder_;
    const EvidenceOptions& options_;
    model::Progress& progress_;
    std::string log_;
};

}  // namespace

Result<void> write_text(const fs::path& path, std::string_view text)
{
    return write_whole(path, false, [&](const fs::path& temporary) -> Result<void> {
        std::ofstream stream(temporary, std::ios::binary | std::ios::trunc);
        stream.write(text.data(), static_cast<std::streamsize>(text.size()));
        stream.close();
        if (!stream)
            return model::fail(ErrorCode::io, "can't be written: " + std::string(std::strerror(errno)), path.string());
        return {};
    });
}

Result<void> write_evidence(const RecordedFederation& recorded, const fs::path& folder, const EvidenceOptions& options,
                            model::Progress& progress)
{
    return Writer(recorded, folder, options, progress).run();
}

}  // namespace fedsleuth::storage
