// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluation/chain.h"

#include "analysis/kernels/parallel.h"

#include <functional>
#include <map>
#include <span>

namespace fedsleuth::evaluation {

using analysis::hardware_threads;
using analysis::parallel_for;

namespace {

constexpr std::size_t folds = 4;

std::size_t fold_of(const Lesson& lesson) { return lesson.cell / 5 % folds; }

using Rows = std::vector<std::vector<double>>;

/// Rows of a further look for all lessons, in their order.
Rows further_rows(const std::vector<Lesson>& lessons, const std::vector<analysis::Surroundings>& surroundings,
                  const std::vector<double>& suspicions)
{
    std::vector<std::size_t> first_of(surroundings.size() + 1, lessons.size());
    for (std::size_t idx = lessons.size(); idx-- > 0;) first_of[lessons[idx].cell] = idx;
    for (std::size_t cell = surroundings.size(); cell-- > 0;)  // a federation without clients
        if (first_of[cell] == lessons.size()) first_of[cell] = first_of[cell + 1];
    Rows rows(lessons.size());
    parallel_for(surroundings.size(), hardware_threads(), [&](std::size_t cell) {
        const std::vector<double> own(suspicions.begin() + static_cast<std::ptrdiff_t>(first_of[cell]),
                                      suspicions.begin() + static_cast<std::ptrdiff_t>(first_of[cell + 1]));
        std::size_t idx = first_of[cell];
        for (auto& row : analysis::further_look(surroundings[cell], own)) rows[idx++] = std::move(row);
    });
    return rows;
}

/// Federations weigh alike, whatever their size.
Table table_of(const std::vector<Lesson>& lessons, const std::function<const std::vector<double>&(std::size_t)>& row,
               const std::function<bool(const Lesson&)>& keep)
{
    std::map<std::size_t, std::size_t> size;
    for (const Lesson& lesson : lessons)
        if (keep(lesson)) ++size[lesson.cell];
    Table table;
    for (std::size_t idx = 0; idx < lessons.size(); ++idx) {
        if (!keep(lessons[idx])) continue;
        table.features = row(idx).size();
        for (const double value : row(idx)) table.values.push_back(static_cast<float>(value));
        table.label.push_back(lessons[idx].malicious ? 1.0F : 0.0F);
        table.weight.push_back(20.0F / static_cast<float>(size[lessons[idx].cell]));
        table.group.push_back(lessons[idx].cell);
    }
    return table;
}

/// The forest of one fold has not seen that fold; the one of `folds` has seen all.
std::vector<TrainedForest> learn(const std::vector<Lesson>& lessons,
                                 const std::function<const std::vector<double>&(std::size_t)>& row,
                                 const BoostingOptions& options)
{
    std::vector<TrainedForest> forests(folds + 1);
    parallel_for(folds + 1, hardware_threads(), [&](std::size_t fold) {
        BoostingOptions own = options;
        own.seed = fold + 1;
        forests[fold] = boost(
            table_of(lessons, row, [&](const Lesson& lesson) { return lesson.used && fold_of(lesson) != fold; }), own);
    });
    return forests;
}

}  // namespace

Chain learn_chain(const std::vector<Lesson>& lessons, const std::vector<analysis::Surroundings>& surroundings,
                  const BoostingOptions& first, const BoostingOptions& further, std::size_t looks)
{
    Chain chain;
    const auto own_row = [&](std::size_t idx) -> const std::vector<double>& { return *lessons[idx].row; };
    std::vector<TrainedForest> forests = learn(lessons, own_row, first);
    for (const Lesson& lesson : lessons)
        chain.unseen.push_back(analysis::margin(forests[fold_of(lesson)].view(), *lesson.row));
    chain.first = std::move(forests.back());
    for (std::size_t look = 0; look < looks; ++look) {
        const Rows rows = further_rows(lessons, surroundings, chain.unseen);
        forests = learn(
            lessons, [&](std::size_t idx) -> const std::vector<double>& { return rows[idx]; }, further);
        for (std::size_t idx = 0; idx < rows.size(); ++idx)
            chain.unseen[idx] = analysis::margin(forests[fold_of(lessons[idx])].view(), rows[idx]);
        chain.looks.push_back(std::move(forests.back()));
    }
    return chain;
}

std::vector<double> chain_log_odds(const std::vector<Lesson>& lessons,
                                   const std::vector<analysis::Surroundings>& surroundings, const TrainedForest& first,
                                   const std::vector<TrainedForest>& looks)
{
    std::vector<double> log_odds;
    for (const Lesson& lesson : lessons) log_odds.push_back(analysis::margin(first.view(), *lesson.row));
    for (const TrainedForest& look : looks) {
        const Rows rows = further_rows(lessons, surroundings, log_odds);
        for (std::size_t idx = 0; idx < rows.size(); ++idx) log_odds[idx] = analysis::margin(look.view(), rows[idx]);
    }
    return log_odds;
}

}  // namespace fedsleuth::evaluation
