// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/lab/federation.h"
#include "analysis/lab/options.h"
#include "model/progress.h"
#include "model/result.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

namespace fedsleuth::analysis::lab {

/// When simulated federations begin: 2026-01-05 08:00 UTC, in seconds since 1970.
inline constexpr std::int64_t lab_beginning = 1'767'600'000;

/// What one round came to.
struct RoundOutcome {
    std::size_t round = 0;
    double accuracy = 0;  ///< of the new global model on the server's test data
    double loss = 0;
    double attack_success = 0;
    std::size_t received = 0;  ///< updates
    std::size_t poisoned = 0;  ///< of them
};

/// A federation that trains round by round in memory.
class Simulation {
public:
    /// Makes data, clients and the first model. Errors: invalid_argument for options that make no sense.
    [[nodiscard]] static model::Result<Simulation> create(LabOptions options);

    Simulation(Simulation&&) noexcept;
    Simulation& operator=(Simulation&&) noexcept;
    ~Simulation();

    [[nodiscard]] bool done() const;
    /// Trains one round; not to be called when done(). Errors: those of the server's rule.
    [[nodiscard]] model::Result<RoundOutcome> step();
    /// What was recorded so far.
    [[nodiscard]] const LabFederation& federation() const;
    /// The server's test data.
    [[nodiscard]] const Dataset& test_data() const;
    /// The same, given away; the simulation is over.
    [[nodiscard]] LabFederation take();

private:
    struct State;
    explicit Simulation(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// All rounds at once. Progress counts rounds. Errors: as Simulation's; `cancelled`.
[[nodiscard]] model::Result<LabFederation> simulate(const LabOptions& options, model::Progress& progress,
                                                    const std::function<void(const RoundOutcome&)>& on_round = {});

}  // namespace fedsleuth::analysis::lab
