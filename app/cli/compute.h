// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/cli/command.h"

namespace fedsleuth::cli {

// The commands under `compute`.

void add_compute_aggregate(CLI::App& compute, Chosen& chosen);
void add_compute_cluster(CLI::App& compute, Chosen& chosen);
void add_compute_epsilon(CLI::App& compute, Chosen& chosen);
void add_compute_noise(CLI::App& compute, Chosen& chosen);
void add_compute_delta(CLI::App& compute, Chosen& chosen);
void add_compute_gram(CLI::App& compute, Chosen& chosen);

}  // namespace fedsleuth::cli
