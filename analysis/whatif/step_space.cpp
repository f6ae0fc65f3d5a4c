// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/whatif/step_space.h"

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace fedsleuth::analysis {
namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

}  // namespace

StepSpace::StepSpace(const model::RoundLedger& whole, const LedgerRound& who, const ColumnVectors& columns,
                     bool has_previous)
    : n_(who.clients.size()),
      size_(n_ + 2 + columns.vectors.size()),
      has_shipped_(whole.has_shipped),
      products_(size_ * size_, 0.0)
{
    const model::RoundLedger::PerLayer& layer = whole.layers.front();
    const std::size_t previous = n_, shipped = n_ + 1, first_column = n_ + 2;
    for (std::size_t client_idx = 0; client_idx < n_; ++client_idx)
        std::copy_n(who.geometry.gram.data() + client_idx * n_, n_, products_.data() + client_idx * size_);
    if (has_previous) {
        const std::size_t window = whole.step_rounds.size();
        for (std::size_t client_idx = 0; client_idx < n_; ++client_idx)
            set(previous, client_idx, layer.step_products[who.places[client_idx] * window]);
        set(previous, previous, layer.step_squares.front());
    }
    if (has_shipped_) {
        for (std::size_t client_idx = 0; client_idx < n_; ++client_idx)
            set(shipped, client_idx, layer.shipped_products[who.places[client_idx]]);
        set(shipped, shipped, layer.shipped_square);
        steps_compared_ = !std::isnan(columns.previous_shipped);
        if (has_previous && steps_compared_) set(shipped, previous, columns.previous_shipped);
    }
    for (std::size_t column_idx = 0; column_idx < columns.vectors.size(); ++column_idx) {
        const ColumnVector& column = columns.vectors[column_idx];
        if (!column.refusal.empty()) continue;
        for (std::size_t client_idx = 0; client_idx < n_; ++client_idx)
            set(first_column + column_idx, client_idx, column.products[client_idx]);
        for (std::size_t other_idx = 0; other_idx <= column_idx; ++other_idx)
            set(first_column + column_idx, first_column + other_idx, column.others[other_idx]);
        set(first_column + column_idx, previous, column.previous);
        set(first_column + column_idx, shipped, column.shipped);
    }
}

void StepSpace::set(std::size_t a, std::size_t b, double product)
{
    products_[a * size_ + b] = products_[b * size_ + a] = product;
}

void StepSpace::place(std::vector<Step> steps, Step unflagged, double learning_rate)
{
    const std::size_t results = steps.size();
    count_ = results + 2;
    Step made_by_server;
    made_by_server.known = has_shipped_;
    steps.push_back(std::move(made_by_server));
    steps.push_back(std::move(unflagged));
    coefficients_.assign(count_ * size_, 0.0);
    known_.assign(count_, 0);
    for (std::size_t step_idx = 0; step_idx < count_; ++step_idx) {
        const Step& step = steps[step_idx];
        double* own = coefficients_.data() + step_idx * size_;
        known_[step_idx] = step.known ? 1 : 0;
        if (step_idx == results) {
            own[n_ + 1] = 1;
            continue;
        }
        if (!step.known) continue;
        for (std::size_t client_idx = 0; client_idx < step.weights.size(); ++client_idx)
            own[client_idx] = learning_rate * step.weights[client_idx];
        own[n_] = learning_rate * step.previous;
        if (step.column) own[n_ + 2 + *step.column] = learning_rate;
    }
    using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    const auto rows = static_cast<Eigen::Index>(count_), size = static_cast<Eigen::Index>(size_);
    images_.resize(coefficients_.size());
    Eigen::Map<RowMajor>(images_.data(), rows, size).noalias() =
        Eigen::Map<const RowMajor>(coefficients_.data(), rows, size) *
        Eigen::Map<const RowMajor>(products_.data(), size, size);
}

double StepSpace::norm(std::size_t step_idx) const
{
    if (known_[step_idx] == 0) return unknown;
    double square = 0;
    for (std::size_t k = step_idx * size_; k < (step_idx + 1) * size_; ++k) square += coefficients_[k] * images_[k];
    return std::sqrt(std::max(square, 0.0));
}

Gap StepSpace::gap(std::size_t a, std::size_t b) const
{
    const bool with_shipped = a == shipped() || b == shipped();
    const bool with_previous = coefficients_[a * size_ + n_] != 0 || coefficients_[b * size_ + n_] != 0;
    if (known_[a] == 0 || known_[b] == 0 || (with_shipped && with_previous && !steps_compared_))
        return {unknown, unknown};
    const double *a_own = coefficients_.data() + a * size_, *b_own = coefficients_.data() + b * size_;
    const double *a_image = images_.data() + a * size_, *b_image = images_.data() + b * size_;
    double square = 0, inner = 0;
    for (std::size_t k = 0; k < size_; ++k) {
        square += (a_own[k] - b_own[k]) * (a_image[k] - b_image[k]);
        inner += a_own[k] * b_image[k];
    }
    const double lengths = norm(a) * norm(b);
    const double cosine = std::clamp(inner / lengths, -1.0, 1.0);
    // Nearly parallel: the arc cosine has lost the digits that the distance still has.
    const double difference = std::abs(norm(a) - norm(b));
    const double chord = std::sqrt(std::max(square - difference * difference, 0.0) / lengths);  // of the unit vectors
    const double angle = cosine > 0.9 ? 2 * std::asin(std::min(chord / 2, 1.0)) : std::acos(cosine);
    return {std::sqrt(std::max(square, 0.0)), lengths > 0 ? angle * 180 / std::numbers::pi : unknown};
}

}  // namespace fedsleuth::analysis
