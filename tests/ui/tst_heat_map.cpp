// SPDX-License-Identifier: GPL-3.0-or-later
#include "quiet.h"
#include "ui/plots/heat_geometry.h"
#include "ui/plots/heat_image.h"
#include "ui/plots/heat_map.h"

#include <cmath>
#include <QSignalSpy>
#include <QtTest>
#include <random>
#include <set>

using namespace fedsleuth;
using namespace fedsleuth::ui;

namespace {

constexpr double no_value = std::numeric_limits<double>::quiet_NaN();

/// The obvious way: every cell to the pixel that it lies under, every pixel to the cells that it shows.
std::vector<double> pooled_slowly(const MatrixView& matrix, std::size_t height, std::size_t width)
{
    std::vector<double> result(height * width, no_value);
    for (std::size_t y = 0; y < height; ++y)
        for (std::size_t x = 0; x < width; ++x)
            for (std::size_t row = 0; row < matrix.rows; ++row)
                for (std::size_t col = 0; col < matrix.cols; ++col) {
                    const auto under = [](std::size_t cell, std::size_t cells, std::size_t pixel, std::size_t pixels) {
                        const std::size_t first = pixel * cells / pixels;
                        return cell == first || (cell > first && cell < (pixel + 1) * cells / pixels);
                    };
                    if (!under(row, matrix.rows, y, height) || !under(col, matrix.cols, x, width)) continue;
                    const double value = matrix.at(row, col);
                    double& best = result[y * width + x];
                    if (std::isnan(value)) continue;
                    const bool heavier = std::abs(value) > std::abs(best) || value == -best;
                    if (std::isnan(best) || (heavier && (value > 0 || value != -best))) best = value;
                }
    return result;
}

bool same(const std::vector<double>& left, const std::vector<double>& right)
{
    if (left.size() != right.size()) return false;
    for (std::size_t idx = 0; idx < left.size(); ++idx)
        if (!(left[idx] == right[idx]) && !(std::isnan(left[idx]) && std::isnan(right[idx]))) return false;
    return true;
}

Palette light() { return Palette::of(light_window_palette()); }
Palette dark() { return Palette::of(dark_window_palette()); }

}  // namespace

class TestHeatMap : public QObject {
    Q_OBJECT
private slots:
    void every_hot_cell_survives_every_size_data()
    {
        QTest::addColumn<QSize>("size");
        for (const QSize size : {QSize(300, 200), QSize(997, 613), QSize(77, 31), QSize(1000, 2000), QSize(1500, 2500),
                                 QSize(250, 4001), QSize(9, 9)})
            QTest::newRow(qPrintable(QStringLiteral("%1 x %2").arg(size.width()).arg(size.height()))) << size;
    }
    void every_hot_cell_survives_every_size()
    {
        QFETCH(QSize, size);
        constexpr std::size_t rows = 2000, cols = 1000, hot = 81;
        std::mt19937 random(7);
        std::vector<double> values(rows * cols);
        for (double& value : values) value = std::uniform_real_distribution<>(-1, 1)(random);
        std::set<std::pair<std::size_t, std::size_t>> cells;
        while (cells.size() < hot) cells.insert({random() % rows, random() % cols});
        std::size_t count = 0;
        for (const auto& [row, col] : cells) {
            values[row * cols + col] = (count % 2 == 0 ? 1 : -1) * (10.0 + double(count));
            ++count;
        }
        const MatrixView matrix{values, rows, cols};
        const auto width = std::size_t(size.width()), height = std::size_t(size.height());
        const std::vector<double> pixels = pooled(matrix, height, width);
        for (const auto& [row, col] : cells) {
            // Its pixel shows a value at least as far from zero.
            std::size_t x = col * width / cols, y = row * height / rows;
            while (x + 1 < width && (x + 1) * cols / width <= col) ++x;
            while (y + 1 < height && (y + 1) * rows / height <= row) ++y;
            QVERIFY(std::abs(pixels[y * width + x]) >= std::abs(values[row * cols + col]));
        }
        HeatScale scale;
        scale.kind = HeatScale::Kind::diverging;
        scale.low = -10;
        scale.high = 10;
        const QImage image = heat_image(matrix, size, scale, light());
        QCOMPARE(image.size(), size);
        const QRgb high = light().diverging(1), low = light().diverging(-1);
        std::size_t shown = 0;
        for (int y = 0; y < size.height(); ++y)
            for (int x = 0; x < size.width(); ++x) shown += image.pixel(x, y) == high || image.pixel(x, y) == low;
        if (width >= cols / 4 && height >= rows / 20) QVERIFY(shown >= hot - 4);  // two may share a pixel
        QVERIFY(shown > 0);
    }

