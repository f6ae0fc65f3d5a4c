// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/clustering/distances.h"
#include "analysis/clustering/hdbscan.h"
#include "analysis/kernels/nearest_mean.h"
#include "analysis/rule_twins.h"
#include "analysis/rules/ledger_geometry.h"
#include "analysis/rules/numpy_random.h"
#include "analysis/rules/pre_aggregation.h"
#include "analysis/rules/spectrum.h"
#include "analysis/rules/subset_search.h"

#include <QTest>

using namespace fedsleuth;
using namespace fedsleuth::test;
using analysis::Aggregate;
using analysis::RuleSettings;
using analysis::SideInputs;

namespace {

/// n rows of d: a crowd about a common vector; the last `outliers` of them far off, each its own way.
Matrix crowd(std::size_t n, std::size_t d, std::size_t outliers, unsigned seed)
{
    std::mt19937 random(seed);
    std::normal_distribution<double> normal;
    Vector common(d);
    for (double& value : common) value = 2 * normal(random);
    Matrix rows(n, common);
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t k = 0; k < d; ++k)
            rows[i][k] += (i + outliers >= n ? 30.0 : 1.0) * (1 + 0.5 * static_cast<double>(k % 3)) * normal(random);
    return rows;
}

Vector flat(const Matrix& rows)
{
    Vector all;
    for (const Vector& row : rows) all.insert(all.end(), row.begin(), row.end());
    return all;
}

Aggregate ours(const char* rule, const Matrix& rows, const RuleSettings& settings = {}, const SideInputs& side = {})
{
    auto answer = analysis::aggregate_matrix(rule, flat(rows), rows.size(), rows.front().size(),
                                             Vector(rows.size(), 1.0), settings, side);
    if (!answer) throw std::runtime_error(std::string(rule) + ": " + answer.error().text());
    return std::move(*answer);
}

RuleSettings with(const char* name, double value) { return {.values = {{name, value}}}; }

}  // namespace

class TestRuleTwins : public QObject {
    Q_OBJECT

private slots:
    void twins_data();
    void twins();
    void flame_and_its_parts();
    void signguard_drops_flipped_signs();
    void sampled_dnc();
    void translation();
    void scale();
    void bounds();
    void breakdown();
    void far_and_near();
    void nearest_mean_kernel();
    void leading_eigenpair();
    void least_diameter();
    void mda_says_when_it_is_greedy();
    void numpy_draws();
    void geometry_of_a_ledger();
};

void TestRuleTwins::twins_data()
{
    QTest::addColumn<int>("n");
    QTest::addColumn<int>("d");
    QTest::addColumn<int>("f");
    for (const auto& [n, d, f] : {std::array{7, 3, 1}, {11, 6, 2}, {12, 1, 2}, {13, 9, 0}, {15, 4, 3}})
        QTest::addRow("n=%d d=%d f=%d", n, d, f) << n << d << f;
}

