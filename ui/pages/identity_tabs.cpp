// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/identity_tabs.h"

#include "analysis/identity/admission.h"
#include "analysis/identity/moment.h"
#include "model/text.h"
#include "ui/dialogs/source_dialog.h"
#include "ui/pages/finding_links.h"
#include "ui/pages/parts.h"
#include "ui/plots/validity_lanes.h"
#include "ui/session/case_session.h"
#include "ui/session/identity_words.h"
#include "ui/session/wording.h"
#include "ui/tables/table_view.h"

#include <algorithm>
#include <QInputDialog>
#include <QLabel>
#include <QScrollArea>
#include <QSplitter>
#include <QVBoxLayout>

namespace fedsleuth::ui {

namespace {

QVBoxLayout* tab_layout(QWidget* tab)
{
    auto* layout = new QVBoxLayout(tab);
    layout->setContentsMargins(0, 2 * grid, 0, 0);
    layout->setSpacing(grid);
    return layout;
}

/// Sorted with the gravest first.
int gravity_of(model::SignatureOutcome outcome)
{
    switch (outcome) {
        case model::SignatureOutcome::invalid:
            return 0;
        case model::SignatureOutcome::certificate_bad:
            return 1;
        case model::SignatureOutcome::unsigned_:
            return 2;
        case model::SignatureOutcome::indeterminate:
            return 3;
        case model::SignatureOutcome::valid:
            break;
    }
    return 4;
}

Cell moment_cell(std::optional<double> seconds)
{
    if (!seconds) return unknown_cell();
    return {text_of(analysis::moment_text(*seconds)), *seconds, {}, {}};
}

/// From the first to the last thing that was sent, with a second for a run of none.
std::pair<double, double> run_of(const CaseData& data)
{
    std::optional<double> first, last;
    const auto note = [&](const std::string& text) {
        const std::optional<double> at = analysis::moment_of(text);
        if (!at) return;
        first = first ? std::min(*first, *at) : *at;
        last = last ? std::max(*last, *at) : *at;
    };
    note(data.federation.started_at);
    for (const model::Round& round : data.rounds) {
        note(round.started_at);
        note(round.finished_at);
    }
    for (const model::Update& update : data.updates) note(update.received_at);
    return {first.value_or(0), last.value_or(first.value_or(0) + 1)};
}

std::string holder_text(const analysis::CertificateView& view)
{
    return view.client ? view.client->text() : view.role == "server" ? "the server" : "the authority";
}

}  // namespace

SignaturesTab::SignaturesTab(CaseSession& session, QWidget* parent)
    : QWidget(parent),
      session_(session),
      state_(make_text(this)),
      table_(new RowTable<Row>(columns(), this)),
      view_(new TableView(this))
{
    view_->show_table(table_);
    view_->setAccessibleName(tr("Signatures"));
    view_->set_empty_text(tr("Nothing of these rounds is signed."));
    view_->sort_first_by(3, Qt::AscendingOrder);
    QVBoxLayout* layout = tab_layout(this);
    layout->addWidget(state_);
    layout->addWidget(view_, 1);
    connect(view_, &TableView::row_selected, this, [this](int row) {
        const model::SignatureCheck& check = *table_->rows()[static_cast<std::size_t>(row)];
        if (check.client && *check.client != model::server_client()) session_.selection().select_client(check.client);
        session_.selection().select_round(check.round);
    });
    connect(view_, &TableView::row_activated, this, [this](int row) {
        show_source(session_, source_of(*session_.data(), *table_->rows()[static_cast<std::size_t>(row)]), this);
    });
}

std::vector<RowTable<SignaturesTab::Row>::Column> SignaturesTab::columns()
{
    return {
        {{tr("Round"), {}, true, 8}, [](const Row& row) { return round_cell(row->round); }},
        {{tr("What"), {}, false, 14},
         [](const Row& row) {
             return text_cell(!row->client                             ? "checkpoint"
                              : *row->client == model::server_client() ? "reference"
                                                                       : "update");
         }},
        {{tr("Of"), tr("Whose key should have signed it"), false, 22},
         [](const Row& row) {
             return text_cell(row->client && *row->client != model::server_client() ? row->client->text()
                                                                                    : "the server");
         }},
        {{tr("Outcome"), tr("At the time when it was signed"), false, 22},
         [](const Row& row) {
             Cell cell = text_cell(outcome_text(row->outcome));
             cell.sort = gravity_of(row->outcome);
             return cell;
         }},
        {{tr("Scheme"), {}, false, 24}, [](const Row& row) { return text_cell(row->scheme); }},
        {{tr("Certificate"), {}, false, 24}, [](const Row& row) { return text_cell(row->certificate); }},
        {{tr("Why"), {}, false, 0, true},
         [](const Row& row) {
             // The outcome says already that it verifies; what a narrow column shows first is what is wrong.
             constexpr std::string_view said = "Its signature verifies, but the";
             Cell cell = text_cell(row->text);
             if (row->text.starts_with(said)) {
                 cell.tip = cell.text;
                 cell.text = QStringLiteral("The") + cell.text.mid(static_cast<qsizetype>(said.size()));
             }
             return cell;
         }},
    };
}

void SignaturesTab::show_data(const CaseDataPtr& data)
{
    std::vector<Row> rows;
    if (data)
        for (const model::SignatureCheck& check : data->signatures)
            if (session_.range().is_all() || session_.range().contains(check.round)) rows.push_back(&check);
    std::string text = data ? signatures_summary(*data) : std::string();
    if (data && rows.size() < data->signatures.size())
        text += " " + model::grouped(static_cast<long long>(data->signatures.size() - rows.size())) +
                " of other rounds not shown.";
    state_->setText(text_of(text));
    table_->set_rows(std::move(rows), data);
}

CertificatesTab::CertificatesTab(CaseSession& session, QWidget* parent)
    : QWidget(parent),
      session_(session),
      state_(make_text(this)),
      hidden_(make_quiet_text(this)),
      table_(new RowTable<Row>(columns(), this)),
      view_(new TableView(this)),
      scroll_(new QScrollArea(this)),
      lanes_(new ValidityLanes)
{
    view_->show_table(table_);
    view_->setAccessibleName(tr("Certificates"));
    view_->set_empty_text(tr("The log names no certificate."));
    scroll_->setWidgetResizable(true);
    scroll_->setFrameShape(QFrame::NoFrame);
    scroll_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll_->setWidget(lanes_);
    auto* upper = new QWidget(this);
    auto* upper_layout = new QVBoxLayout(upper);
    upper_layout->setContentsMargins(0, 0, 0, 0);
    upper_layout->addWidget(make_section_title(tr("Which certificates were good while the federation ran?"), upper));
    upper_layout->addWidget(scroll_, 1);
    upper_layout->addWidget(hidden_);
    auto* parts = new QSplitter(Qt::Vertical, this);
    parts->setChildrenCollapsible(false);
    parts->addWidget(upper);
    parts->addWidget(view_);
    parts->setStretchFactor(0, 3);
    parts->setStretchFactor(1, 2);
    parts->setSizes({600, 400});
    QVBoxLayout* layout = tab_layout(this);
    layout->addWidget(state_);
    layout->addWidget(parts, 1);
    const auto select = [this](Row row) {
        if (row->client) session_.selection().select_client(row->client);
    };
    connect(view_, &TableView::row_selected, this,
            [this, select](int row) { select(table_->rows()[static_cast<std::size_t>(row)]); });
    connect(lanes_, &ValidityLanes::lane_clicked, this, [this, select](int lane) {
        lanes_->set_selected(lane);
        select(shown_[static_cast<std::size_t>(lane)]);
    });
    connect(view_, &TableView::row_activated, this, [this](int row) {
        show_source(session_, SourcePlace{table_->rows()[static_cast<std::size_t>(row)]->path, 0}, this);
    });
}

std::vector<RowTable<CertificatesTab::Row>::Column> CertificatesTab::columns()
{
    return {
        {{tr("Of"), tr("Whom the log gives it"), false, 18},
         [](const Row& row) { return text_cell(holder_text(*row)); }},
        {{tr("For"), tr("Subject"), false, 30},
         [](const Row& row) {
             return row->problem.empty() ? text_cell(row->subject) : text_cell("can't be read: " + row->problem);
         }},
        {{tr("Valid from"), {}, false, 24}, [](const Row& row) { return moment_cell(row->not_before); }},
        {{tr("Valid until"), {}, false, 24}, [](const Row& row) { return moment_cell(row->not_after); }},
        {{tr("Revoked"), tr("By the revocation lists of the case"), false, 24},
         [](const Row& row) {
             if (!row->revoked) return unknown_cell();
             Cell cell = moment_cell(row->revoked->since);
             if (!row->revoked->reason.empty()) cell.text += QStringLiteral(" (") + shown(row->revoked->reason) + u')';
             return cell;
         }},
        {{tr("Way to the authority"), tr("Who signed for whom, up to the case's authority"), false, 40},
         [](const Row& row) {
             if (!row->problem.empty()) return unknown_cell();
             if (row->way.empty()) return text_cell("none: the case's authority did not issue it");
             std::string text;
             for (const std::string& step : row->way) text += (text.empty() ? "" : " ← ") + step;
             return text_cell(text);
         }},
        {{tr("Key"), {}, false, 16}, [](const Row& row) { return text_cell(row->key_type); }},
        {{tr("Serial"), {}, false, 18}, [](const Row& row) { return text_cell(row->serial); }},
        {{tr("File"), {}, false, 0, true}, [](const Row& row) { return text_cell(row->path); }},
    };
}

void CertificatesTab::show_data(const CaseDataPtr& data)
{
    std::vector<Row> rows;
    if (data)
        for (const analysis::CertificateView& view : data->certificates) rows.push_back(&view);
    std::string text;
    if (data && rows.empty()) text = "The federation has no certificates.";
    if (data && !rows.empty()) {
        std::int64_t bad = 0;
        for (const model::Finding& finding : data->findings) bad += finding.kind.starts_with("certificate-");
        text = counted(static_cast<std::int64_t>(rows.size()), "certificate", "certificates") +
               (bad > 0 ? ", " + counted(bad, "finding", "findings") + " about them (see the Overview)."
                        : ": nothing was found against any of them.");
    }
    state_->setText(text_of(text));
    table_->set_rows(rows, data);
    show_lanes(data);
}

void CertificatesTab::show_lanes(const CaseDataPtr& data)
{
    constexpr std::size_t most = 60;
    shown_.clear();
    std::vector<Row> good;
    if (data)
        for (const analysis::CertificateView& view : data->certificates)
            (has_certificate_finding(*data, view.client) && view.client ? shown_ : good).push_back(&view);
    const std::size_t bad = shown_.size();
    shown_.insert(shown_.end(), good.begin(), good.end());
    const std::size_t hidden = shown_.size() - std::min(most, shown_.size());
    shown_.resize(shown_.size() - hidden);
    std::vector<ValidityLane> lanes;
    for (std::size_t idx = 0; idx < shown_.size(); ++idx) {
        const analysis::CertificateView& view = *shown_[idx];
        ValidityLane lane{shown(holder_text(view)), view.not_before, view.not_after, {}, idx < bad, {}};
        if (view.revoked) lane.revoked = view.revoked->since;
        std::string tip = view.subject.empty() ? view.problem : view.subject;
        if (view.not_before && view.not_after)
            tip +=
                "\nvalid " + analysis::moment_text(*view.not_before) + " to " + analysis::moment_text(*view.not_after);
        if (view.revoked) tip += "\nrevoked " + analysis::moment_text(view.revoked->since) + " " + view.revoked->reason;
        lane.tooltip = shown(tip);
        lanes.push_back(std::move(lane));
    }
    say(hidden_, hidden > 0 ? tr("%1 more are in the table below.").arg(hidden) : QString());
    // Every time in the log is read for it: only where there is something to hold it against, and once a case.
    if (data != run_for_) run_ = data && !data->certificates.empty() ? run_of(*data) : std::pair<double, double>{0, 1};
    run_for_ = data;
    const auto [first, last] = run_;
    lanes_->set_lanes(std::move(lanes), first, last);
}

AdmissionTab::AdmissionTab(CaseSession& session, QWidget* parent)
    : QWidget(parent),
      session_(session),
      state_(make_text(this)),
      table_(new RowTable<Row>(columns(), this)),
      view_(new TableView(this)),
      limits_(new RowTable<Limit>(limit_columns(), this)),
      limits_view_(new TableView(this))
{
    view_->show_table(table_);
    view_->setAccessibleName(tr("Admission"));
    view_->set_empty_text(tr("Nobody and nothing came in against the policy."));
    limits_view_->show_table(limits_);
    limits_view_->setAccessibleName(tr("Limits of admission"));
    auto* lower = new QWidget(this);
    auto* lower_layout = new QVBoxLayout(lower);
    lower_layout->setContentsMargins(0, 0, 0, 0);
    lower_layout->addWidget(make_section_title(tr("The limits (double click or Enter to set one)"), lower));
    lower_layout->addWidget(limits_view_, 1);
    auto* parts = new QSplitter(Qt::Vertical, this);
    parts->setChildrenCollapsible(false);
    parts->addWidget(view_);
    parts->addWidget(lower);
    parts->setStretchFactor(0, 2);
    parts->setStretchFactor(1, 1);
    QVBoxLayout* layout = tab_layout(this);
    layout->addWidget(state_);
    layout->addWidget(parts, 1);
    link_findings(view_, session_,
                  [this](int row) -> const model::Finding& { return *table_->rows()[static_cast<std::size_t>(row)]; });
    connect(limits_view_, &TableView::row_activated, this,
            [this](int row) { ask_for_limit(limits_->rows()[static_cast<std::size_t>(row)]); });
}

std::vector<RowTable<AdmissionTab::Row>::Column> AdmissionTab::columns()
{
    return {
        {{tr("Severity"), {}, false, 12}, [](const Row& row) { return severity_cell(row->severity); }},
        {{tr("Kind"), tr("The kind of finding; the tooltip has its name on the command line"), false, 26},
         [](const Row& row) { return kind_cell(row->kind); }},
        {{tr("Client"), {}, false, 22},
         [](const Row& row) { return row->client ? text_cell(row->client->text()) : unknown_cell(); }},
        {{tr("Round"), {}, true, 8}, [](const Row& row) { return round_cell(row->round); }},
        {{tr("Line"), tr("Of the round log"), true, 8},
         [](const Row& row) {
             const FindingPlace place = place_of(*row);
             return place.line > 0 ? count_cell(place.line) : unknown_cell();
         }},
        {{tr("What was found"), {}, false, 0, true}, [](const Row& row) { return text_cell(row->text); }},
    };
}

std::vector<RowTable<AdmissionTab::Limit>::Column> AdmissionTab::limit_columns()
{
    return {
        {{tr("Limit"), {}, false, 60}, [](const Limit& row) { return text_cell(row.title); }},
        {{tr("Value"), {}, true, 10}, [](const Limit& row) { return number_cell(row.value); }},
        {{tr("Unit"), {}, false, 12}, [](const Limit& row) { return text_cell(row.unit); }},
        {{tr("Set by"), {}, false, 0, true},
         [](const Limit& row) {
             return text_cell(row.value == row.standard
                                  ? "the program"
                                  : "this case; the program's is " + model::short_number(row.standard));
         }},
    };
}

void AdmissionTab::show_data(const CaseDataPtr& data)
{
    std::vector<Row> rows;
    std::vector<Limit> limits;
    if (data) {
        for (const model::Finding& finding : data->findings)
            if (is_admission_kind(finding.kind)) rows.push_back(&finding);
        const auto policy = analysis::admission_policy(data->policy);
        for (const analysis::AdmissionLimit& limit : analysis::admission_limits())
            limits.push_back({std::string(limit.name), std::string(limit.title), std::string(limit.unit),
                              policy.at(std::string(limit.name)), limit.standard});
    }
    state_->setText(!data ? QString()
                    : rows.empty()
                        ? tr("Registrations, sizes, times and repetitions are within the limits.")
                        : tr("What came in against the limits below, and what came in twice. Double click or Enter "
                             "shows the line of the log."));
    table_->set_rows(std::move(rows), data);
    limits_->set_rows(std::move(limits));
}

void AdmissionTab::ask_for_limit(const Limit& limit)
{
    auto* dialog = new QInputDialog(this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setWindowTitle(tr("Set a limit of this case"));
    dialog->setInputMode(QInputDialog::DoubleInput);
    dialog->setDoubleDecimals(2);
    dialog->setDoubleRange(0, 1e9);
    dialog->setDoubleValue(limit.value);
    dialog->setLabelText(tr("%1, in %2. The change is recorded in custody; the next analysis goes by it.")
                             .arg(text_of(limit.title), text_of(limit.unit)));
    connect(dialog, &QInputDialog::doubleValueSelected, this, [this, limit](double value) {
        session_.set_policy(limit.name, value == limit.standard ? std::optional<double>() : value);
    });
    dialog->open();
}

}  // namespace fedsleuth::ui
