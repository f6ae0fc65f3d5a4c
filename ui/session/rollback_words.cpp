// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/rollback_words.h"

#include "model/text.h"
#include "ui/session/wording.h"

#include <algorithm>

namespace fedsleuth::ui {

std::string metrics_text(const model::Metrics& metrics, std::size_t at_most)
{
    std::vector<std::string> items;
    for (const auto& [name, value] : metrics)
        items.push_back(model::visible(name) + " " + model::short_number(value, 4));
    return list_text(items, at_most);
}

const model::Metrics& metrics_of(const CaseData& data, const model::RollbackCandidate& candidate)
{
    const auto found = data.round_index.find(candidate.round);
    return candidate.metrics.empty() && found != data.round_index.end() ? data.rounds[found->second].metrics
                                                                        : candidate.metrics;
}

namespace {

std::string then_and_now(const model::Metrics& then, const model::Metrics& now)
{
    std::vector<std::string> items;
    for (const auto& [name, value] : then) {
        const auto found = now.find(name);
        if (found == now.end()) continue;
        items.push_back(model::visible(name) + " " + model::short_number(value, 4) + " then, " +
                        model::short_number(found->second, 4) + " now");
    }
    std::string text;
    constexpr std::size_t at_most = 3;
    for (std::size_t idx = 0; idx < std::min(items.size(), at_most); ++idx)
        text.append(idx > 0 ? "; " : "").append(items[idx]);
    return text;
}

}  // namespace

RollbackWords rollback_words(const CaseData& data)
{
    const model::Rollback& rollback = *data.rollback;
    const model::RollbackCandidate& last = rollback.candidates.back();
    RollbackWords words;
    if (!rollback.recommended) {
        words.answer = "No checkpoint can be recommended";
        words.why = "None is clean with enough certainty. The table says what is known of each.";
        return words;
    }
    const model::RoundNo to = *rollback.recommended;
    const auto found = std::find_if(rollback.candidates.begin(), rollback.candidates.end(),
                                    [to](const model::RollbackCandidate& each) { return each.round == to; });
    const std::string number = std::to_string(to.value());
    if (to == last.round)
        words.answer = "No need to go back: the last checkpoint, of round " + number + ", is clean";
    else
        words.answer = to.value() == 0 ? std::string("Go back to the model before training (round 0)")
                                       : "Go back to the checkpoint of round " + number;
    if (found == rollback.candidates.end()) return words;
    words.why = found->why.empty() ? "It is clean with probability " + probability_text(found->clean_probability) + "."
                                   : model::visible(found->why);
    if (to == last.round) return words;
    const std::int64_t lost = last.round.value() - to.value();
    if (lost == 1)
        words.price = "The price: round " + std::to_string(last.round.value()) + " of training is lost.";
    else
        words.price = "The price: rounds " + std::to_string(to.value() + 1) + "–" + std::to_string(last.round.value()) +
                      " of training are lost, " + model::grouped(lost) + " in all.";
    const std::string metrics = then_and_now(metrics_of(data, *found), metrics_of(data, last));
    if (!metrics.empty()) words.price.append(" Metrics: ").append(metrics).append(".");
    return words;
}

}  // namespace fedsleuth::ui
