// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/evidence/zip_archive.h"

#include "storage/evidence/evidence_text.h"
#include "storage/evidence/zip_directory.h"

#include <algorithm>
#include <array>
#include <zip.h>

namespace fedsleuth::storage {

using model::Result;

namespace {

/// What libzip reads through: our own file, so that one descriptor serves both and every range is checked.
struct SourceState {
    std::shared_ptr<ByteFile> file;
    std::int64_t position = 0;
    zip_error_t error{};
};

zip_int64_t read_source(SourceState& state, void* data, zip_uint64_t length)
{
    const std::int64_t left = state.file->size() - state.position;
    const std::int64_t now = length > static_cast<zip_uint64_t>(left) ? left : static_cast<std::int64_t>(length);
    if (!state.file->read(state.position, {static_cast<std::byte*>(data), static_cast<std::size_t>(now)})) {
        zip_error_set(&state.error, ZIP_ER_READ, 0);
        return -1;
    }
    state.position += now;
    return now;
}

zip_int64_t seek_source(SourceState& state, void* data, zip_uint64_t length)
{
    const zip_int64_t to = zip_source_seek_compute_offset(static_cast<zip_uint64_t>(state.position),
                                                          static_cast<zip_uint64_t>(state.file->size()), data, length,
                                                          &state.error);
    if (to < 0) return -1;
    state.position = to;
    return 0;
}

zip_int64_t describe_source(const SourceState& state, void* data)
{
    auto* const stat = static_cast<zip_stat_t*>(data);
    zip_stat_init(stat);
    stat->size = static_cast<zip_uint64_t>(state.file->size());
    stat->valid |= ZIP_STAT_SIZE;
    return sizeof(zip_stat_t);
}

/// Called by C code: nothing may throw here, and nothing does.
zip_int64_t serve(void* user, void* data, zip_uint64_t length, zip_source_cmd_t command)
{
    auto* const state = static_cast<SourceState*>(user);
    switch (command) {
    case ZIP_SOURCE_OPEN: state->position = 0; return 0;
    case ZIP_SOURCE_READ: return read_source(*state, data, length);
    case ZIP_SOURCE_CLOSE: return 0;
    case ZIP_SOURCE_STAT: return describe_source(*state, data);
    case ZIP_SOURCE_ERROR: return zip_error_to_data(&state->error, data, length);
    case ZIP_SOURCE_FREE:
        zip_error_fini(&state->error);
        delete state;
        return 0;
    case ZIP_SOURCE_SEEK: return seek_source(*state, data, length);
    case ZIP_SOURCE_TELL: return state->position;
    case ZIP_SOURCE_SUPPORTS:
        return zip_source_make_command_bitmap(ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE, ZIP_SOURCE_STAT,
                                              ZIP_SOURCE_ERROR, ZIP_SOURCE_FREE, ZIP_SOURCE_SEEK, ZIP_SOURCE_TELL,
                                              ZIP_SOURCE_SUPPORTS, -1);
    default: zip_error_set(&state->error, ZIP_ER_OPNOTSUPP, 0); return -1;
    }
}

Result<ZipEntry> describe(zip* archive, zip_uint64_t idx, const std::string& file, const Limits& limits)
{
    zip_stat_t stat;
    zip_stat_init(&stat);
    const std::string number = "entry " + std::to_string(idx);
    constexpr zip_uint64_t needed = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD;
    if (zip_stat_index(archive, idx, 0, &stat) != 0 || (stat.valid & needed) != needed)
        return malformed("its directory has no whole record of an entry", place(file, number));
    const std::string where = place(file, "entry " + in_quotes(stat.name));
    const std::string_view name = stat.name;
    if (static_cast<std::int64_t>(name.size()) > limits.name_bytes)
        return over_limit("has a name longer than the limit of " + model::grouped(limits.name_bytes) + " bytes", where);
    if ((stat.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 && stat.encryption_method != ZIP_EM_NONE)
        return refused("refused: is encrypted", where, "store the snapshot without a password");
    if (stat.comp_method != ZIP_CM_STORE && stat.comp_method != ZIP_CM_DEFLATE)
        return unsupported("is packed by method " + std::to_string(stat.comp_method) + "; stored and deflated are read",
                           where);
    const auto largest = static_cast<zip_uint64_t>(limits.inflated_bytes);
    if (stat.size > largest || stat.comp_size > largest)
        return over_limit("declares more bytes than the limit of " + model::grouped(limits.inflated_bytes), where);
    ZipEntry entry{std::string(name), stat.comp_method == ZIP_CM_DEFLATE, static_cast<std::int64_t>(stat.size),
                   static_cast<std::int64_t>(stat.comp_size)};
    if (!entry.deflated && entry.size != entry.packed)
        return malformed("is stored in " + std::to_string(entry.packed) + " bytes but declares " +
                             std::to_string(entry.size),
                         where);
    if (entry.size / limits.inflation_ratio > entry.packed || (entry.packed == 0 && entry.size > 0))
        return over_limit("would inflate " + model::grouped(entry.packed) + " bytes to " + model::grouped(entry.size) +
                              ", beyond the limit of " + std::to_string(limits.inflation_ratio) + " to 1",
                          where);
    return entry;
}

}  // namespace

void ZipArchive::Discard::operator()(zip* archive) const { zip_discard(archive); }
void ZipMember::Close::operator()(zip_file* file) const { zip_fclose(file); }

Result<std::shared_ptr<ZipArchive>> ZipArchive::open(std::shared_ptr<ByteFile> file, const Limits& limits)
{
    FEDSLEUTH_CHECK(check_zip_directory(*file, limits));
    std::shared_ptr<ZipArchive> archive(new ZipArchive(std::move(file)));
    FEDSLEUTH_CHECK(archive->connect());
    FEDSLEUTH_CHECK(archive->read_directory(limits));
    return archive;
}

Result<void> ZipArchive::connect()
{
    zip_error_t error;
    zip_error_init(&error);
    auto state = std::make_unique<SourceState>();
    state->file = file_;
    zip_error_init(&state->error);
    zip_source_t* const source = zip_source_function_create(serve, state.get(), &error);
    if (source != nullptr) {
        (void)state.release();  // the source frees it
        archive_.reset(zip_open_from_source(source, ZIP_RDONLY, &error));
        if (archive_ == nullptr) zip_source_free(source);
    }
    const std::string why = zip_error_strerror(&error);
    zip_error_fini(&error);
    if (archive_ == nullptr)
        return malformed("is no ZIP archive that can be read: " + why, file_->name(),
                         "the file may be cut off: compare its size and SHA-256 with the sender's");
    return {};
}

Result<void> ZipArchive::read_directory(const Limits& limits)
{
    const zip_int64_t count = zip_get_num_entries(archive_.get(), 0);
    if (count > limits.tensors)
        return over_limit("holds " + model::grouped(count) + " entries, more than the limit of " +
                              model::grouped(limits.tensors),
                          file_name());
    std::set<std::string> names;
    std::int64_t inflated = 0;
    std::int64_t packed = 0;
    for (zip_int64_t idx = 0; idx < count; ++idx) {
        FEDSLEUTH_TRY(ZipEntry entry, describe(archive_.get(), static_cast<zip_uint64_t>(idx), file_name(), limits));
        if (!names.insert(entry.name).second)
            return malformed("holds the entry " + in_quotes(entry.name) + " twice", file_name());
        // Each is at most inflated_bytes, and so far so are the sums: they cannot overflow.
        inflated += entry.size;
        packed += entry.packed;
        if (inflated > limits.inflated_bytes)
            return over_limit("its entries together inflate beyond the limit of " +
                                  model::grouped(limits.inflated_bytes) + " bytes",
                              file_name());
        if (packed > file_->size())
            return malformed("its entries together claim more bytes than the file holds", file_name(),
                             "entries that overlap are how archives are made to blow up");
        entries_.push_back(std::move(entry));
    }
    return {};
}

ZipMember::ZipMember(std::shared_ptr<ZipArchive> archive, std::size_t entry_idx, CrcPolicy policy)
    : archive_(std::move(archive)), entry_(archive_->entries_[entry_idx]), entry_idx_(entry_idx), policy_(policy)
{
}

ZipMember::~ZipMember() = default;

std::string ZipMember::where() const { return place(archive_->file_name(), "entry " + in_quotes(entry_.name)); }

Result<void> ZipMember::go_to(std::int64_t offset)
{
    if (file_ != nullptr && offset == position_) return {};
    if (file_ == nullptr || offset == 0 || (entry_.deflated && offset < position_)) {
        file_.reset(zip_fopen_index(archive_->archive_.get(), entry_idx_, 0));
        position_ = 0;
        if (file_ == nullptr)
            return malformed("cannot be opened: " + std::string(zip_strerror(archive_->archive_.get())), where());
    }
    if (offset == position_) return {};
    // From the beginning of a stored entry a header is read over, not jumped over: libzip gives up the CRC at a jump.
    constexpr std::int64_t longest_header = 64 << 10;
    if (!entry_.deflated && (position_ > 0 || offset > longest_header)) {
        if (zip_fseek(file_.get(), offset, SEEK_SET) != 0) {
            file_.reset();
            return malformed("cannot be read at byte " + std::to_string(offset), where());
        }
        position_ = offset;
        return {};
    }
    std::vector<std::byte> passed(static_cast<std::size_t>(std::min<std::int64_t>(offset - position_, 64 << 10)));
    while (position_ < offset) {
        const auto now = std::min<std::int64_t>(offset - position_, static_cast<std::int64_t>(passed.size()));
        FEDSLEUTH_CHECK(take({passed.data(), static_cast<std::size_t>(now)}));
    }
    return {};
}

Result<void> ZipMember::take(std::span<std::byte> out)
{
    while (!out.empty()) {
        const zip_int64_t got = zip_fread(file_.get(), out.data(), out.size());
        if (got <= 0) {
            const std::string why = got < 0 ? zip_file_strerror(file_.get()) : "";
            file_.reset();
            if (got < 0) return malformed("cannot be read at byte " + std::to_string(position_) + ": " + why, where());
            return malformed("declares " + std::to_string(entry_.size) + " bytes but ends after " +
                                 std::to_string(position_),
                             where());
        }
        out = out.subspan(static_cast<std::size_t>(got));
        position_ += got;
    }
    return {};
}

Result<void> ZipMember::check_end()
{
    // One byte more: there must be none, and at the end libzip compares the CRC.
    std::array<char, 1> beyond{};
    const zip_int64_t got = zip_fread(file_.get(), beyond.data(), beyond.size());
    if (got == 0) return {};
    const int why = got < 0 ? zip_error_code_zip(zip_file_get_error(file_.get())) : ZIP_ER_OK;
    const std::string text = got < 0 ? zip_file_strerror(file_.get()) : "";
    file_.reset();
    if (got > 0) return malformed("inflates past the " + std::to_string(entry_.size) + " bytes that it declares", where());
    if (why != ZIP_ER_CRC) return malformed("cannot be read to its end: " + text, where());
    crc_differs_ = true;
    if (policy_ == CrcPolicy::tell) return {};
    return malformed("its bytes do not give the CRC that the archive declares", where(),
                     "the file was damaged or changed after it was written");
}

Result<void> ZipMember::read(std::int64_t offset, std::span<std::byte> out)
{
    const auto wanted = static_cast<std::int64_t>(out.size());
    if (offset < 0 || wanted > entry_.size || offset > entry_.size - wanted)
        return malformed("has " + std::to_string(entry_.size) + " bytes and ends before what is promised at byte " +
                             std::to_string(offset),
                         where());
    FEDSLEUTH_CHECK(go_to(offset));
    FEDSLEUTH_CHECK(take(out));
    return position_ == entry_.size ? check_end() : Result<void>();
}

ZipTensorBytes::ZipTensorBytes(std::shared_ptr<ZipArchive> archive, std::vector<std::size_t> entry_of_tensor,
                               ZipMember::CrcPolicy policy)
    : archive_(std::move(archive)), entry_of_tensor_(std::move(entry_of_tensor)), policy_(policy)
{
}

Result<ByteSource*> ZipTensorBytes::of(std::size_t tensor_idx)
{
    const std::size_t entry_idx = entry_of_tensor_[tensor_idx];
    if (current_ == nullptr || current_->entry_idx() != entry_idx)
        current_ = std::make_unique<ZipMember>(archive_, entry_idx, policy_);
    return current_.get();
}

std::vector<std::string> ZipTensorBytes::take_notes()
{
    if (current_ == nullptr || !current_->crc_differs() || !noted_.insert(current_->entry_idx()).second) return {};
    return {"The bytes of entry " + in_quotes(archive_->entries()[current_->entry_idx()].name) +
            " do not give the CRC that the archive declares."};
}

}  // namespace fedsleuth::storage
