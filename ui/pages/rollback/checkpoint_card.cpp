// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/rollback/checkpoint_card.h"

#include "model/text.h"
#include "model/wording.h"
#include "ui/pages/parts.h"
#include "ui/session/rollback_words.h"
#include "ui/session/wording.h"
#include "ui/tables/cells.h"

#include <algorithm>
#include <QVBoxLayout>

namespace fedsleuth::ui {

namespace {

QString round_words(std::optional<model::RoundNo> round)
{
    return round ? CheckpointCard::tr("round %1").arg(round->value()) : CheckpointCard::tr("none");
}

QString price_words(const analysis::RollbackPrice& price)
{
    if (price.rounds == 0) return CheckpointCard::tr("Nothing is lost: it is the last one.");
    QStringList lines;
    lines << CheckpointCard::tr("Going back here loses %1 and %2; %3 of these are of %4 that nobody suspects (%5).")
                 .arg(text_of(counted(price.rounds, "round", "rounds")),
                      text_of(counted(price.updates, "update", "updates")),
                      text_of(model::grouped(price.clean_updates)),
                      text_of(counted(price.clean_clients, "client", "clients")),
                      text_of(counted(price.clean_examples, "training example", "training examples")));
    if (!price.then.empty())
        lines << CheckpointCard::tr("Then: %1. Now: %2.")
                     .arg(text_of(metrics_text(price.then)), text_of(metrics_text(price.now)));
    return lines.join(u'\n');
}

QString doubt_words(const analysis::RollbackAnswer& answer)
{
    if (answer.sensitivity.empty())
        return CheckpointCard::tr("No client is left open (a probability between 10 % and 90 %).");
    if (!answer.depends_on_doubt())
        return CheckpointCard::tr(
                   "Left open (a probability between 10 % and 90 %): %1. Whatever is decided on any one of them, the "
                   "recommendation stays.")
            .arg(text_of(counted(static_cast<std::int64_t>(answer.sensitivity.size()), "client", "clients")));
    QStringList lines{
        CheckpointCard::tr("The recommendation depends on clients that are left open (a probability between "
                           "10 % and 90 %); deciding on one in the inspector closes the question. Go back to:")};
    for (const analysis::Toggle& toggle : answer.sensitivity) {
        if (toggle.if_malicious == answer.rollback.recommended && toggle.if_clean == answer.rollback.recommended)
            continue;
        if (lines.size() > 5) {
            lines << CheckpointCard::tr("… and more.");
            break;
        }
        lines << CheckpointCard::tr("%1 (%2): if malicious, %3; if clean, %4")
                     .arg(shown(toggle.client), text_of(probability_text(toggle.probability)),
                          round_words(toggle.if_malicious), round_words(toggle.if_clean));
    }
    return lines.join(u'\n');
}

}  // namespace

CheckpointCard::CheckpointCard(QWidget* parent)
    : QWidget(parent),
      title_(make_section_title({}, this)),
      status_(make_text(this)),
      why_(make_text(this)),
      checks_(make_text(this)),
      price_(make_text(this)),
      levels_(make_quiet_text(this)),
      doubt_(make_quiet_text(this))
{
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(2 * grid, 2 * grid, 2 * grid, 2 * grid);
    layout->setSpacing(2 * grid);
    for (QLabel* label : {title_, status_, why_, checks_, price_}) layout->addWidget(label);
    layout->addWidget(make_hairline(this));
    layout->addWidget(levels_);
    layout->addWidget(doubt_);
    layout->addStretch(1);
}

void CheckpointCard::show_checkpoint(const CaseDataPtr& data, std::optional<model::RoundNo> round)
{
    for (QLabel* label : {title_, status_, why_, checks_, price_, levels_, doubt_}) say(label, {});
    if (!data || !data->rollback) return;
    const model::Rollback& rollback = *data->rollback;
    const auto find = [&](std::optional<model::RoundNo> which) {
        return std::find_if(rollback.candidates.begin(), rollback.candidates.end(),
                            [&](const model::RollbackCandidate& candidate) { return which == candidate.round; });
    };
    auto found = find(round);
    if (found == rollback.candidates.end()) found = find(rollback.recommended);
    if (found == rollback.candidates.end()) return;
    const bool recommended = rollback.recommended == found->round;
    title_->setVisible(true);
    title_->setText((recommended ? tr("Checkpoint of round %1 — recommended") : tr("Checkpoint of round %1"))
                        .arg(found->round.value()));
    say(status_,
        tr("Status: %1, untouched with probability %2%3.")
            .arg(shown(found->status), text_of(probability_text(found->clean_probability)),
                 found->contamination ? tr("; contamination %1").arg(percent_cell(found->contamination, 2).text)
                                      : QString()));
    say(why_, shown(found->why));
    const QString redone = found->aggregation == "matches"    ? tr("the updates give it")
                           : found->aggregation == "mismatch" ? tr("the updates do not give it")
                                                              : tr("whether the updates give it was not checked");
    say(checks_,
        tr("Server's signature: %1. Aggregation: %2%3.")
            .arg(text_of(model::signature_words(found->signature)), redone,
                 found->residual ? tr(" (residual %1)").arg(scientific_cell(found->residual).text) : QString()));
    if (!data->answer) return;
    say(price_, price_words(analysis::rollback_price(rollback, found->round, data->updates, data->answer->onsets)));
    const auto& last = data->answer->last_clean;
    say(levels_,
        tr("Last clean with probability 50 %: %1; 95 %: %2; 99 %: %3. Contamination of at most 1 %: up to %4.%5")
            .arg(round_words(last[0]), round_words(last[1]), round_words(last[2]), round_words(data->answer->tolerant),
                 data->answer->by_decision() ? tr(" An analyst's decisions are part of this.") : QString()));
    say(doubt_, doubt_words(*data->answer));
}

}  // namespace fedsleuth::ui
