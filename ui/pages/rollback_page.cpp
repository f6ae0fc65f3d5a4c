// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/rollback_page.h"

#include "model/wording.h"
#include "storage/case/case_file.h"
#include "ui/pages/parts.h"
#include "ui/pages/rollback/checkpoint_card.h"
#include "ui/pages/rollback/compare_panel.h"
#include "ui/pages/rollback/contamination_chart.h"
#include "ui/pages/rollback/what_if_panel.h"
#include "ui/plots/lane.h"
#include "ui/session/case_session.h"
#include "ui/session/jobs.h"
#include "ui/session/rollback_words.h"
#include "ui/session/wording.h"
#include "ui/tables/table_view.h"

#include <cmath>
#include <QLabel>
#include <QSplitter>
#include <QTabWidget>
#include <QVBoxLayout>

namespace fedsleuth::ui {

RollbackPage::RollbackPage(CaseSession& session, QWidget* parent)
    : Page(session, parent),
      contents_(new QWidget(this)),
      empty_(new EmptyState(this)),
      title_(make_title({}, contents_)),
      why_(make_text(contents_)),
      price_(make_text(contents_)),
      note_(make_quiet_text(contents_)),
      lane_(new Lane(contents_)),
      table_(new RowTable<Row>(columns(), this)),
      view_(new TableView(contents_)),
      card_(new CheckpointCard(contents_)),
      chart_title_(make_quiet_text(contents_)),
      chart_(new LineChart(contents_)),
      compare_(new ComparePanel(session, contents_)),
      what_if_(new WhatIfPanel(session, contents_))
{
    view_->show_table(table_);
    view_->setAccessibleName(tr("Checkpoints"));
    view_->set_empty_text(tr("No checkpoint lies in these rounds."));
    build();

    Selection& selection = session.selection();
    connect(lane_, &Lane::round_clicked, this, [&selection](model::RoundNo round) { selection.select_round(round); });
    connect(lane_, &Lane::round_activated, this,
            [&selection](model::RoundNo round) { selection.activate_round(round); });
    connect(view_, &TableView::row_selected, this, [this, &selection](int row) {
        selection.select_round(table_->rows()[static_cast<std::size_t>(row)].candidate->round);
    });
    connect(view_, &TableView::row_activated, this, [this, &selection](int row) {
        selection.activate_round(table_->rows()[static_cast<std::size_t>(row)].candidate->round);
    });
    connect(chart_, &LineChart::x_clicked, this,
            [&selection](double x) { selection.select_round(model::RoundNo{std::llround(x)}); });
}

void RollbackPage::build()
{
    QBoxLayout* page = make_page_layout(this);
    page->addWidget(empty_, 1);
    page->addWidget(contents_, 1);
    auto* layout = new QVBoxLayout(contents_);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(grid);
    layout->addWidget(title_);
    layout->addWidget(why_);
    layout->addWidget(price_);
    layout->addSpacing(2 * grid);
    layout->addWidget(make_hairline(contents_));
    layout->addWidget(lane_);
    layout->addWidget(make_hairline(contents_));
    layout->addWidget(note_);

    auto* curve = new QWidget(contents_);
    auto* curve_layout = new QVBoxLayout(curve);
    curve_layout->setContentsMargins(2 * grid, 2 * grid, 2 * grid, 0);
    curve_layout->addWidget(chart_title_);
    curve_layout->addWidget(chart_, 1);
    auto* tabs = new QTabWidget(contents_);
    tabs->setDocumentMode(true);
    tabs->addTab(card_, tr("Checkpoint"));
    tabs->addTab(curve, tr("Contamination"));
    tabs->addTab(compare_, tr("Compare two"));
    tabs->addTab(what_if_, tr("What would have been"));
    auto* parts = new QSplitter(Qt::Vertical, contents_);
    parts->setChildrenCollapsible(false);
    chart_->setMinimumHeight(120);
    parts->addWidget(tabs);
    parts->addWidget(view_);
    parts->setStretchFactor(0, 1);
    parts->setStretchFactor(1, 1);
    parts->setSizes({500, 400});
    layout->addWidget(parts, 1);
}

std::vector<RowTable<RollbackPage::Row>::Column> RollbackPage::columns()
{
    return {
        {{tr("Checkpoint"), tr("Of the model after this round; 0 is the model before training"), true, 11},
         [](const Row& row) { return round_cell(row.candidate->round); }},
        {{tr("Status"), tr("clean, suspect or contaminated"), false, 14},
         [](const Row& row) { return text_cell(row.candidate->status); }},
        {{tr("Clean"), tr("Probability that no update before it was malicious"), true, 10},
         [](const Row& row) { return probability_cell(row.candidate->clean_probability); }},
        {{tr("Contamination"),
          tr("Length of what flagged clients added, as a share of how far the model has moved since the start"), true,
          14},
         [](const Row& row) { return percent_cell(row.candidate->contamination); }},
        {{tr("Aggregation"), tr("Do the updates and the declared rule give this checkpoint?"), false, 13},
         [](const Row& row) { return text_cell(model::aggregation_words(row.candidate->aggregation)); }},
        {{tr("Residual"), tr("|step in the checkpoints − step recomputed| / |step in the checkpoints|"), true, 10},
         [](const Row& row) { return scientific_cell(row.candidate->residual); }},
        {{tr("Signature"), tr("The server's, over the checkpoint's bytes"), false, 18},
         [](const Row& row) { return text_cell(model::signature_words(row.candidate->signature)); }},
        {{tr("Metrics"), tr("As the log reports them"), false, 30},
         [](const Row& row) {
             const std::string text = metrics_text(*row.metrics);
             return text.empty() ? unknown_cell() : Cell{text_of(text), text_of(text), {}, {}};
         }},
        {{tr("Why"), {}, false, 0, true}, [](const Row& row) { return text_cell(row.candidate->why); }},
    };
}

void RollbackPage::refresh()
{
    const CaseDataPtr& data = session().data();
    const bool any = data && data->rollback && !data->rollback->candidates.empty();
    any ? show_instead(contents_, empty_) : show_instead(empty_, contents_);
    if (!data)
        empty_->set_words(
            tr("No case is open"),
            tr("Here will be said which checkpoint is the last clean one, and what going back to it costs."));
    else if (!data->verdicts)
        empty_->set_words(tr("Not analysed yet"), tr("Checkpoints are rated by the analysis: Case ▸ Analyse again."));
    else if (!any)
        empty_->set_words(tr("No checkpoints"),
                          tr("The log names no checkpoint that could be read, so there is nothing to go back to. "
                             "The Evidence page says which files were missing or refused."));
    compare_->show_case(any ? data : nullptr);
    what_if_->show_case(any ? data : nullptr);
    if (any)
        fill(data);
    else
        table_->set_rows({});
    if (!any) return;
    if (measured_for_ != data) {
        measured_for_ = data;
        contamination_ = data->answer ? data->answer->contamination : std::nullopt;
        if (data->answer && !contamination_) measure(data);
    }
    show_contamination();
}

/// A decision changed who is flagged: what they added is measured anew, and kept in the case.
void RollbackPage::measure(const CaseDataPtr& data)
{
    using Answer = std::optional<analysis::RollbackAnswer>;
    session().jobs().start<Answer>(
        QStringLiteral("contamination"), tr("Measuring the contamination"), this,
        [path = data->case_path](JobControl& control) -> model::Result<Answer> {
            FEDSLEUTH_TRY(const std::unique_ptr<storage::CaseFile> file,
                          storage::CaseFile::open(path, storage::CaseFile::Mode::read_only));
            return analysis::measured_rollback_answer(*file, *file, false, control.progress);
        },
        [this, data](model::Result<Answer> answer) {
            if (measured_for_ != data || !answer || !*answer) return;
            contamination_ = std::move((*answer)->contamination);
            show_contamination();
        });
}

void RollbackPage::show_contamination()
{
    const CaseDataPtr& data = session().data();
    ChartContents contents;
    contents.empty_text =
        tr("The contamination is not known: the declared rule can't be run again on what the case holds.");
    QString title;
    if (contamination_) {
        contents = contamination_contents(*contamination_, Palette::of(palette()), session().selection().round());
        const analysis::CounterfactualPoint& last = contamination_->points.back();
        const double share = analysis::influence(last, last.frozen);
        const bool by_server = !contamination_->tampered.empty();
        const bool by_clients = !contamination_->removals.empty();
        const QString without = by_clients && by_server
                                    ? tr("Without the flagged clients and without what the server put in itself")
                                : by_server ? tr("Without what the server put in itself")
                                            : tr("Without the flagged clients");
        title = share > 0
                    ? tr("%1 the last checkpoint would lie elsewhere: %2 of the way that the model went in training")
                          .arg(without, percent_cell(share).text)
                    : tr("No flagged client's update went into any checkpoint");
        QStringList shares;
        for (std::size_t idx = 0; idx < contamination_->share.size() && idx < 4; ++idx)
            shares << tr("%1 %2").arg(shown(contamination_->removals[idx].client),
                                      percent_cell(contamination_->share[idx], 0).text);
        if (!shares.isEmpty() && share > 0)
            title +=
                tr(". Shares in that: %1%2")
                    .arg(shares.join(QStringLiteral(", ")),
                         contamination_->share.size() > 4 ? tr(" and %1 more").arg(contamination_->share.size() - 4)
                                                          : QString());
        title += QStringLiteral(".");
    } else if (data && data->answer && session().jobs().is_running(QStringLiteral("contamination"))) {
        contents.empty_text = tr("Measuring…");
    }
    say(chart_title_, title);
    chart_->set_contents(std::move(contents));
}

void RollbackPage::fill(const CaseDataPtr& data)
{
    const RollbackWords words = rollback_words(*data);
    title_->setText(text_of(words.answer));
    say(why_, text_of(words.why));
    say(price_, text_of(words.price));

    const model::Rollback& rollback = *data->rollback;
    std::vector<LaneCell> cells;
    std::vector<Row> rows;
    for (const model::RollbackCandidate& candidate : rollback.candidates) {
        // Round 0 belongs to the beginning, whatever the first training round is numbered.
        const bool start = candidate.round < session().range().first() && session().range().is_all();
        if (!start && !session().range().contains(candidate.round)) continue;
        rows.push_back({&candidate, &metrics_of(*data, candidate)});
        LaneCell cell;
        cell.round = candidate.round;
        cell.status = checkpoint_status_from(candidate.status);
        cell.recommended = rollback.recommended == candidate.round;
        cell.tooltip = tr("Checkpoint of round %1: %2; clean with probability %3")
                           .arg(candidate.round.value())
                           .arg(shown(candidate.status), text_of(probability_text(candidate.clean_probability)));
        if (!candidate.why.empty()) cell.tooltip += QStringLiteral("\n") + shown(candidate.why);
        cells.push_back(std::move(cell));
    }
    const std::size_t hidden = rollback.candidates.size() - rows.size();
    QStringList notes;
    if (data->answer) notes << text_of(data->answer->uncounted());
    if (hidden > 0) notes << tr("%1 checkpoints outside the chosen rounds are not shown.").arg(hidden);
    notes.removeAll(QString());
    say(note_, notes.join(u'\n'));
    lane_->set_cells(std::move(cells));
    table_->set_rows(std::move(rows), data);
}

void RollbackPage::show_selection()
{
    const std::optional<model::RoundNo>& round = session().selection().round();
    lane_->set_selected(round);
    std::optional<int> selected;
    for (std::size_t row = 0; round && row < table_->rows().size(); ++row)
        if (table_->rows()[row].candidate->round == *round) selected = static_cast<int>(row);
    view_->select_row(selected);
    card_->show_checkpoint(session().data(), round);
    compare_->select(round);
    chart_->set_caret(round ? std::optional(static_cast<double>(round->value())) : std::nullopt);
}

}  // namespace fedsleuth::ui
