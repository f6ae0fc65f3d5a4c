// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/rules_panel.h"

#include "storage/case/case_file.h"
#include "ui/pages/parts.h"
#include "ui/plots/heat_map.h"
#include "ui/plots/palette.h"
#include "ui/plots/plot_text.h"
#include "ui/session/jobs.h"
#include "ui/tables/cells.h"
#include "ui/tables/table_view.h"

#include <algorithm>
#include <cmath>
#include <QLabel>
#include <QListWidget>
#include <QScopedValueRollback>
#include <QSlider>
#include <QSplitter>
#include <QToolButton>
#include <QVBoxLayout>
#include <utility>

namespace fedsleuth::ui {
namespace {

constexpr int rest_ms = 250;  ///< after the last change, before what takes longer begins

QString lane_of(const QObject* panel, const char* what)
{
    return QStringLiteral("what-if-%1-%2").arg(QLatin1String(what)).arg(reinterpret_cast<quintptr>(panel), 0, 16);
}

/// What the rule does, how many attackers it bears and where it comes from.
QString rule_tip(const analysis::RuleAnswer& outcome)
{
    for (const analysis::RuleInfo* info : analysis::all_rules())
        if (info->name == outcome.rule)
            return RulesPanel::tr("%1\n\n%2\n\nBears: %3.\nPaper: %4.")
                .arg(text_of(info->title), text_of(info->meaning), text_of(info->breakdown), text_of(info->paper));
    return shown(outcome.title);
}

}  // namespace

struct RulesPanel::Asked {
    std::shared_ptr<const analysis::WhatIfRound> round;
    std::shared_ptr<const analysis::WhatIf> answer;
};

RulesPanel::RulesPanel(CaseSession& session, QWidget* parent)
    : QWidget(parent),
      session_(session),
      malicious_(new QSlider(Qt::Horizontal, this)),
      malicious_text_(make_quiet_text(this)),
      trimmed_(new QSlider(Qt::Horizontal, this)),
      trimmed_text_(make_quiet_text(this)),
      everybody_(new QToolButton(this)),
      honest_(new QToolButton(this)),
      clients_list_(new QListWidget(this)),
      state_(make_quiet_text(this)),
      heat_map_(new HeatMap(this)),
      table_(nullptr),
      view_(new TableView(this)),
      said_(make_quiet_text(this))
{
    const auto outcome = [](const Row& row) -> const analysis::RuleAnswer& { return *row.outcome; };
    table_ = new RowTable<Row>(
        {{{tr("#"), tr("Column of the picture"), true, 3},
          [](const Row& row) { return count_cell(std::int64_t(row.number)); }},
         {{tr("Rule"), tr("Every aggregation rule that the program knows"), false, 16},
          [outcome](const Row& row) {
              Cell cell = text_cell(outcome(row).rule);
              cell.tip = rule_tip(outcome(row));
              return cell;
          }},
         {{tr("Flagged"), tr("Share of all weight that suspect and malicious clients would have had"), true, 7},
          [outcome](const Row& row) { return percent_cell(outcome(row).flagged_share); }},
         {{tr("To shipped"), tr("L2 distance between the rule's step and the one that the server made"), true, 8},
          [outcome](const Row& row) { return number_cell(outcome(row).to_shipped.distance); }},
         {{tr("Angle °"), tr("Angle between the two, in degrees"), true, 5},
          [outcome](const Row& row) { return fixed_cell(outcome(row).to_shipped.angle, 1); }},
         {{tr("To unflagged"),
           tr("L2 distance between the rule's step and the mean of the updates whose clients are neither suspect nor "
              "malicious"),
           true, 8},
          [outcome](const Row& row) { return number_cell(outcome(row).to_unflagged.distance); }},
         {{tr("Angle °"), tr("Angle between the two, in degrees"), true, 5},
          [outcome](const Row& row) { return fixed_cell(outcome(row).to_unflagged.angle, 1); }},
         {{tr("To chosen"), tr("L2 distance to the step of the rule whose row is selected"), true, 8},
          [](const Row& row) { return row.to_chosen ? number_cell(row.to_chosen->distance) : unknown_cell(); }}},
        this);
    view_->show_table(table_);
    view_->setAccessibleName(tr("What every rule would have made of the round"));
    malicious_->setAccessibleName(tr("Malicious clients assumed"));
    trimmed_->setAccessibleName(tr("Share trimmed on each side"));
    trimmed_->setRange(0, 49);
    everybody_->setText(tr("All in"));
    everybody_->setToolTip(tr("Everybody takes part"));
    honest_->setText(tr("Without flagged"));
    honest_->setToolTip(tr("Suspect and malicious clients are left out"));
    clients_list_->setAccessibleName(tr("Clients that take part"));
    clients_list_->setUniformItemSizes(true);
    timer_.setSingleShot(true);
    timer_.setInterval(rest_ms);
    build();
    connect_parts();
}

void RulesPanel::build()
{
    auto* const settings = new QHBoxLayout;
    settings->setSpacing(2 * grid);
    for (const auto& [slider, text] : {std::pair(malicious_, malicious_text_), std::pair(trimmed_, trimmed_text_)}) {
        text->setWordWrap(false);
        settings->addWidget(text);
        settings->addWidget(slider, 1);
    }
    settings->addWidget(state_, 1);

    auto* const parts = new QSplitter(Qt::Horizontal, this);
    auto* const who = new QWidget(parts);
    auto* const who_layout = new QVBoxLayout(who);
    who_layout->setContentsMargins(0, 0, 0, 0);
    who_layout->setSpacing(grid);
    who_layout->addWidget(make_section_title(tr("Who takes part?"), who));
    auto* const ticks = new QHBoxLayout;
    ticks->setSpacing(grid);
    ticks->addWidget(everybody_);
    ticks->addWidget(honest_);
    ticks->addStretch(1);
    who_layout->addLayout(ticks);
    who_layout->addWidget(clients_list_, 1);
    parts->addWidget(who);
    const auto figure = [parts](const QString& title, QWidget* plot, QLabel* below) {
        auto* const box = new QWidget(parts);
        auto* const layout = new QVBoxLayout(box);
        layout->setContentsMargins(0, 0, 0, 0);
        layout->setSpacing(grid);
        layout->addWidget(make_section_title(title, box));
        layout->addWidget(plot, 1);
        if (below) layout->addWidget(below);
        parts->addWidget(box);
    };
    figure(tr("Whom would each rule have heard?"), heat_map_, nullptr);
    figure(tr("Where would its step have gone?"), view_, said_);
    parts->setChildrenCollapsible(false);
    parts->setStretchFactor(0, 0);
    parts->setStretchFactor(1, 1);
    parts->setStretchFactor(2, 1);
    parts->setSizes({160, 420, 640});

    auto* const layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(grid);
    layout->addLayout(settings);
    layout->addWidget(parts, 1);
}

void RulesPanel::connect_parts()
{
    for (QSlider* slider : {malicious_, trimmed_})
        connect(slider, &QSlider::valueChanged, this, [this] {
            say_settings();
            change();
        });
    connect(clients_list_, &QListWidget::itemChanged, this, [this] { change(); });
    connect(clients_list_, &QListWidget::currentRowChanged, this, [this](int row) {
        if (!filling_ && row >= 0 && std::size_t(row) < clients_.size())
            session_.selection().select_client(clients_[std::size_t(row)]);
    });
    connect(everybody_, &QToolButton::clicked, this, [this] { tick(true); });
    connect(honest_, &QToolButton::clicked, this, [this] { tick(false); });
    connect(&timer_, &QTimer::timeout, this, &RulesPanel::compute_columns);
    connect(heat_map_, &HeatMap::cell_selected, this, [this](int row, int col) {
        if (row >= 0 && std::size_t(row) < clients_.size())
            session_.selection().select_client(clients_[std::size_t(row)]);
        if (col >= 0) view_->select_row(col);
    });
    connect(heat_map_, &HeatMap::cell_activated, this, [this](int row) {
        if (row >= 0 && std::size_t(row) < clients_.size())
            session_.selection().activate_client(clients_[std::size_t(row)]);
    });
    connect(view_, &TableView::row_selected, this, [this](int row) {
        chosen_ = std::size_t(row);
        fill_table();
        view_->select_row(row);
    });
}

void RulesPanel::set_round(const LedgerPtr& ledger)
{
    ++round_count_;
    session_.jobs().abandon(lane_of(this, "weights"));
    session_.jobs().abandon(lane_of(this, "columns"));
    timer_.stop();
    asking_ = ask_again_ = computing_ = false;
    ledger_ = ledger;
    data_ = session_.data();
    round_.reset();
    columns_.reset();
    table_->set_rows({});
    answer_.reset();
    clients_.clear();
    heat_map_->set_contents({});
    say(state_, {});
    fill_clients();
    if (!ledger_ || !data_) return;
    {
        const QScopedValueRollback setting(filling_, true);
        const int n = int(ledger_->size());
        const auto flagged = std::ranges::count_if(clients_, [&](const model::ClientId& client) {
            return data_->shown_class(client) >= model::VerdictClass::suspect;
        });
        malicious_->setRange(0, std::max(0, (n - 1) / 2));
        malicious_->setValue(std::max(1, int(flagged)));
        trimmed_->setValue(
            std::clamp(int(std::lround(100.0 * double(std::max<std::ptrdiff_t>(flagged, 1)) / n)), 10, 49));
    }
    say_settings();
    change();
}

void RulesPanel::fill_clients()
{
    const QScopedValueRollback setting(filling_, true);
    clients_list_->clear();
    if (!ledger_ || !data_) return;
    clients_ = ledger_->clients;
    std::ranges::stable_sort(clients_, [&](const model::ClientId& a, const model::ClientId& b) {
        return data_->shown_class(a) > data_->shown_class(b);
    });
    for (const model::ClientId& client : clients_) {
        auto* const item =
            new QListWidgetItem(verdict_symbol(data_->shown_class(client)) + QLatin1Char(' ') + shown(client));
        item->setFlags(Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemIsUserCheckable);
        item->setCheckState(Qt::Checked);
        clients_list_->addItem(item);
    }
}

void RulesPanel::tick(bool flagged_too)
{
    {
        const QScopedValueRollback setting(filling_, true);
        for (std::size_t idx = 0; idx < clients_.size(); ++idx) {
            const bool flagged = data_->shown_class(clients_[idx]) >= model::VerdictClass::suspect;
            clients_list_->item(int(idx))->setCheckState(flagged && !flagged_too ? Qt::Unchecked : Qt::Checked);
        }
    }
    change();
}

std::vector<model::ClientId> RulesPanel::out() const
{
    std::vector<model::ClientId> clients;
    for (std::size_t idx = 0; idx < clients_.size(); ++idx)
        if (clients_list_->item(int(idx))->checkState() != Qt::Checked) clients.push_back(clients_[idx]);
    return clients;
}

void RulesPanel::say_settings()
{
    malicious_text_->setText(tr("Assumed malicious (f): %1").arg(malicious_->value()));
    trimmed_text_->setText(tr("Trimmed a side: %1 %").arg(trimmed_->value()));
}

analysis::WhatIfQuestion RulesPanel::question() const
{
    analysis::WhatIfQuestion question;
    question.exclude = out();
    for (const model::ClientId& client : clients_)
        if (data_->shown_class(client) >= model::VerdictClass::suspect) question.flagged.push_back(client);
    question.rules = analysis::every_rule();
    for (analysis::AskedRule& asked : question.rules)
        for (const analysis::RuleInfo* info : analysis::all_rules()) {
            if (info->name != asked.rule) continue;
            for (const analysis::ParameterInfo& parameter : info->parameters) {
                if (parameter.name == "f") asked.settings.values["f"] = malicious_->value();
                if (parameter.name == "fraction") asked.settings.values["fraction"] = trimmed_->value() / 100.0;
            }
        }
    return question;
}

void RulesPanel::change()
{
    if (filling_ || !ledger_) return;
    if (std::exchange(computing_, false)) {  // what is being computed is about settings that are no longer there
        session_.jobs().abandon(lane_of(this, "columns"));
        say(state_, {});
    }
    ask();
    timer_.start();
}

void RulesPanel::ask()
{
    if (asking_) {
        ask_again_ = true;  // the answer that is under way is shown, then the newest question is asked
        return;
    }
    asking_ = true;
    session_.jobs().start<Asked>(
        lane_of(this, "weights"), tr("Asking the rules"), this,
        [ledger = ledger_, round = round_, data = data_, question = question(), columns = columns_](JobControl&) {
            Asked asked;
            asked.round =
                round ? round
                      : std::make_shared<const analysis::WhatIfRound>(
                            *ledger,
                            analysis::ledger_examples(*ledger, data->updates, data->federation.aggregation.weighted_by),
                            data->federation.aggregation.server_learning_rate);
            asked.answer = std::make_shared<const analysis::WhatIf>(asked.round->ask(question, columns.get()));
            return model::Result<Asked>(std::move(asked));
        },
        [this, count = round_count_](model::Result<Asked> answer) {
            if (count != round_count_) return;
            asking_ = false;
            if (answer) show_answer(std::move(*answer));
            if (std::exchange(ask_again_, false)) ask();
        },
        Jobs::Options{.shown = false});
}

void RulesPanel::compute_columns()
{
    if (!ledger_ || !data_) return;
    if (!round_) return timer_.start();  // the first answer is not there yet
    if (data_->case_path.empty()) {
        say(state_, tr("The rules that work coordinate by coordinate need the updates themselves."));
        return;
    }
    computing_ = true;
    say(state_, tr("Computing medians and their like …"));
    using Columns = std::shared_ptr<const analysis::ColumnVectors>;
    session_.jobs().start<Columns>(
        lane_of(this, "columns"), tr("Computing medians"), this,
        [path = data_->case_path, round = round_, asked = question()](JobControl& control) -> model::Result<Columns> {
            using storage::CaseFile;
            FEDSLEUTH_TRY(const std::unique_ptr<CaseFile> file, CaseFile::open(path, CaseFile::Mode::read_only));
            FEDSLEUTH_TRY(analysis::ColumnVectors columns,
                          analysis::column_vectors(*file, *round, asked.exclude, asked.rules, control.progress));
            return std::make_shared<const analysis::ColumnVectors>(std::move(columns));
        },
        [this, count = round_count_](model::Result<Columns> columns) {
            if (count != round_count_) return;
            computing_ = false;
            if (!columns) {
                say(state_, tr("Medians and their like are missing: %1").arg(shown(columns.error().text())));
                return;
            }
            say(state_, {});
            columns_ = std::move(*columns);
            ask();
        });
}

void RulesPanel::show_answer(Asked asked)
{
    round_ = std::move(asked.round);
    const std::shared_ptr<const analysis::WhatIf> last = std::exchange(answer_, std::move(asked.answer));
    fill_heat_map();
    fill_table();  // until here the table points into the last answer
    mark_client();
}

}  // namespace fedsleuth::ui
