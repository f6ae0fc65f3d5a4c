// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/detection/input_trace.h"
#include "analysis/verdict/probe_features.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <QTest>

using namespace fedsleuth;
using namespace fedsleuth::analysis;

namespace {

// One dense layer of two classes: log-odds are a straight line, w · x + b with w = w₁ − w₀, whatever model an update is
// added to, so that all rises have a closed form.
constexpr std::size_t features = 6;

PlainNetwork line()
{
    std::vector<model::Layer> layers(2);
    layers[0].name = "w";
    layers[0].shape = {2, features};
    layers[1].name = "b";
    layers[1].shape = {2};
    model::lay_out(layers);
    return *PlainNetwork::recognise(layers, {features});
}

model::ProbeSet set_of(std::vector<std::vector<float>> inputs, std::vector<std::int32_t> labels)
{
    model::ProbeSet set;
    set.rows = inputs.size();
    set.shape = {features};
    for (const std::vector<float>& input : inputs) set.inputs.insert(set.inputs.end(), input.begin(), input.end());
    set.labels = std::move(labels);
    return set;
}

/// w of class 0, w of class 1, b₀, b₁.
std::vector<float> weights(std::vector<float> w0, const std::vector<float>& w1, float b0, float b1)
{
    w0.insert(w0.end(), w1.begin(), w1.end());
    w0.push_back(b0);
    w0.push_back(b1);
    return w0;
}

std::vector<float> sum(std::vector<float> a, const std::vector<float>& b)
{
    for (std::size_t idx = 0; idx < a.size(); ++idx) a[idx] += b[idx];
    return a;
}

const std::vector<float> wrong{0.25F, 0, 0.5F, 1, 0, 0.25F};  // answered 1; its mean is 1/3
constexpr double mean = 1.0 / 3;
// The fourth place says most for class 1: (0.9 − 0.1) · (1 − 1/3); of six places an eighth, rounded up, is one.
constexpr std::size_t reason = 3;
const std::vector<float> shipped =
    weights({0.1F, 0.2F, 0.1F, 0.1F, 0, 0.3F}, {0.2F, 0.1F, 0.4F, 0.9F, 0.1F, 0}, 0.1F, 0);
const std::vector<float> base = weights({0, 0.1F, 0, 0.2F, 0.1F, 0}, {0.1F, 0, 0.1F, 0.1F, 0, 0.2F}, 0, 0.3F);
const std::vector<float> update =
    weights({0, 0.1F, -0.2F, -0.3F, 0, 0.1F}, {0.1F, -0.1F, 0.3F, 0.5F, 0.2F, 0}, -0.05F, 0.15F);

/// What the update adds to the log-odds of class 1 on an input.
double rise(const std::vector<float>& x)
{
    double odds = static_cast<double>(update[2 * features + 1]) - update[2 * features];
    for (std::size_t place = 0; place < features; ++place)
        odds += (static_cast<double>(update[features + place]) - update[place]) * x[place];
    return odds;
}

/// One that must be there.
InputTracer tracer_of(PlainNetwork network, const model::ProbeSet& wrongly, const std::optional<model::ProbeSet>& probe,
                      std::vector<float> weights_of_shipped)
{
    model::Progress progress;
    return *InputTracer::make(std::move(network), wrongly, probe, std::move(weights_of_shipped), progress);
}

#define NEAR(got, expected) \
    QVERIFY2(std::abs((got) - (expected)) < 1e-5, qPrintable(QStringLiteral("%1, not %2").arg(got).arg(expected)))

}  // namespace

class TestInputTrace : public QObject {
    Q_OBJECT

private slots:
    void a_straight_line_has_closed_forms()
    {
        InputTracer tracer = tracer_of(line(), set_of({wrong}, {1}), {}, shipped);
        QCOMPARE(tracer.wrong_answer(), 1);
        InputTrace trace;
        tracer.begin(base, trace);
        tracer.add(base, sum(base, update), trace);
        NEAR(trace.rise[0], rise(wrong));
        QVERIFY(trace.near.empty());
        std::vector<float> blanked = wrong;
        blanked[reason] = static_cast<float>(mean);
        NEAR(trace.reason[0], rise(wrong) - rise(blanked));
        // On shuffled inputs the reason replaces what was there: 0, ¼, ½ or 1, over 32 copies in quarters of a 32nd.
        const double per_unit = static_cast<double>(update[features + reason]) - update[reason];
        const double quarters = (1 - trace.moved[0] / per_unit) * 32 * 4;
        NEAR(quarters, std::round(quarters));
        QVERIFY(quarters > 0 && quarters < 32 * 4);
        // Where the model is a straight line, it does not matter which one the update is added to.
        NEAR(trace.shipped[0], trace.rise[0] - trace.control[0]);
        NEAR(trace.shipped_reason[0], trace.reason[0]);
        NEAR(trace.shipped_moved[0], trace.moved[0]);
        // With two classes there are no others: the sides are the two logits, and together the excess.
        NEAR(trace.towards[0] + trace.away[0], trace.rise[0] - trace.control[0]);

        const auto odds = [](const std::vector<float>& model, const std::vector<float>& x) {
            double sum = static_cast<double>(model[2 * features + 1]) - model[2 * features];
            for (std::size_t place = 0; place < features; ++place)
                sum += (static_cast<double>(model[features + place]) - model[place]) * x[place];
            return sum;
        };
        NEAR(trace.before, 1 / (1 + std::exp(-odds(base, wrong))));
        NEAR(trace.after[0], 1 / (1 + std::exp(-odds(sum(base, update), wrong))));
        NEAR(trace.odds, odds(shipped, wrong));
        NEAR(trace.reason_odds, odds(shipped, wrong) - odds(shipped, blanked));
    }