void TestRuleTwins::twins()
{
    QFETCH(int, n);
    QFETCH(int, d);
    QFETCH(int, f);
    const auto malicious = static_cast<std::size_t>(f);
    const Matrix rows = crowd(static_cast<std::size_t>(n), static_cast<std::size_t>(d), malicious, 100U + n);
    const Matrix history = crowd(rows.size(), rows.front().size(), 0, 7);
    const Vector reference = history[0];
    const Vector before = history[1];
    const auto check = [&](const char* rule, const Vector& mine, const Vector& twin, double tolerance = 1e-10) {
        const double difference = apart(mine, twin);
        if (difference <= tolerance * (1 + norm(twin))) return true;
        qWarning("%s off by %g", rule, difference);
        return false;
    };
    const auto agrees = [&](const char* rule, const Vector& twin, RuleSettings settings = {},
                            const SideInputs& side = {}, double tolerance = 1e-10) {
        return check(rule, ours(rule, rows, settings, side).vector, twin, tolerance);
    };
    const RuleSettings assume = with("f", f);

    Vector scores;
    for (std::size_t i = 0; i < rows.size(); ++i) scores.push_back(krum_score(rows, i, rows.size() - malicious - 2));
    QVERIFY(agrees("krum", rows[ranked(scores).front()], assume));
    if (n >= 4 * f + 3) QVERIFY(agrees("bulyan", bulyan(rows, malicious), assume));
    QVERIFY(agrees("mean-around-median", nearest_to_median(rows, rows.size() - malicious), assume));
    QVERIFY(agrees("mda", mda(rows, malicious), assume));
    QVERIFY(agrees("geometric-median", geometric_median(rows, 1e-5, 12),
                   {.values = {{"nu", 1e-5}, {"iterations", 12}, {"tolerance", 0}}}));
    QVERIFY(agrees("centred-clipping", centred_clipping(rows, before, 2.5, 3),
                   {.values = {{"radius", 2.5}, {"iterations", 3}}}, {.previous = before}));
    QVERIFY(agrees("centred-clipping", centred_clipping(rows, Vector(before.size(), 0.0), 1.5, 2),
                   {.values = {{"radius", 1.5}, {"iterations", 2}}}));
    Matrix clipped;
    for (const Vector& row : rows) clipped.push_back(times(row, std::min(1.0, 3 / norm(row))));
    QVERIFY(agrees("norm-clipping", mean(clipped), with("radius", 3)));
    QVERIFY(agrees("fltrust", fltrust(rows, reference), {}, {.reference = reference}, 1e-7));
    QVERIFY(agrees("foolsgold", foolsgold(rows, history), {}, {.history = flat(history)}));
    QVERIFY(agrees("dnc", dnc(rows, malicious), assume));
    QVERIFY(agrees("smea", smea(rows, malicious), assume));
    QVERIFY(agrees("caf", caf(rows, malicious), assume, {}, 1e-8));
    Vector signs(before.size(), 0.0);
    for (const Vector& row : rows)
        for (std::size_t k = 0; k < row.size(); ++k) signs[k] += 0.01 * (row[k] > 0 ? 1 : row[k] < 0 ? -1 : 0);
    QVERIFY(agrees("rsa", signs, with("step", 0.01)));
}

void TestRuleTwins::flame_and_its_parts()
{
    Matrix rows = crowd(21, 8, 0, 3);
    for (std::size_t i = 15; i < 21; ++i) rows[i] = times(rows[i], -4);
    const Vector model = times(crowd(1, 8, 0, 4).front(), 3);
    const Aggregate answer = ours("flame", rows, {}, {.model = model});
    Matrix models;
    for (const Vector& row : rows) models.push_back(sum(row, model));
    const auto clusters = analysis::hdbscan(analysis::cosine_distances(flat(models), 21, 8), 21,
                                            {.min_cluster_size = 11, .min_samples = 1, .allow_single_cluster = true});
    QVERIFY(clusters);
    std::vector<std::size_t> kept;
    Vector norms;
    for (std::size_t i = 0; i < 21; ++i) {
        if (clusters->labels[i] == 0) kept.push_back(i);
        norms.push_back(norm(rows[i]));
    }
    QCOMPARE(answer.selected(), kept);
    QVERIFY(kept.size() >= 11 && kept.back() < 15);
    Matrix clipped;
    for (const std::size_t i : kept) clipped.push_back(times(rows[i], std::min(1.0, middle(norms) / norm(rows[i]))));
    QVERIFY(apart(answer.vector, mean(clipped)) < 1e-5);
}

void TestRuleTwins::signguard_drops_flipped_signs()
{
    std::mt19937 random(8);
    std::normal_distribution<double> normal;
    Matrix rows(20, Vector(400));
    for (std::size_t i = 0; i < 20; ++i)
        for (double& value : rows[i]) value = (i >= 16 ? -1 : 1) * (0.6 + normal(random));
    rows[3] = times(rows[3], 50);  // far longer than three median norms
    for (const char* variant : {"paper", "flpoison"}) {
        const Aggregate answer = ours("signguard", rows, {.variant = variant});
        for (const std::size_t i : answer.selected()) QVERIFY(i < 16 && i != 3);
        QVERIFY(answer.selected().size() >= 10);
        double weight = 0;
        for (const std::size_t i : answer.selected()) weight = std::max(weight, answer.how->weights[i]);
        QVERIFY(weight <= 1.0 / static_cast<double>(answer.selected().size()) + 1e-15);
    }
    const RuleSettings outside{.values = {{"start", 370}, {"window", 0.1}}};
    QVERIFY(!analysis::aggregate_matrix("signguard", flat(rows), 20, 400, Vector(20, 1.0), outside));
}

