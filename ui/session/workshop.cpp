// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/workshop.h"

#include "analysis/analyse.h"
#include "analysis/kernels/parallel.h"
#include "analysis/lab/attack_catalogue.h"
#include "analysis/lab/lab_case.h"
#include "analysis/lab/truth.h"
#include "analysis/rules/aggregate.h"
#include "storage/export/evidence_writer.h"

namespace fedsleuth::ui {

namespace lab = analysis::lab;

lab::LabOptions lab_options(const WorkshopChoice& choice)
{
    using Kind = lab::PartitionOptions::Kind;
    lab::LabOptions options;
    options.name = choice.attack.empty() ? "workshop-clean" : "workshop-" + choice.attack;
    options.seed = static_cast<std::uint64_t>(choice.seed);
    options.clients = static_cast<std::size_t>(choice.clients);
    options.rounds = static_cast<std::size_t>(choice.rounds);
    options.rule = choice.rule;
    options.threads = analysis::hardware_threads();
    options.partition.kind = choice.partition == "iid"         ? Kind::iid
                             : choice.partition == "classes-2" ? Kind::classes
                                                               : Kind::dirichlet;
    options.partition.alpha = choice.partition == "dirichlet-0.1" ? 0.1 : 0.5;
    const lab::AttackInfo* attack = lab::find_attack(choice.attack);
    if (attack && choice.attackers > 0) {
        lab::AttackPlan plan;
        plan.attack = choice.attack;
        plan.attackers = static_cast<std::size_t>(choice.attackers);
        plan.schedule.kind = attack->usual;
        plan.schedule.onset = static_cast<std::size_t>(choice.onset);
        options.attacks.push_back(std::move(plan));
    }
    return options;
}

model::Result<WorkshopRun> run_workshop(const lab::LabOptions& options, model::Progress& progress,
                                        const std::function<void(const lab::RoundOutcome&)>& on_round)
{
    FEDSLEUTH_TRY(lab::LabFederation trained, lab::simulate(options, progress, on_round));
    WorkshopRun run{options, std::make_shared<const lab::LabFederation>(std::move(trained)), {}, {}};
    lab::LabCase store(run.federation);
    FEDSLEUTH_CHECK(analysis::analyse(store, store, {}, progress));
    FEDSLEUTH_TRY(const std::optional<model::Verdicts> verdicts, store.verdicts());
    if (verdicts) run.verdicts = *verdicts;
    if (analysis::find_weight_rule(options.rule) != nullptr) {
        const model::RoundNo last = run.federation->rounds.back().number;
        const auto weighed =
            analysis::aggregate_round(store, store, last, options.rule, options.rule_settings, {}, progress);
        // A rule that refuses this round (its side inputs are missing here) leaves the column empty.
        if (weighed && weighed->aggregate.how)
            for (std::size_t client_idx = 0; client_idx < weighed->clients.size(); ++client_idx)
                run.weights[weighed->clients[client_idx]] = weighed->aggregate.how->weights[client_idx];
    }
    return run;
}

model::Result<void> write_workshop(const WorkshopRun& run, const std::filesystem::path& folder,
                                   model::Progress& progress)
{
    const lab::LabFederation& federation = *run.federation;
    const storage::RecordedFederation recorded{
        federation.federation,
        federation.clients,
        federation.rounds,
        federation.updates,
        federation.checkpoints,
        [&](std::size_t update_idx) { return std::span<const float>(federation.deltas[update_idx]); },
        [&](std::size_t checkpoint_idx) { return std::span<const float>(federation.models[checkpoint_idx]); }};
    constexpr std::int64_t year = 365 * 86'400;
    FEDSLEUTH_TRY(
        const storage::SigningAuthority authority,
        storage::SigningAuthority::create(run.options.seed, lab::lab_beginning - year, lab::lab_beginning + 9 * year));
    storage::EvidenceOptions writing;
    writing.authority = &authority;
    FEDSLEUTH_CHECK(storage::write_evidence(recorded, folder, writing, progress));
    return storage::write_text(folder / "truth.json", lab::truth_json(federation, run.options));
}

}  // namespace fedsleuth::ui
