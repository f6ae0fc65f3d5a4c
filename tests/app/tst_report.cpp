// SPDX-License-Identifier: GPL-3.0-or-later
// What leaves the case: replayed checkpoints, the report in three formats, and the metrics.
#include "app/cli_program.h"
#include "app/snapshot_values.h"

#include <algorithm>
#include <QRegularExpression>
#include <QStandardPaths>
#include <QtTest>
#include <QXmlStreamReader>

using namespace fedsleuth;

namespace {

const QString sample = QStringLiteral(FEDSLEUTH_SOURCE "/resources/sample");

/// Every <svg> of a page, each of which has to be XML of its own.
int well_formed_figures(const QByteArray& html)
{
    int figures = 0;
    for (qsizetype at = html.indexOf("<svg"); at >= 0; at = html.indexOf("<svg", at + 1)) {
        const qsizetype end = html.indexOf("</svg>", at);
        QXmlStreamReader reader(html.mid(at, end + 6 - at));
        while (!reader.atEnd()) reader.readNext();
        if (reader.hasError()) return -1;
        ++figures;
    }
    return figures;
}

}  // namespace

class Report : public QObject {
    Q_OBJECT

private slots:
    void initTestCase();
    void a_replay_is_what_the_obvious_sums_give();
    void a_replay_says_what_it_was_made_of();
    void a_replay_under_another_rule();
    void a_replay_goes_into_a_folder_of_its_own();
    void what_makes_no_sense_is_said();
    void the_page_stands_alone();
    void the_same_case_gives_the_same_bytes();
    void pseudonyms_hide_every_id();
    void text_of_others_is_escaped();
    void the_json_has_everything();
    void the_pdf_has_pages();
    void a_case_that_was_not_analysed_has_a_report();
    void metrics_are_those_of_the_case();
    void metrics_escape_labels();

private:
    QStringList with_case(QStringList arguments) const { return arguments << "--case" << case_; }
    QString case_;
    QJsonObject answer_;  ///< of rollback
    int recommended_ = -1;
    QMap<QString, int> flagged_;  ///< since which round
};

void Report::initTestCase()
{
    qputenv("SOURCE_DATE_EPOCH", "1800000000");
    case_ = fresh("sample.fedcase");
    QCOMPARE(run_cli({"ingest", sample, "--case", case_}).code, 0);
    QCOMPARE(run_cli(with_case({"analyse"})).code, 0);
    answer_ = run_cli(with_case({"rollback", "--format", "json"})).json();
    recommended_ = answer_["recommended"].toInt(-1);
    for (const QJsonValue client : answer_["contamination"].toObject()["clients"].toArray())
        flagged_[client["client"].toString()] = client["since"].toInt();
    const QJsonObject truth = QJsonDocument::fromJson(read_file(sample + "/truth.json")).object();
    QVERIFY(recommended_ >= 0 && recommended_ <= truth["last_clean_checkpoint"].toInt());
    QVERIFY(flagged_.contains("site-07") && truth["malicious"].toObject().contains("site-07"));
}

