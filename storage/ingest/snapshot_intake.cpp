// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/ingest/snapshot_intake.h"

#include "storage/case/rows.h"
#include "storage/case/vector_reader.h"
#include "storage/custody/digest.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace fedsleuth::storage {

using model::ErrorCode;
using model::Result;

namespace {

constexpr std::int64_t kept_integers = 1 << 20;  ///< elements of one integer tensor; a counter has one
constexpr std::int64_t kept_integers_of_a_file = 1 << 22;

std::int64_t count_non_finite(std::span<const float> values)
{
    constexpr std::uint32_t exponent = 0x7f800000;
    std::int64_t count = 0;
    for (const float value : values) count += (std::bit_cast<std::uint32_t>(value) & exponent) == exponent;
    return count;
}

std::string sentence(const model::Error& error)
{
    return error.hint.empty() ? error.message : error.message + " (" + error.hint + ')';
}

std::string problem_of(const model::Error& error)
{
    switch (error.code) {
        case ErrorCode::refused:
            return error.message.find("pickle asks for") != std::string::npos ? "foreign-global" : "refused";
        case ErrorCode::limit:
            return "limit";
        case ErrorCode::io:
            return "unreadable";
        default:
            return "malformed";
    }
}

}  // namespace

SnapshotIntake::SnapshotIntake(Database& database, const EvidenceFolder& folder, std::vector<model::Layer> layers,
                               const IngestOptions& options, model::Progress& progress)
    : database_(database),
      folder_(folder),
      layers_(std::move(layers)),
      coordinates_(model::coordinate_count(layers_)),
      options_(options),
      progress_(progress),
      slab_(static_cast<std::size_t>(std::min(model::slab_coordinates, coordinates_)))
{
}

IngestCounts SnapshotIntake::counts() { return std::exchange(counts_, {}); }

Result<FileFacts> SnapshotIntake::take(const std::string& path)
{
    const auto file = folder_.resolve(path);
    if (!file) {
        if (file.error().code == ErrorCode::not_found) return FileFacts{{}, "absent", "there is no such file"};
        if (file.error().code == ErrorCode::io) return FileFacts{{}, "unreadable", sentence(file.error())};
        return FileFacts{{}, "unsafe-path", sentence(file.error())};
    }
    const auto before = file_stamp(*file);
    if (!before) return FileFacts{{}, "unreadable", sentence(before.error())};
    const std::int64_t bytes = before->bytes;
    // Half of a file's progress is for hashing it, half for its numbers.
    const std::int64_t done_before = progress_.state().done;
    const auto sha256 = sha256_of_file(*file, [&](std::int64_t piece) {
        progress_.advance(piece / 2);
        return !progress_.stopped();
    });
    if (!sha256) {
        if (sha256.error().code == ErrorCode::cancelled) return model::pass_on(sha256.error());
        return FileFacts{{}, "unreadable", sentence(sha256.error())};
    }
    FEDSLEUTH_TRY(const bool already, known(*sha256));
    if (!already) {
        FEDSLEUTH_TRY(Savepoint savepoint, Savepoint::begin(database_));
        FEDSLEUTH_TRY(const Facts facts, read(*file, {path, *sha256, bytes}));
        // Only if nobody touched it in between are these the numbers of these bytes.
        const auto after = file_stamp(*file);
        if (!after || *after != *before) return FileFacts{{}, "changing", "it was changed while it was read"};
        FEDSLEUTH_CHECK(write(*sha256, bytes, facts));
        FEDSLEUTH_CHECK(savepoint.keep());
    }
    progress_.advance(done_before + bytes - progress_.state().done);
    ++counts_.files;
    counts_.bytes += bytes;
    return FileFacts{*sha256, {}, {}};
}

Result<bool> SnapshotIntake::known(const std::string& sha256)
{
    FEDSLEUTH_TRY(Statement statement, database_.prepare("SELECT 1 FROM snapshot WHERE sha256 = ?1"));
    statement.start(sha256);
    return statement.step();
}

Result<SnapshotIntake::Facts> SnapshotIntake::read(const std::filesystem::path& file, const Origin& origin)
{
    Facts facts;
    auto snapshot = open_snapshot(file, options_.limits);
    if (!snapshot) {
        facts.state = name_in(snapshot_state_names, model::SnapshotState::refused);
        facts.problem = problem_of(snapshot.error());
        facts.text = sentence(snapshot.error());
        return facts;
    }
    facts.format = (*snapshot)->format();
    for (const std::string& note : (*snapshot)->notes()) facts.notes += note + '\n';
    const auto map = match_tensors(layers_, **snapshot);
    if (!map) {
        facts.state = name_in(snapshot_state_names, model::SnapshotState::misfit);
        facts.problem = "shape";
        facts.text = map.error().message;
        return facts;
    }
    FEDSLEUTH_CHECK(read_numbers(**snapshot, *map, origin, facts));
    if (facts.payload) collect_integers(**snapshot, *map, facts);
    return facts;
}