    void pooling_is_what_it_says()
    {
        std::mt19937 random(3);
        for (int round = 0; round < 200; ++round) {
            const std::size_t rows = 1 + random() % 13, cols = 1 + random() % 13;
            std::vector<double> values(rows * cols);
            for (double& value : values) value = random() % 5 == 0 ? no_value : double(int(random() % 7)) - 3;
            const std::size_t height = 1 + random() % 20, width = 1 + random() % 20;
            const MatrixView matrix{values, rows, cols};
            QVERIFY(same(pooled(matrix, height, width), pooled_slowly(matrix, height, width)));
        }
        const std::vector<double> missing(6, no_value);
        for (const double value : pooled({missing, 2, 3}, 1, 1)) QVERIFY(std::isnan(value));
        const std::vector<double> signs{1, -4, 3, no_value};
        QCOMPARE(pooled({signs, 1, 4}, 1, 1), std::vector<double>{-4});
        QVERIFY(pooled({{}, 0, 5}, 3, 3).empty());
        QVERIFY(heat_image({{}, 0, 0}, {10, 10}, {}, light()).isNull());
    }

    void growing_draws_whole_cells_in_exact_colours()
    {
        const std::vector<double> values{0, 0.25, no_value, 1};
        HeatScale scale;
        for (const Palette& palette : {light(), dark()}) {
            const QImage image = heat_image({values, 2, 2}, {100, 60}, scale, palette);
            std::set<QRgb> colors;
            for (int y = 0; y < 60; ++y)
                for (int x = 0; x < 100; ++x) {
                    const double value = values[std::size_t(y / 30 * 2 + x / 50)];
                    QCOMPARE(image.pixel(x, y), scale.color(value, palette));
                    colors.insert(image.pixel(x, y));
                }
            QCOMPARE(colors.size(), 4U);
            QCOMPARE(image.pixel(0, 0), palette.sequential(0));
            QCOMPARE(image.pixel(99, 59), palette.sequential(1));
            QCOMPARE(image.pixel(0, 59), palette.missing());
        }
    }

    void scales_fit_their_values()
    {
        std::vector<double> values(1000, 1.0);
        values[5] = 90;
        values[6] = no_value;
        values[7] = -2;
        const HeatScale all = fitted_scale(values, HeatScale::Kind::diverging);
        QCOMPARE(all.high_end(), 90.0);
        QCOMPARE(all.low_end(), -90.0);
        QVERIFY(!all.beyond_high);
        const HeatScale most = fitted_scale(values, HeatScale::Kind::diverging, 0.99);
        QCOMPARE(most.high_end(), 1.0);
        QVERIFY(most.beyond_high && most.beyond_low);
        QCOMPARE(most.color(0, light()), light().diverging(0));
        QCOMPARE(most.color(90, light()), light().diverging(1));
        const HeatScale sequential = fitted_scale(values, HeatScale::Kind::sequential);
        QCOMPARE(sequential.low_end(), -2.0);
        const std::vector<double> same_everywhere(5, 3.0), none(3, no_value);
        QVERIFY(fitted_scale(same_everywhere, HeatScale::Kind::sequential).high > 3.0);
        (void)fitted_scale(none, HeatScale::Kind::diverging, 0.9);
    }

    void cells_lie_where_they_are_drawn()
    {
        const HeatGeometry geometry = HeatGeometry::of({{640, 400}, 37, 53, 80, 14, true, false});
        for (std::size_t row = 0; row < 37; ++row)
            for (std::size_t col = 0; col < 53; ++col) {
                const QRectF cell = geometry.row_rect(row).intersected(geometry.col_rect(col));
                QCOMPARE(*geometry.cell_at(cell.center()), (HeatCell{row, col}));
            }
        QVERIFY(!geometry.cell_at({639, 399}));
        QVERIFY(!geometry.cell_at({-1, 5}));
        QCOMPARE(geometry.cell_at(QPointF(geometry.names.center().x(), geometry.row_rect(5).center().y()))->row, 5U);
        QVERIFY(geometry.legend.bottom() <= 400 && geometry.plot.right() <= 640);
        const HeatGeometry square = HeatGeometry::of({{640, 400}, 9, 9, 80, 14, false, true});
        QCOMPARE(square.plot.width(), square.plot.height());
    }