void Report::a_replay_is_what_the_obvious_sums_give()
{
    const QString out = fresh("flagged");
    const Ran ran = run_cli(with_case({"replay", "--flagged", "--out", out, "--format", "json"}));
    QVERIFY2(ran.code == 0, ran.err.constData());
    QVERIFY(ran.is_json());
    auto store = storage::CaseFile::open(case_.toStdString(), storage::CaseFile::Mode::read_only);
    QVERIFY(store);
    const std::vector<model::Update> updates = *(*store)->updates();
    using Kind = model::VectorRef::Kind;
    Values model = case_values(**store, Kind::checkpoint, recommended_);
    const auto file_of = [&](int round) {
        return out + QStringLiteral("/checkpoints/r%1.npz").arg(round, 4, 10, QLatin1Char('0'));
    };
    QVERIFY(greatest_difference(snapshot_values(file_of(recommended_)), model) == 0);
    const auto removed = [&](const model::Update& update) {
        return flagged_.contains(QString::fromStdString(update.client.text()));
    };
    for (int round = recommended_ + 1; round <= 24; ++round) {
        double examples = 0;
        for (const model::Update& update : updates)
            if (update.round.value() == round && !removed(update)) examples += double(*update.num_examples);
        for (const model::Update& update : updates) {
            if (update.round.value() != round || removed(update)) continue;
            const Values sent = case_values(**store, Kind::update, round, update.client.text());
            for (std::size_t idx = 0; idx < sent.size(); ++idx)
                model[idx] += double(*update.num_examples) / examples * sent[idx];
        }
        const QString file = file_of(round);
        QVERIFY2(greatest_difference(snapshot_values(file), model) < 1e-6, qPrintable(file));
    }
    // The boosted backdoor is gone: the replayed model lies elsewhere.
    QVERIFY(greatest_difference(model, case_values(**store, Kind::checkpoint, 24)) > 0.01);
    // safetensors hold the same numbers.
    const QString again = fresh("flagged-safetensors");
    QCOMPARE(run_cli(with_case({"replay", "--flagged", "--out", again, "--format", "safetensors"})).code, 0);
    QCOMPARE(greatest_difference(snapshot_values(again + "/checkpoints/r0024.safetensors"),
                                 snapshot_values(out + "/checkpoints/r0024.npz")),
             0.0);
}

void Report::a_replay_says_what_it_was_made_of()
{
    const QString out = scratch("flagged");
    const QJsonObject manifest = QJsonDocument::fromJson(read_file(out + "/manifest.json")).object();
    QCOMPARE(manifest["format"].toString(), QStringLiteral("fedsleuth-replay/1"));
    const QJsonObject inputs = manifest["inputs"].toObject();
    QStringList removed;
    for (const QJsonValue client : inputs["removed"].toArray()) removed << client["client"].toString();
    QCOMPARE(removed, flagged_.keys());
    QCOMPARE(inputs["rule"].toString(), QStringLiteral("fedavg"));
    QVERIFY(!inputs["version"].toString().isEmpty());
    const QJsonArray files = manifest["files"].toArray();
    QCOMPARE(files.size(), 24 - recommended_ + 2);  // the corrected model of the last round too
    for (const QJsonValue file : files)
        QCOMPARE(file["sha256"].toString().toLatin1(), sha256_of(out + "/" + file["path"].toString()));
    int checked = 0;
    for (const QJsonValue source : inputs["sources"].toArray()) {
        if (source["round"].toInt() != 15) continue;
        QCOMPARE(source["sha256"].toString().toLatin1(), sha256_of(sample + "/" + source["path"].toString()));
        ++checked;
    }
    QVERIFY(checked >= 20);
    const QString badge = manifest["validity"]["badge"].toString();
    const double moved = manifest["validity"]["moved"].toDouble();
    const double disagreement = manifest["validity"]["disagreement"].toDouble();
    QVERIFY(badge == QLatin1String(moved < 0.2 && disagreement < 0.25 ? "green" : moved < 0.5 ? "amber" : "red"));
    QVERIFY(!QFile::exists(out + "/.replay-rounds") && !QFile::exists(out + "/.replay-vectors"));
    const Ran custody = run_cli(with_case({"custody", "--format", "json"}));
    bool recorded = false;
    for (const QJsonValue entry : custody.json()["entries"].toArray())
        recorded = recorded || (entry["subject"].toString() == out &&
                                entry["sha256"].toString().toLatin1() == sha256_of(out + "/manifest.json"));
    QVERIFY(recorded);
}

void Report::a_replay_under_another_rule()
{
    const QString out = fresh("median");
    const Ran ran = run_cli(with_case({"replay", "--rule", "median", "--from", "22", "--out", out}));
    QVERIFY2(ran.code == 0, ran.err.constData());
    auto store = storage::CaseFile::open(case_.toStdString(), storage::CaseFile::Mode::read_only);
    const std::vector<model::Update> updates = *(*store)->updates();
    using Kind = model::VectorRef::Kind;
    Values model = case_values(**store, Kind::checkpoint, 22);
    for (int round = 23; round <= 24; ++round) {
        std::vector<Values> sent;
        for (const model::Update& update : updates)
            if (update.round.value() == round)
                sent.push_back(case_values(**store, Kind::update, round, update.client.text()));
        for (std::size_t idx = 0; idx < model.size(); ++idx) {
            Values column;
            for (const Values& one : sent) column.push_back(one[idx]);
            std::sort(column.begin(), column.end());
            const std::size_t half = column.size() / 2;
            model[idx] += column.size() % 2 == 1 ? column[half] : (column[half - 1] + column[half]) / 2;
        }
    }
    QVERIFY(greatest_difference(snapshot_values(out + "/checkpoints/r0024.npz"), model) < 1e-6);
}

