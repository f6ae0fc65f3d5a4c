// SPDX-License-Identifier: GPL-3.0-or-later
// The sample federation through every command, in all three formats.
#include "analysis/rule_twins.h"
#include "app/cli_program.h"
#include "app/snapshot_values.h"

#include <algorithm>
#include <cmath>
#include <QCryptographicHash>
#include <QtTest>

namespace {

const QString sample = QStringLiteral(FEDSLEUTH_SOURCE "/resources/sample");

/// The keys that the contract promises.
const QMap<QString, QStringList> row_keys{
    {"verdicts",
     {"client", "class", "probability", "first_bad_round", "bad_rounds", "attack", "family", "reasons", "against",
      "group"}},
    {"findings", {"kind", "severity", "client", "round", "text", "evidence"}},
    {"privacy",
     {"client", "rounds", "epsilon_claimed", "epsilon", "budget_exhausted_round", "forecast_round", "series"}},
    {"rollback",
     {"round", "clean_probability", "contamination", "signature", "aggregation", "residual", "metrics", "status",
      "why"}},
    {"rounds", {"round", "selected", "received", "failed", "accepted", "metrics", "suspicion", "flagged", "rule"}},
    {"clients", {"client", "rounds", "num_examples", "first_round", "last_round", "class", "probability", "decision"}},
    {"custody", {"index", "time", "actor", "action", "subject", "parameters", "sha256", "previous", "hash"}},
    {"score", {"client", "truth", "class", "probability"}},
};
const QMap<QString, QString> list_of{{"verdicts", "clients"},    {"findings", "findings"}, {"privacy", "clients"},
                                     {"rollback", "candidates"}, {"rounds", "rounds"},     {"clients", "clients"},
                                     {"custody", "entries"},     {"score", "clients"}};
const QMap<QString, QStringList> document_keys{
    {"verdicts", {"clients", "inspectable", "why_not"}},
    {"findings", {"findings"}},
    {"privacy", {"delta", "budget", "accountants", "clients"}},
    {"rollback", {"recommended", "first_poisoned_round", "candidates"}},
    {"rounds", {"rounds"}},
    {"clients", {"clients"}},
    {"custody", {"entries", "intact"}},
    {"score", {"tpr", "fpr", "auroc", "onset_error", "family_accuracy", "clients"}},
};

QStringList extra_arguments(const QString& verb)
{
    return verb == "score" ? QStringList{"--truth", sample + "/truth.json"} : QStringList{};
}

QJsonArray rows_of(const Ran& ran, const QString& verb) { return ran.json()[list_of[verb]].toArray(); }

}  // namespace

class Sample : public QObject {
    Q_OBJECT

private slots:
    void initTestCase();
    void ingesting_again_changes_nothing();
    void before_the_analysis_verdicts_are_refused();
    void before_the_analysis_the_rest_is_null();
    void analyse_counts_rounds();
    void every_answer_has_its_keys_data();
    void every_answer_has_its_keys();
    void tables_and_csv_hold_the_same_rows_data();
    void tables_and_csv_hold_the_same_rows();
    void verdicts_are_sorted_and_those_of_the_case();
    void one_client_shows_its_arguments();
    void findings_are_sorted();
    void rounds_are_counted();
    void privacy_says_null_for_what_is_not_known();
    void fail_on_answers_with_three();
    void a_decision_stands_beside_the_verdict();
    void the_custody_chain_grows_and_is_intact();
    void a_sealed_case_is_verified();
    void aggregate_writes_a_file_and_records_it();
    void aggregate_takes_any_rule();
    void aggregate_writes_what_the_rule_gives();
    void aggregate_refuses_what_is_not_there();
    void whatif_holds_the_rules_side_by_side();
    void whatif_refuses_what_is_not_there();
    void unknown_clients_are_named();
    void score_reads_the_truth();

private:
    QString case_;
};

