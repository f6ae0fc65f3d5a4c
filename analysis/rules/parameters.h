// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/rules/rule.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fedsleuth::analysis {

/// The parameter `f`, for the rules that have no more to say about it than `meaning`.
[[nodiscard]] ParameterInfo f_parameter(
    std::string_view meaning =
        "Malicious clients to assume. Where it is not given: a fifth of the clients, rounded down");

/// f: as given, else a fifth of the n clients, rounded down, at most `most`; the latter is said in `notes`. Error
/// not_applicable where the f that was given exceeds `most`.
[[nodiscard]] model::Result<std::size_t> assumed_f(std::size_t n, std::size_t most, const RuleSettings& settings,
                                                   std::string_view rule, std::vector<std::string>& notes);

/// The value of `name`, or `otherwise` where it was not given.
[[nodiscard]] double value_or(const RuleSettings& settings, const std::string& name, double otherwise);

/// Error not_applicable where there is no update at all.
[[nodiscard]] model::Result<void> need_updates(std::size_t n, std::string_view rule);

/// |D_i|, n of them.
[[nodiscard]] std::vector<double> norms_of(const RoundGeometry& round);

/// The mean of the two middle values for an even number, as NumPy has it; 0 for none.
[[nodiscard]] double median_of(std::vector<double> values);
/// The smaller of the two middle values for an even number, as torch.median has it; 0 for none.
[[nodiscard]] double lower_median_of(std::vector<double> values);

/// 0 … n − 1.
[[nodiscard]] std::vector<std::size_t> everyone(std::size_t n);

}  // namespace fedsleuth::analysis
