// SPDX-License-Identifier: GPL-3.0-or-later
#include "quiet.h"
#include "ui/plots/bar_chart.h"
#include "ui/plots/lane.h"
#include "ui/plots/line_chart.h"
#include "ui/plots/palette.h"
#include "ui/plots/ribbon.h"
#include "ui/plots/scales.h"
#include "ui/plots/scatter.h"

#include <cmath>
#include <QSignalSpy>
#include <QtTest>
#include <random>

using namespace fedsleuth;
using namespace fedsleuth::ui;
using model::RoundNo;
using model::VerdictClass;

namespace {

constexpr double no_value = std::numeric_limits<double>::quiet_NaN();
constexpr std::array classes{VerdictClass::unknown, VerdictClass::clean, VerdictClass::watch, VerdictClass::suspect,
                             VerdictClass::malicious};

RibbonContents forty_rounds()
{
    RibbonContents contents;
    contents.quality_name = "accuracy";
    for (int round = 1; round <= 40; ++round)
        contents.rounds.push_back(
            {RoundNo{round}, round == 7 ? no_value : round / 40.0, round > 35 ? no_value : round % 5, round == 15, {}});
    return contents;
}

}  // namespace

class TestPlots : public QObject {
    Q_OBJECT
private slots:
    void ticks_are_round_and_inside()
    {
        std::mt19937 random(5);
        for (int round = 0; round < 2000; ++round) {
            const double middle = std::uniform_real_distribution<>(-1e4, 1e4)(random);
            const double reach = std::pow(10, std::uniform_real_distribution<>(-3, 5)(random));
            const int most = 3 + int(random() % 12);
            const Ticks ticks = nice_ticks(middle - reach, middle + reach, most);
            QVERIFY(!ticks.values.empty());
            QVERIFY(int(ticks.values.size()) <= most);
            for (const double value : ticks.values) {
                QVERIFY(value >= middle - reach - 1e-6 * ticks.step && value <= middle + reach + 1e-6 * ticks.step);
                QVERIFY(std::abs(std::remainder(value, ticks.step)) < 1e-6 * ticks.step);
            }
            const double mantissa = ticks.step / std::pow(10, std::floor(std::log10(ticks.step) + 1e-9));
            QVERIFY(std::abs(mantissa - 1) < 1e-6 || std::abs(mantissa - 2) < 1e-6 || std::abs(mantissa - 5) < 1e-6);
        }
        QCOMPARE(whole_ticks(1, 3, 10).values, (std::vector<double>{1, 2, 3}));
        QCOMPARE(whole_ticks(1, 24, 6).values, (std::vector<double>{5, 10, 15, 20}));
        QCOMPARE(log_ticks(0.01, 100, 8).values, (std::vector<double>{0.01, 0.1, 1, 10, 100}));
        QVERIFY(log_ticks(1e-12, 1e12, 5).values.size() <= 5);
        QVERIFY(log_ticks(-1, 10, 5).values.empty());
        QVERIFY(nice_ticks(no_value, 1, 5).values.empty());
        QCOMPARE(nice_ticks(2, 2, 5).values, std::vector<double>{2});
    }

    void labels_have_the_digits_that_they_deserve()
    {
        QCOMPARE(tick_label(0.25, 0.05), QStringLiteral("0.25"));
        QCOMPARE(tick_label(0.5, 0.5), QStringLiteral("0.5"));
        QCOMPARE(tick_label(3, 1), QStringLiteral("3"));
        QCOMPARE(tick_label(-2, 1), QStringLiteral("−2"));
        QCOMPARE(tick_label(1500, 500), QStringLiteral("1,500"));
        QCOMPARE(tick_label(1e-17, 0.1), QStringLiteral("0"));
        QCOMPARE(tick_label(2e6, 1e6), QStringLiteral("2×10⁶"));
        QCOMPARE(tick_label(2.5e6, 5e5), QStringLiteral("2.5×10⁶"));
        QCOMPARE(tick_label(2e-7, 1e-7), QStringLiteral("2×10⁻⁷"));
        QCOMPARE(number_text(0.012345), QStringLiteral("0.0123"));
        QCOMPARE(number_text(1234567), QStringLiteral("1,234,567"));
        QCOMPARE(number_text(9.996), QStringLiteral("10.0"));
        QCOMPARE(number_text(-0.5, 2), QStringLiteral("−0.50"));
        QCOMPARE(number_text(1e12), QStringLiteral("10¹²"));
        QCOMPARE(number_text(no_value), QStringLiteral("–"));
        QCOMPARE(number_text(-HUGE_VAL), QStringLiteral("–"));
    }

