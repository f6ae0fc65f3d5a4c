// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/probe_options.h"

#include "storage/evidence/probe_file.h"

namespace fedsleuth::cli {

void add_probes(CLI::App& command, ProbeOptions& options)
{
    command.add_option("--probe", options.probe, "clean inputs with their labels that you trust (about 100 do)")
        ->option_text("FILE.npz");
    command
        .add_option("--misclassified", options.misclassified,
                    "inputs that a shipped model answered wrongly, with those answers as labels (without: the last "
                    "checkpoint's answers)")
        ->option_text("FILE.npz");
}

model::Result<analysis::Probes> read_probes(const ProbeOptions& options)
{
    analysis::Probes probes;
    if (!options.probe.empty()) {
        FEDSLEUTH_TRY(probes.probe, storage::read_probe_set(options.probe, storage::ProbeLabels::required));
    }
    if (!options.misclassified.empty()) {
        FEDSLEUTH_TRY(probes.misclassified,
                      storage::read_probe_set(options.misclassified, storage::ProbeLabels::optional));
    }
    return probes;
}

}  // namespace fedsleuth::cli
