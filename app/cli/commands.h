// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/cli/command.h"

namespace fedsleuth::cli {

// Each adds its command to the program; one file a command.

void add_ingest(CLI::App& program, Chosen& chosen);
void add_analyse(CLI::App& program, Chosen& chosen);
void add_verdicts(CLI::App& program, Chosen& chosen);
void add_rounds(CLI::App& program, Chosen& chosen);
void add_clients(CLI::App& program, Chosen& chosen);
void add_findings(CLI::App& program, Chosen& chosen);
void add_privacy(CLI::App& program, Chosen& chosen);
void add_policy(CLI::App& program, Chosen& chosen);
void add_rollback(CLI::App& program, Chosen& chosen);
void add_replay(CLI::App& program, Chosen& chosen);
void add_report(CLI::App& program, Chosen& chosen);
void add_metrics(CLI::App& program, Chosen& chosen);
void add_custody(CLI::App& program, Chosen& chosen);
void add_verify(CLI::App& program, Chosen& chosen);
void add_seal(CLI::App& program, Chosen& chosen);
void add_aggregate(CLI::App& program, Chosen& chosen);
void add_whatif(CLI::App& program, Chosen& chosen);
void add_decide(CLI::App& program, Chosen& chosen);
void add_simulate(CLI::App& program, Chosen& chosen);
void add_score(CLI::App& program, Chosen& chosen);
void add_compute(CLI::App& program, Chosen& chosen);

}  // namespace fedsleuth::cli
