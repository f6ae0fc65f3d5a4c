// SPDX-License-Identifier: GPL-3.0-or-later
// The exact tests behind the audit, against closed forms and printed tables.
#include "analysis/privacy/noise_tests.h"
#include "analysis/privacy/normal.h"

#include <cmath>
#include <QTest>
#include <random>
#include <vector>

using namespace fedsleuth::analysis;

namespace {

bool near(double a, double b, double relative) { return std::abs(a - b) <= relative * std::abs(b); }

/// χ² with an even number of degrees of freedom is a Poisson tail: P[X > x] = Σ_{k < d/2} e^(−x/2) (x/2)^k / k!.
double even_upper(double x, int degrees)
{
    long double sum = 0, term = std::exp(-static_cast<long double>(x) / 2);
    for (int k = 0; k < degrees / 2; ++k) {
        sum += term;
        term *= static_cast<long double>(x) / 2 / (k + 1);
    }
    return static_cast<double>(sum);
}

}  // namespace

class TestNoiseTests : public QObject {
    Q_OBJECT

private slots:
    void chi_square_agrees_with_closed_forms()
    {
        for (const double x : {0.01, 0.5, 2.0, 7.0, 40.0, 200.0}) {
            QVERIFY(near(chi_square_tails(x, 1).upper, std::erfc(std::sqrt(x / 2)), 1e-12));
            QVERIFY(near(chi_square_tails(x, 2).upper, std::exp(-x / 2), 1e-12));
            QVERIFY(near(chi_square_tails(x, 2).lower, -std::expm1(-x / 2), 1e-12));
            for (const int degrees : {4, 10, 60, 400}) {
                QVERIFY(near(chi_square_tails(x, degrees).upper, even_upper(x, degrees), 1e-11));
                QVERIFY(std::abs(chi_square_tails(x, degrees).upper + chi_square_tails(x, degrees).lower - 1) < 1e-12);
            }
        }
        QCOMPARE(chi_square_tails(0, 5).lower, 0.0);
        QCOMPARE(chi_square_tails(HUGE_VAL, 5).upper, 0.0);
    }

    void chi_square_quantiles_agree_with_printed_tables()
    {
        // Abramowitz and Stegun, table 26.8.
        QVERIFY(near(chi_square_quantile(0.05, 10, true), 18.3070, 5e-6));
        QVERIFY(near(chi_square_quantile(0.05, 10), 3.94030, 5e-6));
        QVERIFY(near(chi_square_quantile(0.005, 30, true), 53.6720, 5e-6));
        QVERIFY(near(chi_square_quantile(0.001, 100, true), 149.449, 5e-6));
        QVERIFY(near(chi_square_quantile(0.99, 1, true), 0.000157088, 1e-5));
    }

    void quantiles_and_tails_are_inverse_at_any_size()
    {
        for (const double degrees : {1.0, 7.0, 1210.0, 1e5, 1e7, 1e9})
            for (const double p : {1e-12, 1e-6, 0.01, 0.5}) {
                QVERIFY(near(chi_square_tails(chi_square_quantile(p, degrees), degrees).lower, p, 1e-6));
                QVERIFY(near(chi_square_tails(chi_square_quantile(p, degrees, true), degrees).upper, p, 1e-6));
            }
        // Large degrees against Wilson and Hilferty's cube, whose error vanishes there.
        const double d = 1e7, z = normal_tail_quantile(1e-6);
        const double cube = d * std::pow(1 - 2 / (9 * d) - z * std::sqrt(2 / (9 * d)), 3);
        QVERIFY(near(chi_square_quantile(1e-6, d), cube, 1e-7));
    }

    void noncentral_agrees_with_closed_forms()
    {
        for (const double lambda : {0.3, 4.0, 90.0, 2500.0, 1e5})
            for (const double at : {0.5, 0.9, 1.0, 1.1, 1.6}) {
                const double x = at * (lambda + 1), root = std::sqrt(x), mean = std::sqrt(lambda);
                // One degree: (N + √λ)² ≤ x.
                const Tails one = noncentral_tails(x, 1, lambda);
                const double upper = normal_tail(root - mean) + normal_cdf(-root - mean);
                if (upper > 1e-18) QVERIFY(near(one.upper, upper, 1e-9));
                // Three: one's, less the density's term (Johnson, Kotz, Balakrishnan 29.12).
                const auto density = [](double t) { return std::exp(log_normal_density(t)); };
                const double three = upper + (density(root - mean) - density(root + mean)) / mean;
                if (three > 1e-18 && three < 1) QVERIFY(near(noncentral_tails(x, 3, lambda).upper, three, 1e-8));
            }
        for (const double lambda : {0.0, 1.0, 2e4, 3e7}) {
            const double x = noncentral_quantile(1e-6, 1210, lambda, true);
            QVERIFY(near(noncentral_tails(x, 1210, lambda).upper, 1e-6, 1e-5));
        }
        // Where the approximation takes over nothing jumps.
        QVERIFY(
            near(noncentral_quantile(1e-4, 500, 1.0001e7, true), noncentral_quantile(1e-4, 500, 0.9999e7, true), 3e-4));
    }

