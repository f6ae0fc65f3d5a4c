// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/privacy_page.h"

#include "storage/case/case_file.h"
#include "ui/pages/finding_links.h"
#include "ui/pages/parts.h"
#include "ui/pages/privacy_assumptions.h"
#include "ui/pages/privacy_client_panel.h"
#include "ui/plots/line_chart.h"
#include "ui/plots/palette.h"
#include "ui/session/case_session.h"
#include "ui/session/jobs.h"
#include "ui/tables/table_view.h"

#include <algorithm>
#include <cmath>
#include <QFileDialog>
#include <QLabel>
#include <QSaveFile>
#include <QSplitter>
#include <QTabWidget>
#include <QToolButton>
#include <QVBoxLayout>

namespace fedsleuth::ui {

PrivacyPage::PrivacyPage(CaseSession& session, QWidget* parent)
    : Page(session, parent),
      contents_(new QWidget(this)),
      empty_(new EmptyState(this)),
      title_(make_title({}, contents_)),
      mechanism_(make_quiet_text(contents_)),
      caveat_(make_quiet_text(contents_)),
      left_out_(make_quiet_text(contents_)),
      assumptions_(new PrivacyAssumptions(contents_)),
      chart_(new LineChart(contents_)),
      client_(new PrivacyClientPanel(contents_)),
      tabs_(new QTabWidget(contents_)),
      save_(new QToolButton(contents_)),
      ledger_(new RowTable<LedgerRow>(ledger_columns(), this)),
      ledger_view_(new TableView(contents_)),
      findings_(new RowTable<FindingRow>(finding_columns(), this)),
      findings_view_(new TableView(contents_)),
      rules_(new RowTable<RuleRow>(rule_columns(), this)),
      rules_view_(new TableView(contents_))
{
    ledger_view_->show_table(ledger_);
    ledger_view_->setAccessibleName(tr("Privacy ledger"));
    findings_view_->show_table(findings_);
    findings_view_->setAccessibleName(tr("Privacy findings"));
    findings_view_->set_empty_text(tr("The audit found nothing to object to."));
    rules_view_->show_table(rules_);
    rules_view_->setAccessibleName(tr("Privacy checks"));
    rules_view_->set_empty_text(tr("The checks need the audit of an opened case."));
    build();
    connect_parts();
}

void PrivacyPage::build()
{
    tabs_->addTab(ledger_view_, tr("Ledger"));
    tabs_->addTab(findings_view_, tr("Findings"));
    tabs_->addTab(rules_view_, tr("Checks"));
    tabs_->setDocumentMode(true);
    save_->setText(tr("Save as CSV …"));
    save_->setToolTip(tr("Saves the ledger, one line a client"));
    tabs_->setCornerWidget(save_);

    auto* upper = new QSplitter(Qt::Horizontal, contents_);
    upper->setChildrenCollapsible(false);
    chart_->setMinimumSize(320, 180);
    upper->addWidget(chart_);
    upper->addWidget(client_);
    upper->setStretchFactor(0, 3);
    upper->setStretchFactor(1, 2);
    upper->setSizes({600, 400});
    auto* parts = new QSplitter(Qt::Vertical, contents_);
    parts->setChildrenCollapsible(false);
    parts->addWidget(upper);
    parts->addWidget(tabs_);
    parts->setStretchFactor(0, 1);
    parts->setStretchFactor(1, 1);

    QBoxLayout* page = make_page_layout(this);
    page->addWidget(empty_, 1);
    page->addWidget(contents_, 1);
    auto* layout = new QVBoxLayout(contents_);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(grid);
    layout->addWidget(title_);
    layout->addWidget(mechanism_);
    layout->addWidget(caveat_);
    layout->addWidget(assumptions_);
    layout->addWidget(make_hairline(contents_));
    layout->addWidget(left_out_);
    layout->addWidget(parts, 1);
}

void PrivacyPage::connect_parts()
{
    Selection& selection = session().selection();
    connect(ledger_view_, &TableView::row_selected, this, [this, &selection](int row) {
        selection.select_client(ledger_->rows()[static_cast<std::size_t>(row)].client->client);
    });
    connect(ledger_view_, &TableView::row_activated, this, [this, &selection](int row) {
        selection.activate_client(ledger_->rows()[static_cast<std::size_t>(row)].client->client);
    });
    link_findings(findings_view_, session(), [this](int row) -> const model::Finding& {
        return *findings_->rows()[static_cast<std::size_t>(row)];
    });
    connect(rules_view_, &TableView::row_selected, this, [this, &selection](int row) {
        const analysis::RuleResult& rule = *rules_->rows()[static_cast<std::size_t>(row)];
        if (!rule.clients.empty()) selection.select_client(rule.clients.front());
    });
    connect(chart_, &LineChart::line_clicked, this, [this, &selection](int line_idx) {
        const auto idx = static_cast<std::size_t>(line_idx);
        if (idx < line_clients_.size()) selection.select_client(line_clients_[idx]);
    });
    connect(chart_, &LineChart::x_clicked, this,
            [&selection](double x) { selection.select_round(model::RoundNo{std::llround(x)}); });
    connect(chart_, &LineChart::x_activated, this,
            [&selection](double x) { selection.activate_round(model::RoundNo{std::llround(x)}); });
    connect(assumptions_, &PrivacyAssumptions::changed, this, &PrivacyPage::audit_again);
    connect(client_, &PrivacyClientPanel::asked, this, &PrivacyPage::ask_what_if);
    connect(save_, &QToolButton::clicked, this, &PrivacyPage::save_ledger);
}

QString PrivacyPage::lane(const char* what) const
{
    return QStringLiteral("privacy-%1-%2").arg(QLatin1String(what)).arg(reinterpret_cast<quintptr>(this), 0, 16);
}

void PrivacyPage::refresh()
{
    const CaseDataPtr& data = session().data();
    const bool any = data && data->privacy.declared;
    any ? show_instead(contents_, empty_) : show_instead(empty_, contents_);
    if (!data) {
        empty_->set_words(tr("No case is open"),
                          tr("Here will be seen how much of the privacy budget each client has spent, and which of "
                             "their claims the numbers refute."));
    } else if (!any) {
        empty_->set_words(tr("No privacy mechanism"),
                          tr("This federation declares no privacy mechanism, and no client claims one. Nothing bounds "
                             "what its updates reveal about the training data, and there is no budget to spend."));
    }
    if (!any) {
        ledger_->set_rows({});
        findings_->set_rows({});
        rules_->set_rows({});
        audit_.reset();
        case_path_.clear();
        return;
    }
    const bool other_case = data->case_path != case_path_;
    if (other_case) assumptions_->reset();
    case_path_ = data->case_path;
    // While other assumptions are chosen their audit stays in sight until the new one is there.
    if (other_case || !audit_ || !assumptions_->is_changed()) {
        audit_ = audit_of(*data);
        show_audit();
    } else {
        show_audit();
        audit_again();
    }
}

void PrivacyPage::show_audit()
{
    QString answer = text_of(audit_answer(*audit_));
    answer[0] = answer[0].toUpper();
    title_->setText(answer);
    say(mechanism_, text_of(mechanism_text(session().data()->federation.privacy)));
    say(caveat_, is_claims_only(*audit_)
                     ? tr("These are the clients' own claims, added up over their rounds. Nothing here was recomputed: "
                          "a client that lies looks thrifty.")
                     : QString());
    assumptions_->show_audit(*audit_, session().data()->audit
                                          ? QString()
                                          : tr("Assumptions can be changed where the case was opened from a file."));
    band_.reset();
    band_of_.reset();
    fill_tables();
    fill_chart();
    show_client();
}

void PrivacyPage::fill_chart()
{
    const RoundRange& range = session().range();
    const Palette colors = Palette::of(palette());
    drawn_for_ = session().selection().client();
    const BudgetLines lines = budget_lines(*audit_, *drawn_for_, range.first(), range.last());
    const bool claims_only = is_claims_only(*audit_);

    ChartContents contents;
    contents.x = {tr("Round"), {}, static_cast<double>(range.first().value()), {}, true};
    contents.y = {claims_only ? tr("ε claimed so far")
                              : tr("ε spent so far, by %1").arg(text_of(accountant_text(audit_->accountant))),
                  {},
                  0.0,
                  {}};
    contents.empty_text = tr("Nothing is known of what was spent in these rounds.");
    line_clients_.clear();
    const auto add = [&](const BudgetLine& line, const std::vector<std::pair<double, double>>& points,
                         const QString& name, Qt::PenStyle style) {
        if (points.empty()) return;
        // Grey for the crowd, ink for those over budget (which lie above its line), the accent for the selected one.
        ChartLine drawn;
        drawn.name = name;
        for (const auto& [x, y] : points) drawn.points.emplace_back(x, y);
        drawn.color = line.selected ? colors.accent : line.client->exhausted_in ? colors.ink : colors.quiet;
        drawn.width = line.selected ? 2.0 : 1.25;
        drawn.style = style;
        drawn.legend = line.selected;
        contents.lines.push_back(std::move(drawn));
        line_clients_.push_back(line.client->client);
    };
    for (const BudgetLine& line : lines.lines) {
        const QString name = shown(line.client->client);
        add(line, line.spent, claims_only ? name : tr("%1, recomputed").arg(name), Qt::SolidLine);
        add(line, line.claimed, tr("%1, claimed").arg(name), Qt::DotLine);
        add(line, line.forecast, tr("%1, forecast").arg(name), Qt::DashLine);
    }
    if (band_ && band_of_ == *drawn_for_) {
        ChartBand band{tr("between PLD and RDP"), {}, {}, {}, colors.accent};
        for (std::size_t at = 0; at < band_->rounds.size(); ++at) {
            if (band_->rounds[at] < static_cast<double>(range.first().value()) ||
                band_->rounds[at] > static_cast<double>(range.last().value()))
                continue;
            band.x.push_back(band_->rounds[at]);
            band.lower.push_back(band_->lower[at]);
            band.upper.push_back(band_->upper[at]);
        }
        if (band.x.size() > 1) contents.bands.push_back(std::move(band));
    }
    if (audit_->budget)
        contents.levels.push_back(
            {tr("budget ε = %1").arg(number_cell(audit_->budget).text), *audit_->budget, colors.ink, Qt::DashLine});
    if (const auto& round = session().selection().round()) contents.caret_x = static_cast<double>(round->value());
    chart_->set_contents(std::move(contents));

    QStringList not_drawn;
    if (lines.left_out > 0)
        not_drawn << tr("Drawn are the %1 highest%2; %3 more clients are in the table.")
                         .arg(BudgetLines::highest_of_many)
                         .arg(*drawn_for_ ? tr(" and the selected client") : QString())
                         .arg(lines.left_out);
    if (lines.without_bound > 0)
        not_drawn << (lines.without_bound == 1
                          ? tr("One client spent ε without bound, which no line can show: its updates show no noise.")
                          : tr("%1 clients spent ε without bound, which no line can show: their updates show no noise.")
                                .arg(lines.without_bound));
    say(left_out_, not_drawn.join(u' '));
}

const analysis::ClientAudit* PrivacyPage::client_in_focus() const
{
    if (!audit_) return nullptr;
    if (const std::optional<model::ClientId>& selected = session().selection().client())
        for (const analysis::ClientAudit& client : audit_->clients)
            if (client.client == *selected) return &client;
    return worst_client(*audit_);
}

void PrivacyPage::show_client()
{
    client_->show_client(audit_, client_in_focus());
    ask_what_if();
    ask_band();
}

void PrivacyPage::ask_band()
{
    const std::optional<model::ClientId> selected = session().selection().client();
    const analysis::ClientAudit* client = client_in_focus();
    if (!selected || !client || client->client != *selected || !audit_->delta || band_of_ == selected) return;
    band_.reset();
    band_of_ = selected;
    std::vector<double> numbers;
    for (const analysis::SpentPoint& point : client->series)
        numbers.push_back(static_cast<double>(point.round.value()));
    session().jobs().start<AccountantBand>(
        lane("band"), tr("Comparing accountants"), this,
        [rounds = rounds_of(*audit_, *client), numbers, delta = *audit_->delta](JobControl&) {
            return accountant_band(rounds, numbers, delta);
        },
        [this, audit = audit_, selected](model::Result<AccountantBand> band) {
            if (!band || audit != audit_ || band_of_ != selected) return;
            band_ = std::move(*band);
            fill_chart();
        },
        Jobs::Options{.shown = false});
}

void PrivacyPage::ask_what_if()
{
    const analysis::ClientAudit* client = client_in_focus();
    if (!client || client->history.empty() || !audit_->delta) return;
    session().jobs().start<WhatIf>(
        lane("what-if"), tr("Looking ahead"), this,
        [rounds = rounds_of(*audit_, *client), noise = client_->noise(), more = client_->more_rounds(),
         delta = *audit_->delta,
         budget = audit_->budget](JobControl&) { return what_if(rounds, noise, more, delta, budget); },
        [this](const model::Result<WhatIf>& answer) { client_->show_answer(answer); }, Jobs::Options{.shown = false});
}

void PrivacyPage::audit_again()
{
    const CaseDataPtr& data = session().data();
    if (!data || !data->audit) return;
    assumptions_->show_trouble({});
    if (!assumptions_->is_changed()) {
        session().jobs().abandon(lane("audit"));
        audit_ = audit_of(*data);
        return show_audit();
    }
    session().jobs().start<AuditPtr>(
        lane("audit"), tr("Auditing privacy"), this,
        [path = data->case_path, options = assumptions_->options()](JobControl& control) -> model::Result<AuditPtr> {
            FEDSLEUTH_TRY(const std::unique_ptr<storage::CaseFile> file,
                          storage::CaseFile::open(path, storage::CaseFile::Mode::read_only));
            FEDSLEUTH_TRY(const analysis::NoiseEvidence evidence, analysis::kept_noise_evidence(*file));
            FEDSLEUTH_TRY(analysis::PrivacyAudit audit,
                          analysis::audit_privacy(*file, evidence, options, control.progress));
            return std::make_shared<const analysis::PrivacyAudit>(std::move(audit));
        },
        [this, path = data->case_path](model::Result<AuditPtr> audit) {
            if (path != case_path_) return;
            if (!audit) {
                if (audit.error().code != model::ErrorCode::cancelled)
                    assumptions_->show_trouble(tr("Not under these assumptions: %1").arg(shown(audit.error().text())));
                return;
            }
            audit_ = std::move(*audit);
            show_audit();
        });
}

void PrivacyPage::save_ledger()
{
    if (!audit_) return;
    auto* dialog =
        new QFileDialog(this, tr("Save the privacy ledger"), QStringLiteral("privacy.csv"), tr("CSV (*.csv)"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setDefaultSuffix(QStringLiteral("csv"));
    connect(dialog, &QFileDialog::fileSelected, this, [this, audit = audit_](const QString& path) {
        QSaveFile file(path);
        const std::string text = ledger_csv(*audit);
        const bool written =
            file.open(QIODevice::WriteOnly) &&
            file.write(text.data(), static_cast<qint64>(text.size())) == static_cast<qint64>(text.size()) &&
            file.commit();
        assumptions_->show_trouble(
            written ? QString() : tr("Could not save %1: %2").arg(shown(path.toStdString()), file.errorString()));
    });
    dialog->open();
}

void PrivacyPage::show_selection()
{
    const CaseDataPtr& data = session().data();
    if (!data || !data->privacy.declared || !audit_) return;
    const std::optional<model::ClientId>& client = session().selection().client();
    if (drawn_for_ != std::optional(client)) {
        fill_chart();
        show_client();
    }
    std::optional<int> selected;
    for (std::size_t row = 0; client && row < ledger_->rows().size(); ++row)
        if (ledger_->rows()[row].client->client == *client) selected = static_cast<int>(row);
    ledger_view_->select_row(selected);
    const std::optional<model::RoundNo>& round = session().selection().round();
    chart_->set_caret(round ? std::optional(static_cast<double>(round->value())) : std::nullopt);
}

}  // namespace fedsleuth::ui
