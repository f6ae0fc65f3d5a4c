// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/scales.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace fedsleuth::ui {
namespace {

constexpr QChar minus(0x2212);

/// The smallest of 1, 2, 5 times a power of ten that is not below `least`.
double nice_step(double least)
{
    const double power = std::pow(10, std::floor(std::log10(least)));
    constexpr double slack = 1 + 1e-9;  // 0.1 + 0.2 must not skip a step
    for (const double factor : {1.0, 2.0, 5.0})
        if (factor * power * slack >= least) return factor * power;
    return 10 * power;
}

Ticks ticks_at(double low, double high, double step)
{
    Ticks ticks{{}, step};
    const double slack = step * 1e-9;
    const double first = std::ceil((low - slack) / step);
    const double last = std::floor((high + slack) / step);
    for (double multiple = first; multiple <= last; ++multiple)
        ticks.values.push_back(multiple == 0 ? 0.0 : multiple * step);  // no −0
    return ticks;
}

QString superscript(int number)
{
    static const QString digits = QStringLiteral("⁰¹²³⁴⁵⁶⁷⁸⁹");
    QString text;
    for (const QChar digit : QString::number(std::abs(number))) text += digits[digit.digitValue()];
    return number < 0 ? QStringLiteral("⁻") + text : text;
}

/// Mantissa and power of ten: 2×10⁶, 10⁶, 1.5×10⁻⁷.
QString power_text(double value, int decimals)
{
    int exponent = int(std::floor(std::log10(std::abs(value))));
    double mantissa = value / std::pow(10, exponent);
    QString text = QString::number(std::abs(mantissa), 'f', decimals);
    if (text.startsWith(QLatin1String("10"))) {  // 9.996 rounds up
        ++exponent;
        mantissa /= 10;
        text = QString::number(std::abs(mantissa), 'f', decimals);
    }
    if (text.contains(QLatin1Char('.'))) {
        while (text.endsWith(QLatin1Char('0'))) text.chop(1);
        if (text.endsWith(QLatin1Char('.'))) text.chop(1);
    }
    const QString power = QStringLiteral("10") + superscript(exponent);
    const QString sign = value < 0 ? QString(minus) : QString();
    return sign + (text == QLatin1String("1") ? power : text + QStringLiteral("×") + power);
}

QString grouped_fixed(double value, int decimals)
{
    QString text = QString::number(std::abs(value), 'f', decimals);
    const auto point = text.indexOf(QLatin1Char('.'));
    const auto whole = point < 0 ? text.size() : point;
    if (whole > 4 || (whole == 4 && decimals == 0))
        for (auto at = whole - 3; at > 0; at -= 3) text.insert(at, QLatin1Char(','));
    const bool zero =
        std::all_of(text.begin(), text.end(), [](QChar c) { return c == u'0' || c == u'.' || c == u','; });
    return value < 0 && !zero ? minus + text : text;
}

}  // namespace

Scale::Scale(double low, double high, double low_pixel, double high_pixel, Kind kind)
    : low_(low), high_(high), low_pixel_(low_pixel), high_pixel_(high_pixel), kind_(kind)
{
    if (low_ != high_) return;
    if (kind_ == Kind::log) {
        low_ /= 2;
        high_ *= 2;
    } else {
        const double reach = low_ == 0 ? 0.5 : std::abs(low_) / 2;
        low_ -= reach;
        high_ += reach;
    }
}

double Scale::to_pixel(double value) const
{
    if (kind_ == Kind::log) {
        if (!(value > 0)) return std::numeric_limits<double>::quiet_NaN();
        return low_pixel_ + std::log(value / low_) / std::log(high_ / low_) * (high_pixel_ - low_pixel_);
    }
    return low_pixel_ + (value - low_) / (high_ - low_) * (high_pixel_ - low_pixel_);
}

double Scale::to_value(double pixel) const
{
    const double share = high_pixel_ == low_pixel_ ? 0 : (pixel - low_pixel_) / (high_pixel_ - low_pixel_);
    return kind_ == Kind::log ? low_ * std::pow(high_ / low_, share) : low_ + share * (high_ - low_);
}

