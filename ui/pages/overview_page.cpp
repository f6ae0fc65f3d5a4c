// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/overview_page.h"

#include "model/text.h"
#include "ui/pages/finding_links.h"
#include "ui/pages/parts.h"
#include "ui/session/case_session.h"
#include "ui/session/summary.h"
#include "ui/session/wording.h"
#include "ui/tables/table_view.h"

#include <algorithm>
#include <QLabel>
#include <QSplitter>
#include <QVBoxLayout>

namespace fedsleuth::ui {

namespace {

QWidget* titled(QLabel* title, QLabel* hint, QWidget* view, QWidget* parent)
{
    auto* part = new QWidget(parent);
    auto* layout = new QVBoxLayout(part);
    layout->setContentsMargins(0, grid, 0, 0);
    layout->setSpacing(grid);
    layout->addWidget(title);
    if (hint) layout->addWidget(hint);
    layout->addWidget(make_hairline(part));
    layout->addWidget(view, 1);
    return part;
}

QString describe_federation(const CaseData& data)
{
    const model::Federation& federation = data.federation;
    QStringList parts;
    if (!federation.framework.empty())
        parts << shown(federation.framework +
                       (federation.framework_version.empty() ? "" : " " + federation.framework_version));
    parts << OverviewPage::tr("%1 parameters in %2 layers")
                 .arg(text_of(model::grouped(model::coordinate_count(federation.layers))))
                 .arg(federation.layers.size());
    parts << OverviewPage::tr("aggregated by %1").arg(shown(federation.aggregation.rule));
    if (!federation.started_at.empty())
        parts << OverviewPage::tr("started %1").arg(text_of(time_text(federation.started_at)));
    if (federation.secure_aggregation) parts << OverviewPage::tr("secure aggregation");
    return parts.join(QStringLiteral("  ·  "));
}

}  // namespace

OverviewPage::OverviewPage(CaseSession& session, QWidget* parent)
    : Page(session, parent),
      contents_(new QWidget(this)),
      empty_(new EmptyState(this)),
      title_(make_title({}, contents_)),
      subtitle_(make_quiet_text(contents_)),
      figures_(new FigureRow(contents_)),
      scope_(make_quiet_text(contents_)),
      tables_(new QSplitter(Qt::Vertical, contents_)),
      suspects_title_(make_section_title(tr("Suspects"), contents_)),
      findings_title_(make_section_title(tr("Findings"), contents_)),
      findings_hint_(make_quiet_text(contents_)),
      suspects_(new RowTable<Suspect>(suspect_columns(), this)),
      findings_(new RowTable<Finding>(finding_columns(), this)),
      suspects_view_(new TableView(contents_)),
      findings_view_(new TableView(contents_))
{
    empty_->set_words(
        tr("No case is open"),
        tr("Here will be said what happened: who is suspected and how sure that is, since when, how, and what to go "
           "back to. Open an evidence folder or a case from the File menu."));
    suspects_view_->show_table(suspects_);
    suspects_view_->setAccessibleName(tr("Suspects"));
    suspects_view_->setObjectName(QStringLiteral("suspects"));
    findings_view_->show_table(findings_);
    findings_view_->setAccessibleName(tr("Findings"));
    findings_view_->setObjectName(QStringLiteral("findings"));
    findings_view_->set_empty_text(tr("Nothing was found in these rounds."));
    build();

    Selection& selection = session.selection();
    const auto client_of = [this](int row) { return suspects_->rows()[static_cast<std::size_t>(row)].verdict->client; };
    connect(suspects_view_, &TableView::row_selected, this,
            [&selection, client_of](int row) { selection.select_client(client_of(row)); });
    connect(suspects_view_, &TableView::row_activated, this,
            [&selection, client_of](int row) { selection.activate_client(client_of(row)); });
    link_findings(findings_view_, session, [this](int row) -> const model::Finding& {
        return *findings_->rows()[static_cast<std::size_t>(row)];
    });
}

void OverviewPage::build()
{
    tables_->setChildrenCollapsible(false);
    tables_->addWidget(titled(suspects_title_, nullptr, suspects_view_, tables_));
    tables_->addWidget(titled(findings_title_, findings_hint_, findings_view_, tables_));

    QBoxLayout* page = make_page_layout(this);
    page->addWidget(empty_, 1);
    page->addWidget(contents_, 1);
    auto* layout = new QVBoxLayout(contents_);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(grid);
    layout->addWidget(title_);
    layout->addWidget(subtitle_);
    layout->addSpacing(grid);
    for (QLabel*& sentence : sentences_) {
        sentence = make_text(contents_);
        layout->addWidget(sentence);
    }
    layout->addSpacing(grid);
    layout->addWidget(make_hairline(contents_));
    layout->addWidget(figures_);
    layout->addWidget(make_hairline(contents_));
    layout->addWidget(scope_);
    layout->addWidget(tables_, 1);
}

std::vector<RowTable<OverviewPage::Suspect>::Column> OverviewPage::suspect_columns()
{
    using Row = Suspect;
    return {
        {{tr("Client"), tr("Mark and name of the client"), false, 22},
         [](const Row& row) {
             Cell cell = text_cell(row.verdict->client.text());
             cell.mark = row.shown;
             return cell;
         }},
        {{tr("Class"), tr("The analyst's decision where there is one, else what the analysis proposes"), false, 18},
         [](const Row& row) {
             Cell cell = verdict_cell(row.shown);
             cell.mark.reset();
             if (row.decided) cell.text += tr(" (decided)");
             return cell;
         }},
        {{tr("Probability"), tr("That the client is malicious, by the analysis"), true, 11},
         [](const Row& row) { return probability_cell(row.verdict->probability); }},
        {{tr("Since round"), tr("First bad round"), true, 11},
         [](const Row& row) { return round_cell(row.verdict->first_bad_round); }},
        {{tr("Attack"), tr("The kind of attack that fits best"), false, 20},
         [](const Row& row) { return text_cell(attack_text(row.verdict->attack)); }},
        {{tr("Strongest reason"), tr("What weighs most against the client"), false, 0, true},
         [](const Row& row) {
             return row.verdict->reasons.empty() ? unknown_cell() : text_cell(row.verdict->reasons.front().text);
         }},
    };
}

std::vector<RowTable<OverviewPage::Finding>::Column> OverviewPage::finding_columns()
{
    using Row = Finding;
    return {
        {{tr("Severity"), tr("info, low, medium, high, critical"), false, 10},
         [](const Row& row) { return severity_cell(row->severity); }},
        {{tr("Kind"), tr("The kind of finding; the tooltip has its name on the command line"), false, 26},
         [](const Row& row) { return kind_cell(row->kind); }},
        {{tr("Client"), {}, false, 20},
         [](const Row& row) { return row->client ? text_cell(row->client->text()) : unknown_cell(); }},
        {{tr("Round"), {}, true, 7}, [](const Row& row) { return round_cell(row->round); }},
        {{tr("What was found"), {}, false, 0, true}, [](const Row& row) { return text_cell(row->text); }},
    };
}

void OverviewPage::refresh()
{
    const CaseDataPtr& data = session().data();
    if (!data) {
        show_instead(empty_, contents_);
        suspects_->set_rows({});
        findings_->set_rows({});
        return;
    }
    show_instead(contents_, empty_);
    title_->setText(data->federation.name.empty() ? tr("Unnamed federation") : shown(data->federation.name));
    subtitle_->setText(describe_federation(*data));
    const Summary summary = summarise(*data);
    const std::vector<std::string> sentences = summary.sentences();
    for (std::size_t idx = 0; idx < sentences_.size(); ++idx) sentences_[idx]->setText(text_of(sentences[idx]));
    figures_->set_figures(summary.figures);
    fill_suspects(data);
    fill_findings(data);
    share_room(data);
}

void OverviewPage::share_room(const CaseDataPtr& data)
{
    // Once a case, when there is something to share the room for: after that the splitter is the person's.
    if (!data->verdicts || shared_for_ == data->case_path) return;
    shared_for_ = data->case_path;
    const auto weight = [](std::size_t rows) {
        return 100 * static_cast<int>(std::clamp<std::size_t>(rows, 3, 12) + 3);
    };
    tables_->setSizes({weight(suspects_->rows().size()), weight(findings_->rows().size())});
}

void OverviewPage::fill_suspects(const CaseDataPtr& data)
{
    std::vector<Suspect> rows;
    if (data->verdicts)
        for (const model::Verdict& verdict : data->verdicts->clients) {
            const model::VerdictClass shown = data->shown_class(verdict.client);
            const bool decided = data->decision(verdict.client) != nullptr;
            if (shown >= model::VerdictClass::watch || decided) rows.push_back({&verdict, shown, decided});
        }
    // The gravest class first; within a class the order of the analysis, by probability.
    std::stable_sort(rows.begin(), rows.end(), [](const Suspect& a, const Suspect& b) { return a.shown > b.shown; });
    suspects_title_->setText(rows.empty() ? tr("Suspects") : tr("Suspects (%1)").arg(rows.size()));
    suspects_view_->set_empty_text(!data->verdicts ? tr("Not analysed yet.")
                                   : !data->verdicts->inspectable
                                       ? shown(data->verdicts->why_not)
                                       : tr("No client is flagged, and none is worth watching."));
    suspects_->set_rows(std::move(rows), data);
}

void OverviewPage::fill_findings(const CaseDataPtr& data)
{
    std::vector<Finding> rows;
    for (const model::Finding& finding : data->findings)
        if (!finding.round || session().range().contains(*finding.round)) rows.push_back(&finding);
    const std::size_t hidden = data->findings.size() - rows.size();
    findings_title_->setText(hidden == 0
                                 ? (rows.empty() ? tr("Findings") : tr("Findings (%1)").arg(rows.size()))
                                 : tr("Findings (%1; %2 in other rounds are not shown)").arg(rows.size()).arg(hidden));
    say(findings_hint_, rows.empty() ? QString()
                                     : tr("Double click or Enter shows the line of the evidence that a finding comes "
                                          "from; its context menu leads to the client and the round."));
    say(scope_, session().range().is_all() ? QString()
                                           : tr("Sentences, figures and suspects speak of all rounds; findings of the "
                                                "chosen range."));
    findings_->set_rows(std::move(rows), data);
}

void OverviewPage::show_selection()
{
    const std::optional<model::ClientId>& client = session().selection().client();
    std::optional<int> selected;
    for (std::size_t row = 0; client && row < suspects_->rows().size(); ++row)
        if (suspects_->rows()[row].verdict->client == *client) selected = static_cast<int>(row);
    suspects_view_->select_row(selected);
    // A finding stays marked while it is about what is selected.
    if (const std::optional<int> row = findings_view_->selected_row()) {
        const model::Finding& finding = *findings_->rows()[static_cast<std::size_t>(*row)];
        if (finding.client && finding.client != client) findings_view_->select_row(std::nullopt);
    }
}

}  // namespace fedsleuth::ui
