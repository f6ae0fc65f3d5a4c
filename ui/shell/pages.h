// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/shell/history.h"

#include <array>

class QWidget;

namespace fedsleuth::ui {

class CaseSession;
class Page;

/// The pages of the window, in the order of PageId.
[[nodiscard]] std::array<Page*, page_count> make_pages(CaseSession& session, QWidget* parent);

}  // namespace fedsleuth::ui
