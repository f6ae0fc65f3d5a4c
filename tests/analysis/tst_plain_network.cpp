// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/probe/plain_network.h"

#include <algorithm>
#include <cmath>
#include <QTest>
#include <random>

using namespace fedsleuth;
using namespace fedsleuth::analysis;

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

}  // namespace

class TestPlainNetwork : public QObject {
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

    void inputs_must_fit_the_model()
    {
        const auto layers = laid_out({layer("a", {8, 6}), layer("ab", {8})});
        const auto network = PlainNetwork::recognise(layers, {7});
        QVERIFY(!network.has_value());
        QVERIFY(network.error().code == model::ErrorCode::invalid_argument);
    }
};

QTEST_APPLESS_MAIN(TestPlainNetwork)
#include "tst_plain_network.moc"
