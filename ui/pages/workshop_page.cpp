// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/workshop_page.h"

#include "analysis/lab/attack_catalogue.h"
#include "analysis/rules/rule.h"
#include "ui/pages/parts.h"
#include "ui/plots/line_chart.h"
#include "ui/plots/palette.h"
#include "ui/session/case_session.h"
#include "ui/session/jobs.h"
#include "ui/session/wording.h"
#include "ui/tables/cells.h"
#include "ui/tables/table_view.h"

#include <QComboBox>
#include <QFileDialog>
#include <QFormLayout>
#include <QLabel>
#include <QPushButton>
#include <QSpinBox>
#include <QSplitter>
#include <QVBoxLayout>

namespace fedsleuth::ui {

namespace lab = analysis::lab;

namespace {

QSpinBox* make_number(QWidget* parent, int low, int high, int value, const QString& meaning)
{
    auto* box = new QSpinBox(parent);
    box->setRange(low, high);
    box->setValue(value);
    box->setToolTip(meaning);
    return box;
}

}  // namespace

std::vector<RowTable<WorkshopPage::Row>::Column> WorkshopPage::columns()
{
    const auto truth = [](const Row& row) -> const lab::LabTruth& { return row.run->federation->truth; };
    return {
        {{tr("Client"), tr("Its name in the federation"), false, 10},
         [](const Row& row) { return text_cell(row.verdict->client.text()); }},
        {{tr("Really"), tr("What the simulation made of it: the attack, or nothing"), false, 18},
         [truth](const Row& row) {
             const auto attack = truth(row).simulated.find(row.verdict->client);
             return attack == truth(row).simulated.end() ? text_cell("honest") : text_cell(attack_text(attack->second));
         }},
        {{tr("Verdict"), tr("What the analysis says, which saw the updates alone"), false, 12},
         [](const Row& row) { return verdict_cell(row.verdict->verdict); }},
        {{tr("Probability"), tr("That the client is malicious"), true, 10},
         [](const Row& row) {
             if (row.verdict->verdict == model::VerdictClass::unknown) return unknown_cell();
             return probability_cell(row.verdict->probability);
         }},
        {{tr("Since"), tr("The first bad round by the verdict"), true, 7},
         [](const Row& row) { return round_cell(row.verdict->first_bad_round); }},
        {{tr("Attack named"), tr("The attack that the evidence fits best"), false, 18},
         [](const Row& row) { return text_cell(attack_text(row.verdict->attack)); }},
        {{tr("Weight"), tr("That the rule gave its update in the last round, as a share of 1"), true, 8},
         [](const Row& row) {
             const auto weight = row.run->weights.find(row.verdict->client);
             return weight == row.run->weights.end() ? unknown_cell() : fixed_cell(weight->second, 3);
         }},
    };
}

WorkshopPage::WorkshopPage(CaseSession& session, QWidget* parent)
    : Page(session, parent),
      attack_(new QComboBox(this)),
      rule_(new QComboBox(this)),
      partition_(new QComboBox(this)),
      clients_(make_number(this, 4, 200, 20, tr("Clients of the federation"))),
      rounds_count_(make_number(this, 2, 200, 20, tr("Rounds that it trains"))),
      attackers_(make_number(this, 0, 199, 4, tr("Clients that attack; at least one stays honest"))),
      onset_(make_number(this, 1, 200, 7, tr("The first attacked round"))),
      seed_(make_number(this, 0, 1'000'000, 1, tr("Everything that is drawn follows from it"))),
      start_(new QPushButton(tr("&Train"), this)),
      stop_(new QPushButton(tr("Stop"), this)),
      open_(new QPushButton(tr("Open as a &case…"), this)),
      state_(make_text(this)),
      chart_(new LineChart(this)),
      table_(new RowTable<Row>(columns(), this)),
      view_(new TableView(this))
{
    pick_folder = [this](std::function<void(const QString&)> answer) {
        auto* dialog = new QFileDialog(this, tr("Write the evidence to a new folder"));
        dialog->setAttribute(Qt::WA_DeleteOnClose);
        dialog->setAcceptMode(QFileDialog::AcceptSave);
        dialog->selectFile(QStringLiteral("workshop-run"));
        connect(dialog, &QFileDialog::fileSelected, this, std::move(answer));
        dialog->open();
    };
    start_->setObjectName(QStringLiteral("workshop_train"));
    open_->setObjectName(QStringLiteral("workshop_open"));
    state_->setObjectName(QStringLiteral("workshop_state"));
    view_->show_table(table_);
    view_->setAccessibleName(tr("Clients of the workshop's federation"));
    view_->set_empty_text(tr("Verdicts come when the training is over."));

    auto* right = new QSplitter(Qt::Vertical, this);
    right->setChildrenCollapsible(false);
    chart_->setMinimumHeight(180);
    right->addWidget(chart_);
    right->addWidget(view_);
    right->setStretchFactor(0, 3);
    right->setStretchFactor(1, 2);
    auto* both = new QHBoxLayout;
    both->setSpacing(4 * grid);
    both->addWidget(make_form());
    both->addWidget(right, 1);
    QBoxLayout* layout = make_page_layout(this);
    layout->addWidget(state_);
    layout->addLayout(both, 1);

    connect(start_, &QPushButton::clicked, this, &WorkshopPage::run);
    connect(stop_, &QPushButton::clicked, this, [this] { this->session().jobs().stop(lane()); });
    connect(open_, &QPushButton::clicked, this, &WorkshopPage::open_as_case);
    connect(clients_, &QSpinBox::valueChanged, this, [this](int clients) { attackers_->setMaximum(clients - 1); });
    attackers_->setMaximum(clients_->value() - 1);
    show_state();
}

WorkshopPage::~WorkshopPage() = default;

QWidget* WorkshopPage::make_form()
{
    attack_->addItem(tr("nobody attacks"), QString());
    for (const lab::AttackInfo& attack : lab::attacks()) {
        attack_->addItem(text_of(attack.title), text_of(attack.name));
        attack_->setItemData(attack_->count() - 1, text_of(attack.meaning), Qt::ToolTipRole);
    }
    attack_->setCurrentIndex(std::max(0, attack_->findData(QStringLiteral("backdoor"))));
    attack_->setObjectName(QStringLiteral("workshop_attack"));
    for (const analysis::RuleInfo* rule : analysis::all_rules()) {
        rule_->addItem(text_of(rule->title), text_of(rule->name));
        rule_->setItemData(rule_->count() - 1, text_of(rule->meaning), Qt::ToolTipRole);
    }
    rule_->setCurrentIndex(std::max(0, rule_->findData(QStringLiteral("fedavg"))));
    partition_->addItem(tr("the same everywhere"), QStringLiteral("iid"));
    partition_->addItem(tr("skewed: Dirichlet 0.5"), QStringLiteral("dirichlet-0.5"));
    partition_->addItem(tr("strongly skewed: Dirichlet 0.1"), QStringLiteral("dirichlet-0.1"));
    partition_->addItem(tr("two classes a client"), QStringLiteral("classes-2"));

    auto* form = new QFormLayout;
    form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
    form->addRow(tr("&Attack"), attack_);
    form->addRow(tr("Attack&ers"), attackers_);
    form->addRow(tr("&From round"), onset_);
    form->addRow(tr("Server's &rule"), rule_);
    form->addRow(tr("Clients' &data"), partition_);
    form->addRow(tr("&Clients"), clients_);
    form->addRow(tr("R&ounds"), rounds_count_);
    form->addRow(tr("&Seed"), seed_);
    auto* box = new QWidget(this);
    auto* layout = new QVBoxLayout(box);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(2 * grid);
    layout->addLayout(form);
    for (QPushButton* button : {start_, stop_, open_}) layout->addWidget(button);
    layout->addStretch(1);
    box->setMaximumWidth(320);
    return box;
}

QString WorkshopPage::lane() const
{
    return QStringLiteral("workshop-%1").arg(reinterpret_cast<quintptr>(this), 0, 16);
}

WorkshopChoice WorkshopPage::choice() const
{
    WorkshopChoice choice;
    choice.attack = attack_->currentData().toString().toStdString();
    choice.rule = rule_->currentData().toString().toStdString();
    choice.partition = partition_->currentData().toString().toStdString();
    choice.clients = clients_->value();
    choice.rounds = rounds_count_->value();
    choice.attackers = attackers_->value();
    choice.onset = onset_->value();
    choice.seed = seed_->value();
    return choice;
}

void WorkshopPage::run()
{
    const lab::LabOptions options = lab_options(choice());
    outcomes_.clear();
    finished_.reset();
    failure_.clear();
    onset_round_ = options.attacks.empty() ? 0 : static_cast<int>(options.attacks.front().schedule.onset);
    session().jobs().start<WorkshopRun>(
        lane(), tr("Training a federation"), this,
        [options, this](JobControl& control) {
            return run_workshop(options, control.progress, [&control, this](const lab::RoundOutcome& outcome) {
                control.publish([this, outcome] {
                    outcomes_.push_back(outcome);
                    show_chart();
                });
            });
        },
        [this](model::Result<WorkshopRun> run) { finish(std::move(run)); });
    show_run();
    show_chart();
    show_state();
}

void WorkshopPage::finish(model::Result<WorkshopRun> run)
{
    if (run)
        finished_ = std::make_shared<const WorkshopRun>(std::move(*run));
    else if (run.error().code == model::ErrorCode::cancelled)
        failure_ = tr("Stopped after %n round(s).", nullptr, static_cast<int>(outcomes_.size()));
    else
        failure_ = shown(run.error().text());
    show_run();
    show_state();
}

void WorkshopPage::open_as_case()
{
    pick_folder([this](const QString& folder) { write_to(folder); });
}

void WorkshopPage::write_to(const QString& folder)
{
    if (!finished_ || folder.isEmpty() || session().jobs().is_running(lane())) return;
    writing_ = true;
    session().jobs().start<bool>(
        lane(), tr("Writing the evidence"), this,
        [run = finished_, folder](JobControl& control) -> model::Result<bool> {
            FEDSLEUTH_CHECK(write_workshop(*run, folder.toStdString(), control.progress));
            return true;
        },
        [this, folder](model::Result<bool> written) {
            writing_ = false;
            failure_ = written ? QString() : shown(written.error().text());
            show_state();
            if (written) session().open(folder);
        });
    show_state();
}

void WorkshopPage::refresh()
{
    show_chart();
    show_state();
}

void WorkshopPage::show_selection() {}

void WorkshopPage::show_state()
{
    const bool busy = session().jobs().is_running(lane());
    start_->setEnabled(!busy);
    stop_->setEnabled(busy);
    open_->setEnabled(!busy && finished_);
    if (!failure_.isEmpty()) {
        state_->setText(failure_);
    } else if (busy) {
        state_->setText(writing_ ? tr("Writing the evidence…") : tr("Training…"));
    } else if (!finished_) {
        state_->setText(
            tr("Train a federation on digits that it draws itself, attack it, and see what becomes of the "
               "model and whom the analysis finds. It knows the updates alone, not who attacks."));
    } else {
        int found = 0, accused = 0;
        const lab::LabTruth& truth = finished_->federation->truth;
        for (const model::Verdict& verdict : finished_->verdicts.clients) {
            if (verdict.verdict != model::VerdictClass::malicious) continue;
            ++(truth.malicious.contains(verdict.client) ? found : accused);
        }
        const auto attackers = static_cast<int>(truth.malicious.size());
        state_->setText(attackers == 0 ? tr("Nobody attacked; %1 of %2 clients are called malicious.")
                                             .arg(accused)
                                             .arg(finished_->federation->clients.size())
                                       : tr("%1 of %2 attackers are called malicious, and %3 of %4 honest clients.")
                                             .arg(found)
                                             .arg(attackers)
                                             .arg(accused)
                                             .arg(static_cast<int>(finished_->federation->clients.size()) - attackers));
    }
}

void WorkshopPage::show_chart()
{
    const Palette colors = Palette::of(palette());
    ChartContents contents;
    contents.x = {.name = tr("Round"), .low = 1, .high = rounds_count_->value(), .whole = true};
    contents.y = {.name = tr("Share of the test inputs"), .low = 0, .high = 1};
    contents.empty_text = tr("Accuracy and attack success appear here, round by round.");
    ChartLine accuracy{.name = tr("right answers"), .color = colors.category(0), .markers = true};
    ChartLine success{.name = tr("answers that the attacker wants"), .color = colors.category(1), .markers = true};
    success.style = Qt::DashLine;
    for (const lab::RoundOutcome& outcome : outcomes_) {
        accuracy.points.emplace_back(static_cast<double>(outcome.round), outcome.accuracy);
        success.points.emplace_back(static_cast<double>(outcome.round), outcome.attack_success);
    }
    if (!outcomes_.empty()) {
        contents.lines.push_back(std::move(accuracy));
        if (onset_round_ > 0) contents.lines.push_back(std::move(success));
    }
    chart_->set_contents(std::move(contents));
}

void WorkshopPage::show_run()
{
    std::vector<Row> rows;
    if (finished_)
        for (const model::Verdict& verdict : finished_->verdicts.clients) rows.push_back({&verdict, finished_.get()});
    table_->set_rows(std::move(rows), finished_);
}

}  // namespace fedsleuth::ui