void Sample::initTestCase()
{
    case_ = fresh("sample.fedcase");
    const Ran ran = run_cli({"ingest", sample, "--case", case_, "--format", "json"});
    QVERIFY2(ran.code == 0, ran.err.constData());
    const QJsonObject summary = ran.json();
    QCOMPARE(summary["changed"].toBool(), true);
    QCOMPARE(summary["updates"].toInt(), 480);
    QCOMPARE(summary["checkpoints"].toInt(), 25);
    QVERIFY(ran.err.contains("480 updates and 25 checkpoints"));
    QVERIFY2(!has_control_characters(ran.err), "a progress line where there is no terminal");
}

void Sample::ingesting_again_changes_nothing()
{
    const Ran ran = run_cli({"ingest", sample, "--case", case_});
    QCOMPARE(ran.code, 0);
    QCOMPARE(ran.out, QByteArray());
    QVERIFY(ran.err.contains("already holds all of it"));
}

void Sample::before_the_analysis_verdicts_are_refused()
{
    for (const QStringList& verb :
         {QStringList{"verdicts"}, QStringList{"rollback"}, QStringList{"score", "--truth", sample + "/truth.json"}}) {
        const Ran ran = run_cli(verb + QStringList{"--case", case_});
        QCOMPARE(ran.code, 1);
        QCOMPARE(ran.out, QByteArray());
        QVERIFY2(ran.err.contains("run analyse first"), ran.err.constData());
    }
}

void Sample::before_the_analysis_the_rest_is_null()
{
    for (const QJsonValue& client : rows_of(run_cli({"clients", "--case", case_, "--format", "json"}), "clients")) {
        QVERIFY(client["class"].isNull());
        QVERIFY(client["probability"].isNull());
        QVERIFY(client["decision"].isNull());
        QCOMPARE(client["rounds"].toInt(), 24);
    }
    for (const QJsonValue& round : rows_of(run_cli({"rounds", "--case", case_, "--format", "json"}), "rounds"))
        QVERIFY(round["suspicion"].isNull());
    QCOMPARE(run_cli({"findings", "--case", case_}).code, 0);
}

void Sample::analyse_counts_rounds()
{
    const Ran ran = run_cli({"analyse", "--case", case_, "--format", "json"});
    QVERIFY2(ran.code == 0, ran.err.constData());
    const QJsonObject summary = ran.json();
    QCOMPARE(summary["rounds"].toInt(), 24);
    QVERIFY(summary.contains("malicious") && summary.contains("suspect") && summary.contains("findings"));
    const Ran again = run_cli({"analyse", "--case", case_, "--format", "json"});
    QCOMPARE(again.json()["ledgers_built"].toInt(), 0);
}

void Sample::every_answer_has_its_keys_data()
{
    QTest::addColumn<QString>("verb");
    for (const QString& verb : row_keys.keys()) QTest::newRow(qPrintable(verb)) << verb;
}

void Sample::every_answer_has_its_keys()
{
    QFETCH(const QString, verb);
    const Ran ran = run_cli(QStringList{verb, "--case", case_, "--format", "json"} + extra_arguments(verb));
    QCOMPARE(ran.code, 0);
    QVERIFY(ran.is_json());
    QVERIFY2(ran.err.isEmpty(), ran.err.constData());
    for (const QString& key : document_keys[verb]) QVERIFY2(ran.json().contains(key), qPrintable(key));
    for (const QJsonValue& row : rows_of(ran, verb))
        for (const QString& key : row_keys[verb]) QVERIFY2(row.toObject().contains(key), qPrintable(key));
}

void Sample::tables_and_csv_hold_the_same_rows_data() { every_answer_has_its_keys_data(); }

