// SPDX-License-Identifier: GPL-3.0-or-later
// The privacy page's tables: ledger, findings, checks.
#include "ui/pages/privacy_page.h"
#include "ui/session/case_session.h"
#include "ui/tables/table_view.h"

#include <cmath>
#include <QTabWidget>

namespace fedsleuth::ui {

namespace {

/// ∞ where there is no bound: that is known, and worse than any number.
Cell epsilon_cell(const std::optional<double>& epsilon)
{
    if (!epsilon || std::isfinite(*epsilon)) return fixed_cell(epsilon, 2);
    Cell cell;
    cell.text = QStringLiteral("∞");
    cell.sort = HUGE_VAL;
    cell.tip = PrivacyPage::tr("No bound: nothing hides what was sent");
    return cell;
}

/// "▲ 130 %": the mark says over budget without colour.
Cell share_cell(const std::optional<double>& share)
{
    if (!share) return unknown_cell();
    Cell cell = std::isfinite(*share) ? percent_cell(*share, 0) : epsilon_cell(*share);
    if (*share > 1.0) {
        cell.text.prepend(QStringLiteral("▲ "));
        cell.tip = PrivacyPage::tr("Over budget");
    }
    return cell;
}

}  // namespace

namespace {

/// The column of one accountant.
template <class Row>
typename RowTable<Row>::Column accountant_column(std::size_t idx)
{
    const std::string_view name = analysis::audit_accountants[idx];
    const QString written = text_of(accountant_text(name));
    return {{PrivacyPage::tr("%1 ε").arg(written),
             PrivacyPage::tr("Recomputed over its own rounds, by %1").arg(written), true, 9},
            [idx, limit = name == "gdp"](const Row& row) {
                Cell cell = epsilon_cell(row.client->epsilon.values[idx]);
                if (limit && row.client->epsilon.gdp_is_a_limit && cell.sort.isValid()) {
                    cell.text.prepend(QStringLiteral("> "));
                    cell.tip = PrivacyPage::tr("A central limit: it under-reports");
                }
                return cell;
            }};
}

Cell finding_kinds_cell(const std::vector<std::string>& kinds)
{
    if (kinds.empty()) return unknown_cell();
    QStringList words;
    for (const std::string& kind : kinds) words << kind_cell(kind).text;
    Cell cell;
    cell.text = words.join(QStringLiteral(", "));
    cell.sort = cell.text;
    return cell;
}

}  // namespace

std::vector<RowTable<PrivacyPage::LedgerRow>::Column> PrivacyPage::ledger_columns()
{
    using Row = LedgerRow;
    // What decides first: claim, the two accountants that count, budget, findings. The other accountants after that.
    return {
        {{tr("Client"), {}, false, 14},
         [](const Row& row) {
             Cell cell = text_cell(row.client->client.text());
             cell.mark = row.shown;
             return cell;
         }},
        {{tr("Rounds"), tr("In which it took part"), true, 7},
         [](const Row& row) { return count_cell(row.client->rounds); }},
        {{tr("Mechanism"), tr("Noise multiplier and sampling of its last rounds"), false, 19},
         [](const Row& row) { return text_cell(client_mechanism_text(*row.client)); }},
        {{tr("Claimed ε"), tr("After its last round; claims per round are added up"), true, 9},
         [](const Row& row) { return epsilon_cell(row.client->epsilon_claimed); }},
        accountant_column<Row>(0),
        accountant_column<Row>(1),
        {{tr("Noise seen: ε"), tr("With the noise that its updates show, where that is less than it said"), true, 12},
         [](const Row& row) { return epsilon_cell(row.client->epsilon_measured); }},
        {{tr("Of the budget"), tr("What it spent as a share of the budget; ▲ over it"), true, 12},
         [](const Row& row) { return share_cell(row.client->budget_share); }},
        {{tr("Exhausted in"), tr("First round after which the budget was exceeded"), true, 11},
         [](const Row& row) { return round_cell(row.client->exhausted_in); }},
        {{tr("Forecast"), tr("Round in which it will be, at the pace of the client's last rounds"), true, 9},
         [](const Row& row) { return round_cell(row.client->forecast); }},
        {{tr("Findings"), tr("What the audit found, gravest first"), false, 30},
         [](const Row& row) { return finding_kinds_cell(row.client->findings); }},
        accountant_column<Row>(2),
        accountant_column<Row>(3),
        accountant_column<Row>(4),
        accountant_column<Row>(5),
    };
}

std::vector<RowTable<PrivacyPage::FindingRow>::Column> PrivacyPage::finding_columns()
{
    using Row = FindingRow;
    return {
        {{tr("Severity"), tr("info, low, medium, high, critical"), false, 10},
         [](const Row& row) { return severity_cell(row->severity); }},
        {{tr("Kind"), tr("The kind of finding; the tooltip has its name on the command line"), false, 26},
         [](const Row& row) { return kind_cell(row->kind); }},
        {{tr("Client"), {}, false, 16},
         [](const Row& row) { return row->client ? text_cell(row->client->text()) : unknown_cell(); }},
        {{tr("Round"), {}, true, 7}, [](const Row& row) { return round_cell(row->round); }},
        {{tr("What was found"), {}, false, 0, true}, [](const Row& row) { return text_cell(row->text); }},
    };
}

std::vector<RowTable<PrivacyPage::RuleRow>::Column> PrivacyPage::rule_columns()
{
    using Row = RuleRow;
    return {
        {{tr("Check"), {}, true, 7},
         [](const Row& row) {
             Cell cell = count_cell(row->number);
             cell.text.prepend(u'P');
             return cell;
         }},
        {{tr("Outcome"), tr("pass ✓, fail ✗, unknown ?"), false, 12},
         [](const Row& row) {
             Cell cell;
             const char* sign = row->outcome == analysis::RuleOutcome::pass   ? "✓ "
                                : row->outcome == analysis::RuleOutcome::fail ? "✗ "
                                                                              : "? ";
             cell.text = QString::fromUtf8(sign) + text_of(name_of(row->outcome));
             cell.sort = static_cast<int>(row->outcome);
             return cell;
         }},
        {{tr("What is checked"), {}, false, 34}, [](const Row& row) { return text_cell(std::string(row->name)); }},
        {{tr("What the case says"), {}, false, 0, true}, [](const Row& row) { return text_cell(row->sentence); }},
    };
}

void PrivacyPage::fill_tables()
{
    const CaseDataPtr& data = session().data();
    std::vector<LedgerRow> clients;
    clients.reserve(audit_->clients.size());
    for (const analysis::ClientAudit& client : audit_->clients)
        clients.push_back({&client, audit_->budget, data->shown_class(client.client)});
    ledger_->set_rows(std::move(clients), audit_);
    std::vector<FindingRow> findings;
    for (const model::Finding& finding : audit_->findings) findings.push_back(&finding);
    std::vector<RuleRow> rules;
    std::size_t failed = 0;
    for (const analysis::RuleResult& rule : audit_->rules) {
        rules.push_back(&rule);
        failed += rule.outcome == analysis::RuleOutcome::fail ? 1 : 0;
    }
    tabs_->setTabText(0, tr("Ledger (%1)").arg(audit_->clients.size()));
    tabs_->setTabText(1, tr("Findings (%1)").arg(findings.size()));
    tabs_->setTabText(2, failed == 0 ? tr("Checks") : tr("Checks (%1 failed)").arg(failed));
    findings_->set_rows(std::move(findings), audit_);
    rules_->set_rows(std::move(rules), audit_);
}

}  // namespace fedsleuth::ui
