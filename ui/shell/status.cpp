// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/status.h"

#include "ui/pages/parts.h"
#include "ui/session/case_session.h"
#include "ui/session/jobs.h"
#include "ui/tables/cells.h"

#include <algorithm>
#include <QHBoxLayout>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QToolButton>

namespace fedsleuth::ui {

Status::Status(CaseSession& session, QWidget* parent)
    : QWidget(parent),
      session_(session),
      job_(new QLabel(this)),
      bar_(new QProgressBar(this)),
      stop_(new QPushButton(tr("Stop"), this)),
      range_(new QLabel(this)),
      widen_(new QToolButton(this))
{
    job_->setTextFormat(Qt::PlainText);
    job_->setObjectName(QStringLiteral("job"));
    job_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    range_->setTextFormat(Qt::PlainText);
    range_->setObjectName(QStringLiteral("range"));
    bar_->setTextVisible(false);
    bar_->setFixedWidth(160);
    bar_->setMaximumHeight(3 * grid);
    stop_->setObjectName(QStringLiteral("stop"));
    widen_->setText(tr("Show all"));
    widen_->setToolTip(tr("Show all rounds again"));
    widen_->setAutoRaise(true);

    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(2 * grid, 0, 2 * grid, 0);
    layout->setSpacing(2 * grid);
    layout->addWidget(job_, 1);
    layout->addWidget(bar_);
    layout->addWidget(stop_);
    layout->addSpacing(2 * grid);
    layout->addWidget(range_);
    layout->addWidget(widen_);

    connect(stop_, &QPushButton::clicked, this, [this] { session_.jobs().stop_shown(); });
    connect(widen_, &QToolButton::clicked, this, [this] { session_.range().widen(); });
    connect(&session, &CaseSession::jobs_changed, this, &Status::show_jobs);
    connect(&session, &CaseSession::data_changed, this, &Status::show_range);
    connect(&session.range(), &RoundRange::changed, this, &Status::show_range);
    show_jobs();
    show_range();
}

void Status::show_jobs()
{
    const std::vector<JobState> jobs = session_.jobs().shown();
    const bool any = !jobs.empty();
    bar_->setVisible(any);
    stop_->setVisible(any);
    if (!any) {
        job_->clear();
        return;
    }
    const JobState& job = jobs.front();
    job_->setText(shown(describe(job)));
    stop_->setEnabled(!job.stopping);
    // Without a total the bar only says that something is going on.
    constexpr int fine = 1000;
    bar_->setRange(0, job.share ? fine : 0);
    if (job.share) bar_->setValue(static_cast<int>(*job.share * fine));
}

void Status::show_range()
{
    const CaseDataPtr& data = session_.data();
    const RoundRange& range = session_.range();
    widen_->setVisible(data && !range.is_all());
    if (!data || data->rounds.empty()) {
        range_->clear();
        return;
    }
    const qlonglong all = static_cast<qlonglong>(data->rounds.size());
    if (range.is_all())
        range_->setText(all == 1 ? tr("1 round") : tr("all %1 rounds").arg(all));
    else if (range.first() == range.last())
        range_->setText(tr("round %1 of %2").arg(range.first().value()).arg(all));
    else
        range_->setText(tr("rounds %1–%2 of %3").arg(range.first().value()).arg(range.last().value()).arg(all));
}

}  // namespace fedsleuth::ui
