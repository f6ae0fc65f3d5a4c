// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/custody/file_digest.h"

#include "storage/custody/digest.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <span>
#include <vector>

namespace fedsleuth::storage {

using model::ErrorCode;
using model::Result;

namespace {

constexpr std::size_t piece_bytes = 1 << 20;
constexpr std::int64_t nanoseconds = 1'000'000'000;

tl::unexpected<model::Error> system_error(const std::filesystem::path& path)
{
    const int code = errno;
    return model::fail(code == ENOENT ? ErrorCode::not_found : ErrorCode::io, std::strerror(code), path.string());
}

class Descriptor {
public:
    explicit Descriptor(int number) : number_(number) {}
    ~Descriptor()
    {
        if (number_ >= 0) ::close(number_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    [[nodiscard]] int number() const { return number_; }

private:
    int number_;
};

}  // namespace

Result<FileStamp> file_stamp(const std::filesystem::path& path)
{
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return system_error(path);
    return FileStamp{status.st_size, status.st_mtim.tv_sec * nanoseconds + status.st_mtim.tv_nsec, status.st_dev,
                     status.st_ino};
}

Result<std::string> sha256_of_file(const std::filesystem::path& path, const std::function<bool(std::int64_t)>& seen)
{
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    if (file.number() < 0) return system_error(path);
    posix_fadvise(file.number(), 0, 0, POSIX_FADV_SEQUENTIAL);
    std::vector<std::byte> piece(piece_bytes);
    Sha256 digest;
    while (true) {
        const ssize_t got = ::read(file.number(), piece.data(), piece.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return system_error(path);
        if (got == 0) return digest.hex();
        digest.add(std::span(piece.data(), static_cast<std::size_t>(got)));
        if (seen && !seen(got)) return model::fail(ErrorCode::cancelled, "stopped", path.string());
    }
}

}  // namespace fedsleuth::storage
