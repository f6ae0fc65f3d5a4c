// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/caution_banner.h"

#include "analysis/verdict/caution.h"
#include "ui/pages/parts.h"
#include "ui/tables/cells.h"

namespace fedsleuth::ui {

CautionBanner::CautionBanner(QWidget* parent) : QLabel(parent)
{
    setObjectName(QStringLiteral("caution"));
    setTextFormat(Qt::PlainText);
    setWordWrap(true);
    setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    setFocusPolicy(Qt::ClickFocus);
    setFrameShape(QFrame::Box);
    setMargin(grid);
    setVisible(false);
}

void CautionBanner::show_case(const CaseDataPtr& data)
{
    const std::string caution = data && data->verdicts ? analysis::caution(*data->verdicts) : std::string();
    say(this, caution.empty() ? QString() : QStringLiteral("⚠ ") + text_of(caution));
}

}  // namespace fedsleuth::ui
