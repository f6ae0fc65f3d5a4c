// SPDX-License-Identifier: GPL-3.0-or-later
// Names that an attacker chose, and verdicts of every kind: what the command line makes of them.
#include "app/cli_program.h"
#include "storage/case/case_file.h"

#include <optional>
#include <QtTest>

using namespace fedsleuth;
using model::ClientId;
using model::RoundNo;
using model::VerdictClass;

namespace {

// As they stand in the log's JSON, and as they are.
const QByteArray escape_json = "\\u001b[31mred\\u0007";
const QString escape_id = QStringLiteral("\u001b[31mred\u0007");
const QString formula_id = QStringLiteral("=cmd()");
const QString turning_id = QStringLiteral("abc\u202etxt");
const QString broken_id = QStringLiteral("two\nlines, \"quoted\"");

QByteArray line(const QByteArray& type, const QByteArray& client, const QByteArray& more)
{
    return "{\"type\": \"" + type + "\", \"client\": \"" + client + "\"" + more + "}\n";
}

}  // namespace

class Hostile : public QObject {
    Q_OBJECT

private slots:
    void initTestCase();
    void tables_show_no_control_characters_data();
    void tables_show_no_control_characters();
    void talk_shows_no_control_characters();
    void csv_runs_no_formula();
    void json_keeps_the_very_text();
    void names_can_be_said_on_the_command_line();
    void what_is_not_known_is_null();
    void the_gravest_come_first_and_the_unknown_last();
    void fail_on_takes_what_is_graver_too();
    void groups_and_symbols_are_shown();
    void score_in_closed_form();
    void a_broken_chain_is_told();

private:
    [[nodiscard]] QStringList with_case(const QStringList& arguments) const
    {
        return arguments + QStringList{"--case", case_};
    }
    QString case_;
};

void Hostile::initTestCase()
{
    const QString folder = fresh("hostile");
    QByteArray log =
        "{\"type\": \"federation\", \"format\": \"fedsleuth/1\", \"name\": \"\\u001b]0;owned\\u0007\", "
        "\"update_kind\": \"delta\", \"aggregation\": {\"rule\": \"fedavg\", \"weighted_by\": \"equal\", "
        "\"server_learning_rate\": 1.0}, \"layers\": [{\"name\": \"w\", \"shape\": [4]}]}\n";
    const QList<QByteArray> names{escape_json, "=cmd()", "abc\\u202etxt", "two\\nlines, \\\"quoted\\\"", "plain"};
    float first = 1;
    for (const QByteArray& name : names) log += line("client", name, ", \"num_examples\": 10");
    for (int round = 1; round <= 2; ++round) {
        for (qsizetype idx = 0; idx < names.size(); ++idx) {
            const QByteArray path = "updates/" + QByteArray::number(round) + "-" + QByteArray::number(idx) + ".npy";
            write_file(folder + "/" + path, npy_bytes("<f4", "(4,)", bytes_of(std::vector<float>{first, 1, 2, 3})));
            first += 0.25F;
            log += line("update", names[idx],
                        ", \"round\": " + QByteArray::number(round) + ", \"num_examples\": 10, \"path\": \"" + path +
                            "\", \"sha256\": \"" + sha256_of(folder + "/" + path) + "\"");
        }
        log += "{\"type\": \"round\", \"round\": " + QByteArray::number(round) +
               ", \"metrics\": {\"\\u001b[2Jloss\": NaN, \"accuracy\": 0.5}}\n";
    }
    log += "this line is \x1b[31m no JSON\n";
    write_file(folder + "/federation.jsonl", log);
    case_ = fresh("hostile.fedcase");
    const Ran ran = run_cli(with_case({"ingest", folder}));
    QVERIFY2(ran.code == 0, ran.err.constData());
    QVERIFY(!has_control_characters(ran.err));

    // Verdicts of every kind, out of order, as no analysis of so small a case would give them.
    auto store = storage::CaseFile::open(case_.toStdString());
    QVERIFY(store.has_value());
    model::CaseStore::AnalysisOutcome outcome;
    outcome.verdicts.clients.reserve(5);  // what add() answers stays where it is
    const auto add = [&outcome](const QString& client, VerdictClass verdict, double probability) -> model::Verdict& {
        model::Verdict& added = outcome.verdicts.clients.emplace_back();
        added.client = ClientId(client.toStdString());
        added.verdict = verdict;
        added.probability = probability;
        return added;
    };
    add("plain", VerdictClass::unknown, 0);
    add(turning_id, VerdictClass::clean, 0.01);
    model::Verdict& suspect = add(formula_id, VerdictClass::suspect, 0.6);
    model::Verdict& malicious = add(escape_id, VerdictClass::malicious, 0.99);
    add(broken_id, VerdictClass::watch, 0.2);
    suspect.group = 1;
    malicious.group = 1;
    malicious.first_bad_round = RoundNo(2);
    malicious.bad_rounds = {RoundNo(1), RoundNo(2)};
    malicious.attack = "sybil";
    malicious.family = "colluding";
    malicious.reasons = {{"duplicates", RoundNo(2), escape_id.toStdString() + " is the twin of =cmd()", 9.5}};
    malicious.against = {{"norm", RoundNo(1), "an ordinary length", 0.5}};
    model::Finding finding;
    finding.kind = "identical-updates";
    finding.severity = model::Severity::high;
    finding.client = ClientId(escape_id.toStdString());
    finding.text =
        "\x1b[2J"
        "cleared";
    finding.source = model::FindingSource::analysis;
    outcome.findings = {finding};
    outcome.parameters_json = "{}";
    QVERIFY((*store)->put_analysis(outcome).has_value());
}