Ticks nice_ticks(double low, double high, int most)
{
    if (!std::isfinite(low) || !std::isfinite(high)) return {};
    if (high < low) std::swap(low, high);
    if (low == high) return {{low}, std::max(std::abs(low), 1.0)};
    most = std::max(most, 3);
    double step = nice_step((high - low) / most);
    Ticks ticks = ticks_at(low, high, step);
    while (int(ticks.values.size()) > most) {  // both ends can be ticks: one more than intervals
        step = nice_step(step * 1.5);
        ticks = ticks_at(low, high, step);
    }
    return ticks;
}

Ticks whole_ticks(double low, double high, int most)
{
    const Ticks ticks = nice_ticks(low, high, most);
    if (ticks.step >= 1) return ticks;
    return ticks_at(low, high, 1);
}

Ticks log_ticks(double low, double high, int most)
{
    Ticks ticks;
    if (!(low > 0) || !std::isfinite(high) || high < low) return ticks;
    most = std::max(most, 2);
    const int first = int(std::floor(std::log10(low) + 1e-9));
    const int last = int(std::ceil(std::log10(high) - 1e-9));
    const auto fill = [&](std::initializer_list<double> factors, int stride) {
        ticks.values.clear();
        for (int power = first; power <= last; ++power) {
            if (power % stride != 0) continue;
            for (const double factor : factors) {
                const double value = factor * std::pow(10, power);
                if (value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9)) ticks.values.push_back(value);
            }
        }
        return int(ticks.values.size()) <= most;
    };
    if (fill({1, 2, 5}, 1) && ticks.values.size() >= 2) return ticks;
    if (ticks.values.size() < 2) {  // less than one step of 1-2-5 is seen: linear ticks say more
        ticks = nice_ticks(low, high, most);
        ticks.step = 0;
        return ticks;
    }
    for (int stride = 1; !fill({1}, stride); ++stride) {
    }
    return ticks;
}

Span nice_span(double low, double high, int most)
{
    if (!std::isfinite(low) || !std::isfinite(high)) return {};
    if (high < low) std::swap(low, high);
    if (low == high) {
        const double reach = low == 0 ? 1 : std::abs(low) / 2;
        low -= reach;
        high += reach;
    }
    const double step = nice_step((high - low) / std::max(most, 2));
    constexpr double slack = 1e-9;
    return {std::floor(low / step + slack) * step, std::ceil(high / step - slack) * step};
}

QString tick_label(double value, double step)
{
    if (!std::isfinite(value)) return QStringLiteral("–");
    if (std::abs(value) < std::abs(step) * 1e-9) return QStringLiteral("0");
    if (step == 0) return number_text(value, 3);
    const int exponent = int(std::floor(std::log10(std::abs(step)) + 1e-9));
    const int largest = int(std::floor(std::log10(std::abs(value)) + 1e-9));
    if (largest >= 6 || largest < -4) return power_text(value, std::max(0, largest - exponent));
    return grouped_fixed(value, std::max(0, -exponent));
}

QString number_text(double value, int digits)
{
    if (!std::isfinite(value)) return QStringLiteral("–");
    if (value == 0) return QStringLiteral("0");
    digits = std::max(digits, 1);
    int exponent = int(std::floor(std::log10(std::abs(value))));
    const double rounded = std::round(std::abs(value) / std::pow(10, exponent - digits + 1));
    if (rounded >= std::pow(10, digits)) ++exponent;  // 9.996 with three digits is 10.0
    if (exponent >= 7 || exponent < -4) return power_text(value, digits - 1);
    return grouped_fixed(value, std::max(0, digits - 1 - exponent));
}

int label_stride(int count, double pixels, double label_size)
{
    if (count < 1 || pixels <= 0) return 1;
    const double each = pixels / count;
    return std::max(1, int(std::ceil(label_size / each - 1e-9)));
}

}  // namespace fedsleuth::ui
