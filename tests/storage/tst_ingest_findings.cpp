// SPDX-License-Identifier: GPL-3.0-or-later
#include "case_helpers.h"

#include <limits>

using namespace fedsleuth;
using namespace fedsleuth::test;
using model::ErrorCode;
using model::RoundNo;
using model::Severity;
using model::SnapshotState;
using storage::CaseFile;

namespace {

struct Taken {
    std::vector<model::Finding> findings;
    std::vector<model::ImportIssue> issues;
    std::vector<model::Update> updates;
    std::vector<model::Round> rounds;
    std::unique_ptr<CaseFile> file;
};

Taken taken(const FolderMaker& maker)
{
    maker.flush();
    const fs::path path = scratch(maker.root().filename().string() + ".fedcase");
    if (const auto done = take_in(maker.root(), path); !done) qFatal("%s", done.error().text().c_str());
    Taken all;
    all.file = std::move(*CaseFile::open(path));
    all.findings = *all.file->findings();
    all.issues = *all.file->import_issues();
    all.updates = *all.file->updates();
    all.rounds = *all.file->rounds();
    return all;
}

bool has_issue(const Taken& all, const std::string& text)
{
    for (const model::ImportIssue& issue : all.issues)
        if (issue.text.find(text) != std::string::npos || issue.file.find(text) != std::string::npos) return true;
    return false;
}

const model::Update* update_of(const Taken& all, const std::string& client)
{
    for (const model::Update& update : all.updates)
        if (update.client.text() == client) return &update;
    return nullptr;
}

}  // namespace

class IngestFindingsTest : public QObject {
    Q_OBJECT
private slots:
    void a_clean_folder_has_none();
    void another_digest_than_the_log_has();
    void missing_files_and_missing_updates();
    void paths_that_lead_astray();
    void refused_files();
    void not_a_number();
    void a_poisoned_checkpoint();
    void clients_nobody_registered();
    void the_same_update_from_two();
    void an_update_sent_again();
    void behind_secure_aggregation();
    void declared_secure_aggregation();
    void lines_and_files_that_do_not_belong();
    void missing_certificates();
    void rounds_beyond_all_reason();
    void findings_come_by_severity();
};

void IngestFindingsTest::a_clean_folder_has_none()
{
    FolderMaker maker(scratch("clean"));
    maker.rounds(1, 3, 3);
    const Taken all = taken(maker);
    QVERIFY(all.findings.empty() && all.issues.empty());
    for (const model::Round& round : all.rounds) {
        QVERIFY(round.inspectable && round.selected.size() == 3 && round.metrics.at("accuracy") == 0.5);
        QVERIFY(std::isnan(round.metrics.at("loss")));
    }
}

void IngestFindingsTest::another_digest_than_the_log_has()
{
    FolderMaker maker(scratch("digest"));
    maker.update(1, "good");
    maker.write_snapshot("updates/x.npz", maker.numbers());
    maker.update_line(1, "bad", "updates/x.npz", std::string(64, 'a'));
    const Taken all = taken(maker);
    const model::Finding* found = finding(all.findings, "digest-mismatch");
    QVERIFY(found && found->severity == Severity::high && found->client->text() == "bad");
    QVERIFY(found->text.find("are used") != std::string::npos);
    QVERIFY(update_of(all, "bad")->usable());
    QCOMPARE(all.findings.size(), std::size_t{1});
    QVERIFY(!read_row(*all.file, update_ref(1, "bad"), 0, 5).empty());
}

void IngestFindingsTest::missing_files_and_missing_updates()
{
    FolderMaker maker(scratch("missing"));
    maker.update(1, "a");
    maker.update_line(1, "gone", "updates/gone.npz", "");
    maker.line(
        "{\"type\": \"round\", \"round\": 1, \"selected\": [\"a\", \"gone\", \"silent\", \"broke\"],"
        " \"failed\": [\"broke\"]}");
    maker.line("{\"type\": \"round\", \"round\": 2, \"selected\": [\"a\", \"b\"]}");
    maker.checkpoint_line(1, "checkpoints/gone.npz", std::string(64, 'a'));
    const Taken all = taken(maker);
    QCOMPARE(all.findings.size(), std::size_t{4});
    QVERIFY(finding(all.findings, "missing-update", "gone") && finding(all.findings, "missing-update", "silent"));
    for (const model::Finding& found : all.findings) QVERIFY(found.severity == Severity::low);
    QVERIFY(has_issue(all, "checkpoints/gone.npz"));
    QVERIFY(update_of(all, "gone")->state == SnapshotState::missing);
    QVERIFY(update_of(all, "gone")->actual_sha256.empty());
}

