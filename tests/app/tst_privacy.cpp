// SPDX-License-Identifier: GPL-3.0-or-later
// The privacy audit as scripts see it, on the labelled federation with liars.
#include "cli_program.h"
#include "support/federations.h"

#include <cmath>
#include <QTest>

class Privacy : public QObject {
    Q_OBJECT

private slots:
    void initTestCase()
    {
        const QString scratch = QStringLiteral(FEDSLEUTH_SCRATCH);
        const QString folder = fedsleuth::test::federation_folder("privacy-audit", scratch);
        case_ = scratch + "/privacy.fedcase";
        QFile::remove(case_);
        QCOMPARE(run_cli({"ingest", folder, "--case", case_}).code, 0);
    }

    void before_the_analysis_it_says_what_is_missing()
    {
        const Ran ran = run_cli({"privacy", "--case", case_});
        QCOMPARE(ran.code, 0);
        QVERIFY(ran.err.contains("Not analysed yet"));
        QCOMPARE(run_cli({"analyse", "--case", case_}).code, 0);
    }

    void the_answer_is_the_contract_s()
    {
        const Ran ran = run_cli({"privacy", "--case", case_, "--format", "json"});
        QVERIFY(ran.is_json());
        const QJsonObject answer = ran.json();
        QCOMPARE(answer["delta"].toDouble(), 1e-5);
        QCOMPARE(answer["budget"].toDouble(), 30.0);
        QVERIFY(answer["accountants"].toArray().contains("rdp") && answer["accountants"].toArray().contains("pld"));
        const QJsonArray clients = answer["clients"].toArray();
        QCOMPARE(clients.size(), 20);
        for (const QJsonValue& client : clients) {
            QCOMPARE(client["rounds"].toInt(), 24);
            // Exact: μ = √24 / 0.8 at δ = 1e-5. RDP: minimum over the orders 1.1, 1.2, … of 18.75 α + ln(1 − 1/α) −
            // ln(αδ)/(α − 1).
            double rdp = HUGE_VAL;
            for (int tenth = 11; tenth < 110; ++tenth) {
                const double order = tenth / 10.0;
                rdp = std::min(rdp, 18.75 * order + std::log(1 - 1 / order) - std::log(order * 1e-5) / (order - 1));
            }
            QVERIFY(std::abs(client["epsilon"]["rdp"].toDouble() - rdp) < 1e-6 * rdp);
            QVERIFY(std::abs(client["epsilon"]["pld"].toDouble() - 44.1101716) < 5e-3);
            QCOMPARE(client["budget_exhausted_round"].toInt(), 14);
            QVERIFY(client["forecast_round"].isNull());
            QCOMPARE(client["series"].toArray().size(), 24);
        }
        QVERIFY(clients[15]["epsilon_claimed"].isNull());
        QVERIFY(clients[7]["epsilon_measured_infinite"].toBool());
        QCOMPARE(answer["rules"].toArray().size(), 20);
    }

    void assumptions_can_be_changed()
    {
        const QJsonObject rdp =
            run_cli({"privacy", "--case", case_, "--format", "json", "--accountant", "rdp", "--delta", "1e-6"}).json();
        QCOMPARE(rdp["accountant"].toString(), QString("rdp"));
        QCOMPARE(rdp["delta"].toDouble(), 1e-6);
        QVERIFY(rdp["clients"][0]["epsilon"]["gdp"].toDouble() > 44.2);
        QCOMPARE(run_cli({"privacy", "--case", case_, "--delta", "7"}).code, 1);
        QCOMPARE(run_cli({"privacy", "--case", case_, "--accountant", "moments"}).code, 2);
    }

    void rules_and_clients_come_as_csv()
    {
        const Ran rules = run_cli({"privacy", "--case", case_, "--rules", "--format", "csv"});
        QCOMPARE(rules.out.trimmed().split('\n').size(), 21);
        QVERIFY(rules.out.contains("P5,fail") && rules.out.contains("P7,unknown") && rules.out.contains("P8,pass"));
        QCOMPARE(run_cli({"privacy", "--case", case_, "--format", "csv"}).out.trimmed().split('\n').size(), 21);
    }

    void the_policy_is_set_and_taken_back()
    {
        const auto value = [&] {
            return run_cli({"policy", "--case", case_, "--format", "json"}).json()["policy"][0]["value"];
        };
        QVERIFY(value().isNull());
        QCOMPARE(run_cli({"policy", "--case", case_, "--set", "privacy.max_epsilon=8"}).code, 0);
        QCOMPARE(value().toDouble(), 8.0);
        for (const char* wrong : {"privacy.max_epsilon=-1", "privacy.max_epsilon=much", "nonsense=1", "=1"})
            QCOMPARE(run_cli({"policy", "--case", case_, "--set", wrong}).code, 1);
        QCOMPARE(value().toDouble(), 8.0);
        QCOMPARE(run_cli({"policy", "--case", case_, "--set", "privacy.max_epsilon=default"}).code, 0);
        QVERIFY(value().isNull());
        QVERIFY(run_cli({"custody", "--case", case_, "--format", "csv"}).out.contains("policy"));
    }

    void the_report_does_not_pass_over_what_no_update_shows()
    {
        const QString out = QStringLiteral(FEDSLEUTH_SCRATCH) + "/privacy-report.json";
        QFile::remove(out);
        QCOMPARE(run_cli({"report", "--case", case_, "--out", out}).code, 0);
        QFile file(out);
        QVERIFY(file.open(QIODevice::ReadOnly));
        const QString headline = QJsonDocument::fromJson(file.readAll())["headline"].toString();
        QVERIFY2(headline.contains("No client stands out as malicious by its updates. 23 findings are of high or "
                                   "critical severity, the gravest: less noise than declared (site-07)."),
                 qPrintable(headline));
        const QString page = QStringLiteral(FEDSLEUTH_SCRATCH) + "/privacy-report.html";
        QFile::remove(page);
        QCOMPARE(run_cli({"report", "--case", case_, "--out", page}).code, 0);
        QFile html(page);
        QVERIFY(html.open(QIODevice::ReadOnly));
        // Two clients stand out for want of noise: on watch, and accused of nothing.
        QVERIFY(
            html.readAll().contains("<li>Keep an eye on site-07, site-18: odd, but not enough to accuse anyone.</li>"));
        QVERIFY(run_cli({"findings", "--case", case_}).out.contains("(PLD, δ = 1e-05)"));
    }

private:
    QString case_;
};

QTEST_GUILESS_MAIN(Privacy)
#include "tst_privacy.moc"