void TestRuleTwins::sampled_dnc()
{
    const Matrix rows = crowd(16, 30, 3, 5);
    const RuleSettings settings{.values = {{"f", 3}, {"coordinates", 10}, {"repeats", 4}}, .seed = 9};
    const Aggregate answer = ours("dnc", rows, settings);
    analysis::NumpyRandom random(9);
    std::vector<int> survived(16, 0);
    for (int run = 0; run < 4; ++run) {
        const auto order = random.permutation(30);
        Matrix sampled(16);
        for (std::size_t i = 0; i < 16; ++i)
            for (std::size_t k = 0; k < 10; ++k) sampled[i].push_back(rows[i][order[k]]);
        Matrix centred;
        for (const Vector& row : sampled) centred.push_back(sum(row, mean(sampled), -1));
        const Vector direction = leading_direction(centred, Vector(16, 1.0));
        Vector scores;
        for (const Vector& row : centred) scores.push_back(std::pow(dot(row, direction), 2));
        const std::vector<std::size_t> ranking = ranked(scores);
        for (std::size_t place = 0; place < 13; ++place) ++survived[ranking[place]];
    }
    std::vector<std::size_t> kept;
    for (std::size_t i = 0; i < 16; ++i)
        if (survived[i] == 4) kept.push_back(i);
    QCOMPARE(answer.selected(), kept);
    QVERIFY(apart(answer.vector, mean(chosen(rows, kept))) < 1e-12);
}

void TestRuleTwins::translation()
{
    const Matrix rows = crowd(15, 5, 2, 11);
    const Vector shift{5, -3, 100, 0.25, 7};
    Matrix moved;
    for (const Vector& row : rows) moved.push_back(sum(row, shift));
    for (const char* rule : {"fedavg", "median", "trimmed-mean", "krum", "multi-krum", "bulyan", "mean-around-median",
                             "mda", "geometric-median", "dnc", "caf"})
        QVERIFY2(apart(sum(ours(rule, rows).vector, shift), ours(rule, moved).vector) < 1e-9, rule);
}

void TestRuleTwins::scale()
{
    const Matrix rows = crowd(15, 5, 2, 12);
    Matrix larger;
    for (const Vector& row : rows) larger.push_back(times(row, 64));
    const Vector reference = crowd(1, 5, 0, 13).front();
    const Vector scaled = times(reference, 64);
    for (const analysis::RuleInfo* info : analysis::all_rules()) {
        if (info->name == "rsa") continue;  // its step does not know how long the updates are
        const std::string rule(info->name);
        const Vector small = ours(rule.c_str(), rows, {}, {.reference = reference}).vector;
        const Vector large = ours(rule.c_str(), larger, {}, {.reference = scaled}).vector;
        QVERIFY2(apart(times(small, 64), large) < 1e-5 * norm(large), rule.c_str());  // some guard with 1e-6
    }
}

void TestRuleTwins::bounds()
{
    Matrix rows = crowd(12, 6, 0, 14);
    for (std::size_t i = 9; i < 12; ++i) rows[i] = times(rows[i], 1e9);
    const Vector before = rows[0];
    QVERIFY(norm(ours("norm-clipping", rows, with("radius", 2)).vector) <= 2 + 1e-12);
    const RuleSettings settings{.values = {{"radius", 2}, {"iterations", 5}}};
    QVERIFY(apart(ours("centred-clipping", rows, settings, {.previous = before}).vector, before) <= 10 + 1e-9);
    QVERIFY(norm(ours("fltrust", rows, {}, {.reference = before}).vector) <= norm(before) * (1 + 1e-12));
    const Vector all = ours("rsa", rows, with("step", 0.5)).vector;
    rows[11] = times(rows[11], -1);
    const Vector flipped = ours("rsa", rows, with("step", 0.5)).vector;
    for (std::size_t k = 0; k < all.size(); ++k) QVERIFY(std::abs(all[k] - flipped[k]) <= 1.0);  // from + to − the step
}

