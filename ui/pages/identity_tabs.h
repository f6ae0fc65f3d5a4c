// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/case_data.h"
#include "ui/tables/table_model.h"

#include <QWidget>

class QLabel;
class QScrollArea;

namespace fedsleuth::ui {

class CaseSession;
class TableView;
class ValidityLanes;

/// Every signature with what became of it.
class SignaturesTab : public QWidget {
    Q_OBJECT
public:
    explicit SignaturesTab(CaseSession& session, QWidget* parent = nullptr);
    void show_data(const CaseDataPtr& data);

private:
    using Row = const model::SignatureCheck*;
    [[nodiscard]] static std::vector<RowTable<Row>::Column> columns();

    CaseSession& session_;
    QLabel* state_;
    RowTable<Row>* table_;
    TableView* view_;
};

/// Every certificate: whose it is, its way to the authority, and on a time line when it was valid.
class CertificatesTab : public QWidget {
    Q_OBJECT
public:
    explicit CertificatesTab(CaseSession& session, QWidget* parent = nullptr);
    void show_data(const CaseDataPtr& data);

private:
    using Row = const analysis::CertificateView*;
    [[nodiscard]] static std::vector<RowTable<Row>::Column> columns();
    void show_lanes(const CaseDataPtr& data);

    CaseSession& session_;
    QLabel* state_;
    QLabel* hidden_;
    RowTable<Row>* table_;
    TableView* view_;
    QScrollArea* scroll_;
    ValidityLanes* lanes_;
    CaseDataPtr run_for_;
    std::pair<double, double> run_{0, 1};  ///< of that case, from the first to the last thing that was sent
    std::vector<Row> shown_;               ///< in the lanes' order
};

/// Who and what came in against the policy; the limits can be set here.
class AdmissionTab : public QWidget {
    Q_OBJECT
public:
    explicit AdmissionTab(CaseSession& session, QWidget* parent = nullptr);
    void show_data(const CaseDataPtr& data);

private:
    using Row = const model::Finding*;
    struct Limit {
        std::string name, title, unit;
        double value = 0, standard = 0;
    };
    [[nodiscard]] static std::vector<RowTable<Row>::Column> columns();
    [[nodiscard]] static std::vector<RowTable<Limit>::Column> limit_columns();
    void ask_for_limit(const Limit& limit);

    CaseSession& session_;
    QLabel* state_;
    RowTable<Row>* table_;
    TableView* view_;
    RowTable<Limit>* limits_;
    TableView* limits_view_;
};

}  // namespace fedsleuth::ui