void Sample::tables_and_csv_hold_the_same_rows()
{
    QFETCH(const QString, verb);
    const QStringList arguments = QStringList{verb, "--case", case_} + extra_arguments(verb);
    const auto rows = rows_of(run_cli(arguments + QStringList{"--format", "json"}), verb).size();
    const Ran csv = run_cli(arguments + QStringList{"--format", "csv"});
    QCOMPARE(csv.code, 0);
    QCOMPARE(csv.out.count("\r\n"), rows + 1);
    const Ran table = run_cli(arguments);
    QCOMPARE(table.code, 0);
    QVERIFY(!has_control_characters(table.out));
    QVERIFY(table.out.count('\n') >= rows + 2);
    QVERIFY(table.out.split('\n')[1].startsWith("─"));
    QVERIFY2(!table.err.isEmpty() || verb == "score", "a table closes with what to do next");
}

void Sample::verdicts_are_sorted_and_those_of_the_case()
{
    const QJsonArray rows = rows_of(run_cli({"verdicts", "--case", case_, "--format", "json"}), "verdicts");
    QCOMPARE(rows.size(), 20);
    auto store = fedsleuth::storage::CaseFile::open(case_.toStdString(), fedsleuth::storage::CaseFile::Mode::read_only);
    QVERIFY(store.has_value());
    const auto verdicts = (*store)->verdicts();
    QVERIFY(verdicts && *verdicts);
    double last = 2;
    for (const QJsonValue& row : rows) {
        const auto id = fedsleuth::model::ClientId(row["client"].toString().toStdString());
        const auto& all = (*verdicts)->clients;
        const auto found =
            std::find_if(all.begin(), all.end(), [&](const auto& verdict) { return verdict.client == id; });
        QVERIFY(found != all.end());
        QCOMPARE(row["class"].toString().toStdString(), std::string(name_of(found->verdict)));
        QCOMPARE(row["reasons"].toArray().size(), static_cast<qsizetype>(found->reasons.size()));
        if (row["probability"].isNull()) continue;
        QCOMPARE(row["probability"].toDouble(), found->probability);
        QVERIFY(row["probability"].toDouble() <= last);
        last = row["probability"].toDouble();
    }
    // site-07 boosted one update, in round 15; two others stopped training (truth.json).
    const QJsonObject truth = QJsonDocument::fromJson(read_file(sample + "/truth.json")).object();
    QCOMPARE(truth["malicious"].toObject().size(), 3);
    for (const QJsonValue& row : rows) {
        const QJsonArray bad = truth["malicious"][row["client"].toString()].toArray();
        QCOMPARE(row["class"].toString() == "malicious", !bad.isEmpty());
        if (!bad.isEmpty()) QVERIFY(std::abs(row["first_bad_round"].toInt() - bad.first().toInt()) <= 1);
        if (row["client"].toString() == "site-07") QCOMPARE(row["first_bad_round"].toInt(), 15);
    }
}

void Sample::one_client_shows_its_arguments()
{
    const Ran ran = run_cli({"verdicts", "--case", case_, "--client", "site-07"});
    QCOMPARE(ran.code, 0);
    QVERIFY(ran.out.contains("speaks"));
    QVERIFY(ran.out.contains("site-07"));
    QCOMPARE(
        rows_of(run_cli({"verdicts", "--case", case_, "--client", "site-07", "--format", "json"}), "verdicts").size(),
        1);
}

void Sample::findings_are_sorted()
{
    const QStringList severities{"critical", "high", "medium", "low", "info"};
    qsizetype last = 0;
    for (const QJsonValue& row : rows_of(run_cli({"findings", "--case", case_, "--format", "json"}), "findings")) {
        const auto severity = severities.indexOf(row["severity"].toString());
        QVERIFY(severity >= last);
        last = severity;
        QVERIFY(row["evidence"].isObject());
    }
}

