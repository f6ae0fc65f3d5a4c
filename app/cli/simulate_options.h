// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/lab/options.h"
#include "app/cli/command.h"
#include "app/cli/rule_options.h"

#include <cstdint>
#include <string>
#include <vector>

namespace fedsleuth::cli {

/// The options of `simulate` as they were typed.
struct SimulateCommand {
    std::vector<std::string> attacks;  ///< NAME[:variant][,parameter=value…]; none: nobody attacks
    std::string attackers;             ///< of attacks that name none: a number, or a share below 1
    std::int64_t onset = 0;            ///< 0: after a third of the rounds
    std::string schedule;
    std::int64_t period = 5;
    RuleOptions rule{.rule = "fedavg"};
    std::string data = "digits";
    std::string images;  ///< IDX files in place of data
    std::string labels;
    std::string network = "mlp";
    std::string partition = "iid";
    bool equal_weights = false;
    double noise_multiplier = -1;  ///< below 0: no privacy mechanism
    double clip = 1;
    double delta = 1e-5;
    double epsilon_budget = 0;
    bool sign = false;
    std::string snapshots = "npz";
    std::string out;
    bool list = false;
    Format format = Format::table;
    analysis::lab::LabOptions lab;  ///< what is typed as it is: numbers and names
};

void add_simulate_options(CLI::App& app, SimulateCommand& options);

/// The federation that is asked for. Errors: invalid_argument with the option in `where`; not_found and io for IDX
/// files.
[[nodiscard]] model::Result<analysis::lab::LabOptions> lab_options(const SimulateCommand& options);

/// Attacks with parameters and variants, for --help.
[[nodiscard]] std::string attacks_help();
/// Attacks, rules, data, models and partitions, for programs.
[[nodiscard]] model::JsonWriter simulate_list();

}  // namespace fedsleuth::cli
