// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/export/npz_writer.h"

#include <zip.h>

#include <memory>

namespace fedsleuth::storage {

using model::ErrorCode;
using model::Result;

namespace fs = std::filesystem;

namespace {

constexpr zip_uint16_t first_of_january_1980 = 0x21;  // the earliest date that a ZIP knows

/// What libzip reads a member's bytes through; they are made while it writes them.
zip_int64_t give_bytes(void* state, void* data, zip_uint64_t length, zip_source_cmd_t command)
{
    auto* stream = static_cast<ByteStream*>(state);
    switch (command) {
        case ZIP_SOURCE_OPEN:
            stream->rewind();
            return 0;
        case ZIP_SOURCE_READ:
            return stream->read({static_cast<std::byte*>(data), static_cast<std::size_t>(length)});
        case ZIP_SOURCE_STAT: {
            auto* stat = static_cast<zip_stat_t*>(data);
            zip_stat_init(stat);
            stat->size = static_cast<zip_uint64_t>(stream->size());
            stat->valid |= ZIP_STAT_SIZE;
            return sizeof(zip_stat_t);
        }
        case ZIP_SOURCE_SUPPORTS:
            return zip_source_make_command_bitmap(ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE, ZIP_SOURCE_STAT,
                                                  ZIP_SOURCE_ERROR, ZIP_SOURCE_FREE, -1);
        case ZIP_SOURCE_ERROR: {  // asked for after a read that gave no bytes
            zip_error_t error;
            zip_error_init_with_code(&error, ZIP_ER_READ);
            return zip_error_to_data(&error, data, length);
        }
        default:
            return 0;  // closing and freeing: the stream is not libzip's
    }
}

struct Discard {
    void operator()(zip_t* archive) const { zip_discard(archive); }
};
using Archive = std::unique_ptr<zip_t, Discard>;

tl::unexpected<model::Error> zip_failure(zip_t* archive, const fs::path& path, ErrorCode code = ErrorCode::io)
{
    return model::fail(code, zip_error_strerror(zip_get_error(archive)), path.string());
}

Result<void> add_member(zip_t* archive, const ArchiveMember& wanted, const fs::path& path)
{
    zip_source_t* source = zip_source_function(archive, give_bytes, wanted.bytes);
    if (!source) return zip_failure(archive, path);
    const zip_int64_t member = zip_file_add(archive, wanted.name.c_str(), source, ZIP_FL_ENC_UTF_8);
    if (member < 0) {
        zip_source_free(source);
        return zip_failure(archive, path, ErrorCode::invalid_argument);
    }
    const auto idx = static_cast<zip_uint64_t>(member);
    if (zip_set_file_compression(archive, idx, ZIP_CM_STORE, 0) != 0 ||
        zip_file_set_dostime(archive, idx, 0, first_of_january_1980, 0) != 0)
        return zip_failure(archive, path);
    return {};
}

}  // namespace

Result<void> write_npz(const fs::path& path, std::span<const NamedArray> arrays, const WriteOptions& options)
{
    for (const NamedArray& array : arrays)
        FEDSLEUTH_CHECK(check_shape(array.shape, array.values.size(), path.string() + ", " + array.name));
    std::vector<NpyStream> streams;
    std::vector<ArchiveMember> members;
    streams.reserve(arrays.size());
    for (const NamedArray& array : arrays) {
        streams.emplace_back(array.shape, array.values, options.type);
        members.push_back({array.name + ".npy", &streams.back()});
    }
    return write_archive(path, members, options.overwrite);
}

Result<void> write_archive(const fs::path& path, std::span<const ArchiveMember> members, bool overwrite)
{
    return write_whole(path, overwrite, [&](const fs::path& temporary) -> Result<void> {
        int code = 0;
        Archive archive(zip_open(temporary.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code));
        if (!archive)
            return model::fail(ErrorCode::io, "can't be made (libzip: " + std::to_string(code) + ")", path.string());
        for (const ArchiveMember& member : members) FEDSLEUTH_CHECK(add_member(archive.get(), member, path));
        if (zip_close(archive.get()) != 0) return zip_failure(archive.get(), path);
        static_cast<void>(archive.release());  // closed
        return {};
    });
}

}  // namespace fedsleuth::storage
