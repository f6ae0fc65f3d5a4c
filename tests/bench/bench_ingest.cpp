// SPDX-License-Identifier: GPL-3.0-or-later
// Taking a folder into a case, against the least that anyone could do with it: copy it and hash it.
#include "bench/bench.h"

#include "storage/custody/file_digest.h"
#include "storage/export/npz_writer.h"
#include "storage/ingest/ingest.h"

#include <unistd.h>
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

namespace fs = std::filesystem;
using namespace fedsleuth;

namespace {

constexpr int clients = 20;
constexpr int rounds = 5;
constexpr std::int64_t coordinates = 1'000'000;

void require(bool holds, const std::string& what)
{
    if (holds) return;
    std::fprintf(stderr, "%s\n", what.c_str());
    std::exit(1);
}

std::string write_update(const fs::path& path, bool npz, std::mt19937& random, std::vector<double>& values)
{
    // Other numbers in every file, without the time that a million random ones take.
    for (double& value : values) value += 1e-3;
    std::rotate(values.begin(), values.begin() + random() % 1000, values.end());
    const storage::WriteOptions options{storage::NumberType::float32, true};
    const std::vector<storage::NamedArray> arrays{{"a", {1000, 900}, std::span<const double>(values).first(900'000)},
                                                  {"b", {100'000}, std::span<const double>(values).subspan(900'000)}};
    const auto written =
        npz ? storage::write_npz(path, arrays, options) : storage::write_npy(path, {coordinates}, values, options);
    require(written.has_value(), path.string());
    return storage::sha256_of_file(path).value_or("");
}

void make_folder(const fs::path& folder, bool npz)
{
    fs::create_directories(folder / "updates");
    std::mt19937 random(1);
    std::vector<double> values(coordinates);
    for (double& value : values) value = std::normal_distribution<double>()(random);
    std::ofstream log(folder / "federation.jsonl");
    log << R"({"type": "federation", "format": "fedsleuth/1", "name": "bench", "update_kind": "delta", "aggregation": )"
           R"({"rule": "fedavg"}, "layers": [{"name": "a", "shape": [1000, 900]}, {"name": "b", "shape": [100000]}]})"
        << '\n';
    for (int round = 1; round <= rounds; ++round)
        for (int client = 0; client < clients; ++client) {
            const std::string name = "updates/r" + std::to_string(round) + "-" + std::to_string(client);
            const std::string sha256 = write_update(folder / name, npz, random, values);
            log << R"({"type": "update", "round": )" << round << R"(, "client": "c)" << client
                << R"(", "num_examples": 1, "received_at": "2026-01-01T00:00:00Z", "path": ")" << name
                << R"(", "sha256": ")" << sha256 << "\"}\n";
        }
}

void run(const std::string& name, const fs::path& scratch, bool npz, bool link)
{
    const fs::path folder = scratch / "folder", copy = scratch / "copy", case_file = scratch / "bench.fedcase";
    fs::remove_all(scratch);
    make_folder(folder, npz);
    ::sync();
    const std::string quoted = '\'' + copy.string() + '\'';
    fedsleuth::bench::compare(
        name, link ? "sha256sum" : "cp -r + sha256sum", 3,
        [&] {
            fs::remove(case_file);
            model::Progress progress;
            storage::IngestOptions options;
            options.link = link;
            const auto done = storage::ingest(folder, case_file, options, progress);
            require(done.has_value(), done ? "" : done.error().text());
            require(done->updates == clients * rounds && done->findings == 0, "not all was taken in");
        },
        [&] {
            fs::remove_all(copy);
            const std::string hash = "find '" + folder.string() + "' -type f -exec sha256sum {} + > /dev/null";
            // The case is on the disk when ingest returns; the copy is still on its way there.
            const std::string whole = "cp -r '" + folder.string() + "' " + quoted + " && " + hash;
            require(std::system((link ? hash : whole).c_str()) == 0, "the shell failed");
        });
    fs::remove_all(scratch);
}

}  // namespace

int main()
{
    const fs::path scratch = fs::path(FEDSLEUTH_SCRATCH) / "bench_ingest";
    run("ingest 20 clients x 5 rounds x 1M float32, npz", scratch, true, false);
    run("ingest 20 clients x 5 rounds x 1M float32, npy", scratch, false, false);
    run("ingest --link 20 clients x 5 rounds x 1M float32, npy", scratch, false, true);
    return 0;
}
