// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands.h"

int main(int argc, char** argv)
{
    using namespace fedsleuth::cli;
    const Terminal terminal = Terminal::of_this_process();
    Chosen chosen;
    CLI::App program{"Fedsleuth: forensics for federated learning, on the command line.", "fedsleuth-cli"};
    describe_program(program);
    add_ingest(program, chosen);
    add_analyse(program, chosen);
    add_verdicts(program, chosen);
    add_clients(program, chosen);
    add_rounds(program, chosen);
    add_findings(program, chosen);
    add_privacy(program, chosen);
    add_policy(program, chosen);
    add_rollback(program, chosen);
    add_replay(program, chosen);
    add_report(program, chosen);
    add_metrics(program, chosen);
    add_aggregate(program, chosen);
    add_whatif(program, chosen);
    add_decide(program, chosen);
    add_custody(program, chosen);
    add_verify(program, chosen);
    add_seal(program, chosen);
    add_score(program, chosen);
    add_simulate(program, chosen);
    add_compute(program, chosen);
    return static_cast<int>(parse_and_run(program, chosen, terminal, argc, argv));
}
