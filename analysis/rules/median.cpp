// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rules/median.h"

#include "analysis/kernels/order_statistics.h"

namespace fedsleuth::analysis {
namespace {

template <class Real>
model::Result<void> apply_median(const RuleInfo& info, std::span<const Real* const> rows, std::int64_t count,
                                 const RuleSettings& settings, double* out)
{
    FEDSLEUTH_CHECK(complete(info, settings));
    if (rows.empty())
        return model::fail(model::ErrorCode::not_applicable, "There is no update to take a median of",
                           std::string(info.name));
    column_median(rows, count, out);
    return {};
}

}  // namespace

const RuleInfo& Median::info() const
{
    static const RuleInfo info{
        .name = "median",
        .title = "Coordinate median",
        .meaning =
            "The median over clients, coordinate by coordinate; numbers of examples do not count. Attacks that stay "
            "inside the spread of the honest updates shift it, and unlike data bias it.",
        .paper =
            "Yin, Chen, Ramchandran, Bartlett, Byzantine-Robust Distributed Learning: Towards Optimal Statistical "
            "Rates, "
            "ICML 2018, section 4, option I",
        .breakdown = "fewer than half of the clients",
        .parameters = {},
        .variants = {"paper"},
        .by_weights = false,
    };
    return info;
}

model::Result<void> Median::apply(std::span<const float* const> rows, std::int64_t count, const RuleSettings& settings,
                                  double* out) const
{
    return apply_median(info(), rows, count, settings, out);
}

model::Result<void> Median::apply(std::span<const double* const> rows, std::int64_t count, const RuleSettings& settings,
                                  double* out) const
{
    return apply_median(info(), rows, count, settings, out);
}

std::vector<std::string> Median::notes(std::size_t, const RuleSettings&) const { return {}; }

}  // namespace fedsleuth::analysis
