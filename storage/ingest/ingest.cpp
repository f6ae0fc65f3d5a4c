// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/ingest/ingest.h"

#include "storage/case/case_file.h"
#include "storage/case/case_inside.h"
#include "storage/custody/contents.h"
#include "storage/evidence/evidence_folder.h"
#include "storage/evidence/round_log.h"
#include "storage/ingest/byte_signatures.h"
#include "storage/ingest/conclusions.h"
#include "storage/ingest/ingest_state.h"
#include "storage/ingest/layout.h"
#include "storage/ingest/log_lines.h"
#include "storage/ingest/log_prefix.h"
#include "storage/ingest/other_files.h"
#include "storage/ingest/snapshot_intake.h"

#include "model/json_writer.h"

#include <map>
#include <memory>
#include <optional>

namespace fedsleuth::storage {

using model::ErrorCode;
using model::Progress;
using model::Result;
using model::RoundNo;

namespace fs = std::filesystem;

namespace {

/// The lines of one round whose files are still to be read.
struct RoundWork {
    std::vector<const Logged<model::Checkpoint>*> checkpoints;
    std::vector<const Logged<model::Update>*> updates;
};

/// One run of ingest, from the look whether there is anything to do to the custody entry.
class IngestRun {
public:
    IngestRun(const EvidenceFolder& folder, const IngestOptions& options, Progress& progress)
        : folder_(folder), options_(options), progress_(progress)
    {
    }

    Result<IngestSummary> run(const fs::path& case_file);

private:
    Result<void> check_prefix();
    Result<bool> is_up_to_date();
    Result<void> begin();
    Result<void> lay_out();
    Result<void> plan();
    Result<void> take_round(RoundNo round, const RoundWork& work, SnapshotIntake& intake);
    Result<void> finish();
    Result<Transaction> begin_transaction();
    Result<void> write_state();
    Result<IngestSummary> summary(bool changed);
    Database& database() { return case_->inside().database; }

