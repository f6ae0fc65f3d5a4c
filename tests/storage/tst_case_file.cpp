// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis_values.h"
#include "case_helpers.h"

#include "storage/case/ledger_codec.h"
#include "storage/case/outcome_digest.h"
#include "storage/case/schema.h"
#include "storage/custody/custody_chain.h"

#include <thread>

using namespace fedsleuth;
using namespace fedsleuth::test;
using model::ErrorCode;
using model::RoundNo;
using storage::CaseFile;
using storage::Database;

namespace {

/// A case of two clients and two rounds.
fs::path small_case(const std::string& name)
{
    FolderMaker maker(scratch(name));
    maker.rounds(1, 2, 2);
    maker.flush();
    const fs::path file = scratch(name + ".fedcase");
    if (const auto done = take_in(maker.root(), file); !done) qFatal("%s", done.error().text().c_str());
    return file;
}

bool same_reasons(const std::vector<model::Reason>& a, const std::vector<model::Reason>& b)
{
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
        return x.detector == y.detector && x.round == y.round && x.text == y.text &&
               (x.evidence == y.evidence || (std::isnan(x.evidence) && std::isnan(y.evidence)));
    });
}

}  // namespace

class CaseFileTest : public QObject {
    Q_OBJECT
private slots:
    void a_new_case_is_empty();
    void what_is_no_case_is_refused();
    void an_older_schema_is_migrated_after_a_backup();
    void a_changed_schema_is_refused();
    void limits_and_documents_come_back();
    void ledgers_come_back();
    void misshapen_ledgers_are_refused();
    void a_damaged_ledger_is_an_error_wherever_it_is_cut();
    void an_analysis_comes_back();
    void a_second_analysis_replaces_the_first();
    void a_failed_analysis_leaves_the_last_one();
    void the_digest_of_an_outcome_knows_every_value();
    void decisions_are_recorded_and_chained();
    void tampering_with_custody_is_found();
    void reading_takes_any_block();
    void reading_what_is_not_there_is_an_error();
    void readers_see_what_others_write();
    void a_reader_can_not_write();
};

void CaseFileTest::a_new_case_is_empty()
{
    const fs::path file = scratch("new.fedcase");
    TAKE(auto made, CaseFile::create(file));
    QVERIFY(!fs::exists(file.string() + ".new"));
    const auto again = CaseFile::create(file);
    QVERIFY(!again);
    QCOMPARE(again.error().code, ErrorCode::conflict);

    QCOMPARE(made->federation().error().code, ErrorCode::not_found);
    QCOMPARE(made->evidence_folder().error().code, ErrorCode::not_found);
    QVERIFY(made->clients()->empty() && made->rounds()->empty() && made->updates()->empty());
    QVERIFY(made->checkpoints()->empty() && made->evidence_files()->empty() && made->import_issues()->empty());
    QVERIFY(!*made->ledger(RoundNo{1}) && !*made->verdicts() && !*made->rollback());
    QVERIFY(made->scores(RoundNo{1})->empty() && made->findings()->empty() && made->decisions()->empty());
    QVERIFY(made->custody()->empty());
    QCOMPARE(*made->coordinates(), 0);

    TAKE(Database database, Database::open(file, Database::Access::read_only));
    QCOMPARE(*database.integer("PRAGMA page_size"), 65536);
    QCOMPARE(*database.integer("PRAGMA application_id"), storage::case_application_id);
    QCOMPARE(*database.integer("PRAGMA user_version"), static_cast<std::int64_t>(storage::schema_steps().size()));
}

