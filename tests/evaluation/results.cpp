// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluation/measure.h"

#include <cstdio>
#include <map>
#include <sstream>

namespace fedsleuth::evaluation {

namespace {

std::string decimal(double value)
{
    if (value < 0) return "–";
    char text[32];
    std::snprintf(text, sizeof text, "%.3f", value);
    return text;
}

/// "12.5 ± 0.4 %": a share and its standard error.
std::string with_error(double share, double error)
{
    char text[32];
    std::snprintf(text, sizeof text, "%.1f ± %.1f %%", 100 * share, 100 * error);
    return share < 0 ? "–" : text;
}

void targets(std::ostringstream& out, const Measured& measured)
{
    const Rates quiet = rates(measured, [](const Cell& cell) { return cell.attack.empty(); });
    const Rates overt = rates(
        measured, [](const Cell& cell) { return cell.overt && cell.options.clients >= 20 && cell.fraction <= 0.31; });
    const Rates milder = rates(measured, [](const Cell& cell) {
        return cell.overt && cell.options.clients >= 20 && cell.fraction <= 0.31 && cell.skew < 2;
    });
    const Rates hard = rates(measured, [](const Cell& cell) { return cell.hard; });
    const Rates many = rates(measured, [](const Cell& cell) { return cell.fraction > 0.35; });
    const std::vector<std::int64_t> onsets = onset_errors(measured);
    std::size_t near = 0;
    for (const std::int64_t error : onsets) near += error <= 4;
    out << "| | target | measured |\n| --- | --- | --- |\n";
    out << "| clean and noisy-honest runs: clients called malicious | ≤ 0.5 % | " << percent(quiet.accused) << " |\n";
    out << "| … runs in which anybody is called so (or suspect) | ≤ 10 % | " << percent(quiet.runs_accused) << " ("
        << percent(quiet.runs_suspected) << ") |\n";
    out << "| overt and colluding attacks, at most 30 %, n ≥ 20 | TPR ≥ 97 % at FPR ≤ 1 % | "
        << with_error(overt.found, overt.found_error) << " at " << percent(overt.accused)
        << "; suspects counted: " << with_error(overt.suspected, overt.suspected_error) << " at "
        << percent(overt.honest_suspected) << " (IID or Dirichlet ≥ 0.5: " << percent(milder.found) << " at "
        << percent(milder.accused) << ") |\n";
    out << "| hard set, without side input | AUROC ≥ 0.90, FPR ≤ 1 % | " << decimal(hard.area) << ", "
        << percent(hard.accused) << " |\n";
    out << "| 40 % malicious | AUROC ≥ 0.93, FPR ≤ 3 % | " << decimal(many.area) << ", " << percent(many.accused)
        << " |\n";
    out << "| expected calibration error | ≤ 0.05 | " << decimal(calibration_error(measured)) << " |\n";
    out << "| false discoveries among those called malicious | ≤ 7 % | "
        << percent(false_discovery_rate(measured, model::VerdictClass::malicious)) << " |\n";
    if (!onsets.empty())
        out << "| onset: median error; within 4 rounds | ≤ 1; 90 % | " << onsets[onsets.size() / 2] << "; "
            << percent(static_cast<double>(near) / static_cast<double>(onsets.size())) << " |\n";
    out << "| family right, of the attackers found (attack by name) | ≥ 95 % | " << percent(family_share(measured))
        << " (" << percent(name_share(measured)) << ") |\n";
}

void line(std::ostringstream& out, const std::string& name, const Rates& of)
{
    out << "| " << name << " | " << of.federations << " | " << of.malicious << " | " << decimal(of.area) << " | "
        << percent(of.found) << " | " << percent(of.suspected) << " | " << percent(of.accused) << " | "
        << percent(of.honest_suspected) << " |\n";
}

}  // namespace

std::string results(const Measured& measured, const std::string& recipe)
{
    std::ostringstream out;
    out << "# What the verdicts are worth\n\nWritten by `./dev evaluate`: " << recipe << ".\n"
        << "No federation of this table was seen in training; DBA, Neurotoxin, PoisonedFL and Min-Sum never were.\n"
        << "Everything is measured at the program's default thresholds; the grid (tests/evaluation/grid.cpp) is a "
           "random\n"
           "design: sizes from 6 to 40 clients, IID to two classes a client, partial participation, dropouts, "
           "stragglers,\n"
           "noisy honest clients, six rules, attacks from the first round or later, on and off. ± is the standard "
           "error of\nsampling federations.\n\n";
    targets(out, measured);
    out << "\n| | federations | attackers | AUROC | called malicious | … or suspect | honest called malicious | … or "
           "suspect |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n";
    using Keep = std::function<bool(const Cell&)>;
    const std::vector<std::pair<std::string, Keep>> groups{
        {"all under attack", [](const Cell& cell) { return !cell.attack.empty(); }},
        {"nobody attacks", [](const Cell& cell) { return cell.attack.empty(); }},
        {"… with noisy honest clients",
         [](const Cell& cell) { return cell.attack.empty() && cell.options.noisy_clients > 0; }},
        {"attack held out of training", [](const Cell& cell) { return cell.held_out; }},
        {"fewer than 12 clients", [](const Cell& cell) { return !cell.attack.empty() && cell.options.clients < 12; }},
        {"IID", [](const Cell& cell) { return !cell.attack.empty() && cell.skew < 1; }},
        {"Dirichlet 0.5 and 1", [](const Cell& cell) { return !cell.attack.empty() && cell.skew == 1; }},
        {"Dirichlet below 0.5, few classes", [](const Cell& cell) { return !cell.attack.empty() && cell.skew > 1; }},
        {"partial participation",
         [](const Cell& cell) { return !cell.attack.empty() && cell.options.participation < 1; }},
        {"on and off",
         [](const Cell& cell) {
             return !cell.attack.empty() &&
                    cell.options.attacks[0].schedule.kind == analysis::lab::Schedule::Kind::on_off;
         }},
    };
    for (const auto& [name, keep] : groups) line(out, name, rates(measured, keep));
    std::map<std::string, bool> attacks;
    for (const Cell& cell : measured.cells)
        if (!cell.attack.empty()) attacks[cell.attack] = cell.held_out;
    for (const auto& [attack, held_out] : attacks)
        line(out, attack + (held_out ? " (held out)" : ""),
             rates(measured, [&](const Cell& cell) { return cell.attack == attack; }));
    return out.str();
}

}  // namespace fedsleuth::evaluation
