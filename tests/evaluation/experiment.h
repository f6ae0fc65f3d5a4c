// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "evaluation/dataset.h"

#include <filesystem>

namespace fedsleuth::evaluation {

void report(const Dataset& data, const std::vector<double>& score, double threshold, bool brief = false);

int experiment(const std::filesystem::path& folder, std::size_t train_cells, std::size_t test_from, std::size_t test_to);

}  // namespace fedsleuth::evaluation
