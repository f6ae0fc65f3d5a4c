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
    ChartLine frozen{words("updates as they were sent")};
    ChartLine corrected{words("honest clients answer the other model (L-BFGS)")};
    ChartLine bound{words("estimated bound")};
    double most = 0;
    for (const analysis::CounterfactualPoint& point : curve.points) {
        const auto x = static_cast<double>(point.round.value());
        frozen.points.emplace_back(x, 100 * analysis::influence(point, point.frozen));
        corrected.points.emplace_back(x, 100 * analysis::influence(point, point.corrected));
        bound.points.emplace_back(x, 100 * analysis::influence(point, point.bound));
        most = std::max({most, frozen.points.back().y(), corrected.points.back().y()});
    }
    for (QPointF& point : bound.points) point.setY(std::min(point.y(), 1.5 * most + 1));
    frozen.color = colors.verdict(model::VerdictClass::malicious);
    frozen.width = 2;
    corrected.color = colors.ink;
    corrected.style = Qt::DashLine;
    bound.color = colors.quiet;
    bound.style = Qt::DotLine;
    ChartContents contents;
    contents.x = {words("Checkpoint of round"), {}, {}, {}, true};
    contents.y = {words("Moved by, of the way of training"), QStringLiteral("%"), 0.0, {}};
    contents.lines = {std::move(frozen), std::move(corrected), std::move(bound)};
    if (selected) contents.caret_x = static_cast<double>(selected->value());
    return contents;
}

}  // namespace fedsleuth::ui
