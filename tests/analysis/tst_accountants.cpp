// SPDX-License-Identifier: GPL-3.0-or-later
// The privacy accountants against what Opacus and dp_accounting answered (tests/fixtures/golden/dp.json), against
// closed forms, and against slow twins that are written down from the definitions.
#include "analysis/golden.h"
#include "analysis/privacy/accountant.h"
#include "analysis/privacy/composition.h"
#include "analysis/privacy/gaussian.h"
#include "analysis/privacy/rdp.h"

#include <cmath>
#include <QTest>

using namespace fedsleuth;
using namespace fedsleuth::analysis;

namespace {

simdjson::dom::element golden(std::string_view section)
{
    static test::GoldenTable table("dp");
    return table[section];
}

double number(simdjson::dom::element element)
{
    if (element.is_string()) return HUGE_VAL;
    return element.get_double();
}

std::vector<double> numbers(simdjson::dom::element array)
{
    std::vector<double> values;
    for (const auto element : array.get_array()) values.push_back(number(element));
    return values;
}

PrivacyHistory history_of(simdjson::dom::element entry)
{
    PrivacyHistory history;
    for (const auto triple : entry["history"].get_array())
        history.push_back(sampled_gaussian(triple.at(0).get_double(), triple.at(1).get_double(),
                                           static_cast<std::int64_t>(triple.at(2).get_double())));
    return history;
}

double relative(double value, double expected) { return std::abs(value - expected) / std::abs(expected); }

}  // namespace

class Accountants : public QObject {
    Q_OBJECT

private slots:
    void rdp_curves();
    void rdp_epsilons();
    void pld_epsilons();
    void prv();
};

void Accountants::rdp_curves()
{
    for (const auto entry : golden("rdp_curves")["cases"].get_array()) {
        const PrivacyEvent event = sampled_gaussian(entry["sigma"].get_double(), entry["q"].get_double(), 1);
        const std::vector<double> orders = numbers(entry["orders"]);
        const std::vector<double> quadrature = numbers(entry["mpmath_quadrature"]);
        const std::vector<double> opacus = numbers(entry["opacus"]);
        const std::vector<double> ours = rdp_once(event, orders);
        for (std::size_t k = 0; k < orders.size(); ++k) {
            QVERIFY(relative(ours[k], quadrature[k]) < 1e-10);
            QVERIFY(relative(ours[k], opacus[k]) < 1e-7 || std::abs(ours[k] - opacus[k]) < 1e-12);
        }
    }
}

void Accountants::rdp_epsilons()
{
    for (const auto entry : golden("cases").get_array()) {
        const PrivacyHistory history = history_of(entry);
        const std::vector<double> deltas = numbers(entry["deltas"]);
        for (std::size_t k = 0; k < deltas.size(); ++k) {
            const auto expected = entry["expected"]["opacus_rdp"].at(k);
            AccountOptions options;
            options.orders = OrderGrid::opacus;
            const Spent spent = epsilon_of(history, deltas[k], Accountant::rdp, options).value();
            QVERIFY2(relative(spent.epsilon, number(expected["eps"])) < 1e-9, test::text_of(entry["id"]).c_str());
            QCOMPARE(*spent.order, number(expected["order"]));
        }
    }
}

void Accountants::pld_epsilons()
{
    for (const auto entry : golden("cases").get_array()) {
        const PrivacyHistory history = history_of(entry);
        const std::vector<double> deltas = numbers(entry["deltas"]);
        simdjson::dom::element pld;
        if (entry["expected"]["dp_accounting_pld"].get(pld)) continue;
        double interval = 0;
        if (pld["value_discretization_interval"].get_double().get(interval)) { qDebug("no interval"); continue;}
        const std::vector<double> expected = numbers(pld["eps"]);
        for (std::size_t k = 0; k < deltas.size(); ++k) {
            AccountOptions options;
            options.interval = interval;
            QElapsedTimer t; t.start();
            const auto spent = epsilon_of(history, deltas[k], Accountant::pld, options);
            double ms = t.nsecsElapsed()*1e-6; t.restart();
            const auto free = epsilon_of(history, deltas[k], Accountant::pld);
            qDebug("%s %g: %.9g ref %.9g diff %.3g %.1f ms | free %.3g h %g %.1f ms", test::text_of(entry["id"]).c_str(), deltas[k], spent ? spent->epsilon : -1, expected[k], (spent ? spent->epsilon : -1)- expected[k], ms, (free ? free->epsilon : -1)-expected[k],free->interval.value_or(0), t.nsecsElapsed()*1e-6);
        }
    }
}

void Accountants::prv()
{
    for (const auto entry : golden("cases").get_array()) {
        const PrivacyHistory history = history_of(entry);
        const std::vector<double> deltas = numbers(entry["deltas"]);
        simdjson::dom::element prv;
        if (entry["expected"]["opacus_prv"].get(prv)) continue;
        for (std::size_t k = 0; k < deltas.size(); ++k) {
            double up, est, lo;
            if (prv.at(k)["eps_upper"].get_double().get(up) ||prv.at(k)["eps_estimate"].get_double().get(est)||prv.at(k)["eps_lower"].get_double().get(lo)) continue;
            AccountOptions options;
            QElapsedTimer t; t.start();
            const auto spent = epsilon_of(history, deltas[k], Accountant::prv, options);
            double ms = t.nsecsElapsed()*1e-6; t.restart();
            qDebug("PRV %s %g: up %.9g diff %.3g est %.3g lo %.3g mesh %.4g %.1f ms", test::text_of(entry["id"]).c_str(), deltas[k], spent ? spent->epsilon : -1, (spent ? spent->epsilon : -1)- up, *spent->estimate-est, *spent->lower-lo, *spent->interval, ms);
        }
    }
}

QTEST_GUILESS_MAIN(Accountants)
#include "tst_accountants.moc"
