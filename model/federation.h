// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/layer.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace fedsleuth::model {

using Metrics = std::map<std::string, double>;  ///< as reported; may hold NaN and infinities

enum class UpdateKind {
    delta,     ///< local − received model
    weights,   ///< the whole local model; the delta is taken against its base checkpoint
    gradient,  ///< −delta / server learning rate
};

enum class Weighting { num_examples, equal };

/// How the server said that it aggregates.
struct Aggregation {
    std::string rule = "fedavg";
    Weighting weighted_by = Weighting::num_examples;
    double server_learning_rate = 1.0;
    std::map<std::string, double> parameters;  ///< of the rule, as declared (f, fraction, …)
};

/// The privacy mechanism that the federation declared.
struct PrivacyMechanism {
    std::string mechanism;  ///< "gaussian", "laplace", or whatever the log says
    std::string unit;       ///< "client" or "example"
    std::string where;      ///< "client" or "server"
    std::optional<double> clipping_norm;
    std::optional<double> noise_multiplier;
    std::optional<double> sampling_rate;
    std::optional<double> steps_per_round;
    std::optional<double> delta;
    std::optional<double> epsilon_budget;
};

/// Paths, relative to the evidence folder, of what signatures are checked against.
struct Trust {
    std::string ca;
    std::string crl;
    std::string server_certificate;
};

struct Federation {
    std::string format;
    std::string name;
    std::string framework;
    std::string framework_version;
    std::string started_at;  ///< RFC 3339, as logged
    UpdateKind update_kind = UpdateKind::delta;
    Aggregation aggregation;
    std::vector<Layer> layers;  ///< in flattening order, laid out
    std::optional<PrivacyMechanism> privacy;
    bool secure_aggregation = false;
    std::optional<Trust> trust;
    std::string extra_json;  ///< unknown keys of the log line, as one JSON object; empty where there are none
};

}  // namespace fedsleuth::model
