// SPDX-License-Identifier: GPL-3.0-or-later
// What the heat map and the table of the rules panel show.
#include "ui/pages/parts.h"
#include "ui/pages/rules_panel.h"
#include "ui/plots/heat_map.h"
#include "ui/tables/cells.h"

#include <algorithm>
#include <limits>
#include <map>
#include <QLabel>
#include <QListWidget>
#include <QScopedValueRollback>

namespace fedsleuth::ui {

void RulesPanel::fill_heat_map()
{
    const std::size_t rules = answer_->rules.size();
    HeatContents contents;
    contents.rows = clients_.size();
    contents.cols = rules;
    contents.values.assign(contents.rows * rules, std::numeric_limits<double>::quiet_NaN());
    std::map<model::ClientId, std::size_t> row_of;
    for (std::size_t row = 0; row < clients_.size(); ++row) {
        row_of[clients_[row]] = row;
        contents.row_names.push_back(shown(clients_[row]));
        contents.row_verdicts.push_back(data_->shown_class(clients_[row]));
    }
    const auto n = static_cast<double>(answer_->clients.size());
    for (std::size_t rule_idx = 0; rule_idx < rules; ++rule_idx) {
        const analysis::RuleAnswer& rule = answer_->rules[rule_idx];
        contents.col_names.push_back(QString::number(rule_idx + 1));
        for (std::size_t place = 0; place < rule.weights.size(); ++place)
            contents.values[row_of[answer_->clients[place]] * rules + rule_idx] = rule.weights[place] * n;
    }
    contents.note = [answer = answer_](std::size_t, std::size_t col) { return text_of(answer->rules[col].title); };
    contents.row_title = tr("client");
    contents.col_title = tr("Rule, by its number in the table");
    contents.scale.low = 0;
    contents.scale.high = 2;
    contents.scale.beyond_high = std::ranges::any_of(contents.values, [](double value) { return value > 2; });
    contents.scale.name = tr("weight, in equal shares");
    contents.scale.zero_meaning = tr("silenced");
    contents.missing_text = tr("left out, or a rule without weights");
    contents.empty_text = tr("No updates to weigh.");
    heat_map_->set_contents(std::move(contents));
}

void RulesPanel::fill_table()
{
    if (!answer_) return;
    const std::size_t rules = answer_->rules.size();
    std::vector<Row> rows;
    for (std::size_t rule_idx = 0; rule_idx < rules; ++rule_idx)
        rows.push_back({rule_idx + 1, &answer_->rules[rule_idx],
                        chosen_ < rules ? std::optional(answer_->gaps[rule_idx * rules + chosen_]) : std::nullopt});
    table_->set_rows(std::move(rows), answer_);
    say_remarks();
}

/// What rules do not fit the round and why, and what the chosen one says of itself.
void RulesPanel::say_remarks()
{
    QStringList remarks;
    for (std::size_t rule_idx = 0; rule_idx < answer_->rules.size(); ++rule_idx) {
        const analysis::RuleAnswer& rule = answer_->rules[rule_idx];
        if (!rule.refusal.empty()) remarks << tr("%1: %2").arg(text_of(rule.rule), shown(rule.refusal));
        if (rule_idx != chosen_) continue;
        for (const std::string& note : rule.notes) remarks << tr("%1: %2").arg(text_of(rule.rule), shown(note));
    }
    if (std::ranges::any_of(answer_->rules, &analysis::RuleAnswer::waiting))
        remarks << tr("Rules without numbers work coordinate by coordinate; theirs follow once the hand rests.");
    say(said_, remarks.join(QLatin1Char('\n')));
}

void RulesPanel::mark_client()
{
    const auto& client = session_.selection().client();
    std::optional<std::size_t> row;
    if (client)
        if (const auto found = std::ranges::find(clients_, *client); found != clients_.end())
            row = std::size_t(found - clients_.begin());
    heat_map_->set_selected(row, std::nullopt);
    const QScopedValueRollback setting(filling_, true);
    clients_list_->setCurrentRow(row ? int(*row) : -1);
}

}  // namespace fedsleuth::ui
