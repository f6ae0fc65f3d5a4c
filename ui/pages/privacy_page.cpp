// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/privacy_page.h"

#include "ui/pages/parts.h"
#include "ui/plots/line_chart.h"
#include "ui/plots/palette.h"
#include "ui/session/case_session.h"
#include "ui/tables/table_view.h"

#include <algorithm>
#include <cmath>
#include <QLabel>
#include <QSplitter>
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
      chart_(new LineChart(contents_)),
      table_(new RowTable<Row>(columns(), this)),
      view_(new TableView(contents_))
{
    caveat_->setText(
        tr("These are the clients' own claims, added up over their rounds. Nothing here was recomputed: a client that "
           "lies looks thrifty."));
    view_->show_table(table_);
    view_->setAccessibleName(tr("Privacy claims"));
    build();

    Selection& selection = session.selection();
    connect(view_, &TableView::row_selected, this, [this, &selection](int row) {
        selection.select_client(table_->rows()[static_cast<std::size_t>(row)].client->client);
    });
    connect(view_, &TableView::row_activated, this, [this, &selection](int row) {
        selection.activate_client(table_->rows()[static_cast<std::size_t>(row)].client->client);
    });
    connect(chart_, &LineChart::line_clicked, this, [this, &selection](int line_idx) {
        const auto idx = static_cast<std::size_t>(line_idx);
        if (idx < line_clients_.size()) selection.select_client(line_clients_[idx]);
    });
    connect(chart_, &LineChart::x_clicked, this,
            [&selection](double x) { selection.select_round(model::RoundNo{std::llround(x)}); });
    connect(chart_, &LineChart::x_activated, this,
            [&selection](double x) { selection.activate_round(model::RoundNo{std::llround(x)}); });
}

void PrivacyPage::build()
{
    auto* parts = new QSplitter(Qt::Vertical, contents_);
    parts->setChildrenCollapsible(false);
    chart_->setMinimumHeight(180);
    parts->addWidget(chart_);
    parts->addWidget(view_);
    parts->setStretchFactor(0, 3);
    parts->setStretchFactor(1, 2);
    parts->setSizes({600, 400});

    QBoxLayout* page = make_page_layout(this);
    page->addWidget(empty_, 1);
    page->addWidget(contents_, 1);
    auto* layout = new QVBoxLayout(contents_);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(grid);
    layout->addWidget(title_);
    layout->addWidget(mechanism_);
    layout->addWidget(caveat_);
    layout->addWidget(left_out_);
    layout->addWidget(make_hairline(contents_));
    layout->addWidget(parts, 1);
}

std::vector<RowTable<PrivacyPage::Row>::Column> PrivacyPage::columns()
{
    return {
        {{tr("Client"), {}, false, 24},
         [](const Row& row) {
             Cell cell = text_cell(row.client->client.text());
             cell.mark = row.shown;
             return cell;
         }},
        {{tr("Rounds"), tr("In which it took part"), true, 9},
         [](const Row& row) { return count_cell(row.client->rounds); }},
        {{tr("With a claim"), tr("Rounds in which it said what it had spent"), true, 13},
         [](const Row& row) { return count_cell(row.client->rounds_with_claim); }},
        {{tr("Claimed ε"), tr("After its last round; claims per round are added up"), true, 11},
         [](const Row& row) { return fixed_cell(row.client->epsilon_claimed, 2); }},
        {{tr("Of the budget"), tr("Claimed ε as a share of the declared budget"), true, 14},
         [](const Row& row) {
             if (!row.client->epsilon_claimed || !row.budget || *row.budget <= 0) return unknown_cell();
             return percent_cell(*row.client->epsilon_claimed / *row.budget, 0);
         }},
        {{tr("Exhausted in round"), tr("First round whose claim exceeds the budget"), true, 18},
         [](const Row& row) { return round_cell(row.client->exhausted_in); }},
        {{tr("Forecast round"), tr("In which the budget will be exhausted, at the pace of the client's last rounds"),
          true, 15},
         [](const Row& row) { return round_cell(row.client->forecast); }},
    };
}

