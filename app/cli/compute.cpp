// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/compute.h"

#include "app/cli/commands.h"

namespace fedsleuth::cli {

void add_compute(CLI::App& program, Chosen& chosen)
{
    CLI::App* compute = program.add_subcommand(
        "compute", "the bare mathematics, on .npy files and numbers: aggregate, cluster, gram; epsilon, noise, delta");
    compute->require_subcommand(1);
    compute->footer(help_footer(
        "  fedsleuth-cli compute aggregate --rule krum --set f=2 --in X.npy --out y.npy\n"
        "  fedsleuth-cli compute cluster --in X.npy --metric cosine --min-cluster-size 5 --format json\n"
        "  fedsleuth-cli compute epsilon --noise-multiplier 1.1 --sampling-rate 0.01 --steps 1000 --delta 1e-5\n"
        "  fedsleuth-cli compute gram --in X.npy --out G.npy\n"
        "\nX.npy: n rows by d columns, float64 (or float32, float16, integers). All is computed in float64.\n"));
    add_compute_aggregate(*compute, chosen);
    add_compute_cluster(*compute, chosen);
    add_compute_epsilon(*compute, chosen);
    add_compute_noise(*compute, chosen);
    add_compute_delta(*compute, chosen);
    add_compute_gram(*compute, chosen);
}

}  // namespace fedsleuth::cli