void TestRuleTwins::breakdown()
{
    // f clients may send anything: the result stays about the honest ones.
    constexpr std::size_t n = 19;
    constexpr std::size_t f = 4;
    const Matrix honest = crowd(n - f, 10, 0, 15);
    double radius = 0;
    for (const Vector& row : honest) radius = std::max(radius, apart(row, mean(honest)));
    for (const double far : {1e2, 1e6, 1e12}) {
        Matrix rows = honest;
        for (std::size_t i = 0; i < f; ++i) rows.insert(rows.begin(), times(honest[i], i % 2 == 0 ? far : -far));
        const std::map<std::string, RuleSettings> robust{
            {"median", {}},
            {"trimmed-mean", with("count", f)},
            {"krum", with("f", f)},
            {"multi-krum", with("f", f)},
            {"bulyan", with("f", f)},
            {"mean-around-median", with("f", f)},
            {"mda", with("f", f)},
            {"geometric-median", {.values = {{"iterations", 50}, {"tolerance", 0}}}},
            {"dnc", with("f", f)},
            {"caf", with("f", f)},
            {"flame", {}},
        };
        for (const auto& [rule, settings] : robust) {
            const double moved = apart(ours(rule.c_str(), rows, settings).vector, mean(honest));
            QVERIFY2(moved <= 3 * radius, (rule + " moved by " + std::to_string(moved / radius)).c_str());
        }
        RuleSettings mixed = with("count", f);
        mixed.pre = {{"nnm", {{"f", f}}}};
        QVERIFY(apart(ours("trimmed-mean", rows, mixed).vector, mean(honest)) <= 3 * radius);
        mixed.pre = {{"clipping", {{"radius", 3 * radius}}}, {"arc", {{"f", f}}}};
        QVERIFY(apart(ours("trimmed-mean", rows, mixed).vector, mean(honest)) <= 3 * radius);
        QVERIFY(apart(ours("fedavg", rows).vector, mean(honest)) > 3 * radius);
    }
}

void TestRuleTwins::far_and_near()
{
    // A common offset, a spread far below it, and one update far above: the iteration must not lose the spread.
    std::mt19937 random(16);
    std::normal_distribution<double> normal;
    for (const double offset : {0.0, 1e4}) {
        Matrix rows(9, Vector(6, offset));
        for (Vector& row : rows)
            for (double& value : row) value += normal(random);
        rows[4] = times(rows[4], 1e9);
        const RuleSettings settings{.values = {{"iterations", 30}, {"tolerance", 0}}};
        const double off = apart(ours("geometric-median", rows, settings).vector, geometric_median(rows, 1e-5, 30));
        QVERIFY2(off < 1e-6, std::to_string(off).c_str());
    }
}