void Sample::rounds_are_counted()
{
    const QJsonArray rows = rows_of(run_cli({"rounds", "--case", case_, "--format", "json"}), "rounds");
    QCOMPARE(rows.size(), 24);
    for (int idx = 0; idx < rows.size(); ++idx) {
        QCOMPARE(rows[idx]["round"].toInt(), idx + 1);
        QCOMPARE(rows[idx]["received"].toInt(), 20);
        QVERIFY(rows[idx]["suspicion"].isDouble());
        QVERIFY2(rows[idx]["accepted"].isNull(), "the server recorded no decision of its own");
        QCOMPARE(rows[idx]["rule"].toString(), QStringLiteral("fedavg"));
    }
    QVERIFY(rows[14]["flagged"].toArray().contains("site-07"));
}

void Sample::privacy_says_null_for_what_is_not_known()
{
    const Ran ran = run_cli({"privacy", "--case", case_, "--format", "json"});
    QVERIFY(ran.json()["delta"].isNull());
    QVERIFY(ran.json()["budget"].isNull());
    QCOMPARE(ran.json()["accountants"].toArray().size(), 0);
    for (const QJsonValue& row : rows_of(ran, "privacy")) {
        QVERIFY(row["epsilon_claimed"].isNull());
        for (const char* accountant : {"rdp", "pld", "zcdp", "gdp", "basic", "advanced"}) {
            QVERIFY(row["epsilon"].toObject().contains(QLatin1String(accountant)));
            QVERIFY(row["epsilon"][QLatin1String(accountant)].isNull());
        }
    }
}

void Sample::fail_on_answers_with_three()
{
    const QString gravest =
        rows_of(run_cli({"verdicts", "--case", case_, "--format", "json"}), "verdicts").first()["class"].toString();
    QCOMPARE(run_cli({"verdicts", "--case", case_, "--fail-on", "malicious"}).code, gravest == "malicious" ? 3 : 0);
    const QJsonArray findings = rows_of(run_cli({"findings", "--case", case_, "--format", "json"}), "findings");
    QCOMPARE(run_cli({"findings", "--case", case_, "--fail-on", "info"}).code, findings.isEmpty() ? 0 : 3);
    const bool critical = !findings.isEmpty() && findings.first()["severity"].toString() == "critical";
    QCOMPARE(run_cli({"findings", "--case", case_, "--fail-on", "critical"}).code, critical ? 3 : 0);
}

void Sample::a_decision_stands_beside_the_verdict()
{
    const auto client = [this] {
        for (const QJsonValue& row : rows_of(run_cli({"clients", "--case", case_, "--format", "json"}), "clients"))
            if (row["client"].toString() == "site-03") return row.toObject();
        return QJsonObject();
    };
    const QJsonValue computed = client()["class"];
    QVERIFY(client()["decision"].isNull());
    const Ran ran = run_cli(
        {"decide", "--case", case_, "--client", "site-03", "--as", "malicious", "--note", "seen", "--format", "json"});
    QVERIFY2(ran.code == 0, ran.err.constData());
    QCOMPARE(ran.json()["decision"].toString(), QStringLiteral("malicious"));
    QCOMPARE(client()["decision"].toString(), QStringLiteral("malicious"));
    QCOMPARE(client()["class"], computed);
    QCOMPARE(run_cli({"decide", "--case", case_, "--client", "site-03", "--as", "watch", "--note", "not so sure"}).code,
             0);
    QCOMPARE(client()["decision"].toString(), QStringLiteral("watch"));
}

void Sample::the_custody_chain_grows_and_is_intact()
{
    const Ran before = run_cli({"custody", "--case", case_, "--format", "json"});
    QCOMPARE(before.json()["intact"].toBool(), true);
    QCOMPARE(run_cli({"decide", "--case", case_, "--client", "site-04", "--as", "clean", "--note", "checked"}).code, 0);
    const Ran after = run_cli({"custody", "--case", case_, "--format", "json"});
    const QJsonArray rows = rows_of(after, "custody");
    QCOMPARE(rows.size(), rows_of(before, "custody").size() + 1);
    QCOMPARE(rows.last()["action"].toString(), QStringLiteral("decide"));
    QVERIFY(rows.last()["parameters"].isObject());
    for (int idx = 1; idx < rows.size(); ++idx) QCOMPARE(rows[idx]["previous"], rows[idx - 1]["hash"]);
}

