// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/rollback/compare_panel.h"

#include "storage/case/case_file.h"
#include "ui/pages/parts.h"
#include "ui/session/case_session.h"
#include "ui/session/jobs.h"
#include "ui/tables/table_view.h"

#include <algorithm>
#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QSignalBlocker>
#include <QVBoxLayout>

namespace fedsleuth::ui {

using analysis::LayerComparison;

ComparePanel::ComparePanel(CaseSession& session, QWidget* parent)
    : QWidget(parent),
      session_(session),
      first_(new QComboBox(this)),
      second_(new QComboBox(this)),
      answer_(make_text(this)),
      table_(new RowTable<Row>(columns(), this)),
      view_(new TableView(this))
{
    first_->setAccessibleName(tr("First checkpoint"));
    second_->setAccessibleName(tr("Second checkpoint"));
    view_->setAccessibleName(tr("Layers"));
    view_->show_table(table_);
    view_->set_empty_text(tr("Choose two checkpoints."));
    auto* row = new QHBoxLayout;
    row->setSpacing(grid);
    row->addWidget(new QLabel(tr("Checkpoint"), this));
    row->addWidget(first_);
    row->addWidget(new QLabel(tr("and"), this));
    row->addWidget(second_);
    row->addStretch(1);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(2 * grid, 2 * grid, 2 * grid, 2 * grid);
    layout->setSpacing(2 * grid);
    layout->addLayout(row);
    layout->addWidget(answer_);
    layout->addWidget(view_, 1);
    for (QComboBox* box : {first_, second_}) connect(box, &QComboBox::currentIndexChanged, this, [this] { compare(); });
}

std::vector<RowTable<ComparePanel::Row>::Column> ComparePanel::columns()
{
    return {
        {{tr("Layer"), {}, false, 0, true},
         [](const Row& row) {
             return row.name.empty() ? Cell{tr("whole model"), tr("whole model"), {}, {}} : text_cell(row.name);
         }},
        {{tr("Parameters"), tr("How many numbers the layer has"), true, 11},
         [](const Row& row) { return count_cell(row.coordinates); }},
        {{tr("Distance"), tr("L2 norm of the difference of the two checkpoints' weights"), true, 10},
         [](const Row& row) { return number_cell(row.distance, 4); }},
        {{tr("Of the first's length"), tr("Distance as a share of the L2 norm of the first checkpoint's weights"), true,
          13},
         [](const Row& row) { return row.length_a > 0 ? percent_cell(row.distance / row.length_a) : unknown_cell(); }},
        {{tr("Angle (°)"), tr("Between the two checkpoints' weights, seen from zero"), true, 10},
         [](const Row& row) { return fixed_cell(row.degrees, 2); }},
    };
}

void ComparePanel::show_case(const CaseDataPtr& data)
{
    if (data == data_) return;
    const bool same_case = data && data_ && data->case_path == data_->case_path;
    const std::optional<model::RoundNo> first = chosen(first_), second = chosen(second_);
    data_ = data;
    const QSignalBlocker quiet_first(first_), quiet_second(second_);
    first_->clear();
    second_->clear();
    if (!data || !data->rollback) return;
    for (const model::Checkpoint& checkpoint : data->checkpoints) {
        if (!checkpoint.usable()) continue;
        for (QComboBox* box : {first_, second_})
            box->addItem(tr("of round %1").arg(checkpoint.round.value()),
                         QVariant::fromValue<qlonglong>(checkpoint.round.value()));
    }
    const auto choose = [](QComboBox* box, std::optional<model::RoundNo> round, int otherwise) {
        const int idx = round ? box->findData(QVariant::fromValue<qlonglong>(round->value())) : -1;
        box->setCurrentIndex(idx >= 0 ? idx : otherwise);
    };
    choose(first_, same_case && first ? first : data->rollback->recommended, 0);
    choose(second_, same_case ? second : std::nullopt, second_->count() - 1);
    compare();
}

void ComparePanel::select(std::optional<model::RoundNo> round)
{
    if (!round) return;
    const int idx = first_->findData(QVariant::fromValue<qlonglong>(round->value()));
    if (idx >= 0) first_->setCurrentIndex(idx);
}

std::optional<model::RoundNo> ComparePanel::chosen(const QComboBox* box) const
{
    return box->currentIndex() < 0 ? std::nullopt : std::optional(model::RoundNo{box->currentData().toLongLong()});
}

/// How far apart, where most, and what the case says of each.
QString ComparePanel::words(model::RoundNo a, model::RoundNo b, const std::vector<LayerComparison>& layers) const
{
    const auto share = [](const LayerComparison& each) {
        return each.length_a > 0 ? std::optional(each.distance / each.length_a) : std::nullopt;
    };
    const LayerComparison& whole = layers.front();
    QString text =
        tr("The weights after round %1 and those after round %2 lie %3 apart (L2), which is %4 of the length of the "
           "first; the angle between them is %5°.")
            .arg(a.value())
            .arg(b.value())
            .arg(number_cell(whole.distance, 4).text, percent_cell(share(whole)).text,
                 fixed_cell(whole.degrees, 2).text);
    const auto most = std::ranges::max_element(layers.begin() + 1, layers.end(), {},
                                               [&](const LayerComparison& each) { return share(each).value_or(0); });
    if (layers.size() > 2 && most != layers.end() && share(*most))
        text += tr(" For its length, %1 differs most (%2).").arg(shown(most->name), percent_cell(share(*most)).text);
    QStringList states;
    for (const model::RoundNo round : {a, b})
        for (const model::RollbackCandidate& candidate : data_->rollback->candidates)
            if (candidate.round == round) states << tr("round %1 %2").arg(round.value()).arg(shown(candidate.status));
    if (!states.isEmpty())
        text += tr(" The distance alone accuses nobody: training moves a model too. Rated as checkpoints: %1.")
                    .arg(states.join(QStringLiteral(", ")));
    return text;
}

void ComparePanel::compare()
{
    const std::optional<model::RoundNo> first = chosen(first_), second = chosen(second_);
    table_->set_rows({});
    answer_->clear();
    if (!data_ || !first || !second) return;
    using Answer = std::vector<LayerComparison>;
    session_.jobs().start<Answer>(
        QStringLiteral("compare-checkpoints"), tr("Comparing checkpoints"), this,
        [path = data_->case_path, layers = data_->federation.layers, a = *first,
         b = *second](JobControl& control) -> model::Result<Answer> {
            FEDSLEUTH_TRY(const std::unique_ptr<storage::CaseFile> file,
                          storage::CaseFile::open(path, storage::CaseFile::Mode::read_only));
            return analysis::compare_checkpoints(*file, layers, a, b, control.progress);
        },
        [this, a = *first, b = *second](model::Result<Answer> answer) {
            if (!answer) {
                if (answer.error().code != model::ErrorCode::cancelled)
                    answer_->setText(tr("They could not be compared: %1").arg(shown(answer.error().text())));
                return;
            }
            answer_->setText(a == b ? tr("It is the same checkpoint.") : words(a, b, *answer));
            table_->set_rows(std::move(*answer));
        },
        {.shown = false});
}

}  // namespace fedsleuth::ui
