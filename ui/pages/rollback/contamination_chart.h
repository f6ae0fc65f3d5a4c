// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/rollback/counterfactual.h"
#include "analysis/rollback/replay_probe.h"
#include "ui/plots/line_chart.h"
#include "ui/plots/palette.h"

#include <optional>
#include <vector>

namespace fedsleuth::ui {

/// How far each checkpoint lies from the one that would have been, in per cent of the way of training: frozen,
/// corrected, and a rough estimate from lengths alone (cut off where it leaves the picture).
[[nodiscard]] ChartContents contamination_contents(const analysis::Counterfactual& curve, const Palette& colors,
                                                   std::optional<model::RoundNo> selected);

/// Accuracy and attack success of shipped and replayed models, in percent.
[[nodiscard]] ChartContents probe_contents(const std::vector<analysis::ProbedPoint>& points, const Palette& colors);

}  // namespace fedsleuth::ui
