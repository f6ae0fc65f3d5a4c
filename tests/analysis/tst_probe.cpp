// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/analyse.h"
#include "analysis/detection/detector.h"
#include "analysis/lab/lab_case.h"
#include "analysis/lab/network.h"
#include "analysis/lab/simulation.h"
#include "analysis/probe/plain_network.h"
#include "analysis/rollback/replay.h"
#include "analysis/rollback/replay_probe.h"
#include "analysis/verdict/probe_run.h"
#include "storage/export/replay_folder.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <QTest>
#include <random>

using namespace fedsleuth;
using namespace fedsleuth::analysis;
using model::RoundNo;

namespace {

model::Layer layer(const std::string& name, std::vector<std::int64_t> shape)
{
    model::Layer one;
    one.name = name;
    one.shape = std::move(shape);
    return one;
}

std::vector<model::Layer> laid_out(std::vector<model::Layer> layers)
{
    model::lay_out(layers);
    return layers;
}

std::vector<float> noise(std::size_t count, unsigned seed)
{
    std::mt19937 random(seed);
    std::normal_distribution<float> normal(0, 0.5);
    std::vector<float> numbers(count);
    for (float& number : numbers) number = normal(random);
    return numbers;
}

/// The slow twin: tensors by index, one output at a time, in double; images are [channels][height][width].
struct Twin {
    const std::vector<float>& weights;

    std::vector<double> dense(const std::vector<double>& x, const model::Layer& w, const model::Layer& b, bool in_first,
                              bool relu) const
    {
        const auto out = static_cast<std::size_t>(b.count);
        std::vector<double> y(out);
        for (std::size_t to = 0; to < out; ++to) {
            double sum = weights[static_cast<std::size_t>(b.offset) + to];
            for (std::size_t from = 0; from < x.size(); ++from)
                sum +=
                    x[from] *
                    weights[static_cast<std::size_t>(w.offset) + (in_first ? from * out + to : to * x.size() + from)];
            y[to] = relu ? std::max(sum, 0.0) : sum;
        }
        return y;
    }
    using Image = std::vector<std::vector<std::vector<double>>>;
    Image convolve(const Image& x, const model::Layer& w, const model::Layer& b, bool keras, bool same) const
    {
        const auto size = [&](std::size_t dimension) { return static_cast<std::size_t>(w.shape[dimension]); };
        const std::size_t out = keras ? size(3) : size(0), in = keras ? size(2) : size(1);
        const std::size_t kh = keras ? size(0) : size(2), kw = keras ? size(1) : size(3);
        const auto at = [&](std::size_t o, std::size_t i, std::size_t y, std::size_t column) {
            const std::size_t place =
                keras ? ((y * kw + column) * in + i) * out + o : ((o * in + i) * kh + y) * kw + column;
            return weights[static_cast<std::size_t>(w.offset) + place];
        };
        const int border_y = same ? static_cast<int>(kh / 2) : 0, border_x = same ? static_cast<int>(kw / 2) : 0;
        const int height = static_cast<int>(x[0].size()), width = static_cast<int>(x[0][0].size());
        const int rows = height + 2 * border_y - static_cast<int>(kh) + 1,
                  columns = width + 2 * border_x - static_cast<int>(kw) + 1;
        Image y(out, std::vector<std::vector<double>>(static_cast<std::size_t>(rows),
                                                      std::vector<double>(static_cast<std::size_t>(columns))));
        for (std::size_t o = 0; o < out; ++o)
            for (int row = 0; row < rows; ++row)
                for (int column = 0; column < columns; ++column) {
                    double sum = weights[static_cast<std::size_t>(b.offset) + o];
                    for (std::size_t i = 0; i < in; ++i)
                        for (std::size_t dy = 0; dy < kh; ++dy)
                            for (std::size_t dx = 0; dx < kw; ++dx) {
                                const int from_y = row + static_cast<int>(dy) - border_y,
                                          from_x = column + static_cast<int>(dx) - border_x;
                                if (from_y < 0 || from_x < 0 || from_y >= height || from_x >= width) continue;
                                sum += at(o, i, dy, dx) *
                                       x[i][static_cast<std::size_t>(from_y)][static_cast<std::size_t>(from_x)];
                            }
                    y[o][static_cast<std::size_t>(row)][static_cast<std::size_t>(column)] = std::max(sum, 0.0);
                }
        return y;
    }
    static Image pool(const Image& x)
    {
        Image y;
        for (const auto& channel : x) {
            y.emplace_back();
            for (std::size_t row = 0; row + 1 < channel.size(); row += 2) {
                y.back().emplace_back();
                for (std::size_t column = 0; column + 1 < channel[row].size(); column += 2)
                    y.back().back().push_back(std::max({channel[row][column], channel[row][column + 1],
                                                        channel[row + 1][column], channel[row + 1][column + 1]}));
            }
        }
        return y;
    }
    static std::vector<double> flat(const Image& x, bool channels_last)
    {
        std::vector<double> all;
        if (!channels_last)
            for (const auto& channel : x)
                for (const auto& row : channel) all.insert(all.end(), row.begin(), row.end());
        else
            for (std::size_t row = 0; row < x[0].size(); ++row)
                for (std::size_t column = 0; column < x[0][0].size(); ++column)
                    for (const auto& channel : x) all.push_back(channel[row][column]);
        return all;
    }
};

double largest_difference(const std::vector<float>& logits, const std::vector<std::vector<double>>& twin)
{
    double largest = 0;
    std::size_t place = 0;
    for (const std::vector<double>& row : twin)
        for (const double value : row) largest = std::max(largest, std::abs(value - logits[place++]));
    return place == logits.size() ? largest : 1e9;
}

model::ProbeSet as_set(const lab::Dataset& data)
{
    model::ProbeSet set;
    set.path = "probe.npz";
    set.sha256 = "abc";
    set.rows = data.size();
    set.shape = {static_cast<std::int64_t>(data.shape.features)};
    set.inputs = data.inputs;
    set.labels = data.labels;
    return set;
}

/// As many rounds as clients, two of which plant a backdoor from round `onset` on.
lab::LabOptions backdoored(std::size_t clients, std::size_t examples, std::size_t test_examples, std::size_t onset,
                           const std::string& variant = {})
{
    lab::LabOptions options;
    options.seed = 4;
    options.clients = options.rounds = clients;
    options.partition.examples_per_client = examples;
    options.test_examples = test_examples;
    lab::AttackPlan plan;
    plan.attack = "backdoor";
    plan.settings.variant = variant;
    plan.attackers = 2;
    plan.schedule.onset = onset;
    options.attacks.push_back(plan);
    return options;
}

/// Nothing where it can't be simulated.
std::shared_ptr<const lab::LabFederation> simulated(const lab::LabOptions& options, model::Progress& progress)
{
    auto made = lab::simulate(options, progress);
    return made ? std::make_shared<const lab::LabFederation>(std::move(*made)) : nullptr;
}

}  // namespace