void TestRuleTwins::nearest_mean_kernel()
{
    std::mt19937 random(17);
    for (const auto& [n, d] : {std::array<std::size_t, 2>{1, 5}, {2, 33}, {5, 1}, {8, 64}, {31, 1100}}) {
        Matrix rows(n, Vector(d));
        for (Vector& row : rows)
            for (double& value : row) value = static_cast<double>(random() % 16) / 4 - 2;  // ties, and exact in float
        std::vector<std::vector<float>> narrow;
        std::vector<const double*> wide_rows;
        std::vector<const float*> narrow_rows;
        for (const Vector& row : rows) narrow.emplace_back(row.begin(), row.end());
        for (std::size_t i = 0; i < n; ++i) {
            wide_rows.push_back(rows[i].data());
            narrow_rows.push_back(narrow[i].data());
        }
        for (std::size_t keep = 1; keep <= n; keep += n > 8 ? 5 : 1) {
            Vector wide(d);
            Vector out(d);
            analysis::column_nearest_mean(wide_rows, static_cast<std::int64_t>(d), keep, wide.data());
            analysis::column_nearest_mean(narrow_rows, static_cast<std::int64_t>(d), keep, out.data());
            QCOMPARE(wide, out);
            QVERIFY(apart(wide, nearest_to_median(rows, keep)) < 1e-12);
        }
    }
    // Every instruction set that this machine has, to the last bit.
    Vector sorted(20 * analysis::window_lanes);
    for (std::size_t lane = 0; lane < analysis::window_lanes; ++lane) {
        Vector values(20);
        for (double& value : values) value = std::ldexp(static_cast<double>(random()), -30);
        std::sort(values.begin(), values.end());
        for (std::size_t rank = 0; rank < 20; ++rank) sorted[rank * analysis::window_lanes + lane] = values[rank];
    }
    Vector first(analysis::window_lanes);
    analysis::window_runners().front().run_double(sorted.data(), 20, analysis::window_lanes, 13, first.data());
    for (const analysis::WindowRunner& runner : analysis::window_runners()) {
        Vector means(analysis::window_lanes);
        runner.run_double(sorted.data(), 20, analysis::window_lanes, 13, means.data());
        QCOMPARE(means, first);
    }
}

void TestRuleTwins::leading_eigenpair()
{
    std::mt19937 random(18);
    std::normal_distribution<double> normal;
    // The second value of each pair is how far the largest eigenvalue is above the next, 0.5.
    for (const auto& [n, apart] : {std::pair{3UL, 0.01}, {40UL, 0.01}, {60UL, 0.01}, {60UL, 1e-5}, {150UL, 0.01}}) {
        // Known eigenvectors: reflections of the axes.
        Vector mirror(n);
        for (double& value : mirror) value = normal(random);
        mirror = times(mirror, 1 / norm(mirror));
        Vector values(n);
        for (std::size_t k = 0; k < n; ++k) values[k] = 1.0 / static_cast<double>(k + 2);
        values[n / 2] = 0.5 + apart;
        Vector matrix(n * n, 0.0);
        Vector top;
        for (std::size_t k = 0; k < n; ++k) {
            Vector axis(n, 0.0);
            axis[k] = 1;
            const Vector eigenvector = sum(axis, mirror, -2 * mirror[k]);
            if (k == n / 2) top = eigenvector;
            for (std::size_t i = 0; i < n; ++i)
                for (std::size_t j = 0; j < n; ++j) matrix[i * n + j] += values[k] * eigenvector[i] * eigenvector[j];
        }
        const analysis::EigenPair found = analysis::top_eigenpair(matrix, n);
        QVERIFY(std::abs(found.value - values[n / 2]) < 1e-12);
        QVERIFY(std::abs(std::abs(dot(found.vector, top)) - 1) < 1e-12);
    }
    const analysis::EigenPair nothing = analysis::top_eigenpair(Vector(70 * 70, 0.0), 70);
    QCOMPARE(nothing.value, 0.0);
    QVERIFY(std::abs(norm(nothing.vector) - 1) < 1e-12);
}

void TestRuleTwins::least_diameter()
{
    std::mt19937 random(19);
    for (int round = 0; round < 60; ++round) {
        const std::size_t n = 2 + random() % 8;
        const std::size_t keep = 1 + random() % n;
        Matrix points(n, Vector(2));
        for (Vector& point : points)
            for (double& value : point) value = static_cast<double>(random() % 6);  // many ties
        Vector distances;
        for (const Vector& a : points)
            for (const Vector& b : points) distances.push_back(std::pow(apart(a, b), 2));
        const analysis::Subset found = analysis::least_diameter(distances, n, keep, 1'000'000);
        QVERIFY(found.exact);
        QCOMPARE(mean(chosen(points, found.members)), mda(points, n - keep));
        const analysis::Subset greedy = analysis::least_diameter(distances, n, keep, 0);
        QVERIFY(greedy.members.size() == keep && greedy.diameter <= 4 * found.diameter);  // squared: twice as wide
    }
}

