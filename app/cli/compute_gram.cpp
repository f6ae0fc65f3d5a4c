// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/compute.h"
#include "app/cli/matrix.h"
#include "storage/export/npy_writer.h"

#include <algorithm>

namespace fedsleuth::cli {

namespace {

struct ComputeGramCommand {
    std::string in;
    std::string out;
    Format format = Format::table;
};

/// n × n, row-major: the products of rows in float64. Coordinates are taken in chunks that stay in the cache, and
/// each chunk is summed on its own before it is added, which keeps the rounding error small.
std::vector<double> gram_of(const Matrix& matrix)
{
    constexpr std::size_t chunk = 4096;
    std::vector<double> gram(matrix.rows * matrix.rows, 0.0);
    for (std::size_t first = 0; first < matrix.columns; first += chunk) {
        const std::size_t end = std::min(first + chunk, matrix.columns);
        for (std::size_t i = 0; i < matrix.rows; ++i) {
            const double* const a = &matrix.values[i * matrix.columns];
            for (std::size_t j = i; j < matrix.rows; ++j) {
                const double* const b = &matrix.values[j * matrix.columns];
                double sum = 0;
                for (std::size_t coord_idx = first; coord_idx < end; ++coord_idx) sum += a[coord_idx] * b[coord_idx];
                gram[i * matrix.rows + j] += sum;
            }
        }
    }
    for (std::size_t i = 0; i < matrix.rows; ++i)
        for (std::size_t j = 0; j < i; ++j) gram[i * matrix.rows + j] = gram[j * matrix.rows + i];
    return gram;
}

model::Result<Exit> run_compute_gram(const ComputeGramCommand& options, const Terminal& terminal)
{
    FEDSLEUTH_TRY(const Matrix matrix, read_matrix(options.in));
    const auto n = static_cast<std::int64_t>(matrix.rows);
    FEDSLEUTH_CHECK(storage::write_npy(options.out, {n, n}, gram_of(matrix), {.overwrite = true}));
    model::JsonWriter json;
    json.begin_object().field("rows", n).field("columns", static_cast<std::int64_t>(matrix.columns));
    json.field("out", options.out).end_object();
    Table table({{"rows", "rows", true}, {"columns", "columns", true}, {"out", "written to"}});
    table.add({count_cell(n), count_cell(static_cast<std::int64_t>(matrix.columns)), text_cell(options.out)});
    FEDSLEUTH_CHECK(print(terminal, options.format, table, json));
    return Exit::ok;
}

}  // namespace

void add_compute_gram(CLI::App& compute, Chosen& chosen)
{
    CLI::App* command = add_command<ComputeGramCommand>(
        compute, chosen, "gram", "the inner products of all pairs of rows",
        [](CLI::App& app, ComputeGramCommand& options) {
            app.add_option("--in", options.in, "n rows by d columns")->required()->option_text("X.npy");
            app.add_option("--out", options.out, "where the n by n float64 go")->required()->option_text("G.npy");
            add_format(app, options.format);
        },
        run_compute_gram);
    command->footer(help_footer("  fedsleuth-cli compute gram --in X.npy --out G.npy\n"));
}

}  // namespace fedsleuth::cli
