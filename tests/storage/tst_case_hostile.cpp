// SPDX-License-Identifier: GPL-3.0-or-later
// A case file may come from someone else: whatever is in it, it is read as a value or as an error.
#include "analysis_values.h"
#include "case_helpers.h"

using namespace fedsleuth;
using namespace fedsleuth::test;
using model::RoundNo;
using storage::CaseFile;
using storage::Database;

namespace {

/// Asks for everything that a case can be asked for; true where nothing was an error.
bool read_everything(CaseFile& file)
{
    bool fine = true;
    const auto note = [&fine](const auto& result) { fine = fine && result.has_value(); };
    note(file.federation());
    note(file.clients());
    note(file.checkpoints());
    note(file.evidence_files());
    note(file.import_issues());
    note(file.verdicts());
    note(file.rollback());
    note(file.findings());
    note(file.decisions());
    note(file.custody());
    note(file.evidence_folder());
    const auto rounds = file.rounds();
    note(rounds);
    if (rounds)
        for (const model::Round& round : *rounds) {
            note(file.ledger(round.number));
            note(file.scores(round.number));
        }
    const auto d = file.coordinates();
    note(d);
    const auto updates = file.updates();
    note(updates);
    if (d && updates) {
        const std::int64_t count = std::min<std::int64_t>(*d, 100'000);
        std::vector<float> out(static_cast<std::size_t>(count));
        std::vector<model::VectorRef> rows;
        for (const model::Update& update : *updates)
            rows.push_back({model::VectorRef::Kind::update, update.round, update.client});
        for (int round = 0; round <= 3; ++round)
            for (const auto kind : {model::VectorRef::Kind::checkpoint, model::VectorRef::Kind::global_step,
                                    model::VectorRef::Kind::reference})
                rows.push_back({kind, RoundNo{round}, {}});
        for (const model::VectorRef& row : rows)
            static_cast<void>(file.read(std::span(&row, 1), *d - count, count, out.data()));
    }
    model::Progress progress;
    const auto problems = file.check_contents(progress);
    note(problems);
    return fine && problems->empty();
}

}  // namespace

class CaseHostileTest : public QObject {
    Q_OBJECT
private slots:
    void initTestCase();
    void flipped_bits();
    void cut_anywhere();
    void overwritten_pages();
    void values_that_make_no_sense_data();
    void values_that_make_no_sense();
    void changed_numbers_are_found();
    void a_file_of_wild_sizes();

private:
    std::string bytes_;
    fs::path original_;
    fs::path evidence_;
    int trials_ = 150;
};

void CaseHostileTest::initTestCase()
{
    FolderMaker maker(scratch("evidence"), "weights");
    maker.rounds(1, 2, 2);
    maker.flush();
    evidence_ = maker.root();
    original_ = scratch("original.fedcase");
    OK(take_in(maker.root(), original_));
    {
        TAKE(auto file, CaseFile::open(original_));
        OK(file->put_ledger(some_ledger(1, 2, 2)));
        OK(file->put_ledger(some_ledger(2, 2, 2)));
        OK(file->put_analysis(some_outcome()));
        OK(file->add_decision({model::ClientId{"c0"}, model::VerdictClass::watch, "hm", "", ""}));
        QVERIFY(read_everything(*file));
    }
    bytes_ = contents_of(original_);
}

void CaseHostileTest::flipped_bits()
{
    std::mt19937_64 random(5);
    int opened = 0, whole = 0;
    const fs::path path = scratch("flipped.fedcase");
    for (int trial = 0; trial < trials_; ++trial) {
        std::string bytes = bytes_;
        for (auto flips = 1 + random() % 30; flips > 0;) {
            const std::size_t at = random() % bytes.size();
            // Most of a page is nothing: what is something is hit more often, the first page most of all.
            const std::size_t place = random() % 3 == 0 ? at % 4096 : at;
            if (bytes[place] == 0 && random() % 8 != 0) continue;
            bytes[place] = static_cast<char>(bytes[place] ^ 1 << random() % 8);
            --flips;
        }
        write_text(path, bytes);
        auto file = CaseFile::open(path);
        if (!file) continue;
        ++opened;
        whole += read_everything(**file);
    }
    qInfo("%d of %d were opened, %d read without an error", opened, trials_, whole);
}

void CaseHostileTest::cut_anywhere()
{
    std::mt19937_64 random(6);
    const fs::path path = scratch("cut.fedcase");
    for (int trial = 0; trial < trials_ / 3; ++trial) {
        write_text(path, bytes_.substr(0, random() % bytes_.size()));
        auto file = CaseFile::open(path);
        if (file) QVERIFY(!read_everything(**file));
    }
}

void CaseHostileTest::overwritten_pages()
{
    std::mt19937_64 random(7);
    const fs::path path = scratch("overwritten.fedcase");
    for (int trial = 0; trial < trials_; ++trial) {
        std::string bytes = bytes_;
        const std::size_t length = std::size_t{1} << random() % 17;
        const std::size_t from = random() % (bytes.size() - length), to = random() % (bytes.size() - length);
        if (trial % 2 == 0)
            std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(from), length,
                        bytes.begin() + static_cast<std::ptrdiff_t>(to));
        else
            std::generate_n(bytes.begin() + static_cast<std::ptrdiff_t>(to), length,
                            [&] { return static_cast<char>(random()); });
        write_text(path, bytes);
        if (auto file = CaseFile::open(path)) static_cast<void>(read_everything(**file));
    }
}

