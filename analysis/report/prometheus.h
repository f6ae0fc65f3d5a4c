// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/report/report_data.h"

#include <string>

namespace fedsleuth::analysis {

/// The case in the telemetry names of operators, as Prometheus' text format 0.0.4 (for a textfile collector). Label
/// values are evidence: backslash, quote and line feed are escaped, what is no UTF-8 is replaced. Series come in the
/// order of client and round; the same case gives the same bytes.
[[nodiscard]] std::string prometheus_text(const ReportData& data);

}  // namespace fedsleuth::analysis