    /// Beside each other where there is room, else below each other: cut only where a line is too narrow for one part.
    void the_legend_wraps()
    {
        const std::vector<double> parts{180, 90, 240};
        for (const auto& [width, lines] : std::vector<std::pair<double, int>>{{640, 1}, {320, 2}, {260, 3}, {200, 3}}) {
            const HeatGeometry geometry = HeatGeometry::of({{width, 300}, 20, 20, 50, 14, true, false, parts});
            QCOMPARE(geometry.legend_parts.size(), parts.size());
            QCOMPARE(geometry.legend.height(), lines * 14.0);
            QVERIFY(geometry.legend.bottom() <= 300 && geometry.legend.top() >= geometry.title.bottom());
            for (std::size_t idx = 0; idx < parts.size(); ++idx) {
                const QRectF& box = geometry.legend_parts[idx];
                QVERIFY(geometry.legend.contains(box));
                QCOMPARE(box.width(), std::min(parts[idx], width - 8));
                for (std::size_t other = 0; other < idx; ++other)
                    QVERIFY(!box.intersects(geometry.legend_parts[other]));
            }
        }
    }

    void labels_do_not_touch()
    {
        std::mt19937 random(11);
        for (int round = 0; round < 100; ++round) {
            const std::size_t count = 1 + random() % 500;
            const double pixels = 20 + random() % 900, size = 6 + random() % 40;
            const std::vector<std::size_t> pinned{random() % count, random() % count, random() % count};
            const auto labels = readable_labels(count, pixels, size, pinned);
            QVERIFY(std::find(labels.begin(), labels.end(), pinned[0]) != labels.end());
            for (std::size_t idx = 1; idx < labels.size(); ++idx)
                QVERIFY(double(labels[idx] - labels[idx - 1]) * pixels / double(count) >= size - 1e-6);
        }
        QCOMPARE(readable_labels(4, 400, 12), (std::vector<std::size_t>{0, 1, 2, 3}));
        QVERIFY(readable_labels(0, 400, 12).empty());
    }

    void the_widget_selects_and_moves()
    {
        const test::Quiet quiet;
        HeatMap map;
        HeatContents contents;
        contents.rows = 4;
        contents.cols = 3;
        contents.values.assign(12, 1.5);
        contents.values[4] = no_value;
        contents.row_names = {"a", "b <script>", "c", "d"};
        contents.col_names = {"1", "2", "3"};
        contents.col_title = "Round";
        contents.scale.name = "length";
        contents.missing_text = "took no part";
        map.set_contents(contents);
        map.resize(400, 300);
        QSignalSpy selected(&map, &HeatMap::cell_selected), activated(&map, &HeatMap::cell_activated);
        map.show();
        QTest::keyClick(&map, Qt::Key_Down);
        QCOMPARE(selected.last(), (QVariantList{0, -1}));
        QTest::keyClick(&map, Qt::Key_Down);
        QTest::keyClick(&map, Qt::Key_Right);
        QTest::keyClick(&map, Qt::Key_Right);
        QCOMPARE(selected.last(), (QVariantList{1, 1}));
        QTest::keyClick(&map, Qt::Key_Down, Qt::ControlModifier);
        QCOMPARE(selected.last(), (QVariantList{3, 1}));
        QTest::keyClick(&map, Qt::Key_Return);
        QCOMPARE(activated.last(), (QVariantList{3, 1}));
        const auto count = selected.count();
        map.set_selected(0, 0);
        QCOMPARE(selected.count(), count);
        QVERIFY(map.tooltip({1, 1}).contains("took no part"));
        QVERIFY(map.tooltip({1, 0}).contains("1.5"));
        QTest::mouseClick(&map, Qt::LeftButton, {}, QPoint(map.width() / 2, 20));
        QCOMPARE(selected.count(), count + 1);
        QCOMPARE(selected.last().first().toInt(), 0);
        QCOMPARE(quiet.said(), QString());
    }

    void a_million_cells_are_quick_and_quiet()
    {
        const test::Quiet quiet;
        HeatContents contents;
        contents.rows = contents.cols = 1000;
        contents.values.assign(1'000'000, 0.5);
        contents.values[123'456] = 9;
        for (int idx = 0; idx < 1000; ++idx) {
            contents.row_names.push_back(QStringLiteral("client-%1").arg(idx));
            contents.col_names.push_back(QString::number(idx + 1));
        }
        contents.scale = fitted_scale(contents.values, HeatScale::Kind::sequential);
        for (const QPalette& palette : {light_window_palette(), dark_window_palette()}) {
            HeatMap map;
            map.setPalette(palette);
            map.resize(900, 600);
            QElapsedTimer timer;
            timer.start();
            map.set_contents(contents);
            map.set_selected(123, 456);
            QVERIFY(!map.grab().isNull());
            QVERIFY2(timer.elapsed() < 2000, "a million cells took longer than anybody waits");
        }
        QCOMPARE(quiet.said(), QString());
    }
};

QTEST_MAIN(TestHeatMap)
#include "tst_heat_map.moc"
