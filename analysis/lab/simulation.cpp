// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/lab/simulation.h"

#include "analysis/lab/simulation_state.h"

#include <utility>

namespace fedsleuth::analysis::lab {

Simulation::Simulation(std::unique_ptr<State> state) : state_(std::move(state)) {}
Simulation::Simulation(Simulation&&) noexcept = default;
Simulation& Simulation::operator=(Simulation&&) noexcept = default;
Simulation::~Simulation() = default;

model::Result<Simulation> Simulation::create(LabOptions options)
{
    FEDSLEUTH_CHECK(check(options));
    auto state = std::make_unique<State>();
    state->options = std::move(options);
    FEDSLEUTH_CHECK(state->prepare());
    return Simulation(std::move(state));
}

bool Simulation::done() const { return state_->round >= state_->options.rounds; }
model::Result<RoundOutcome> Simulation::step() { return state_->step(); }
const LabFederation& Simulation::federation() const { return state_->recorded; }
const Dataset& Simulation::test_data() const { return state_->test; }
LabFederation Simulation::take() { return std::move(state_->recorded); }

model::Result<LabFederation> simulate(const LabOptions& options, model::Progress& progress,
                                      const std::function<void(const RoundOutcome&)>& on_round)
{
    progress.start("Training the federation", static_cast<std::int64_t>(options.rounds), "rounds");
    FEDSLEUTH_TRY(Simulation simulation, Simulation::create(options));
    while (!simulation.done()) {
        if (progress.stopped()) return model::fail(model::ErrorCode::cancelled, "The simulation was stopped");
        FEDSLEUTH_TRY(const RoundOutcome outcome, simulation.step());
        if (on_round) on_round(outcome);
        progress.advance(1);
    }
    return simulation.take();
}

}  // namespace fedsleuth::analysis::lab
