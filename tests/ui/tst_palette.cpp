// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/color_space.h"
#include "ui/plots/palette.h"

#include <cmath>
#include <QSet>
#include <QtTest>
#include <random>

using namespace fedsleuth;
using namespace fedsleuth::ui;
using model::VerdictClass;

namespace {

constexpr double no_value = std::numeric_limits<double>::quiet_NaN();
constexpr std::array classes{VerdictClass::unknown, VerdictClass::clean, VerdictClass::watch, VerdictClass::suspect,
                             VerdictClass::malicious};

std::array<Palette, 2> both() { return {Palette::of(light_window_palette()), Palette::of(dark_window_palette())}; }

/// How a person without the M cones sees a colour (Viénot, Brettel, Mollon 1999, for deuteranopia), in linear light.
QRgb deuteranope(QRgb color)
{
    const auto linear = [](int part) { return std::pow(part / 255.0, 2.2); };
    const double red = linear(qRed(color)), green = linear(qGreen(color)), blue = linear(qBlue(color));
    const double yellow = 0.29275 * red + 0.70725 * green;
    const double rest = -0.02234 * red + 0.02234 * green + blue;
    const auto byte = [](double part) { return int(255 * std::pow(std::clamp(part, 0.0, 1.0), 1 / 2.2)); };
    return qRgb(byte(yellow), byte(yellow), byte(rest));
}

}  // namespace

class TestPalette : public QObject {
    Q_OBJECT
private slots:
    void ramps_are_even_and_ordered_without_colour()
    {
        for (const Palette& palette : both()) {
            constexpr int steps = 64;
            double least = 1, most = 0, before = to_lab(palette.sequential(0)).lightness;
            for (int step = 1; step <= steps; ++step) {
                const Lab here = to_lab(palette.sequential(double(step) / steps));
                const double apart = distance(here, to_lab(palette.sequential(double(step - 1) / steps)));
                least = std::min(least, apart);
                most = std::max(most, apart);
                QVERIFY(palette.dark ? here.lightness > before : here.lightness < before);
                before = here.lightness;
            }
            QVERIFY2(most < 2.5 * least, qPrintable(QStringLiteral("%1 … %2").arg(least).arg(most)));
            for (const int sign : {-1, 1}) {
                double reached = distance(to_lab(palette.diverging(0)), to_lab(palette.diverging(0.05 * sign)));
                for (double share = 0.1; share <= 1.001; share += 0.05) {
                    const double apart = std::abs(to_lab(palette.diverging(0)).lightness -
                                                  to_lab(palette.diverging(share * sign)).lightness);
                    QVERIFY(apart > reached - 0.03);
                    reached = apart;
                }
            }
            QCOMPARE(palette.sequential(-3), palette.sequential(0));
            QCOMPARE(palette.sequential(7), palette.sequential(1));
            QCOMPARE(palette.sequential(no_value), palette.missing());
            QCOMPARE(palette.diverging(no_value), palette.missing());
        }
    }

    void what_differs_in_meaning_differs_for_everyone()
    {
        for (const Palette& palette : both()) {
            QVERIFY(contrast(palette.ink.rgb(), palette.paper.rgb()) >= 7);
            QVERIFY(contrast(palette.quiet.rgb(), palette.paper.rgb()) >= 4.5);
            QVERIFY(contrast(palette.accent.rgb(), palette.paper.rgb()) >= 4.5);
            for (const VerdictClass verdict : {VerdictClass::clean, VerdictClass::suspect, VerdictClass::malicious})
                QVERIFY(contrast(palette.verdict(verdict).rgb(), palette.paper.rgb()) >= 3);
            QVERIFY(contrast(palette.verdict(VerdictClass::watch).rgb(), palette.paper.rgb()) >= 2.2);
            for (int one = -1; one < 8; ++one)
                for (int other = one + 1; other < 8; ++other) {
                    const QRgb left = palette.category(one).rgb(), right = palette.category(other).rgb();
                    QVERIFY(distance(to_lab(left), to_lab(right)) > 0.08);
                    QVERIFY2(distance(to_lab(deuteranope(left)), to_lab(deuteranope(right))) > 0.04,
                             qPrintable(QStringLiteral("%1 and %2, dark %3").arg(one).arg(other).arg(palette.dark)));
                }
            const double apart =
                distance(to_lab(deuteranope(palette.diverging(-1))), to_lab(deuteranope(palette.diverging(1))));
            QVERIFY2(apart > 0.15, qPrintable(QString::number(apart)));
            // A missing cell is neither the low end nor zero.
            QVERIFY(distance(to_lab(palette.missing()), to_lab(palette.sequential(0))) > 0.08);
            QVERIFY(distance(to_lab(palette.missing()), to_lab(palette.diverging(0))) > 0.06);
        }
        QVERIFY(!both()[0].dark && both()[1].dark);
    }

    void every_class_has_a_shape_of_its_own()
    {
        std::vector<QImage> shapes;
        for (const VerdictClass verdict : classes) {
            QImage image(24, 24, QImage::Format_ARGB32);
            image.fill(Qt::transparent);
            QPainter painter(&image);
            draw_verdict_mark(painter, {2, 2, 20, 20}, verdict, both()[0]);
            painter.end();
            shapes.push_back(image.convertToFormat(QImage::Format_Alpha8));
        }
        for (std::size_t one = 0; one < shapes.size(); ++one)
            for (std::size_t other = one + 1; other < shapes.size(); ++other) QVERIFY(shapes[one] != shapes[other]);
        QSet<QString> symbols;
        for (const VerdictClass verdict : classes) symbols << verdict_symbol(verdict);
        QCOMPARE(symbols.size(), int(classes.size()));
    }

    void colours_survive_the_way_there_and_back()
    {
        std::mt19937 random(1);
        for (int round = 0; round < 500; ++round) {
            const QRgb color = qRgb(int(random() % 256), int(random() % 256), int(random() % 256));
            const QRgb back = to_rgb(to_lab(color));
            QVERIFY(std::abs(qRed(color) - qRed(back)) <= 1 && std::abs(qGreen(color) - qGreen(back)) <= 1 &&
                    std::abs(qBlue(color) - qBlue(back)) <= 1);
        }
    }
};

QTEST_MAIN(TestPalette)
#include "tst_palette.moc"
