// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/privacy/accountant.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace fedsleuth::analysis {

/// Only Gaussians without sampling: a closed form is exact.
[[nodiscard]] bool is_exact(const PrivacyHistory& history);
/// Tells one question from another.
[[nodiscard]] std::string key_of(const PrivacyHistory& history, double delta, Accountant accountant);

/// ε of histories that many clients share: each is computed once.
class SpentCache {
public:
    /// ε after each event (pld: the closed form where that is exact); empty where the accountant has no answer.
    [[nodiscard]] const std::vector<double>& after_each(const PrivacyHistory& history, double delta,
                                                        Accountant accountant);
    /// Nothing where the accountant has no answer.
    [[nodiscard]] std::optional<double> whole(const PrivacyHistory& history, double delta, Accountant accountant);
    /// What the history costs at least: exact for the unsampled Gaussian, else the privacy loss distribution's bound,
    /// which lies within 0.005 of it.
    [[nodiscard]] std::optional<double> tight(const PrivacyHistory& history, double delta);

private:
    std::map<std::string, std::vector<double>> series_;
    std::map<std::string, std::optional<double>> totals_;
};

}  // namespace fedsleuth::analysis