void PrivacyPage::refresh()
{
    const CaseDataPtr& data = session().data();
    const bool any = data && data->privacy.declared;
    any ? show_instead(contents_, empty_) : show_instead(empty_, contents_);
    if (!data) {
        empty_->set_words(tr("No case is open"),
                          tr("Here will be seen how much of the privacy budget each client says it has spent."));
    } else if (!any) {
        empty_->set_words(tr("No privacy mechanism"),
                          tr("This federation declares no privacy mechanism, and no client claims one. Nothing bounds "
                             "what its updates reveal about the training data, and there is no budget to spend."));
    }
    if (!any) {
        table_->set_rows({});
        return;
    }
    QString answer = text_of(budget_answer(data->privacy));
    answer[0] = answer[0].toUpper();
    title_->setText(answer);
    say(mechanism_, text_of(mechanism_text(data->federation.privacy)));
    fill_table();
    fill_chart();
}

void PrivacyPage::fill_table()
{
    const CaseDataPtr& data = session().data();
    std::vector<Row> rows;
    rows.reserve(data->privacy.clients.size());
    for (const analysis::ClientBudget& client : data->privacy.clients)
        rows.push_back({&client, data->privacy.budget, data->shown_class(client.client)});
    table_->set_rows(std::move(rows), data);
}

void PrivacyPage::fill_chart()
{
    const CaseDataPtr& data = session().data();
    const RoundRange& range = session().range();
    const Palette colors = Palette::of(palette());
    drawn_for_ = session().selection().client();
    const BudgetLines lines = budget_lines(data->privacy, drawn_for_, range.first(), range.last());

    ChartContents contents;
    contents.x = {tr("Round"), {}, static_cast<double>(range.first().value()), {}, true};
    contents.y = {tr("ε claimed so far"), {}, 0.0, {}};
    contents.legend = false;
    contents.empty_text = tr("No client says what it has spent in these rounds.");
    line_clients_.clear();
    const auto points = [](const std::vector<std::pair<double, double>>& from) {
        std::vector<QPointF> result;
        for (const auto& [x, y] : from) result.emplace_back(x, y);
        return result;
    };
    for (const BudgetLine& line : lines.lines) {
        // Grey for the crowd, ink for those over budget, the accent for the selected one.
        const QColor color = line.selected ? colors.accent : line.client->exhausted_in ? colors.ink : colors.quiet;
        ChartLine spent;
        spent.name = shown(line.client->client);
        spent.points = points(line.spent);
        spent.color = color;
        spent.width = line.selected ? 2.0 : 1.25;
        spent.legend = false;
        contents.lines.push_back(spent);
        line_clients_.push_back(line.client->client);
        if (line.forecast.empty()) continue;
        ChartLine forecast = spent;
        forecast.name = tr("%1, forecast").arg(spent.name);
        forecast.points = points(line.forecast);
        forecast.style = Qt::DashLine;
        contents.lines.push_back(std::move(forecast));
        line_clients_.push_back(line.client->client);
    }
    if (data->privacy.budget)
        contents.levels.push_back({tr("budget ε = %1").arg(number_cell(data->privacy.budget).text),
                                   *data->privacy.budget, colors.ink, Qt::DashLine});
    if (const auto& round = session().selection().round()) contents.caret_x = static_cast<double>(round->value());
    chart_->set_contents(std::move(contents));
    say(left_out_, lines.left_out == 0 ? QString()
                                       : tr("Drawn are the %1 highest claims%2; %3 more clients are in the table.")
                                             .arg(BudgetLines::highest_of_many)
                                             .arg(drawn_for_ ? tr(" and the selected client") : QString())
                                             .arg(lines.left_out));
}

void PrivacyPage::show_selection()
{
    const CaseDataPtr& data = session().data();
    if (!data || !data->privacy.declared) return;
    const std::optional<model::ClientId>& client = session().selection().client();
    if (client != drawn_for_) fill_chart();
    std::optional<int> selected;
    for (std::size_t row = 0; client && row < table_->rows().size(); ++row)
        if (table_->rows()[row].client->client == *client) selected = static_cast<int>(row);
    view_->select_row(selected);
    const std::optional<model::RoundNo>& round = session().selection().round();
    chart_->set_caret(round ? std::optional(static_cast<double>(round->value())) : std::nullopt);
}

}  // namespace fedsleuth::ui
