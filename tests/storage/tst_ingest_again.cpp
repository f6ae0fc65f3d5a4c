// SPDX-License-Identifier: GPL-3.0-or-later
// Ingest on a case that is there already: nothing new, something new, something changed.
#include "analysis_values.h"
#include "case_helpers.h"

#include "storage/custody/custody_chain.h"

#include <thread>

using namespace fedsleuth;
using namespace fedsleuth::test;
using model::ErrorCode;
using model::RoundNo;
using model::SnapshotState;
using storage::CaseFile;

class IngestAgainTest : public QObject {
    Q_OBJECT
private slots:
    void a_second_run_changes_no_byte();
    void a_moved_folder_is_followed();
    void a_grown_log_adds_what_is_new();
    void new_updates_make_ledgers_stale();
    void a_later_line_supersedes();
    void a_file_that_appears_later_is_taken_in();
    void a_changed_log_is_a_conflict();
    void two_at_once_do_no_harm();
};

void IngestAgainTest::a_second_run_changes_no_byte()
{
    FolderMaker maker(scratch("again"));
    maker.rounds(1, 3, 3);
    maker.update_line(2, "c9", "updates/none.npz", "");
    maker.update_line(2, "c8", "../outside.npz", "");
    maker.line("nonsense");
    maker.flush();
    write_text(maker.root() / "updates/unnamed.npz", "x");
    const fs::path path = scratch("again.fedcase");
    TAKE(const auto first, take_in(maker.root(), path));
    QVERIFY(first.changed && first.issues >= 3);
    const std::string before = contents_of(path);
    const auto time = fs::last_write_time(path);
    for (const bool link : {false, true}) {
        TAKE(const auto second, take_in(maker.root(), path, link));
        QVERIFY(!second.changed);
        QVERIFY(second.rounds == 0 && second.files == 0 && second.issues == first.issues &&
                second.findings == first.findings);
        QVERIFY(contents_of(path) == before);
        QVERIFY(fs::last_write_time(path) == time);
    }
    // A line that is still being written is not there yet.
    write_text(maker.root() / "federation.jsonl", maker.log() + "{\"type\": \"upd");
    TAKE(const auto third, take_in(maker.root(), path));
    QVERIFY(!third.changed && contents_of(path) == before);
}

void IngestAgainTest::a_moved_folder_is_followed()
{
    FolderMaker maker(scratch("moved-from"));
    maker.rounds(1, 1, 2);
    maker.flush();
    const fs::path path = scratch("moved.fedcase");
    OK(take_in(maker.root(), path, true));
    const fs::path there = scratch("moved-to");
    fs::rename(maker.root(), there);
    {
        TAKE(auto file, CaseFile::open(path));
        std::vector<float> out(10);
        const model::VectorRef row = update_ref(1, "c0");
        QVERIFY(!file->read(std::span(&row, 1), 0, 10, out.data()));
    }
    TAKE(const auto second, take_in(there, path));
    QVERIFY(second.changed && second.updates == 0);
    TAKE(auto file, CaseFile::open(path));
    QVERIFY(*file->evidence_folder() == fs::canonical(there).string());
    QCOMPARE(read_row(*file, update_ref(1, "c0"), 0, 10).size(), std::size_t{10});
    QCOMPARE(file->custody()->size(), std::size_t{2});
}

void IngestAgainTest::a_grown_log_adds_what_is_new()
{
    FolderMaker maker(scratch("grown"));
    const fs::path path = scratch("grown.fedcase");
    maker.rounds(1, 2, 3);
    maker.update(3, "c0");  // a round that is not over yet
    maker.flush();
    TAKE(const auto first, take_in(maker.root(), path));
    QCOMPARE(first.rounds, 4);
    for (const char* id : {"c1", "c2"}) maker.update(3, id);
    maker.checkpoint(3);
    maker.client("c3");
    maker.rounds(4, 4, 4);
    maker.flush();
    TAKE(const auto second, take_in(maker.root(), path));
    QVERIFY(second.changed && second.rounds == 2 && second.updates == 6 && second.checkpoints == 2);

    const fs::path at_once = scratch("at-once.fedcase");
    TAKE(const auto whole, take_in(maker.root(), at_once));
    QCOMPARE(whole.updates, first.updates + second.updates);
    // The order in which payloads came, and so their ids, is another; there were two runs; all else is the same.
    const auto comparable = [](std::string text) {
        for (const char* table : {"== custody\n", "== payload\n", "== slab\n", "== snapshot\n"}) {
            const std::size_t from = text.find(table);
            text.erase(from, text.find("\n== ", from) - from);
        }
        return text;
    };
    QVERIFY(comparable(dump(path)) == comparable(dump(at_once)));
    TAKE(auto file, CaseFile::open(path));
    TAKE(auto other, CaseFile::open(at_once));
    for (int round = 1; round <= 4; ++round)
        for (const char* id : {"c0", "c1", "c2"}) {
            const auto numbers = read_row(*file, update_ref(round, id), 0, FolderMaker::coordinates);
            QVERIFY(!numbers.empty());
            QVERIFY(numbers == read_row(*other, update_ref(round, id), 0, FolderMaker::coordinates));
        }
    QCOMPARE(file->custody()->size(), std::size_t{2});
    QVERIFY(storage::check_custody_chain(*file->custody()).empty());
}