    void scales_map_there_and_back()
    {
        const Scale linear(-2, 8, 400, 100);
        QCOMPARE(linear.to_pixel(-2), 400.0);
        QCOMPARE(linear.to_pixel(8), 100.0);
        QCOMPARE(linear.to_value(linear.to_pixel(3.7)), 3.7);
        const Scale log(0.01, 100, 0, 400, Scale::Kind::log);
        QCOMPARE(log.to_pixel(1), 200.0);
        QCOMPARE(log.to_value(300), 10.0);
        QVERIFY(std::isnan(log.to_pixel(0)) && std::isnan(log.to_pixel(-1)));
        QVERIFY(std::isfinite(Scale(5, 5, 0, 10).to_pixel(5)));
        QVERIFY(std::isfinite(Scale(0, 0, 0, 10).to_pixel(0)));
    }

    void chart_limits_hold_everything_that_is_drawn()
    {
        ChartContents contents;
        contents.x.whole = true;
        contents.lines.push_back({"a", {{1, 2}, {2, no_value}, {24, 7.3}}});
        contents.levels.push_back({"budget", 9.1, Qt::red});
        const QRectF limits = chart_limits(contents, 8, 6);
        QCOMPARE(limits.left(), 1.0);
        QCOMPARE(limits.right(), 24.0);
        QCOMPARE(limits.top(), 2.0);
        QCOMPARE(limits.bottom(), 10.0);
        contents.y.low = 0;
        QCOMPARE(chart_limits(contents, 8, 6).top(), 0.0);
        contents.y = {};
        contents.y.log = true;
        contents.lines[0].points.push_back({3, -1});
        QCOMPARE(chart_limits(contents, 8, 6).top(), 1.0);
        QVERIFY(chart_limits({}, 8, 6).isNull());
        contents.lines[0].points = {{1, no_value}};
        QVERIFY(chart_limits(contents, 8, 6).isNull());
    }

    void the_brush_follows_the_mouse()
    {
        const RibbonGeometry geometry = RibbonGeometry::of({800, 80}, 40, 90, 14);
        for (std::size_t round = 0; round < 40; ++round) QCOMPARE(geometry.round_at(geometry.middle_of(round)), round);
        QCOMPARE(geometry.round_at(-50), 0U);
        QCOMPARE(geometry.round_at(5000), 39U);
        const Brush all{0, 39};
        // A click, or a tremble, changes nothing.
        BrushDrag click = BrushDrag::start(geometry, all, geometry.middle_of(5));
        QCOMPARE(click.at(geometry, geometry.middle_of(5) + 1), all);
        QVERIFY(!click.moved);
        BrushDrag drag = BrushDrag::start(geometry, all, geometry.middle_of(5));
        QCOMPARE(drag.at(geometry, geometry.middle_of(12)), (Brush{5, 12}));
        QCOMPARE(drag.at(geometry, geometry.middle_of(2)), (Brush{2, 5}));
        // Back where it began it is still a drag, of one round.
        QCOMPARE(drag.at(geometry, geometry.middle_of(5)), (Brush{5, 5}));
        const Brush some{10, 20};
        QCOMPARE(brush_end_at(geometry, some, geometry.left_of(10) + 2), -1);
        QCOMPARE(brush_end_at(geometry, some, geometry.left_of(21) - 2), 1);
        QCOMPARE(brush_end_at(geometry, some, geometry.middle_of(15)), 0);
        QCOMPARE(brush_end_at(geometry, all, geometry.left_of(0)), 0);
        BrushDrag left = BrushDrag::start(geometry, some, geometry.left_of(10));
        QCOMPARE(left.at(geometry, geometry.middle_of(14)), (Brush{14, 20}));
        QCOMPARE(left.at(geometry, geometry.middle_of(25)), (Brush{20, 25}));
        QCOMPARE(left.at(geometry, -100), (Brush{0, 20}));
        BrushDrag right = BrushDrag::start(geometry, some, geometry.left_of(21));
        QCOMPARE(right.at(geometry, 1e6), (Brush{10, 39}));
    }

