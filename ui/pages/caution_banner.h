// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/case_data.h"

#include <QLabel>

namespace fedsleuth::ui {

/// What a reader must know before believing the verdicts (analysis::caution), framed so that it isn't overlooked;
/// hidden where there is nothing to know.
class CautionBanner : public QLabel {
public:
    explicit CautionBanner(QWidget* parent);
    void show_case(const CaseDataPtr& data);
};

}  // namespace fedsleuth::ui
