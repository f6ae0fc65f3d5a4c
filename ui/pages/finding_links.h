// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/finding.h"

#include <functional>

namespace fedsleuth::ui {

class CaseSession;
class TableView;

/// Where a list of findings leads, the same in all lists: selecting a finding selects its client and round; activating
/// it shows its line of the evidence (where it has none, its client or round); the context menu leads to each of them.
/// `finding_at` names the finding of a row of the table's model; it may be called only for rows that there are.
void link_findings(TableView* view, CaseSession& session, std::function<const model::Finding&(int row)> finding_at);

}  // namespace fedsleuth::ui
