// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/whatif/column_vectors.h"

#include "analysis/kernels/gram.h"
#include "analysis/kernels/parallel.h"
#include "analysis/kernels/row_sums.h"
#include "analysis/rules/round_inputs.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

namespace fedsleuth::analysis {
namespace {

using model::VectorRef;

constexpr std::int64_t run = 4096;  ///< coordinates that a thread takes at a time

/// A rule that applies, and whom it chose.
struct Task {
    const ColumnRule* rule;
    ColumnChoice choice;
    std::size_t vector_idx;
};

/// The products of one run: of each vector with all rows, and with all vectors.
struct RunProducts {
    std::vector<double> with_rows;     ///< tasks × rows
    std::vector<double> with_vectors;  ///< tasks × tasks
    double pair = 0;                   ///< product of the two rows
    model::Result<void> outcome;
};

class Pass {
public:
    /// `pair`: two rows whose product is wanted too.
    Pass(const std::vector<Task>& tasks, std::size_t rows, std::optional<std::pair<std::size_t, std::size_t>> pair)
        : tasks_(tasks),
          rows_(rows),
          pair_(pair),
          with_rows_(tasks.size() * rows),
          with_vectors_(tasks.size() * tasks.size())
    {
    }

    model::Result<void> add(const float* values, std::int64_t count)
    {
        const auto runs = static_cast<std::size_t>((count + run - 1) / run);
        std::vector<RunProducts> workers(std::max(1U, hardware_threads()));
        model::Result<void> outcome;
        parallel_in_order(
            runs, hardware_threads(),
            [&](std::size_t run_idx, std::size_t worker_idx) {
                const std::int64_t first = static_cast<std::int64_t>(run_idx) * run;
                compute(values + first, count, std::min(run, count - first), workers[worker_idx]);
            },
            [&](std::size_t, std::size_t worker_idx) {
                const RunProducts& done = workers[worker_idx];
                if (!done.outcome) outcome = done.outcome;
                pair_product_ += done.pair;
                for (std::size_t k = 0; k < with_rows_.size(); ++k) with_rows_[k] += done.with_rows[k];
                for (std::size_t k = 0; k < with_vectors_.size(); ++k) with_vectors_[k] += done.with_vectors[k];
            });
        return outcome;
    }

    [[nodiscard]] double pair_product() const { return pair_product_; }
    [[nodiscard]] double with_row(std::size_t task_idx, std::size_t row_idx) const
    {
        return with_rows_[task_idx * rows_ + row_idx];
    }
    [[nodiscard]] double with_vector(std::size_t task_idx, std::size_t other_idx) const
    {
        return with_vectors_[task_idx * tasks_.size() + other_idx];
    }

private:
    void compute(const float* values, std::int64_t stride, std::int64_t count, RunProducts& products) const
    {
        const auto size = static_cast<std::size_t>(count);
        products.with_rows.assign(with_rows_.size(), 0.0);
        products.with_vectors.assign(with_vectors_.size(), 0.0);
        products.outcome = {};
        const auto row = [&](std::size_t row_idx) { return values + static_cast<std::int64_t>(row_idx) * stride; };
        products.pair = 0;
        if (pair_) add_products(row(pair_->first), 1, size, row(pair_->second), 1, size, count, &products.pair);
        std::vector<double> vectors(tasks_.size() * size);
        std::vector<const float*> chosen;
        for (std::size_t task_idx = 0; task_idx < tasks_.size(); ++task_idx) {
            const Task& task = tasks_[task_idx];
            chosen.clear();
            for (const std::size_t row_idx : task.choice.rows) chosen.push_back(row(row_idx));
            double* vector = vectors.data() + task_idx * size;
            if (auto applied = task.rule->apply(chosen, count, task.choice.settings, vector); !applied) {
                products.outcome = std::move(applied);
                return;
            }
            for (std::size_t row_idx = 0; row_idx < rows_; ++row_idx)
                products.with_rows[task_idx * rows_ + row_idx] =
                    row_kernels().front().product(row(row_idx), vector, size);
            for (std::size_t other_idx = 0; other_idx <= task_idx; ++other_idx) {
                const double* other = vectors.data() + other_idx * size;
                const double product = std::inner_product(vector, vector + size, other, 0.0);
                products.with_vectors[task_idx * tasks_.size() + other_idx] = product;
                products.with_vectors[other_idx * tasks_.size() + task_idx] = product;
            }
        }
    }

