// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/privacy_client_panel.h"

#include "ui/pages/parts.h"
#include "ui/tables/table_view.h"

#include <cmath>
#include <QDoubleSpinBox>
#include <QHBoxLayout>
#include <QVBoxLayout>

namespace fedsleuth::ui {

namespace {

QString epsilon_words(double epsilon)
{
    return std::isfinite(epsilon) ? number_cell(epsilon, 4).text : PrivacyClientPanel::tr("without bound");
}

/// What it claims, and how its claims read against what was recomputed.
QString claim_words(const analysis::ClientAudit& client)
{
    if (!client.epsilon_claimed) return PrivacyClientPanel::tr("It claims nothing.");
    QString text = PrivacyClientPanel::tr("It claims ε = %1 after %2 claims")
                       .arg(number_cell(client.epsilon_claimed, 4).text)
                       .arg(client.rounds_with_claim);
    switch (client.fits) {
        case analysis::ClaimReading::cumulative:
            text += PrivacyClientPanel::tr("; read as totals so far, they fit what was recomputed.");
            break;
        case analysis::ClaimReading::per_round:
            text += PrivacyClientPanel::tr("; read round by round, they fit what was recomputed.");
            break;
        case analysis::ClaimReading::either:
            text += PrivacyClientPanel::tr("; it fits what was recomputed.");
            break;
        case analysis::ClaimReading::neither:
            text += PrivacyClientPanel::tr("; they fit what was recomputed in no reading.");
            break;
        case analysis::ClaimReading::none:
            text += PrivacyClientPanel::tr("; there is nothing to compare them with.");
            break;
    }
    if (client.epsilon_measured)
        text += std::isfinite(*client.epsilon_measured)
                    ? PrivacyClientPanel::tr(" The noise that its updates show is worth ε = %1.")
                          .arg(epsilon_words(*client.epsilon_measured))
                    : PrivacyClientPanel::tr(" Its updates show no noise: nothing bounds what they reveal.");
    return text;
}

}  // namespace

PrivacyClientPanel::PrivacyClientPanel(QWidget* parent)
    : QWidget(parent),
      title_(make_section_title({}, this)),
      claims_(make_quiet_text(this)),
      table_(new RowTable<Segment>(columns(), this)),
      view_(new TableView(this)),
      noise_(new QDoubleSpinBox(this)),
      rounds_(new QSpinBox(this)),
      answer_(make_text(this))
{
    view_->show_table(table_);
    view_->setAccessibleName(tr("Mechanism by round"));
    view_->set_empty_text(tr("Its mechanism is not known."));
    noise_->setRange(0.0, 10'000.0);
    noise_->setDecimals(3);
    noise_->setSingleStep(0.1);
    noise_->setAccessibleName(tr("Noise multiplier of further rounds"));
    rounds_->setRange(0, 1'000'000);
    rounds_->setAccessibleName(tr("Further rounds"));
    rounds_->setValue(10);

    auto* question = new QHBoxLayout;
    question->setSpacing(grid);
    question->addWidget(new QLabel(tr("What if it goes on for"), this));
    question->addWidget(rounds_);
    question->addWidget(new QLabel(tr("rounds with σ ="), this));
    question->addWidget(noise_);
    question->addStretch(1);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(2 * grid, 0, 0, 0);
    layout->setSpacing(grid);
    layout->addWidget(title_);
    layout->addWidget(claims_);
    layout->addWidget(view_, 1);
    layout->addLayout(question);
    layout->addWidget(answer_);

    const auto ask = [this] {
        if (!silent_) emit asked();
    };
    connect(noise_, &QDoubleSpinBox::valueChanged, this, ask);
    connect(rounds_, &QSpinBox::valueChanged, this, ask);
}

std::vector<RowTable<PrivacyClientPanel::Segment>::Column> PrivacyClientPanel::columns()
{
    return {
        {{tr("Rounds"), tr("From and to, of those in which it took part"), false, 12},
         [](const Segment& row) {
             Cell cell = round_cell(row.first);
             if (row.last != row.first) cell.text += u'–' + round_cell(row.last).text;
             return cell;
         }},
        {{tr("Noise σ"), tr("Noise multiplier: standard deviation over the clipping norm"), true, 9},
         [](const Segment& row) { return number_cell(row.noise_multiplier, 4); }},
        {{tr("Sampled"), tr("The chance that a record took part in a step"), true, 9},
         [](const Segment& row) { return percent_cell(row.sampling_rate); }},
        {{tr("Steps"), tr("Of the whole stretch"), true, 8},
         [](const Segment& row) { return number_cell(row.steps, 6); }},
    };
}

void PrivacyClientPanel::show_client(AuditPtr audit, const analysis::ClientAudit* client)
{
    const bool other = !client || !client_ || client->client != client_->client;
    audit_ = std::move(audit);
    client_ = client;
    setVisible(client != nullptr);
    if (!client) return;
    title_->setText(shown(client->client));
    claims_->setText(claim_words(*client));
    table_->set_rows(client->history);
    const bool known = !client->history.empty();
    noise_->setEnabled(known);
    rounds_->setEnabled(known);
    if (other && known) {
        silent_ = true;
        noise_->setValue(client->history.back().noise_multiplier);
        silent_ = false;
    }
    answer_->setText(known ? tr("Reckoning …") : tr("Without its noise nothing can be foretold."));
}

void PrivacyClientPanel::show_answer(const model::Result<WhatIf>& answer)
{
    if (!answer) {
        answer_->setText(tr("No answer: %1").arg(shown(answer.error().text())));
        return;
    }
    QString text = tr("At the end ε = %1 (PLD), %2 (RDP).").arg(epsilon_words(answer->pld), epsilon_words(answer->rdp));
    if (audit_ && audit_->budget) {
        const QString budget = number_cell(audit_->budget).text;
        if (!(answer->pld > *audit_->budget))
            text += tr(" That is within the budget of %1.").arg(budget);
        else if (client_ && client_->exhausted_in)
            text +=
                tr(" The budget of %1 is exceeded since round %2.").arg(budget, round_cell(client_->exhausted_in).text);
        else if (answer->exceeded_after)
            text += tr(" That is over the budget of %1, from further round %2 on.")
                        .arg(budget)
                        .arg(*answer->exceeded_after);
        else
            text += tr(" That is over the budget of %1.").arg(budget);
    }
    answer_->setText(text);
}

double PrivacyClientPanel::noise() const { return noise_->value(); }
std::int64_t PrivacyClientPanel::more_rounds() const { return rounds_->value(); }

}  // namespace fedsleuth::ui
