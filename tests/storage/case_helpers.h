// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "storage/case/case_file.h"
#include "storage/custody/file_digest.h"
#include "storage/export/npz_writer.h"
#include "storage/ingest/ingest.h"
#include "storage/sqlite/database.h"

#include <QtTest>

#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <vector>

namespace fedsleuth::test {

namespace fs = std::filesystem;

/// Fails the test with the error's text where a result is none; else its value.
#define TAKE(declaration, ...)                                                                                 \
    auto FEDSLEUTH_CONCAT(taken_, __LINE__) = (__VA_ARGS__);                                                   \
    if (!FEDSLEUTH_CONCAT(taken_, __LINE__)) QFAIL(FEDSLEUTH_CONCAT(taken_, __LINE__).error().text().c_str()); \
    declaration = std::move(*FEDSLEUTH_CONCAT(taken_, __LINE__))
#define OK(...)                                                    \
    do {                                                           \
        const auto ended_well = (__VA_ARGS__);                     \
        if (!ended_well) QFAIL(ended_well.error().text().c_str()); \
    } while (false)

inline fs::path scratch(const std::string& name)
{
    const fs::path path = fs::path(FEDSLEUTH_SCRATCH) / name;
    fs::remove_all(path);
    fs::create_directories(path.parent_path());
    return path;
}

inline std::string contents_of(const fs::path& path)
{
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

inline void write_text(const fs::path& path, const std::string& text)
{
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
}

inline fs::path sample() { return fs::path(FEDSLEUTH_SOURCE) / "resources" / "sample"; }

/// Runs ingest to its end.
inline model::Result<storage::IngestSummary> take_in(const fs::path& folder, const fs::path& case_file,
                                                     bool link = false)
{
    model::Progress progress;
    storage::IngestOptions options;
    options.link = link;
    return storage::ingest(folder, case_file, options, progress);
}

/// Everything in a case as text, table by table; times and hashes of the custody chain left out.
inline std::string dump(const fs::path& case_file)
{
    auto database = storage::Database::open(case_file, storage::Database::Access::read_only);
    if (!database) return database.error().text();
    std::string text;
    auto tables = database->prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name");
    while (*tables->step()) {
        const std::string table = tables->text(0);
        std::string columns;
        auto info = database->prepare("SELECT name FROM pragma_table_info('" + table + "')");
        while (*info->step()) {
            const std::string column = info->text(0);
            if (table == "custody" && (column == "time" || column == "previous" || column == "hash")) continue;
            columns += (columns.empty() ? "quote(" : " || ' ' || quote(") + column + ")";
        }
        std::vector<std::string> rows;
        auto all = database->prepare("SELECT " + columns + " FROM " + table);
        while (*all->step()) rows.push_back(all->text(0));
        std::sort(rows.begin(), rows.end());
        text += "== " + table + '\n';
        for (const std::string& row : rows) text += row + '\n';
    }
    return text;
}

/// Writes an evidence folder by hand: a model of two layers, larger than one slab, and whatever log lines a test wants.
class FolderMaker {
public:
    explicit FolderMaker(fs::path root, std::string kind = "delta", std::string more = "")
        : root_(std::move(root)), random_(7)
    {
        fs::create_directories(root_ / "updates");
        fs::create_directories(root_ / "checkpoints");
        line("{\"type\": \"federation\", \"format\": \"fedsleuth/1\", \"name\": \"by hand\", \"update_kind\": \"" +
             kind + "\", \"aggregation\": {\"rule\": \"fedavg\", \"server_learning_rate\": 0.5, \"f\": 2}" + more +
             "}");
    }

    static constexpr std::int64_t rows = 300, columns = 230;
    static constexpr std::int64_t coordinates = rows * columns + columns;  // one slab and a bit

    void line(const std::string& text) { log_ += text + '\n'; }
    void flush() const { write_text(root_ / "federation.jsonl", log_); }
    [[nodiscard]] const fs::path& root() const { return root_; }
    [[nodiscard]] std::string& log() { return log_; }

    /// float32 values, so that nothing is rounded on the way.
    std::vector<double> numbers(std::int64_t count = coordinates)
    {
        std::normal_distribution<float> normal;
        std::vector<double> values(static_cast<std::size_t>(count));
        for (double& value : values) value = normal(random_);
        return values;
    }

    std::string write_snapshot(const std::string& path, const std::vector<double>& values,
                               storage::NumberType type = storage::NumberType::float32)
    {
        const std::span<const double> all(values);
        const std::vector<storage::NamedArray> arrays{
            {"fc.weight", {rows, columns}, all.first(static_cast<std::size_t>(rows * columns))},
            {"fc.bias", {columns}, all.subspan(static_cast<std::size_t>(rows * columns))}};
        const auto written = storage::write_npz(root_ / path, arrays, {type, true});
        if (!written) qFatal("%s", written.error().text().c_str());
        return storage::sha256_of_file(root_ / path).value_or("");
    }

    void client(const std::string& id)
    {
        line("{\"type\": \"client\", \"client\": \"" + id + "\", \"num_examples\": 10}");
    }
    /// An empty digest stands for the file's own, or for any where there is no file.
    void update_line(int round, const std::string& id, const std::string& path, std::string sha256,
                     const std::string& more = "")
    {
        if (sha256.empty()) sha256 = storage::sha256_of_file(root_ / path).value_or(std::string(64, 'f'));
        line("{\"type\": \"update\", \"round\": " + std::to_string(round) + ", \"client\": \"" + id +
             "\", \"num_examples\": 10, \"path\": \"" + path + "\", \"sha256\": \"" + sha256 + "\"" + more + "}");
    }
    std::vector<double> update(int round, const std::string& id, const std::string& more = "")
    {
        return update(round, id, numbers(), more);
    }
    std::vector<double> update(int round, const std::string& id, std::vector<double> values,
                               const std::string& more = "")
    {
        const std::string path = "updates/r" + std::to_string(round) + "-" + id + ".npz";
        update_line(round, id, path, write_snapshot(path, values), more);
        return values;
    }
    void checkpoint_line(int round, const std::string& path, const std::string& sha256)
    {
        line("{\"type\": \"checkpoint\", \"round\": " + std::to_string(round) + ", \"path\": \"" + path +
             "\", \"sha256\": \"" + sha256 + "\"}");
    }
    std::vector<double> checkpoint(int round)
    {
        const std::string path = "checkpoints/r" + std::to_string(round) + ".npz";
        std::vector<double> values = numbers();
        checkpoint_line(round, path, write_snapshot(path, values));
        return values;
    }
    void round_line(int round, const std::vector<std::string>& selected)
    {
        std::string names;
        for (const std::string& name : selected) names += (names.empty() ? "\"" : ", \"") + name + "\"";
        line("{\"type\": \"round\", \"round\": " + std::to_string(round) + ", \"selected\": [" + names +
             "], \"metrics\": {\"accuracy\": 0.5, \"loss\": NaN}}");
    }
    /// A whole federation of `clients` clients from round `first` to `last`.
    void rounds(int first, int last, int clients)
    {
        if (first == 1) {
            for (int idx = 0; idx < clients; ++idx) client('c' + std::to_string(idx));
            checkpoint(0);
        }
        for (int round = first; round <= last; ++round) {
            std::vector<std::string> names;
            for (int idx = 0; idx < clients; ++idx) {
                names.push_back('c' + std::to_string(idx));
                update(round, names.back());
            }
            round_line(round, names);
            checkpoint(round);
        }
    }

private:
    fs::path root_;
    std::string log_;
    std::mt19937 random_;
};

inline std::vector<float> read_row(storage::CaseFile& file, const model::VectorRef& row, std::int64_t first,
                                   std::int64_t count)
{
    std::vector<float> values(static_cast<std::size_t>(count));
    const auto done = file.read(std::span(&row, 1), first, count, values.data());
    if (!done) {
        qWarning("%s", done.error().text().c_str());
        return {};
    }
    return values;
}

inline std::vector<float> floats(const std::vector<double>& values) { return {values.begin(), values.end()}; }

inline model::VectorRef update_ref(int round, const std::string& client)
{
    return {model::VectorRef::Kind::update, model::RoundNo{round}, model::ClientId{client}};
}

inline const model::Finding* finding(const std::vector<model::Finding>& findings, const std::string& kind,
                                     const std::string& client = "")
{
    for (const model::Finding& candidate : findings)
        if (candidate.kind == kind && (client.empty() || (candidate.client && candidate.client->text() == client)))
            return &candidate;
    return nullptr;
}

}  // namespace fedsleuth::test