void Report::a_replay_goes_into_a_folder_of_its_own()
{
    const QString out = fresh("occupied");
    write_file(out + "/mine.txt", "mine");
    const Ran ran = run_cli(with_case({"replay", "--flagged", "--out", out}));
    QCOMPARE(ran.code, 1);
    QVERIFY(ran.err.contains("not empty"));
    QCOMPARE(read_file(out + "/mine.txt"), QByteArray("mine"));
    QCOMPARE(QDir(out).entryList(QDir::AllEntries | QDir::NoDotAndDotDot).size(), 1);
}

void Report::what_makes_no_sense_is_said()
{
    const QString out = fresh("nothing");
    const Ran nothing = run_cli(with_case({"replay", "--out", out}));
    QCOMPARE(nothing.code, 1);
    QVERIFY(nothing.err.contains("--exclude"));
    QCOMPARE(run_cli(with_case({"replay", "--flagged", "--from", "99", "--out", out})).code, 1);
    QCOMPARE(run_cli(with_case({"replay", "--exclude", "nobody", "--out", out})).code, 1);
    QCOMPARE(run_cli(with_case({"replay", "--flagged", "--format", "pt", "--out", out})).code, 2);
    QCOMPARE(run_cli(with_case({"report", "--out", scratch("x.doc")})).code, 2);
}

void Report::the_page_stands_alone()
{
    const QString out = fresh("report.html");
    const Ran ran = run_cli(with_case({"report", "--out", out}));
    QVERIFY2(ran.code == 0, ran.err.constData());
    QVERIFY(ran.out.isEmpty());
    const QByteArray html = read_file(out);
    QVERIFY(html.startsWith("<!DOCTYPE html>"));
    for (const char* outside : {"<script", "src=", "<link", "<iframe", "@import", "url("})
        QVERIFY(!html.contains(outside));
    QByteArray rest = html;
    rest.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", "");
    QVERIFY(!rest.contains("http"));
    QVERIFY(well_formed_figures(html) >= 4);
    for (const char* said : {"site-07", "What could not be checked", "Chain of custody", "2027-01-15T08:00:00Z"})
        QVERIFY2(html.contains(said), said);
    QVERIFY(html.contains("Go back to the checkpoint of round " + QByteArray::number(recommended_) + "."));
    for (const QJsonValue entry : run_cli(with_case({"custody", "--format", "json"})).json()["entries"].toArray())
        if (entry["action"].toString() == "analyse") QVERIFY(html.contains(entry["hash"].toString().toLatin1()));
}

void Report::the_same_case_gives_the_same_bytes()
{
    for (const char* ending : {"html", "json"}) {
        const QString first = fresh(QStringLiteral("first.") + ending),
                      second = fresh(QStringLiteral("second.") + ending);
        QCOMPARE(run_cli(with_case({"report", "--out", first})).code, 0);
        QCOMPARE(run_cli(with_case({"report", "--out", second})).code, 0);
        QCOMPARE(read_file(first), read_file(second));
    }
}

void Report::pseudonyms_hide_every_id()
{
    for (const char* ending : {"html", "json"}) {
        const QString out = fresh(QStringLiteral("hidden.") + ending);
        QCOMPARE(run_cli(with_case({"report", "--pseudonyms", "--out", out})).code, 0);
        const QByteArray text = read_file(out);
        QVERIFY(text.contains("client-07"));
        const auto left = QRegularExpression(QStringLiteral("site-\\d\\d")).match(QString::fromUtf8(text));
        QVERIFY2(!left.hasMatch(), qPrintable(QString::fromUtf8(text).mid(left.capturedStart() - 80, 160)));
    }
}