Result<void> SnapshotIntake::read_numbers(SnapshotFile& snapshot, const TensorMap& map, const Origin& origin,
                                          Facts& facts)
{
    // Whether the numbers are in the case already is known when all of them have been read: then the slabs are taken
    // back.
    FEDSLEUTH_TRY(Savepoint savepoint, Savepoint::begin(database_));
    FEDSLEUTH_TRY(const std::int64_t payload, database_.integer("SELECT coalesce(max(id), 0) + 1 FROM payload"));
    if (payload < 1 || payload > highest_payload)
        return model::fail(ErrorCode::malformed, "is damaged: its payloads are numbered beyond all reason",
                           database_.file());
    FEDSLEUTH_TRY(Statement insert, database_.prepare("INSERT INTO slab (id, data) VALUES (?1, ?2)"));
    Sha256 digest;
    for (std::int64_t first = 0; first < coordinates_; first += model::slab_coordinates) {
        if (progress_.stopped()) return model::fail(ErrorCode::cancelled, "stopped", folder_.root().string());
        const std::int64_t count = std::min(model::slab_coordinates, coordinates_ - first);
        if (const auto numbers = read_coordinates(snapshot, map, first, count, slab_.data()); !numbers) {
            facts.state = name_in(snapshot_state_names, model::SnapshotState::refused);
            facts.problem = problem_of(numbers.error());
            facts.text = sentence(numbers.error());
            facts.non_finite = 0;
            return {};
        }
        const std::span<const float> values(slab_.data(), static_cast<std::size_t>(count));
        facts.non_finite += count_non_finite(values);
        digest.add(std::as_bytes(values));
        if (!options_.link)
            FEDSLEUTH_CHECK(insert.run(slab_id(payload, first / model::slab_coordinates), std::as_bytes(values)));
        progress_.advance(static_cast<std::int64_t>(static_cast<double>(origin.bytes) / 2 * static_cast<double>(count) /
                                                    static_cast<double>(coordinates_)));
    }
    if (facts.non_finite > 0) {
        facts.state = name_in(snapshot_state_names, model::SnapshotState::non_finite);
        facts.problem = "non-finite";
        facts.text = "holds " + std::to_string(facts.non_finite) + " values that are NaN or infinite";
    }

    const std::string sha256 = digest.hex();
    FEDSLEUTH_TRY(Statement same, database_.prepare("SELECT id FROM payload WHERE sha256 = ?1"));
    same.start(sha256);
    FEDSLEUTH_TRY(const bool known_already, same.step());
    if (known_already) {
        facts.payload = same.integer(0);
        return {};
    }
    facts.payload = payload;
    FEDSLEUTH_TRY(Statement row, database_.prepare("INSERT INTO payload (id, sha256, coordinates, path, file_sha256,"
                                                   " file_bytes) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"));
    std::optional<std::string> linked_path;
    if (options_.link) linked_path = origin.path;
    FEDSLEUTH_CHECK(row.run(payload, sha256, coordinates_, linked_path, origin.sha256, origin.bytes));
    return savepoint.keep();
}

void SnapshotIntake::collect_integers(SnapshotFile& snapshot, const TensorMap& map, Facts& facts)
{
    std::int64_t room = kept_integers_of_a_file;
    for (const std::size_t tensor_idx : map.integer_tensors) {
        const model::TensorInfo& tensor = snapshot.tensors()[tensor_idx];
        if (tensor.count > std::min(kept_integers, room)) {
            facts.notes += "integer tensor \"" + tensor.name + "\" of " + std::to_string(tensor.count) +
                           " elements is not copied: it is larger than a counter\n";
            continue;
        }
        room -= tensor.count;
        auto values = snapshot.integers(tensor_idx);
        if (!values) {
            facts.notes += "integer tensor \"" + tensor.name + "\" can't be read: " + sentence(values.error()) + '\n';
            continue;
        }
        facts.integers.push_back({tensor, std::move(*values)});
    }
}

Result<void> SnapshotIntake::write(const std::string& sha256, std::int64_t bytes, const Facts& facts)
{
    FEDSLEUTH_TRY(Statement row, database_.prepare("INSERT INTO snapshot (sha256, bytes, format, state, problem,"
                                                   " state_text, non_finite, payload, notes)"
                                                   " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"));
    FEDSLEUTH_CHECK(row.run(sha256, bytes, facts.format, facts.state, facts.problem, facts.text, facts.non_finite,
                            facts.payload, facts.notes));
    FEDSLEUTH_TRY(Statement tensor_row, database_.prepare("INSERT INTO integer_tensor (sha256, position, name, type,"
                                                          " shape, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"));
    std::int64_t position = 0;
    for (const IntegerTensor& tensor : facts.integers)
        FEDSLEUTH_CHECK(tensor_row.run(sha256, position++, tensor.info.name, model::name_of(tensor.info.type),
                                       shape_column(tensor.info.shape),
                                       std::as_bytes(std::span<const std::int64_t>(tensor.values))));
    return {};
}

}  // namespace fedsleuth::storage
