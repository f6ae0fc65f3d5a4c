// SPDX-License-Identifier: GPL-3.0-or-later
// The yardstick of the verdicts, and the school of the judges: see usage().
#include "analysis/kernels/parallel.h"
#include "analysis/lab/dataset.h"
#include "evaluation/dataset.h"
#include "evaluation/measure.h"
#include "evaluation/probe_training.h"
#include "evaluation/probing.h"
#include "evaluation/recording.h"
#include "evaluation/training.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

using namespace fedsleuth;
using namespace fedsleuth::evaluation;

namespace {

constexpr std::uint64_t test_seeds[] = {2, 12};  // the first and the second design (grid.h)
constexpr std::uint64_t training_seeds[] = {1, 11, 21, 41, 51};
constexpr std::uint64_t library_seeds[] = {3, 13, 43};  // of these, the fifth of the cells in which nobody attacks
constexpr std::uint64_t fast_seed = 22;
constexpr std::uint64_t probe_training_seeds[] = {61, 63, 65, 67, 69, 71};  // attacks that hide, and none
constexpr std::uint64_t probe_test_seeds[] = {32, 36};

int usage()
{
    std::fputs(
        "usage: fedsleuth-evaluate record FOLDER SEED FROM TO STEP   simulate cells, keep their ledgers\n"
        "       fedsleuth-evaluate train FOLDER CELLS OUT.inc        learn the judges from what is recorded\n"
        "       fedsleuth-evaluate report FOLDER CELLS OUT.md        measure the verdicts on what is recorded\n"
        "       fedsleuth-evaluate images IMAGES LABELS CELLS        the same on images of your own (IDX files)\n"
        "       fedsleuth-evaluate corpus SCRATCH FOLDER…            the same on labelled evidence folders\n"
        "       fedsleuth-evaluate record-probes FOLDER SEED FROM TO simulate hidden attacks with probes, keep "
        "ledgers and notes\n"
        "       fedsleuth-evaluate train-probes FOLDER OUT.inc       learn what probes are worth\n"
        "       fedsleuth-evaluate report-probes CELLS               measure the verdicts with and without probes\n"
        "       fedsleuth-evaluate fast                              a cut of the grid, in seconds; fails below it\n",
        stderr);
    return 2;
}

std::size_t number(const char* text) { return std::strtoull(text, nullptr, 10); }

int fail(const std::string& text)
{
    std::fprintf(stderr, "fedsleuth-evaluate: %s\n", text.c_str());
    return 1;
}

int write_file(const std::filesystem::path& file, const std::string& text)
{
    std::ofstream out(file, std::ios::binary);
    out << text;
    out.close();
    return out ? 0 : fail(file.string() + " can't be written");
}

int record_cells(const std::filesystem::path& folder, std::uint64_t seed, std::size_t from, std::size_t to,
                 std::size_t step)
{
    std::filesystem::create_directories(folder);
    for (std::size_t cell_number = from; cell_number < to; cell_number += std::max<std::size_t>(step, 1)) {
        const auto file = recording_file(folder, seed, cell_number);
        if (std::filesystem::exists(file)) continue;
        const auto recording = record(make_cell(seed, cell_number));
        if (!recording) {
            // Some draws make no sense (too few updates for the rule): they are passed over, and said.
            std::fprintf(stderr, "cell %zu: %s\n", cell_number, recording.error().text().c_str());
            continue;
        }
        if (const auto saved = save(*recording, file); !saved) return fail(saved.error().text());
    }
    return 0;
}

int train_judges(const std::filesystem::path& folder, std::size_t cells, const std::filesystem::path& out)
{
    Dataset data, quiet;
    for (const std::uint64_t seed : training_seeds) append(data, load_dataset(folder, seed, 0, 2 * cells));
    for (const std::uint64_t seed : library_seeds) append(quiet, load_dataset(folder, seed, 0, 2 * cells));
    TrainedJudges judges = train(data, quiet);
    judges.recipe = "training: seeds 1, 11, 21, 41 and 51, " + std::to_string(data.cells.size()) +
                    " federations; null library: seeds 3, 13 and 43, " + std::to_string(quiet.cells.size()) +
                    " federations";
    return write_file(out, as_source(judges));
}

std::string today()
{
    const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now()));
    char text[16];
    std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                  static_cast<unsigned>(day.day()));
    return text;
}

