// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

namespace fedsleuth::evaluation {

int experiment(const std::filesystem::path& folder, std::size_t train_cells, std::size_t test_from, std::size_t test_to);

}  // namespace fedsleuth::evaluation