void Hostile::tables_show_no_control_characters_data()
{
    QTest::addColumn<QStringList>("arguments");
    for (const char* verb : {"verdicts", "rounds", "clients", "findings", "privacy", "rollback", "custody"})
        QTest::newRow(verb) << QStringList{verb};
    QTest::newRow("one client") << QStringList{"verdicts", "--client", escape_id};
}

void Hostile::tables_show_no_control_characters()
{
    QFETCH(const QStringList, arguments);
    const Ran ran = run_cli(with_case(arguments));
    QCOMPARE(ran.code, 0);
    QVERIFY(!has_control_characters(ran.out));
    QVERIFY(!has_control_characters(ran.err));
    QVERIFY2(!ran.out.contains("\u202e"), "a character that turns the text around it");
    if (arguments.first() == "clients") {
        QVERIFY(ran.out.contains("\\x1b[31mred\\x07"));
        QVERIFY(ran.out.contains("abc\\u202etxt"));
        QVERIFY(ran.out.contains("two\\x0alines"));
    }
}

void Hostile::talk_shows_no_control_characters()
{
    const Ran unknown = run_cli(with_case({"verdicts", "--client", "\u001b[31mnobody"}));
    QCOMPARE(unknown.code, 1);
    QVERIFY(!has_control_characters(unknown.err));
    QVERIFY(unknown.err.contains("\\x1b[31mnobody"));
    const Ran option = run_cli({"rounds", "--case", "x", "--\u001b[31m"});
    QCOMPARE(option.code, 2);
    QVERIFY(!has_control_characters(option.err));
}

void Hostile::csv_runs_no_formula()
{
    const Ran ran = run_cli(with_case({"clients", "--format", "csv"}));
    QVERIFY(ran.out.contains("\r\n'=cmd(),"));
    QVERIFY(!ran.out.contains("\n=cmd()"));
    QVERIFY2(ran.out.contains("\"two\nlines, \"\"quoted\"\"\""), "quoted as RFC 4180 says");
}

void Hostile::json_keeps_the_very_text()
{
    const Ran ran = run_cli(with_case({"clients", "--format", "json"}));
    QVERIFY(!has_control_characters(ran.out));
    QStringList ids;
    for (const QJsonValue& row : ran.json()["clients"].toArray()) ids << row["client"].toString();
    for (const QString& id : {escape_id, formula_id, turning_id, broken_id, QStringLiteral("plain")})
        QVERIFY(ids.contains(id));
    QVERIFY2(!ran.out.contains("\u202e") && ran.out.contains("\\u202e"), "escaped: harmless on a terminal too");
    const Ran rounds = run_cli(with_case({"rounds", "--format", "json"}));
    QVERIFY(rounds.is_json());
    QVERIFY(rounds.json()["rounds"][0]["metrics"].toObject().contains("\u001b[2Jloss"));
    QVERIFY2(rounds.json()["rounds"][0]["metrics"]["\u001b[2Jloss"].isNull(), "NaN is not known");
}

void Hostile::names_can_be_said_on_the_command_line()
{
    for (const QString& id : {escape_id, formula_id, broken_id}) {
        const Ran ran =
            run_cli(with_case({"decide", "--client", id, "--as", "watch", "--note", "odd name", "--format", "json"}));
        QVERIFY2(ran.code == 0, ran.err.constData());
        QCOMPARE(ran.json()["client"].toString(), id);
    }
    // A name that holds a comma is one name.
    const QString out = fresh("hostile.npz");
    const Ran ran = run_cli(with_case({"aggregate", "--round", "1", "--rule", "fedavg", "--exclude", broken_id,
                                       "--exclude", "plain,=cmd()", "--out", out, "--format", "json"}));
    QVERIFY2(ran.code == 0, ran.err.constData());
    QCOMPARE(ran.json()["clients"].toArray().size(), 2);
}

void Hostile::what_is_not_known_is_null()
{
    const Ran ran = run_cli(with_case({"verdicts", "--format", "json"}));
    const QJsonObject unknown = ran.json()["clients"].toArray().last().toObject();
    QCOMPARE(unknown["client"].toString(), QStringLiteral("plain"));
    QCOMPARE(unknown["class"].toString(), QStringLiteral("unknown"));
    for (const char* key : {"probability", "first_bad_round", "attack", "family", "group"})
        QVERIFY2(unknown.contains(QLatin1String(key)) && unknown[QLatin1String(key)].isNull(), key);
    QCOMPARE(ran.json()["inspectable"].toBool(), true);
    QVERIFY(ran.json()["why_not"].isNull());
    const Ran rollback = run_cli(with_case({"rollback", "--format", "json"}));
    QVERIFY(rollback.json()["recommended"].isNull());
    QCOMPARE(rollback.json()["first_poisoned_round"].toInt(), 2);  // of the malicious client's verdict
}

