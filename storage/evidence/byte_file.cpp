// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/evidence/byte_file.h"

#include "storage/evidence/evidence_text.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <limits>
#include <system_error>

namespace fedsleuth::storage {

using model::ErrorCode;
using model::fail;
using model::Result;

Result<std::shared_ptr<ByteFile>> ByteFile::open(const std::filesystem::path& path, std::int64_t largest)
{
    std::string name = model::visible(path.filename().string());
    // O_NONBLOCK: opening a FIFO would wait for a writer for ever.
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (descriptor < 0) {
        const std::error_code why(errno, std::generic_category());
        return fail(why == std::errc::no_such_file_or_directory ? ErrorCode::not_found : ErrorCode::io,
                    "cannot be opened: " + why.message(), name);
    }
    std::shared_ptr<ByteFile> file(new ByteFile(descriptor, 0, name));
    struct stat status {};
    if (::fstat(descriptor, &status) != 0)
        return fail(ErrorCode::io, "cannot be examined: " + std::generic_category().message(errno), name);
    if (!S_ISREG(status.st_mode)) return refused("is not a regular file", name);
    file->size_ = status.st_size;
    if (file->size_ > largest)
        return over_limit(
            "holds " + model::grouped(file->size_) + " bytes, more than the limit of " + model::grouped(largest), name);
    return file;
}

ByteFile::~ByteFile() { ::close(descriptor_); }

Result<void> ByteFile::read(std::int64_t offset, std::span<std::byte> out)
{
    const auto wanted = static_cast<std::int64_t>(out.size());
    if (offset < 0 || wanted > size_ || offset > size_ - wanted)
        return malformed("the file ends at byte " + std::to_string(size_) + ", before what is promised at byte " +
                             std::to_string(offset),
                         name_);
    std::size_t done = 0;
    while (done < out.size()) {
        const ssize_t got = ::pread(descriptor_, out.data() + done, out.size() - done,
                                    static_cast<off_t>(offset) + static_cast<off_t>(done));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail(ErrorCode::io, "cannot be read: " + std::generic_category().message(errno), name_);
        if (got == 0) return fail(ErrorCode::io, "became shorter while it was read", name_);
        done += static_cast<std::size_t>(got);
    }
    return {};
}

}  // namespace fedsleuth::storage