void Report::text_of_others_is_escaped()
{
    const QString copy = fresh("decided.fedcase");
    QVERIFY(QFile::copy(case_, copy));
    QCOMPARE(run_cli({"decide", "--case", copy, "--client", "site-12", "--as", "malicious", "--note",
                      "<img src=x onerror=alert(1)>\x1b[31m&\"'"})
                 .code,
             0);
    const QString out = fresh("decided.html");
    QCOMPARE(run_cli({"report", "--case", copy, "--out", out}).code, 0);
    const QByteArray html = read_file(out);
    QVERIFY(!html.contains("<img") && !html.contains('\x1b'));
    QVERIFY(html.contains("&lt;img src=x onerror=alert(1)&gt;\\x1b[31m&amp;&quot;&#39;"));
    // What a person concluded stands in a section of its own, and counts.
    const qsizetype people = html.indexOf("class=\"people\"");
    QVERIFY(people > 0 && html.indexOf("&lt;img") > people &&
            html.indexOf("&lt;img") < html.indexOf("</section>", people));
    QVERIFY(html.contains("Go back to the checkpoint of round 0"));
}

void Report::the_json_has_everything()
{
    const QString out = fresh("report.json");
    QCOMPARE(run_cli(with_case({"report", "--out", out})).code, 0);
    const QJsonObject report = QJsonDocument::fromJson(read_file(out)).object();
    QCOMPARE(report["rollback"]["recommended"].toInt(), recommended_);
    QCOMPARE(report["clients"].toArray().size(), 20);
    const Ran verdicts = run_cli(with_case({"verdicts", "--format", "json"}));
    for (int idx = 0; idx < 20; ++idx) {
        const QJsonObject told = report["clients"].toArray()[idx].toObject();
        const QJsonObject computed = verdicts.json()["clients"].toArray()[idx].toObject();
        for (const char* key :
             {"client", "class", "probability", "first_bad_round", "bad_rounds", "reasons", "against"})
            QVERIFY2(told[key].toVariant() == computed[key].toVariant(), key);
    }
    QCOMPARE(report["record"]["evidence"].toArray().size(),
             QDir(sample + "/updates").count() - 2 + QDir(sample + "/checkpoints").count() - 2 +
                 QDir(sample + "/certs").count() - 2 + 1);  // and the log; truth.json is never read
    QVERIFY(!report["not_checked"].toArray().isEmpty());
    QCOMPARE(report["rollback"]["contamination"]["clients"].toArray().size(), flagged_.size());
    const Ran rollback = run_cli(with_case({"rollback", "--format", "json"}));
    const QJsonObject answer = rollback.json();
    for (const char* key : {"candidates", "price", "sensitivity", "last_clean"})
        QVERIFY2(report["rollback"].toObject()[key].toVariant() == answer[key].toVariant(), key);
}

void Report::the_pdf_has_pages()
{
    if (!QFile::exists(QFileInfo(QStringLiteral(FEDSLEUTH_CLI)).path() + "/fedsleuth"))
        QSKIP("the desktop program is not built");
    const QString out = fresh("report.pdf");
    const Ran ran = run_cli(with_case({"report", "--out", out}));
    QVERIFY2(ran.code == 0, ran.err.constData());
    const QByteArray pdf = read_file(out);
    QVERIFY(pdf.startsWith("%PDF-1."));
    QVERIFY(pdf.count("/Type /Page\n") + pdf.count("/Type /Page ") >= 4);
    QCOMPARE(run_cli(with_case({"report", "--out", scratch("no/such/folder/x.pdf")})).code, 1);
}

void Report::a_case_that_was_not_analysed_has_a_report()
{
    const QString bare = fresh("bare.fedcase");
    QCOMPARE(run_cli({"ingest", sample, "--case", bare}).code, 0);
    const QString out = fresh("bare.html");
    const Ran ran = run_cli({"report", "--case", bare, "--out", out});
    QVERIFY2(ran.code == 0, ran.err.constData());
    QVERIFY(read_file(out).contains("has not been analysed"));
    QCOMPARE(run_cli({"metrics", "--case", bare}).code, 0);
}

