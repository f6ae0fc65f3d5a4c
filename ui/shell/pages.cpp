// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/pages.h"

#if __has_include("ui/pages/clients_page.h")
#include "ui/pages/clients_page.h"
#include "ui/pages/rounds_page.h"
#define PAGES_THERE
#endif
#include "ui/pages/evidence_page.h"
#include "ui/pages/overview_page.h"
#include "ui/pages/privacy_page.h"
#include "ui/pages/rollback_page.h"

namespace fedsleuth::ui {

std::array<Page*, page_count> make_pages(CaseSession& session, QWidget* parent)
{
    return {new OverviewPage(session, parent),
#ifdef PAGES_THERE
            new RoundsPage(session, parent),   new ClientsPage(session, parent),
#else
            new EvidencePage(session, parent), new EvidencePage(session, parent),
#endif
            new PrivacyPage(session, parent),  new RollbackPage(session, parent), new EvidencePage(session, parent)};
}

}  // namespace fedsleuth::ui
