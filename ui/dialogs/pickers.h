// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <QString>

class QWidget;

namespace fedsleuth::ui {

/// Where the window asks a person for something outside of itself. None of them waits: the answer comes by callback,
/// or not at all. A test puts its own in their place and drives the real window.
struct Pickers {
    using Answer = std::function<void(const QString& path)>;

    std::function<void(QWidget* parent, const QString& start, Answer)> evidence_folder;
    std::function<void(QWidget* parent, const QString& start, Answer)> case_file;
    std::function<void(QWidget* parent)> about;
    /// `title` says what the file is for.
    std::function<void(QWidget* parent, const QString& title, Answer)> probe_file;
};

/// The platform's dialogs.
[[nodiscard]] Pickers dialog_pickers();

}  // namespace fedsleuth::ui
