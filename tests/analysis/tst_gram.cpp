// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/kernels/dot_tile.h"
#include "analysis/kernels/gram.h"
#include "analysis/kernels/gram_with.h"
#include "analysis/kernels/parallel.h"
#include "analysis/kernels/symmetric_product.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <limits>
#include <QTest>
#include <random>
#include <stdexcept>
#include <vector>

using namespace fedsleuth::analysis;

namespace {

std::vector<float> random_values(std::size_t count, unsigned seed, float scale = 1.0F)
{
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    std::vector<float> values(count);
    for (float& value : values) value = scale * normal(random);
    return values;
}

/// The obvious twin, in long double.
struct Slow {
    std::vector<double> products;
    std::vector<double> magnitudes;  ///< Σ |a·b|, which errors are measured against
};

Slow slow_products(const float* a, std::size_t n, std::size_t a_stride, const float* b, std::size_t k,
                   std::size_t b_stride, std::int64_t count)
{
    Slow slow;
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < k; ++j) {
            long double sum = 0;
            long double magnitude = 0;
            for (std::int64_t c = 0; c < count; ++c) {
                const long double product = static_cast<long double>(a[i * a_stride + static_cast<std::size_t>(c)]) *
                                            b[j * b_stride + static_cast<std::size_t>(c)];
                sum += product;
                magnitude += std::abs(product);
            }
            slow.products.push_back(static_cast<double>(sum));
            slow.magnitudes.push_back(static_cast<double>(magnitude));
        }
    return slow;
}

bool agrees(const std::vector<double>& products, const Slow& slow, std::int64_t count)
{
    const double bound = (static_cast<double>(count) / 4096 + 80) * 0x1p-53;
    for (std::size_t k = 0; k < products.size(); ++k)
        if (!(std::abs(products[k] - slow.products[k]) <= bound * slow.magnitudes[k])) return false;
    return true;
}

bool same_bits(const std::vector<double>& a, const std::vector<double>& b)
{
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](double x, double y) {
        return std::bit_cast<std::uint64_t>(x) == std::bit_cast<std::uint64_t>(y);
    });
}

}  // namespace

class TestGram : public QObject {
    Q_OBJECT

private slots:
    void agrees_with_the_twin_data();
    void agrees_with_the_twin();
    void all_instruction_sets_agree();
    void threads_do_not_matter();
    void cuts_at_chunks_do_not_matter();
    void adds_to_what_is_there();
    void distances_of_near_copies_survive();
    void extreme_magnitudes();
    void a_spoilt_row_stays_alone();
    void symmetric_products_of_every_instruction_set();
    void parallel_for_runs_every_block_once();
    void parallel_in_order_commits_in_order();
    void parallel_passes_exceptions_on();
};

void TestGram::agrees_with_the_twin_data()
{
    QTest::addColumn<quint64>("n");
    QTest::addColumn<quint64>("k");
    QTest::addColumn<qint64>("count");
    for (const quint64 n : {0, 1, 2, 3, 5, 17, 100, 257})
        for (const qint64 count : {0, 1, 7, 8, 513, 4097, 65537}) {
            if (n > 17 && count > 4097) continue;  // the twin is slow
            const quint64 k = n % 7 + (n > 2 ? 1 : 0);
            QTest::addRow("%llu and %llu x %lld", n, k, count) << n << k << count;
        }
    QTest::newRow("100 and 3 x 65537") << quint64{100} << quint64{3} << qint64{65537};
}

void TestGram::agrees_with_the_twin()
{
    QFETCH(quint64, n);
    QFETCH(quint64, k);
    QFETCH(qint64, count);
    const std::size_t stride = static_cast<std::size_t>(count) + 3;
    const std::vector<float> a = random_values(n * stride, 1);
    const std::vector<float> b = random_values(k * stride, 2);
    std::vector<double> products(n * k, 0.0);
    add_products(a.data(), n, stride, b.data(), k, stride, count, products.data());
    QVERIFY(agrees(products, slow_products(a.data(), n, stride, b.data(), k, stride, count), count));
    if (n * static_cast<std::size_t>(count) > 2'000'000) return;
    std::vector<double> gram(n * n, 0.0);
    add_gram(a.data(), n, stride, count, gram.data());
    QVERIFY(agrees(gram, slow_products(a.data(), n, stride, a.data(), n, stride, count), count));
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < i; ++j) QCOMPARE(gram[i * n + j], gram[j * n + i]);
}

