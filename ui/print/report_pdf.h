// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/report/report.h"
#include "model/result.h"

#include <memory>
#include <QString>

class QTextDocument;

namespace fedsleuth::ui {

/// The report as a document of the page's width in pixels: for the preview and for printing. Evidence in it is escaped.
[[nodiscard]] std::unique_ptr<QTextDocument> report_document(const analysis::Report& report, qreal width);

/// Prints the report on A4 with page numbers. The file appears under its name only when it is whole. Error io.
[[nodiscard]] model::Result<void> write_report_pdf(const analysis::Report& report, const QString& path);

}  // namespace fedsleuth::ui
