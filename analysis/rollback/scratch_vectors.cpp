// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rollback/scratch_vectors.h"

#include <fcntl.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace fedsleuth::analysis {

namespace {

tl::unexpected<model::Error> refused(const std::string& what)
{
    return model::fail(model::ErrorCode::io, what + ": " + std::strerror(errno), "the replay's scratch file",
                       "there has to be room for about 20 copies of the model");
}

}  // namespace

model::Result<ScratchVectors> ScratchVectors::open(const std::string& path, std::int64_t d)
{
    if (!path.empty()) {
        const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (file < 0) return refused("can't be made at " + path);
        return ScratchVectors(file, d);
    }
    std::error_code error;
    std::string name = (std::filesystem::temp_directory_path(error) / "fedsleuth-XXXXXX").string();
    if (error) name = "/tmp/fedsleuth-XXXXXX";
    const int file = ::mkostemp(name.data(), O_CLOEXEC);
    if (file < 0) return refused("can't be made at " + name);
    ::unlink(name.c_str());
    return ScratchVectors(file, d);
}

ScratchVectors::~ScratchVectors()
{
    if (file_ >= 0) ::close(file_);
}

model::Result<void> ScratchVectors::read(std::size_t slot, std::int64_t first, std::int64_t count, double* out) const
{
    auto* bytes = reinterpret_cast<char*>(out);
    auto left = static_cast<std::size_t>(count) * sizeof(double);
    std::int64_t at = place(slot, first);
    while (left > 0) {
        const ssize_t got = ::pread(file_, bytes, left, at);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return refused("can't be read");
        if (got == 0) {  // beyond what was written
            std::memset(bytes, 0, left);
            return {};
        }
        bytes += got;
        at += got;
        left -= static_cast<std::size_t>(got);
    }
    return {};
}

model::Result<void> ScratchVectors::write(std::size_t slot, std::int64_t first, std::int64_t count,
                                          const double* values)
{
    const auto* bytes = reinterpret_cast<const char*>(values);
    auto left = static_cast<std::size_t>(count) * sizeof(double);
    std::int64_t at = place(slot, first);
    while (left > 0) {
        const ssize_t put = ::pwrite(file_, bytes, left, at);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return refused("can't be written");
        bytes += put;
        at += put;
        left -= static_cast<std::size_t>(put);
    }
    return {};
}

}  // namespace fedsleuth::analysis
