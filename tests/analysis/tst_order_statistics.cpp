// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/kernels/order_statistics.h"
#include "analysis/kernels/sorting_network.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <QTest>
#include <random>
#include <vector>

using namespace fedsleuth::analysis;

namespace {

template <class Real>
struct Matrix {
    std::vector<std::vector<Real>> values;
    std::vector<const Real*> rows;

    Matrix(std::size_t n, std::size_t count, const std::function<Real()>& draw) : values(n, std::vector<Real>(count))
    {
        for (auto& row : values)
            for (Real& value : row) value = draw();
        for (const auto& row : values) rows.push_back(row.data());
    }
    [[nodiscard]] std::vector<Real> sorted_column(std::size_t column) const
    {
        std::vector<Real> sorted;
        for (const auto& row : values) sorted.push_back(row[column]);
        std::sort(sorted.begin(), sorted.end());
        return sorted;
    }
};

/// The obvious twins.
template <class Real>
double slow_median(const std::vector<Real>& sorted)
{
    const std::size_t n = sorted.size();
    return (static_cast<double>(sorted[(n - 1) / 2]) + static_cast<double>(sorted[n / 2])) / 2;
}

template <class Real>
double slow_trimmed_mean(const std::vector<Real>& sorted, std::size_t cut)
{
    double sum = 0;
    for (std::size_t rank = cut; rank < sorted.size() - cut; ++rank) sum += static_cast<double>(sorted[rank]);
    return sum / static_cast<double>(sorted.size() - 2 * cut);
}

template <class Real>
bool agrees(std::size_t n, std::size_t count, const std::function<Real()>& draw)
{
    const Matrix<Real> matrix(n, count, draw);
    const auto columns = static_cast<std::int64_t>(count);
    std::vector<double> medians(count, -1);
    column_median(matrix.rows, columns, medians.data());
    std::vector<Real> all(n * count);
    column_sort(matrix.rows, columns, all.data());
    for (std::size_t column = 0; column < count; ++column) {
        const std::vector<Real> sorted = matrix.sorted_column(column);
        if (n == 0) {
            if (!std::isnan(medians[column])) return false;
            continue;
        }
        if (medians[column] != slow_median(sorted)) return false;
        for (std::size_t rank = 0; rank < n; ++rank)
            if (all[rank * count + column] != sorted[rank]) return false;
    }
    for (const std::size_t cut : {std::size_t{0}, n / 10, n / 4, n == 0 ? 0 : (n - 1) / 2}) {
        if (2 * cut >= n) continue;
        std::vector<double> means(count, -1);
        column_trimmed_mean(matrix.rows, columns, cut, means.data());
        for (std::size_t column = 0; column < count; ++column)
            if (means[column] != slow_trimmed_mean(matrix.sorted_column(column), cut)) return false;
    }
    return true;
}

}  // namespace

class TestOrderStatistics : public QObject {
    Q_OBJECT

private slots:
    void agrees_with_the_twins_data();
    void agrees_with_the_twins();
    void networks_sort_every_zero_one_input();
    void all_instruction_sets_agree();
    void zeros_are_not_lost();
    void extremes_do_not_overflow();
    void nothing_remains();
};

void TestOrderStatistics::agrees_with_the_twins_data()
{
    QTest::addColumn<quint64>("n");
    QTest::addColumn<quint64>("count");
    for (const quint64 n : {0, 1, 2, 3, 17, 100, 257})
        for (const quint64 count : {0, 1, 7, 31, 33, 700}) QTest::addRow("%llu x %llu", n, count) << n << count;
    QTest::newRow("3 x 65537") << quint64{3} << quint64{65537};
    QTest::newRow("100 x 65537") << quint64{100} << quint64{65537};
}

