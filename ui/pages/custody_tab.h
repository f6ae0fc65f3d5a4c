// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/case_data.h"
#include "ui/tables/table_model.h"

#include <QWidget>

class QLabel;
class QLineEdit;
class QPushButton;

namespace fedsleuth::storage {
struct Verification;
}

namespace fedsleuth::ui {

class CaseSession;
class TableView;

/// Who did what with the case, and whether all of it is as it was: search, Verify, Seal.
class CustodyTab : public QWidget {
    Q_OBJECT
public:
    explicit CustodyTab(CaseSession& session, QWidget* parent = nullptr);
    void show_data(const CaseDataPtr& data);

    void verify();                        ///< in a job; the answer is shown here
    void seal(const QString& seal_file);  ///< in a job; the seal goes to that file

private:
    using Entry = const model::CustodyEntry*;
    [[nodiscard]] static std::vector<RowTable<Entry>::Column> columns();
    void fill();
    void ask_for_seal_file();
    void show_verification(const storage::Verification& result);

    CaseSession& session_;
    CaseDataPtr data_;
    QLabel* state_;
    QLabel* answer_;
    QLineEdit* search_;
    QPushButton* verify_;
    QPushButton* seal_;
    RowTable<Entry>* table_;
    TableView* view_;
};

}  // namespace fedsleuth::ui
