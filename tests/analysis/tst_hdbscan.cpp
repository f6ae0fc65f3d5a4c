// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/clustering/distances.h"
#include "analysis/clustering/hdbscan.h"
#include "analysis/clustering/spanning_tree.h"
#include "analysis/golden.h"
#include "analysis/kernels/distance_kernel.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <QTest>
#include <random>

using namespace fedsleuth;
using analysis::Clustering;
using analysis::hdbscan;
using analysis::HdbscanOptions;

namespace {

/// Labels renumbered in order of first appearance: equal for equal partitions; noise stays −1.
std::vector<int> canonical(const std::vector<int>& labels)
{
    std::map<int, int> names{{-1, -1}};
    std::vector<int> result;
    for (const int label : labels)
        result.push_back(names.try_emplace(label, static_cast<int>(names.size()) - 1).first->second);
    return result;
}

double largest_difference(const std::vector<double>& a, const std::vector<double>& b)
{
    if (a.size() != b.size()) return HUGE_VAL;
    double largest = 0;
    for (std::size_t k = 0; k < a.size(); ++k)
        if (a[k] != b[k]) largest = std::max(largest, std::abs(a[k] - b[k]));
    return largest;
}

std::vector<double> random_rows(std::size_t n, std::size_t d, unsigned seed)
{
    std::mt19937 random(seed);
    std::normal_distribution<double> normal;
    std::vector<double> rows(n * d);
    for (std::size_t row_idx = 0; row_idx < n; ++row_idx)
        for (std::size_t coord_idx = 0; coord_idx < d; ++coord_idx)
            rows[row_idx * d + coord_idx] = normal(random) + 6.0 * static_cast<double>(row_idx % 3);
    return rows;
}

/// Whether the k-d tree gives the edges of the matrix, all ties decided alike.
bool same_tree(const std::vector<double>& points, std::size_t n, std::size_t d, std::size_t min_samples)
{
    const std::vector<double> distances = analysis::euclidean_distances(points, n, d);
    return analysis::spanning_tree_of_points(points, n, d, min_samples) ==
           analysis::spanning_tree(distances, analysis::core_distances(distances, n, min_samples));
}

}  // namespace

class TestHdbscan : public QObject {
    Q_OBJECT

private slots:
    void golden();
    void tiny_inputs();
    void too_few_for_a_cluster();
    void identical_points();
    void coinciding_groups();
    void refuses_bad_input();
    void partition_does_not_depend_on_order();
    void distances_of_near_copies();
    void the_tree_of_points_is_that_of_the_matrix();
    void points_cluster_as_their_matrix_does();
    void every_instruction_set_measures_alike();
    void linkage_order_is_a_permutation();
    void linkage_order_puts_groups_together();

private:
    void check_case(test::GoldenTable& table, simdjson::dom::element entry, const std::vector<double>& distances,
                    std::size_t n);
};

void TestHdbscan::check_case(test::GoldenTable& table, simdjson::dom::element entry,
                             const std::vector<double>& distances, std::size_t n)
{
    const std::string id = test::text_of(entry["id"]);
    const simdjson::dom::element params = entry["params"];
    HdbscanOptions options;
    options.min_cluster_size = params["min_cluster_size"].get_uint64();
    options.min_samples = params["min_samples"].is_null() ? 0 : params["min_samples"].get_uint64().value();
    options.selection = test::text_of(params["cluster_selection_method"]) == "leaf"
                            ? HdbscanOptions::Selection::leaf
                            : HdbscanOptions::Selection::excess_of_mass;
    options.allow_single_cluster = params["allow_single_cluster"].get_bool();
    options.epsilon = params["cluster_selection_epsilon"].get_double();
    const auto answer = hdbscan(distances, n, options);
    QVERIFY2(answer, id.c_str());

    const bool strict = entry["tie_check"]["strict"].get_bool();
    const auto expected = [&](const char* field) {
        const simdjson::dom::element peer = entry["expected"][field];
        if (strict) return table.numbers(peer);
        const simdjson::dom::element canonical_one = entry["expected_canonical"][field];
        return table.numbers(canonical_one.is_string() ? peer : canonical_one);  // "same"
    };
    const std::vector<double> labels = expected("labels");
    QVERIFY2(canonical(answer->labels) == canonical({labels.begin(), labels.end()}), id.c_str());
    const auto agrees = [&](const char* what, const std::vector<double>& values, const std::vector<double>& wanted) {
        const double difference = largest_difference(values, wanted);
        QVERIFY2(difference <= 1e-9, (id + ": " + what + " off by " + std::to_string(difference)).c_str());
    };
    agrees("probabilities", answer->probabilities, expected("probabilities"));
    agrees("outlier scores", answer->outlier_scores, expected("outlier_scores"));
    agrees("merge distances", answer->merge_distances, table.numbers(entry["expected"]["merge_distances"]));
    std::vector<double> persistence = answer->persistence;
    std::vector<double> wanted = expected("persistence");
    std::sort(persistence.begin(), persistence.end());  // in the order of labels, which is free
    std::sort(wanted.begin(), wanted.end());
    agrees("persistence", persistence, wanted);
}