void CaseFileTest::what_is_no_case_is_refused()
{
    const auto code = [](const fs::path& file) { return CaseFile::open(file).error().code; };
    QCOMPARE(code(scratch("nothing.fedcase")), ErrorCode::not_found);
    const fs::path folder = scratch("folder.fedcase");
    fs::create_directory(folder);
    QCOMPARE(code(folder), ErrorCode::refused);
    const fs::path text = scratch("text.fedcase");
    write_text(text, std::string(100'000, 'x'));
    QCOMPARE(code(text), ErrorCode::refused);
    const fs::path empty = scratch("empty.fedcase");
    write_text(empty, "");
    QCOMPARE(code(empty), ErrorCode::refused);

    const fs::path other = scratch("other.fedcase");
    {
        TAKE(Database database, Database::open(other, Database::Access::create));
        OK(database.run("CREATE TABLE t (a); PRAGMA user_version = 1"));
    }
    QCOMPARE(code(other), ErrorCode::refused);

    const fs::path newer = small_case("newer");
    {
        TAKE(Database database, Database::open(newer, Database::Access::read_write));
        OK(database.run("PRAGMA user_version = 99"));
    }
    const auto refused = CaseFile::open(newer);
    QCOMPARE(refused.error().code, ErrorCode::refused);
    QVERIFY(refused.error().message.find("newer") != std::string::npos);

    const fs::path cut = small_case("cut");
    fs::resize_file(cut, fs::file_size(cut) / 2);
    const auto damaged = CaseFile::open(cut);
    QCOMPARE(damaged.error().code, ErrorCode::refused);
    QVERIFY(damaged.error().message.find("damaged") != std::string::npos);
}

void CaseFileTest::an_older_schema_is_migrated_after_a_backup()
{
    const fs::path file = small_case("older");
    const std::string before = dump(file);
    const auto known = static_cast<std::int64_t>(storage::schema_steps().size());
    std::vector<std::string_view> steps(storage::schema_steps().begin(), storage::schema_steps().end());
    steps.push_back("ALTER TABLE federation ADD COLUMN motto TEXT NOT NULL DEFAULT 'none'");
    TAKE(Database database, Database::open(file, Database::Access::read_write));
    const auto for_reading = storage::bring_up_to_date(database, steps, false);
    QCOMPARE(for_reading.error().code, ErrorCode::refused);
    OK(storage::bring_up_to_date(database, steps, true));
    QCOMPARE(*database.integer("PRAGMA user_version"), known + 1);
    QCOMPARE(*database.integer("SELECT count(*) FROM federation WHERE motto = 'none'"), 1);
    OK(storage::bring_up_to_date(database, steps, true));

    const fs::path backup = file.string() + ".v" + std::to_string(known) + ".backup";
    QVERIFY(fs::exists(backup));
    QVERIFY(dump(backup) == before);
    OK(CaseFile::open(backup));
    QCOMPARE(CaseFile::open(file).error().code, ErrorCode::refused);  // this program does not know the last step

    // A step that fails leaves the file as it was.
    std::vector<std::string_view> broken = steps;
    broken.push_back("CREATE TABLE motto (a); SELECT nonsense");
    QVERIFY(!storage::bring_up_to_date(database, broken, true));
    QCOMPARE(*database.integer("PRAGMA user_version"), known + 1);
    OK(storage::check_schema(database, steps));
}

void CaseFileTest::limits_and_documents_come_back()
{
    const fs::path file = small_case("policy");
    std::size_t entries = 0;
    {
        TAKE(auto made, CaseFile::open(file));
        QVERIFY(made->policy()->empty());
        QVERIFY(!*made->document("audit"));
        entries = made->custody()->size();
        OK(made->put_policy("epsilon_max", 8.5));
        OK(made->put_policy("epsilon_max", 9.5));
        OK(made->put_policy("updates_a_day", 3));
        OK(made->put_policy("updates_a_day", std::nullopt));
        QVERIFY(!made->put_policy("epsilon_max", std::nan("")));
        QVERIFY(!made->put_policy("", 1.0));
        OK(made->put_document("audit", R"({"first":1})"));
        OK(made->put_document("audit", R"({"second":"ü"})"));
    }
    TAKE(auto again, CaseFile::open(file, CaseFile::Mode::read_only));
    const std::map<std::string, double> expected{{"epsilon_max", 9.5}};
    QCOMPARE(*again->policy(), expected);
    QCOMPARE(**again->document("audit"), std::string(R"({"second":"ü"})"));
    QVERIFY(!*again->document("else"));
    TAKE(const auto custody, again->custody());
    QCOMPARE(custody.size(), entries + 6);  // every change of a limit, no refused one, and both documents
    QCOMPARE(custody[entries + 3].action, std::string("policy"));
    QCOMPARE(custody[entries + 3].subject, std::string("updates_a_day"));
    QCOMPARE(custody.back().action, std::string("compute"));
    QCOMPARE(custody.back().subject, std::string("audit"));
    QVERIFY(custody[entries].parameters_json.find("8.5") != std::string::npos);
    QVERIFY(!again->put_policy("epsilon_max", 1.0));
}

void CaseFileTest::a_changed_schema_is_refused()
{
    for (const char* change : {"CREATE TABLE more (a)", "DROP INDEX score_round", "DROP TABLE trust",
                               "CREATE TRIGGER t AFTER INSERT ON custody BEGIN DELETE FROM finding; END",
                               "CREATE VIEW v AS SELECT 1", "ALTER TABLE decision ADD COLUMN x TEXT",
                               "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'STRICT', '')"
                               " WHERE name = 'finding'"}) {
        const fs::path file = scratch("schema.fedcase");
        OK(CaseFile::create(file));
        {
            TAKE(Database database, Database::open(file, Database::Access::read_write));
            OK(database.run(change));
        }
        const auto refused = CaseFile::open(file);
        QVERIFY2(!refused, change);
        QCOMPARE(refused.error().code, ErrorCode::refused);
    }
}

void CaseFileTest::ledgers_come_back()
{
    TAKE(auto file, CaseFile::open(small_case("ledgers")));
    for (const std::size_t n : {std::size_t{0}, std::size_t{1}, std::size_t{7}}) {
        const model::RoundLedger ledger = some_ledger(2, n, 2);
        OK(file->put_ledger(ledger));
        TAKE(const auto back, file->ledger(RoundNo{2}));
        QVERIFY(back && same(*back, ledger));
    }
    QVERIFY(!*file->ledger(RoundNo{1}));
    // A ledger of another model is damage, not a value.
    OK(file->put_ledger(some_ledger(1, 3, 5)));
    QCOMPARE(file->ledger(RoundNo{1}).error().code, ErrorCode::malformed);
    model::RoundLedger elsewhere = some_ledger(1, 3, 2);
    elsewhere.output_rows[0].layer_idx = 2;
    OK(file->put_ledger(elsewhere));
    QCOMPARE(file->ledger(RoundNo{1}).error().code, ErrorCode::malformed);
    // One entry for the whole model: what a round of very many clients has.
    OK(file->put_ledger(some_ledger(1, 3, 1)));
    TAKE(const auto folded, file->ledger(RoundNo{1}));
    QVERIFY(folded && folded->layers.size() == 1);
    // One of another version reads as nothing: it is built again.
    std::vector<std::byte> bytes = storage::encode(some_ledger(1, 3, 2));
    bytes[8] = std::byte{99};
    TAKE(const auto decoded, storage::decode_ledger(bytes));
    QVERIFY(!decoded);
}

void CaseFileTest::misshapen_ledgers_are_refused()
{
    TAKE(auto file, CaseFile::open(small_case("misshapen")));
    const auto refused = [&](const auto& change) {
        model::RoundLedger ledger = some_ledger(1, 3, 2);
        change(ledger);
        return !file->put_ledger(ledger) && !storage::decode_ledger(storage::encode(ledger));
    };
    QVERIFY(refused([](auto& l) { l.layers[1].gram.pop_back(); }));
    QVERIFY(refused([](auto& l) { l.layers[0].step_products.push_back(0); }));
    QVERIFY(refused([](auto& l) { l.layers[0].sign_agreements.clear(); }));
    QVERIFY(refused([](auto& l) { l.layers[0].shipped_products.clear(); }));
    QVERIFY(refused([](auto& l) { l.layers[0].reference_products = {1}; }));
    QVERIFY(refused([](auto& l) { l.layers[0].model_products.clear(); }));
    QVERIFY(refused([](auto& l) { l.layers[1].own_sign_equal.pop_back(); }));
    QVERIFY(refused([](auto& l) { l.layers[1].quiet_squares.pop_back(); }));
    QVERIFY(refused([](auto& l) { l.output_rows[1].absolute.pop_back(); }));
    QVERIFY(refused([](auto& l) { l.output_rows[0].outputs = 1001; }));
    QVERIFY(refused([](auto& l) { l.output_rows.resize(3); }));
    QVERIFY(refused([](auto& l) { l.clients.pop_back(); }));
    QVERIFY(refused([](auto& l) { l.own_rounds.pop_back(); }));
    QVERIFY(refused([](auto& l) { l.minimum.pop_back(); }));
    QVERIFY(refused([](auto& l) { l.zero.pop_back(); }));
    QVERIFY(refused([](auto& l) { l.step_rounds.resize(11); }));
}

void CaseFileTest::a_damaged_ledger_is_an_error_wherever_it_is_cut()
{
    const std::vector<std::byte> whole = storage::encode(some_ledger(1, 3, 2));
    const std::span<const std::byte> all(whole);
    for (std::size_t length = 0; length < whole.size(); ++length) {
        const auto cut = storage::decode_ledger(all.first(length));
        QVERIFY(!cut);
        QCOMPARE(cut.error().code, ErrorCode::malformed);
    }
    std::mt19937 random(3);
    for (int round = 0; round < 20'000; ++round) {
        std::vector<std::byte> flipped = whole;
        for (unsigned flips = 1 + random() % 4; flips > 0; --flips)
            flipped[random() % flipped.size()] ^= static_cast<std::byte>(1u << random() % 8);
        const auto decoded = storage::decode_ledger(flipped);
        if (decoded && *decoded) QVERIFY(storage::check_ledger(**decoded));
    }
    const std::vector<std::byte> scores = storage::encode(some_outcome().scores.back());
    for (std::size_t length = 0; length < scores.size(); ++length)
        QVERIFY(!storage::decode_scores(std::span(scores).first(length)));
}

void CaseFileTest::an_analysis_comes_back()
{
    TAKE(auto file, CaseFile::open(small_case("analysis")));
    const auto outcome = some_outcome();
    OK(file->put_analysis(outcome));

    TAKE(const auto scores, file->scores(RoundNo{2}));
    QCOMPARE(scores.size(), std::size_t{2});
    QVERIFY(scores[0].detector == "norm" && scores[1].detector == "cosine-median");
    QVERIFY(std::isnan(scores[0].statistic[1]) && scores[0].statistic[0] == 1.5);
    QCOMPARE(scores[0].evidence[0], 0.5);
    QVERIFY(scores[1].detail == outcome.scores[3].detail);
    QVERIFY(file->scores(RoundNo{9})->empty());

    TAKE(const auto verdicts, file->verdicts());
    QVERIFY(verdicts && !verdicts->inspectable && verdicts->why_not == "because");
    QCOMPARE(verdicts->clients.size(), std::size_t{2});
    for (std::size_t idx = 0; idx < 2; ++idx) {
        const model::Verdict &in = outcome.verdicts.clients[idx], &out = verdicts->clients[idx];
        QVERIFY(in.client == out.client && in.verdict == out.verdict && in.probability == out.probability);
        QVERIFY(in.first_bad_round == out.first_bad_round && in.bad_rounds == out.bad_rounds);
        QVERIFY(in.attack == out.attack && in.family == out.family && in.group == out.group);
        QVERIFY(same_reasons(in.reasons, out.reasons) && same_reasons(in.against, out.against));
    }

    TAKE(const auto rollback, file->rollback());
    QVERIFY(rollback && rollback->recommended == RoundNo{0} && rollback->first_poisoned_round == RoundNo{1});
    const model::RollbackCandidate& candidate = rollback->candidates.at(0);
    QVERIFY(candidate.contamination && std::isnan(*candidate.contamination) && candidate.residual == 1e-7);
    QVERIFY(candidate.metrics.at("accuracy") == 0.9 && std::isnan(candidate.metrics.at("loss")));
    QVERIFY(candidate.signature == "valid" && candidate.aggregation == "matches" && candidate.status == "suspect");
    QVERIFY(!rollback->candidates.at(1).contamination && !rollback->candidates.at(1).residual);

    TAKE(const auto findings, file->findings());
    std::string kinds;
    for (const model::Finding& found : findings) kinds += found.kind + ' ';
    QCOMPARE(QString::fromStdString(kinds),
             QStringLiteral("privacy-over-budget anomaly-spike signature-invalid accuracy-drop "));
    QVERIFY(findings[3].evidence_json == "{\"by\":0.2}" && findings[0].evidence_json == "{}");
    QVERIFY(findings[2].source == model::FindingSource::identity);

    TAKE(const auto custody, file->custody());
    QVERIFY(custody.back().action == "analyse");
    QVERIFY(custody.back().sha256 == storage::digest_of(outcome));
    QVERIFY(custody.back().parameters_json.find("\"seed\":1") != std::string::npos);
    QVERIFY(custody.back().parameters_json.find("\"version\":") != std::string::npos);
    QVERIFY(storage::check_custody_chain(custody).empty());
}

void CaseFileTest::a_second_analysis_replaces_the_first()
{
    const fs::path path = small_case("twice");
    TAKE(auto file, CaseFile::open(path));
    const std::string before = dump(path);
    OK(file->put_analysis(some_outcome()));
    OK(file->put_analysis({}));
    QVERIFY(file->scores(RoundNo{1})->empty() && file->findings()->empty());
    QVERIFY((*file->verdicts())->clients.empty() && (*file->rollback())->candidates.empty());
    QCOMPARE(file->custody()->size(), std::size_t{3});
}

void CaseFileTest::a_failed_analysis_leaves_the_last_one()
{
    const fs::path path = small_case("failed");
    TAKE(auto file, CaseFile::open(path));
    OK(file->put_analysis(some_outcome()));
    const std::string before = dump(path);
    auto wrong = some_outcome();
    wrong.scores[3].z.pop_back();
    QVERIFY(!file->put_analysis(wrong));
    wrong = some_outcome();
    wrong.findings[2].source = model::FindingSource::ingest;
    QVERIFY(!file->put_analysis(wrong));
    QVERIFY(dump(path) == before);
}

void CaseFileTest::the_digest_of_an_outcome_knows_every_value()
{
    const auto digest_with = [](const auto& change) {
        auto outcome = some_outcome();
        change(outcome);
        return storage::digest_of(outcome);
    };
    const std::string unchanged = storage::digest_of(some_outcome());
    QVERIFY(digest_with([](auto&) {}) == unchanged);
    QVERIFY(digest_with([](auto& o) { o.parameters_json = "{}"; }) == unchanged);
    QVERIFY(digest_with([](auto& o) { o.scores[0].z[0] += 1; }) != unchanged);
    QVERIFY(digest_with([](auto& o) { o.scores.pop_back(); }) != unchanged);
    QVERIFY(digest_with([](auto& o) { o.verdicts.clients[0].probability = 0.997; }) != unchanged);
    QVERIFY(digest_with([](auto& o) { o.verdicts.clients[0].reasons[0].text += '.'; }) != unchanged);
    QVERIFY(digest_with([](auto& o) { o.verdicts.clients[0].group.reset(); }) != unchanged);
    QVERIFY(digest_with([](auto& o) { o.rollback.recommended.reset(); }) != unchanged);
    QVERIFY(digest_with([](auto& o) { o.rollback.candidates[0].why.clear(); }) != unchanged);
    QVERIFY(digest_with([](auto& o) { o.findings[0].round.reset(); }) != unchanged);
}

void CaseFileTest::decisions_are_recorded_and_chained()
{
    TAKE(auto file, CaseFile::open(small_case("decisions")));
    using model::VerdictClass;
    OK(file->add_decision({model::ClientId{"c1"}, VerdictClass::malicious, "saw it", "", ""}));
    OK(file->add_decision({model::ClientId{"c1"}, VerdictClass::clean, "was wrong \"there\"", "", ""}));
    QCOMPARE(file->add_decision({model::ClientId{"nobody"}, VerdictClass::clean, "", "", ""}).error().code,
             ErrorCode::not_found);
    QCOMPARE(file->add_decision({model::ClientId{"c1"}, VerdictClass::unknown, "", "", ""}).error().code,
             ErrorCode::invalid_argument);
    TAKE(const auto decisions, file->decisions());
    QCOMPARE(decisions.size(), std::size_t{2});
    QVERIFY(decisions[0].decided == VerdictClass::malicious && decisions[1].decided == VerdictClass::clean);
    QCOMPARE(decisions[0].time.size(), std::size_t{20});
    QVERIFY(decisions[0].time.ends_with('Z') && !decisions[0].actor.empty());
    OK(file->append_custody("export", "x.npz", "", std::string(64, 'b')));
    TAKE(const auto custody, file->custody());
    QCOMPARE(custody.size(), std::size_t{4});
    QVERIFY(custody[2].action == "decide" && custody[2].subject == "c1" && custody[3].parameters_json == "{}");
    QVERIFY(storage::check_custody_chain(custody).empty());
}

void CaseFileTest::tampering_with_custody_is_found()
{
    for (const char* change : {"UPDATE custody SET actor = 'eve' WHERE id = 2", "DELETE FROM custody WHERE id = 2",
                               "DELETE FROM custody WHERE id = 1", "UPDATE custody SET id = 9 WHERE id = 3",
                               "UPDATE custody SET parameters_json = '{}' WHERE id = 1"}) {
        const fs::path path = small_case("tampered");
        {
            TAKE(auto file, CaseFile::open(path));
            for (const char* what : {"one", "two", "three"}) OK(file->append_custody("note", what, "", ""));
        }
        {
            TAKE(Database database, Database::open(path, Database::Access::read_write));
            OK(database.run(change));
        }
        TAKE(auto file, CaseFile::open(path));
        QVERIFY2(!storage::check_custody_chain(*file->custody()).empty(), change);
    }
}

void CaseFileTest::reading_takes_any_block()
{
    TAKE(auto file, CaseFile::open(small_case("blocks")));
    const std::int64_t d = FolderMaker::coordinates;
    QCOMPARE(*file->coordinates(), d);
    const std::vector<model::VectorRef> rows{update_ref(1, "c1"),
                                             {model::VectorRef::Kind::global_step, RoundNo{2}, {}},
                                             {model::VectorRef::Kind::checkpoint, RoundNo{0}, {}},
                                             update_ref(2, "c0")};
    std::vector<float> whole(rows.size() * static_cast<std::size_t>(d));
    OK(file->read(rows, 0, d, whole.data()));
    std::mt19937 random(1);
    for (int round = 0; round < 100; ++round) {
        const std::int64_t first = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(d));
        const std::int64_t count = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(d - first + 1));
        std::vector<float> block(rows.size() * static_cast<std::size_t>(count));
        OK(file->read(rows, first, count, block.data()));
        for (std::size_t row_idx = 0; row_idx < rows.size(); ++row_idx)
            QVERIFY(std::equal(block.begin() + static_cast<std::ptrdiff_t>(row_idx) * count,
                               block.begin() + static_cast<std::ptrdiff_t>(row_idx + 1) * count,
                               whole.begin() + static_cast<std::ptrdiff_t>(row_idx) * d + first));
    }
}