Q_DECLARE_METATYPE(fedsleuth::analysis::lab::NetworkKind)

/// Stops the replay where it comes to a round.
class StoppedSink final : public model::CheckpointSink {
public:
    StoppedSink(storage::ReplayFolder folder, RoundNo at) : folder_(std::move(folder)), at_(at) {}
    [[nodiscard]] std::string state_folder() const override { return folder_.state_folder(); }
    [[nodiscard]] model::Result<void> write(std::string_view kind, RoundNo round,
                                            const model::CoordinateReader& read) override
    {
        if (round == at_) return model::fail(model::ErrorCode::cancelled, "here");
        return folder_.write(kind, round, read);
    }
    [[nodiscard]] model::Result<model::CoordinateReader> read(std::string_view kind, RoundNo round) const override
    {
        return folder_.read(kind, round);
    }
    void remove(std::string_view kind, RoundNo round) override { folder_.remove(kind, round); }
    [[nodiscard]] std::string name(std::string_view kind, RoundNo round) const override
    {
        return folder_.name(kind, round);
    }
    [[nodiscard]] model::Result<std::string> digest(const std::string& name) const override
    {
        return folder_.digest(name);
    }
    [[nodiscard]] model::Result<std::string> finish(const std::string& manifest) override
    {
        return folder_.finish(manifest);
    }

private:
    storage::ReplayFolder folder_;
    RoundNo at_;
};