    const EvidenceFolder& folder_;
    const IngestOptions& options_;
    Progress& progress_;
    std::unique_ptr<CaseFile> case_;
    std::optional<IngestState> before_;  ///< as it stands in the case
    IngestState state_;
    std::set<std::string> listing_;
    RoundLog log_;
    std::map<RoundNo, RoundWork> work_;
    std::int64_t files_done_ = 0;
    std::int64_t files_total_ = 0;
    IngestCounts taken_;  ///< by this run
};

Result<void> check_federation(const RoundLog& log, const fs::path& path)
{
    if (!log.federation)
        return model::fail(ErrorCode::malformed, "has no federation line", path.string(),
                           "the first line of a round log is {\"type\": \"federation\", …}");
    if (log.federation->noun.format != "fedsleuth/1")
        return model::fail(ErrorCode::unsupported,
                           "is of the format \"" + log.federation->noun.format + "\", this program reads fedsleuth/1",
                           path.string());
    return {};
}

Result<void> check_outside(const EvidenceFolder& folder, const fs::path& case_file)
{
    std::error_code ignored;
    const fs::path place = fs::weakly_canonical(fs::absolute(case_file, ignored), ignored);
    const fs::path inside = place.lexically_relative(folder.root());
    if (inside.empty() || *inside.begin() == "..") return {};
    return model::fail(ErrorCode::invalid_argument, "lies in the evidence folder, which is never written to",
                       case_file.string(), "choose another place for the case");
}

Result<IngestSummary> IngestRun::run(const fs::path& case_file)
{
    std::error_code ignored;
    const bool exists = fs::exists(case_file, ignored);
    FEDSLEUTH_TRY(listing_, list_snapshot_files(folder_, options_.limits));
    if (exists) {
        FEDSLEUTH_TRY(case_, CaseFile::open(case_file));
        FEDSLEUTH_TRY(before_, read_ingest_state(database()));
        if (before_) {
            FEDSLEUTH_CHECK(check_prefix());
            FEDSLEUTH_TRY(const bool nothing_to_do, is_up_to_date());
            if (nothing_to_do) return summary(false);
        }
    }
    FEDSLEUTH_TRY(log_, read_round_log(folder_.log_path(), options_.limits, progress_));
    FEDSLEUTH_CHECK(check_federation(log_, folder_.log_path()));
    drop_impossible_rounds(log_);
    if (!exists) {
        FEDSLEUTH_TRY(case_, CaseFile::create(case_file));
    }
    FEDSLEUTH_CHECK(begin());
    FEDSLEUTH_CHECK(plan());
    FEDSLEUTH_TRY(const std::vector<model::Layer> layers, read_layers(database()));
    SnapshotIntake intake(database(), folder_, layers, options_, progress_);
    for (const auto& [round, work] : work_) FEDSLEUTH_CHECK(take_round(round, work, intake));
    FEDSLEUTH_CHECK(finish());
    return summary(true);
}

/// What was taken in before must still be there as it was.
Result<void> IngestRun::check_prefix()
{
    const fs::path log = folder_.log_path();
    FEDSLEUTH_TRY(const std::int64_t bytes, whole_line_bytes(log));
    if (bytes >= before_->log_bytes) {
        FEDSLEUTH_TRY(const std::string sha256, sha256_of_prefix(log, before_->log_bytes));
        if (sha256 == before_->log_sha256) return {};
    }
    FEDSLEUTH_TRY(const auto digests, line_digests(log, bytes));
    FEDSLEUTH_TRY(const std::int64_t line, first_changed_line(database(), digests));
    const bool gone = line > static_cast<std::int64_t>(digests.size());
    return model::fail(ErrorCode::conflict,
                       line == 1
                           ? "is not the log that this case was made from: its first line is another"
                           : "line " + std::to_string(line) + " was taken into the case before, and since then it " +
                                 (gone ? "was removed" : "was changed"),
                       log.string(), "a log only ever grows: keep this case, and ingest the folder into a new one");
}

Result<bool> IngestRun::is_up_to_date()
{
    if (!before_->finished || before_->folder != folder_.root().string()) return false;
    if (before_->listing_sha256 != digest_of_listing(listing_)) return false;
    FEDSLEUTH_TRY(const std::int64_t bytes, whole_line_bytes(folder_.log_path()));
    if (bytes != before_->log_bytes) return false;
    FEDSLEUTH_TRY(const bool certificates, certificates_to_retry(database(), folder_));
    if (certificates) return false;
    FEDSLEUTH_TRY(Statement missing, database().prepare("SELECT path FROM update_line WHERE problem <> '' UNION"
                                                        " SELECT path FROM checkpoint_line WHERE problem <> ''"));
    while (true) {
        FEDSLEUTH_TRY(const bool more, missing.step());
        if (!more) return true;
        if (is_readable_now(folder_, missing.text(0))) return false;
    }
}

/// Begins a transaction in which nobody else has taken evidence into the case since this run looked last.
Result<Transaction> IngestRun::begin_transaction()
{
    FEDSLEUTH_TRY(Transaction transaction, Transaction::begin(database()));
    FEDSLEUTH_TRY(const std::optional<IngestState> now, read_ingest_state(database()));
    if (now != before_)
        return model::fail(ErrorCode::conflict, "another program is taking evidence into this case", database().file(),
                           "wait for it to end");
    return transaction;
}

Result<void> IngestRun::write_state()
{
    FEDSLEUTH_CHECK(write_ingest_state(database(), state_));
    before_ = state_;
    return {};
}

/// Everything but the snapshots, in one transaction.
Result<void> IngestRun::begin()
{
    FEDSLEUTH_TRY(const auto digests, line_digests(folder_.log_path(), log_.whole_bytes));
    FEDSLEUTH_TRY(Transaction transaction, begin_transaction());
    if (before_) state_ = *before_;
    state_.folder = folder_.root().string();
    state_.log_bytes = log_.whole_bytes;
    state_.log_sha256 = log_.sha256;
    state_.finished = false;
    FEDSLEUTH_CHECK(write_line_digests(database(), digests));
    if (!before_) FEDSLEUTH_CHECK(write_federation(database(), log_.federation->noun));
    if (!state_.layout_seen) FEDSLEUTH_CHECK(lay_out());
    FEDSLEUTH_CHECK(write_new_clients(database(), log_));
    FEDSLEUTH_CHECK(write_new_rounds(database(), log_));
    FEDSLEUTH_TRY(const IngestCounts certificates, take_certificates(database(), folder_, log_, options_.limits));
    state_.pending += certificates;
    taken_ += certificates;
    FEDSLEUTH_CHECK(write_state());
    return transaction.commit();
}

Result<void> IngestRun::lay_out()
{
    FEDSLEUTH_TRY(const Layout layout, find_layout(log_, folder_, options_.limits));
    state_.layout_seen = layout.seen;
    FEDSLEUTH_CHECK(write_layers(database(), layout.layers));
    return database().run("DELETE FROM ledger");
}

/// Lines that the case does not have yet, and those whose file was not there and is now; and how much there is to read.
Result<void> IngestRun::plan()
{
    const auto is_open = [this](const std::set<std::int64_t>& known, const std::set<std::int64_t>& unread,
                                std::int64_t line, const std::string& path) {
        return !known.contains(line) || (unread.contains(line) && is_readable_now(folder_, path));
    };
    FEDSLEUTH_TRY(const auto known_updates, lines_in(database(), "update_line"));
    FEDSLEUTH_TRY(const auto unread_updates, lines_in(database(), "update_line WHERE problem <> ''"));
    FEDSLEUTH_TRY(const auto known_checkpoints, lines_in(database(), "checkpoint_line"));
    FEDSLEUTH_TRY(const auto unread_checkpoints, lines_in(database(), "checkpoint_line WHERE problem <> ''"));
    std::int64_t bytes = 0;
    const auto count = [&](const std::string& path) {
        ++files_total_;
        std::error_code failed;
        const auto file = folder_.resolve(path);
        const auto size = file ? fs::file_size(*file, failed) : 0;
        if (!failed) bytes += static_cast<std::int64_t>(size);
    };
    for (const auto& checkpoint : log_.checkpoints)
        if (is_open(known_checkpoints, unread_checkpoints, checkpoint.line, checkpoint.noun.path)) {
            work_[checkpoint.noun.round].checkpoints.push_back(&checkpoint);
            count(checkpoint.noun.path);
        }
    for (const auto& update : log_.updates)
        if (is_open(known_updates, unread_updates, update.line, update.noun.path)) {
            work_[update.noun.round].updates.push_back(&update);
            count(update.noun.path);
        }
    progress_.start("Taking in updates", bytes, "bytes");
    progress_.files(0, files_total_);
    return {};
}

Result<void> IngestRun::take_round(RoundNo round, const RoundWork& work, SnapshotIntake& intake)
{
    FEDSLEUTH_TRY(Transaction transaction, begin_transaction());
    const auto stopped = [this] { return model::fail(ErrorCode::cancelled, "stopped", folder_.root().string()); };
    for (const Logged<model::Checkpoint>* checkpoint : work.checkpoints) {
        if (progress_.stopped()) return stopped();
        FEDSLEUTH_TRY(const FileFacts facts, intake.take(checkpoint->noun.path));
        FEDSLEUTH_CHECK(write_checkpoint(database(), *checkpoint, facts));
        progress_.files(++files_done_, files_total_);
    }
    for (const Logged<model::Update>* update : work.updates) {
        if (progress_.stopped()) return stopped();
        FEDSLEUTH_TRY(const FileFacts facts, intake.take(update->noun.path));
        FEDSLEUTH_CHECK(write_update(database(), *update, facts));
        progress_.files(++files_done_, files_total_);
    }
    // Ledgers look back: at the round before, at earlier steps. None of those may be left that saw less than there is.
    FEDSLEUTH_TRY(Statement stale, database().prepare("DELETE FROM ledger WHERE round >= ?1"));
    FEDSLEUTH_CHECK(stale.run(round));
    IngestCounts counts = intake.counts();
    counts.rounds = 1;
    counts.updates = static_cast<std::int64_t>(work.updates.size());
    counts.checkpoints = static_cast<std::int64_t>(work.checkpoints.size());
    state_.pending += counts;
    FEDSLEUTH_CHECK(write_state());
    FEDSLEUTH_CHECK(transaction.commit());
    taken_ += counts;
    return {};
}

/// The log as a file of the case, what there is to say, and the custody entry.
Result<void> IngestRun::finish()
{
    FEDSLEUTH_TRY(Transaction transaction, begin_transaction());
    FEDSLEUTH_CHECK(check_byte_signatures(database(), folder_, options_.limits, progress_));
    progress_.start("Finishing", 0, "");
    FEDSLEUTH_TRY(Statement log_row, database().prepare("INSERT OR REPLACE INTO other_file (path, role, client, bytes,"
                                                        " sha256, state) VALUES (?1, 'log', NULL, ?2, ?3, 'ok')"));
    FEDSLEUTH_CHECK(log_row.run(folder_.log_path().filename().string(), log_.whole_bytes, log_.sha256));
    FEDSLEUTH_TRY(const Conclusions conclusions, conclude(*case_, log_, listing_));
    FEDSLEUTH_CHECK(write_conclusions(database(), conclusions));

    model::JsonWriter parameters;
    parameters.begin_object()
        .field("version", FEDSLEUTH_VERSION)
        .field("folder", state_.folder)
        .field("link", options_.link)
        .field("rounds", state_.pending.rounds)
        .field("updates", state_.pending.updates)
        .field("checkpoints", state_.pending.checkpoints)
        .field("files", state_.pending.files)
        .field("bytes", state_.pending.bytes)
        .field("log_sha256", log_.sha256)
        .end_object();
    state_.pending = {};
    state_.finished = true;
    state_.listing_sha256 = digest_of_listing(listing_);
    FEDSLEUTH_CHECK(write_state());
    FEDSLEUTH_TRY(const std::string vouched, with_contents(database(), "ingest", parameters.text()));
    FEDSLEUTH_TRY(const std::string evidence, evidence_root(database()));
    FEDSLEUTH_CHECK(append_custody_entry(database(), "ingest", state_.folder, vouched, evidence));
    return transaction.commit();
}

Result<IngestSummary> IngestRun::summary(bool changed)
{
    FEDSLEUTH_TRY(const std::int64_t issues, database().integer("SELECT count(*) FROM import_issue"));
    FEDSLEUTH_TRY(const std::int64_t findings,
                  database().integer("SELECT count(*) FROM finding WHERE source = 'ingest'"));
    return IngestSummary{changed,      taken_.rounds, taken_.updates, taken_.checkpoints,
                         taken_.files, taken_.bytes,  issues,         findings};
}

}  // namespace

Result<IngestSummary> ingest(const fs::path& folder, const fs::path& case_file, const IngestOptions& options,
                             Progress& progress)
{
    FEDSLEUTH_TRY(const EvidenceFolder evidence, EvidenceFolder::open(folder));
    FEDSLEUTH_CHECK(check_outside(evidence, case_file));
    return IngestRun(evidence, options, progress).run(case_file);
}

}  // namespace fedsleuth::storage
