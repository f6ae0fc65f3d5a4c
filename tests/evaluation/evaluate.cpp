// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluation/dataset.h"
#include "evaluation/experiment.h"
#include "evaluation/measure.h"
#include "evaluation/recording.h"
#include "evaluation/training.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
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
    if (verb == "rows" && argc == 6) {
        const auto seed = std::strtoull(argv[3], nullptr, 10);
        for (std::size_t number = std::strtoull(argv[4], nullptr, 10); number < std::strtoull(argv[5], nullptr, 10); ++number) {
            const auto file = recording_file(argv[2], seed, number);
            if (!std::filesystem::exists(file)) continue;
            if (const auto recording = load(make_cell(seed, number), file)) print_rows(judged(*recording));
        }
        return 0;
    }
    if (verb == "train" && argc == 6) {
        const Dataset data = load_dataset(argv[2], 1, 0, std::strtoull(argv[3], nullptr, 10));
        const Dataset quiet = load_dataset(argv[2], 3, 0, std::strtoull(argv[4], nullptr, 10));
        TrainedJudges judges = train(data, quiet);
        judges.recipe = "seed 1, " + std::to_string(data.cells.size()) + " federations; null library: seed 3, " +
                        std::to_string(quiet.cells.size()) + " federations";
        std::ofstream out(argv[5]);
        out << as_source(judges);
        out.close();
        return out ? 0 : 1;
    }
    if (verb == "experiment" && argc == 6)
        return experiment(argv[2], std::strtoull(argv[3], nullptr, 10), std::strtoull(argv[4], nullptr, 10),
                          std::strtoull(argv[5], nullptr, 10));
    if (verb == "show" && argc >= 6) {
        const auto number = std::strtoull(argv[4], nullptr, 10);
        const Dataset data = load_dataset(argv[2], std::strtoull(argv[3], nullptr, 10), number, number + 1);
        const Cell& cell = data.cells.at(0);
        const auto& o = cell.options;
        std::printf("%s n %zu R %zu skew %.0f alpha %.1f rule %s lr %.3f epochs %zu mom %.1f part %.2f qskew %.1f net %d onset %zu\n", cell.attack.c_str(), o.clients, o.rounds, cell.skew, o.partition.alpha, o.rule.c_str(), o.training.learning_rate, o.training.epochs, o.training.momentum, o.participation, o.partition.quantity_skew, int(o.network), o.attacks.empty() ? 0 : o.attacks[0].schedule.onset);
        for (const auto& e : data.examples) {
            std::printf("%s %c", e.features.client.text().c_str(), e.malicious ? 'M' : e.unreliable ? 'u' : '.');
            for (int a = 5; a < argc; ++a)
                for (std::size_t i = 0; i < analysis::feature_names().size(); ++i)
                    if (analysis::feature_names()[i] == argv[a]) std::printf(" %s=%.2f", argv[a], e.features.values[i]);
            std::printf("\n");
        }
        return 0;
    }
    std::fprintf(stderr, "usage: fedsleuth-evaluate record FOLDER SEED FROM TO STEP\n");
    return 2;
}