void TestHdbscan::golden()
{
    test::GoldenTable table("hdbscan");
    std::string current;
    std::vector<double> distances, points;
    std::size_t n = 0;
    int strict = 0;
    int cases = 0;
    for (const auto entry : table["cases"].get_array()) {
        const std::string input = test::text_of(entry["input"]);
        if (input != current) {
            const simdjson::dom::element data = table["inputs"][input];
            n = data["n"].get_uint64();
            const bool precomputed = test::text_of(data["metric"]) == "precomputed";
            points = precomputed ? std::vector<double>() : table.numbers(data["X"]);
            distances = precomputed ? table.numbers(data["distance_matrix"])
                                    : analysis::euclidean_distances(points, n, data["d"].get_uint64());
            current = input;
        }
        check_case(table, entry, distances, n);
        if (!points.empty()) QVERIFY2(same_tree(points, n, points.size() / n, 1 + cases % 12), input.c_str());
        if (QTest::currentTestFailed()) return;
        ++cases;
        strict += entry["tie_check"]["strict"].get_bool() ? 1 : 0;
    }
    qInfo("%d cases agree, %d of them strict", cases, strict);
    QCOMPARE(cases, 496);
}

void TestHdbscan::tiny_inputs()
{
    const auto none = hdbscan({}, 0, {});
    QVERIFY(none && none->labels.empty() && none->merge_distances.empty());
    const std::vector<double> zero{0.0};
    const auto one = hdbscan(zero, 1, {});
    QVERIFY(one);
    QCOMPARE(one->labels, std::vector<int>{-1});
    QCOMPARE(one->outlier_scores, std::vector<double>{0.0});
    const std::vector<double> pair{0.0, 2.0, 2.0, 0.0};
    HdbscanOptions options;
    options.min_cluster_size = 2;
    const auto two = hdbscan(pair, 2, options);
    QVERIFY(two);
    QCOMPARE(two->labels, (std::vector<int>{-1, -1}));
    QCOMPARE(two->merge_distances, std::vector<double>{2.0});
    options.allow_single_cluster = true;
    QCOMPARE(hdbscan(pair, 2, options)->labels, (std::vector<int>{0, 0}));
}

void TestHdbscan::too_few_for_a_cluster()
{
    const std::vector<double> distances = analysis::euclidean_distances(random_rows(6, 2, 1), 6, 2);
    HdbscanOptions options;
    options.min_cluster_size = 7;
    options.allow_single_cluster = true;
    const auto answer = hdbscan(distances, 6, options);
    QVERIFY(answer);
    QCOMPARE(answer->labels, std::vector<int>(6, -1));
    QVERIFY(answer->persistence.empty());
    QCOMPARE(answer->merge_distances.size(), std::size_t{5});
}

void TestHdbscan::identical_points()
{
    HdbscanOptions options;
    options.min_cluster_size = 3;
    const std::vector<double> distances(100, 0.0);
    const auto noise = hdbscan(distances, 10, options);
    QVERIFY(noise);
    QCOMPARE(noise->labels, std::vector<int>(10, -1));
    options.allow_single_cluster = true;
    const auto cluster = hdbscan(distances, 10, options);
    QVERIFY(cluster);
    QCOMPARE(cluster->labels, std::vector<int>(10, 0));
    QCOMPARE(cluster->probabilities, std::vector<double>(10, 1.0));
    QCOMPARE(cluster->outlier_scores, std::vector<double>(10, 0.0));
    QCOMPARE(cluster->persistence, std::vector<double>{1.0});
}

void TestHdbscan::coinciding_groups()
{
    // Two heaps of five copies each and one point far from both: infinite densities, and no NaN anywhere.
    std::vector<double> rows;
    for (int k = 0; k < 5; ++k) rows.insert(rows.end(), {0.0, 10.0});
    rows.push_back(30.0);
    HdbscanOptions options;
    options.min_cluster_size = 3;
    const auto answer = hdbscan(analysis::euclidean_distances(rows, 11, 1), 11, options);
    QVERIFY(answer);
    QCOMPARE(canonical(answer->labels), (std::vector<int>{0, 1, 0, 1, 0, 1, 0, 1, 0, 1, -1}));
    for (const double score : answer->outlier_scores) QVERIFY(score >= 0.0 && score <= 1.0);
    QCOMPARE(answer->outlier_scores.back(), 1.0);
    for (const double persistence : answer->persistence) QCOMPARE(persistence, 1.0);
}