int report(const std::filesystem::path& folder, std::size_t cells, const std::filesystem::path& out)
{
    Measured measured;
    for (const std::uint64_t seed : test_seeds)
        for (std::size_t cell_number = 0; cell_number < cells; ++cell_number) {
            const auto file = recording_file(folder, seed, cell_number);
            if (!std::filesystem::exists(file)) continue;
            const auto recording = load(make_cell(seed, cell_number), file);
            if (!recording) return fail(recording.error().text());
            measured.add(*recording);
        }
    return write_file(out, results(measured, "seeds 2 and 12, " + std::to_string(measured.cells.size()) +
                                                 " federations, " + today()));
}

std::vector<std::uint8_t> bytes_of(const std::filesystem::path& file)
{
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// The test federations, trained on other data than any that the judges learned from. No image is handed out twice
/// where there are enough of them.
int images(const std::filesystem::path& pictures, const std::filesystem::path& labels, std::size_t cells)
{
    const std::vector<std::uint8_t> picture_bytes = bytes_of(pictures), label_bytes = bytes_of(labels);
    const auto first = analysis::lab::idx_examples(picture_bytes, label_bytes);
    if (!first) return fail(first.error().text());
    constexpr std::size_t fewest = 10;  // examples a client
    Measured measured;
    for (const std::uint64_t seed : test_seeds) {
        std::vector<std::optional<Recording>> recordings(cells);
        analysis::parallel_for(cells, analysis::hardware_threads(), [&](std::size_t cell_number) {
            Cell cell = make_cell(seed, cell_number);
            std::size_t& examples = cell.options.partition.examples_per_client;
            examples = std::clamp(label_bytes.size() * 4 / 5 / cell.options.clients, fewest, examples);
            cell.options.examples = *analysis::lab::idx_examples(picture_bytes, label_bytes);
            if (auto recording = record(cell)) recordings[cell_number] = std::move(*recording);
        });
        for (const auto& recording : recordings)
            if (recording) measured.add(*recording);
    }
    std::fputs(results(measured, "images of " + pictures.filename().string() + ", " +
                                     std::to_string(measured.cells.size()) + " federations, " + today())
                   .c_str(),
               stdout);
    return 0;
}

/// Limits that leave room for chance: the cut is small.
int fast()
{
    Measured measured;
    for (std::size_t cell_number = 0; cell_number < 40; ++cell_number)
        if (const auto recording = record(make_cell(fast_seed, cell_number))) measured.add(*recording);
    const Rates quiet = rates(measured, [](const Cell& cell) { return cell.attack.empty(); });
    const Rates attacked = rates(measured, [](const Cell& cell) { return !cell.attack.empty(); });
    const Rates overt = rates(measured, [](const Cell& cell) { return cell.overt; });
    std::printf(
        "%zu federations: AUROC %.3f (overt %.3f), found %.3f (overt %.3f), accused %.4f, nobody attacks %.4f, "
        "calibration error %.3f, family %.3f\n",
        measured.cells.size(), attacked.area, overt.area, attacked.found, overt.found, attacked.accused, quiet.accused,
        calibration_error(measured), family_share(measured));
    const bool good = measured.cells.size() >= 36 && attacked.area >= 0.97 && overt.area >= 0.98 &&
                      overt.found >= 0.85 && attacked.accused <= 0.02 && quiet.accused <= 0.01 &&
                      calibration_error(measured) <= 0.06 && family_share(measured) >= 0.8;
    return good ? 0 : fail("the verdicts are worse than they were");
}

int record_probes(const std::filesystem::path& folder, std::uint64_t seed, std::size_t from, std::size_t to)
{
    std::filesystem::create_directories(folder);
    for (std::size_t cell_number = from; cell_number < to; ++cell_number) {
        const Cell cell = make_cell(seed, cell_number);
        const auto file = folder / (std::to_string(seed) + "-" + std::to_string(cell_number) + ".probes");
        if ((!cell.hidden && !cell.attack.empty()) || std::filesystem::exists(file)) continue;
        const auto probed = probe_cell(cell);
        if (!probed) {
            std::fprintf(stderr, "cell %zu: %s\n", cell_number, probed.error().text().c_str());
            continue;
        }
        auto saved = save(probed->recording, recording_file(folder, seed, cell_number));
        if (saved) saved = save(probe_notes(*probed), file);
        if (!saved) return fail(saved.error().text());
    }
    return 0;
}

int train_probes(const std::filesystem::path& folder, const std::filesystem::path& out)
{
    return write_file(out, as_source(train_probe_judges(load_probe_lessons(folder, probe_training_seeds))));
}

int report_probes(std::size_t cells)
{
    ProbeReport report;
    for (const std::uint64_t seed : probe_test_seeds) {
        std::vector<std::optional<Probed>> probed(cells);
        analysis::parallel_for(cells, analysis::hardware_threads(), [&](std::size_t cell_number) {
            const Cell cell = make_cell(seed, cell_number);
            if (!cell.hidden && !cell.attack.empty()) return;
            if (auto one = probe_cell(cell)) probed[cell_number] = std::move(*one);
        });
        for (const auto& one : probed)
            if (one) report.add(*one);
    }
    std::printf(
        "# What a probe is worth\n\nWritten by `./dev evaluate probes`: seeds 32 and 36, attacks that are built to "
        "hide, "
        "and where nobody attacks, %s.\nNo federation of this table was seen in training, nor was Neurotoxin. The "
        "probe "
        "set is 100 clean inputs; the misclassified\ninput is one that a shipped model answered as the attacker wants "
        "it "
        "(where nobody attacks: a natural error of the last\nmodel). Everything is measured at the program's default "
        "thresholds. The hard set is pair flips at Dirichlet 0.1, clipped\nbackdoors, drips, Neurotoxin and edge "
        "cases, "
        "with 6 to 40 clients, up to 40 %% of them attackers; target with either:\nTPR ≥ 90 %% at FPR ≤ 2 %%.\n\n%s",
        today().c_str(), report.text().c_str());
    return 0;
}

int corpus(int argc, char** argv)
{
    for (int idx = 3; idx < argc; ++idx) {
        const auto recording = record_folder(argv[idx], argv[2]);
        if (!recording) return fail(recording.error().text());
        Measured measured;
        measured.add(*recording);
        const Rates all = rates(measured, [](const Cell&) { return true; });
        std::printf("%s: AUROC %.3f, found %.3f (suspect or graver %.3f), accused %.4f (%.4f), family %.3f\n",
                    argv[idx], all.area, all.found, all.suspected, all.accused, all.honest_suspected,
                    family_share(measured));
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv)
{
    const std::string verb = argc > 1 ? argv[1] : "";
    if (verb == "record" && argc == 7)
        return record_cells(argv[2], number(argv[3]), number(argv[4]), number(argv[5]), number(argv[6]));
    if (verb == "record-probes" && argc == 6)
        return record_probes(argv[2], number(argv[3]), number(argv[4]), number(argv[5]));
    if (verb == "train-probes" && argc == 4) return train_probes(argv[2], argv[3]);
    if (verb == "report-probes" && argc == 3) return report_probes(number(argv[2]));
    if (verb == "train" && argc == 5) return train_judges(argv[2], number(argv[3]), argv[4]);
    if (verb == "report" && argc == 5) return report(argv[2], number(argv[3]), argv[4]);
    if (verb == "images" && argc == 5) return images(argv[2], argv[3], number(argv[4]));
    if (verb == "corpus" && argc > 3) return corpus(argc, argv);
    if (verb == "fast" && argc == 2) return fast();
    return usage();
}
