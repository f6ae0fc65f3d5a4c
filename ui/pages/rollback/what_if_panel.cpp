// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/rollback/what_if_panel.h"

#include "storage/case/case_file.h"
#include "ui/pages/parts.h"
#include "ui/pages/rollback/contamination_chart.h"
#include "ui/pages/rollback/replay_export.h"
#include "ui/session/case_session.h"
#include "ui/session/jobs.h"
#include "ui/session/wording.h"
#include "ui/tables/cells.h"

#include <QCheckBox>
#include <QComboBox>
#include <QEvent>
#include <QFileDialog>
#include <QGridLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QScrollArea>
#include <QScrollBar>
#include <QStyle>
#include <QTimer>
#include <QVBoxLayout>

namespace fedsleuth::ui {

namespace {
const QString replay_lane = QStringLiteral("what-if");
}

WhatIfPanel::WhatIfPanel(CaseSession& session, QWidget* parent)
    : QWidget(parent),
      session_(session),
      flagged_(new QCheckBox(tr("all &malicious clients"), this)),
      exclude_(new QLineEdit(this)),
      rule_(new QComboBox(this)),
      from_(new QComboBox(this)),
      run_(new QPushButton(tr("&Replay"), this)),
      stop_(new QPushButton(tr("Stop"), this)),
      export_(new QPushButton(tr("E&xport…"), this)),
      answer_(make_text(this)),
      badge_(make_text(this)),
      scroll_(new QScrollArea(this)),
      chart_(new LineChart(this)),
      probe_chart_(new LineChart(this))
{
    build();
    connect(run_, &QPushButton::clicked, this, &WhatIfPanel::replay);
    connect(flagged_, &QCheckBox::toggled, this, &WhatIfPanel::name_start);
    connect(exclude_, &QLineEdit::returnPressed, this, &WhatIfPanel::replay);
    connect(stop_, &QPushButton::clicked, this, [this] { session_.jobs().stop(replay_lane); });
    connect(export_, &QPushButton::clicked, this, [this] {
        auto* dialog = new QFileDialog(this, tr("A new folder for the checkpoints"));
        dialog->setAttribute(Qt::WA_DeleteOnClose);
        dialog->setFileMode(QFileDialog::Directory);
        dialog->setOption(QFileDialog::ShowDirsOnly);
        connect(dialog, &QFileDialog::fileSelected, this, &WhatIfPanel::export_to);
        dialog->open();
    });
    set_running(false);
}

void WhatIfPanel::build()
{
    flagged_->setChecked(true);
    flagged_->setToolTip(tr("By an analyst's decision, or else by the verdict"));
    exclude_->setPlaceholderText(tr("site-03, site-07"));
    exclude_->setAccessibleName(tr("Other clients to leave out"));
    rule_->setAccessibleName(tr("Rule"));
    from_->setAccessibleName(tr("From checkpoint"));
    from_->setToolTip(tr("The checkpoint after this round is where the replay sets out"));
    export_->setToolTip(tr("Writes the replayed checkpoints into a new folder"));
    answer_->setObjectName(QStringLiteral("replay_answer"));
    rule_->addItem(tr("as declared"), QString());
    for (const analysis::RuleInfo* info : analysis::all_rules()) {
        rule_->addItem(text_of(info->title), text_of(info->name));
        rule_->setItemData(rule_->count() - 1, text_of(info->meaning), Qt::ToolTipRole);
    }
    auto* form = new QGridLayout;
    form->setHorizontalSpacing(2 * grid);
    form->setVerticalSpacing(grid);
    form->addWidget(new QLabel(tr("Leave out"), this), 0, 0);
    form->addWidget(flagged_, 0, 1);
    form->addWidget(new QLabel(tr("and also"), this), 1, 0);
    form->addWidget(exclude_, 1, 1);
    form->addWidget(new QLabel(tr("Rule"), this), 2, 0);
    form->addWidget(rule_, 2, 1);
    form->addWidget(new QLabel(tr("From"), this), 3, 0);
    form->addWidget(from_, 3, 1);
    form->setColumnStretch(1, 1);
    for (QComboBox* box : {rule_, from_}) {
        box->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
        box->setMinimumContentsLength(12);
    }
    auto* buttons = new QHBoxLayout;
    for (QPushButton* button : {run_, stop_, export_}) buttons->addWidget(button);
    buttons->addStretch(1);
    // Question and answer beside the curves: below them the curves would be too low to be read. The words scroll, so
    // that a long answer does not push the table below out of sight.
    auto* asked = new QWidget;
    auto* words = new QVBoxLayout(asked);
    words->setContentsMargins(0, 0, 2 * grid, 0);
    words->setSpacing(2 * grid);
    words->addLayout(form);
    words->addLayout(buttons);
    words->addWidget(answer_);
    words->addWidget(badge_);
    words->addStretch(1);
    scroll_->setFrameShape(QFrame::NoFrame);
    scroll_->setWidgetResizable(true);
    scroll_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll_->setWidget(asked);
    scroll_->setMinimumWidth(asked->minimumSizeHint().width() + style()->pixelMetric(QStyle::PM_ScrollBarExtent) +
                             grid);
    auto* curves = new QVBoxLayout;
    curves->setSpacing(grid);
    for (LineChart* chart : {chart_, probe_chart_}) {
        chart->setMinimumHeight(130);
        curves->addWidget(chart, 1);
    }
    probe_chart_->hide();
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(2 * grid, 2 * grid, 2 * grid, 2 * grid);
    layout->setSpacing(2 * grid);
    layout->addWidget(scroll_, 2);
    layout->addLayout(curves, 3);
}

void WhatIfPanel::set_running(bool running)
{
    run_->setEnabled(data_ && !running);
    stop_->setEnabled(running);
    export_->setEnabled(replay_.has_value() && !running);
}

void WhatIfPanel::show_case(const CaseDataPtr& data)
{
    if (data == data_) return;
    const bool same_case = data && data_ && data->case_path == data_->case_path;
    data_ = data;
    if (same_case) {
        name_start();  // a decision may have changed what is recommended
        set_running(session_.jobs().is_running(replay_lane));
        return;
    }
    session_.jobs().abandon(replay_lane);
    replay_.reset();
    from_->clear();
    rule_->setItemText(0,
                       data ? tr("as declared (%1)").arg(shown(data->federation.aggregation.rule)) : tr("as declared"));
    from_->addItem({}, QVariant());
    if (data)
        for (const model::Checkpoint& checkpoint : data->checkpoints)
            if (checkpoint.usable())
                from_->addItem(tr("round %1").arg(checkpoint.round.value()),
                               QVariant::fromValue<qlonglong>(checkpoint.round.value()));
    flagged_->setChecked(data && data->answer && !data->answer->flagged.empty());
    name_start();
    show_replay();
    set_running(false);
}

void WhatIfPanel::name_start()
{
    if (from_->count() == 0) return;
    const bool without_flagged = flagged_->isChecked() && data_ && data_->answer && !data_->answer->flagged.empty();
    const auto recommended = without_flagged ? data_->answer->rollback.recommended : std::nullopt;
    from_->setItemText(
        0, recommended ? tr("round %1 (recommended)").arg(recommended->value()) : tr("the first checkpoint"));
}

model::Result<analysis::ReplayRequest> WhatIfPanel::request() const
{
    analysis::ReplayRequest request;
    request.flagged = flagged_->isChecked();
    for (const QString& part : exclude_->text().split(u',', Qt::SkipEmptyParts))
        if (!part.trimmed().isEmpty()) request.exclude.emplace_back(part.trimmed().toStdString());
    if (const std::string rule = rule_->currentData().toString().toStdString(); !rule.empty())
        request.rule = analysis::ChosenRule{rule, {}};
    if (from_->currentData().isValid()) request.from = model::RoundNo{from_->currentData().toLongLong()};
    return request;
}

void WhatIfPanel::replay()
{
    if (!data_) return;
    const auto asked = request();
    if (!asked) return;
    shown_request_ = *asked;
    replay_.reset();
    show_replay();
    set_running(true);
    answer_->setText(tr("Replaying…"));
    session_.jobs().start<Replayed>(
        replay_lane, tr("Replaying the rounds"), this,
        [path = data_->case_path, asked = *asked,
         probes = session_.probes()](JobControl& control) -> model::Result<Replayed> {
            FEDSLEUTH_TRY(const std::unique_ptr<storage::CaseFile> file,
                          storage::CaseFile::open(path, storage::CaseFile::Mode::read_only));
            FEDSLEUTH_TRY(const analysis::CounterfactualOptions plan, analysis::replay_options(*file, asked));
            Replayed replayed;
            if (probes.empty()) {
                FEDSLEUTH_TRY(replayed.curve,
                              analysis::run_counterfactual(*file, *file, plan, {}, {}, control.progress));
                return replayed;
            }
            FEDSLEUTH_TRY(analysis::ReplayProbe probe, analysis::ReplayProbe::make(*file, *file, probes));
            const auto take = [&](model::RoundNo round, const analysis::VectorReader& frozen,
                                  const analysis::VectorReader& corrected) {
                return probe.take(round, frozen, corrected);
            };
            FEDSLEUTH_TRY(replayed.curve, analysis::run_counterfactual(*file, *file, plan, take, {}, control.progress));
            replayed.probed = probe.points();
            return replayed;
        },
        [this](model::Result<Replayed> answer) {
            if (answer) replay_ = std::move(*answer);
            show_replay();
            if (!answer)
                answer_->setText(answer.error().code == model::ErrorCode::cancelled ? tr("Stopped.")
                                                                                    : shown(answer.error().text()));
            set_running(false);
            // On a small screen the question fills the panel: what was asked for comes into sight, once it is laid out.
            QTimer::singleShot(0, this, [this] { scroll_->verticalScrollBar()->setValue(answer_->y()); });
        });
}

void WhatIfPanel::export_to(const QString& folder)
{
    if (!data_ || !replay_) return;
    set_running(true);
    session_.jobs().start<std::int64_t>(
        replay_lane, tr("Writing the replayed checkpoints"), this,
        [path = data_->case_path, request = shown_request_, folder](JobControl& control) {
            return export_replay(path, request, folder.toStdString(), control.progress);
        },
        [this, folder](const model::Result<std::int64_t>& written) {
            answer_->setText(
                written ? tr("Wrote %1 checkpoints and manifest.json to %2.").arg(*written).arg(folder)
                : written.error().code == model::ErrorCode::cancelled
                    ? tr("Stopped; the finished rounds are kept in %1, and exporting there again goes on.").arg(folder)
                    : tr("Not exported: %1").arg(shown(written.error().text())));
            set_running(false);
        });
}

void WhatIfPanel::show_replay()
{
    const Palette colors = Palette::of(palette());
    if (!replay_) {
        answer_->setText(tr(
            "The rounds are aggregated again from the updates in the case, without these clients or by another rule. "
            "Every update that is left is used as it was sent; what honest clients would have answered to another "
            "model is estimated."));
        say(badge_, {});
        ChartContents nothing;
        nothing.empty_text =
            tr("Press Replay to see here how far from the shipped checkpoints those would lie that would have been. "
               "With a "
               "probe set (Case ▸ Add a probe set…) also how well both answer.");
        chart_->set_contents(nothing);
        probe_chart_->hide();
        return;
    }
    const analysis::Counterfactual& curve = replay_->curve;
    const analysis::Validity validity = analysis::validity_of(curve);
    const analysis::CounterfactualPoint& last = curve.points.back();
    QStringList notes;
    for (const std::string& note : curve.notes) {
        if (notes.size() == 3) {
            notes << tr("… and %1 more remarks.").arg(curve.notes.size() - 3);
            break;
        }
        notes << shown(note);
    }
    std::vector<model::ClientId> without;
    for (const analysis::Removal& removal : curve.removals) without.push_back(removal.client);
    answer_->setText(
        (QStringList{
             tr("From the checkpoint of round %1 to that of round %2, %3: the last one lies elsewhere "
                "by %4 of the way of training (%5 if honest clients answer the other model).")
                 .arg(curve.from.value())
                 .arg(last.round.value())
                 .arg(without.empty() ? tr("with everybody") : tr("without %1").arg(text_of(client_list_text(without))),
                      percent_cell(analysis::influence(last, last.frozen)).text,
                      percent_cell(analysis::influence(last, last.corrected)).text)} +
         notes)
            .join(u'\n'));
    const QString mark = validity.badge == analysis::Badge::green   ? tr("● green: believable.")
                         : validity.badge == analysis::Badge::amber ? tr("▲ amber: an estimate.")
                                                                    : tr("■ red: do not believe it.");
    say(badge_, mark + QStringLiteral(" ") + text_of(validity.reason));
    draw(colors);
}

void WhatIfPanel::draw(const Palette& colors)
{
    ChartContents moved = contamination_contents(replay_->curve, colors, std::nullopt);
    moved.x.titled = replay_->probed.empty();
    chart_->set_contents(std::move(moved));
    probe_chart_->setVisible(!replay_->probed.empty());
    if (!replay_->probed.empty()) probe_chart_->set_contents(probe_contents(replay_->probed, colors));
}

void WhatIfPanel::changeEvent(QEvent* event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange && replay_) draw(Palette::of(palette()));
}

}  // namespace fedsleuth::ui
