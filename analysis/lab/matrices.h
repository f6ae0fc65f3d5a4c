// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <Eigen/Core>

#include <cstddef>

namespace fedsleuth::analysis::lab {

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using MatrixView = Eigen::Map<Matrix>;
using ConstMatrixView = Eigen::Map<const Matrix>;
using ConstRowView = Eigen::Map<const Eigen::RowVectorXf>;
using RowView = Eigen::Map<Eigen::RowVectorXf>;

inline ConstMatrixView matrix(const float* data, std::size_t rows, std::size_t columns)
{
    return {data, static_cast<Eigen::Index>(rows), static_cast<Eigen::Index>(columns)};
}
inline MatrixView matrix(float* data, std::size_t rows, std::size_t columns)
{
    return {data, static_cast<Eigen::Index>(rows), static_cast<Eigen::Index>(columns)};
}

/// y = x Wᵀ + b. W [out, in] begins at `offset` of the parameter vector, b [out] follows it.
struct Dense {
    std::size_t offset = 0;
    std::size_t in = 0;
    std::size_t out = 0;

    [[nodiscard]] std::size_t size() const { return out * in + out; }
    [[nodiscard]] std::size_t bias() const { return offset + out * in; }

    void forward(const float* weights, const float* x, std::size_t rows, float* y) const
    {
        MatrixView result = matrix(y, rows, out);
        result.noalias() = matrix(x, rows, in) * matrix(weights + offset, out, in).transpose();
        result.rowwise() += ConstRowView(weights + bias(), static_cast<Eigen::Index>(out));
    }
    /// Writes this layer's part of the gradient and, unless null, the derivative by x.
    void backward(const float* weights, const float* x, std::size_t rows, const float* by_y, float* gradient,
                  float* by_x) const
    {
        const ConstMatrixView above = matrix(by_y, rows, out);
        matrix(gradient + offset, out, in).noalias() = above.transpose() * matrix(x, rows, in);
        RowView(gradient + bias(), static_cast<Eigen::Index>(out)) = above.colwise().sum();
        if (by_x) matrix(by_x, rows, in).noalias() = above * matrix(weights + offset, out, in);
    }
};

}  // namespace fedsleuth::analysis::lab
