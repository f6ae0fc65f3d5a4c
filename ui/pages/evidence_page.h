// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/pages/page.h"
#include "ui/session/summary.h"
#include "ui/tables/table_model.h"

class QLabel;
class QTabWidget;

namespace fedsleuth::ui {

class AdmissionTab;
class CertificatesTab;
class CustodyTab;
class EmptyState;
class SignaturesTab;
class TableView;

/// What the case was made from, what could not be taken in, and who did what with it.
class EvidencePage : public Page {
    Q_OBJECT
public:
    explicit EvidencePage(CaseSession& session, QWidget* parent = nullptr);

protected:
    void refresh() override;
    void show_selection() override;

private:
    using File = const model::EvidenceFile*;
    using Issue = const model::ImportIssue*;
    [[nodiscard]] static std::vector<RowTable<File>::Column> file_columns();
    [[nodiscard]] static std::vector<RowTable<Issue>::Column> issue_columns();
    [[nodiscard]] QWidget* make_tab(QLabel* state, TableView* view);
    void fill_files(const CaseDataPtr& data);
    void fill_issues(const CaseDataPtr& data);
    void show_tabs(const CaseDataPtr& data);

    EmptyState* empty_;
    QTabWidget* tabs_;
    QLabel* files_state_;
    QLabel* issues_state_;
    RowTable<File>* files_;
    RowTable<Issue>* issues_;
    TableView* files_view_;
    TableView* issues_view_;
    SignaturesTab* signatures_;
    CertificatesTab* certificates_;
    AdmissionTab* admission_;
    CustodyTab* custody_;
};

}  // namespace fedsleuth::ui