void CaseHostileTest::values_that_make_no_sense_data()
{
    QTest::addColumn<QString>("sql");
    for (const char* sql :
         {"UPDATE layer SET shape = '9999999999,9999999999,9999999999'",
          "UPDATE layer SET shape = '-5'",
          "UPDATE layer SET shape = '300,230,'",
          "UPDATE layer SET shape = 'x'",
          "UPDATE layer SET shape = ''",
          "UPDATE layer SET shape = '68719476736'",
          "UPDATE layer SET counter = 1",
          "DELETE FROM layer",
          "UPDATE update_line SET round = -9223372036854775807 - 1",
          "UPDATE update_line SET round = 9223372036854775807",
          "UPDATE update_line SET base_round = -1",
          "UPDATE update_line SET base_round = 9223372036854775807",
          "UPDATE checkpoint_line SET round = -1",
          "UPDATE round_line SET round = 9223372036854775807",
          "UPDATE snapshot SET state = 'splendid'",
          "UPDATE snapshot SET bytes = -1",
          "UPDATE snapshot SET non_finite = -1",
          "UPDATE snapshot SET payload = NULL",
          "PRAGMA foreign_keys = OFF; UPDATE snapshot SET payload = 77",
          "PRAGMA foreign_keys = OFF; UPDATE snapshot SET payload = 9223372036854775807",
          "PRAGMA foreign_keys = OFF; DELETE FROM snapshot",
          "PRAGMA foreign_keys = OFF; DELETE FROM payload",
          "UPDATE payload SET coordinates = 5",
          "UPDATE payload SET coordinates = -1",
          "UPDATE payload SET path = '../../etc/passwd'",
          "UPDATE payload SET path = 'updates/r1-c0.npz'",
          "UPDATE ingest_state SET folder = '/nowhere'",
          "DELETE FROM ingest_state",
          "DELETE FROM slab WHERE id % 1048576 = 1",
          "UPDATE slab SET data = zeroblob(0)",
          "UPDATE slab SET data = zeroblob(1000000)",
          "UPDATE slab SET data = substr(data, 1, 7)",
          "UPDATE federation SET update_kind = 'rumour'",
          "UPDATE federation SET weighted_by = ''",
          "UPDATE federation SET server_learning_rate = 'NaN', update_kind = 'gradient'",
          "UPDATE federation SET extra_json = '{broken'",
          "DELETE FROM federation",
          "UPDATE ledger SET data = zeroblob(0)",
          "UPDATE ledger SET data = zeroblob(100000)",
          "UPDATE ledger SET data = substr(data, 1, 300)",
          "UPDATE score SET data = x'0100000000000000ffffffffffffff7f'",
          "UPDATE ledger SET round = round + 1 WHERE round = 2; UPDATE ledger SET round = 2 WHERE round = 1",
          "UPDATE verdict SET verdict = 'saint'",
          "UPDATE verdict SET first_bad_round = -3",
          "UPDATE verdict SET collusion_group = 9223372036854775807",
          "UPDATE verdict SET probability = 'x'",
          "PRAGMA foreign_keys = OFF; UPDATE verdict_reason SET verdict = 99 WHERE against = 1",
          "PRAGMA foreign_keys = OFF; UPDATE verdict_bad_round SET verdict = -1 WHERE position = 0",
          "UPDATE verdict_reason SET round = -1",
          "UPDATE rollback_candidate SET round = -1",
          "UPDATE analysis SET recommended = -1",
          "UPDATE finding SET severity = 'odd'",
          "UPDATE finding SET source = 'gossip'",
          "UPDATE finding SET round = -1",
          "UPDATE finding SET evidence_json = 'no json'",
          "UPDATE decision SET decided = 'maybe'",
          "UPDATE custody SET id = 9223372036854775807 WHERE id = 3",
          "DELETE FROM custody WHERE id > 1; UPDATE custody SET id = -9223372036854775807",
          "UPDATE payload SET id = 9223372036854775807 WHERE id = 1",
          "UPDATE payload SET id = id - 9223372036854775807, sha256 = id",
          "UPDATE payload SET id = 4398046511104, sha256 = 'x' WHERE id = 1",
          "UPDATE ingest_state SET pending_bytes = 9223372036854775807",
          "UPDATE ingest_state SET pending_files = -1",
          "UPDATE ingest_state SET log_bytes = -1",
          "UPDATE ingest_state SET log_bytes = 9223372036854775807",
          "UPDATE ingest_state SET log_sha256 = ''",
          "UPDATE ingest_state SET layout_seen = 0",
          "UPDATE log_line SET digest = x'00'",
          "DELETE FROM log_line",
          "UPDATE log_line SET line = 9223372036854775807 WHERE line = 1",
          "UPDATE log_line SET line = -5 WHERE line = 1",
          "UPDATE layer SET position = 9223372036854775807 WHERE position = 1",
          "UPDATE custody SET hash = ''",
          "UPDATE metric SET value = x'00'",
          "UPDATE other_file SET bytes = -1",
          "UPDATE client_line SET client = x'ff00ff' || client",
          "UPDATE round_member SET client = ''"})
        QTest::newRow(sql) << QString(sql);
}

