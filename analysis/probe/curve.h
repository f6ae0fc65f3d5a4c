// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/probe/plain_network.h"
#include "model/probe_set.h"
#include "model/result.h"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace fedsleuth::analysis {

/// What the analyst brings along. Both are optional.
struct Probes {
    std::optional<model::ProbeSet> probe;  ///< clean inputs with their true labels
    std::optional<model::ProbeSet>
        misclassified;  ///< inputs that a shipped model answered wrongly; labels: the answers

    [[nodiscard]] bool empty() const { return !probe && !misclassified; }
};

/// How one model does on the probes.
struct ProbeScore {
    std::optional<double> accuracy;        ///< share of the probe set that it answers rightly
    std::optional<double> attack_success;  ///< share of the misclassified inputs that get the wrong answer
};

/// Errors: those of PlainNetwork::recognise, with the probe's file as the place; invalid_argument for labels that the
/// model has no class for, and inputs that don't fit it.
[[nodiscard]] model::Result<PlainNetwork> network_for(const std::vector<model::Layer>& layers, const Probes& probes);

[[nodiscard]] ProbeScore probe_score(const PlainNetwork& network, const Probes& probes, std::span<const float> weights);

/// Path, digest and number of inputs of each, for the custody log; null for what is not there.
[[nodiscard]] std::string probes_parameters_json(const Probes& probes);

}  // namespace fedsleuth::analysis
