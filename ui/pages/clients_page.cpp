// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/clients_page.h"

#include "ui/pages/caution_banner.h"
#include "ui/pages/parts.h"
#include "ui/plots/heat_map.h"
#include "ui/plots/line_chart.h"
#include "ui/plots/plot_text.h"
#include "ui/session/case_session.h"
#include "ui/session/wording.h"
#include "ui/tables/client_filter.h"

#include <algorithm>
#include <cmath>
#include <QComboBox>
#include <QLineEdit>
#include <QSignalBlocker>
#include <QSplitter>
#include <QTimer>
#include <QVBoxLayout>

namespace fedsleuth::ui {

ClientsPage::ClientsPage(CaseSession& session, QWidget* parent)
    : Page(session, parent),
      contents_(new QWidget(this)),
      empty_(new EmptyState(this)),
      title_(make_title({}, contents_)),
      caution_(new CautionBanner(contents_)),
      shown_(make_quiet_text(contents_)),
      statistic_box_(new QComboBox(contents_)),
      order_box_(new QComboBox(contents_)),
      filter_(new QLineEdit(contents_)),
      heat_map_(new HeatMap(contents_)),
      chart_title_(make_section_title({}, contents_)),
      chart_(new LineChart(contents_))
{
    statistic_box_->setAccessibleName(tr("What is shown"));
    statistic_box_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    statistic_box_->setMinimumContentsLength(28);
    order_box_->addItem(tr("By verdict"), int(ClientOrder::verdict));
    order_box_->addItem(tr("By id"), int(ClientOrder::id));
    order_box_->addItem(tr("By first bad round"), int(ClientOrder::first_bad));
    order_box_->addItem(tr("By highest value"), int(ClientOrder::highest));
    order_box_->setAccessibleName(tr("Order of the clients"));
    filter_->setPlaceholderText(tr("Filter: id, class:>=suspect, bad:15 …"));
    filter_->setToolTip(tooltip_html(ClientFilter::help()));
    filter_->setClearButtonEnabled(true);
    filter_->setAccessibleName(tr("Filter of the clients"));
    build();
    connect_parts();
}

void ClientsPage::build()
{
    auto* const tools = new QHBoxLayout;
    tools->setSpacing(2 * grid);
    tools->addWidget(statistic_box_);
    tools->addWidget(order_box_);
    tools->addWidget(filter_, 1);

    auto* const below = new QWidget(contents_);
    auto* const below_layout = new QVBoxLayout(below);
    below_layout->setContentsMargins(0, grid, 0, 0);
    below_layout->setSpacing(grid);
    below_layout->addWidget(chart_title_);
    below_layout->addWidget(chart_, 1);
    chart_->setMinimumHeight(140);

    auto* const parts = new QSplitter(Qt::Vertical, contents_);
    parts->setChildrenCollapsible(false);
    parts->addWidget(heat_map_);
    parts->addWidget(below);
    parts->setStretchFactor(0, 3);
    parts->setStretchFactor(1, 2);
    parts->setSizes({600, 400});

    QBoxLayout* const page = make_page_layout(this);
    page->addWidget(empty_, 1);
    page->addWidget(contents_, 1);
    auto* const layout = new QVBoxLayout(contents_);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(grid);
    layout->addWidget(title_);
    layout->addWidget(caution_);
    layout->addLayout(tools);
    layout->addWidget(shown_);
    layout->addWidget(make_hairline(contents_));
    layout->addWidget(parts, 1);
}

void ClientsPage::connect_parts()
{
    Selection& selection = session().selection();
    connect(statistic_box_, &QComboBox::currentIndexChanged, this, [this] {
        fill_matrix();
        fill_heat_map();
        show_selection();
    });
    const auto refill = [this] {
        chart_stale_ = true;  // it says whether its client is left out above
        fill_heat_map();
        show_selection();
    };
    connect(order_box_, &QComboBox::currentIndexChanged, this, refill);
    connect(filter_, &QLineEdit::textChanged, this, refill);
    connect(heat_map_, &HeatMap::cell_selected, this, [this, &selection](int row, int col) {
        selection.select_client(matrix_.clients[rows_[std::size_t(row)]]);
        if (col >= 0) selection.select_round(matrix_.rounds[first_round_ + std::size_t(col)]);
    });
    connect(heat_map_, &HeatMap::cell_activated, this, [this, &selection](int row, int col) {
        const model::ClientId client = matrix_.clients[rows_[std::size_t(row)]];
        if (col < 0) return selection.activate_client(client);
        selection.select_client(client);
        selection.activate_round(matrix_.rounds[first_round_ + std::size_t(col)]);
    });
    const auto round_at = [this](double x) -> std::optional<model::RoundNo> {
        const model::RoundNo round{std::llround(x)};
        const bool known = std::ranges::binary_search(matrix_.rounds, round);
        return known ? std::optional(round) : std::nullopt;
    };
    connect(chart_, &LineChart::x_clicked, this, [&selection, round_at](double x) {
        if (const auto round = round_at(x)) selection.select_round(round);
    });
    connect(chart_, &LineChart::x_activated, this, [&selection, round_at](double x) {
        if (const auto round = round_at(x)) selection.activate_round(*round);
    });
}

const ClientStatistic* ClientsPage::statistic() const
{
    const int idx = statistic_box_->currentIndex();
    return idx >= 0 && std::size_t(idx) < statistics_.size() ? &statistics_[std::size_t(idx)] : nullptr;
}

void ClientsPage::refresh()
{
    const CaseDataPtr& data = session().data();
    const bool same = data && data == data_;  // the range or the palette changed: the numbers stay
    const bool any = data && !data->clients.empty() && !data->rounds.empty();
    contents_->setVisible(any);
    empty_->setVisible(!any);
    chart_stale_ = true;
    if (!data)
        empty_->set_words(tr("No case is open"),
                          tr("Here will be seen all clients over all rounds, and each one against the crowd. Open a "
                             "case or an evidence folder."));
    else if (!any)
        empty_->set_words(tr("No clients"), tr("The log of this case names no client that sent an update."));
    data_ = data;
    if (!any) {
        matrix_ = {};
        rows_.clear();
        heat_map_->set_contents({});
        chart_->set_contents({});
        return;
    }
    if (!same) {
        fill_statistics();
        fill_matrix();
    }
    title_->setText(answer());
    caution_->show_case(data);
    fill_heat_map();
}

void ClientsPage::fill_statistics()
{
    const QSignalBlocker quiet(statistic_box_);
    const std::optional<ClientStatistic> before = statistic() ? std::optional(*statistic()) : std::nullopt;
    statistics_ = client_statistics(*data_);
    statistic_box_->clear();
    for (const ClientStatistic& one : statistics_) statistic_box_->addItem(one.title);
    const auto kept =
        std::ranges::find_if(statistics_, [&](const auto& one) { return before && one.same_as(*before); });
    statistic_box_->setCurrentIndex(statistics_.empty()         ? -1
                                    : kept == statistics_.end() ? 0
                                                                : int(kept - statistics_.begin()));
}

void ClientsPage::fill_matrix()
{
    chart_stale_ = true;
    if (const ClientStatistic* const chosen = statistic(); chosen && data_)
        matrix_ = client_matrix(*data_, *chosen);
    else
        matrix_ = {};
    crowd_.clear();
    if (const ClientStatistic* const chosen = statistic()) scale_ = statistic_scale(*chosen, matrix_.values);
}

QString ClientsPage::answer() const
{
    if (!data_->verdicts) return tr("The clients have not been analysed yet");
    if (!data_->verdicts->inspectable)
        return tr("The clients cannot be told apart: %1").arg(shown(data_->verdicts->why_not));
    std::vector<model::ClientId> malicious, suspect;
    for (const model::Client& client : data_->clients) {
        const auto verdict = data_->shown_class(client.id);
        if (verdict == model::VerdictClass::malicious) malicious.push_back(client.id);
        if (verdict == model::VerdictClass::suspect) suspect.push_back(client.id);
    }
    const auto count = std::int64_t(data_->clients.size());
    if (malicious.empty() && suspect.empty()) return tr("None of %1 clients is suspected").arg(count);
    QStringList parts;
    const auto part = [&](const std::vector<model::ClientId>& clients, const QString& word) {
        if (clients.empty()) return;
        parts << tr("%1 %2 (%3)").arg(clients.size()).arg(word, text_of(client_list_text(clients, 3)));
    };
    part(malicious, tr("malicious"));
    part(suspect, tr("suspect"));
    return tr("Of %1 clients, %2").arg(count).arg(parts.join(tr(", ")));
}

void ClientsPage::fill_heat_map()
{
    rows_.clear();
    const ClientStatistic* const chosen = statistic();
    const RoundRange& range = session().range();
    const auto first = std::ranges::lower_bound(matrix_.rounds, range.first());
    const auto last = std::ranges::upper_bound(matrix_.rounds, range.last());
    HeatContents contents;
    contents.empty_text = tr("Nothing is known of these clients in the chosen rounds.");
    if (!chosen || !data_ || first >= last) {
        heat_map_->set_contents(std::move(contents));
        return say_what_is_shown({});
    }
    first_round_ = std::size_t(first - matrix_.rounds.begin());
    last_round_ = std::size_t(last - matrix_.rounds.begin()) - 1;
    const ClientFilter filter = ClientFilter::parse(filter_->text());
    const auto order = ClientOrder(order_box_->currentData().toInt());
    for (const std::size_t row : ordered_clients(*data_, matrix_, order, first_round_, last_round_))
        if (filter.matches(*data_, matrix_.clients[row])) rows_.push_back(row);
    say_what_is_shown(filter.error());
    contents.empty_text = tr("No client passes the filter.");
    contents.rows = rows_.size();
    contents.cols = last_round_ - first_round_ + 1;
    contents.values.reserve(contents.rows * contents.cols);
    for (const std::size_t row : rows_) {
        const model::ClientId& client = matrix_.clients[row];
        contents.row_names.push_back(shown(client));
        contents.row_verdicts.push_back(data_->shown_class(client));
        for (std::size_t round = first_round_; round <= last_round_; ++round)
            contents.values.push_back(matrix_.at(row, round));
    }
    for (std::size_t round = first_round_; round <= last_round_; ++round)
        contents.col_names.push_back(shown(matrix_.rounds[round]));
    contents.row_title = tr("client");
    contents.col_title = tr("Round");
    // Of all clients, so that the colours keep their meaning while the filter changes.
    contents.scale = scale_;
    contents.missing_text = tr("took no part, or not known");
    heat_map_->set_contents(std::move(contents));
}

void ClientsPage::say_what_is_shown(const QString& error)
{
    const RoundRange& range = session().range();
    QString text = tr("%1 of %2 clients shown").arg(rows_.size()).arg(matrix_.clients.size());
    if (!range.is_all()) text += tr(" · rounds %1 to %2 chosen").arg(shown(range.first()), shown(range.last()));
    if (!error.isEmpty()) text += tr(" · this part of the filter does nothing: %1").arg(error);
    shown_->setText(text);
}

void ClientsPage::show_selection()
{
    if (!data_ || matrix_.clients.empty()) return;
    const auto& client = session().selection().client();
    const auto& round = session().selection().round();
    std::optional<std::size_t> row, col;
    if (client) {
        const auto found =
            std::ranges::find_if(rows_, [&](std::size_t idx) { return matrix_.clients[idx] == *client; });
        if (found != rows_.end()) row = std::size_t(found - rows_.begin());
    }
    if (round) {
        const auto found = std::ranges::lower_bound(matrix_.rounds, *round);
        const auto idx = std::size_t(found - matrix_.rounds.begin());
        if (found != matrix_.rounds.end() && *found == *round && idx >= first_round_ && idx <= last_round_)
            col = idx - first_round_;
    }
    heat_map_->set_selected(row, col);
    // A large matrix is drawn first; its chart comes in a turn of its own, that the window never stands still for both.
    constexpr std::size_t large = 300'000;
    if (chart_stale_ && matrix_.values.size() > large)
        QTimer::singleShot(0, this, [this] {
            if (!chart_stale_ || !data_) return;
            fill_chart();
            show_caret();
        });
    else if (chart_stale_ || charted_ != client)
        fill_chart();
    show_caret();
}

void ClientsPage::show_caret()
{
    const auto& round = session().selection().round();
    chart_->set_caret(round && session().range().contains(*round) ? std::optional(double(round->value()))
                                                                  : std::nullopt);
}

void ClientsPage::fill_chart()
{
    chart_stale_ = false;
    charted_ = session().selection().client();
    const ClientStatistic* const chosen = statistic();
    const Palette colors = Palette::of(palette());
    ChartContents contents;
    contents.empty_text = tr("Select a client to see it against the crowd.");
    const auto found = charted_ ? std::ranges::find(matrix_.clients, *charted_) : matrix_.clients.end();
    if (!chosen || found == matrix_.clients.end() || first_round_ > last_round_) {
        chart_title_->setText(tr("One client against the crowd"));
        return chart_->set_contents(std::move(contents));
    }
    const auto row = std::size_t(found - matrix_.clients.begin());
    const QString name = shown(*charted_);
    const bool filtered_out = std::ranges::find(rows_, row) == rows_.end();
    chart_title_->setText(tr("How does %1 compare with the crowd?").arg(name) +
                          (filtered_out ? tr(" (left out above by the filter)") : QString()));
    contents.empty_text = tr("%1 has no such number in the chosen rounds.").arg(name);
    contents.x = {.name = tr("Round"), .whole = true};
    contents.y = {.name = chosen->title,
                  .unit = chosen->source == ClientStatistic::Source::metric ? QString() : chosen->unit};
    ChartLine median{.name = tr("median of all clients"), .color = colors.quiet};
    ChartLine own{.name = name, .color = colors.accent, .width = 1.75, .markers = true};
    ChartBand band{.name = tr("middle half of all clients"), .color = colors.quiet};
    for (std::size_t round = crowd_.size(); round < matrix_.rounds.size(); ++round)
        crowd_.push_back(crowd_quartiles(matrix_, round));
    for (std::size_t round = first_round_; round <= last_round_ && round < matrix_.rounds.size(); ++round) {
        const double x = double(matrix_.rounds[round].value());
        const CrowdQuartiles& crowd = crowd_[round];
        median.points.emplace_back(x, crowd.median);
        own.points.emplace_back(x, matrix_.at(row, round));
        band.x.push_back(x);
        band.lower.push_back(crowd.lower);
        band.upper.push_back(crowd.upper);
    }
    if (const model::Verdict* const verdict = data_->verdict(*charted_)) {
        const model::VerdictClass mark = std::max(model::VerdictClass::watch, data_->shown_class(*charted_));
        for (const model::RoundNo bad : verdict->bad_rounds) {
            const auto at = std::ranges::lower_bound(matrix_.rounds, bad);
            const auto idx = std::size_t(at - matrix_.rounds.begin());
            if (at == matrix_.rounds.end() || *at != bad || idx < first_round_ || idx > last_round_) continue;
            contents.marks.push_back({{double(bad.value()), matrix_.at(row, idx)}, mark, tr("Bad in this round")});
        }
    }
    contents.lines = {std::move(median), std::move(own)};
    contents.bands = {std::move(band)};
    chart_->set_contents(std::move(contents));
}

}  // namespace fedsleuth::ui
