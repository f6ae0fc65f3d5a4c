// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/ids.h"

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fedsleuth::model {

/// In order of gravity. `unknown`: too little to say anything (never inspected, too few clients).
enum class VerdictClass { unknown, clean, watch, suspect, malicious };

[[nodiscard]] std::string_view name_of(VerdictClass verdict);
[[nodiscard]] std::optional<VerdictClass> verdict_class_from(std::string_view name);

/// One argument for or against a verdict.
struct Reason {
    std::string detector;
    RoundNo round;
    std::string text;     ///< one sentence
    double evidence = 0;  ///< on the scale that all detectors share
};

struct Verdict {
    ClientId client;
    VerdictClass verdict = VerdictClass::unknown;
    double probability = 0;  ///< that the client is malicious, in [0, 1]
    std::optional<RoundNo> first_bad_round;
    std::vector<RoundNo> bad_rounds;
    std::string attack;  ///< "model-replacement", …; empty where none is suspected
    std::string family;
    std::vector<Reason> reasons;  ///< heaviest first
    std::vector<Reason> against;
    std::optional<int> group;  ///< clients with the same number collude, or are one
};

/// The analysis' answer on a whole case.
struct Verdicts {
    std::vector<Verdict> clients;  ///< sorted by probability, highest first
    bool inspectable = true;
    std::string why_not;
};

/// The family of an attack (targeted, untargeted, colluding, free-rider, unreliable, unknown).
[[nodiscard]] std::string_view family_of(std::string_view attack);

}  // namespace fedsleuth::model