void TestHdbscan::refuses_bad_input()
{
    const std::vector<double> good{0.0, 1.0, 1.0, 0.0};
    const std::vector<double> nan{0.0, std::nan(""), std::nan(""), 0.0};
    HdbscanOptions options;
    options.min_cluster_size = 2;
    QVERIFY(!hdbscan(good, 3, options));
    QVERIFY(!hdbscan(good, 0, options));
    QVERIFY(!hdbscan(nan, 2, options));
    options.min_cluster_size = 1;
    QVERIFY(!hdbscan(good, 2, options));
    options.min_cluster_size = 2;
    options.epsilon = -1;
    QVERIFY(!hdbscan(good, 2, options));
}

void TestHdbscan::partition_does_not_depend_on_order()
{
    std::mt19937 random(7);
    for (unsigned seed = 0; seed < 40; ++seed) {
        const std::size_t n = 20 + seed * 3;
        const std::vector<double> distances = analysis::euclidean_distances(random_rows(n, 3, seed), n, 3);
        std::vector<std::size_t> order(n);
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::shuffle(order.begin(), order.end(), random);
        std::vector<double> shuffled(n * n);
        for (std::size_t i = 0; i < n; ++i)
            for (std::size_t j = 0; j < n; ++j) shuffled[i * n + j] = distances[order[i] * n + order[j]];
        HdbscanOptions options;
        options.min_cluster_size = 4;
        options.min_samples = 1;  // core distances then coincide with edges only where both name the same pair
        options.selection = seed % 2 == 0 ? HdbscanOptions::Selection::excess_of_mass : HdbscanOptions::Selection::leaf;
        const auto answer = hdbscan(distances, n, options);
        const auto other = hdbscan(shuffled, n, options);
        QVERIFY(answer && other);
        std::vector<int> back(n);
        std::vector<double> scores(n);
        for (std::size_t i = 0; i < n; ++i) {
            back[order[i]] = other->labels[i];
            scores[order[i]] = other->outlier_scores[i];
        }
        QCOMPARE(canonical(answer->labels), canonical(back));
        QVERIFY(largest_difference(answer->outlier_scores, scores) < 1e-12);
    }
}

void TestHdbscan::distances_of_near_copies()
{
    // 1e-9 apart at norm 1e3: the Gram formula would leave no digit of it.
    const std::vector<double> rows{600.0, 800.0, 600.0 + 6e-10, 800.0 + 8e-10, 0.0, 0.0};
    const std::vector<double> euclidean = analysis::euclidean_distances(rows, 3, 2);
    QVERIFY(euclidean[1] > 0.5e-9 && euclidean[1] < 1.5e-9);
    QCOMPARE(euclidean[2], 1000.0);
    const std::vector<double> cosine = analysis::cosine_distances(rows, 3, 2);
    QVERIFY(cosine[1] >= 0.0 && cosine[1] < 1e-24);
    QCOMPARE(cosine[2], 1.0);
    QCOMPARE(cosine[8], 0.0);
    const std::vector<double> opposite =
        analysis::cosine_distances(std::vector<double>{1e200, 0.0, -1e-200, 0.0}, 2, 2);
    QCOMPARE(opposite[1], 2.0);
}

void TestHdbscan::the_tree_of_points_is_that_of_the_matrix()
{
    std::mt19937 random(3);
    std::normal_distribution<double> normal;
    for (const std::size_t n : {2, 3, 13, 100, 700})
        for (const std::size_t d : {1, 2, 3, 7})
            for (const std::size_t min_samples : {1, 2, 5, 30}) {
                std::vector<double> points(n * d), grid(n * d), few(n * d);
                for (double& value : points) value = normal(random) * 1e3;
                for (double& value : grid) value = static_cast<double>(random() % 9) * 0.1;  // ties and copies
                for (double& value : few) value = static_cast<double>(random() % 2);
                QVERIFY(same_tree(points, n, d, min_samples));
                QVERIFY(same_tree(grid, n, d, min_samples));
                QVERIFY(same_tree(few, n, d, min_samples));
            }
    QVERIFY(same_tree(std::vector<double>(1200, 2.5), 600, 2, 4));  // one place
}

