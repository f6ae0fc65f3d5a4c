// SPDX-License-Identifier: GPL-3.0-or-later
// The privacy accountants against what Opacus and dp_accounting answered (tests/fixtures/golden/dp.json), against
// closed forms, and against slow twins that are written down from the definitions.
#include "analysis/golden.h"
#include "analysis/privacy/accountant.h"
#include "analysis/privacy/composition.h"
#include "analysis/privacy/gaussian.h"
#include "analysis/privacy/inverse.h"
#include "analysis/privacy/rdp.h"

#include <algorithm>
#include <cmath>
#include <QTest>
#include <random>

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
    if (element.is_string() || element.is_null()) return HUGE_VAL;
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

PrivacyEvent laplace(double scale, std::int64_t count, double rate = 1.0)
{
    PrivacyEvent event;
    event.mechanism = Mechanism::laplace;
    event.noise = scale;
    event.count = count;
    event.rate = rate;
    if (rate < 1.0) event.sampling = Sampling::poisson;
    return event;
}

PrivacyEvent other(Mechanism mechanism, double parameter, double delta, std::int64_t count)
{
    PrivacyEvent event;
    event.mechanism = mechanism;
    event.noise = parameter;
    event.delta = delta;
    event.count = count;
    return event;
}

double relative(double value, double expected)
{
    if (value == expected) return 0.0;  // infinities too
    return std::abs(value - expected) / std::abs(expected);
}

double epsilon(const PrivacyHistory& history, double delta, Accountant accountant, const AccountOptions& options = {})
{
    const auto spent = epsilon_of(history, delta, accountant, options);
    return spent ? spent->epsilon : std::nan("");
}

AccountOptions on_mesh(double interval)
{
    AccountOptions options;
    options.interval = interval;
    return options;
}

/// RDP of the Poisson-sampled Gaussian from the definition: a sum over a fine grid, in long double.
double rdp_by_summing(double q, double sigma, double order)
{
    long double sum = 0;
    const long double step = 0.002L * sigma;
    for (long double x = -14.0L * sigma; x < order + 14.0L * sigma; x += step) {
        const long double ratio = 1.0L - q + q * std::exp((2.0L * x - 1.0L) / (2.0L * sigma * sigma));
        sum += std::exp(-x * x / (2.0L * sigma * sigma) + order * std::log(ratio)) * step;
    }
    sum /= sigma * std::sqrt(2.0L * std::acos(-1.0L));
    return static_cast<double>(std::log(sum) / (order - 1.0L));
}

/// WBK Theorem 27 with its forward differences taken as such, in long double.
double without_replacement_twin(long double q, long double sigma, int order)
{
    const auto choose = [](int n, int k) {
        long double value = 1;
        for (int i = 1; i <= k; ++i) value = value * static_cast<long double>(n - k + i) / static_cast<long double>(i);
        return value;
    };
    const auto exponential = [&](int i) {
        return std::exp(static_cast<long double>(i * (i - 1)) / (2 * sigma * sigma));
    };
    const auto difference = [&](int l) {
        long double sum = 0;
        for (int i = 0; i <= l; ++i) sum += ((l - i) % 2 == 0 ? 1 : -1) * choose(l, i) * exponential(i);
        return std::abs(sum);
    };
    long double total = 1;
    for (int j = 2; j <= order; ++j) {
        const long double bound =
            j == 2 ? std::min(4 * (exponential(2) - 1), 2 * exponential(2))
                   : std::min(4 * std::sqrt(difference(j / 2 * 2) * difference((j + 1) / 2 * 2)), 2 * exponential(j));
        total += std::pow(q, static_cast<long double>(j)) * choose(order, j) * bound;
    }
    return static_cast<double>(std::log(total) / (order - 1));
}

}  // namespace