void Sample::a_sealed_case_is_verified()
{
    const Ran clean = run_cli({"verify", "--case", case_, "--format", "json"});
    QVERIFY2(clean.code == 0, clean.out + clean.err);
    QCOMPARE(clean.json()["intact"].toBool(), true);
    QCOMPARE(clean.json()["problems"].toArray().size(), 0);
    QVERIFY(clean.json()["files_read"].toInt() > 500);

    qputenv("XDG_CONFIG_HOME", scratch("config").toUtf8());
    const QString seal = fresh("sample.seal");
    const Ran sealed = run_cli({"seal", "--case", case_, "--out", seal, "--format", "json"});
    QVERIFY2(sealed.code == 0, sealed.err.constData());
    QCOMPARE(sealed.json()["text"].toString().toUtf8(), read_file(seal));
    QVERIFY(QFile::exists(scratch("config/fedsleuth/seal-key.pem")));
    QCOMPARE(run_cli({"seal", "--case", case_, "--out", seal}).code, 1);  // nothing is written over
    const QStringList check{"verify", "--case", case_, "--seal", seal, "--format", "json"};
    QCOMPARE(run_cli(check).json()["intact"].toBool(), true);
    QCOMPARE(run_cli({"decide", "--case", case_, "--client", "site-05", "--as", "clean", "--note", "later"}).code, 0);
    QCOMPARE(run_cli(check).json()["intact"].toBool(), true);

    QByteArray text = read_file(seal);
    text.replace("entries: ", "entries: 9");
    write_file(seal, text);
    const Ran broken = run_cli(check);
    QCOMPARE(broken.code, 3);
    QCOMPARE(broken.json()["intact"].toBool(), false);
    const QJsonObject problem = broken.json()["problems"].toArray().first().toObject();
    QCOMPARE(problem["what"].toString(), QStringLiteral("seal"));
    QVERIFY(problem.contains("where") && problem.contains("text"));
    write_file(seal, "no seal");
    QCOMPARE(run_cli(check).code, 1);

    const Ran proof = run_cli({"custody", "--case", case_, "--prove", "updates/r0015-site-07.npz", "--format", "json"});
    QVERIFY2(proof.code == 0, proof.err.constData());
    QCOMPARE(proof.json()["root"], clean.json()["evidence_root"]);
    QVERIFY(proof.json()["proof"].toArray().size() >= 9);
    QCOMPARE(run_cli({"custody", "--case", case_, "--prove", "nothing"}).code, 1);

    const Ran limit = run_cli({"policy", "--case", case_, "--set", "admission.min_examples=10", "--format", "json"});
    QVERIFY2(limit.code == 0, limit.err.constData());
    QVERIFY(limit.out.contains("admission.min_examples"));
    QCOMPARE(run_cli({"policy", "--case", case_, "--set", "admission.min_examples=-1"}).code, 1);
    QCOMPARE(run_cli({"policy", "--case", case_, "--set", "admission.nothing=1"}).code, 1);
    QCOMPARE(run_cli({"policy", "--case", case_, "--set", "admission.min_examples=default"}).code, 0);
    QCOMPARE(run_cli({"verify", "--case", case_}).code, 0);
}

