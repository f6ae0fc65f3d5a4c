// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/kernels/nearest_mean.h"
#include "analysis/rules/parameters.h"
#include "analysis/rules/rules.h"

namespace fedsleuth::analysis {
namespace {

class MeanAroundMedian final : public ColumnRule {
public:
    [[nodiscard]] const RuleInfo& info() const override
    {
        static const RuleInfo info{
            .name = "mean-around-median",
            .title = "Mean around the median",
            .meaning =
                "Coordinate by coordinate the mean of the n − f values nearest to the median; numbers of examples "
                "do not count.",
            .paper = "Xie, Koyejo, Gupta, Generalized Byzantine-tolerant SGD, 2018, section 4.3 (MeaMed)",
            .breakdown = "f malicious clients of n > 2f",
            .parameters = {f_parameter(
                "Malicious clients to assume: values that are left out in each coordinate. Where "
                "it is not given: a fifth of the clients, rounded down")},
            .variants = {"paper", "byzfl"},
            .by_weights = false,
        };
        return info;
    }
    [[nodiscard]] model::Result<void> apply(std::span<const float* const> rows, std::int64_t count,
                                            const RuleSettings& settings, double* out) const override
    {
        return mean(rows, count, settings, out);
    }
    [[nodiscard]] model::Result<void> apply(std::span<const double* const> rows, std::int64_t count,
                                            const RuleSettings& settings, double* out) const override
    {
        return mean(rows, count, settings, out);
    }
    [[nodiscard]] std::vector<std::string> notes(std::size_t n, const RuleSettings& settings) const override
    {
        std::vector<std::string> said;
        if (n > 0) (void)assumed_f(n, (n - 1) / 2, settings, info().name, said);
        return said;
    }

private:
    template <class Real>
    model::Result<void> mean(std::span<const Real* const> rows, std::int64_t count, const RuleSettings& settings,
                             double* out) const
    {
        FEDSLEUTH_TRY(const RuleSettings completed, complete(info(), settings));
        const std::size_t n = rows.size();
        FEDSLEUTH_CHECK(need_updates(n, info().name));
        std::vector<std::string> said;
        FEDSLEUTH_TRY(const std::size_t f, assumed_f(n, (n - 1) / 2, completed, info().name, said));
        column_nearest_mean(rows, count, n - f, out);
        return {};
    }
};

}  // namespace

const ColumnRule& mean_around_median_rule()
{
    static const MeanAroundMedian rule;
    return rule;
}

}  // namespace fedsleuth::analysis