class Accountants : public QObject {
    Q_OBJECT

private slots:
    void rdp_curves();
    void rdp_epsilons();
    void rdp_twin();
    void without_replacement();
    void pld_epsilons();
    void pld_brackets();
    void pld_against_the_exact_gaussian();
    void pld_deltas();
    void prv_brackets();
    void gaussian_closed_forms();
    void laplace_and_zcdp();
    void composition_theorems();
    void inverse_problems();
    void monotone();
    void histories_add_up();
    void round_by_round();
    void groups_trees_and_clipping();
    void extremes();
    void refusals();
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
            // dp_accounting sums absolute values between the integers: an upper bound of ours, and the same at
            // integers.
            const auto bound = entry["expected"]["dp_accounting_rdp"].at(k);
            const Spent standard = epsilon_of(history, deltas[k], Accountant::rdp).value();
            QVERIFY(standard.epsilon <= number(bound["eps"]) * (1 + 1e-12));
            if (*standard.order == std::floor(*standard.order) && *standard.order == number(bound["order"]))
                QVERIFY(relative(standard.epsilon, number(bound["eps"])) < 1e-9);
        }
    }
}

void Accountants::rdp_twin()
{
    std::mt19937 random(7);
    std::uniform_real_distribution<double> uniform;
    for (int trial = 0; trial < 40; ++trial) {
        const double q = std::pow(10.0, -4.0 * uniform(random));
        const double sigma = 0.3 + 4.0 * uniform(random);
        const double order = 1.05 + 12.0 * uniform(random);
        const double ours = rdp_once(sampled_gaussian(sigma, std::min(q, 0.999), 1), std::vector{order}).front();
        const double twin = rdp_by_summing(std::min(q, 0.999), sigma, order);
        QVERIFY2(relative(ours, twin) < 1e-9 || std::abs(ours - twin) < 1e-15,
                 qPrintable(QString("q %1 sigma %2 order %3").arg(q).arg(sigma).arg(order)));
        const double whole = std::ceil(order);
        QVERIFY(relative(rdp_once(sampled_gaussian(sigma, 0.37 * q, 1), std::vector{whole}).front(),
                         rdp_by_summing(0.37 * q, sigma, whole)) < 1e-9 ||
                q < 1e-3);
    }
}

void Accountants::without_replacement()
{
    for (const double q : {0.001, 0.02, 0.3})
        for (const double sigma : {0.7, 1.5, 4.0})
            for (const int order : {2, 3, 5, 8, 11}) {
                PrivacyEvent event = sampled_gaussian(sigma, q, 1);
                event.sampling = Sampling::without_replacement;
                const double ours = rdp_once(event, std::vector<double>{1.0 * order}).front();
                const double twin = std::min(without_replacement_twin(q, sigma, order), 0.5 * order / (sigma * sigma));
                QVERIFY2(relative(ours, twin) < 1e-6, qPrintable(QString("%1 %2 %3").arg(q).arg(sigma).arg(order)));
            }
    // Replacing moves a sum twice as far as removing.
    QCOMPARE(replace_one(sampled_gaussian(2.0, 0.1, 5)).noise, 1.0);
}

void Accountants::pld_epsilons()
{
    int compared = 0;
    for (const auto entry : golden("cases").get_array()) {
        double interval = 0;
        if (entry["expected"]["dp_accounting_pld"]["value_discretization_interval"].get_double().get(interval))
            continue;
        const std::vector<double> deltas = numbers(entry["deltas"]);
        const std::vector<double> expected = numbers(entry["expected"]["dp_accounting_pld"]["eps"]);
        if (compared++ % 3 != 0) continue;  // a third of the table, the three δ in turn
        const std::size_t k = static_cast<std::size_t>(compared / 3) % deltas.size();
        const PrivacyHistory history = history_of(entry);
        const double ours = epsilon(history, deltas[k], Accountant::pld, on_mesh(interval));
        // From about 700 on the reference's exponentials underflow, and what it answers is ε or more: up to 1 more.
        const double slack = expected[k] > 700.0 ? 1.0 : 0.0;
        QVERIFY2(ours <= expected[k] + 0.005 && ours >= expected[k] - 0.005 - slack,
                 test::text_of(entry["id"]).c_str());
        if (expected[k] < 60.0) QVERIFY(std::abs(ours - expected[k]) < 1e-4);
        // RDP bounds the truth from above.
        QVERIFY(ours <= epsilon(history, deltas[k], Accountant::rdp) + 1e-9);
    }
    QVERIFY(compared > 150);
}