    void the_ribbon_tells_what_was_done()
    {
        const test::Quiet quiet;
        qRegisterMetaType<RoundNo>();
        Ribbon ribbon;
        ribbon.set_contents(forty_rounds());
        ribbon.resize(800, 80);
        ribbon.show();
        std::vector<std::pair<RoundNo, RoundNo>> ranges;
        std::vector<RoundNo> clicked, activated;
        connect(&ribbon, &Ribbon::range_changed, this,
                [&](RoundNo first, RoundNo last) { ranges.emplace_back(first, last); });
        connect(&ribbon, &Ribbon::round_clicked, this, [&](RoundNo round) { clicked.push_back(round); });
        connect(&ribbon, &Ribbon::round_activated, this, [&](RoundNo round) { activated.push_back(round); });
        const int middle = ribbon.height() / 2;
        QTest::mouseClick(&ribbon, Qt::LeftButton, {}, {450, middle});
        QCOMPARE(clicked.size(), 1U);
        QVERIFY(ranges.empty());
        QTest::mousePress(&ribbon, Qt::LeftButton, {}, {300, middle});
        QTest::mouseMove(&ribbon, {400, middle});
        QVERIFY(ranges.empty());  // pages follow when it is let go
        QTest::mouseRelease(&ribbon, Qt::LeftButton, {}, {500, middle});
        QCOMPARE(ranges.size(), 1U);
        QVERIFY(ranges[0].first < ranges[0].second);
        QTest::mouseDClick(&ribbon, Qt::LeftButton, {}, {300, middle});
        QCOMPARE(ranges.back(), (std::pair{RoundNo{1}, RoundNo{40}}));
        ribbon.set_range(RoundNo{3}, RoundNo{9});
        ribbon.set_current(RoundNo{4});
        const auto before = ranges.size();
        QTest::keyClick(&ribbon, Qt::Key_Right);
        QCOMPARE(clicked.back(), RoundNo{5});
        QTest::keyClick(&ribbon, Qt::Key_Return);
        QCOMPARE(activated.back(), RoundNo{5});
        QCOMPARE(ranges.size(), before);
        QTest::keyClick(&ribbon, Qt::Key_BracketLeft);
        QCOMPARE(ranges.back(), (std::pair{RoundNo{5}, RoundNo{9}}));
        QTest::keyClick(&ribbon, Qt::Key_Escape);
        QCOMPARE(ranges.back(), (std::pair{RoundNo{1}, RoundNo{40}}));
        ribbon.clear();
        QTest::keyClick(&ribbon, Qt::Key_Right);
        QTest::mouseClick(&ribbon, Qt::LeftButton, {}, {300, middle});
        QCOMPARE(quiet.said(), QString());
    }

    void names_in_the_scatter_plot_do_not_overlap()
    {
        std::mt19937 random(9);
        for (int round = 0; round < 100; ++round) {
            std::vector<LabelWish> wishes;
            std::vector<QPointF> marks;
            for (int idx = 0; idx < 60; ++idx) {
                marks.emplace_back(double(random() % 400), double(random() % 300));
                if (idx % 2 == 0) wishes.push_back({marks.back(), 5, QSizeF(20 + double(random() % 60), 13)});
            }
            const QRectF bounds(0, 0, 400, 300);
            const auto boxes = place_labels(wishes, bounds, marks);
            QCOMPARE(boxes.size(), wishes.size());
            std::size_t placed = 0;
            for (std::size_t one = 0; one < boxes.size(); ++one) {
                if (!boxes[one]) continue;
                ++placed;
                QVERIFY(bounds.contains(*boxes[one]));
                for (std::size_t other = one + 1; other < boxes.size(); ++other)
                    QVERIFY(!boxes[other] || !boxes[one]->intersects(*boxes[other]));
            }
            QVERIFY(placed > 5);
        }
    }

    void arrows_find_the_next_point()
    {
        const std::vector<QPointF> points{{0, 0}, {10, 1}, {30, 0}, {0, -20}, {no_value, no_value}, {-5, 5}};
        QCOMPARE(*point_towards(points, 0, {1, 0}), 1U);
        QCOMPARE(*point_towards(points, 1, {1, 0}), 2U);
        QCOMPARE(*point_towards(points, 0, {0, -1}), 3U);
        QCOMPARE(*point_towards(points, 0, {-1, 0}), 5U);
        QVERIFY(!point_towards(points, 2, {1, 0}));
        QCOMPARE(*nearest_point(points, {9, 0}, 5), 1U);
        QVERIFY(!nearest_point(points, {100, 100}, 5));
    }

    void equal_aspect_is_equal()
    {
        const std::vector<QPointF> points{{-1, 0}, {9, 2}, {no_value, 3}};
        const QRectF plot(50, 10, 400, 300);
        const PlaneScales scales = fit_plane(points, plot, true, 18);
        const double x_unit = scales.x.to_pixel(1) - scales.x.to_pixel(0),
                     y_unit = scales.y.to_pixel(0) - scales.y.to_pixel(1);
        QVERIFY(std::abs(x_unit - y_unit) < 1e-9);
        for (const QPointF& point : {points[0], points[1]}) QVERIFY(plot.contains(scales.to_pixel(point)));
        const PlaneScales one = fit_plane(std::vector<QPointF>{{3, 3}}, plot, true, 18);
        QVERIFY(plot.contains(one.to_pixel({3, 3})));
        (void)fit_plane({}, plot, true, 18);
    }

