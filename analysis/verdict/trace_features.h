// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/verdict/probe_series.h"

#include <string>
#include <vector>

namespace fedsleuth::analysis {

/// Of what misclassified inputs say of each client (ProbeFeatures::trace).
[[nodiscard]] const std::vector<std::string>& trace_feature_names();

/// n × trace_feature_names().size(); the rounds must have been traced.
[[nodiscard]] std::vector<std::vector<double>> trace_features(const ProbeSeries& series);

/// [client][its rounds]: robust z of the rise beyond its control.
[[nodiscard]] ProbeNumbers trace_z(const ProbeSeries& series);

}  // namespace fedsleuth::analysis