void Accountants::pld_brackets()
{
    for (const auto entry : golden("pld_brackets")["cases"].get_array()) {
        const PrivacyHistory history = history_of(entry);
        const std::vector<double> deltas = numbers(entry["deltas"]);
        for (std::size_t k = 0; k < deltas.size(); k += 2) {
            double truth_at_least = 0;
            double truth_at_most = HUGE_VAL;
            for (const auto mesh : entry["by_interval"].get_array()) {
                truth_at_least = std::max(truth_at_least, numbers(mesh["privacy_buckets_optimistic"])[k]);
                truth_at_most = std::min(truth_at_most, numbers(mesh["connect_dots_pessimistic"])[k]);
            }
            double before = HUGE_VAL;
            for (const double interval : {1e-2, 1e-3, 1e-4}) {  // a finer mesh is never worse
                const double ours = epsilon(history, deltas[k], Accountant::pld, on_mesh(interval));
                QVERIFY(ours >= truth_at_least && ours <= before + 1e-9);
                before = ours;
            }
            QVERIFY(before <= truth_at_most + 1e-3);
            const double free = epsilon(history, deltas[k], Accountant::pld);
            QVERIFY(free >= truth_at_least && free <= truth_at_most + 1e-3);
        }
    }
}

void Accountants::pld_against_the_exact_gaussian()
{
    // Sampled at as good as 1 it goes the way of the grids; the closed form is the truth, and never undercut.
    for (const double sigma : {0.8, 3.0})
        for (const std::int64_t steps : {1, 20})
            for (const double delta : {0.2, 1e-5, 1e-12, 1e-40}) {
                const double exact = gdp_epsilon(std::sqrt(static_cast<double>(steps)) / sigma, delta);
                const double ours =
                    epsilon({sampled_gaussian(sigma, 1.0 - 1e-15, steps)}, delta, Accountant::pld, on_mesh(5e-4));
                QVERIFY2(ours >= exact - 1e-9 && ours <= exact + 1e-3,
                         qPrintable(QString("sigma %1 steps %2 delta %3: %4, exact %5")
                                        .arg(sigma)
                                        .arg(steps)
                                        .arg(delta)
                                        .arg(ours, 0, 'g', 12)
                                        .arg(exact, 0, 'g', 12)));
            }
    // One use of the sampled Gaussian has a closed form too.
    for (const double q : {0.001, 0.2})
        for (const double delta : {1e-5, 1e-9}) {
            const double exact = sampled_gaussian_epsilon(0.9, q, delta);
            const double ours = epsilon({sampled_gaussian(0.9, q, 1)}, delta, Accountant::pld);
            QVERIFY(ours >= exact - 1e-9 && ours <= exact + 1e-4);
        }
}

void Accountants::pld_deltas()
{
    for (const auto entry : golden("pld_delta_of_epsilon").get_array()) {
        const PrivacyHistory history = history_of(entry);
        const std::vector<double> at = numbers(entry["eps"]);
        const std::vector<double> expected = numbers(entry["delta"]);
        for (std::size_t k = 0; k < at.size(); k += 2) {
            const double ours = delta_of(history, at[k], Accountant::pld, on_mesh(1e-4)).value();
            // The reference's transform rounds at about 1e-12.
            QVERIFY(std::abs(ours - expected[k]) <= 1e-5 * expected[k] + 1e-12);
            QVERIFY(ours > 0.0);
        }
    }
    // There and back, far beyond what a plain transform resolves.
    const PrivacyHistory history{sampled_gaussian(1.1, 0.02, 300), laplace(4.0, 3)};
    for (const double delta : {1e-3, 1e-25}) {
        const double there = epsilon(history, delta, Accountant::pld, on_mesh(1e-3));
        QVERIFY(relative(delta_of(history, there, Accountant::pld, on_mesh(1e-3)).value(), delta) < 1e-6);
    }
}

