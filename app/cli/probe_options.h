// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/probe/curve.h"
#include "model/result.h"

#include <CLI/App.hpp>

#include <string>

namespace fedsleuth::cli {

/// The files that an analyst brings along; empty: none.
struct ProbeOptions {
    std::string probe;
    std::string misclassified;
};

/// --probe and --misclassified.
void add_probes(CLI::App& command, ProbeOptions& options);

/// Errors: those of storage::read_probe_set.
[[nodiscard]] model::Result<analysis::Probes> read_probes(const ProbeOptions& options);

}  // namespace fedsleuth::cli
