// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rules/column_block.h"

#include <vector>

namespace fedsleuth::analysis {

model::Result<void> apply_column_block(const ColumnRule& rule, const ColumnChoice& choice, const Mixing* mixing,
                                       std::span<const float* const> rows, std::int64_t count, double* out)
{
    if (mixing == nullptr) {
        std::vector<const float*> chosen;
        for (const std::size_t row_idx : choice.rows) chosen.push_back(rows[row_idx]);
        return rule.apply(chosen, count, choice.settings, out);
    }
    const auto width = static_cast<std::size_t>(count);
    std::vector<double> mixed_rows(choice.rows.size() * width, 0.0);
    std::vector<const double*> pointers;
    for (const std::size_t row : choice.rows) {
        double* mixed_row = mixed_rows.data() + pointers.size() * width;
        for (std::size_t client_idx = 0; client_idx < rows.size(); ++client_idx) {
            const double share = mixing->matrix[row * mixing->n + client_idx];
            if (share == 0.0) continue;
            for (std::size_t coord_idx = 0; coord_idx < width; ++coord_idx)
                mixed_row[coord_idx] += share * static_cast<double>(rows[client_idx][coord_idx]);
        }
        pointers.push_back(mixed_row);
    }
    return rule.apply(pointers, count, choice.settings, out);
}

}  // namespace fedsleuth::analysis