void IngestAgainTest::new_updates_make_ledgers_stale()
{
    FolderMaker maker(scratch("stale"));
    const fs::path path = scratch("stale.fedcase");
    maker.rounds(1, 4, 2);
    maker.flush();
    OK(take_in(maker.root(), path));
    {
        TAKE(auto file, CaseFile::open(path));
        for (int round = 1; round <= 4; ++round) OK(file->put_ledger(some_ledger(round, 2, 2)));
        OK(file->put_analysis(some_outcome()));
    }
    maker.update(3, "late");
    maker.flush();
    OK(take_in(maker.root(), path));
    TAKE(auto file, CaseFile::open(path));
    QVERIFY(*file->ledger(RoundNo{1}) && *file->ledger(RoundNo{2}));
    QVERIFY(!*file->ledger(RoundNo{3}) && !*file->ledger(RoundNo{4}));
    QVERIFY(*file->verdicts());
    // New rounds alone leave the others theirs.
    OK(file->put_ledger(some_ledger(3, 2, 2)));
    maker.rounds(5, 5, 2);
    maker.flush();
    OK(take_in(maker.root(), path));
    QVERIFY(*file->ledger(RoundNo{3}));
}

void IngestAgainTest::a_later_line_supersedes()
{
    FolderMaker maker(scratch("later"));
    maker.client("a");
    const auto first_values = maker.update(1, "a");
    maker.flush();
    const fs::path path = scratch("later.fedcase");
    OK(take_in(maker.root(), path));
    const auto second_values = maker.numbers();
    maker.update_line(1, "a", "updates/second.npz", maker.write_snapshot("updates/second.npz", second_values),
                      ", \"stage\": \"clipped\"");
    maker.line("{\"type\": \"client\", \"client\": \"a\", \"num_examples\": 99}");
    maker.flush();
    OK(take_in(maker.root(), path));
    TAKE(auto file, CaseFile::open(path));
    TAKE(const auto updates, file->updates());
    QCOMPARE(updates.size(), std::size_t{1});
    QVERIFY(updates[0].path == "updates/second.npz" && updates[0].stage == "clipped");
    QVERIFY(read_row(*file, update_ref(1, "a"), 0, FolderMaker::coordinates) == floats(second_values));
    QCOMPARE(file->clients()->at(0).num_examples, std::optional<std::int64_t>(99));
    QCOMPARE(file->evidence_files()->size(), std::size_t{3});  // both updates stay on record
}

void IngestAgainTest::a_file_that_appears_later_is_taken_in()
{
    FolderMaker maker(scratch("appears"));
    maker.rounds(1, 2, 2);
    maker.flush();
    const fs::path here = maker.root() / "updates/r1-c1.npz", away = scratch("away.npz");
    fs::rename(here, away);
    const fs::path path = scratch("appears.fedcase");
    OK(take_in(maker.root(), path));
    {
        TAKE(auto file, CaseFile::open(path));
        QVERIFY(finding(*file->findings(), "missing-update", "c1"));
        QVERIFY(file->updates()->at(1).state == SnapshotState::missing);
    }
    fs::rename(away, here);
    TAKE(const auto second, take_in(maker.root(), path));
    QVERIFY(second.changed && second.updates == 1);
    TAKE(auto file, CaseFile::open(path));
    QVERIFY(file->findings()->empty() && file->updates()->at(1).usable());
}

void IngestAgainTest::a_changed_log_is_a_conflict()
{
    FolderMaker maker(scratch("conflict"));
    maker.rounds(1, 2, 2);
    maker.flush();
    const fs::path path = scratch("conflict.fedcase");
    OK(take_in(maker.root(), path));
    const std::string before = contents_of(path), log = maker.log();

    std::string changed = log;
    changed.replace(changed.find("\"round\": 1, \"client\": \"c1\""), 26, "\"round\": 1, \"client\": \"cX\"");
    write_text(maker.root() / "federation.jsonl", changed + "{}\n");
    const auto refused = take_in(maker.root(), path);
    QCOMPARE(refused.error().code, ErrorCode::conflict);
    QVERIFY2(refused.error().message.find("line 6") != std::string::npos, refused.error().text().c_str());

    write_text(maker.root() / "federation.jsonl", log.substr(0, log.rfind('\n', log.size() - 2) + 1));
    const auto shorter = take_in(maker.root(), path);
    QCOMPARE(shorter.error().code, ErrorCode::conflict);
    QVERIFY(shorter.error().message.find("removed") != std::string::npos);

    FolderMaker other(scratch("other"), "weights");
    other.flush();
    QCOMPARE(take_in(other.root(), path).error().code, ErrorCode::conflict);
    QVERIFY(contents_of(path) == before);
}

void IngestAgainTest::two_at_once_do_no_harm()
{
    FolderMaker maker(scratch("at-once"));
    maker.rounds(1, 6, 3);
    maker.flush();
    const fs::path path = scratch("two.fedcase"), alone = scratch("alone.fedcase");
    OK(take_in(maker.root(), alone));
    std::vector<std::thread> threads;
    for (int idx = 0; idx < 3; ++idx)
        threads.emplace_back([&] {
            for (int attempt = 0; attempt < 3; ++attempt) static_cast<void>(take_in(maker.root(), path));
        });
    for (std::thread& thread : threads) thread.join();
    OK(take_in(maker.root(), path));
    QVERIFY(dump(path) == dump(alone));
}

QTEST_GUILESS_MAIN(IngestAgainTest)
#include "tst_ingest_again.moc"
