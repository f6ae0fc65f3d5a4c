// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/export/replay_folder.h"

#include "storage/custody/digest.h"
#include "storage/custody/file_digest.h"
#include "storage/evidence/snapshot_file.h"
#include "storage/export/npy_writer.h"

#include <algorithm>
#include <cstdio>
#include <fstream>

namespace fedsleuth::storage {

using model::ErrorCode;
using model::Result;

namespace fs = std::filesystem;

namespace {
constexpr const char* manifest_name = "manifest.json";
constexpr const char* state_name = ".replay-rounds";  // of analysis' replay state
}  // namespace

Result<ReplayFolder> ReplayFolder::open(const fs::path& folder, ModelFormat format, std::vector<model::Layer> layers)
{
    std::error_code error;
    if (fs::exists(folder, error)) {
        if (!fs::is_directory(folder, error))
            return model::fail(ErrorCode::conflict, "is there already, and no folder", folder.string());
        const bool unfinished = fs::exists(folder / state_name, error) && !fs::exists(folder / manifest_name, error);
        if (!fs::is_empty(folder, error) && !unfinished)
            return model::fail(ErrorCode::conflict, "is not empty", folder.string(),
                               "a replay goes into a folder of its own");
    }
    for (const char* part : {"checkpoints", "corrected"}) {
        fs::create_directories(folder / part, error);
        if (error) return model::fail(ErrorCode::io, error.message(), (folder / part).string());
    }
    ReplayFolder made;
    made.folder_ = folder;
    made.format_ = format;
    made.layers_ = std::move(layers);
    return made;
}

std::string ReplayFolder::name(std::string_view kind, model::RoundNo round) const
{
    char number[32];
    std::snprintf(number, sizeof number, "/r%04lld.", static_cast<long long>(round.value()));
    return std::string(kind == "frozen" ? "checkpoints" : kind) + number + std::string(name_of(format_));
}

Result<void> ReplayFolder::write(std::string_view kind, model::RoundNo round, const CoordinateReader& read)
{
    return write_model(folder_ / name(kind, round), format_, layers_, read, true);
}

Result<CoordinateReader> ReplayFolder::read(std::string_view kind, model::RoundNo round) const
{
    const fs::path path = folder_ / name(kind, round);
    std::error_code error;
    if (!fs::exists(path, error)) return model::fail(ErrorCode::not_found, "is not there", path.string());
    FEDSLEUTH_TRY(std::unique_ptr<SnapshotFile> opened, open_snapshot(path));
    const std::shared_ptr<SnapshotFile> file = std::move(opened);
    struct Part {
        std::int64_t offset, count;
        std::size_t tensor_idx;
    };
    std::vector<Part> parts;
    for (const model::Layer& layer : layers_) {
        if (layer.counter) continue;
        const auto& tensors = file->tensors();
        const auto found = std::ranges::find(tensors, layer.name, &model::TensorInfo::name);
        if (found == tensors.end() || found->count != layer.count)
            return model::fail(ErrorCode::malformed, "does not hold the layer " + layer.name + " as it was written",
                               path.string());
        parts.push_back({layer.offset, layer.count, static_cast<std::size_t>(found - tensors.begin())});
    }
    return [file, parts = std::move(parts)](std::int64_t first, std::int64_t count, float* out) -> Result<void> {
        for (const Part& part : parts) {
            const std::int64_t from = std::max(first, part.offset);
            const std::int64_t to = std::min(first + count, part.offset + part.count);
            if (from < to)
                FEDSLEUTH_CHECK(file->read(part.tensor_idx, from - part.offset, to - from, out + (from - first)));
        }
        return {};
    };
}

void ReplayFolder::remove(std::string_view kind, model::RoundNo round)
{
    std::error_code error;
    fs::remove(folder_ / name(kind, round), error);
}

Result<std::string> ReplayFolder::digest(const std::string& name) const { return sha256_of_file(folder_ / name); }

Result<std::string> ReplayFolder::finish(const std::string& manifest)
{
    FEDSLEUTH_CHECK(write_whole(folder_ / manifest_name, true, [&](const fs::path& temporary) -> Result<void> {
        std::ofstream file(temporary, std::ios::binary | std::ios::trunc);
        file << manifest << '\n';
        file.close();
        if (!file) return model::fail(ErrorCode::io, "can't be written", temporary.string());
        return {};
    }));
    return sha256_hex(manifest + '\n');
}

}  // namespace fedsleuth::storage