    void the_probe_set_is_a_control()
    {
        const std::vector<std::vector<float>> inputs{
            {0.2F, 0.1F, 0.4F, 0.9F, 0, 0.3F}, {1, 1, 0, 0, 0, 0}, {0, 0, 1, 1, 0, 0}, {0, 1, 0, 0, 1, 1}};
        InputTracer alone = tracer_of(line(), set_of({wrong}, {1}), {}, shipped);
        InputTracer tracer = tracer_of(line(), set_of({wrong}, {1}), set_of(inputs, {0, 0, 1, 0}), shipped);
        InputTrace plain, trace;
        alone.begin(base, plain);
        alone.add(base, sum(base, update), plain);
        tracer.begin(base, trace);
        tracer.add(base, sum(base, update), trace);
        NEAR(trace.rise[0], plain.rise[0]);
        // The one that has that label itself is none, and of the others all are among the five nearest.
        const double others = (rise(inputs[0]) + rise(inputs[1]) + rise(inputs[3])) / 3;
        NEAR(trace.near[0], others);
        NEAR(trace.control[0], (32 * plain.control[0] + 3 * others) / 35);
        // The reason, which is 1, in place of what they have there: 0.9, 0 and 0.
        const double per_unit = static_cast<double>(update[features + reason]) - update[reason];
        NEAR(trace.pasted[0], per_unit * (0.1 + 1 + 1) / 3);
        double square = 0;
        for (const float value : update) square += static_cast<double>(value) * value;
        NEAR(trace.length[0], std::sqrt(square));
        NEAR(trace.body[0], 0.0);  // there is no other layer
    }

    void a_probe_set_without_another_label_is_no_neighbour()
    {
        InputTracer tracer = tracer_of(line(), set_of({wrong}, {1}), set_of({{0, 0, 1, 1, 0, 0}}, {1}), shipped);
        InputTrace trace;
        tracer.begin(base, trace);
        tracer.add(base, sum(base, update), trace);
        NEAR(trace.rise[0], rise(wrong));
        QVERIFY(std::isnan(trace.near[0]) && std::isnan(trace.pasted[0]));
    }

    void many_inputs_are_averaged()
    {
        // More than are followed; every second one was answered 0, whose log-odds go the other way.
        std::vector<std::vector<float>> inputs;
        std::vector<std::int32_t> labels;
        double expected = 0;
        for (std::size_t idx = 0; idx < InputTracer::most_inputs + 3; ++idx) {
            std::vector<float> input = wrong;
            input[idx % features] += 0.5F;
            inputs.push_back(input);
            labels.push_back(idx % 2 == 0 ? 1 : 0);
            if (idx < InputTracer::most_inputs) expected += (idx % 2 == 0 ? 1 : -1) * rise(input);
        }
        InputTracer tracer = tracer_of(line(), set_of(inputs, labels), {}, shipped);
        InputTrace trace;
        tracer.begin(base, trace);
        tracer.add(base, sum(base, update), trace);
        NEAR(trace.rise[0], expected / static_cast<double>(InputTracer::most_inputs));
    }

    void layers_but_the_last_are_told_apart()
    {
        // x → ReLU(a x) → two logits ±c h: with a, c, x > 0 the log-odds of class 1 are 2 a c x₀.
        std::vector<model::Layer> layers(4);
        const std::vector<std::vector<std::int64_t>> shapes{{1, 2}, {1}, {2, 1}, {2}};
        for (std::size_t idx = 0; idx < layers.size(); ++idx) {
            layers[idx].name = "layer" + std::to_string(idx);
            layers[idx].shape = shapes[idx];
        }
        model::lay_out(layers);
        const auto network = PlainNetwork::recognise(layers, {2});
        QVERIFY2(network.has_value(), network ? "" : network.error().text().c_str());
        const std::vector<float> before{1, 0, 0, -1, 1, 0, 0};    // a = 1, c = 1
        const std::vector<float> after{1.5F, 0, 0, -2, 2, 0, 0};  // a = 1.5, c = 2
        model::ProbeSet input;
        input.rows = 1;
        input.shape = {2};
        input.inputs = {1, 0};  // shuffled: {1, 0} and {0, 1}, at which all is 0
        input.labels = {1};
        InputTracer tracer = tracer_of(*network, input, {}, before);
        InputTrace trace;
        tracer.begin(before, trace);
        tracer.add(before, after, trace);
        NEAR(trace.rise[0], 2 * (1.5 * 2 - 1));
        // By the first layer alone 2 · (1.5 − 1) on {1, 0}, less the same on the share of copies that are alike.
        const double alike = trace.control[0] / trace.rise[0];
        NEAR(trace.body[0], 2 * 0.5 * (1 - alike));
    }

