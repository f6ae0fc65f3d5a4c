// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/verdict/evidence.h"
#include "analysis/verdict/likeness.h"

#include <cstddef>
#include <string>
#include <vector>

namespace fedsleuth::analysis {

/// What the trained judges look at, as numbers without a unit. Everything about a client is measured against the other
/// clients of the same federation: 0 is the ordinary client.
///
/// Of every detector ten summaries over the client's rounds: the mean of its robust z-scores; the same against the
/// spread of that mean *between* clients (an honest client's offset repeats in every round, so rounds are no
/// independent witnesses), after what the number of examples explains has been taken out; the means of its highest and
/// of its lowest quarter, likewise; the greatest shift between the rounds before and after some point; and the single
/// round that was farthest out. The last four again of what sets a round apart from the same client's other rounds:
/// against itself a client with unusual data is as ordinary as any other. Of some detectors eight such summaries of the
/// statistic itself, which a crowd that is spoilt cannot stretch. Then who keeps it company and how closed that circle
/// is, what the patterns found, and what kind of federation this is.
struct ClientFeatures {
    model::ClientId client;
    std::vector<double> values;                     ///< feature_names().size()
    std::vector<model::RoundNo> rounds;             ///< T: the rounds that it was seen in
    std::vector<std::vector<double>> round_values;  ///< T × round_feature_names().size()
};

[[nodiscard]] const std::vector<std::string>& feature_names();
/// Of a client in one round: each detector's z, the mean of it over the rounds beside, and over all its rounds, and
/// how far it is apart from those.
[[nodiscard]] const std::vector<std::string>& round_feature_names();
/// The detector that a feature comes from (company and patterns count to the detector that sees the like); empty for
/// one that says something about the federation.
[[nodiscard]] std::string_view feature_source(std::size_t feature_idx);

/// The middle of every feature over the clients.
[[nodiscard]] std::vector<double> ordinary_client(const std::vector<ClientFeatures>& clients);

/// How alike clients were in when they changed, from their rounds' values.
[[nodiscard]] Likeness rhythms_of(const std::vector<ClientFeatures>& clients);

/// Of every client that was seen in a scored round, by id.
[[nodiscard]] std::vector<ClientFeatures> client_features(const Evidence& evidence);

}  // namespace fedsleuth::analysis
