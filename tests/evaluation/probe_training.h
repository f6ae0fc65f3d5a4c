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

/// One client of a probed federation: what the probes' judges see (analysis::probe_judge_row), and the truth.
struct ProbeRow {
    std::size_t cell = 0;  ///< numbered over all files
    std::size_t clients = 0;
    bool attacked = false;  ///< the federation
    bool malicious = false;
    std::array<std::vector<double>, 3> values;  ///< by Brought; empty where there was no misclassified input
};

[[nodiscard]] std::vector<ProbeRow> probe_rows(const Probed& probed);
[[nodiscard]] model::Result<void> save(const std::vector<ProbeRow>& rows, const std::filesystem::path& file);
[[nodiscard]] std::vector<ProbeRow> load_probe_rows(const std::filesystem::path& folder,
                                                    std::span<const std::uint64_t> seeds);

/// Probes' judges that own their numbers.
struct TrainedProbeJudges {
    struct One {
        TrainedForest forest;
        double slope = 1, offset = 0;
        std::vector<TrainedJudges::Null> library;
    };
    One probe, trace, both;
    std::string recipe;
};

/// The forests learn from all rows; probability and null library come from what forests say of federations that they
/// have not seen (four folds). The library is of federations in which nobody attacks.
[[nodiscard]] TrainedProbeJudges train_probe_judges(const std::vector<ProbeRow>& rows);

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