void CaseHostileTest::values_that_make_no_sense()
{
    QFETCH(QString, sql);
    const fs::path path = scratch("values.fedcase");
    fs::copy_file(original_, path);
    {
        TAKE(Database database, Database::open(path, Database::Access::read_write));
        OK(database.run(sql.toStdString()));
    }
    auto file = CaseFile::open(path);
    if (!file) return;
    static_cast<void>(read_everything(**file));
    // Appending to such a file must not do harm either.
    static_cast<void>((*file)->append_custody("note", "x", "{}", ""));
    file->reset();
    {
        // Nor taking evidence into it.
        TAKE(Database database, Database::open(path, Database::Access::read_write));
        OK(
            database.run("PRAGMA foreign_keys = OFF; UPDATE ingest_state SET finished = 0;"
                         "DELETE FROM snapshot WHERE sha256 IN (SELECT sha256 FROM update_line WHERE client = 'c1');"
                         "DELETE FROM update_line WHERE client = 'c1'"));
    }
    static_cast<void>(take_in(evidence_, path));
    if (auto again = CaseFile::open(path)) static_cast<void>(read_everything(**again));
}

void CaseHostileTest::changed_numbers_are_found()
{
    const fs::path path = scratch("numbers.fedcase");
    fs::copy_file(original_, path);
    {
        TAKE(Database database, Database::open(path, Database::Access::read_write));
        OK(database.run(
            "UPDATE slab SET data = CAST(x'00' || substr(data, 2) AS BLOB) WHERE id = (SELECT max(id) FROM slab)"));
    }
    TAKE(auto file, CaseFile::open(path));
    model::Progress progress;
    TAKE(const auto problems, file->check_contents(progress));
    QCOMPARE(problems.size(), std::size_t{1});
    QVERIFY2(problems[0].find("r2-c1.npz") != std::string::npos || problems[0].find("r2.npz") != std::string::npos,
             problems[0].c_str());
    model::Progress stopped;
    stopped.stop();
    QCOMPARE(file->check_contents(stopped).error().code, model::ErrorCode::cancelled);
}

void CaseHostileTest::a_file_of_wild_sizes()
{
    // The header's page size and page count are lies.
    for (const auto& [offset, value] : std::vector<std::pair<std::size_t, unsigned char>>{{16, 2},
                                                                                          {16, 0xff},
                                                                                          {17, 0x80},
                                                                                          {20, 0xff},
                                                                                          {28, 0xff},
                                                                                          {31, 1},
                                                                                          {36, 0xff},
                                                                                          {52, 1},
                                                                                          {56, 2},
                                                                                          {60, 0x7f}}) {
        std::string bytes = bytes_;
        bytes[offset] = static_cast<char>(value);
        const fs::path path = scratch("wild.fedcase");
        write_text(path, bytes);
        if (auto file = CaseFile::open(path)) static_cast<void>(read_everything(**file));
    }
}

QTEST_GUILESS_MAIN(CaseHostileTest)
#include "tst_case_hostile.moc"