void CaseFileTest::reading_what_is_not_there_is_an_error()
{
    TAKE(auto file, CaseFile::open(small_case("absent")));
    const std::int64_t d = FolderMaker::coordinates;
    std::vector<float> out(static_cast<std::size_t>(d));
    const auto code = [&](const model::VectorRef& row, std::int64_t first, std::int64_t count) {
        const auto done = file->read(std::span(&row, 1), first, count, out.data());
        return done ? ErrorCode::internal : done.error().code;
    };
    QCOMPARE(code(update_ref(1, "c1"), -1, 10), ErrorCode::invalid_argument);
    QCOMPARE(code(update_ref(1, "c1"), d - 5, 6), ErrorCode::invalid_argument);
    QCOMPARE(code(update_ref(1, "c1"), 5, -1), ErrorCode::invalid_argument);
    QCOMPARE(code(update_ref(1, "c1"), std::numeric_limits<std::int64_t>::max(), 5), ErrorCode::invalid_argument);
    QCOMPARE(code(update_ref(1, "c9"), 0, 1), ErrorCode::not_found);
    QCOMPARE(code(update_ref(9, "c1"), 0, 1), ErrorCode::not_found);
    QCOMPARE(code({model::VectorRef::Kind::reference, RoundNo{1}, {}}, 0, 1), ErrorCode::not_found);
    QCOMPARE(code({model::VectorRef::Kind::checkpoint, RoundNo{3}, {}}, 0, 1), ErrorCode::not_found);
    QCOMPARE(code({model::VectorRef::Kind::global_step, RoundNo{0}, {}}, 0, 1), ErrorCode::not_found);
    OK(file->read({}, 0, d, nullptr));
    OK(file->read({}, d, 0, nullptr));
}

