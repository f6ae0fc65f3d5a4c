// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/lab/lab_case.h"

#include <algorithm>

namespace fedsleuth::analysis::lab {

using model::RoundNo;

LabCase::LabCase(std::shared_ptr<const LabFederation> federation) : federation_(std::move(federation))
{
    for (std::size_t update_idx = 0; update_idx < federation_->updates.size(); ++update_idx) {
        const model::Update& update = federation_->updates[update_idx];
        update_at_[{update.round, update.client}] = update_idx;
    }
}

model::Result<model::Federation> LabCase::federation() { return federation_->federation; }
model::Result<std::vector<model::Client>> LabCase::clients() { return federation_->clients; }
model::Result<std::vector<model::Round>> LabCase::rounds() { return federation_->rounds; }
model::Result<std::vector<model::Update>> LabCase::updates() { return federation_->updates; }
model::Result<std::vector<model::Checkpoint>> LabCase::checkpoints() { return federation_->checkpoints; }
model::Result<std::vector<model::EvidenceFile>> LabCase::evidence_files() { return std::vector<model::EvidenceFile>(); }
model::Result<std::vector<model::ImportIssue>> LabCase::import_issues() { return std::vector<model::ImportIssue>(); }

model::Result<std::optional<model::RoundLedger>> LabCase::ledger(RoundNo round)
{
    const auto found = ledgers_.find(round);
    return found == ledgers_.end() ? std::nullopt : std::optional(found->second);
}

model::Result<void> LabCase::put_ledger(const model::RoundLedger& ledger)
{
    ledgers_[ledger.round] = ledger;
    return {};
}

model::Result<std::vector<model::DetectorScores>> LabCase::scores(RoundNo round)
{
    std::vector<model::DetectorScores> of_round;
    if (outcome_)
        std::copy_if(outcome_->scores.begin(), outcome_->scores.end(), std::back_inserter(of_round),
                     [&](const model::DetectorScores& scores) { return scores.round == round; });
    return of_round;
}

model::Result<void> LabCase::put_analysis(const AnalysisOutcome& outcome)
{
    outcome_ = outcome;
    return append_custody("analyse", federation_->federation.name, outcome.parameters_json, {});
}

model::Result<std::optional<model::Verdicts>> LabCase::verdicts()
{
    return outcome_ ? std::optional(outcome_->verdicts) : std::nullopt;
}

model::Result<std::optional<model::Rollback>> LabCase::rollback()
{
    return outcome_ ? std::optional(outcome_->rollback) : std::nullopt;
}

model::Result<std::vector<model::Finding>> LabCase::findings()
{
    std::vector<model::Finding> sorted = outcome_ ? outcome_->findings : std::vector<model::Finding>();
    std::stable_sort(sorted.begin(), sorted.end(), [](const model::Finding& a, const model::Finding& b) {
        if (a.severity != b.severity) return a.severity > b.severity;
        return a.round.value_or(RoundNo(0)) < b.round.value_or(RoundNo(0));
    });
    return sorted;
}

model::Result<std::vector<model::Decision>> LabCase::decisions() { return decisions_; }

model::Result<void> LabCase::add_decision(const model::Decision& decision)
{
    const auto& clients = federation_->clients;
    if (std::none_of(clients.begin(), clients.end(),
                     [&](const model::Client& one) { return one.id == decision.client; }))
        return model::fail(model::ErrorCode::not_found, "there is no such client", decision.client.text());
    decisions_.push_back(decision);
    return append_custody("decide", decision.client.text(), "{}", {});
}

model::Result<std::map<std::string, double>> LabCase::policy() { return policy_; }

model::Result<void> LabCase::put_policy(const std::string& name, std::optional<double> value)
{
    if (value)
        policy_[name] = *value;
    else
        policy_.erase(name);
    return append_custody("policy", name, "{}", {});
}

model::Result<std::optional<std::string>> LabCase::document(const std::string& name)
{
    const auto found = documents_.find(name);
    return found == documents_.end() ? std::nullopt : std::optional(found->second);
}

model::Result<void> LabCase::put_document(const std::string& name, const std::string& json)
{
    documents_[name] = json;
    return {};
}

model::Result<std::vector<model::CustodyEntry>> LabCase::custody() { return custody_; }

model::Result<void> LabCase::append_custody(const std::string& action, const std::string& subject,
                                            const std::string& parameters_json, const std::string& sha256)
{
    // Acts on a simulation are listed, not chained: there is no file whose history could be doubted.
    model::CustodyEntry entry;
    entry.index = static_cast<std::int64_t>(custody_.size()) + 1;
    entry.action = action;
    entry.subject = subject;
    entry.parameters_json = parameters_json;
    entry.sha256 = sha256;
    custody_.push_back(std::move(entry));
    return {};
}

model::Result<std::int64_t> LabCase::coordinates() { return model::coordinate_count(federation_->federation.layers); }

model::Result<void> LabCase::read(std::span<const model::VectorRef> rows, std::int64_t first, std::int64_t count,
                                  float* out)
{
    FEDSLEUTH_TRY(const std::int64_t d, coordinates());
    if (first < 0 || count < 0 || first > d - count)
        return model::fail(model::ErrorCode::invalid_argument, "The coordinates lie outside the model");
    for (const model::VectorRef& row : rows) {
        FEDSLEUTH_CHECK(read_row(row, static_cast<std::size_t>(first), static_cast<std::size_t>(count), out));
        out += count;
    }
    return {};
}

model::Result<void> LabCase::read_row(const model::VectorRef& row, std::size_t first, std::size_t count,
                                      float* out) const
{
    using Kind = model::VectorRef::Kind;
    const auto missing = [&] {
        return model::fail(model::ErrorCode::not_found, "There is no such vector, or it can't be used",
                           "round " + std::to_string(row.round.value()) + " " + row.client.text());
    };
    if (row.kind == Kind::update || row.kind == Kind::reference) {
        const auto found =
            update_at_.find({row.round, row.kind == Kind::reference ? model::server_client() : row.client});
        if (found == update_at_.end() || !federation_->updates[found->second].usable()) return missing();
        std::copy_n(federation_->deltas[found->second].begin() + static_cast<std::ptrdiff_t>(first), count, out);
        return {};
    }
    const std::vector<float>* after = usable_model(row.round);
    if (!after) return missing();
    if (row.kind == Kind::checkpoint) {
        std::copy_n(after->begin() + static_cast<std::ptrdiff_t>(first), count, out);
        return {};
    }
    const std::vector<float>* before = usable_model(row.round.before());
    if (!before) return missing();
    for (std::size_t coord_idx = 0; coord_idx < count; ++coord_idx)
        out[coord_idx] = (*after)[first + coord_idx] - (*before)[first + coord_idx];
    return {};
}

const std::vector<float>* LabCase::usable_model(RoundNo round) const
{
    const auto index = static_cast<std::size_t>(round.value());
    if (round.value() < 0 || index >= federation_->models.size() || !federation_->checkpoints[index].usable())
        return nullptr;
    return &federation_->models[index];
}

}  // namespace fedsleuth::analysis::lab
