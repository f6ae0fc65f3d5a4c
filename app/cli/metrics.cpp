// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/report/prometheus.h"

#include "app/cli/case_access.h"
#include "app/cli/commands.h"

#include <iostream>

namespace fedsleuth::cli {

namespace {

struct MetricsCommand {
    std::string case_path;
};

model::Result<Exit> run_metrics(const MetricsCommand& options, const Terminal&)
{
    FEDSLEUTH_TRY(const std::unique_ptr<storage::CaseFile> store, open_case(options.case_path));
    model::Progress progress;
    FEDSLEUTH_TRY(const analysis::ReportData data, analysis::read_report_data(*store, *store, false, progress));
    std::cout << analysis::prometheus_text(data);
    std::cout.flush();
    if (!std::cout) return model::fail(model::ErrorCode::io, "standard output can't be written");
    return Exit::ok;
}

}  // namespace

void add_metrics(CLI::App& program, Chosen& chosen)
{
    CLI::App* command = add_command<MetricsCommand>(
        program, chosen, "metrics", "the case as Prometheus text, for a textfile collector",
        [](CLI::App& app, MetricsCommand& options) {
            app.add_option("--case", options.case_path, "the case file (.fedcase)")->required()->option_text("FILE");
        },
        run_metrics);
    command->footer(help_footer(
        "  fedsleuth-cli metrics --case run-042.fedcase > fedsleuth.prom\n"
        "\nThe names are those that operators of federations use: fl_round_total, fl_client_updates_accepted_total,\n"
        "fl_gradient_anomaly_detected_total, fl_byzantine_client_excluded_total, fl_model_accuracy,\n"
        "fl_client_epsilon_spent, fl_model_signature_verification_failure_total, "
        "fl_privacy_budget_exhausted_total.\n"));
}

}  // namespace fedsleuth::cli
