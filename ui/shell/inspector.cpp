// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/inspector.h"

#include "ui/dialogs/source_dialog.h"
#include "ui/pages/caution_banner.h"
#include "ui/pages/parts.h"
#include "ui/plots/palette.h"
#include "ui/session/case_session.h"
#include "ui/shell/dossier_view.h"
#include "ui/tables/cells.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QVBoxLayout>

namespace fedsleuth::ui {

Inspector::Inspector(CaseSession& session, QWidget* parent)
    : QWidget(parent),
      session_(session),
      caution_(new CautionBanner(this)),
      dossier_(new DossierView(this)),
      decision_(new QWidget(this)),
      decided_(make_quiet_text(decision_)),
      note_(new QPlainTextEdit(decision_))
{
    build();
    connect(&session, &CaseSession::data_changed, this, &Inspector::show_selection);
    connect(dossier_, &DossierView::source_wanted, this,
            [this](const SourcePlace& place) { show_source(session_, place, this); });
    connect(&session.selection(), &Selection::client_changed, this, &Inspector::show_selection);
    connect(&session.selection(), &Selection::round_changed, this, &Inspector::show_selection);
    show_selection();
}

void Inspector::build()
{
    note_->setPlaceholderText(tr("Note (optional)"));
    note_->setAccessibleName(tr("Note on the decision"));
    note_->setObjectName(QStringLiteral("note"));
    note_->setTabChangesFocus(true);
    note_->setFixedHeight(3 * note_->fontMetrics().lineSpacing() + 4 * grid);

    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(grid);
    const auto add = [&](model::VerdictClass verdict, const QString& text, const char* name) {
        auto* button = new QPushButton(verdict_symbol(verdict) + u' ' + text, decision_);
        button->setObjectName(QString::fromLatin1(name));
        button->setToolTip(tr("Record this decision and the note in the case"));
        connect(button, &QPushButton::clicked, this, [this, verdict] { decide(verdict); });
        buttons->addWidget(button, 1);
        buttons_[verdict] = button;
    };
    add(model::VerdictClass::malicious, tr("Malicious"), "decide_malicious");
    add(model::VerdictClass::watch, tr("Watch"), "decide_watch");
    add(model::VerdictClass::clean, tr("Clean"), "decide_clean");

    auto* box = new QVBoxLayout(decision_);
    box->setContentsMargins(0, 0, 0, 0);
    box->setSpacing(grid);
    box->addWidget(make_hairline(decision_));
    box->addSpacing(grid);
    box->addWidget(make_section_title(tr("Your decision"), decision_));
    box->addWidget(decided_);
    box->addWidget(note_);
    box->addLayout(buttons);

    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(3 * grid, 2 * grid, 3 * grid, 2 * grid);
    layout->setSpacing(2 * grid);
    layout->addWidget(caution_);
    layout->addWidget(dossier_, 1);
    layout->addWidget(decision_);
}

void Inspector::show_selection()
{
    const CaseDataPtr& data = session_.data();
    const Selection& selection = session_.selection();
    keep_draft();
    if (!data) drafts_.clear();
    const std::optional<model::ClientId> client = data ? selection.client() : std::nullopt;
    if (client != shown_) {
        shown_ = client;
        const auto draft = client ? drafts_.find(*client) : drafts_.end();
        note_->setPlainText(draft == drafts_.end() ? QString() : draft->second);
    }
    caution_->show_case(client ? data : nullptr);
    decision_->setVisible(client.has_value());
    if (client) {
        dossier_->show_dossier(client_dossier(*data, *client, selection.round()));
        const model::Decision* decision = data->decision(*client);
        say(decided_, decision ? tr("Decided: %1%2")
                                     .arg(text_of(model::name_of(decision->decided)),
                                          decision->note.empty() ? QString() : tr(" — %1").arg(shown(decision->note)))
                               : tr("None yet. What you decide overrules the analysis everywhere, and is recorded."));
    } else if (data && selection.round()) {
        dossier_->show_dossier(round_dossier(*data, *selection.round()));
    } else {
        dossier_->show_words(data ? tr("Select a client or a round, on any page, to read about it here.")
                                  : tr("Here will be read about the client or the round that is selected."));
    }
}

void Inspector::keep_draft()
{
    if (!shown_) return;
    const QString text = note_->toPlainText();
    if (text.isEmpty())
        drafts_.erase(*shown_);
    else
        drafts_[*shown_] = text;
}

void Inspector::decide(model::VerdictClass verdict)
{
    if (!shown_) return;
    model::Decision decision;
    decision.client = *shown_;
    decision.decided = verdict;
    decision.note = note_->toPlainText().trimmed().toStdString();
    note_->clear();
    drafts_.erase(*shown_);
    session_.decide(decision);
}

}  // namespace fedsleuth::ui