void CaseFileTest::readers_see_what_others_write()
{
    const fs::path path = small_case("two");
    TAKE(auto reader, CaseFile::open(path, CaseFile::Mode::read_only));
    const std::vector<float> before = read_row(*reader, update_ref(1, "c0"), 0, 100);
    QCOMPARE(before.size(), std::size_t{100});
    // Reading keeps no lock: another connection can write meanwhile, and what it writes is seen.
    TAKE(Database writer, Database::open(path, Database::Access::read_write));
    OK(writer.run("UPDATE update_line SET sha256 = NULL, problem = 'absent' WHERE client = 'c0' AND round = 1"));
    std::vector<float> out(100);
    const model::VectorRef row = update_ref(1, "c0");
    QCOMPARE(reader->read(std::span(&row, 1), 0, 100, out.data()).error().code, ErrorCode::not_found);
}

void CaseFileTest::a_reader_can_not_write()
{
    TAKE(auto file, CaseFile::open(small_case("reader"), CaseFile::Mode::read_only));
    QVERIFY(!file->append_custody("note", "", "", ""));
    QVERIFY(!file->put_ledger(some_ledger(1, 2, 2)));
    QVERIFY(!file->put_analysis(some_outcome()));
    QCOMPARE(file->updates()->size(), std::size_t{4});
}

QTEST_GUILESS_MAIN(CaseFileTest)
#include "tst_case_file.moc"