void IngestFindingsTest::paths_that_lead_astray()
{
    FolderMaker maker(scratch("astray"));
    const fs::path outside = scratch("outside.npz");
    FolderMaker(scratch("astray-other")).write_snapshot("../outside.npz", maker.numbers());
    QVERIFY(fs::exists(outside));
    fs::create_symlink(outside, maker.root() / "updates/link.npz");
    fs::create_directory(maker.root() / "updates/folder.npz");
    int round = 0;
    for (const char* path : {"../outside.npz", "/etc/hostname", "updates/link.npz", "updates/folder.npz"}) {
        ++round;
        maker.update_line(round, "c" + std::to_string(round), path, std::string(64, 'a'));
    }
    maker.update(9, "honest");
    const Taken all = taken(maker);
    for (const char* client : {"c1", "c2", "c3", "c4"}) {
        const model::Finding* found = finding(all.findings, "refused-snapshot", client);
        QVERIFY(found && found->severity == Severity::high);
        QVERIFY(update_of(all, client)->state == SnapshotState::refused);
        QVERIFY(update_of(all, client)->actual_sha256.empty());
    }
    QVERIFY(has_issue(all, "../outside.npz") && has_issue(all, "/etc/hostname"));
    QVERIFY(update_of(all, "honest")->usable());
}

void IngestFindingsTest::refused_files()
{
    FolderMaker maker(scratch("refused"));
    maker.update(1, "honest");
    write_text(maker.root() / "updates/text", "this is no snapshot");
    // A pickle that would print, were it ever run.
    using namespace std::string_literals;
    write_text(maker.root() / "updates/pickle",
               "\x80\x02"
               "cbuiltins\nprint\nX\x02\x00\x00\x00hi\x85R."s);
    write_text(maker.root() / "updates/empty", "");
    for (const char* name : {"text", "pickle", "empty"}) maker.update_line(1, name, std::string("updates/") + name, "");
    const Taken all = taken(maker);
    const model::Finding* text = finding(all.findings, "refused-snapshot", "text");
    const model::Finding* pickle = finding(all.findings, "refused-snapshot", "pickle");
    QVERIFY(text && text->severity == Severity::high);
    QVERIFY(finding(all.findings, "refused-snapshot", "empty"));
    QVERIFY(pickle && pickle->severity == Severity::critical);
    QVERIFY2(pickle->text.find("builtins.print") != std::string::npos, pickle->text.c_str());
    QVERIFY(update_of(all, "text")->state == SnapshotState::refused && !update_of(all, "text")->state_text.empty());
    QVERIFY(update_of(all, "pickle")->actual_sha256.size() == 64);
}

