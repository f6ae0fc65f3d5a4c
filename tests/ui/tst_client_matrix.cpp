// SPDX-License-Identifier: GPL-3.0-or-later
#include "made_case.h"
#include "ui/pages/client_matrix.h"
#include "ui/tables/client_filter.h"

#include <cmath>
#include <QtTest>

using namespace fedsleuth;
using namespace fedsleuth::ui;
using test::MadeCase;

namespace {

QStringList passing(const CaseData& data, const QString& text)
{
    const ClientFilter filter = ClientFilter::parse(text);
    QStringList names;
    for (const model::Client& client : data.clients)
        if (filter.matches(data, client.id)) names << QString::fromStdString(client.id.text());
    return names;
}

}  // namespace

class TestClientMatrix : public QObject {
    Q_OBJECT
private slots:
    void filters_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<int>("count");
        QTest::addColumn<bool>("understood");
        QTest::newRow("nothing") << "" << 20 << true;
        QTest::newRow("blanks") << "   " << 20 << true;
        QTest::newRow("part of an id") << "site-1" << 10 << true;
        QTest::newRow("letters' case") << "SITE-03" << 1 << true;
        QTest::newRow("two terms") << "site 03" << 1 << true;
        QTest::newRow("quoted") << "\"site-03\"" << 1 << true;
        QTest::newRow("quoted key") << "\"class:clean\"" << 0 << true;
        QTest::newRow("class") << "class:malicious" << 1 << true;
        QTest::newRow("classes") << "class:malicious,suspect" << 2 << true;
        QTest::newRow("that grave") << "class:>=watch" << 3 << true;
        QTest::newRow("less grave") << "class:<watch" << 17 << true;
        QTest::newRow("not") << "-class:clean" << 3 << true;
        QTest::newRow("not this id") << "-site-0" << 11 << true;
        QTest::newRow("attack") << "attack:replace" << 1 << true;
        QTest::newRow("family") << "attack:targeted" << 1 << true;
        QTest::newRow("bad round") << "bad:5" << 1 << true;
        QTest::newRow("another bad round") << "bad:6" << 0 << true;
        QTest::newRow("bad rounds") << "bad:9-11" << 1 << true;
        QTest::newRow("probability") << "p:>=0.5" << 2 << true;
        QTest::newRow("low probability") << "p:<0.5" << 18 << true;
        QTest::newRow("group") << "group:2" << 0 << true;
        QTest::newRow("decided") << "decided:yes" << 1 << true;
        QTest::newRow("undecided") << "decided:no class:clean" << 17 << true;
        QTest::newRow("no key of ours") << "unit:7" << 0 << true;
        QTest::newRow("no such class") << "class:evil" << 20 << false;
        QTest::newRow("half typed") << "class:" << 20 << false;
        QTest::newRow("no number") << "p:>=x" << 20 << false;
        QTest::newRow("no round") << "bad:1-2-3" << 20 << false;
        QTest::newRow("no end of the quotes") << "\"site-03" << 1 << false;
        QTest::newRow("a minus alone") << "-" << 20 << true;
    }
    void filters()
    {
        QFETCH(QString, text);
        QFETCH(int, count);
        QFETCH(bool, understood);
        const CaseDataPtr data = MadeCase{}.make();
        QCOMPARE(passing(*data, text).size(), count);
        QCOMPARE(ClientFilter::parse(text).error().isEmpty(), understood);
    }

    void every_number_lands_in_its_cell()
    {
        const CaseDataPtr data = MadeCase{}.make();
        for (const ClientStatistic& statistic : client_statistics(*data)) {
            const ClientMatrix matrix = client_matrix(*data, statistic);
            QCOMPARE(matrix.clients.size(), 20U);
            QCOMPARE(matrix.rounds.size(), 12U);
            for (std::size_t client = 0; client < 20; ++client)
                for (std::size_t round = 0; round < 12; ++round) {
                    const bool there = (client + round + 1) % 7 != 6;
                    QCOMPARE(std::isfinite(matrix.at(client, round)), there);
                    if (!there) continue;
                    const bool bad = client == 3 && (round + 1) % 5 == 0;
                    if (statistic.source == ClientStatistic::Source::z) QCOMPARE(matrix.at(client, round) == 40, bad);
                    if (statistic.source == ClientStatistic::Source::examples)
                        QCOMPARE(matrix.at(client, round), 70.0 + double(client));
                    if (statistic.source == ClientStatistic::Source::metric)
                        QCOMPARE(matrix.at(client, round), 2.0 / double(round + 1));
                }
            const HeatScale scale = statistic_scale(statistic, matrix.values);
            QVERIFY(scale.high > scale.low);
            QVERIFY(!scale.name.isEmpty());
            if (statistic.source == ClientStatistic::Source::z) QVERIFY(scale.high >= 4 && scale.low == -scale.high);
            // The crowd's own evidence must not fill the scale, whichever way it is put together.
            const HeatScale calm = statistic_scale(statistic, std::vector<double>{0, 0.1, 0.2});
            if (statistic.source == ClientStatistic::Source::evidence ||
                statistic.source == ClientStatistic::Source::family ||
                statistic.source == ClientStatistic::Source::evidence_sum)
                QVERIFY(calm.low == 0 && calm.high >= 6);
        }
        MadeCase made;
        made.analysed = false;
        for (const ClientStatistic& statistic : client_statistics(*made.make()))
            QVERIFY(statistic.source == ClientStatistic::Source::examples ||
                    statistic.source == ClientStatistic::Source::metric);
        QVERIFY(client_statistics(CaseData{}).empty());
        QVERIFY(client_matrix(CaseData{}, {}).values.empty());
    }

    void orders()
    {
        const CaseDataPtr data = MadeCase{}.make();
        const ClientStatistic z{ClientStatistic::Source::z, "norm", {}, {}, {}, HeatScale::Kind::diverging};
        const ClientMatrix matrix = client_matrix(*data, z);
        const auto by_verdict = ordered_clients(*data, matrix, ClientOrder::verdict, 0, 11);
        QCOMPARE(by_verdict[0], 3U);
        QCOMPARE(by_verdict[1], 5U);
        QCOMPARE(by_verdict[2], 9U);  // by decision
        const auto by_id = ordered_clients(*data, matrix, ClientOrder::id, 0, 11);
        QVERIFY(matrix.clients[by_id[0]] < matrix.clients[by_id[1]]);
        QCOMPARE(ordered_clients(*data, matrix, ClientOrder::first_bad, 0, 11)[0], 3U);
        QCOMPARE(ordered_clients(*data, matrix, ClientOrder::highest, 0, 11)[0], 3U);
        QVERIFY(ordered_clients(*data, matrix, ClientOrder::highest, 5, 8).size() == 20);
        QCOMPARE(QSet<std::size_t>(by_verdict.begin(), by_verdict.end()).size(), 20);
    }

    void quartiles_are_the_crowds()
    {
        ClientMatrix matrix;
        const double missing = std::numeric_limits<double>::quiet_NaN();
        matrix.rounds = {model::RoundNo{1}, model::RoundNo{2}};
        for (std::size_t idx = 0; idx < 5; ++idx) matrix.clients.push_back(MadeCase::client(idx));
        matrix.values = {1, missing, 2, missing, 3, missing, 4, missing, 5, missing};
        const CrowdQuartiles crowd = crowd_quartiles(matrix, 0);
        QCOMPARE(crowd.lower, 2.0);
        QCOMPARE(crowd.median, 3.0);
        QCOMPARE(crowd.upper, 4.0);
        QVERIFY(std::isnan(crowd_quartiles(matrix, 1).median));
    }

    void a_thousand_by_a_thousand_is_quick()
    {
        const CaseDataPtr data = MadeCase{.clients = 1000, .rounds = 200}.make();
        QElapsedTimer timer;
        timer.start();
        const ClientMatrix matrix = client_matrix(*data, client_statistics(*data).front());
        QVERIFY(!ordered_clients(*data, matrix, ClientOrder::verdict, 0, 199).empty());
        QVERIFY2(timer.elapsed() < 3000, qPrintable(QString::number(timer.elapsed())));
    }
};

QTEST_MAIN(TestClientMatrix)
#include "tst_client_matrix.moc"