void Sample::aggregate_writes_a_file_and_records_it()
{
    const QString out = fresh("r15.npz");
    const Ran all =
        run_cli({"aggregate", "--case", case_, "--round", "15", "--rule", "fedavg", "--out", out, "--format", "json"});
    QVERIFY2(all.code == 0, all.err.constData());
    QCOMPARE(all.json()["clients"].toArray().size(), 20);
    double sum = 0;
    for (const QJsonValue& weight : all.json()["weights"].toArray()) sum += weight.toDouble();
    QVERIFY(std::abs(sum - 1) < 1e-12);
    QVERIFY(read_file(out).startsWith("PK"));
    const QJsonValue entry = rows_of(run_cli({"custody", "--case", case_, "--format", "json"}), "custody").last();
    QCOMPARE(entry["action"].toString(), QStringLiteral("export"));
    QCOMPARE(entry["sha256"].toString(),
             QString::fromLatin1(QCryptographicHash::hash(read_file(out), QCryptographicHash::Sha256).toHex()));
    QCOMPARE(entry["parameters"]["rule"].toString(), QStringLiteral("fedavg"));

    const Ran without = run_cli({"aggregate", "--case", case_, "--round", "15", "--rule", "fedavg", "--exclude",
                                 "site-07,site-08", "--out", out, "--format", "json"});
    QCOMPARE(without.json()["clients"].toArray().size(), 18);
    QVERIFY(without.json()["norm"].toDouble() < all.json()["norm"].toDouble());
    const Ran median =
        run_cli({"aggregate", "--case", case_, "--round", "15", "--rule", "median", "--out", out, "--format", "json"});
    QVERIFY(median.json()["weights"].isNull());
}

void Sample::aggregate_takes_any_rule()
{
    // In round 15 site-07 replaces the model: what would each rule have left it?
    const QString out = fresh("any.npz");
    const auto run = [&](const QStringList& more) {
        return run_cli(QStringList{"aggregate", "--case", case_, "--round", "15", "--out", out, "--format", "json"} +
                       more);
    };
    const double plain = run({"--rule", "fedavg"}).json()["norm"].toDouble();
    for (const QStringList& asked :
         {QStringList{"krum"}, QStringList{"multi-krum"}, QStringList{"mda"}, QStringList{"flame"}, QStringList{"dnc"},
          QStringList{"geometric-median"}, QStringList{"norm-clipping"}, QStringList{"centred-clipping"},
          QStringList{"signguard", "--set", "variant=flpoison"}, QStringList{"caf"}, QStringList{"foolsgold"},
          QStringList{"multi-krum", "--pre", "nnm"},
          QStringList{"multi-krum", "--pre", "clipping", "--pre", "bucketing", "--seed", "3"}}) {
        const Ran ran = run(QStringList{"--rule"} + asked);
        QVERIFY2(ran.code == 0, ran.err.constData());
        const QJsonArray clients = ran.json()["clients"].toArray();
        const QJsonArray weights = ran.json()["weights"].toArray();
        QCOMPARE(weights.size(), clients.size());
        double total = 0;
        double attacker = 0;
        for (int row = 0; row < clients.size(); ++row) {
            total += weights[row].toDouble();
            if (clients[row].toString() == "site-07") attacker = weights[row].toDouble();
        }
        const bool compares_directions_only = asked[0] == "foolsgold" || asked.contains("bucketing");
        if (!compares_directions_only) QVERIFY2(attacker < 0.5 * total / clients.size(), qPrintable(asked[0]));
    }
    for (const char* rule : {"median", "trimmed-mean", "mean-around-median", "bulyan"}) {
        const Ran ran = run({"--rule", rule, "--set", "variant=paper"});
        QVERIFY2(ran.code == 0, ran.err.constData());
        QVERIFY(ran.json()["norm"].toDouble() < 0.5 * plain);
    }
    QCOMPARE(run({"--rule", "rsa", "--set", "step=0.25"}).code, 0);
    const QJsonValue entry = rows_of(run_cli({"custody", "--case", case_, "--format", "json"}), "custody").last();
    QCOMPARE(entry["parameters"]["settings"]["step"].toDouble(), 0.25);
    const Ran trust = run({"--rule", "fltrust"});
    QVERIFY(trust.code == 1 && trust.err.contains("reference"));  // this server recorded none
}

