// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

namespace fedsleuth::ui {

/// What `fedsleuth --report` asks for.
struct PrintOptions {
    QString out;  ///< empty: nothing is to be printed
    QString case_path;
    QString made_at;
    bool pseudonyms = false;
};

/// Prints a case's report as PDF without a window. Answers the program's exit code; says on stderr what went wrong.
[[nodiscard]] int print_report(const PrintOptions& options);

}  // namespace fedsleuth::ui