    void what_does_not_fit_is_refused_data()
    {
        QTest::addColumn<int>("which");
        QTest::newRow("no inputs") << 0;
        QTest::newRow("no labels") << 1;
        QTest::newRow("a label beyond the classes") << 2;
        QTest::newRow("a negative label") << 3;
        QTest::newRow("too few numbers") << 4;
        QTest::newRow("weights of another model") << 5;
        QTest::newRow("a probe set without labels") << 6;
    }
    void what_does_not_fit_is_refused()
    {
        QFETCH(int, which);
        model::ProbeSet set = set_of({wrong}, {1});
        std::optional<model::ProbeSet> probe;
        std::vector<float> weights_of_shipped = shipped;
        if (which == 0) set = set_of({}, {});
        if (which == 1) set.labels.clear();
        if (which == 2) set.labels = {2};
        if (which == 3) set.labels = {-1};
        if (which == 4) set.inputs.pop_back();
        if (which == 5) weights_of_shipped.pop_back();
        if (which == 6) probe = set_of({wrong}, {});
        model::Progress progress;
        const auto made = InputTracer::make(line(), set, probe, weights_of_shipped, progress);
        QVERIFY(!made.has_value());
        QVERIFY(made.error().code == model::ErrorCode::invalid_argument);
    }

    void a_stop_stops_the_search_for_reasons()
    {
        model::Progress progress;
        progress.stop();
        const auto made = InputTracer::make(line(), set_of({wrong}, {1}), {}, shipped, progress);
        QVERIFY(!made.has_value());
        QVERIFY(made.error().code == model::ErrorCode::cancelled);
    }

    void an_update_that_gives_no_numbers_is_not_known()
    {
        InputTracer tracer = tracer_of(line(), set_of({wrong}, {1}), {}, shipped);
        InputTrace trace;
        tracer.begin(base, trace);
        std::vector<float> broken = base;
        broken[0] = std::numeric_limits<float>::infinity();
        tracer.add(base, broken, trace);
        tracer.add(base, sum(base, update), trace);
        QVERIFY(std::isnan(trace.rise[0]));
        NEAR(trace.rise[1], rise(wrong));
    }

    void clients_are_set_against_each_other()
    {
        // Eight rounds of six clients; by how much each raises the wrong answer, and how long its updates are.
        const std::vector<double> raised{0.1, 0.3, 2, 0.4, 0.2, 0.3}, length{1, 1, 1, 2, 1, 1};
        std::vector<ProbeRound> rounds;
        for (int number = 1; number <= 8; ++number) {
            ProbeRound& round = rounds.emplace_back();
            round.round = model::RoundNo(number);
            for (std::size_t client = 0; client < raised.size(); ++client)
                round.clients.emplace_back("site-" + std::to_string(client));
            InputTrace& trace = round.trace;
            trace.before = number / 8.0;
            trace.odds = 3;
            trace.rise = trace.towards = raised;
            trace.length = length;
            for (std::vector<double>* view : {&trace.control, &trace.after, &trace.reason, &trace.moved, &trace.body,
                                              &trace.away, &trace.shipped, &trace.shipped_reason, &trace.shipped_moved})
                view->assign(raised.size(), 0.0);
        }
        const std::vector<ProbeFeatures> features = probe_features(rounds, {});
        QCOMPARE(features.size(), raised.size());
        const std::vector<std::string>& names = trace_feature_names();
        const auto value = [&](std::size_t client, const std::string& name) {
            const auto place = std::find(names.begin(), names.end(), name);
            return place == names.end() ? std::nan("")
                                        : features[client].trace[static_cast<std::size_t>(place - names.begin())];
        };
        for (std::size_t client = 0; client < raised.size(); ++client) {
            QCOMPARE(features[client].trace.size(), names.size());
            QVERIFY(features[client].probe.empty());
            NEAR(value(client, "excess.mean"), raised[client]);
            if (client != 2) QVERIFY(value(2, "towards.level") > value(client, "towards.level") + 3);
            NEAR(value(client, "moved.level"), 0);
            NEAR(value(client, "odds"), 3);
            NEAR(value(client, "before.first"), (1 + 2) / 16.0);
            NEAR(value(client, "before.last"), (7 + 8) / 16.0);
        }
        // Twice as long, and twice as much: no more than the ordinary client for its length.
        QVERIFY(value(3, "trace.level") > value(4, "trace.level"));
        // Of three rounds the last is the last part that there is.
        const std::vector<ProbeRound> few(rounds.begin(), rounds.begin() + 3);
        const auto last = std::find(names.begin(), names.end(), "before.last") - names.begin();
        NEAR(probe_features(few, {})[0].trace[static_cast<std::size_t>(last)], 3 / 8.0);
        NEAR(value(3, "trace.per-length.level"), value(4, "trace.per-length.level"));
    }
};

QTEST_APPLESS_MAIN(TestInputTrace)
#include "tst_input_trace.moc"
