// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rollback/answer.h"

#include "model/text.h"

#include <algorithm>
#include <cstdio>
#include <set>

namespace fedsleuth::analysis {

using model::ClientId;
using model::RoundNo;
using model::VerdictClass;

namespace {

std::vector<Toggle> sensitivity_of(const model::Rollback& rated, const std::vector<model::Checkpoint>& checkpoints,
                                   const model::Verdicts& verdicts, const std::vector<model::Update>& updates,
                                   const std::vector<Onset>& onsets)
{
    constexpr double least = 0.1, most = 0.9;
    constexpr std::size_t at_most = 200;  // the likeliest: verdicts are sorted by probability
    const Participation rounds = participation_of(updates);
    std::vector<Toggle> toggles;
    for (const model::Verdict& verdict : verdicts.clients) {
        const auto taken_part = rounds.find(verdict.client);
        if (verdict.verdict == VerdictClass::unknown || verdict.probability < least || verdict.probability > most ||
            taken_part == rounds.end() || toggles.size() == at_most)
            continue;
        const auto is_this = [&](const Onset& onset) { return onset.client == verdict.client; };
        const auto own = std::find_if(onsets.begin(), onsets.end(), is_this);
        if (own != onsets.end() && own->decided) continue;  // decided: no longer open
        std::vector<Onset> supposed = onsets;
        std::erase_if(supposed, is_this);
        supposed.emplace_back();
        const auto recommended_if = [&](VerdictClass decided) {
            supposed.back() = onset_of(verdict, decided, taken_part->second);
            return rate_checkpoints(rated.candidates, checkpoints, supposed, nullptr).recommended;
        };
        toggles.push_back({verdict.client, verdict.probability, recommended_if(VerdictClass::malicious),
                           recommended_if(VerdictClass::clean)});
    }
    return toggles;
}

}  // namespace

RollbackPrice rollback_price(const model::Rollback& rollback, RoundNo to, const std::vector<model::Update>& updates,
                             const std::vector<Onset>& onsets)
{
    RollbackPrice price;
    std::set<ClientId> doubted, clean;
    for (const Onset& onset : onsets)
        if (!onset.reached.empty()) doubted.insert(onset.client);
    std::set<RoundNo> lost;
    for (const model::RollbackCandidate& candidate : rollback.candidates) {
        if (candidate.round > to) lost.insert(candidate.round);
        if (candidate.round == to) price.then = candidate.metrics;
    }
    for (const model::Update& update : updates) {
        if (update.reference || update.round <= to) continue;
        lost.insert(update.round);
        ++price.updates;
        if (doubted.contains(update.client)) continue;
        ++price.clean_updates;
        clean.insert(update.client);
        price.clean_examples += std::max<std::int64_t>(update.num_examples.value_or(0), 0);
    }
    price.rounds = static_cast<std::int64_t>(lost.size());
    price.clean_clients = static_cast<std::int64_t>(clean.size());
    price.now = rollback.candidates.back().metrics;
    return price;
}

bool RollbackAnswer::depends_on_doubt() const
{
    return std::any_of(sensitivity.begin(), sensitivity.end(), [&](const Toggle& toggle) {
        return toggle.if_malicious != rollback.recommended || toggle.if_clean != rollback.recommended;
    });
}

bool RollbackAnswer::by_decision() const
{
    return std::any_of(onsets.begin(), onsets.end(), [](const Onset& onset) { return onset.decided; });
}

std::string RollbackAnswer::uncounted() const
{
    std::size_t clients = 0;
    const Toggle* likeliest = nullptr;
    for (const Toggle& toggle : sensitivity) {
        if (std::any_of(onsets.begin(), onsets.end(), [&](const Onset& each) { return each.client == toggle.client; }))
            continue;
        ++clients;
        if (!likeliest || toggle.probability > likeliest->probability) likeliest = &toggle;
    }
    if (!likeliest) return {};
    char percent[16];
    std::snprintf(percent, sizeof percent, "%.1f\u00a0%%", 100 * likeliest->probability);
    const std::string name = model::visible(likeliest->client.text()) + " (" + percent + ")";
    const std::string who = clients == 1 ? name + ", who is neither, does not"
                                         : std::to_string(clients) +
                                               " others that may be malicious with a probability of 10\u00a0% or more, "
                                               "the likeliest of them " +
                                               name + ", do not";
    return "In a checkpoint's probability only suspect and malicious clients count: " + who + ".";
}

model::Result<std::optional<RollbackAnswer>> rollback_answer(model::CaseStore& store)
{
    FEDSLEUTH_TRY(const std::optional<model::Verdicts> verdicts, store.verdicts());
    FEDSLEUTH_TRY(const std::optional<model::Rollback> stored, store.rollback());
    if (!verdicts || !stored) return std::nullopt;
    FEDSLEUTH_TRY(const std::vector<model::Decision> decisions, store.decisions());
    FEDSLEUTH_TRY(const std::vector<model::Checkpoint> checkpoints, store.checkpoints());
    FEDSLEUTH_TRY(const std::vector<model::Update> updates, store.updates());

    RollbackAnswer answer;
    answer.onsets = onsets_of(*verdicts, decisions, updates);
    answer.flagged = flagged_clients(answer.onsets);
    FEDSLEUTH_TRY(answer.contamination, kept_contamination(store, answer.flagged));
    answer.rollback = rate_checkpoints(stored->candidates, checkpoints, answer.onsets,
                                       answer.contamination ? &*answer.contamination : nullptr);
    for (const model::RollbackCandidate& candidate : answer.rollback.candidates) {
        for (std::size_t level = 0; level < cleanliness_levels.size(); ++level)
            if (candidate.clean_probability >= cleanliness_levels[level]) answer.last_clean[level] = candidate.round;
        if (candidate.contamination && *candidate.contamination <= tolerated_influence)
            answer.tolerant = candidate.round;
    }
    answer.sensitivity = sensitivity_of(answer.rollback, checkpoints, *verdicts, updates, answer.onsets);
    if (answer.rollback.recommended)
        answer.price = rollback_price(answer.rollback, *answer.rollback.recommended, updates, answer.onsets);
    return answer;
}

model::Result<std::optional<model::Rollback>> current_rollback(model::CaseStore& store)
{
    FEDSLEUTH_TRY(std::optional<RollbackAnswer> answer, rollback_answer(store));
    if (!answer) return std::nullopt;
    return std::move(answer->rollback);
}

model::Result<std::optional<RollbackAnswer>> measured_rollback_answer(model::CaseStore& store,
                                                                      model::UpdateSource& source, bool writable,
                                                                      model::Progress& progress)
{
    FEDSLEUTH_TRY(std::optional<RollbackAnswer> answer, rollback_answer(store));
    if (!answer || answer->contamination) return answer;
    FEDSLEUTH_TRY(std::optional<Counterfactual> measured,
                  measure_contamination(store, source, answer->flagged, answer->rollback.candidates, progress));
    if (!measured) return answer;
    if (writable) {
        FEDSLEUTH_CHECK(store.put_document(std::string(contamination_document), contamination_json(*measured)));
        return rollback_answer(store);
    }
    for (model::RollbackCandidate& candidate : answer->rollback.candidates)
        if (const CounterfactualPoint* point = point_of(*measured, candidate.round)) {
            candidate.contamination = std::min(influence(*point, point->frozen), 1.0);
            if (*candidate.contamination <= tolerated_influence) answer->tolerant = candidate.round;
        }
    answer->contamination = std::move(measured);
    return answer;
}

}  // namespace fedsleuth::analysis