void TestGram::all_instruction_sets_agree()
{
    QVERIFY(!dot_tiles().empty());
    const std::size_t n = 64;
    const std::int64_t count = 5003;
    const std::vector<float> a = random_values(n * count, 3);
    const GramRows rows{a.data(), n, count};
    const GramRows others{a.data() + 7, 9, count};
    std::vector<double> gram(n * n, 0.0);
    std::vector<double> products(n * 9, 0.0);
    add_products_with(dot_tiles().back(), rows, nullptr, count, 1, gram.data());
    add_products_with(dot_tiles().back(), rows, &others, count, 1, products.data());
    for (const DotTile& tile : dot_tiles()) {
        std::vector<double> other_gram(n * n, 0.0);
        std::vector<double> other_products(n * 9, 0.0);
        add_products_with(tile, rows, nullptr, count, 1, other_gram.data());
        add_products_with(tile, rows, &others, count, 1, other_products.data());
        QVERIFY2(same_bits(gram, other_gram) && same_bits(products, other_products), tile.name);
        qInfo("%s agrees", tile.name);
    }
}

void TestGram::threads_do_not_matter()
{
    const std::size_t n = 23;
    const std::int64_t count = 9 * gram_chunk + 77;
    const std::vector<float> a = random_values(n * count, 4);
    std::vector<double> one(n * n, 0.0);
    add_gram(a.data(), n, count, count, one.data());
    for (const unsigned threads : {0U, 2U, 3U, 8U, 64U}) {
        std::vector<double> many(n * n, 0.0);
        add_gram(a.data(), n, count, count, many.data(), threads);
        QVERIFY(same_bits(one, many));
    }
}

void TestGram::cuts_at_chunks_do_not_matter()
{
    const std::size_t n = 6;
    const std::int64_t count = 5 * gram_chunk + 5;
    const std::vector<float> a = random_values(n * count, 5);
    std::vector<double> whole(n * n, 0.0);
    add_gram(a.data(), n, count, count, whole.data());
    std::vector<double> parts(n * n, 0.0);
    add_gram(a.data(), n, count, 2 * gram_chunk, parts.data());
    add_gram(a.data() + 2 * gram_chunk, n, count, count - 2 * gram_chunk, parts.data());
    QVERIFY(same_bits(whole, parts));
}

void TestGram::adds_to_what_is_there()
{
    const std::vector<float> a{1, 2, 3, 4};
    std::vector<double> gram{100, 200, 300, 400};
    add_gram(a.data(), 2, 2, 2, gram.data());
    QCOMPARE(gram, (std::vector<double>{105, 211, 311, 425}));
    std::vector<double> products{10, 20};
    add_products(a.data(), 2, 2, a.data(), 1, 2, 2, products.data());
    QCOMPARE(products, (std::vector<double>{15, 31}));
}

void TestGram::distances_of_near_copies_survive()
{
    // Two vectors of norm about 300 that differ by one unit in the last place of every tenth coordinate.
    const std::int64_t count = 100'000;
    std::vector<float> a = random_values(2 * count, 6);
    std::copy_n(a.begin(), count, a.begin() + count);
    double distance = 0;
    for (std::int64_t c = 0; c < count; c += 10) {
        float& value = a[static_cast<std::size_t>(count + c)];
        const float before = value;
        value = std::nextafter(value, 10.0F);
        distance += std::pow(static_cast<double>(value) - before, 2);
    }
    std::vector<double> gram(4, 0.0);
    add_gram(a.data(), 2, count, count, gram.data());
    // Sums of 1e5 hold the squared distance, about 1e-11, to their own last place and no further.
    QVERIFY(std::abs(gram[0] + gram[3] - 2 * gram[1] - distance) < 16 * 0x1p-53 * gram[0]);
}