class TestProbe : public QObject {
    Q_OBJECT

private slots:
    void dense_layers_equal_the_slow_twin_data()
    {
        QTest::addColumn<bool>("in_first");
        QTest::addColumn<bool>("apart");
        QTest::newRow("PyTorch") << false << false;
        QTest::newRow("Keras") << true << false;
        QTest::newRow("weights, then biases") << true << true;
    }
    void dense_layers_equal_the_slow_twin()
    {
        QFETCH(bool, in_first);
        QFETCH(bool, apart);
        // A square layer between: the others tell which way it lies.
        const std::vector<std::int64_t> sizes{7, 9, 9, 4};
        std::vector<model::Layer> weights, biases, layers;
        for (std::size_t idx = 0; idx + 1 < sizes.size(); ++idx) {
            weights.push_back(
                layer("w" + std::to_string(idx), in_first ? std::vector<std::int64_t>{sizes[idx], sizes[idx + 1]}
                                                          : std::vector<std::int64_t>{sizes[idx + 1], sizes[idx]}));
            biases.push_back(layer("b" + std::to_string(idx), {sizes[idx + 1]}));
        }
        for (std::size_t idx = 0; idx < weights.size(); ++idx) {
            layers.push_back(weights[idx]);
            if (!apart) layers.push_back(biases[idx]);
        }
        if (apart) layers.insert(layers.end(), biases.begin(), biases.end());
        layers = laid_out(layers);
        const auto network = PlainNetwork::recognise(layers, {7});
        QVERIFY2(network.has_value(), network ? "" : network.error().text().c_str());
        const std::vector<float> values = noise(network->coordinates(), 3), x = noise(300 * 7, 4);
        const Twin twin{values};
        std::vector<std::vector<double>> expected;
        for (std::size_t row = 0; row < 300; ++row) {
            std::vector<double> y(x.begin() + static_cast<std::ptrdiff_t>(row * 7),
                                  x.begin() + static_cast<std::ptrdiff_t>(row * 7 + 7));
            for (std::size_t idx = 0; idx < 3; ++idx)
                y = twin.dense(y, apart ? layers[idx] : layers[2 * idx], apart ? layers[3 + idx] : layers[2 * idx + 1],
                               in_first, idx < 2);
            expected.push_back(y);
        }
        QVERIFY(largest_difference(network->logits(values, x), expected) < 1e-4);
    }

    void convolutions_equal_the_slow_twin_data()
    {
        QTest::addColumn<bool>("keras");
        QTest::addColumn<bool>("same");
        QTest::addColumn<bool>("pooled");
        for (const bool keras : {false, true})
            for (const bool same : {false, true})
                for (const bool pooled : {false, true})
                    QTest::addRow("%s %s %s", keras ? "Keras" : "PyTorch", same ? "zero border" : "inside",
                                  pooled ? "pooled" : "plain")
                        << keras << same << pooled;
    }
    void convolutions_equal_the_slow_twin()
    {
        QFETCH(bool, keras);
        QFETCH(bool, same);
        QFETCH(bool, pooled);
        // 2 channels of 11 × 9, kernels 3 × 3 and 3 × 1.
        const std::size_t height = 11, width = 9;
        const auto kernel = [&](std::int64_t out, std::int64_t in, std::int64_t kh, std::int64_t kw) {
            return keras ? std::vector<std::int64_t>{kh, kw, in, out} : std::vector<std::int64_t>{out, in, kh, kw};
        };
        const auto after = [&](std::size_t size, std::size_t taps) {
            return (same ? size : size - taps + 1) / (pooled ? 2 : 1);
        };
        const std::size_t flat = after(after(height, 3), 3) * after(after(width, 3), 1) * 5;
        const std::vector<model::Layer> layers = laid_out(
            {layer("c1", kernel(3, 2, 3, 3)), layer("c1b", {3}), layer("c2", kernel(5, 3, 3, 1)), layer("c2b", {5}),
             layer("d", keras ? std::vector<std::int64_t>{static_cast<std::int64_t>(flat), 4}
                              : std::vector<std::int64_t>{4, static_cast<std::int64_t>(flat)}),
             layer("db", {4})});
        const std::vector<std::int64_t> input =
            keras ? std::vector<std::int64_t>{11, 9, 2} : std::vector<std::int64_t>{2, 11, 9};
        const auto network = PlainNetwork::recognise(layers, input);
        QVERIFY2(network.has_value(), network ? "" : network.error().text().c_str());
        const std::size_t features = 2 * height * width, rows = 3;
        const std::vector<float> values = noise(network->coordinates(), 5), x = noise(rows * features, 6);
        const Twin twin{values};
        std::vector<std::vector<double>> expected;
        for (std::size_t row = 0; row < rows; ++row) {
            Twin::Image image(2, std::vector<std::vector<double>>(height, std::vector<double>(width)));
            for (std::size_t channel = 0; channel < 2; ++channel)
                for (std::size_t y = 0; y < height; ++y)
                    for (std::size_t column = 0; column < width; ++column)
                        image[channel][y][column] =
                            x[row * features +
                              (keras ? (y * width + column) * 2 + channel : (channel * height + y) * width + column)];
            image = twin.convolve(image, layers[0], layers[1], keras, same);
            if (pooled) image = Twin::pool(image);
            image = twin.convolve(image, layers[2], layers[3], keras, same);
            if (pooled) image = Twin::pool(image);
            expected.push_back(twin.dense(Twin::flat(image, keras), layers[4], layers[5], keras, false));
        }
        QVERIFY(largest_difference(network->logits(values, x), expected) < 1e-4);
    }

