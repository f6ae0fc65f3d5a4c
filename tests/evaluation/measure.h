// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "evaluation/recording.h"
#include "model/verdict.h"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace fedsleuth::evaluation {

/// One client, as it was and as it was judged at the program's default thresholds.
struct Judged {
    std::size_t cell = 0;  ///< index in Measured::cells
    bool malicious = false;
    bool unreliable = false;
    std::string attack;                      ///< the verdicts' name of what it did; empty for the honest
    std::vector<model::RoundNo> bad_rounds;  ///< true ones
    model::Verdict verdict;
};

struct Measured {
    std::vector<Cell> cells;
    std::vector<Judged> clients;

    void add(const Recording& recording, std::optional<analysis::ProbeEvidence> probes = {});
};

/// What a set of clients comes to. Shares are −1 where there was nothing to take them of.
struct Rates {
    std::size_t federations = 0, malicious = 0, honest = 0;
    double found = -1;      ///< true positive rate of the class `malicious`
    double suspected = -1;  ///< the same of `suspect` or graver
    /// Standard errors of both: attackers of one federation are found or missed together, so federations are what is
    /// sampled (linearised ratio estimator; Cochran, Sampling Techniques, 1977, section 6.4).
    double found_error = 0, suspected_error = 0;
    double accused = -1;  ///< false positive rate of the class `malicious`
    double honest_suspected = -1;
    double area = -1;            ///< under the ROC of the probability, all federations pooled
    double runs_accused = -1;    ///< federations in which an honest client is called malicious
    double runs_suspected = -1;  ///< … or suspect
};

[[nodiscard]] Rates rates(const Measured& measured, const std::function<bool(const Cell&)>& keep);

/// Over all clients: expected calibration error of the probability in ten bins, and the share of the honest among those
/// called malicious.
[[nodiscard]] double calibration_error(const Measured& measured);
[[nodiscard]] double false_discovery_rate(const Measured& measured, model::VerdictClass from);

/// |first bad round − true one| of every attacker found, ascending; and the share of them with the right family.
[[nodiscard]] std::vector<std::int64_t> onset_errors(const Measured& measured);
[[nodiscard]] double family_share(const Measured& measured);
/// Of the same, those with the right attack by name.
[[nodiscard]] double name_share(const Measured& measured);

/// "12.5 %" for 0.125; a dash for the −1 of what was taken of nothing.
[[nodiscard]] std::string percent(double share);

/// The yardstick's table as Markdown, with the targets beside what was measured.
[[nodiscard]] std::string results(const Measured& measured, const std::string& recipe);

}  // namespace fedsleuth::evaluation
