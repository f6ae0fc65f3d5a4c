// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/case/vector_reader.h"

#include "storage/case/case_inside.h"
#include "storage/case/rows.h"
#include "storage/custody/file_digest.h"
#include "storage/evidence/evidence_folder.h"

#include <algorithm>

namespace fedsleuth::storage {

using model::ErrorCode;
using model::Result;
using model::RoundNo;
using model::VectorRef;

namespace {

constexpr std::size_t open_files_limit = 256;
constexpr std::size_t base_blocks_limit = 32;

std::string name_of(const VectorRef& row)
{
    const std::string round = std::to_string(row.round.value());
    switch (row.kind) {
        case VectorRef::Kind::update:
            return "the update of client " + row.client.text() + " in round " + round;
        case VectorRef::Kind::reference:
            return "the reference update of round " + round;
        case VectorRef::Kind::checkpoint:
            return "the checkpoint of round " + round;
        case VectorRef::Kind::global_step:
            return "the global step of round " + round;
    }
    return {};
}

}  // namespace

Result<std::int64_t> VectorReader::coordinates()
{
    FEDSLEUTH_CHECK(refresh());
    return coordinates_;
}

struct VectorReader::CloseBlob {
    std::optional<Blob>& blob;
    ~CloseBlob() { blob.reset(); }
};

Result<void> VectorReader::check_range(std::int64_t first, std::int64_t count) const
{
    if (first >= 0 && count >= 0 && count <= coordinates_ && first <= coordinates_ - count) return {};
    return model::fail(ErrorCode::invalid_argument, std::to_string(count) + " coordinates from " +
                                                        std::to_string(first) + " on, of a model with " +
                                                        std::to_string(coordinates_));
}

Result<void> VectorReader::read(std::span<const VectorRef> rows, std::int64_t first, std::int64_t count, float* out)
{
    FEDSLEUTH_CHECK(refresh());
    FEDSLEUTH_CHECK(check_range(first, count));
    const CloseBlob close_at_the_end{blob_};
    for (const VectorRef& row : rows) {
        FEDSLEUTH_TRY(const Source source, find(row));
        if (row.kind == VectorRef::Kind::checkpoint || row.kind == VectorRef::Kind::global_step) {
            FEDSLEUTH_TRY(const float* numbers, base_block(source.payload, first, count));
            std::copy_n(numbers, count, out);
        } else {
            FEDSLEUTH_CHECK(read_numbers(source.payload, first, count, out));
        }
        if (source.base) {
            FEDSLEUTH_TRY(const float* base, base_block(*source.base, first, count));
            for (std::int64_t coord_idx = 0; coord_idx < count; ++coord_idx) out[coord_idx] -= base[coord_idx];
        }
        if (source.factor != 1.0)
            for (std::int64_t coord_idx = 0; coord_idx < count; ++coord_idx)
                out[coord_idx] = static_cast<float>(source.factor * static_cast<double>(out[coord_idx]));
        out += count;
    }
    return {};
}

Result<void> VectorReader::read_payload(std::int64_t id, std::int64_t first, std::int64_t count, float* out)
{
    FEDSLEUTH_CHECK(refresh());
    FEDSLEUTH_CHECK(check_range(first, count));
    const CloseBlob close_at_the_end{blob_};
    return read_numbers(id, first, count, out);
}

Result<void> VectorReader::read_numbers(std::int64_t id, std::int64_t first, std::int64_t count, float* out)
{
    FEDSLEUTH_TRY(const Payload* found, payload(id));
    return found->linked ? read_linked(*found, first, count, out) : read_slabs(*found, first, count, out);
}

/// Forgets everything where another connection, or this one, has written since the last look.
Result<void> VectorReader::refresh()
{
    if (!version_statement_) {
        FEDSLEUTH_TRY(version_statement_, database_.prepare("PRAGMA data_version"));
    }
    FEDSLEUTH_TRY(const bool found, version_statement_->step());
    const std::int64_t version = found ? version_statement_->integer(0) : 0;
    version_statement_->reset();
    const std::int64_t changes = database_.total_changes();
    if (version == seen_version_ && changes == seen_changes_) return {};

    sources_.clear();
    payloads_.clear();
    open_files_.clear();
    base_blocks_.clear();
    FEDSLEUTH_TRY(layers_, read_layers(database_));
    coordinates_ = model::coordinate_count(layers_);
    FEDSLEUTH_TRY(Statement statement, database_.prepare("SELECT update_kind, server_learning_rate FROM federation"));
    FEDSLEUTH_TRY(const bool more, statement.step());
    if (more) {
        Row row(statement);
        kind_ = row.named(0, update_kind_names);
        server_learning_rate_ = row.real(1);
        FEDSLEUTH_CHECK(row.check(database_, "federation"));
    }
    seen_version_ = version;
    seen_changes_ = changes;
    return {};
}

Result<VectorReader::Source> VectorReader::find(const VectorRef& row)
{
    Key key{static_cast<int>(row.kind), row.round.value(),
            row.kind == VectorRef::Kind::update ? row.client.text() : std::string()};
    if (const auto known = sources_.find(key); known != sources_.end()) return known->second;

    Source source;
    switch (row.kind) {
        case VectorRef::Kind::update:
        case VectorRef::Kind::reference: {
            FEDSLEUTH_TRY(source, find_update(row));
            break;
        }
        case VectorRef::Kind::checkpoint: {
            FEDSLEUTH_TRY(source.payload, find_checkpoint(row.round));
            break;
        }
        case VectorRef::Kind::global_step: {
            if (row.round.value() < 1)
                return model::fail(ErrorCode::not_found, "there is no step before round 1", database_.file());
            FEDSLEUTH_TRY(source.payload, find_checkpoint(row.round));
            FEDSLEUTH_TRY(source.base, find_checkpoint(row.round.before()));
            break;
        }
    }
    sources_.emplace(std::move(key), source);
    return source;
}

Result<VectorReader::Source> VectorReader::find_update(const VectorRef& row)
{
    const bool reference = row.kind == VectorRef::Kind::reference;
    FEDSLEUTH_TRY(Statement statement,
                  database_.prepare(reference ? "SELECT u.base_round, s.state, s.payload FROM update_line u"
                                                " LEFT JOIN snapshot s ON s.sha256 = u.sha256"
                                                " WHERE u.round = ?1 AND u.reference = 1"
                                                " ORDER BY u.line DESC LIMIT 1"
                                              : "SELECT u.base_round, s.state, s.payload FROM update_line u"
                                                " LEFT JOIN snapshot s ON s.sha256 = u.sha256"
                                                " WHERE u.round = ?1 AND u.client = ?2 AND u.reference = 0"
                                                " ORDER BY u.line DESC LIMIT 1"));
    if (reference)
        statement.start(row.round);
    else
        statement.start(row.round, row.client);
    FEDSLEUTH_TRY(const bool found, statement.step());
    if (!found || statement.text(1) != "usable" || statement.is_null(2))
        return model::fail(ErrorCode::not_found, "the case has no usable numbers for " + name_of(row),
                           database_.file());
    Row columns(statement);
    Source source;
    const RoundNo base = columns.optional_round(0).value_or(row.round.before());
    source.payload = columns.count(2);
    FEDSLEUTH_CHECK(columns.check(database_, "update_line"));
    if (kind_ == model::UpdateKind::gradient) source.factor = -server_learning_rate_;
    if (kind_ == model::UpdateKind::weights) {
        if (base >= row.round)
            return model::fail(ErrorCode::not_found, name_of(row) + " claims to start from a later checkpoint",
                               database_.file());
        FEDSLEUTH_TRY(source.base, find_checkpoint(base));
    }
    return source;
}

Result<std::int64_t> VectorReader::find_checkpoint(RoundNo round)
{
    FEDSLEUTH_TRY(Statement statement,
                  database_.prepare("SELECT s.state, s.payload FROM checkpoint_line c LEFT JOIN snapshot s ON"
                                    " s.sha256 = c.sha256 WHERE c.round = ?1 ORDER BY c.line DESC LIMIT 1"));
    statement.start(round);
    FEDSLEUTH_TRY(const bool found, statement.step());
    if (!found || statement.text(0) != "usable" || statement.is_null(1))
        return model::fail(ErrorCode::not_found,
                           "the case has no usable checkpoint of round " + std::to_string(round.value()),
                           database_.file());
    return statement.integer(1);
}

Result<const VectorReader::Payload*> VectorReader::payload(std::int64_t id)
{
    if (const auto known = payloads_.find(id); known != payloads_.end()) return &known->second;
    FEDSLEUTH_TRY(Statement statement,
                  database_.prepare("SELECT path, coordinates, file_sha256, file_bytes FROM payload WHERE id = ?1"));
    statement.start(id);
    FEDSLEUTH_TRY(const bool found, statement.step());
    if (!found || id < 1 || id > highest_payload || statement.integer(1) != coordinates_)
        return model::fail(ErrorCode::malformed,
                           "is damaged: payload " + std::to_string(id) + " does not fit the model", database_.file());
    Payload result{id, !statement.is_null(0), statement.text(0), statement.text(2), statement.integer(3)};
    return &payloads_.emplace(id, std::move(result)).first->second;
}

Result<void> VectorReader::read_slabs(const Payload& payload, std::int64_t first, std::int64_t count, float* out)
{
    while (count > 0) {
        const std::int64_t slab_idx = first / model::slab_coordinates;
        const std::int64_t slab_first = slab_idx * model::slab_coordinates;
        const std::int64_t in_slab = std::min(model::slab_coordinates, coordinates_ - slab_first);
        const std::int64_t here = std::min(count, slab_first + in_slab - first);
        const std::int64_t id = slab_id(payload.id, slab_idx);
        if (blob_) {
            FEDSLEUTH_CHECK(blob_->move_to(id));
        } else {
            FEDSLEUTH_TRY(blob_, database_.open_blob("slab", "data", id));
        }
        if (blob_->size() != in_slab * static_cast<std::int64_t>(sizeof(float)))
            return model::fail(ErrorCode::malformed,
                               "is damaged: a slab of payload " + std::to_string(payload.id) + " has the wrong size",
                               database_.file());
        const std::span<float> into(out, static_cast<std::size_t>(here));
        FEDSLEUTH_CHECK(
            blob_->read((first - slab_first) * static_cast<std::int64_t>(sizeof(float)), std::as_writable_bytes(into)));
        first += here;
        count -= here;
        out += here;
    }
    return {};
}

Result<void> VectorReader::read_linked(const Payload& payload, std::int64_t first, std::int64_t count, float* out)
{
    FEDSLEUTH_TRY(OpenFile * file, open_linked(payload));
    file->last_use = ++uses_;
    return read_coordinates(*file->snapshot, file->map, first, count, out);
}

Result<VectorReader::OpenFile*> VectorReader::open_linked(const Payload& payload)
{
    if (const auto known = open_files_.find(payload.id); known != open_files_.end()) return &known->second;
    if (open_files_.size() >= open_files_limit)
        open_files_.erase(std::min_element(open_files_.begin(), open_files_.end(), [](const auto& a, const auto& b) {
            return a.second.last_use < b.second.last_use;
        }));

    FEDSLEUTH_TRY(Statement statement, database_.prepare("SELECT folder FROM ingest_state"));
    FEDSLEUTH_TRY(const bool found, statement.step());
    const std::string root = found ? statement.text(0) : std::string();
    statement.reset();
    FEDSLEUTH_TRY(const EvidenceFolder folder, EvidenceFolder::open(root));
    FEDSLEUTH_TRY(const std::filesystem::path path, folder.resolve(payload.path));

    const auto changed = [&] {
        return model::fail(ErrorCode::conflict, "has changed since it was taken into the case", path.string(),
                           "the case is linked to this file and holds no copy of its numbers");
    };
    FEDSLEUTH_TRY(const FileStamp stamp, file_stamp(path));
    const std::tuple now{stamp.bytes, stamp.changed_ns};
    if (const auto known = verified_.find(payload.id); known == verified_.end() || known->second != now) {
        if (stamp.bytes != payload.file_bytes) return changed();
        FEDSLEUTH_TRY(const std::string sha256, sha256_of_file(path));
        if (sha256 != payload.file_sha256) return changed();
        verified_[payload.id] = now;
    }
    OpenFile file;
    FEDSLEUTH_TRY(file.snapshot, open_snapshot(path));
    FEDSLEUTH_TRY(file.map, match_tensors(layers_, *file.snapshot));
    return &open_files_.emplace(payload.id, std::move(file)).first->second;
}

/// Checkpoints are asked for by many rows of a block: each is read once.
Result<const float*> VectorReader::base_block(std::int64_t payload, std::int64_t first, std::int64_t count)
{
    if (first != block_first_ || count != block_count_ || base_blocks_.size() > base_blocks_limit) {
        base_blocks_.clear();
        block_first_ = first;
        block_count_ = count;
    }
    auto known = base_blocks_.find(payload);
    if (known == base_blocks_.end()) {
        std::vector<float> numbers(static_cast<std::size_t>(count));
        FEDSLEUTH_CHECK(read_numbers(payload, first, count, numbers.data()));
        known = base_blocks_.emplace(payload, std::move(numbers)).first;
    }
    return known->second.data();
}

}  // namespace fedsleuth::storage