    void lane_selects_with_mouse_and_keys()
    {
        const test::Quiet quiet;
        Lane lane;
        std::vector<LaneCell> cells;
        for (int round = 0; round <= 24; ++round)
            cells.push_back({RoundNo{round},
                             round < 15 ? CheckpointStatus::clean : CheckpointStatus::contaminated,
                             round == 14,
                             {}});
        lane.set_cells(cells);
        lane.resize(700, 100);
        lane.show();
        std::vector<RoundNo> clicked, activated;
        connect(&lane, &Lane::round_clicked, this, [&](RoundNo round) { clicked.push_back(round); });
        connect(&lane, &Lane::round_activated, this, [&](RoundNo round) { activated.push_back(round); });
        lane.set_selected(RoundNo{14});
        QVERIFY(clicked.empty());
        QTest::keyClick(&lane, Qt::Key_Right);
        QCOMPARE(clicked.back(), RoundNo{15});
        QTest::keyClick(&lane, Qt::Key_End);
        QTest::keyClick(&lane, Qt::Key_Return);
        QCOMPARE(activated.back(), RoundNo{24});
        QTest::mouseClick(&lane, Qt::LeftButton, {}, {8, 40});
        QCOMPARE(clicked.back(), RoundNo{0});
        QCOMPARE(checkpoint_status_from("contaminated"), CheckpointStatus::contaminated);
        QCOMPARE(checkpoint_status_from("?"), CheckpointStatus::unknown);
        QCOMPARE(quiet.said(), QString());
    }

    void everything_is_painted_in_both_palettes_without_a_warning_data()
    {
        QTest::addColumn<QSize>("size");
        for (const QSize size : {QSize(640, 360), QSize(180, 90), QSize(3, 3), QSize(1, 200)})
            QTest::newRow(qPrintable(QStringLiteral("%1 x %2").arg(size.width()).arg(size.height()))) << size;
    }
    void everything_is_painted_in_both_palettes_without_a_warning()
    {
        QFETCH(QSize, size);
        const test::Quiet quiet;
        for (const QPalette& palette : {light_window_palette(), dark_window_palette()}) {
            for (const bool filled : {false, true}) {
                Ribbon ribbon;
                Lane lane;
                Scatter scatter;
                LineChart lines;
                BarChart bars;
                for (QWidget* widget : std::initializer_list<QWidget*>{&ribbon, &lane, &scatter, &lines, &bars}) {
                    widget->setPalette(palette);
                    widget->resize(size);
                }
                if (filled) {
                    ribbon.set_contents(forty_rounds());
                    ribbon.set_range(RoundNo{5}, RoundNo{9});
                    ribbon.set_current(RoundNo{7});
                    lane.set_cells({{RoundNo{0}, CheckpointStatus::clean, true, {}},
                                    {RoundNo{1}, CheckpointStatus::suspect, false, {}}});
                    lane.set_selected(RoundNo{1});
                    ScatterContents points;
                    for (int idx = 0; idx < 50; ++idx)
                        points.points.push_back({{idx * 0.1, idx == 9 ? no_value : idx % 7},
                                                 QStringLiteral("site-%1").arg(idx),
                                                 classes[std::size_t(idx) % classes.size()],
                                                 idx % 4 - 1,
                                                 {}});
                    scatter.set_contents(points);
                    scatter.set_selected(9);
                    points.by_cluster = true;
                    scatter.set_contents(points);
                    scatter.set_selected(3);
                    ChartContents chart;
                    chart.x = {"Round", "", {}, {}, true};
                    chart.y = {"length", "L2"};
                    chart.lines.push_back({"a", {{1, 2}, {2, no_value}, {3, 4}, {4, 4.5}}, Qt::blue});
                    chart.lines.back().markers = true;
                    chart.lines.push_back({"quiet", {{1, 3}, {4, 3}}, Qt::gray});
                    chart.lines.back().quiet = true;
                    chart.bands.push_back({"band", {1, 2, 3}, {1, no_value, 1}, {2, 2, 2}, Qt::gray});
                    chart.levels.push_back({"budget", 5, Qt::red});
                    chart.marks.push_back({{3, 4}, VerdictClass::malicious, "bad"});
                    chart.caret_x = 3;
                    lines.set_contents(chart);
                    chart.y.log = true;
                    lines.set_contents(chart);
                    bars.set_bars({{"clean", 3, Qt::gray, {}, {}},
                                   {"none", 0, Qt::red, {}, {}},
                                   {"odd", no_value, Qt::red, {}, {}}});
                }
                for (QWidget* widget : std::initializer_list<QWidget*>{&ribbon, &lane, &scatter, &lines, &bars})
                    QVERIFY(!widget->grab().isNull());
            }
        }
        QCOMPARE(quiet.said(), QString());
    }
};

QTEST_MAIN(TestPlots)
#include "tst_plots.moc"