void Accountants::prv_brackets()
{
    int compared = 0;
    for (const auto entry : golden("cases").get_array()) {
        const auto expected = entry["expected"]["opacus_prv"].at(0);
        double upper = 0;
        double points = 0;
        if (expected["eps_upper"].get_double().get(upper) || expected["mesh_points"].get_double().get(points)) continue;
        if (points > 100'000.0) continue;  // the same thing, for longer
        const Spent spent = epsilon_of(history_of(entry), number(entry["deltas"].at(0)), Accountant::prv).value();
        QVERIFY2(std::abs(spent.epsilon - upper) < 2e-5, test::text_of(entry["id"]).c_str());
        QVERIFY(std::abs(*spent.estimate - std::max(0.0, number(expected["eps_estimate"]))) < 2e-5);
        QVERIFY(std::abs(*spent.lower - std::max(0.0, number(expected["eps_lower"]))) < 2e-5);
        ++compared;
    }
    QVERIFY(compared > 30);
}

void Accountants::gaussian_closed_forms()
{
    for (const auto entry : golden("gaussian_analytic")["epsilon"].get_array()) {
        const PrivacyHistory history{sampled_gaussian(number(entry["sigma"]), 1.0, 1)};
        const double ours = epsilon(history, number(entry["delta"]), Accountant::gdp);
        QVERIFY(relative(ours, number(entry["eps"])) < 1e-9);
        QVERIFY(relative(delta_of(history, ours, Accountant::gdp).value(), number(entry["delta"])) < 1e-9);
    }
    AccountOptions central_limit;
    central_limit.central_limit = true;
    for (const auto entry : golden("cases").get_array()) {
        simdjson::dom::array expected;
        if (entry["expected"]["opacus_gdp"].get(expected)) continue;
        for (std::size_t k = 0; k < expected.size(); ++k) {
            double value = 0;
            if (expected.at(k).get_double().get(value)) continue;
            const Spent spent =
                epsilon_of(history_of(entry), number(entry["deltas"].at(k)), Accountant::gdp, central_limit).value();
            QVERIFY(relative(spent.epsilon, value) < 1e-9);
            QVERIFY(spent.under_reports && !spent.note.empty());
        }
    }
    QVERIFY(!epsilon_of(PrivacyHistory{sampled_gaussian(2, 1, 9)}, 1e-5, Accountant::gdp)->under_reports);
}

void Accountants::laplace_and_zcdp()
{
    for (const auto entry : golden("laplace")["cases"].get_array()) {
        const PrivacyHistory history{laplace(number(entry["scale_b"]), std::llround(number(entry["steps"])))};
        const double pure = number(entry["pure_eps_basic_composition"]);
        const auto pld = entry["dp_accounting_pld"];
        for (std::size_t k = 0; k < 3; ++k) {
            const double delta = number(entry["deltas"].at(k));
            QVERIFY(relative(epsilon(history, delta, Accountant::basic), pure) < 1e-12);
            QVERIFY(relative(epsilon(history, delta, Accountant::rdp), number(entry["dp_accounting_rdp"].at(k))) <
                    1e-9);
            const double ours =
                epsilon(history, delta, Accountant::pld, on_mesh(number(pld["value_discretization_interval"])));
            QVERIFY(std::abs(ours - number(pld["eps"].at(k))) < 1e-5);
        }
        QVERIFY(relative(epsilon(history, 0.0, Accountant::pld), pure) < 1e-12);
    }
    for (const auto entry : golden("subsampled_laplace").get_array())
        for (std::size_t k = 0; k < 3; ++k) {
            const PrivacyHistory history{
                laplace(number(entry["scale_b"]), std::llround(number(entry["steps"])), number(entry["q"]))};
            const double expected = number(entry["dp_accounting_pld_1e-4"].at(k));
            const double delta = number(entry["deltas"].at(k));
            QVERIFY(std::abs(epsilon(history, delta, Accountant::pld, on_mesh(1e-4)) - expected) < 1e-5);
            QVERIFY(epsilon(history, delta, Accountant::rdp) >= expected - 1e-3);
        }
    for (const auto entry : golden("zcdp")["cases"].get_array())
        for (std::size_t k = 0; k < 3; ++k) {
            const double rho = number(entry["rho"]);
            const std::int64_t steps = std::llround(number(entry["steps"]));
            const double delta = number(entry["deltas"].at(k));
            const PrivacyHistory history{other(Mechanism::zcdp, rho, 0.0, steps)};
            QVERIFY(relative(epsilon(history, delta, Accountant::rdp), number(entry["dp_accounting_rdp_zcdp"].at(k))) <
                    1e-9);
            QVERIFY(relative(epsilon(history, delta, Accountant::zcdp), number(entry["bun_steinke_formula"].at(k))) <
                    1e-12);
            const PrivacyHistory same{sampled_gaussian(1.0 / std::sqrt(2.0 * rho), 1.0, steps)};
            QVERIFY(relative(epsilon(same, delta, Accountant::zcdp), number(entry["bun_steinke_formula"].at(k))) <
                    1e-9);
            QVERIFY(relative(epsilon(same, delta, Accountant::gdp), number(entry["analytic_gaussian_eps"].at(k))) <
                    1e-9);
        }
}

void Accountants::composition_theorems()
{
    for (const auto entry : golden("advanced_composition")["cases"].get_array()) {
        const PrivacyHistory history{other(Mechanism::approximate, number(entry["eps0"]), number(entry["delta0"]),
                                           std::llround(number(entry["k"])))};
        const double delta = number(entry["delta_total"]);
        QVERIFY(relative(epsilon(history, delta, Accountant::optimal), number(entry["dp_accounting_kov_thm3.3"])) <
                1e-9);
        QVERIFY(relative(epsilon(history, delta, Accountant::advanced),
                         number(entry["dwork_rothblum_vadhan_formula"])) < 1e-9);
        const bool enough = number(entry["delta0"]) * number(entry["k"]) <= delta;
        QVERIFY(relative(epsilon(history, delta, Accountant::basic), enough ? number(entry["basic"]) : HUGE_VAL) <
                1e-9);
        const double expected = number(entry["dp_accounting_pld_from_privacy_parameters_1e-4"]);
        const double ours = epsilon(history, delta, Accountant::pld, on_mesh(1e-4));
        QVERIFY(ours == expected || std::abs(ours - expected) < 1e-6);
    }
}

void Accountants::inverse_problems()
{
    for (const auto entry : golden("inverse")["cases"].get_array()) {
        const double target = number(entry["target_eps"]);
        const double delta = number(entry["delta"]);
        const PrivacyEvent event = sampled_gaussian(1.0, number(entry["q"]), std::llround(number(entry["steps"])));
        AccountOptions opacus;
        opacus.orders = OrderGrid::opacus;
        const double rdp = noise_for(event, {}, target, delta, Accountant::rdp, opacus).value();
        QVERIFY(relative(rdp, number(entry["opacus_get_noise_multiplier_rdp_tol1e-6"])) < 1e-6);
        PrivacyEvent answer = event;
        answer.noise = rdp;
        QVERIFY(epsilon({answer}, delta, Accountant::rdp, opacus) <= target);
        answer.noise *= 1.0 - 1e-6;
        QVERIFY(epsilon({answer}, delta, Accountant::rdp, opacus) > target);
        const double pld = noise_for(event, {}, target, delta, Accountant::pld, on_mesh(1e-3)).value();
        QVERIFY(std::abs(pld - number(entry["dp_accounting_calibrate_pld_tol1e-4"])) < 2e-4);
        answer.noise = pld;
        QVERIFY(epsilon({answer}, delta, Accountant::pld, on_mesh(1e-3)) <= target);
    }
    for (const auto entry : golden("gaussian_analytic")["sigma"].get_array()) {
        const double sigma =
            noise_for(sampled_gaussian(1, 1, 1), {}, number(entry["eps"]), number(entry["delta"]), Accountant::gdp)
                .value();
        QVERIFY(relative(sigma, number(entry["sigma"])) < 1e-9);
    }
    const PrivacyEvent round = sampled_gaussian(1.2, 0.05, 10);
    const PrivacyHistory before{sampled_gaussian(2.0, 0.1, 100)};
    const std::int64_t times = times_within(round, before, 6.0, 1e-5, Accountant::rdp).value().value();
    const auto after = [&](std::int64_t more) {
        return epsilon({before.front(), sampled_gaussian(1.2, 0.05, 10 * more)}, 1e-5, Accountant::rdp);
    };
    QVERIFY(times > 0 && after(times) <= 6.0 && after(times + 1) > 6.0);
    QCOMPARE(times_within(round, before, 0.01, 1e-5, Accountant::rdp).value().value(), 0);
    QVERIFY(!times_within(sampled_gaussian(1.0, 0.0, 1), {}, 1.0, 1e-5, Accountant::rdp).value());
}

void Accountants::monotone()
{
    const std::vector<Accountant> all{Accountant::rdp, Accountant::pld, Accountant::gdp, Accountant::basic};
    for (const Accountant accountant : all) {
        const auto at = [&](double noise, double rate, std::int64_t steps, double delta) {
            return epsilon({sampled_gaussian(noise, rate, steps)}, delta, accountant);
        };
        const double middle = at(1.0, 0.02, 100, 1e-5);
        QVERIFY(at(1.1, 0.02, 100, 1e-5) < middle);
        QVERIFY(at(1.0, 0.03, 100, 1e-5) > middle);
        QVERIFY(at(1.0, 0.02, 110, 1e-5) > middle);
        QVERIFY(at(1.0, 0.02, 100, 1e-4) < middle);
        QVERIFY(at(1.0, 1.0, 100, 1e-5) > middle);
    }
}

void Accountants::histories_add_up()
{
    const PrivacyHistory parts{sampled_gaussian(1.0, 0.02, 60), sampled_gaussian(1.5, 0.1, 30), laplace(5.0, 4),
                               sampled_gaussian(1.0, 0.02, 40), sampled_gaussian(8.0, 1.0, 3)};
    const PrivacyHistory shuffled{laplace(5.0, 1), sampled_gaussian(8.0, 1.0, 3), sampled_gaussian(1.0, 0.02, 100),
                                  laplace(5.0, 3), sampled_gaussian(1.5, 0.1, 30)};
    QVERIFY(compacted(parts) == compacted(shuffled));
    for (const Accountant accountant : {Accountant::rdp, Accountant::pld})
        QCOMPARE(epsilon(parts, 1e-6, accountant), epsilon(shuffled, 1e-6, accountant));
    // RDP is additive, order by order.
    const std::vector<double> orders = rdp_orders(OrderGrid::standard);
    const std::vector<double> total = rdp_total(parts, orders);
    for (std::size_t k = 0; k < orders.size(); ++k) {
        double sum = 0;
        for (const PrivacyEvent& event : parts) sum += rdp_total({&event, 1}, orders)[k];
        QVERIFY(relative(sum, total[k]) < 1e-12);
    }
    // Gaussians without sampling are one Gaussian, whatever else happens.
    const PrivacyHistory two{sampled_gaussian(3.0, 1.0, 1), sampled_gaussian(4.0, 1.0, 1),
                             sampled_gaussian(1.2, 0.1, 20)};
    const PrivacyHistory one{sampled_gaussian(2.4, 1.0, 1), sampled_gaussian(1.2, 0.1, 20)};
    QVERIFY(std::abs(epsilon(two, 1e-6, Accountant::pld) - epsilon(one, 1e-6, Accountant::pld)) < 1e-9);
}

void Accountants::round_by_round()
{
    PrivacyHistory rounds;
    for (int round = 0; round < 60; ++round)
        rounds.push_back(sampled_gaussian(round < 25 ? 1.0 : 1.4, round < 40 ? 0.01 : 0.06, round % 7 == 3 ? 0 : 5));
    for (const Accountant accountant : {Accountant::rdp, Accountant::pld, Accountant::basic}) {
        const std::vector<double> after = epsilon_after_each(rounds, 1e-5, accountant, on_mesh(2e-4)).value();
        QCOMPARE(after.size(), rounds.size());
        for (const std::size_t upto : {1U, 2U, 9U, 30U, 45U, 60U}) {
            const PrivacyHistory prefix(rounds.begin(), rounds.begin() + upto);
            QVERIFY(relative(after[upto - 1], epsilon(prefix, 1e-5, accountant, on_mesh(2e-4))) < 1e-7);
        }
        QVERIFY(std::is_sorted(after.begin(), after.end()));
    }
    // Many clients at once answer as each alone.
    const std::vector<PrivacyHistory> clients{rounds, {}, {rounds[0]}, rounds, {sampled_gaussian(0.0, 0.5, 1)}};
    for (const Accountant accountant : {Accountant::rdp, Accountant::pld}) {
        const auto each = epsilon_of_each(clients, 1e-5, accountant, {}, 2).value();
        for (std::size_t client = 0; client < clients.size(); ++client)
            QVERIFY(relative(each[client].epsilon, epsilon(clients[client], 1e-5, accountant)) < 1e-12);
    }
}

void Accountants::groups_trees_and_clipping()
{
    const PrivacyHistory gaussian{sampled_gaussian(6.0, 1.0, 10)};
    QCOMPARE(group_history(gaussian, 3.0)->front().noise, 2.0);
    QVERIFY(!group_history(PrivacyHistory{sampled_gaussian(6.0, 0.5, 10)}, 3.0));
    QCOMPARE(group_epsilon(0.5, 4.0), 2.0);
    QVERIFY(relative(group_delta(0.5, 1e-6, 4.0), 1e-6 * std::expm1(2.0) / std::expm1(0.5)) < 1e-12);
    // A tree of 1,000 leaves is 10 deep: ten Gaussians a restart.
    const std::vector<double> orders{1.5, 2.0, 16.0};
    const std::vector<double> tree = rdp_total(PrivacyHistory{tree_aggregation(5.0, 1000, 3)}, orders);
    for (std::size_t k = 0; k < orders.size(); ++k) QVERIFY(relative(tree[k], 3 * orders[k] * 10 / (2 * 25.0)) < 1e-12);
    QVERIFY(relative(epsilon({tree_aggregation(5.0, 1000, 3)}, 1e-6, Accountant::gdp),
                     gdp_epsilon(std::sqrt(30.0) / 5.0, 1e-6)) < 1e-12);
    // Adaptive clipping: the vector needs more noise than the whole may claim, and both together are worth the whole.
    const double vector_noise = adaptive_vector_noise(1.0, 0.8).value();
    QVERIFY(relative(vector_noise, 1.0 / std::sqrt(1.0 - 1.0 / 2.56)) < 1e-12);
    QVERIFY(relative(adaptive_total_noise(vector_noise, 0.8), 1.0) < 1e-12);
    QVERIFY(!adaptive_vector_noise(1.0, 0.5));
}

void Accountants::extremes()
{
    const std::vector<Accountant> all{Accountant::rdp,  Accountant::pld,   Accountant::prv,     Accountant::gdp,
                                      Accountant::zcdp, Accountant::basic, Accountant::advanced};
    for (const Accountant accountant : all) {
        QCOMPARE(epsilon({}, 1e-5, accountant), 0.0);
        QCOMPARE(epsilon({sampled_gaussian(1.0, 0.5, 0)}, 1e-5, accountant), 0.0);
        QCOMPARE(epsilon({sampled_gaussian(1.0, 0.0, 10)}, 1e-5, accountant), 0.0);
        QCOMPARE(epsilon({sampled_gaussian(0.0, 0.5, 1)}, 1e-5, accountant), HUGE_VAL);
        QCOMPARE(epsilon({sampled_gaussian(1.0, 0.5, 1)}, 0.0, accountant), HUGE_VAL);
    }
    // Millions of steps, rates near nothing, hardly any noise, a δ that a plain transform loses: finite, bracketed.
    struct Case {
        double noise, rate;
        std::int64_t steps;
        double delta;
    };
    for (const Case& extreme : {Case{1.0, 1e-4, 5'000'000, 1e-6},
                                {0.02, 0.01, 10, 1e-5},
                                {1.0, 0.01, 100, 1e-100},
                                {300.0, 0.5, 2, 1e-5},
                                {0.5, 1e-6, 100'000, 1e-5},
                                {0.6, 0.4, 100, 1e-5}}) {
        const PrivacyHistory history{sampled_gaussian(extreme.noise, extreme.rate, extreme.steps)};
        const double pld = epsilon(history, extreme.delta, Accountant::pld);
        const double rdp = epsilon(history, extreme.delta, Accountant::rdp);
        QVERIFY2(std::isfinite(pld) && pld > 0.0 && pld <= rdp, qPrintable(QString::number(extreme.noise)));
        if (extreme.delta < 1e-10 || extreme.steps > 2'000'000) continue;
        const auto prv = epsilon_of(history, extreme.delta, Accountant::prv);
        QVERIFY2(prv && *prv->lower <= pld + 1e-3 * pld && pld <= prv->epsilon * 1.001,
                 qPrintable(QString::number(extreme.noise)));
    }
}

void Accountants::refusals()
{
    const PrivacyHistory fine{sampled_gaussian(1.0, 0.1, 10)};
    QVERIFY(!epsilon_of(fine, 1.0, Accountant::rdp) && !epsilon_of(fine, -1e-9, Accountant::rdp));
    QVERIFY(!epsilon_of(fine, std::nan(""), Accountant::rdp));
    for (const PrivacyEvent& wrong : {sampled_gaussian(-1.0, 0.1, 1), sampled_gaussian(std::nan(""), 0.1, 1),
                                      sampled_gaussian(1.0, 1.5, 1), sampled_gaussian(1.0, 0.1, -1)})
        QVERIFY(!epsilon_of(PrivacyHistory{wrong}, 1e-5, Accountant::rdp));
    const PrivacyHistory laplace_history{laplace(1.0, 3)};
    QCOMPARE(epsilon_of(laplace_history, 1e-5, Accountant::gdp).error().code, model::ErrorCode::not_applicable);
    QCOMPARE(epsilon_of(laplace_history, 1e-5, Accountant::prv).error().code, model::ErrorCode::not_applicable);
    const PrivacyHistory unknown_loss{other(Mechanism::zcdp, 0.1, 0.0, 3)};
    QCOMPARE(epsilon_of(unknown_loss, 1e-5, Accountant::pld).error().code, model::ErrorCode::not_applicable);
    QCOMPARE(
        epsilon_of(PrivacyHistory{sampled_gaussian(0.001, 0.1, 10)}, 1e-5, Accountant::pld, on_mesh(1e-7)).error().code,
        model::ErrorCode::limit);
    QVERIFY(!delta_of(fine, -1.0, Accountant::pld) && !noise_for(fine.front(), {}, 0.0, 1e-5, Accountant::rdp));
}

QTEST_GUILESS_MAIN(Accountants)
#include "tst_accountants.moc"
