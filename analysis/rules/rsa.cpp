// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rules/parameters.h"
#include "analysis/rules/rules.h"
#include "model/text.h"

#include <algorithm>

namespace fedsleuth::analysis {
namespace {

class Rsa final : public ColumnRule {
public:
    [[nodiscard]] const RuleInfo& info() const override
    {
        static const RuleInfo info{
            .name = "rsa",
            .title = "RSA's sign step",
            .meaning =
                "What the server's step of RSA would be: step × Σ sign(D_i), coordinate by coordinate. Whatever a "
                "client "
                "sends, it moves no coordinate by more than the step. A what-if: RSA's clients train against their own "
                "copies of the model, and its server adds a gradient of its own.",
            .paper =
                "Li, Xu, Chen, Giannakis, Ling, RSA: Byzantine-Robust Stochastic Aggregation Methods for Distributed "
                "Learning from Heterogeneous Datasets, AAAI 2019, equation 5",
            .breakdown = "fewer than half of the clients in each coordinate; each moves it by at most the step",
            .parameters = {{.name = "step",
                            .meaning = "How far one client may move one coordinate (learning rate × λ)",
                            .minimum = 0,
                            .maximum = 1e300,
                            .standard = 1e-3}},
            .variants = {"paper"},
            .by_weights = false,
        };
        return info;
    }
    [[nodiscard]] model::Result<void> apply(std::span<const float* const> rows, std::int64_t count,
                                            const RuleSettings& settings, double* out) const override
    {
        return sign_step(rows, count, settings, out);
    }
    [[nodiscard]] model::Result<void> apply(std::span<const double* const> rows, std::int64_t count,
                                            const RuleSettings& settings, double* out) const override
    {
        return sign_step(rows, count, settings, out);
    }
    [[nodiscard]] std::vector<std::string> notes(std::size_t n, const RuleSettings& settings) const override
    {
        const auto completed = complete(info(), settings);
        if (!completed) return {};
        const double step = completed->values.at("step");
        return {"No coordinate moves by more than " + model::short_number(step * static_cast<double>(n), 4) +
                ", and no client moves one by more than " + model::short_number(step, 4) + "."};
    }

private:
    template <class Real>
    model::Result<void> sign_step(std::span<const Real* const> rows, std::int64_t count, const RuleSettings& settings,
                                  double* out) const
    {
        FEDSLEUTH_TRY(const RuleSettings completed, complete(info(), settings));
        FEDSLEUTH_CHECK(need_updates(rows.size(), info().name));
        std::fill_n(out, count, 0.0);
        for (const Real* row : rows)
            for (std::int64_t coord_idx = 0; coord_idx < count; ++coord_idx)
                out[coord_idx] += static_cast<double>(row[coord_idx] > 0) - static_cast<double>(row[coord_idx] < 0);
        const double step = completed.values.at("step");
        for (std::int64_t coord_idx = 0; coord_idx < count; ++coord_idx) out[coord_idx] *= step;
        return {};
    }
};

}  // namespace

const ColumnRule& rsa_rule()
{
    static const Rsa rule;
    return rule;
}

}  // namespace fedsleuth::analysis