void IngestFindingsTest::not_a_number()
{
    FolderMaker maker(scratch("nan"));
    auto values = maker.numbers();
    values[5] = std::numeric_limits<double>::quiet_NaN();
    values[70'000 - 900] = -std::numeric_limits<double>::infinity();
    values[FolderMaker::coordinates - 1] = std::numeric_limits<double>::infinity();
    maker.update(1, "bad", values);
    const std::string path = "updates/huge.npz";
    values = maker.numbers();
    values[7] = 1e300;  // no float32
    maker.update_line(1, "huge", path, maker.write_snapshot(path, values, storage::NumberType::float64));
    maker.update(1, "good");
    const Taken all = taken(maker);
    const model::Finding* found = finding(all.findings, "non-finite-update", "bad");
    QVERIFY(found && found->severity == Severity::high);
    QVERIFY(update_of(all, "bad")->state == SnapshotState::non_finite);
    QCOMPARE(update_of(all, "bad")->non_finite_count, 3);
    QCOMPARE(update_of(all, "huge")->non_finite_count, 1);
    std::vector<float> out(1);
    const model::VectorRef row = update_ref(1, "bad");
    QCOMPARE(all.file->read(std::span(&row, 1), 0, 1, out.data()).error().code, ErrorCode::not_found);
}

void IngestFindingsTest::a_poisoned_checkpoint()
{
    FolderMaker maker(scratch("checkpoint"));
    maker.update(1, "a");
    auto values = maker.numbers();
    values[0] = std::numeric_limits<double>::quiet_NaN();
    maker.checkpoint_line(1, "checkpoints/1.npz", maker.write_snapshot("checkpoints/1.npz", values));
    const Taken all = taken(maker);
    const model::Finding* found = finding(all.findings, "non-finite-update");
    QVERIFY(found && !found->client && found->round == RoundNo{1});
    QVERIFY(found->text.find("checkpoint") != std::string::npos);
    QVERIFY(!all.file->checkpoints()->at(0).usable());
}

void IngestFindingsTest::clients_nobody_registered()
{
    FolderMaker maker(scratch("unknown"));
    maker.client("a");
    maker.update(1, "a");
    maker.update(1, "stranger");
    maker.update(2, "stranger");
    maker.update(2, "@server", ", \"role\": \"reference\"");
    const Taken all = taken(maker);
    const model::Finding* found = finding(all.findings, "unknown-client");
    QVERIFY(found && found->client->text() == "stranger" && found->round == RoundNo{1});
    QVERIFY(found->evidence_json == "{\"rounds\":[1,2]}");
    QCOMPARE(all.findings.size(), std::size_t{1});
    const auto clients = *all.file->clients();
    QCOMPARE(clients.size(), std::size_t{2});
    QVERIFY(clients[0].registered && !clients[1].registered);

    FolderMaker none(scratch("none-registered"));
    none.update(1, "a");
    QVERIFY(taken(none).findings.empty());
}

void IngestFindingsTest::the_same_update_from_two()
{
    FolderMaker maker(scratch("twins"));
    const auto values = maker.update(1, "a");
    maker.update(1, "b");
    // The same numbers in a file of other bytes.
    const std::string path = "updates/c.npz";
    maker.update_line(1, "c", path, maker.write_snapshot(path, values, storage::NumberType::float64));
    const Taken all = taken(maker);
    const model::Finding* found = finding(all.findings, "identical-updates");
    QVERIFY(found && found->severity == Severity::medium && found->round == RoundNo{1});
    QVERIFY(found->text.find("a and c") != std::string::npos);
    QVERIFY(found->evidence_json == "{\"clients\":[\"a\",\"c\"]}");
    QCOMPARE(all.findings.size(), std::size_t{1});
    QVERIFY(all.rounds[0].inspectable);
}

void IngestFindingsTest::an_update_sent_again()
{
    FolderMaker maker(scratch("replayed"));
    const auto values = maker.update(1, "a");
    maker.update(1, "b");
    maker.update(3, "a", values);
    maker.update(3, "b");
    maker.update(4, "thief", values);
    maker.update(4, "b");
    const Taken all = taken(maker);
    const model::Finding* own = finding(all.findings, "update-replayed", "a");
    const model::Finding* stolen = finding(all.findings, "update-replayed", "thief");
    QVERIFY(own && own->round == RoundNo{3} && stolen && stolen->round == RoundNo{4});
    QVERIFY(stolen->text.find("that a had sent in round 1") != std::string::npos);
    QCOMPARE(all.findings.size(), std::size_t{2});
}

void IngestFindingsTest::behind_secure_aggregation()
{
    FolderMaker maker(scratch("secagg"));
    for (int round = 1; round <= 2; ++round) {
        const auto values = maker.numbers();
        for (const char* id : {"a", "b", "c"}) maker.update(round, id, values);
    }
    maker.update(3, "a");
    maker.update(3, "b");
    maker.update(4, "alone");
    const Taken all = taken(maker);
    QVERIFY(!all.rounds[0].inspectable && !all.rounds[0].why_not.empty() && !all.rounds[1].inspectable);
    QVERIFY(all.rounds[2].inspectable && all.rounds[3].inspectable);
    QVERIFY(!finding(all.findings, "identical-updates"));
    const model::Finding* found = finding(all.findings, "not-inspectable");
    QVERIFY(found && found->severity == Severity::low);
    QCOMPARE(all.findings.size(), std::size_t{2});
}

void IngestFindingsTest::declared_secure_aggregation()
{
    FolderMaker maker(scratch("declared"), "delta", ", \"secure_aggregation\": true");
    maker.round_line(1, {"a", "b", "c"});
    maker.checkpoint(0);
    maker.checkpoint(1);
    const Taken all = taken(maker);
    QCOMPARE(all.findings.size(), std::size_t{1});
    QVERIFY(all.findings[0].kind == "not-inspectable" && all.findings[0].severity == Severity::info);
    QVERIFY(!all.rounds.at(0).inspectable);
}

void IngestFindingsTest::lines_and_files_that_do_not_belong()
{
    FolderMaker maker(scratch("foreign"));
    maker.update(1, "a");
    maker.line("no json");
    maker.line("{\"type\": \"gossip\", \"text\": \"hello\"}");
    maker.line("{\"type\": \"update\", \"round\": 1}");
    for (int idx = 0; idx < 5; ++idx) write_text(maker.root() / "updates" / ("extra" + std::to_string(idx)), "x");
    const Taken all = taken(maker);
    QVERIFY(has_issue(all, "gossip") &&
            has_issue(all, "does not name 5 files in this folder: extra0, extra1, extra2, …"));
    const model::Finding* found = finding(all.findings, "import-issue");
    QVERIFY(found && found->severity == Severity::low);
    QVERIFY(found->evidence_json == "{\"issues\":" + std::to_string(all.issues.size()) + "}");
    QCOMPARE(all.findings.size(), std::size_t{1});
    bool line_named = false;
    for (const model::ImportIssue& issue : all.issues) line_named = line_named || issue.line == 3;
    QVERIFY(line_named);
}

void IngestFindingsTest::missing_certificates()
{
    FolderMaker maker(scratch("certificates"), "delta",
                      ", \"trust\": {\"ca\": \"certs/ca.pem\", \"crl\": \"../crl.pem\"}");
    write_text(maker.root() / "certs/a.pem", "pem");
    maker.line("{\"type\": \"client\", \"client\": \"a\", \"certificate\": \"certs/a.pem\"}");
    maker.line("{\"type\": \"client\", \"client\": \"b\", \"certificate\": \"certs/b.pem\"}");
    maker.update(1, "a");
    const Taken all = taken(maker);
    QVERIFY(has_issue(all, "certs/ca.pem") && has_issue(all, "../crl.pem") && has_issue(all, "certs/b.pem"));
    QVERIFY(!has_issue(all, "certs/a.pem"));
    const auto files = *all.file->evidence_files();
    const auto a =
        std::find_if(files.begin(), files.end(), [](const auto& file) { return file.path == "certs/a.pem"; });
    QVERIFY(a != files.end() && a->client->text() == "a" && a->bytes == 3 && a->state == "ok");
}

void IngestFindingsTest::rounds_beyond_all_reason()
{
    FolderMaker maker(scratch("rounds"));
    maker.update(1, "a");
    for (const char* key : {"\"round\": 9223372036854775807", "\"round\": 1, \"base_round\": 9223372036854775807"})
        maker.line(std::string("{\"type\": \"update\", ") + key +
                   ", \"client\": \"b\", \"num_examples\": 1, \"path\": \"x\", \"sha256\": \"" + std::string(64, 'a') +
                   "\", \"received_at\": \"2026-03-06T16:00:00Z\"}");
    maker.line("{\"type\": \"round\", \"round\": 9223372036854775807, \"selected\": []}");
    const Taken all = taken(maker);
    QCOMPARE(all.updates.size(), std::size_t{1});
    QCOMPARE(all.rounds.size(), std::size_t{1});
    QCOMPARE(all.issues.size(), std::size_t{3});
}

void IngestFindingsTest::findings_come_by_severity()
{
    FolderMaker maker(scratch("order"));
    maker.client("a");
    maker.update(2, "stranger");
    maker.update_line(1, "a", "updates/none", "");
    maker.update_line(3, "a", "updates/none", "");
    write_text(maker.root() / "updates/text", "no");
    maker.update_line(1, "a2", "updates/text", "");
    const Taken all = taken(maker);
    QVERIFY(all.findings.size() >= 4);
    for (std::size_t idx = 1; idx < all.findings.size(); ++idx) {
        const model::Finding &before = all.findings[idx - 1], &here = all.findings[idx];
        QVERIFY(before.severity > here.severity ||
                (before.severity == here.severity &&
                 before.round.value_or(RoundNo{-1}) <= here.round.value_or(RoundNo{-1})));
    }
}

QTEST_GUILESS_MAIN(IngestFindingsTest)
#include "tst_ingest_findings.moc"