void TestHdbscan::points_cluster_as_their_matrix_does()
{
    const std::size_t n = 600;
    const std::vector<double> rows = random_rows(n, 3, 21);
    HdbscanOptions options;
    const auto by_points = analysis::hdbscan_points(rows, n, 3, options);
    const auto by_matrix = hdbscan(analysis::euclidean_distances(rows, n, 3), n, options);
    QVERIFY(by_points && by_matrix);
    QCOMPARE(by_points->labels, by_matrix->labels);
    QCOMPARE(by_points->probabilities, by_matrix->probabilities);
    QCOMPARE(by_points->outlier_scores, by_matrix->outlier_scores);
    QCOMPARE(by_points->persistence, by_matrix->persistence);
    QCOMPARE(by_points->merge_distances, by_matrix->merge_distances);

    std::vector<double> spoiled = rows;
    spoiled[5] = std::numeric_limits<double>::infinity();
    QVERIFY(!analysis::hdbscan_points(spoiled, n, 3, options));
    spoiled[5] = 1e200;  // finite, its distances are not
    QVERIFY(!analysis::hdbscan_points(spoiled, n, 3, options));
    QVERIFY(analysis::hdbscan_points({}, 0, 3, options));
}

void TestHdbscan::every_instruction_set_measures_alike()
{
    std::mt19937 random(9);
    std::normal_distribution<double> normal;
    const auto filled = [&](std::size_t count) {
        std::vector<double> values(count);
        for (double& value : values) value = normal(random);
        return values;
    };
    for (const std::size_t d : {0, 1, 5, 64}) {
        const std::vector<double> rows = filled(4 * d), others = filled(8 * d), before = filled(32);
        std::vector<double> wanted = before;
        for (std::size_t r = 0; r < 4; ++r)
            for (std::size_t k = 0; k < 8; ++k)
                for (std::size_t c = 0; c < d; ++c) {
                    volatile double square = rows[r * d + c] - others[8 * c + k];
                    square = square * square;  // volatile: not contracted with the sum
                    wanted[8 * r + k] += square;
                }
        for (const analysis::DistanceKernel& kernel : analysis::distance_kernels()) {
            std::vector<double> squares = before;
            const double* const four[] = {rows.data(), rows.data() + d, rows.data() + 2 * d, rows.data() + 3 * d};
            kernel.add_squares(four, others.data(), d, squares.data());
            QCOMPARE(squares, wanted);
        }
    }
    for (const std::size_t n : {1, 7, 8, 9, 250}) {
        const std::vector<double> row = filled(n), core = filled(n), before = filled(n);
        for (const analysis::DistanceKernel& kernel : analysis::distance_kernels()) {
            std::vector<double> reach = before, wanted(n);
            for (std::size_t p = 0; p < n; ++p) wanted[p] = std::min(before[p], std::max({0.25, core[p], row[p]}));
            QCOMPARE(kernel.relax(row.data(), core.data(), 0.25, reach.data(), n),
                     *std::min_element(wanted.begin(), wanted.end()));
            QCOMPARE(reach, wanted);
        }
    }
}

void TestHdbscan::linkage_order_is_a_permutation()
{
    for (const std::size_t n : {0, 1, 2, 3, 17, 60}) {
        const std::vector<double> distances = analysis::euclidean_distances(random_rows(n, 2, 5), n, 2);
        std::vector<std::size_t> order = analysis::linkage_order(distances, n);
        QCOMPARE(order, analysis::linkage_order(distances, n));
        std::sort(order.begin(), order.end());
        std::vector<std::size_t> wanted(n);
        std::iota(wanted.begin(), wanted.end(), std::size_t{0});
        QCOMPARE(order, wanted);
        std::vector<std::size_t> ties = analysis::linkage_order(std::vector<double>(n * n, 0.0), n);
        std::sort(ties.begin(), ties.end());
        QCOMPARE(ties, wanted);
    }
}

void TestHdbscan::linkage_order_puts_groups_together()
{
    const std::size_t n = 45;
    const std::vector<double> rows = random_rows(n, 4, 11);  // row r belongs to group r mod 3
    const std::vector<std::size_t> order = analysis::linkage_order(analysis::euclidean_distances(rows, n, 4), n);
    int changes = 0;
    for (std::size_t k = 1; k < n; ++k) changes += order[k] % 3 != order[k - 1] % 3 ? 1 : 0;
    QCOMPARE(changes, 2);
    const std::vector<double> line{0.0, 3.0, 1.0, 2.0};  // points of a line come in the line's order
    const std::vector<std::size_t> along = analysis::linkage_order(analysis::euclidean_distances(line, 4, 1), 4);
    QVERIFY(along == (std::vector<std::size_t>{0, 2, 3, 1}) || along == (std::vector<std::size_t>{1, 3, 2, 0}));
}

QTEST_APPLESS_MAIN(TestHdbscan)
#include "tst_hdbscan.moc"
