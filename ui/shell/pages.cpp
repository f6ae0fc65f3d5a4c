// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/pages.h"

#include "ui/pages/clients_page.h"
#include "ui/pages/evidence_page.h"
#include "ui/pages/overview_page.h"
#include "ui/pages/privacy_page.h"
#include "ui/pages/rollback_page.h"
#include "ui/pages/rounds_page.h"
#include "ui/pages/workshop_page.h"

namespace fedsleuth::ui {

std::array<Page*, page_count> make_pages(CaseSession& session, QWidget* parent)
{
    return {new OverviewPage(session, parent), new RoundsPage(session, parent),   new ClientsPage(session, parent),
            new PrivacyPage(session, parent),  new RollbackPage(session, parent), new EvidencePage(session, parent),
            new WorkshopPage(session, parent)};
}

}  // namespace fedsleuth::ui