    void accuracy_is_what_the_lab_says_data()
    {
        QTest::addColumn<lab::NetworkKind>("kind");
        QTest::newRow("softmax") << lab::NetworkKind::softmax;
        QTest::newRow("mlp") << lab::NetworkKind::mlp;
        QTest::newRow("cnn") << lab::NetworkKind::cnn;
    }
    void accuracy_is_what_the_lab_says()
    {
        QFETCH(lab::NetworkKind, kind);
        lab::LabOptions options;
        options.clients = 6;
        options.rounds = 4;
        options.partition.examples_per_client = 60;
        options.test_examples = 250;
        options.network = kind;
        auto simulation = lab::Simulation::create(options);
        QVERIFY(simulation.has_value());
        while (!simulation->done()) QVERIFY(simulation->step().has_value());
        const lab::LabFederation& federation = simulation->federation();
        const lab::Dataset& test = simulation->test_data();
        const auto side = static_cast<std::int64_t>(options.image_side);
        for (const std::vector<std::int64_t>& shape :
             {std::vector<std::int64_t>{side * side}, {side, side}, {1, side, side}}) {
            const auto network = PlainNetwork::recognise(federation.federation.layers, shape);
            QVERIFY2(network.has_value(), network ? "" : network.error().text().c_str());
            for (std::size_t round = 1; round <= options.rounds; ++round) {
                std::vector<float> logits = network->logits(federation.models[round], test.inputs);
                const double accuracy = share_equal(answers(logits, network->classes()), test.labels);
                // A tie in the last bit of a logit may fall the other way.
                QVERIFY(std::abs(accuracy - federation.rounds[round - 1].metrics.at("accuracy")) < 1.5 / 250);
                log_softmax(logits, network->classes());
                double loss = 0;
                for (std::size_t row = 0; row < test.size(); ++row)
                    loss -= logits[row * network->classes() + static_cast<std::size_t>(test.labels[row])];
                QVERIFY(std::abs(loss / static_cast<double>(test.size()) -
                                 federation.rounds[round - 1].metrics.at("loss")) < 1e-4);
            }
        }
    }

    void refuses_what_is_not_plain_data()
    {
        QTest::addColumn<int>("which");
        QTest::addColumn<QString>("reason");
        QTest::newRow("no bias") << 0 << "2 weight tensors and 1 vectors";
        QTest::newRow("batch norm") << 1 << "counter";
        QTest::newRow("sizes") << 2 << "the layer before gives 8";
        QTest::newRow("recurrent") << 3 << "3 dimensions";
        QTest::newRow("one output") << 4 << "one output";
        QTest::newRow("bias of another layer") << 5 << "has 7 numbers";
        QTest::newRow("square") << 6 << "square weight";
        QTest::newRow("unknown pooling") << 7 << "first dense layer";
        QTest::newRow("no layers") << 8 << "no weight matrix";
    }
    void refuses_what_is_not_plain()
    {
        QFETCH(int, which);
        QFETCH(QString, reason);
        model::Layer counter = layer("bn.num_batches_tracked", {});
        counter.counter = true;
        const std::vector<std::vector<model::Layer>> models{
            {layer("a", {8, 6}), layer("b", {3, 8}), layer("c", {3})},
            {layer("a", {8, 6}), layer("ab", {8}), counter, layer("b", {3, 8}), layer("bb", {3})},
            {layer("a", {8, 6}), layer("ab", {8}), layer("b", {3, 5}), layer("bb", {3})},
            {layer("a", {8, 6, 2}), layer("ab", {8})},
            {layer("a", {1, 6}), layer("ab", {1})},
            {layer("a", {8, 6}), layer("ab", {7})},
            {layer("a", {6, 6}), layer("ab", {6})},
            {layer("c", {4, 1, 3, 3}), layer("cb", {4}), layer("d", {3, 5}), layer("db", {3})},
            {}};
        const auto network =
            PlainNetwork::recognise(laid_out(models[static_cast<std::size_t>(which)]),
                                    which == 7 ? std::vector<std::int64_t>{8, 8} : std::vector<std::int64_t>{6});
        QVERIFY(!network.has_value());
        QVERIFY(network.error().code == model::ErrorCode::unsupported);
        QVERIFY2(QString::fromStdString(network.error().text()).contains(reason), network.error().text().c_str());
    }

