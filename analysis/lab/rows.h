// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace fedsleuth::analysis::lab {

/// n rows of d numbers, row-major.
struct Rows {
    std::size_t n = 0;
    std::size_t d = 0;
    std::vector<double> values;

    Rows() = default;
    Rows(std::size_t rows, std::size_t columns) : n(rows), d(columns), values(rows * columns) {}

    [[nodiscard]] std::span<double> operator[](std::size_t row_idx)
    {
        return std::span(values).subspan(row_idx * d, d);
    }
    [[nodiscard]] std::span<const double> operator[](std::size_t row_idx) const
    {
        return std::span(values).subspan(row_idx * d, d);
    }
    template <class Number>
    void add(std::span<const Number> row)
    {
        d = row.size();
        values.insert(values.end(), row.begin(), row.end());
        ++n;
    }
    void set(std::size_t row_idx, std::span<const double> row)
    {
        std::copy(row.begin(), row.end(), (*this)[row_idx].begin());
    }
};

}  // namespace fedsleuth::analysis::lab