void TestRuleTwins::mda_says_when_it_is_greedy()
{
    const Aggregate small = ours("mda", crowd(20, 3, 4, 20), with("f", 9));
    QVERIFY(small.notes.back().find("exact") != std::string::npos);
    const Aggregate large = ours("mda", crowd(500, 20, 4, 21), with("f", 200));
    QVERIFY(large.notes.back().find("at most twice") != std::string::npos);
}

void TestRuleTwins::numpy_draws()
{
    // What NumPy prints after np.random.seed.
    analysis::NumpyRandom zero(0);
    QCOMPARE(zero.uniform(), 0.5488135039273248);
    QCOMPARE(zero.uniform(), 0.7151893663724195);
    analysis::NumpyRandom again(0);
    for (const double expected : {1.764052345967664, 0.4001572083672233, 0.9787379841057392})
        QVERIFY(std::abs(again.normal() - expected) < 1e-15);
    QCOMPARE(analysis::NumpyRandom(42).permutation(10), (std::vector<std::size_t>{8, 1, 5, 0, 7, 2, 9, 4, 3, 6}));
}

void TestRuleTwins::geometry_of_a_ledger()
{
    const Matrix rows = crowd(6, 7, 1, 22);
    const Vector reference = crowd(1, 7, 0, 23).front();
    const Vector step = crowd(1, 7, 0, 24).front();
    model::RoundLedger ledger;
    ledger.round = model::RoundNo{5};
    ledger.coordinates = 7;
    ledger.has_reference = true;
    ledger.step_rounds = {model::RoundNo{4}};
    for (std::size_t i = 0; i < 6; ++i) {
        ledger.clients.emplace_back("c" + std::to_string(i));
        for (auto* counts : {&ledger.positive, &ledger.negative, &ledger.zero}) counts->push_back(0);
        for (const double value : rows[i]) ++(value > 0 ? ledger.positive : ledger.negative)[i];
    }
    ledger.layers.resize(2);  // coordinates 0 … 2, and the rest
    for (std::size_t layer = 0; layer < 2; ++layer) {
        const auto part = [&](const Vector& row) {
            return layer == 0 ? Vector(row.begin(), row.begin() + 3) : Vector(row.begin() + 3, row.end());
        };
        model::RoundLedger::PerLayer& figures = ledger.layers[layer];
        for (const Vector& row : rows) {
            for (const Vector& other : rows) figures.gram.push_back(dot(part(row), part(other)));
            figures.reference_products.push_back(dot(part(row), part(reference)));
            figures.step_products.push_back(dot(part(row), part(step)));
        }
        figures.reference_square = dot(part(reference), part(reference));
        figures.step_squares = {dot(part(step), part(step))};
    }
    const std::vector<model::ClientId> exclude{model::ClientId{"c1"}, model::ClientId{"nobody"}};
    const Vector examples{1, 2, 3, 4, 5, 6};
    const analysis::LedgerRound round = analysis::round_geometry(ledger, examples, exclude);
    QCOMPARE(round.places, (std::vector<std::size_t>{0, 2, 3, 4, 5}));
    QCOMPARE(round.geometry.num_examples, (Vector{1, 3, 4, 5, 6}));
    const Matrix left = chosen(rows, round.places);
    for (const analysis::WeightRule* rule : analysis::weight_rules()) {
        if (rule->info().name == "flame") continue;  // told of no model it is another rule
        const auto from_ledger = analysis::apply_rule(*rule, round.geometry, {});
        const auto from_rows = analysis::aggregate_matrix(rule->info().name, flat(left), 5, 7, Vector{1, 3, 4, 5, 6},
                                                          {}, {.reference = reference, .previous = step});
        QVERIFY2(from_ledger && from_rows, std::string(rule->info().name).c_str());
        QVERIFY2(apart(from_ledger->weights, from_rows->how->weights) < 1e-9, std::string(rule->info().name).c_str());
    }
}

QTEST_APPLESS_MAIN(TestRuleTwins)
#include "tst_rule_twins.moc"
