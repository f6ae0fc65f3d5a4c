// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/evidence_page.h"

#include "model/text.h"
#include "model/wording.h"
#include "ui/dialogs/source_dialog.h"
#include "ui/pages/custody_tab.h"
#include "ui/pages/identity_tabs.h"
#include "ui/pages/parts.h"
#include "ui/session/case_session.h"
#include "ui/session/wording.h"
#include "ui/tables/table_view.h"

#include <QFontDatabase>
#include <QLabel>
#include <QTabWidget>
#include <QVBoxLayout>

namespace fedsleuth::ui {

namespace {

constexpr int issues_tab = 4;

/// A digest at a glance; the tooltip has all of it.
Cell digest_cell(const std::string& digest)
{
    Cell cell = text_cell(digest);
    if (digest.size() > 16) {
        cell.tip = cell.text;
        cell.text = cell.text.left(12) + QStringLiteral("…");
    }
    return cell;
}

Cell file_state_cell(const model::EvidenceFile& file)
{
    switch (file_state(file)) {
        case FileState::ok:
            return {file.declared_sha256.empty() ? EvidencePage::tr("read; no digest declared")
                                                 : EvidencePage::tr("as declared"),
                    0,
                    {},
                    {}};
        case FileState::missing:
            return {file.state.empty() ? EvidencePage::tr("not in the folder")
                                       : EvidencePage::tr("not taken in: %1").arg(shown(file.state)),
                    3,
                    {},
                    {}};
        case FileState::altered:
            return {EvidencePage::tr("altered: not the declared digest"), 2, {}, {}};
        case FileState::refused:
            break;
    }
    return {shown(file.state), 1, {}, {}};
}

}  // namespace

EvidencePage::EvidencePage(CaseSession& session, QWidget* parent)
    : Page(session, parent),
      empty_(new EmptyState(this)),
      tabs_(new QTabWidget(this)),
      files_state_(make_text(tabs_)),
      issues_state_(make_text(tabs_)),
      files_(new RowTable<File>(file_columns(), this)),
      issues_(new RowTable<Issue>(issue_columns(), this)),
      files_view_(new TableView(tabs_)),
      issues_view_(new TableView(tabs_)),
      signatures_(new SignaturesTab(session, tabs_)),
      certificates_(new CertificatesTab(session, tabs_)),
      admission_(new AdmissionTab(session, tabs_)),
      custody_(new CustodyTab(session, tabs_))
{
    empty_->set_words(tr("No case is open"),
                      tr("Here will be seen what a case was made from, with the digest of every file, and "
                         "everything that was done with it since."));
    files_view_->show_table(files_);
    files_view_->setAccessibleName(tr("Evidence files"));
    files_view_->set_empty_text(tr("No file of these rounds."));
    issues_view_->show_table(issues_);
    issues_view_->setAccessibleName(tr("Import issues"));
    issues_view_->set_empty_text(tr("Every line of the log and every file could be taken as it is."));
    tabs_->setDocumentMode(true);
    tabs_->addTab(make_tab(files_state_, files_view_), tr("Files"));
    tabs_->addTab(signatures_, tr("Signatures"));
    tabs_->addTab(certificates_, tr("Certificates"));
    tabs_->addTab(admission_, tr("Admission"));
    tabs_->addTab(make_tab(issues_state_, issues_view_), tr("Import issues"));
    tabs_->addTab(custody_, tr("Custody chain"));

    QBoxLayout* layout = make_page_layout(this);
    layout->addWidget(empty_, 1);
    layout->addWidget(tabs_, 1);

    Selection& selection = session.selection();
    connect(files_view_, &TableView::row_selected, this, [this, &selection](int row) {
        const model::EvidenceFile& file = *files_->rows()[static_cast<std::size_t>(row)];
        if (file.client) selection.select_client(file.client);
        if (file.round) selection.select_round(file.round);
    });
    connect(files_view_, &TableView::row_activated, this, [this](int row) {
        show_source(this->session(), source_of(*this->session().data(), *files_->rows()[static_cast<std::size_t>(row)]),
                    this);
    });
    connect(issues_view_, &TableView::row_activated, this, [this](int row) {
        show_source(this->session(), source_of(*issues_->rows()[static_cast<std::size_t>(row)]), this);
    });
}

QWidget* EvidencePage::make_tab(QLabel* state, TableView* view)
{
    auto* tab = new QWidget(tabs_);
    auto* layout = new QVBoxLayout(tab);
    layout->setContentsMargins(0, 2 * grid, 0, 0);
    layout->setSpacing(grid);
    layout->addWidget(state);
    layout->addWidget(view, 1);
    return tab;
}

std::vector<RowTable<EvidencePage::File>::Column> EvidencePage::file_columns()
{
    using Row = File;
    return {
        {{tr("File"), tr("Path in the evidence folder"), false, 40},
         [](const Row& row) { return text_cell(row->path); }},
        {{tr("Role"), {}, false, 14}, [](const Row& row) { return text_cell(model::plain_words(row->role)); }},
        {{tr("Round"), {}, true, 8}, [](const Row& row) { return round_cell(row->round); }},
        {{tr("Client"), {}, false, 22},
         [](const Row& row) { return row->client ? text_cell(row->client->text()) : unknown_cell(); }},
        {{tr("Size"), {}, true, 11},
         [](const Row& row) { return row->actual_sha256.empty() ? unknown_cell() : bytes_cell(row->bytes); }},
        {{tr("SHA-256 declared"), tr("By the log"), false, 18},
         [](const Row& row) { return digest_cell(row->declared_sha256); }},
        {{tr("SHA-256 read"), tr("Of the bytes that were taken in"), false, 18},
         [](const Row& row) { return digest_cell(row->actual_sha256); }},
        {{tr("Format"), {}, false, 12}, [](const Row& row) { return text_cell(row->format); }},
        {{tr("State"), {}, false, 0, true}, [](const Row& row) { return file_state_cell(*row); }},
    };
}

std::vector<RowTable<EvidencePage::Issue>::Column> EvidencePage::issue_columns()
{
    using Row = Issue;
    return {
        {{tr("File"), {}, false, 40}, [](const Row& row) { return text_cell(row->file); }},
        {{tr("Line"), tr("– where it is about the whole file"), true, 10},
         [](const Row& row) { return row->line > 0 ? count_cell(row->line) : unknown_cell(); }},
        {{tr("What is wrong"), {}, false, 0, true}, [](const Row& row) { return text_cell(row->text); }},
    };
}

void EvidencePage::refresh()
{
    const CaseDataPtr& data = session().data();
    if (!data) {
        show_instead(empty_, tabs_);
        files_->set_rows({});
        issues_->set_rows({});
        show_tabs(nullptr);
        return;
    }
    show_instead(tabs_, empty_);
    fill_files(data);
    fill_issues(data);
    show_tabs(data);
}

void EvidencePage::show_tabs(const CaseDataPtr& data)
{
    signatures_->show_data(data);
    certificates_->show_data(data);
    admission_->show_data(data);
    custody_->show_data(data);
    tabs_->setTabText(tabs_->indexOf(custody_),
                      !data || data->custody_intact ? tr("Custody chain") : tr("Custody chain (broken)"));
}

void EvidencePage::fill_files(const CaseDataPtr& data)
{
    std::vector<File> rows;
    for (const model::EvidenceFile& file : data->files)
        if (!file.round || session().range().is_all() || session().range().contains(*file.round)) rows.push_back(&file);
    const EvidenceState state = evidence_state(*data);
    std::int64_t bytes = 0;
    for (const model::EvidenceFile& file : data->files) bytes += file.bytes;
    std::vector<std::string> troubles;
    if (state.missing) troubles.push_back(model::grouped(state.missing) + " missing");
    if (state.altered) troubles.push_back(model::grouped(state.altered) + " altered");
    if (state.refused) troubles.push_back(model::grouped(state.refused) + " not usable");
    std::string text = counted(state.files, "file", "files") + ", " + model::byte_text(bytes) + ": " +
                       (troubles.empty() ? std::string("each is what the log declares, where it declares a digest.")
                                         : list_text(troubles) + ".");
    const std::size_t hidden = data->files.size() - rows.size();
    if (hidden > 0)
        text.append(" ")
            .append(counted(static_cast<std::int64_t>(hidden), "file", "files"))
            .append(" of other rounds not shown.");
    files_state_->setText(text_of(text));
    files_->set_rows(std::move(rows), data);
}

void EvidencePage::fill_issues(const CaseDataPtr& data)
{
    std::vector<Issue> rows;
    for (const model::ImportIssue& issue : data->issues) rows.push_back(&issue);
    say(issues_state_,
        rows.empty()
            ? QString()
            : tr("What could not be taken as it is. The lines and files around it still count. Double click or Enter "
                 "shows the line."));
    tabs_->setTabText(issues_tab, rows.empty() ? tr("Import issues") : tr("Import issues (%1)").arg(rows.size()));
    issues_->set_rows(std::move(rows), data);
}

void EvidencePage::show_selection()
{
    const Selection& selection = session().selection();
    std::optional<int> selected;
    // The selected client's file of the selected round, where both are chosen.
    if (selection.client() && selection.round())
        for (std::size_t row = 0; row < files_->rows().size() && !selected; ++row) {
            const model::EvidenceFile& file = *files_->rows()[row];
            if (file.client == selection.client() && file.round == selection.round()) selected = static_cast<int>(row);
        }
    if (const std::optional<int> current = files_view_->selected_row(); current && !selected) {
        const model::EvidenceFile& file = *files_->rows()[static_cast<std::size_t>(*current)];
        const bool about =
            (!file.client || file.client == selection.client()) && (!file.round || file.round == selection.round());
        if (about) return;
    }
    files_view_->select_row(selected);
}

}  // namespace fedsleuth::ui
