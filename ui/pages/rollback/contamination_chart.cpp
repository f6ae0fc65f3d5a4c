// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/rollback/contamination_chart.h"

#include "analysis/rollback/contamination.h"

#include <algorithm>
#include <QCoreApplication>

namespace fedsleuth::ui {

namespace {
QString words(const char* text) { return QCoreApplication::translate("contamination_chart", text); }
}  // namespace

ChartContents contamination_contents(const analysis::Counterfactual& curve, const Palette& colors,
                                     std::optional<model::RoundNo> selected)
{
    ChartLine frozen{words("updates as sent")};
    ChartLine corrected{words("honest clients answering")};
    // Lengths added up, each shrunk by the rounds' median factor: no triangle inequality stands behind it.
    ChartLine estimate{curve.secant ? words("rough estimate") : words("changes added up")};
    double most = 0;
    for (const analysis::CounterfactualPoint& point : curve.points) {
        const auto x = static_cast<double>(point.round.value());
        frozen.points.emplace_back(x, 100 * analysis::influence(point, point.frozen));
        corrected.points.emplace_back(x, 100 * analysis::influence(point, point.corrected));
        estimate.points.emplace_back(x, 100 * analysis::influence(point, point.bound));
        most = std::max({most, frozen.points.back().y(), corrected.points.back().y()});
    }
    for (QPointF& point : estimate.points) point.setY(std::min(point.y(), 1.5 * most + 1));
    frozen.color = colors.verdict(model::VerdictClass::malicious);
    frozen.width = 2;
    corrected.color = colors.ink;
    corrected.style = Qt::DashLine;
    estimate.color = colors.quiet;
    estimate.style = Qt::DotLine;
    ChartContents contents;
    contents.x = {words("Checkpoint of round"), {}, {}, {}, true};
    contents.y = {words("Moved by"), QStringLiteral("%"), 0.0, {}};
    contents.lines = {std::move(frozen), std::move(corrected), std::move(estimate)};
    if (selected) contents.caret_x = static_cast<double>(selected->value());
    return contents;
}

ChartContents probe_contents(const std::vector<analysis::ProbedPoint>& points, const Palette& colors)
{
    using Score = std::optional<double> analysis::ProbeScore::*;
    using Model = analysis::ProbeScore analysis::ProbedPoint::*;
    ChartContents contents;
    const auto add = [&](const char* name, Model model, Score score, const QColor& color, Qt::PenStyle style) {
        ChartLine line{words(name)};
        for (const analysis::ProbedPoint& point : points)
            if (const std::optional<double> share = point.*model.*score)
                line.points.emplace_back(static_cast<double>(point.round.value()), 100 * *share);
        line.color = color;
        line.style = style;
        line.width = 2;
        if (!line.points.empty()) contents.lines.push_back(std::move(line));
    };
    const QColor bad = colors.verdict(model::VerdictClass::malicious);
    add("accuracy, shipped", &analysis::ProbedPoint::shipped, &analysis::ProbeScore::accuracy, colors.ink,
        Qt::SolidLine);
    add("accuracy, replayed", &analysis::ProbedPoint::corrected, &analysis::ProbeScore::accuracy, colors.ink,
        Qt::DashLine);
    add("attack success, shipped", &analysis::ProbedPoint::shipped, &analysis::ProbeScore::attack_success, bad,
        Qt::SolidLine);
    add("attack success, replayed", &analysis::ProbedPoint::corrected, &analysis::ProbeScore::attack_success, bad,
        Qt::DashLine);
    contents.x = {words("Checkpoint of round"), {}, {}, {}, true};
    contents.y = {words("Share"), QStringLiteral("%"), 0.0, 100.0};
    return contents;
}

}  // namespace fedsleuth::ui