void TestOrderStatistics::agrees_with_the_twins()
{
    QFETCH(quint64, n);
    QFETCH(quint64, count);
    std::mt19937 random(static_cast<unsigned>(n * 1000 + count));
    std::normal_distribution<double> normal;
    const auto as_float = [&] { return static_cast<float>(normal(random)); };
    QVERIFY(agrees<float>(n, count, as_float));
    if (n * count > 1'000'000) return;
    QVERIFY(agrees<double>(n, count, [&] { return normal(random); }));
    // Ties, zeros of both signs, and magnitudes from the smallest to the largest.
    QVERIFY(agrees<float>(n, count, [&] { return static_cast<float>(static_cast<int>(random() % 3) - 1) * 0.5F; }));
    QVERIFY(agrees<float>(n, count, [&] { return random() % 2 == 0 ? 0.0F : -0.0F; }));
    QVERIFY(
        agrees<double>(n, count, [&] { return std::ldexp(normal(random), static_cast<int>(random() % 1800) - 900); }));
    QVERIFY(agrees<float>(n, count, [&] {
        return static_cast<float>(std::ldexp(normal(random), static_cast<int>(random() % 240) - 140));
    }));
}

void TestOrderStatistics::networks_sort_every_zero_one_input()
{
    // A network that sorts all zeros and ones sorts everything (Knuth 5.3.4, theorem Z), and so for each rank alone.
    for (std::size_t n = 1; n <= 13; ++n)
        for (const auto& [first, last] : {std::pair<std::size_t, std::size_t>{0, n - 1}, {(n - 1) / 2, n / 2}}) {
            const std::vector<Comparator> network = sorting_network(n, first, last);
            for (unsigned input = 0; input < 1U << n; ++input) {
                std::vector<unsigned> bits(n);
                unsigned ones = 0;
                for (std::size_t k = 0; k < n; ++k) ones += bits[k] = input >> k & 1U;
                for (const Comparator& comparator : network)
                    if (bits[comparator.low] > bits[comparator.high])
                        std::swap(bits[comparator.low], bits[comparator.high]);
                for (std::size_t rank = first; rank <= last; ++rank) QCOMPARE(bits[rank], rank >= n - ones ? 1U : 0U);
            }
        }
}

void TestOrderStatistics::all_instruction_sets_agree()
{
    std::mt19937 random(5);
    const std::size_t n = 41;
    const std::vector<Comparator> network = sorting_network(n, 0, n - 1);
    const auto check = [&]<class Real>(Real, auto runner) {
        struct alignas(64) Columns {
            Real values[41 * network_lanes<Real>];
        };
        const auto columns = std::make_unique<Columns>();
        for (Real& value : columns->values) value = static_cast<Real>(static_cast<int>(random() % 64) - 32);
        const Columns before = *columns;
        runner(network, columns->values);
        for (std::size_t lane = 0; lane < network_lanes<Real>; ++lane) {
            std::vector<Real> wanted;
            for (std::size_t row = 0; row < n; ++row) wanted.push_back(before.values[row * network_lanes<Real> + lane]);
            std::sort(wanted.begin(), wanted.end());
            for (std::size_t row = 0; row < n; ++row)
                QCOMPARE(columns->values[row * network_lanes<Real> + lane], wanted[row]);
        }
    };
    for (const NetworkRunner& runner : network_runners()) {
        check(float{}, runner.run_float);
        check(double{}, runner.run_double);
        qInfo("%s agrees", runner.name);
    }
}

void TestOrderStatistics::zeros_are_not_lost()
{
    const std::vector<std::vector<float>> values{{0.0F}, {-0.0F}, {0.0F}, {-0.0F}, {-0.0F}};
    std::vector<const float*> rows;
    for (const auto& row : values) rows.push_back(row.data());
    std::vector<float> sorted(5);
    column_sort(rows, 1, sorted.data());
    QCOMPARE(std::count_if(sorted.begin(), sorted.end(), [](float value) { return std::signbit(value); }), 3);
}

void TestOrderStatistics::extremes_do_not_overflow()
{
    const double largest = std::numeric_limits<double>::max();
    const std::vector<double> values{largest, largest};
    const std::vector<const double*> rows{&values[0], &values[1]};
    double median = 0;
    column_median(rows, 1, &median);
    QCOMPARE(median, largest);
}

void TestOrderStatistics::nothing_remains()
{
    const float value = 1.0F;
    const std::vector<const float*> rows{&value, &value};
    double mean = 0;
    column_trimmed_mean(rows, 1, 1, &mean);
    QVERIFY(std::isnan(mean));
}

QTEST_APPLESS_MAIN(TestOrderStatistics)
#include "tst_order_statistics.moc"
