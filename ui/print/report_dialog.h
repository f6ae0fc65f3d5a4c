// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <QDialog>
#include <string>

class QCheckBox;
class QLabel;
class QPushButton;
class QTextBrowser;
class QTextDocument;

namespace fedsleuth::analysis {
struct Report;
}

namespace fedsleuth::ui {

class CaseSession;

/// The case's report: a preview, and saving it as HTML, PDF or JSON. It is made, and saved, in a job.
class ReportDialog : public QDialog {
    Q_OBJECT
public:
    explicit ReportDialog(CaseSession& session, QWidget* parent = nullptr);
    ~ReportDialog() override;

    /// Saves the report that is shown; the ending says the format.
    void save_to(const QString& path);
    [[nodiscard]] bool ready() const { return report_ != nullptr; }

private:
    void make();
    void ask_where();

    CaseSession& session_;
    std::string case_path_;
    std::unique_ptr<const analysis::Report> report_;
    std::unique_ptr<QTextDocument> document_;
    QCheckBox* pseudonyms_;
    QTextBrowser* preview_;
    QLabel* message_;
    QPushButton* save_;
};

}  // namespace fedsleuth::ui
