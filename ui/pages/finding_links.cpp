// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/finding_links.h"

#include "ui/dialogs/source_dialog.h"
#include "ui/session/case_session.h"
#include "ui/tables/table_view.h"

#include <QAction>

namespace fedsleuth::ui {

namespace {

QString words(const char* text) { return QCoreApplication::translate("FindingLinks", text); }

}  // namespace

void link_findings(TableView* view, CaseSession& session, std::function<const model::Finding&(int row)> finding_at)
{
    Selection& selection = session.selection();
    const auto finding = [view, finding_at = std::move(finding_at)]() -> const model::Finding* {
        const std::optional<int> row = view->selected_row();
        return row ? &finding_at(*row) : nullptr;
    };
    const auto client_of = [finding]() {
        const model::Finding* const found = finding();
        return found ? found->client : std::nullopt;
    };
    const auto round_of = [finding]() {
        const model::Finding* const found = finding();
        return found ? found->round : std::nullopt;
    };
    const auto place_of = [finding, &session]() {
        const model::Finding* const found = finding();
        return found ? source_of(*session.data(), *found) : std::nullopt;
    };

    QObject::connect(view, &TableView::row_selected, view, [&selection, client_of, round_of] {
        if (const auto client = client_of()) selection.select_client(client);
        if (const auto round = round_of()) selection.select_round(round);
    });
    QObject::connect(view, &TableView::row_activated, view, [=, &session, &selection] {
        if (const auto place = place_of())
            show_source(session, place, view);
        else if (const auto client = client_of())
            selection.activate_client(*client);
        else if (const auto round = round_of())
            selection.activate_round(*round);
    });

    const auto add = [view](const char* name) {
        auto* const action = new QAction(words(name), view);
        view->addAction(action);
        return action;
    };
    QAction* const to_line = add("Show the line in the evidence");
    QAction* const to_client = add("Go to the client");
    QAction* const to_round = add("Go to the round");
    QObject::connect(to_line, &QAction::triggered, view, [=, &session] { show_source(session, place_of(), view); });
    QObject::connect(to_client, &QAction::triggered, view, [client_of, &selection] {
        if (const auto client = client_of()) selection.activate_client(*client);
    });
    QObject::connect(to_round, &QAction::triggered, view, [round_of, &selection] {
        if (const auto round = round_of()) selection.activate_round(*round);
    });
    const auto enable = [=] {
        to_line->setEnabled(place_of().has_value());
        to_client->setEnabled(client_of().has_value());
        to_round->setEnabled(round_of().has_value());
    };
    QObject::connect(view->selectionModel(), &QItemSelectionModel::currentRowChanged, view, enable);
    QObject::connect(view->model(), &QAbstractItemModel::modelReset, view, enable);
    enable();
}

}  // namespace fedsleuth::ui
