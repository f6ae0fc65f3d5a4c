// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/plots/heat_image.h"
#include "ui/session/case_data.h"

#include <QString>
#include <string>
#include <vector>

namespace fedsleuth::ui {

/// One number that every client has in every round that it took part in.
struct ClientStatistic {
    enum class Source { evidence_sum, family, z, evidence, statistic, examples, metric };
    Source source = Source::evidence_sum;
    std::string name;  ///< of the detector, the family of evidence or the metric
    QString title;     ///< for lists and axes: "Update length, z"
    QString unit;
    QString zero_meaning;
    HeatScale::Kind kind = HeatScale::Kind::sequential;

    [[nodiscard]] bool same_as(const ClientStatistic& other) const
    {
        return source == other.source && name == other.name;
    }
};

/// Those that the case has numbers for: of the detectors (z, evidence, what was measured), examples, reported metrics.
[[nodiscard]] std::vector<ClientStatistic> client_statistics(const CaseData& data);

/// Clients × rounds of a whole case, row-major; NaN where the client took no part or the number is not known.
struct ClientMatrix {
    std::vector<model::ClientId> clients;
    std::vector<model::RoundNo> rounds;
    std::vector<double> values;

    [[nodiscard]] double at(std::size_t client_idx, std::size_t round_idx) const
    {
        return values[client_idx * rounds.size() + round_idx];
    }
};
[[nodiscard]] ClientMatrix client_matrix(const CaseData& data, const ClientStatistic& statistic);

enum class ClientOrder {
    verdict,    ///< gravest class first, then highest probability, then id
    id,
    first_bad,  ///< earliest first bad round first, then as by verdict
    highest,    ///< highest value in the chosen rounds first
};

/// Rows of the matrix in that order. Rounds are the matrix' columns first … last, both included.
[[nodiscard]] std::vector<std::size_t> ordered_clients(const CaseData& data, const ClientMatrix& matrix,
                                                       ClientOrder order, std::size_t first_round,
                                                       std::size_t last_round);

/// Quartiles of one round over all clients that have a value.
struct CrowdQuartiles {
    double lower = 0, median = 0, upper = 0;  ///< NaN where nobody has one
};
[[nodiscard]] CrowdQuartiles crowd_quartiles(const ClientMatrix& matrix, std::size_t round_idx);

/// The scale of a statistic over these values: differences end no nearer to zero than a crowd's own scatter reaches,
/// so that a round without outliers does not look alarming.
[[nodiscard]] HeatScale statistic_scale(const ClientStatistic& statistic, std::span<const double> values);

}  // namespace fedsleuth::ui
