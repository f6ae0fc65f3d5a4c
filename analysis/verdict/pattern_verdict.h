// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/verdict/course.h"
#include "analysis/verdict/patterns.h"

#include <string>
#include <vector>

namespace fedsleuth::analysis {

/// What the plain patterns alone make of one client.
struct PatternVerdict {
    Pattern leading = Pattern::boosted;
    Course course;       ///< of the leading pattern
    std::string attack;  ///< that the leading pattern speaks for; empty where it never alarmed
    /// The course convicts, and the pattern is one that honest clients don't show, whatever their data: far longer than
    /// training gives, copied from what was known, no trace of training, or equal to others to the fourth digit.
    bool beyond_doubt = false;
    std::string opposed_as;   ///< "sign-flip" or "label-flip" where it opposed the crowd; else empty
    bool lockstep = false;    ///< it moved in lockstep with another client, beyond doubt or not
};

/// `rounds` of one client, ascending. `is_original`: it was copied, and does not answer for the likeness.
[[nodiscard]] PatternVerdict pattern_verdict(const std::vector<const ClientRound*>& rounds, bool is_original);

}  // namespace fedsleuth::analysis
