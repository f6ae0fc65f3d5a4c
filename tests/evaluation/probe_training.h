// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "evaluation/measure.h"
#include "evaluation/probing.h"
#include "evaluation/training.h"

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace fedsleuth::evaluation {

/// What an analyst can bring along.
enum class Brought { probe, trace, both };

/// What the probes said of one federation's clients (analysis::ProbeFeatures without the rounds), by Brought; empty
/// where there was no misclassified input.
using ProbeNotes = std::array<std::vector<analysis::ProbeFeatures>, 3>;

[[nodiscard]] ProbeNotes probe_notes(const Probed& probed);
[[nodiscard]] model::Result<void> save(const ProbeNotes& notes, const std::filesystem::path& file);

/// Probed federations as the probes' judges learn from them.
struct ProbeLessons {
    struct Client {
        std::size_t cell = 0;
        std::array<std::vector<double>, 3> values;  ///< analysis::probe_judge_row by Brought; empty without features
        bool malicious = false;
    };
    std::vector<Client> clients;     ///< cell by cell
    std::vector<std::size_t> sizes;  ///< clients of each cell
    std::vector<bool> attacked;      ///< by cell
};

/// Every federation of the seeds of which the folder has both a recording and notes, judged by the trained judges.
[[nodiscard]] ProbeLessons load_probe_lessons(const std::filesystem::path& folder,
                                              std::span<const std::uint64_t> seeds);

/// Probes' judges that own their numbers.
struct TrainedProbeJudges {
    struct One {
        TrainedForest forest;
        double slope = 1, offset = 0;
        std::vector<TrainedJudges::Null> library;
    };
    One probe, trace, both;
    std::size_t features = 0;  ///< of a row with both
    std::string recipe;
};

/// The forests learn from all federations; probability and null library come from what forests say of federations that
/// they have not seen. The library is of federations in which nobody attacks.
[[nodiscard]] TrainedProbeJudges train_probe_judges(const ProbeLessons& lessons);

/// The judges as analysis/verdict/trained/probe_judges.inc.
[[nodiscard]] std::string as_source(const TrainedProbeJudges& judges);

/// Verdicts on the same federations without probes, with each of them, and with both.
class ProbeReport {
public:
    void add(const Probed& probed);
    /// As Markdown.
    [[nodiscard]] std::string text() const;

private:
    std::array<Measured, 4> measured_;  ///< none, probe, trace, both
};

}  // namespace fedsleuth::evaluation