void Sample::aggregate_writes_what_the_rule_gives()
{
    // The slow twins, on the updates themselves.
    auto store = fedsleuth::storage::CaseFile::open(case_.toStdString());
    QVERIFY(store.has_value());
    fedsleuth::test::Matrix rows;
    fedsleuth::test::Vector examples;
    const auto updates = (*store)->updates();
    QVERIFY(updates.has_value());
    for (const fedsleuth::model::Update& update : *updates) {
        if (update.round.value() != 15 || update.client.text() == "site-02") continue;
        rows.push_back(case_values(**store, fedsleuth::model::VectorRef::Kind::update, 15, update.client.text()));
        examples.push_back(static_cast<double>(*update.num_examples));
    }
    QCOMPARE(rows.size(), std::size_t{19});
    constexpr std::size_t f = 4;
    fedsleuth::test::Vector scores;
    for (std::size_t i = 0; i < rows.size(); ++i)
        scores.push_back(fedsleuth::test::krum_score(rows, i, rows.size() - f - 2));
    fedsleuth::test::Vector median;
    for (std::size_t k = 0; k < rows.front().size(); ++k)
        median.push_back(fedsleuth::test::middle(fedsleuth::test::column(rows, k)));
    const QString out = fresh("r15-rule.npz");
    const auto written = [&](const QStringList& rule) {
        const Ran ran = run_cli(QStringList{"aggregate", "--case", case_, "--round", "15", "--exclude", "site-02",
                                            "--out", out, "--format", "json", "--rule"} +
                                rule);
        return ran.code == 0 ? snapshot_values(out) : Values();
    };
    const auto close = [&](const QStringList& rule, const fedsleuth::test::Vector& twin) {
        const double difference = greatest_difference(written(rule), twin);
        return difference < 1e-6 * fedsleuth::test::norm(twin);  // the file holds float32
    };
    QVERIFY(close({"krum", "--set", "f=4"}, rows[fedsleuth::test::ranked(scores).front()]));
    QVERIFY(close({"bulyan", "--set", "f=4"}, fedsleuth::test::bulyan(rows, f)));
    QVERIFY(close({"geometric-median", "--set", "iterations=2000", "--set", "tolerance=0", "--set", "nu=1e-9"},
                  fedsleuth::test::geometric_median(rows, 1e-9, 2000, examples)));
    QVERIFY(close({"median"}, median));
    QVERIFY(!close({"median"}, rows.front()));
}

void Sample::aggregate_refuses_what_is_not_there()
{
    const QString out = fresh("never.npz");
    const QStringList common{"aggregate", "--case", case_, "--rule", "median", "--out", out};
    QCOMPARE(run_cli(common + QStringList{"--round", "99"}).code, 1);
    QCOMPARE(run_cli(common + QStringList{"--round", "1", "--exclude", "nobody"}).code, 1);
    QVERIFY(!QFile::exists(out));
}

