// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/pages/page.h"
#include "ui/session/budget_lines.h"
#include "ui/session/privacy_what_if.h"
#include "ui/session/privacy_words.h"
#include "ui/tables/table_model.h"

class QLabel;
class QTabWidget;
class QToolButton;

namespace fedsleuth::ui {

class EmptyState;
class LineChart;
class PrivacyAssumptions;
class PrivacyClientPanel;
class TableView;

/// What was really spent of the privacy budget, client by client and round by round; who said otherwise; and which of
/// the audit's twenty checks the case passes. Assumptions can be changed, and the audit is then made again in a job.
class PrivacyPage : public Page {
    Q_OBJECT
public:
    explicit PrivacyPage(CaseSession& session, QWidget* parent = nullptr);

protected:
    void refresh() override;
    void show_selection() override;

private:
    struct LedgerRow {
        const analysis::ClientAudit* client;
        std::optional<double> budget;
        model::VerdictClass shown;
    };
    [[nodiscard]] static std::vector<RowTable<LedgerRow>::Column> ledger_columns();
    using FindingRow = const model::Finding*;
    [[nodiscard]] static std::vector<RowTable<FindingRow>::Column> finding_columns();
    using RuleRow = const analysis::RuleResult*;
    [[nodiscard]] static std::vector<RowTable<RuleRow>::Column> rule_columns();

    void build();
    void connect_parts();
    void show_audit();  ///< everything that the audit says
    void fill_tables();
    void fill_chart();
    void show_client();
    void ask_band();
    void ask_what_if();
    void audit_again();
    void save_ledger();
    [[nodiscard]] const analysis::ClientAudit* client_in_focus() const;  ///< the selected one, else the worst
    [[nodiscard]] QString lane(const char* what) const;

    QWidget* contents_;
    EmptyState* empty_;
    QLabel* title_;
    QLabel* mechanism_;
    QLabel* caveat_;
    QLabel* left_out_;
    PrivacyAssumptions* assumptions_;
    LineChart* chart_;
    PrivacyClientPanel* client_;
    QTabWidget* tabs_;
    QToolButton* save_;
    RowTable<LedgerRow>* ledger_;
    TableView* ledger_view_;
    RowTable<FindingRow>* findings_;
    TableView* findings_view_;
    RowTable<RuleRow>* rules_;
    TableView* rules_view_;

    AuditPtr audit_;
    std::string case_path_;               ///< of the case that audit_ is of
    std::optional<AccountantBand> band_;  ///< of band_of_, once it is there
    std::optional<model::ClientId> band_of_;
    std::vector<model::ClientId> line_clients_;                ///< of the chart's lines, in their order
    std::optional<std::optional<model::ClientId>> drawn_for_;  ///< the selection that the chart shows
};

}  // namespace fedsleuth::ui
