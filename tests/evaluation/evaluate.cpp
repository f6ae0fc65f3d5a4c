// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluation/dataset.h"
#include "evaluation/experiment.h"
#include "evaluation/recording.h"

#include <cstdio>
#include <cstdlib>
#include <string>

using namespace fedsleuth;
using namespace fedsleuth::evaluation;

namespace {

int record_all(const std::filesystem::path& folder, std::uint64_t seed, std::size_t from, std::size_t to, std::size_t step)
{
    std::filesystem::create_directories(folder);
    for (std::size_t number = from; number < to; number += step) {
        const auto file = recording_file(folder, seed, number);
        if (std::filesystem::exists(file)) continue;
        const Cell cell = make_cell(seed, number);
        const auto recording = record(cell);
        if (!recording) {
            std::fprintf(stderr, "%zu %s: %s\n", number, cell.attack.c_str(), recording.error().text().c_str());
            continue;
        }
        if (const auto saved = save(*recording, file); !saved) {
            std::fprintf(stderr, "%s\n", saved.error().text().c_str());
            return 1;
        }
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv)
{
    const std::string verb = argc > 1 ? argv[1] : "";
    if (verb == "record" && argc == 7)
        return record_all(argv[2], std::strtoull(argv[3], nullptr, 10), std::strtoull(argv[4], nullptr, 10),
                          std::strtoull(argv[5], nullptr, 10), std::strtoull(argv[6], nullptr, 10));
    if (verb == "experiment" && argc == 6)
        return experiment(argv[2], std::strtoull(argv[3], nullptr, 10), std::strtoull(argv[4], nullptr, 10),
                          std::strtoull(argv[5], nullptr, 10));
    std::fprintf(stderr, "usage: fedsleuth-evaluate record FOLDER SEED FROM TO STEP\n");
    return 2;
}