    void binomial_agrees_with_sums_by_hand()
    {
        QVERIFY(near(binomial_upper(3, 3, 0.5), 0.125, 1e-12));
        QVERIFY(near(binomial_upper(2, 3, 0.5), 0.5, 1e-12));
        QVERIFY(near(binomial_upper(1, 10, 0.1), 1 - std::pow(0.9, 10), 1e-12));
        QCOMPARE(binomial_upper(0, 5, 0.2), 1.0);
        // A thousand million trials: the normal's tail at five deviations, and nothing that takes a thousand million
        // steps.
        QVERIFY(near(binomial_upper(500'079'057, 1'000'000'000, 0.5), normal_tail(5), 1e-2));
        QCOMPARE(binomial_upper(1, 1'000'000'000, 0.5), 1.0);
        QCOMPARE(binomial_upper(5, 5, 1.0), 1.0);
        QCOMPARE(binomial_upper(6, 5, 0.2), 0.0);
    }

    void the_floor_sees_a_hundredth_of_missing_noise()
    {
        // At d = 1e5 noise of 0.98 of what is claimed, under any clipped signal, is refuted in 95 of 100 cases or more:
        // |u|² ~ 0.98² s² χ²_d(λ), λ ≤ C²/s², at its least power where the signal is largest.
        const double d = 1e5, share = 0.98 * 0.98;
        const double floor = noise_floor(d, 1e-4);
        QVERIFY(noncentral_tails(floor / share, d, 1.0).lower > 0.95);
        QVERIFY(chi_square_tails(floor, d).lower < 1.0001e-4);  // and the honest are refuted once in 10,000
    }

    void laplace_bounds_hold_by_simulation()
    {
        std::mt19937 random(5);
        std::exponential_distribution<double> size;
        const int d = 200, trials = 40'000;
        const double floor = noise_floor(d, 1e-3, NoiseKind::laplace);
        const double ceiling = clip_ceiling(d, 4.0, 1e-3, NoiseKind::laplace);
        int below = 0, above = 0;
        for (int trial = 0; trial < trials; ++trial) {
            double bare = 0, shifted = 0;
            for (int k = 0; k < d; ++k) {
                const double value = size(random) * (random() % 2 ? 1 : -1);
                bare += value * value;
                shifted += (k == 0 ? value + 2 : value) * (k == 0 ? value + 2 : value);
            }
            below += bare < floor;
            above += shifted > ceiling;
        }
        QVERIFY2(below <= 60, std::to_string(below).c_str());  // 40 are allowed on average
        QVERIFY2(above <= 60, std::to_string(above).c_str());
    }

    void law_and_order_of_noise()
    {
        // Kolmogorov's table: 1.3581 and 1.6276 are the 5 % and 1 % points (n large).
        QVERIFY(near(kolmogorov_p(1.3581 / 1e4, 100'000'000), 0.05, 2e-3));
        QVERIFY(near(kolmogorov_p(1.6276 / 1e4, 100'000'000), 0.01, 2e-3));
        std::mt19937 random(9);
        std::normal_distribution<float> normal;
        std::vector<float> values(20'000);
        for (float& value : values) value = normal(random);
        std::int64_t positive = 0, runs = 0;
        for (std::size_t k = 0; k < values.size(); ++k) {
            positive += values[k] > 0;
            runs += k == 0 || (values[k] > 0) != (values[k - 1] > 0);
        }
        const auto count = static_cast<std::int64_t>(values.size());
        QVERIFY(sign_runs_p(positive, count - positive, runs) > 1e-3);
        QVERIFY(sign_runs_p(positive, count - positive, runs / 2) < 1e-9);
        QVERIFY(!sign_runs_p(5, 5, 4));
        std::sort(values.begin(), values.end());
        QVERIFY(kolmogorov_p(distance_from_noise(values, 0, 1, NoiseKind::gaussian), count) > 1e-3);
        QVERIFY(kolmogorov_p(distance_from_noise(values, 0, 1, NoiseKind::laplace), count) < 1e-9);
    }
};

QTEST_APPLESS_MAIN(TestNoiseTests)
#include "tst_noise_tests.moc"