void Sample::whatif_holds_the_rules_side_by_side()
{
    const Ran ran = run_cli({"whatif", "--case", case_, "--round", "15", "--rules", "fedavg,krum,trimmed-mean", "--set",
                             "f=3", "--set", "trimmed-mean.fraction=0.2", "--format", "json"});
    QVERIFY2(ran.code == 0, ran.err.constData());
    const QJsonObject answer = ran.json();
    QCOMPARE(answer["round"].toInt(), 15);
    QCOMPARE(answer["clients"].toArray().size(), 20);
    QVERIFY(answer["flagged"].toArray().contains("site-07"));
    const QJsonArray rules = answer["rules"].toArray();
    QCOMPARE(rules.size(), 3);
    const QJsonObject fedavg = rules[0].toObject(), krum = rules[1].toObject(), trimmed = rules[2].toObject();
    const double shipped = answer["shipped_norm"].toDouble();
    QVERIFY(fedavg["distance_to_shipped"].toDouble() < 1e-3 * shipped);
    QVERIFY(krum["distance_to_shipped"].toDouble() > 0.5 * shipped);
    QCOMPARE(krum["flagged_share"].toDouble(), 0.0);
    QCOMPARE(krum["selected"].toArray().size(), 1);
    QVERIFY(trimmed["weights"].isNull() && trimmed["norm"].toDouble() > 0);
    const QJsonArray distances = answer["distances"].toArray();
    QCOMPARE(distances[0].toArray()[1].toDouble(), distances[1].toArray()[0].toDouble());
    QCOMPARE(distances[2].toArray()[2].toDouble(), 0.0);

    // The file that aggregate writes has the length that the what-if says.
    const QString out = fresh("whatif.npz");
    const Ran written = run_cli({"aggregate", "--case", case_, "--round", "15", "--rule", "trimmed-mean", "--set",
                                 "fraction=0.2", "--out", out, "--format", "json"});
    QCOMPARE(written.code, 0);
    QVERIFY(qAbs(written.json()["norm"].toDouble() - trimmed["norm"].toDouble()) < 1e-6 * shipped);

    const Ran without = run_cli({"whatif", "--case", case_, "--round", "14", "--to", "16", "--exclude", "site-07",
                                 "--rules", "fedavg", "--format", "json"});
    QVERIFY2(without.code == 0, without.err.constData());
    const QJsonArray rounds = without.json()["rounds"].toArray();
    QCOMPARE(rounds.size(), 3);
    QCOMPARE(rounds[1].toObject()["excluded"].toArray().size(), 1);
    QVERIFY(!rounds[1].toObject()["clients"].toArray().contains("site-07"));
    const Ran table = run_cli({"whatif", "--case", case_, "--round", "15"});
    QVERIFY(table.code == 0 && table.out.contains("geometric-median") && table.out.contains("site-07"));
}

void Sample::whatif_refuses_what_is_not_there()
{
    QCOMPARE(run_cli({"whatif", "--case", case_, "--round", "15", "--rules", "nonsense"}).code, 2);
    QCOMPARE(run_cli({"whatif", "--case", case_, "--round", "15", "--rules", "krum", "--set", "radius=3"}).code, 2);
    QCOMPARE(run_cli({"whatif", "--case", case_, "--round", "15", "--to", "3"}).code, 2);
    QCOMPARE(run_cli({"whatif", "--case", case_, "--round", "99"}).code, 1);
    QCOMPARE(run_cli({"whatif", "--case", case_, "--round", "15", "--exclude", "nobody"}).code, 1);
}

void Sample::unknown_clients_are_named()
{
    for (const QStringList& arguments :
         {QStringList{"verdicts", "--client", "site-99"},
          QStringList{"decide", "--client", "site-99", "--as", "clean", "--note", "n"}}) {
        const Ran ran = run_cli(arguments + QStringList{"--case", case_});
        QCOMPARE(ran.code, 1);
        QCOMPARE(ran.out, QByteArray());
        QVERIFY2(ran.err.contains("knows no client \"site-99\""), ran.err.constData());
    }
}

void Sample::score_reads_the_truth()
{
    const Ran ran = run_cli({"score", "--case", case_, "--truth", sample + "/truth.json", "--format", "json"});
    QCOMPARE(ran.code, 0);
    QCOMPARE(rows_of(ran, "score").size(), 20);
    QCOMPARE(ran.json()["auroc"].toDouble(), 1.0);
    for (const QJsonValue& row : rows_of(ran, "score"))
        QCOMPARE(row["truth"].toString() == "malicious",
                 QStringList({"site-03", "site-07", "site-18"}).contains(row["client"].toString()));
    QCOMPARE(ran.json()["tpr"].toDouble(), 1.0);
    QCOMPARE(ran.json()["family_accuracy"].toDouble(), 1.0);  // each by its own attack
    QCOMPARE(run_cli({"score", "--case", case_, "--truth", scratch("no-truth.json")}).code, 1);
}

QTEST_GUILESS_MAIN(Sample)
#include "tst_sample.moc"