void Hostile::the_gravest_come_first_and_the_unknown_last()
{
    QStringList classes;
    const Ran ran = run_cli(with_case({"verdicts", "--format", "json"}));
    for (const QJsonValue& row : ran.json()["clients"].toArray()) classes << row["class"].toString();
    QCOMPARE(classes, (QStringList{"malicious", "suspect", "watch", "clean", "unknown"}));
}

void Hostile::fail_on_takes_what_is_graver_too()
{
    for (const char* threshold : {"malicious", "suspect", "watch"}) {
        const Ran ran = run_cli(with_case({"verdicts", "--fail-on", threshold, "--format", "json"}));
        QCOMPARE(ran.code, 3);
        QVERIFY(ran.is_json());
    }
    QCOMPARE(run_cli(with_case({"verdicts", "--client", formula_id, "--fail-on", "malicious"})).code, 0);
    QCOMPARE(run_cli(with_case({"verdicts", "--client", formula_id, "--fail-on", "suspect"})).code, 3);
    for (const char* threshold : {"info", "low", "medium", "high"})
        QCOMPARE(run_cli(with_case({"findings", "--fail-on", threshold})).code, 3);
    QCOMPARE(run_cli(with_case({"findings", "--fail-on", "critical"})).code, 0);
}

void Hostile::groups_and_symbols_are_shown()
{
    const Ran ran = run_cli(with_case({"verdicts"}));
    for (const char* symbol : {"■ malicious", "△ suspect", "◇ watch", "○ clean"})
        QVERIFY2(ran.out.contains(symbol), symbol);
    QVERIFY(ran.out.contains("is the twin of =cmd()"));
    QVERIFY(ran.out.contains("0.990"));
    QVERIFY(ran.out.contains("–"));
    QVERIFY(ran.err.contains("1 of 5 clients malicious, 1 suspect."));
    QVERIFY(ran.err.contains("fedsleuth-cli rollback"));
}

void Hostile::score_in_closed_form()
{
    // Of two attackers one is called malicious (a round late, right family), one only watched; of three others none.
    // Ranks: 0.99 is above 0.6 and 0.01, 0.2 above 0.01 alone; "plain" has no probability: (2 + 1) / 4.
    write_file(scratch("truth.json"), "{\"attack\": \"alie\", \"malicious\": {\"" + escape_json +
                                          "\": [1], \"two\\nlines, \\\"quoted\\\"\": [1, 2]}}");
    const Ran ran = run_cli(with_case({"score", "--truth", scratch("truth.json"), "--format", "json"}));
    QVERIFY2(ran.code == 0, ran.err.constData());
    QCOMPARE(ran.json()["tpr"].toDouble(), 0.5);
    QCOMPARE(ran.json()["fpr"].toDouble(), 0.0);
    QCOMPARE(ran.json()["auroc"].toDouble(), 0.75);
    QCOMPARE(ran.json()["onset_error"].toDouble(), 1.0);
    QCOMPARE(ran.json()["family_accuracy"].toDouble(), 1.0);

    write_file(scratch("nobody.json"), "{\"attack\": null, \"malicious\": {}}");
    const Ran nobody = run_cli(with_case({"score", "--truth", scratch("nobody.json"), "--format", "json"}));
    for (const char* key : {"tpr", "auroc", "onset_error", "family_accuracy"})
        QVERIFY2(nobody.json()[QLatin1String(key)].isNull(), key);
    QCOMPARE(nobody.json()["fpr"].toDouble(), 0.2);

    for (const char* text : {"{\"attack\": \"alie\"}", "[1, 2]", "{\"malicious\": {\"a\": 3}}", "no json", ""}) {
        write_file(scratch("bad.json"), text);
        const Ran bad = run_cli(with_case({"score", "--truth", scratch("bad.json")}));
        QCOMPARE(bad.code, 1);
        QVERIFY2(bad.err.contains("bad.json"), bad.err.constData());
    }
}

void Hostile::a_broken_chain_is_told()
{
    // A copy, with one letter of an entry changed behind the program's back.
    const QString copy = fresh("tampered.fedcase");
    QVERIFY(QFile::copy(case_, copy));
    QByteArray bytes = read_file(copy);
    const qsizetype note = bytes.indexOf("odd name");
    QVERIFY(note > 0);
    bytes.replace("odd name", "odd Name");
    write_file(copy, bytes);
    const Ran ran = run_cli({"custody", "--case", copy, "--format", "json"});
    QCOMPARE(ran.json()["intact"].toBool(true), false);
    QVERIFY(ran.err.contains("BROKEN"));
}

QTEST_GUILESS_MAIN(Hostile)
#include "tst_hostile.moc"