    const std::vector<Task>& tasks_;
    std::size_t rows_;
    std::optional<std::pair<std::size_t, std::size_t>> pair_;
    double pair_product_ = 0;
    std::vector<double> with_rows_;
    std::vector<double> with_vectors_;
};

/// The rules that apply to the round; the others get their refusals.
std::vector<Task> tasks_for(const LedgerRound& who, std::span<const AskedRule> rules, ColumnVectors& result)
{
    std::vector<Task> tasks;
    for (const AskedRule& asked : rules) {
        const ColumnRule* rule = find_column_rule(asked.rule);
        if (rule == nullptr || result.find(asked) != nullptr) continue;
        ColumnVector& vector = result.vectors.emplace_back();
        vector.asked = asked;
        if (!asked.settings.pre.empty()) {
            vector.refusal = "A what-if asks column rules about the updates as they are, without pre-aggregation.";
            continue;
        }
        auto completed = complete(rule->info(), asked.settings);
        if (!completed) {
            vector.refusal = completed.error().message;
            continue;
        }
        auto choice = rule->choose(who.geometry, asked.settings);
        if (!choice) {
            vector.refusal = choice.error().message;
            continue;
        }
        // What apply() refuses (an n too small, say) it refuses of one coordinate too.
        std::vector<float> zeros(1);
        double out = 0;
        const std::vector<const float*> column(choice->rows.size(), zeros.data());
        if (const auto applied = rule->apply(column, 1, choice->settings, &out); !applied) {
            vector.refusal = applied.error().message;
            continue;
        }
        if (rule->chooses()) vector.selected = choice->rows;
        vector.notes = choice->notes;
        for (std::string& note : rule->notes(who.geometry.n, asked.settings)) vector.notes.push_back(std::move(note));
        tasks.push_back({rule, std::move(*choice), result.vectors.size() - 1});
    }
    return tasks;
}

}  // namespace

const ColumnVector* ColumnVectors::find(const AskedRule& asked) const
{
    const auto found = std::find_if(vectors.begin(), vectors.end(),
                                    [&](const ColumnVector& vector) { return same_question(vector.asked, asked); });
    return found == vectors.end() ? nullptr : &*found;
}

model::Result<ColumnVectors> column_vectors(model::UpdateSource& source, const WhatIfRound& round,
                                            std::span<const model::ClientId> exclude, std::span<const AskedRule> rules,
                                            model::Progress& progress)
{
    const model::RoundLedger& ledger = round.ledger();
    const LedgerRound who = round.remaining(exclude);
    const std::size_t n = who.clients.size();
    ColumnVectors result;
    result.clients = who.clients;
    const std::vector<Task> tasks = tasks_for(who, rules, result);

    std::vector<VectorRef> rows;
    if (!tasks.empty())
        for (const model::ClientId& client : who.clients)
            rows.push_back({VectorRef::Kind::update, ledger.round, client});
    std::optional<std::size_t> shipped, previous;
    if (ledger.has_shipped) {
        shipped = rows.size();
        rows.push_back({VectorRef::Kind::global_step, ledger.round, {}});
    }
    if (round.has_previous()) {
        previous = rows.size();
        rows.push_back({VectorRef::Kind::global_step, ledger.round.before(), {}});
    }
    const bool both = shipped && previous;
    if (tasks.empty() && !both) return result;
    Pass pass(tasks, rows.size(), both ? std::optional(std::pair(*shipped, *previous)) : std::nullopt);
    FEDSLEUTH_CHECK(
        for_each_slab(source, rows, ledger.coordinates, "computing medians and their like", progress,
                      [&](const float* values, std::int64_t, std::int64_t count) { return pass.add(values, count); }));

    if (both) result.previous_shipped = pass.pair_product();
    for (std::size_t task_idx = 0; task_idx < tasks.size(); ++task_idx) {
        ColumnVector& vector = result.vectors[tasks[task_idx].vector_idx];
        for (std::size_t client_idx = 0; client_idx < n; ++client_idx)
            vector.products.push_back(pass.with_row(task_idx, client_idx));
        vector.others.assign(result.vectors.size(), 0.0);
        for (std::size_t other_idx = 0; other_idx < tasks.size(); ++other_idx)
            vector.others[tasks[other_idx].vector_idx] = pass.with_vector(task_idx, other_idx);
        if (shipped) vector.shipped = pass.with_row(task_idx, *shipped);
        if (previous) vector.previous = pass.with_row(task_idx, *previous);
    }
    return result;
}

}  // namespace fedsleuth::analysis
