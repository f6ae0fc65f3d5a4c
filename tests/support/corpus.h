// SPDX-License-Identifier: GPL-3.0-or-later
// The files that the fuzzers run over (tests/fuzz/corpus), and small changes of them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <span>
#include <string>
#include <vector>

namespace fedsleuth::test {

using Bytes = std::vector<std::uint8_t>;
using FuzzTarget = void (*)(std::span<const std::uint8_t>);

inline Bytes bytes_of_file(const std::filesystem::path& path)
{
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

/// Every file of a folder, by name.
inline std::vector<Bytes> files_of(const std::filesystem::path& folder)
{
    std::vector<std::filesystem::path> paths;
    if (std::filesystem::is_directory(folder))
        for (const auto& entry : std::filesystem::directory_iterator(folder)) paths.push_back(entry.path());
    std::sort(paths.begin(), paths.end());
    std::vector<Bytes> files;
    for (const auto& path : paths) files.push_back(bytes_of_file(path));
    return files;
}

/// The file itself, then bytes of it changed, cut out and doubled.
inline void run_with_changes(FuzzTarget target, const Bytes& file, int changes, std::mt19937& random)
{
    target(file);
    for (int idx = 0; idx < changes && !file.empty(); ++idx) {
        Bytes changed = file;
        for (unsigned count = 1 + random() % 3; count > 0 && !changed.empty(); --count) {
            const std::size_t at = random() % changed.size();
            const auto place = changed.begin() + static_cast<std::ptrdiff_t>(at);
            const std::size_t length = 1 + random() % 64;
            switch (random() % 4) {
                case 0:
                    *place = static_cast<std::uint8_t>(random());
                    break;
                case 1:
                    *place ^= static_cast<std::uint8_t>(1u << random() % 8);
                    break;
                case 2:
                    changed.erase(place,
                                  place + static_cast<std::ptrdiff_t>(std::min(changed.size() - at, length)));
                    break;
                default:
                    changed.insert(place, file.begin(),
                                   file.begin() + static_cast<std::ptrdiff_t>(std::min(file.size(), length)));
            }
        }
        target(changed);
    }
}

}  // namespace fedsleuth::test
