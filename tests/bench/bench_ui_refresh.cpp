// SPDX-License-Identifier: GPL-3.0-or-later
// How long each page takes to show a case of 1,000 clients and 1,000 rounds, held against one plain copy of the matrix
// of evidence that stands behind it (8 MB): the least that anything which looks at all of it can take.
#include "bench/bench.h"
#include "support/ui_case.h"
#include "ui/pages/page.h"
#include "ui/session/case_session.h"
#include "ui/shell/inspector.h"
#include "ui/shell/pages.h"

#include <algorithm>
#include <array>
#include <QApplication>
#include <vector>

using namespace fedsleuth;

namespace {

std::vector<double> evidence_matrix(const ui::CaseData& data)
{
    std::vector<double> matrix;
    for (const auto& round : data.scores)
        matrix.insert(matrix.end(), round.front().evidence.begin(), round.front().evidence.end());
    return matrix;
}

}  // namespace

int main(int argc, char** argv)
{
    qputenv("QT_QPA_PLATFORM", "offscreen");
    QApplication application(argc, argv);
    const std::shared_ptr<ui::CaseData> data = test::made_case(
        {.clients = 1000, .rounds = 1000, .malicious = 20, .onset = 700, .detectors = 1, .privacy = true});
    const std::vector<double> matrix = evidence_matrix(*data);
    std::vector<double> copy(matrix.size());
    const auto plain_copy = [&] { std::copy(matrix.begin(), matrix.end(), copy.begin()); };
    constexpr int repeats = 5;
    const char* const peer = "one copy of the 1,000 x 1,000 matrix";

    ui::CaseSession session;
    QWidget window;
    const auto pages = ui::make_pages(session, &window);
    for (ui::Page* page : pages) {
        page->setGeometry(0, 0, 1100, 780);
        page->hide();
    }
    window.resize(1100, 780);
    window.show();
    for (std::size_t idx = 0; idx < pages.size(); ++idx) {
        pages[idx]->show();
        const std::string name(ui::name_of(static_cast<ui::PageId>(idx)));
        bench::compare(
            "ui_refresh_" + name, peer, repeats, [&] { session.show(data); }, plain_copy);
        bench::compare(
            "ui_paint_" + name, peer, repeats, [&] { pages[idx]->grab(); }, plain_copy);
        std::size_t client = 0;
        bench::compare(
            "ui_select_" + name, peer, repeats, [&] { session.selection().select_client(test::client_id(client++)); },
            plain_copy);
        pages[idx]->hide();
    }
    ui::Inspector inspector(session);
    std::size_t client = 100;
    bench::compare(
        "ui_inspector", peer, repeats, [&] { session.selection().select_client(test::client_id(client++)); },
        plain_copy);
    return 0;
}