void Report::metrics_are_those_of_the_case()
{
    const Ran ran = run_cli(with_case({"metrics"}));
    QVERIFY2(ran.code == 0, ran.err.constData());
    QVERIFY(ran.out.contains("\nfl_round_total{status=\"completed\"} 24\n") ||
            ran.out.startsWith("fl_round_total{status=\"completed\"} 24\n"));
    QVERIFY(ran.out.contains("\nfl_client_updates_accepted_total{client_id=\"site-07\"} 24\n"));
    for (auto client = flagged_.begin(); client != flagged_.end(); ++client)  // everybody took part in every round
        QVERIFY(ran.out.contains("\nfl_byzantine_client_excluded_total{client_id=\"" + client.key().toUtf8() + "\"} " +
                                 QByteArray::number(24 - client.value() + 1) + "\n"));
    QVERIFY(ran.out.contains("\nfl_model_accuracy{round=\"24\"} 0.81625\n"));
    QVERIFY(ran.out.contains("fl_gradient_anomaly_detected_total{client_id=\"site-07\",reason=\""));
    int failures = 0;
    for (const QJsonValue finding : run_cli(with_case({"findings", "--format", "json"})).json()["findings"].toArray())
        failures += QStringList{"signature-invalid", "signature-wrong-key", "checkpoint-signature-invalid"}.contains(
            finding["kind"].toString());
    QVERIFY(ran.out.contains("\nfl_model_signature_verification_failure_total " + QByteArray::number(failures) + "\n"));
    for (const char* name : {"fl_client_epsilon_spent", "fl_privacy_budget_exhausted_total"})
        QVERIFY(ran.out.contains(QByteArray("# TYPE ") + name + " "));
    // Every line is a comment or a series, and no series comes twice.
    const QRegularExpression series(
        QStringLiteral("^[a-z_]+(\\{[a-z_]+=\"([^\"\\\\]|\\\\.)*\"(,[a-z_]+=\"([^\"\\\\]|\\\\.)*\")*\\})? \\S+$"));
    QSet<QByteArray> seen;
    for (const QByteArray& line : ran.out.trimmed().split('\n')) {
        if (line.startsWith("# ")) continue;
        QVERIFY2(series.match(QString::fromUtf8(line)).hasMatch(), line.constData());
        const QByteArray name = line.left(line.lastIndexOf(' '));
        QVERIFY2(!seen.contains(name), name.constData());
        seen.insert(name);
    }
    const QString promtool = QStandardPaths::findExecutable(QStringLiteral("promtool"));
    if (promtool.isEmpty()) QSKIP("promtool (Debian: prometheus) is not installed");
    QProcess check;
    check.start(promtool, {"check", "metrics"});
    check.write(ran.out);
    check.closeWriteChannel();
    QVERIFY(check.waitForFinished(60'000));
    QVERIFY2(check.exitCode() == 0, check.readAllStandardError().constData());
}

void Report::metrics_escape_labels()
{
    const QString folder = fresh("named");
    QByteArray log = R"({"type": "federation", "format": "fedsleuth/1", "name": "n", "update_kind": "delta",)"
                     R"( "aggregation": {"rule": "fedavg", "weighted_by": "equal", "server_learning_rate": 1.0},)"
                     R"( "layers": [{"name": "w", "shape": [2]}]})"
                     "\n";
    log += R"({"type": "client", "client": "a\"b\\c\nd} 1 evil 2"})"
           "\n";
    write_file(folder + "/federation.jsonl", log);
    const QString named = fresh("named.fedcase");
    QCOMPARE(run_cli({"ingest", folder, "--case", named}).code, 0);
    const Ran ran = run_cli({"metrics", "--case", named});
    QVERIFY2(ran.code == 0, ran.err.constData());
    QVERIFY(ran.out.contains(R"(fl_client_updates_accepted_total{client_id="a\"b\\c\nd} 1 evil 2"} 0)"));
}

QTEST_GUILESS_MAIN(Report)
#include "tst_report.moc"
