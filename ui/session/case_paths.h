// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/result.h"

#include <filesystem>
#include <QString>

namespace fedsleuth::ui {

/// Where cases made from folders lie: <the user's data folder>/cases. Not made yet.
[[nodiscard]] std::filesystem::path default_cases_folder();

/// The case file for an evidence folder: the one that was made from this folder before, else a free name,
/// `<folder name>.fedcase` or `<folder name>-2.fedcase` where another folder of that name was opened before. Makes
/// the cases folder. Errors: not_found, io.
[[nodiscard]] model::Result<std::filesystem::path> case_path_for(const std::filesystem::path& folder,
                                                                 const std::filesystem::path& cases_folder);

[[nodiscard]] std::filesystem::path to_path(const QString& text);
[[nodiscard]] QString to_text(const std::filesystem::path& path);

}  // namespace fedsleuth::ui
