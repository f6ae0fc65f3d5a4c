// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/report/report.h"
#include "model/result.h"

#include <string>

namespace fedsleuth::cli {

/// Has the desktop program print the case's report as PDF: this program knows no Qt. It is looked for beside this one,
/// and runs without a display. Errors: not_found where it is not there; io with what it said.
[[nodiscard]] model::Result<void> print_pdf(const std::string& case_path, const std::string& out,
                                            const analysis::ReportOptions& options);

}  // namespace fedsleuth::cli
