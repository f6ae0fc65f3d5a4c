// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/evidence/snapshot_file.h"

#include "storage/evidence/evidence_text.h"
#include "storage/evidence/npy.h"
#include "storage/evidence/npz.h"
#include "storage/evidence/pickle_reader.h"
#include "storage/evidence/safetensors.h"
#include "storage/evidence/torch_file.h"

#include <algorithm>
#include <exception>

namespace fedsleuth::storage {

using model::ErrorCode;
using model::fail;
using model::Result;

namespace {

using namespace std::string_view_literals;

constexpr std::string_view known_formats = "snapshots are .npz, .npy, .safetensors, or torch.save of a state_dict";

/// A safetensors header: eight bytes of length, then an object. Other formats have no brace or blank there by rule.
bool looks_like_safetensors(std::string_view start)
{
    const std::size_t first = start.find_first_not_of(" \t\r\n", 8);
    return start.size() > 8 && first != std::string_view::npos && start[first] == '{';
}

/// Pickles of every protocol: binary ones begin with PROTO.
bool looks_like_pickle(std::string_view start)
{
    return start.size() >= 2 && start[0] == '\x80' && start[1] >= 1 && start[1] <= 5;
}

tl::unexpected<model::Error> refuse_pickle(ByteFile& file, std::string_view start)
{
    // The magic number 0x1950a86a20f9469cfc6c that torch before 1.6 begins its files with.
    constexpr std::string_view legacy = "\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"sv;
    if (start.substr(2, legacy.size()) == legacy)
        return refused("refused: torch's old form, several bare pickles", file.name(),
                       "save again with torch.save(state_dict, path) of torch 1.6 or later");
    constexpr std::int64_t most = 1 << 20;
    std::string pickle(static_cast<std::size_t>(std::min(file.size(), most)), '\0');
    FEDSLEUTH_CHECK(file.read(0, std::as_writable_bytes(std::span(pickle))));
    model::Error error = refusal_of_globals(pickle, {}, file.name());
    if (error.hint.empty()) error.hint = known_formats;
    return model::pass_on(std::move(error));
}

Result<std::unique_ptr<SnapshotFile>> open_archive(std::shared_ptr<ByteFile> file, const Limits& limits)
{
    FEDSLEUTH_TRY(std::shared_ptr<ZipArchive> archive, ZipArchive::open(std::move(file), limits));
    const std::vector<ZipEntry>& entries = archive->entries();
    const auto holds = [&](std::string_view ending) {
        return std::any_of(entries.begin(), entries.end(),
                           [&](const ZipEntry& entry) { return entry.name.ends_with(ending); });
    };
    if (is_torch_archive(*archive)) {
        if (holds(".npy"))
            return malformed("holds NumPy arrays and torch's data.pkl at once: readers differ on which is meant",
                             archive->file_name());
        return open_torch(std::move(archive), limits);
    }
    if (holds(".npy")) return open_npz(std::move(archive), limits);
    if (holds("model.weights.h5"))
        return unsupported("is a Keras archive", archive->file_name(),
                           "save the weights with numpy.savez(path, *model.get_weights())");
    return open_npz(std::move(archive), limits);  // which says that there is no array
}

Result<std::unique_ptr<SnapshotFile>> open_by_content(std::shared_ptr<ByteFile> file, const Limits& limits)
{
    if (file->size() == 0) return malformed("is empty", file->name());
    std::string beginning(static_cast<std::size_t>(std::min<std::int64_t>(file->size(), 512)), '\0');
    FEDSLEUTH_CHECK(file->read(0, std::as_writable_bytes(std::span(beginning))));
    const std::string_view start = beginning;

    if (start.starts_with("\x93NUMPY"sv)) return open_npy(std::move(file), limits);
    if (start.starts_with("PK\x03\x04"sv)) return open_archive(std::move(file), limits);
    if (start.starts_with("PK\x05\x06"sv)) return malformed("is an archive without entries", file->name());
    if (looks_like_safetensors(start)) return open_safetensors(std::move(file), limits);
    if (looks_like_pickle(start)) return refuse_pickle(*file, start);
    if (start.size() >= 262 && start.substr(257, 5) == "ustar")
        return refused(
            "refused: a tar archive", file->name(),
            "torch's tar form has run foreign code on loading (CVE-2025-32434): save again with torch 1.6 or "
            "later");
    if (start.starts_with("\x89HDF"sv))
        return unsupported("is an HDF5 file", file->name(), "save the weights with numpy.savez");
    return malformed("is none of the formats that are read", file->name(), std::string(known_formats));
}

}  // namespace

Result<std::unique_ptr<SnapshotFile>> open_snapshot(const std::filesystem::path& path, const Limits& limits)
{
    try {
        FEDSLEUTH_TRY(std::shared_ptr<ByteFile> file, ByteFile::open(path, limits.snapshot_bytes));
        return open_by_content(std::move(file), limits);
    } catch (const std::exception& error) {  // memory alone: nothing here throws by itself
        return fail(ErrorCode::internal, std::string("could not be opened: ") + error.what(),
                    model::visible(path.filename().string()));
    }
}

}  // namespace fedsleuth::storage
