// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/report/report.h"

#include "analysis/report/report_parts.h"
#include "model/text.h"

namespace fedsleuth::analysis {

Report make_report(const ReportData& original, const ReportOptions& options)
{
    std::optional<ReportData> renamed;
    if (options.pseudonyms) renamed = pseudonymous(original);
    const ReportData& data = renamed ? *renamed : original;
    Report report;
    report.title = data.federation.name.empty() ? std::string("Report on a federation")
                                                : "Report on " + model::visible(data.federation.name);
    report.headline = report_headline(data);
    report.made_at = options.made_at;
    report.version = FEDSLEUTH_VERSION;
    report.sections = {summary_section(data),   conclusions_section(data),    clients_section(data),
                       rollback_section(data),  findings_section(data),       privacy_section(data),
                       unchecked_section(data), record_section(data, options)};
    report.json = report_json(data, report, options);
    return report;
}

}  // namespace fedsleuth::analysis
