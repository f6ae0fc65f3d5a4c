// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/kernels/row_sums.h"
#include "analysis/ledger/ledger_builder.h"
#include "support/memory_source.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <QTest>
#include <random>

using namespace fedsleuth;
using model::RoundLedger;
using model::RoundNo;
using model::VectorRef;

namespace {

using Row = std::vector<float>;

double product(const Row& a, const Row& b, std::int64_t first, std::int64_t count)
{
    long double sum = 0;
    for (std::int64_t coord_idx = first; coord_idx < first + count; ++coord_idx)
        sum += static_cast<long double>(a[coord_idx]) * static_cast<long double>(b[coord_idx]);
    return static_cast<double>(sum);
}

double middle(std::vector<double> values)
{
    std::sort(values.begin(), values.end());
    const std::size_t n = values.size();
    return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

/// Where the run that holds coordinate `from` ends: after 4,096 coordinates, with the layer, and where the pass goes on
/// to its next 65,536.
std::int64_t run_end(std::int64_t from, std::int64_t layer_end)
{
    return std::min({layer_end, from + 4096, (from / 65'536 + 1) * 65'536});
}

/// The lower half of the orthonormal DCT-II of every 16 values of a run, by its definition: forward, cut, back.
/// `values` begin at coordinate `layer`.
std::vector<double> slow_half(const std::vector<double>& values, std::int64_t layer)
{
    std::vector<double> out;
    const std::int64_t layer_end = layer + static_cast<std::int64_t>(values.size());
    for (std::int64_t from = layer, end = from; from < layer_end;) {
        if (from == end) end = run_end(from, layer_end);
        const auto first = static_cast<std::size_t>(from - layer);
        const auto n = static_cast<std::size_t>(std::min<std::int64_t>(16, end - from));
        from += static_cast<std::int64_t>(n);
        const auto wave = [&](std::size_t frequency, std::size_t at) {
            return std::cos(M_PI / static_cast<double>(n) * (static_cast<double>(at) + 0.5) *
                            static_cast<double>(frequency)) *
                   std::sqrt((frequency == 0 ? 1.0 : 2.0) / static_cast<double>(n));
        };
        std::vector<double> spectrum(n, 0.0);
        for (std::size_t frequency = 0; 2 * frequency < n; ++frequency)
            for (std::size_t at = 0; at < n; ++at) spectrum[frequency] += wave(frequency, at) * values[first + at];
        for (std::size_t at = 0; at < n; ++at) {
            double sum = 0;
            for (std::size_t frequency = 0; frequency < n; ++frequency) sum += wave(frequency, at) * spectrum[frequency];
            out.push_back(sum);
        }
    }
    return out;
}

/// Σ D² of each row over the coordinates where |median| is at most its (lower) median, run by run.
std::vector<double> quiet_energy(const std::vector<Row>& rows, const std::vector<double>& median, std::int64_t first)
{
    std::vector<double> energy(rows.size());
    const auto end = first + static_cast<std::int64_t>(median.size());
    for (std::int64_t from = first; from < end;) {
        const std::int64_t to = run_end(from, end);
        std::vector<double> sizes;
        for (std::int64_t at = from; at < to; ++at) sizes.push_back(std::abs(median[at - first]));
        std::vector<double> sorted = sizes;
        std::sort(sorted.begin(), sorted.end());
        for (std::int64_t at = from; at < to; ++at)
            for (std::size_t row_idx = 0; row_idx < rows.size(); ++row_idx)
                if (sizes[at - from] <= sorted[(sorted.size() - 1) / 2])
                    energy[row_idx] += static_cast<double>(rows[row_idx][at]) * rows[row_idx][at];
        from = to;
    }
    return energy;
}

bool near(double a, double b, double scale) { return std::abs(a - b) <= 1e-11 * std::max(scale, 1e-30); }

model::Update update_of(std::int64_t round, const std::string& client)
{
    model::Update update;
    update.round = RoundNo{round};
    update.client = model::ClientId{client};
    update.state = model::SnapshotState::usable;
    return update;
}

model::Checkpoint checkpoint_of(std::int64_t round)
{
    model::Checkpoint checkpoint;
    checkpoint.round = RoundNo{round};
    checkpoint.state = model::SnapshotState::usable;
    return checkpoint;
}

}  // namespace

class TestLedger : public QObject {
    Q_OBJECT

private slots:
    void plan_follows_the_log()
    {
        std::vector<model::Update> updates{update_of(1, "b"), update_of(1, "a"), update_of(3, "a"), update_of(3, "c"),
                                           update_of(4, "a")};
        updates.push_back(update_of(4, "@server"));
        updates.back().reference = true;
        updates.push_back(update_of(4, "b"));
        updates.back().state = model::SnapshotState::non_finite;
        const auto plans =
            analysis::plan_ledgers(updates, {checkpoint_of(0), checkpoint_of(1), checkpoint_of(2), checkpoint_of(3)});

        QCOMPARE(plans.size(), 3u);
        QCOMPARE(plans[0].clients.size(), 2u);
        QCOMPARE(plans[0].clients[0].text(), std::string("a"));
        QVERIFY(plans[0].has_model && plans[2].has_model);
        QVERIFY(plans[0].has_shipped && plans[0].step_rounds.empty() && !plans[0].own_rounds[0]);
        QCOMPARE(plans[1].own_rounds[0]->value(), 1);
        QVERIFY(!plans[1].own_rounds[1]);
        QCOMPARE(plans[1].step_rounds, (std::vector<RoundNo>{RoundNo{2}, RoundNo{1}}));
        QCOMPARE(plans[2].clients.size(), 1u);
        QCOMPARE(plans[2].own_rounds[0]->value(), 3);
        QVERIFY(!plans[2].has_shipped && plans[2].has_reference);
        QCOMPARE(plans[2].step_rounds.front(), RoundNo{3});
    }

    void agrees_with_the_slow_twin_data()
    {
        QTest::addColumn<int>("n");
        QTest::addColumn<QList<int>>("sizes");
        QTest::newRow("one client") << 1 << QList<int>{5, 3};
        QTest::newRow("even crowd, a counter between layers") << 4 << QList<int>{7, 0, 64, 1};
        QTest::newRow("odd crowd, several blocks") << 7 << QList<int>{70'001, 3, 66'000};
        QTest::newRow("thirty clients") << 30 << QList<int>{1000, 10};
        QTest::newRow("no coordinates") << 3 << QList<int>{0};
    }

    void agrees_with_the_slow_twin()
    {
        QFETCH(int, n);
        QFETCH(QList<int>, sizes);
        std::mt19937_64 random(static_cast<unsigned>(n));
        std::normal_distribution<float> normal;
        std::vector<model::Layer> layers;
        for (const int size : sizes) {
            model::Layer layer;
            layer.shape = {size};
            layer.counter = size == 0;
            layers.push_back(layer);
        }
        const std::int64_t d = model::lay_out(layers);
        test::MemorySource source(d);
        const auto vector = [&](float scale) {
            Row row(static_cast<std::size_t>(d));
            // A tenth of the coordinates is exactly zero and a tenth is a tie, as quantised updates have them.
            for (float& value : row) {
                const auto kind = random() % 10;
                value = kind == 0 ? 0.0f : kind == 1 ? scale : scale * normal(random);
            }
            return row;
        };
        analysis::LedgerPlan plan;
        plan.round = RoundNo{5};
        std::vector<Row> updates, own(static_cast<std::size_t>(n));
        for (int client = 0; client < n; ++client) {
            const std::string name = "c" + std::to_string(100 + client);
            plan.clients.emplace_back(name);
            updates.push_back(vector(0.1f));
            source.put(VectorRef::Kind::update, 5, name, updates.back());
            if (client % 3 == 1) {
                plan.own_rounds.emplace_back(std::nullopt);
                continue;
            }
            plan.own_rounds.emplace_back(RoundNo{4 - client % 2});
            own[client] = vector(0.2f);
            source.put(VectorRef::Kind::update, 4 - client % 2, name, own[client]);
        }
        std::vector<Row> steps;
        for (const int round : {4, 2}) {
            plan.step_rounds.emplace_back(round);
            steps.push_back(vector(0.05f));
            source.put(VectorRef::Kind::global_step, round, "", steps.back());
        }
        plan.has_shipped = plan.has_reference = plan.has_model = true;
        const Row shipped = vector(0.1f), reference = vector(0.3f), model = vector(0.7f);
        source.put(VectorRef::Kind::global_step, 5, "", shipped);
        source.put(VectorRef::Kind::reference, 5, "@server", reference);
        source.put(VectorRef::Kind::checkpoint, 4, "", model);

        model::Progress progress;
        const auto built = analysis::build_ledger(source, layers, plan, progress);
        QVERIFY2(built.has_value(), built ? "" : built.error().text().c_str());
        const RoundLedger& ledger = *built;
        QCOMPARE(ledger.layers.size(), layers.size());
        QCOMPARE(progress.state().done, analysis::ledger_rows(plan) * d);

        Row ones(static_cast<std::size_t>(d), 1.0f);
        for (std::size_t layer_idx = 0; layer_idx < layers.size(); ++layer_idx) {
            const std::int64_t first = layers[layer_idx].offset, count = layers[layer_idx].count;
            const RoundLedger::PerLayer& layer = ledger.layers[layer_idx];
            const auto exact = [&](const Row& a, const Row& b) { return product(a, b, first, count); };
            const double scale = static_cast<double>(count) + 1;

            std::vector<double> median(static_cast<std::size_t>(count));
            std::int64_t compared = 0;
            for (std::int64_t coord_idx = 0; coord_idx < count; ++coord_idx) {
                std::vector<double> column;
                for (const Row& row : updates) column.push_back(row[first + coord_idx]);
                median[coord_idx] = middle(column);
                compared += median[coord_idx] != 0;
            }
            QCOMPARE(layer.sign_compared, compared);
            for (std::size_t i = 0; i < updates.size(); ++i) {
                for (std::size_t j = 0; j < updates.size(); ++j)
                    QVERIFY(near(layer.gram[i * updates.size() + j], exact(updates[i], updates[j]), scale));
                for (std::size_t s = 0; s < steps.size(); ++s) {
                    QVERIFY(near(layer.step_products[i * 2 + s], exact(updates[i], steps[s]), scale));
                    QVERIFY(near(layer.step_squares[s], exact(steps[s], steps[s]), scale));
                }
                const bool has_own = plan.own_rounds[i].has_value();
                QVERIFY(near(layer.own_products[i], has_own ? exact(updates[i], own[i]) : 0, scale));
                QVERIFY(near(layer.own_squares[i], has_own ? exact(own[i], own[i]) : 0, scale));
                QVERIFY(near(layer.shipped_products[i], exact(updates[i], shipped), scale));
                QVERIFY(near(layer.reference_products[i], exact(updates[i], reference), scale));
                QVERIFY(near(layer.model_products[i], exact(updates[i], model), scale));
                std::int64_t equal = 0, both = 0;
                for (std::int64_t at = first; at < first + count && has_own; ++at) {
                    both += updates[i][at] != 0 && own[i][at] != 0;
                    equal += updates[i][at] * static_cast<double>(own[i][at]) > 0;
                }
                QCOMPARE(layer.own_sign_compared[i], both);
                QCOMPARE(layer.own_sign_equal[i], equal);
                double to_median = 0, square = 0, absolute = 0;
                std::int64_t agreements = 0;
                for (std::int64_t coord_idx = 0; coord_idx < count; ++coord_idx) {
                    const double value = updates[i][first + coord_idx];
                    to_median += value * median[coord_idx];
                    square += median[coord_idx] * median[coord_idx];
                    agreements += value * median[coord_idx] > 0;
                    absolute += std::abs(value);
                }
                QVERIFY(near(layer.absolute_sums[i], absolute, scale));
                QVERIFY(near(layer.median_products[i], to_median, scale));
                double own_to_median = 0;
                for (std::size_t coord_idx = 0; has_own && coord_idx < median.size(); ++coord_idx)
                    own_to_median += median[coord_idx] * own[i][first + coord_idx];
                QVERIFY(near(layer.own_median_products[i], own_to_median, scale));
                QVERIFY(near(layer.median_square, square, scale));
                QCOMPARE(layer.sign_agreements[i], agreements);
            }
            const std::vector<double> slow = slow_half(median, first);
            double slow_square = 0;
            for (const double value : slow) slow_square += value * value;
            QVERIFY(near(layer.slow_square, slow_square, scale));
            for (std::size_t i = 0; i < updates.size(); ++i) {
                double with_slow = 0;
                for (std::size_t coord_idx = 0; coord_idx < slow.size(); ++coord_idx)
                    with_slow += slow[coord_idx] * updates[i][first + coord_idx];
                QVERIFY(near(layer.slow_products[i], with_slow, scale));
            }
            for (std::size_t a = 0; a < steps.size(); ++a)
                for (std::size_t b = 0; b < steps.size(); ++b)
                    QVERIFY(near(layer.step_gram[a * steps.size() + b], exact(steps[a], steps[b]), scale));
            const std::vector<double> quiet = quiet_energy(updates, median, first);
            for (std::size_t i = 0; i < updates.size(); ++i) QVERIFY(near(layer.quiet_squares[i], quiet[i], scale));
            QVERIFY(layer.quiet_coordinates <= count && 2 * layer.quiet_coordinates >= count);
            double median_shipped = 0;
            for (std::int64_t coord_idx = 0; coord_idx < count; ++coord_idx)
                median_shipped += median[coord_idx] * shipped[first + coord_idx];
            QVERIFY(near(layer.median_shipped, median_shipped, scale));
            for (std::size_t s = 0; s < steps.size(); ++s) {
                double median_step = 0;
                for (std::int64_t coord_idx = 0; coord_idx < count; ++coord_idx)
                    median_step += median[coord_idx] * steps[s][first + coord_idx];
                QVERIFY(near(layer.median_steps[s], median_step, scale));
            }
            QVERIFY(near(layer.model_square, exact(model, model), scale));
            QVERIFY(near(layer.shipped_square, exact(shipped, shipped), scale));
            QVERIFY(near(layer.reference_square, exact(reference, reference), scale));
        }
        for (std::size_t i = 0; i < updates.size() && d > 0; ++i) {
            const Row& row = updates[i];
            QCOMPARE(ledger.minimum[i], static_cast<double>(*std::min_element(row.begin(), row.end())));
            QCOMPARE(ledger.maximum[i], static_cast<double>(*std::max_element(row.begin(), row.end())));
            QCOMPARE(ledger.positive[i], std::count_if(row.begin(), row.end(), [](float v) { return v > 0; }));
            QCOMPARE(ledger.zero[i], std::count(row.begin(), row.end(), 0.0f));
            QCOMPARE(ledger.positive[i] + ledger.negative[i] + ledger.zero[i], d);
            QVERIFY(near(ledger.sums[i], product(row, ones, 0, d), static_cast<double>(d)));
        }
    }

    void output_rows_follow_the_last_two_layers_data()
    {
        using Shapes = QList<QList<int>>;
        QTest::addColumn<Shapes>("shapes");
        QTest::addColumn<QList<int>>("outputs");  // of each layer that has rows
        QTest::addColumn<bool>("columns");        // the kernel's outputs are its columns
        QTest::newRow("weight and bias") << Shapes{{4, 2}, {3, 50'000}, {3}} << QList<int>{3, 3} << false;
        QTest::newRow("bias first, by name") << Shapes{{5}, {3}, {3, 7}} << QList<int>{3, 3} << false;
        QTest::newRow("kernel [inputs, classes]") << Shapes{{9}, {30'000, 3}, {3}} << QList<int>{3, 3} << true;
        QTest::newRow("square kernel") << Shapes{{3, 3}, {3}} << QList<int>{3, 3} << false;
        QTest::newRow("convolution") << Shapes{{6, 2, 3, 3}, {4, 6}} << QList<int>{6, 4} << false;
        QTest::newRow("too wide") << Shapes{{1001, 2}, {4}} << QList<int>{4} << false;
        QTest::newRow("a scalar") << Shapes{{3, 2}, {}} << QList<int>{3} << false;
        QTest::newRow("one layer") << Shapes{{2, 2}} << QList<int>{2} << false;
    }

    void output_rows_follow_the_last_two_layers()
    {
        QFETCH(QList<QList<int>>, shapes);
        QFETCH(QList<int>, outputs);
        QFETCH(bool, columns);
        std::vector<model::Layer> layers;
        for (const QList<int>& shape : shapes) layers.emplace_back().shape.assign(shape.begin(), shape.end());
        layers.emplace_back().counter = true;
        const std::int64_t d = model::lay_out(layers);
        std::mt19937 random(7);
        std::normal_distribution<float> normal;
        test::MemorySource source(d);
        analysis::LedgerPlan plan;
        plan.round = RoundNo{1};
        std::vector<Row> updates;
        for (const char* name : {"a", "b", "c"}) {
            plan.clients.emplace_back(name);
            for (Row& row = updates.emplace_back(d); float& value : row) value = normal(random);
            source.put(VectorRef::Kind::update, 1, name, updates.back());
        }
        plan.own_rounds.resize(3);
        model::Progress progress;
        const auto ledger = analysis::build_ledger(source, layers, plan, progress);
        QVERIFY(ledger.has_value());
        QCOMPARE(ledger->output_rows.size(), static_cast<std::size_t>(outputs.size()));
        for (std::size_t idx = 0; idx < ledger->output_rows.size(); ++idx) {
            const RoundLedger::OutputRows& rows = ledger->output_rows[idx];
            const model::Layer& layer = layers[rows.layer_idx];
            const auto many = static_cast<std::int64_t>(rows.outputs);
            QCOMPARE(many, outputs[static_cast<int>(idx)]);
            QCOMPARE(rows.bias, layer.shape.size() == 1);
            for (std::size_t i = 0; i < 3; ++i) {
                std::vector<double> sums(rows.outputs), absolute(rows.outputs), squares(rows.outputs);
                for (std::int64_t at = 0; at < layer.count; ++at) {
                    const double value = updates[i][layer.offset + at];
                    const auto output = columns ? at % many : at / (layer.count / many);
                    sums[output] += value;
                    absolute[output] += std::abs(value);
                    squares[output] += value * value;
                }
                for (std::size_t c = 0; c < rows.outputs; ++c) {
                    const double scale = static_cast<double>(layer.count);
                    QVERIFY(near(rows.sums[i * rows.outputs + c], sums[c], scale));
                    QVERIFY(near(rows.absolute[i * rows.outputs + c], absolute[c], scale));
                    QVERIFY(near(rows.squares[i * rows.outputs + c], squares[c], scale));
                }
            }
        }
    }

    void row_sums_of_every_instruction_set_data()
    {
        QTest::addColumn<int>("count");
        for (const int count : {0, 1, 7, 8, 9, 15, 16, 64, 65, 513, 4096})
            QTest::addRow("%d coordinates", count) << count;
    }

    void row_sums_of_every_instruction_set()
    {
        QFETCH(int, count);
        const auto size = static_cast<std::size_t>(count);
        std::mt19937 random(static_cast<unsigned>(count));
        std::normal_distribution<float> normal;
        const auto value = [&] { return random() % 8 == 0 ? 0.0F : normal(random) * 1e-3F; };
        Row row(size), other(size);
        std::vector<double> median(size), quiet(size);
        for (std::size_t at = 0; at < size; ++at) {
            row[at] = value();
            other[at] = value();
            median[at] = (static_cast<double>(value()) + value()) / 2;
            quiet[at] = random() % 2;
        }
        std::vector<std::vector<double>> results;  // of each instruction set: all figures
        for (const analysis::RowKernel& kernel : analysis::row_kernels()) {
            analysis::RowSums sums;
            kernel.row_sums(row.data(), {median.data(), quiet.data(), size}, sums);
            analysis::PairSums pair;
            kernel.pair_sums(row.data(), other.data(), median.data(), size, pair);
            analysis::SignBits signs(size), other_signs(size);
            kernel.signs(row.data(), size, signs);
            kernel.signs(other.data(), size, other_signs);
            const analysis::SignCounts counts = kernel.compare_signs(signs, other_signs);
            analysis::Moments moments;
            kernel.add_moments(row.data(), size, moments);
            results.push_back({sums.median_product, sums.sum, sums.absolute, sums.fourth, sums.quiet, sums.minimum,
                               sums.maximum, static_cast<double>(kernel.count_bits(signs.positive)),
                               static_cast<double>(kernel.count_bits(signs.negative)), pair.median_product,
                               pair.product, pair.square, static_cast<double>(counts.equal),
                               static_cast<double>(counts.compared), moments.sum, moments.absolute, moments.square,
                               kernel.product(other.data(), median.data(), size)});
        }
        std::vector<double> slow(18);
        if (count > 0) slow[5] = slow[6] = row[0];
        for (std::size_t at = 0; at < size; ++at) {
            const double x = row[at], y = other[at], m = median[at];
            slow[0] += x * m;
            slow[1] += x;
            slow[2] += std::abs(x);
            slow[3] += x * x * x * x;
            slow[4] += x * x * quiet[at];
            slow[5] = std::min(slow[5], x);
            slow[6] = std::max(slow[6], x);
            slow[7] += x > 0;
            slow[8] += x < 0;
            slow[9] += y * m;
            slow[10] += x * y;
            slow[11] += y * y;
            slow[12] += x * y > 0;
            slow[13] += x != 0 && y != 0;
            slow[14] += x;
            slow[15] += std::abs(x);
            slow[16] += x * x;
            slow[17] += y * m;
        }
        for (const std::vector<double>& result : results) {
            QCOMPARE(result, results.front());  // the same bits everywhere
            for (std::size_t idx = 0; idx < slow.size(); ++idx)
                QVERIFY2(std::abs(result[idx] - slow[idx]) <= 1e-12 * std::max(slow[15], slow[16]),
                         qPrintable(QString::number(idx)));
        }
    }

    void every_instruction_set_clears_what_is_not_finite()
    {
        constexpr float inf = std::numeric_limits<float>::infinity();
        for (const analysis::RowKernel& kernel : analysis::row_kernels())
            for (std::size_t at = 0; at < 21; ++at) {
                Row row(21, std::numeric_limits<float>::max());
                QCOMPARE(kernel.clear_non_finite(row.data(), row.size()), 0);
                row[at] = -inf;
                row[(at + 9) % 21] = std::nanf("");
                row[(at + 5) % 21] = inf;
                QCOMPARE(kernel.clear_non_finite(row.data(), row.size()), 3);
                QCOMPARE(std::count(row.begin(), row.end(), 0.0F), 3);
                QCOMPARE(std::count(row.begin(), row.end(), std::numeric_limits<float>::max()), 18);
            }
    }

    void near_copies_stay_apart()
    {
        // Two long updates that differ by 1e-4 in one coordinate: float32 sums would lose the distance altogether.
        model::Layer layer;
        layer.shape = {1000};
        std::vector<model::Layer> layers{layer};
        model::lay_out(layers);
        Row first(1000, 0.5f), second = first;
        second[7] = 0.5f + 1e-4f;
        test::MemorySource source(1000);
        source.put(VectorRef::Kind::update, 1, "a", first);
        source.put(VectorRef::Kind::update, 1, "b", second);
        analysis::LedgerPlan plan;
        plan.round = RoundNo{1};
        plan.clients = {model::ClientId{"a"}, model::ClientId{"b"}};
        plan.own_rounds.resize(2);
        model::Progress progress;
        const auto ledger = analysis::build_ledger(source, layers, plan, progress);
        QVERIFY(ledger.has_value());
        const std::vector<double> gram = ledger->total_gram();
        const double square = gram[0] + gram[3] - 2 * gram[1];
        const double step = static_cast<double>(second[7]) - 0.5;
        QVERIFY2(std::abs(square - step * step) < 1e-4 * step * step, qPrintable(QString::number(square)));
    }

    void non_finite_values_are_counted_and_left_out()
    {
        model::Layer layer;
        layer.shape = {3};
        std::vector<model::Layer> layers{layer};
        model::lay_out(layers);
        test::MemorySource source(3);
        const float inf = std::numeric_limits<float>::infinity();
        source.put(VectorRef::Kind::update, 1, "a", {1.0f, inf, 2.0f});
        source.put(VectorRef::Kind::update, 1, "b", {std::nanf(""), 1.0f, 1.0f});
        analysis::LedgerPlan plan;
        plan.round = RoundNo{1};
        plan.clients = {model::ClientId{"a"}, model::ClientId{"b"}};
        plan.own_rounds.resize(2);
        model::Progress progress;
        const auto ledger = analysis::build_ledger(source, layers, plan, progress);
        QVERIFY(ledger.has_value());
        QCOMPARE(ledger->non_finite, 2);
        QCOMPARE(ledger->total_gram(), (std::vector<double>{5, 2, 2, 2}));
    }

    void what_is_read_at_a_time_does_not_matter()
    {
        constexpr std::int64_t d = 150'000;
        std::vector<model::Layer> layers(3);
        layers[0].shape = {5000};
        layers[1].shape = {100'003};
        layers[2].shape = {44'997};
        model::lay_out(layers);
        analysis::LedgerPlan plan;
        plan.round = RoundNo{2};
        plan.own_rounds = {RoundNo{1}, std::nullopt, RoundNo{1}};
        plan.has_model = true;
        std::vector<RoundLedger> ledgers;
        for (const std::int64_t block : {1, 4096, 10'000, 16'384, 65'536, 1 << 20}) {
            std::mt19937 random(3);
            std::normal_distribution<float> normal;
            test::MemorySource source(d, block);
            const auto row = [&] {
                Row values(d);
                for (float& value : values) value = normal(random);
                return values;
            };
            plan.clients.clear();
            for (const char* name : {"a", "b", "c"}) {
                plan.clients.emplace_back(name);
                source.put(VectorRef::Kind::update, 2, name, row());
                source.put(VectorRef::Kind::update, 1, name, row());
            }
            source.put(VectorRef::Kind::checkpoint, 1, "", row());
            model::Progress progress;
            const auto ledger = analysis::build_ledger(source, layers, plan, progress);
            QVERIFY(ledger.has_value());
            QCOMPARE(progress.state().done, analysis::ledger_rows(plan) * d);
            ledgers.push_back(*ledger);
        }
        for (const RoundLedger& ledger : ledgers) QVERIFY(ledger == ledgers.front());  // to the bit
    }

    void an_error_in_a_later_block_is_passed_on()
    {
        class Failing final : public model::UpdateSource {
        public:
            model::Result<std::int64_t> coordinates() override { return 100'000; }
            std::int64_t block_coordinates() const override { return 4096; }
            model::Result<void> read(std::span<const VectorRef>, std::int64_t first, std::int64_t count,
                                     float* out) override
            {
                if (first >= 40'960) return model::fail(model::ErrorCode::malformed, "a hole");
                std::fill_n(out, count, 1.0F);
                return {};
            }
        };
        Failing source;
        model::Layer layer;
        layer.shape = {100'000};
        std::vector<model::Layer> layers{layer};
        model::lay_out(layers);
        analysis::LedgerPlan plan;
        plan.round = RoundNo{1};
        plan.clients = {model::ClientId{"a"}};
        plan.own_rounds.resize(1);
        model::Progress progress;
        const auto ledger = analysis::build_ledger(source, layers, plan, progress);
        QVERIFY(!ledger.has_value());
        QCOMPARE(ledger.error().code, model::ErrorCode::malformed);
    }

    void a_stop_stops()
    {
        model::Layer layer;
        layer.shape = {3};
        std::vector<model::Layer> layers{layer};
        model::lay_out(layers);
        test::MemorySource source(3);
        analysis::LedgerPlan plan;
        plan.clients = {model::ClientId{"a"}};
        plan.own_rounds.resize(1);
        model::Progress progress;
        progress.stop();
        const auto ledger = analysis::build_ledger(source, layers, plan, progress);
        QVERIFY(!ledger.has_value());
        QCOMPARE(ledger.error().code, model::ErrorCode::cancelled);
    }

    void many_clients_fold_into_one_layer()
    {
        std::vector<model::Layer> layers(100);
        for (model::Layer& layer : layers) layer.shape = {1};
        model::lay_out(layers);
        analysis::LedgerPlan plan;
        plan.round = RoundNo{1};
        test::MemorySource source(100);
        for (int client = 0; client < 500; ++client) {
            const std::string name = std::to_string(client);
            plan.clients.emplace_back(name);
            source.put(VectorRef::Kind::update, 1, name, Row(100, static_cast<float>(client)));
        }
        plan.own_rounds.resize(500);
        model::Progress progress;
        const auto ledger = analysis::build_ledger(source, layers, plan, progress);
        QVERIFY(ledger.has_value());
        QCOMPARE(ledger->layers.size(), 1u);
        QCOMPARE(ledger->total_gram()[499 * 500 + 2], 499.0 * 2 * 100);
    }
};

QTEST_GUILESS_MAIN(TestLedger)
#include "tst_ledger.moc"