    void the_trace_finds_who_taught_the_answer()
    {
        const lab::LabOptions options = backdoored(12, 60, 100, 4, "clipped");
        model::Progress progress;
        const auto federation = simulated(options, progress);
        QVERIFY(federation);
        QCOMPARE(federation->probe.size(), std::size_t{100});
        QCOMPARE(federation->misclassified.size(), std::size_t{1});
        AnalysisOptions with;
        with.probes.probe = as_set(federation->probe);
        with.probes.misclassified = as_set(federation->misclassified);
        lab::LabCase plain(federation), probed(federation);
        QVERIFY(analyse(plain, plain, {}, progress).has_value());
        const auto summary = analyse(probed, probed, with, progress);
        QVERIFY2(summary.has_value(), summary ? "" : summary.error().text().c_str());
        QCOMPARE(summary->notes.size(), std::size_t{2});
        QVERIFY(summary->notes.back().find("less is asked for") != std::string::npos);

        // Summed over the rounds of the attack, nobody raises the wrong answer as much as the attackers do.
        std::map<model::ClientId, double> raised;
        for (std::int64_t round = 4; round <= 12; ++round) {
            const auto all = *probed.scores(model::RoundNo{round});
            for (const model::DetectorScores& scores : all)
                if (scores.detector == "input-trace")
                    for (std::size_t idx = 0; idx < scores.clients.size(); ++idx) {
                        raised[scores.clients[idx]] += scores.statistic[idx];
                        QVERIFY(sentence(scores, idx).find("log-odds of the wrong answer") != std::string::npos);
                    }
        }
        QCOMPARE(raised.size(), std::size_t{12});
        double least = 1e9, most = -1e9;
        for (const auto& [client, sum] : raised)
            if (federation->truth.malicious.contains(client))
                least = std::min(least, sum);
            else
                most = std::max(most, sum);
        QVERIFY2(least > most, qPrintable(QStringLiteral("%1 against %2").arg(least).arg(most)));

        // Probes only accuse, and here they accuse the right ones more.
        std::map<model::ClientId, double> before;
        const model::Verdicts plain_verdicts = **plain.verdicts(), probed_verdicts = **probed.verdicts();
        for (const model::Verdict& verdict : plain_verdicts.clients) before[verdict.client] = verdict.probability;
        for (const model::Verdict& verdict : probed_verdicts.clients) {
            QVERIFY(verdict.probability >= before[verdict.client] - 1e-12);
            if (!federation->truth.malicious.contains(verdict.client))
                QVERIFY(verdict.verdict < model::VerdictClass::suspect);
        }
        // What was given is on record, with the curve of the shipped models.
        const auto entries = *probed.custody();
        QVERIFY(std::any_of(entries.begin(), entries.end(), [](const model::CustodyEntry& entry) {
            return entry.action == "analyse" && entry.parameters_json.find("\"sha256\":\"abc\"") != std::string::npos;
        }));
        QVERIFY((*probed.document(std::string(probe_document)))->find("\"attack_success\":1") != std::string::npos);
    }

    void a_replay_without_the_attackers_forgets_the_answer()
    {
        const lab::LabOptions options = backdoored(12, 60, 100, 4);
        model::Progress progress;
        const auto federation = simulated(options, progress);
        QVERIFY(federation);
        lab::LabCase store(federation);
        Probes probes;
        probes.probe = as_set(federation->probe);
        probes.misclassified = as_set(federation->misclassified);
        probes.misclassified->labels.clear();  // the last checkpoint's answer
        auto probe = ReplayProbe::make(store, store, probes);
        QVERIFY(probe.has_value());
        QCOMPARE(probe->probes().misclassified->labels, federation->misclassified.labels);
        CounterfactualOptions replay;
        for (const auto& [client, rounds] : federation->truth.malicious) replay.removals.push_back({client, {}});
        const auto take = [&](model::RoundNo round, const VectorReader& frozen, const VectorReader& corrected) {
            return probe->take(round, frozen, corrected);
        };
        QVERIFY(run_counterfactual(store, store, replay, take, {}, progress).has_value());
        const ProbedPoint& last = probe->points().back();
        QCOMPARE(last.round.value(), std::int64_t{12});
        QCOMPARE(*last.shipped.attack_success, 1.0);
        QCOMPARE(*last.frozen.attack_success, 0.0);
        // The shipped model's accuracy is the share that the lab's own network answers rightly.
        const auto network = lab::make_network(options.network, federation->probe.shape, 10, options.hidden);
        QVERIFY(std::abs(*last.shipped.accuracy -
                         share_equal(network->predict(federation->models.back(), federation->probe.inputs),
                                     federation->probe.labels)) < 0.011);
    }

