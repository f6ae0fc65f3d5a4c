// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rollback/step_check.h"

#include "analysis/rules/round_inputs.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>

namespace fedsleuth::analysis {

using model::Result;
using model::RoundNo;
using model::VectorRef;

namespace {

// They draw coordinates or noise; the log does not say from which seed.
constexpr std::array<std::string_view, 3> drawing{"dnc", "signguard", "flame"};

double declared_momentum(const model::Federation& federation)
{
    const auto& parameters = federation.aggregation.parameters;
    const auto found = parameters.find("server_momentum");
    return found == parameters.end() ? 0.0 : found->second;
}

std::vector<std::size_t> everybody(const RoundCast& cast)
{
    std::vector<std::size_t> members(cast.size());
    std::iota(members.begin(), members.end(), std::size_t{0});
    return members;
}

/// The smallest residual over the readings of the declared rule; nothing where none could be run.
Result<std::optional<double>> redo(const model::Federation& federation, const RoundCast& cast, double momentum,
                                   model::CaseStore& store, model::UpdateSource& source, model::Progress& progress)
{
    const auto declared = declared_rule(federation);
    if (!declared || !cast.complete || cast.size() == 0) return std::optional<double>();
    const WeightRule* by_weights = find_weight_rule(declared->name);
    const RuleInfo& info = by_weights != nullptr ? by_weights->info() : find_column_rule(declared->name)->info();
    std::vector<std::string> variants(info.variants.begin(), info.variants.end());
    if (variants.empty()) variants.emplace_back("paper");
    std::optional<double> best;
    for (const std::string& variant : variants) {
        ChosenRule rule = *declared;
        rule.settings.variant = variant;
        auto made = RoundRule::make(federation, rule, cast, everybody(cast), store, source, progress);
        if (!made && made.error().code == model::ErrorCode::cancelled) return model::pass_on(std::move(made.error()));
        if (!made) continue;  // too few updates, or this reading takes other parameters
        FEDSLEUTH_TRY(const double residual, step_residual(*made, cast, momentum, source, progress));
        if (!best || residual < *best) best = residual;
        if (*best <= tolerated_residual) break;
    }
    const bool draws = std::find(drawing.begin(), drawing.end(), declared->name) != drawing.end();
    if (draws && best && *best > tolerated_residual) return std::optional<double>();
    return best;
}

}  // namespace

Result<double> step_residual(const RoundRule& rule, const RoundCast& cast, double momentum, model::UpdateSource& source,
                             model::Progress& progress)
{
    FEDSLEUTH_TRY(const std::int64_t d, source.coordinates());
    const bool previous = momentum != 0 || rule.uses_previous();
    std::vector<VectorRef> rows = cast.rows;
    rows.push_back({VectorRef::Kind::global_step, cast.round, {}});
    if (previous) rows.push_back({VectorRef::Kind::global_step, cast.round.before(), {}});
    double left = 0, whole = 0;
    std::vector<double> step, before;
    FEDSLEUTH_CHECK(for_each_slab(source, rows, d, "Redoing the shipped steps", progress,
                                  [&](const float* values, std::int64_t, std::int64_t count) -> Result<void> {
                                      const auto size = static_cast<std::size_t>(count);
                                      const float* shipped = values + static_cast<std::int64_t>(cast.size()) * count;
                                      step.resize(size);
                                      before.assign(size, 0.0);
                                      if (previous) std::copy_n(shipped + count, size, before.begin());
                                      FEDSLEUTH_CHECK(
                                          rule.apply(values, count, previous ? before.data() : nullptr, step.data()));
                                      for (std::size_t coord_idx = 0; coord_idx < size; ++coord_idx) {
                                          const double own = shipped[coord_idx];
                                          const double off = own - step[coord_idx] - momentum * before[coord_idx];
                                          left += off * off;
                                          whole += own * own;
                                      }
                                      return {};
                                  }));
    return whole > 0 ? std::sqrt(left / whole) : 0;
}

Result<void> check_steps(model::CaseStore& store, model::UpdateSource& source, const model::Federation& federation,
                         const std::vector<model::Update>& updates, std::vector<ServerStep>& steps,
                         model::Progress& progress)
{
    const double momentum = declared_momentum(federation);
    if (federation.secure_aggregation || (federation.aggregation.rule == "fedavg" && momentum == 0)) return {};
    std::map<RoundNo, std::vector<const model::Update*>> by_round;
    for (const model::Update& update : updates) by_round[update.round].push_back(&update);
    double last = 0;  // |s_{t−1}|; the first step has none before it
    std::optional<RoundNo> last_round;
    for (ServerStep& step : steps) {
        const bool follows = last_round == step.round.before() && last > 0;
        last_round = step.round;
        last = step.shipped;
        if (step.residual && (momentum == 0 || !follows)) continue;
        if (!(step.shipped > 0)) continue;
        const RoundCast cast = round_cast(federation, step.round, by_round[step.round]);
        auto residual = redo(federation, cast, follows ? momentum : 0, store, source, progress);
        // What the rule needs may not be there (a checkpoint, a reference): that round is not checked.
        if (!residual && residual.error().code == model::ErrorCode::cancelled)
            return model::pass_on(std::move(residual.error()));
        if (residual) step.residual = *residual;
    }
    return {};
}

}  // namespace fedsleuth::analysis
