// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rules/trimmed_mean.h"

#include "analysis/kernels/order_statistics.h"

namespace fedsleuth::analysis {
namespace {

/// Values to drop on each side, before it is asked whether any remain. `settings` completed: `count` goes before
/// `fraction`, and int(fraction · n) truncates the floating product, as Flower does (0.29 of 100 are 28).
std::size_t asked_cut(std::size_t n, const RuleSettings& settings)
{
    if (const auto count = settings.values.find("count"); count != settings.values.end())
        return static_cast<std::size_t>(count->second);
    return static_cast<std::size_t>(settings.values.at("fraction") * static_cast<double>(n));
}

template <class Real>
model::Result<void> apply_trimmed_mean(const RuleInfo& info, std::span<const Real* const> rows, std::int64_t count,
                                       const RuleSettings& settings, double* out)
{
    FEDSLEUTH_TRY(const RuleSettings completed, complete(info, settings));
    if (rows.empty())
        return model::fail(model::ErrorCode::not_applicable, "There is no update to average", std::string(info.name));
    const std::size_t cut = asked_cut(rows.size(), completed);
    column_trimmed_mean(rows, count, 2 * cut < rows.size() ? cut : 0, out);
    return {};
}

}  // namespace

const RuleInfo& TrimmedMean::info() const
{
    static const RuleInfo info{
        .name = "trimmed-mean",
        .title = "Trimmed mean",
        .meaning =
            "Coordinate by coordinate the mean without the lowest and the highest values; numbers of examples do not "
            "count. Where nothing would remain, the plain mean.",
        .paper =
            "Yin, Chen, Ramchandran, Bartlett, Byzantine-Robust Distributed Learning: Towards Optimal Statistical "
            "Rates, "
            "ICML 2018, section 4, option II",
        .breakdown = "as many malicious clients as values are dropped on a side",
        .parameters = {{.name = "count",
                        .meaning = "Values to drop on each side. Where it is not given, `fraction` decides",
                        .minimum = 0,
                        .maximum = 1e6,
                        .standard = std::nullopt,
                        .integer = true},
                       {.name = "fraction",
                        .meaning = "Share of the clients to drop on each side, rounded down",
                        .minimum = 0,
                        .maximum = 0.5,
                        .standard = 0.2,
                        .integer = false}},
        .variants = {"paper"},
        .by_weights = false,
    };
    return info;
}

model::Result<void> TrimmedMean::apply(std::span<const float* const> rows, std::int64_t count,
                                       const RuleSettings& settings, double* out) const
{
    return apply_trimmed_mean(info(), rows, count, settings, out);
}

model::Result<void> TrimmedMean::apply(std::span<const double* const> rows, std::int64_t count,
                                       const RuleSettings& settings, double* out) const
{
    return apply_trimmed_mean(info(), rows, count, settings, out);
}

std::vector<std::string> TrimmedMean::notes(std::size_t n, const RuleSettings& settings) const
{
    const auto completed = complete(info(), settings);
    if (!completed) return {};
    const std::size_t cut = asked_cut(n, *completed);
    if (2 * cut < n)
        return {"Drops " + std::to_string(cut) + (cut == 1 ? " value" : " values") + " on each side, of " +
                std::to_string(n) + "."};
    return {"Dropping " + std::to_string(cut) + " of " + std::to_string(n) +
            " values on each side would leave nothing: this is the plain mean."};
}

}  // namespace fedsleuth::analysis