    /// Stopped twice and resumed, a replay knows of every round what one that was never stopped knows; what was made
    /// before there were probes is read back from the folder, where the corrected models are gone.
    void a_resumed_replay_probes_earlier_rounds_too()
    {
        const lab::LabOptions options = backdoored(8, 40, 60, 2);
        model::Progress progress;
        const auto federation = simulated(options, progress);
        QVERIFY(federation);
        lab::LabCase store(federation);
        const std::vector<model::Layer> layers = store.federation()->layers;
        Probes probes;
        probes.probe = as_set(federation->probe);
        probes.misclassified = as_set(federation->misclassified);
        CounterfactualOptions replay;
        for (const auto& [client, rounds] : federation->truth.malicious) replay.removals.push_back({client, {}});

        // Runs into the folder, and is stopped at that round (never: 99).
        const auto run = [&](const std::string& name, storage::ModelFormat format, std::int64_t stop_at, bool probed) {
            auto folder = storage::ReplayFolder::open(std::string(FEDSLEUTH_SCRATCH "/") + name, format, layers);
            StoppedSink sink(std::move(*folder), RoundNo{stop_at});
            auto probe = ReplayProbe::make(store, store, probes);
            const auto outcome = replay_into(store, store, replay, sink, progress, probed ? &*probe : nullptr);
            return std::pair(outcome.has_value(), probe->points());
        };
        const auto same = [](const ProbeScore& a, const ProbeScore& b) {
            return a.accuracy == b.accuracy && a.attack_success == b.attack_success;
        };
        for (const auto format : {storage::ModelFormat::npz, storage::ModelFormat::safetensors}) {
            std::filesystem::remove_all(FEDSLEUTH_SCRATCH);
            const auto [whole_done, whole] = run("whole", format, 99, true);
            QVERIFY(whole_done);
            QCOMPARE(whole.size(), std::size_t{9});
            QVERIFY(!run("pieces", format, 3, true).first);
            QVERIFY(!run("pieces", format, 6, true).first);
            const auto [pieces_done, pieces] = run("pieces", format, 99, true);
            QVERIFY(pieces_done);
            QVERIFY(!run("late", format, 5, false).first);
            const auto [late_done, late] = run("late", format, 99, true);
            QVERIFY(late_done);
            QCOMPARE(pieces.size(), whole.size());
            QCOMPARE(late.size(), whole.size());
            for (std::size_t idx = 0; idx < whole.size(); ++idx) {
                QCOMPARE(pieces[idx].round, whole[idx].round);
                QVERIFY(whole[idx].frozen.accuracy && whole[idx].corrected.attack_success);
                QVERIFY(same(pieces[idx].shipped, whole[idx].shipped) && same(pieces[idx].frozen, whole[idx].frozen) &&
                        same(pieces[idx].corrected, whole[idx].corrected));
                QVERIFY(same(late[idx].shipped, whole[idx].shipped) && same(late[idx].frozen, whole[idx].frozen));
                // The last round that was finished without probes still has its corrected model on disk; the round
                // that all begins from is shown to every run.
                const std::int64_t round = whole[idx].round.value();
                QCOMPARE(late[idx].corrected.accuracy.has_value(), round == 0 || round >= 4);
            }
            // Of the corrected models the last round's alone is left.
            std::size_t left = 0;
            for (const auto& each : std::filesystem::directory_iterator(FEDSLEUTH_SCRATCH "/pieces/corrected"))
                left += each.is_regular_file() ? 1 : 0;
            QCOMPARE(left, std::size_t{1});
        }
    }

    void inputs_must_fit_the_model()
    {
        const auto layers = laid_out({layer("a", {8, 6}), layer("ab", {8})});
        const auto network = PlainNetwork::recognise(layers, {7});
        QVERIFY(!network.has_value());
        QVERIFY(network.error().code == model::ErrorCode::invalid_argument);
    }
};

QTEST_GUILESS_MAIN(TestProbe)
#include "tst_probe.moc"