void TestGram::extreme_magnitudes()
{
    for (const float scale : {1e38F, 1e-38F, 1e-45F, -0.0F}) {
        std::vector<float> a = random_values(3 * 1000, 7, 1.0F);
        for (float& value : a) value = value > 0 ? scale : -scale;
        std::vector<double> gram(9, 0.0);
        add_gram(a.data(), 3, 1000, 1000, gram.data());
        QVERIFY(agrees(gram, slow_products(a.data(), 3, 1000, a.data(), 3, 1000, 1000), 1000));
        QCOMPARE(gram[0], 1000.0 * scale * static_cast<double>(scale));
    }
}

void TestGram::a_spoilt_row_stays_alone()
{
    std::vector<float> a = random_values(7 * 100, 8);
    a[3 * 100 + 50] = std::numeric_limits<float>::quiet_NaN();
    std::vector<double> gram(49, 0.0);
    add_gram(a.data(), 7, 100, 100, gram.data());
    for (std::size_t i = 0; i < 7; ++i)
        for (std::size_t j = 0; j < 7; ++j) QCOMPARE(std::isnan(gram[i * 7 + j]), i == 3 || j == 3);
}

void TestGram::symmetric_products_of_every_instruction_set()
{
    for (const std::size_t n : {0, 1, 3, 4, 7, 8, 9, 21, 100, 133}) {
        std::mt19937 random(static_cast<unsigned>(n));
        std::normal_distribution<double> normal;
        std::vector<double> matrix(n * n), x(n);
        for (std::size_t i = 0; i < n; ++i) {
            x[i] = normal(random);
            for (std::size_t j = 0; j <= i; ++j) matrix[i * n + j] = matrix[j * n + i] = normal(random);
        }
        std::vector<double> first(n);
        symmetric_kernels().back().product(matrix.data(), n, x.data(), first.data());
        for (const SymmetricKernel& kernel : symmetric_kernels()) {
            std::vector<double> product(n, 1e9);
            kernel.product(matrix.data(), n, x.data(), product.data());
            QVERIFY2(same_bits(product, first), kernel.name);
        }
        for (std::size_t i = 0; i < n; ++i) {
            long double sum = 0;
            for (std::size_t j = 0; j < n; ++j) sum += static_cast<long double>(matrix[i * n + j]) * x[j];
            QVERIFY(std::abs(first[i] - static_cast<double>(sum)) <= 1e-13 * static_cast<double>(n));
        }
    }
}

void TestGram::parallel_for_runs_every_block_once()
{
    for (const unsigned threads : {0U, 1U, 2U, 7U})
        for (const std::size_t blocks : {0, 1, 2, 100}) {
            std::vector<std::atomic<int>> calls(blocks);
            parallel_for(blocks, threads, [&](std::size_t block_idx) { ++calls[block_idx]; });
            for (const std::atomic<int>& count : calls) QCOMPARE(count.load(), 1);
        }
    QVERIFY(hardware_threads() >= 1);
}

void TestGram::parallel_in_order_commits_in_order()
{
    for (const unsigned threads : {0U, 1U, 3U, 8U}) {
        std::vector<std::size_t> computed_by(50);
        std::vector<std::size_t> order;
        parallel_in_order(
            50, threads, [&](std::size_t block_idx, std::size_t worker_idx) { computed_by[block_idx] = worker_idx; },
            [&](std::size_t block_idx, std::size_t worker_idx) {
                if (computed_by[block_idx] == worker_idx) order.push_back(block_idx);
            });
        QCOMPARE(order.size(), std::size_t{50});
        QVERIFY(std::is_sorted(order.begin(), order.end()));
    }
}

void TestGram::parallel_passes_exceptions_on()
{
    for (const unsigned threads : {1U, 4U}) {
        const auto fail_at_five = [](std::size_t block_idx) {
            if (block_idx == 5) throw std::runtime_error("five");
        };
        QVERIFY_EXCEPTION_THROWN(parallel_for(100, threads, fail_at_five), std::runtime_error);
        QVERIFY_EXCEPTION_THROWN(
            parallel_in_order(
                100, threads, [&](std::size_t block_idx, std::size_t) { fail_at_five(block_idx); }, [](auto, auto) {}),
            std::runtime_error);
    }
}

QTEST_APPLESS_MAIN(TestGram)
#include "tst_gram.moc"
