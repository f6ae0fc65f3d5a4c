// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/detector_scores.h"
#include "model/ids.h"

#include <span>
#include <string>
#include <string_view>

namespace fedsleuth::analysis {

/// What a person should know of a detector.
struct DetectorInfo {
    std::string_view name;     ///< as in the case and on the command line: "norm", "cosine-median", …
    std::string_view title;    ///< "Update norm"
    std::string_view family;   ///< of evidence: "length", "direction", … Within one family detectors mostly agree
    std::string_view unit;     ///< of the statistic: "L2 norm", "cosine", …
    std::string_view meaning;  ///< one or two sentences: what is compared with what, what a high and a low value mean
    std::string_view speaks_for;  ///< attack classes, for people
    std::string_view source;      ///< paper and section
    bool two_sided = true;
    bool judged = true;  ///< the trained judges weigh it; the others are shown beside the verdict
};

/// Every detector, in the order in which they are shown: first those that the judges weigh.
[[nodiscard]] std::span<const DetectorInfo> detectors();
[[nodiscard]] std::span<const DetectorInfo> judged_detectors();
[[nodiscard]] const DetectorInfo* find_detector(std::string_view name);

/// Its title; of one that there is none of, the name as it can be shown.
[[nodiscard]] std::string detector_title(const std::string& name);

/// What the detector saw of one client in one round, as a sentence with its numbers and what they were compared with.
[[nodiscard]] std::string sentence(const model::DetectorScores& scores, std::size_t client_idx);

}  // namespace fedsleuth::analysis
