// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/small_file.h"

#include <filesystem>
#include <fstream>

namespace fedsleuth::cli {

model::Result<std::string> read_small_file(const std::string& path)
{
    constexpr std::size_t largest = 64 << 10;
    std::error_code error;
    if (!std::filesystem::exists(path, error))
        return model::fail(model::ErrorCode::not_found, "there is no such file", path);
    if (!std::filesystem::is_regular_file(path, error))
        return model::fail(model::ErrorCode::refused, "is no file", path);
    std::ifstream stream(path, std::ios::binary);
    std::string text(largest + 1, '\0');
    stream.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(stream.gcount()));
    if (stream.bad() || !stream.is_open()) return model::fail(model::ErrorCode::io, "can't be read", path);
    if (text.size() > largest) return model::fail(model::ErrorCode::limit, "is larger than 64 KiB", path);
    return text;
}

}  // namespace fedsleuth::cli
