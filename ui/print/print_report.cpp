// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/print/print_report.h"

#include "storage/case/case_file.h"
#include "ui/print/report_pdf.h"

#include <cstdio>

namespace fedsleuth::ui {

namespace {

model::Result<void> print(const PrintOptions& options)
{
    FEDSLEUTH_TRY(const std::unique_ptr<storage::CaseFile> store,
                  storage::CaseFile::open(options.case_path.toStdString(), storage::CaseFile::Mode::read_only));
    model::Progress progress;
    FEDSLEUTH_TRY(const analysis::ReportData data, analysis::read_report_data(*store, *store, true, progress));
    const analysis::Report report = analysis::make_report(data, {options.pseudonyms, options.made_at.toStdString()});
    return write_report_pdf(report, options.out);
}

}  // namespace

int print_report(const PrintOptions& options)
{
    const model::Result<void> printed = print(options);
    if (!printed) std::fprintf(stderr, "fedsleuth: %s\n", printed.error().text().c_str());
    return printed ? 0 : 1;
}

}  // namespace fedsleuth::ui
