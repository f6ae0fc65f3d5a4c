// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/privacy/loss_grid.h"

#include <complex>
#include <span>

namespace fedsleuth::analysis {

/// One grid, so many times.
struct LossPart {
    std::shared_ptr<const LossGrid> grid;  ///< all of a sum on the same interval
    std::int64_t count = 1;
};

/// A tilt and the ε near which δ is asked for.
struct Tilt {
    double value = 0;
    double target = 0;
};

/// The tilt t > 0 under which the losses that decide about δ are common ones: a little below the one where the Chernoff
/// bound (which is the RDP bound at order 1 + t) is least. The target is near the ε that belongs to δ.
[[nodiscard]] Tilt tilt_for_delta(std::span<const LossPart> parts, Direction direction, double delta);
/// The tilt, at least 0.001, that moves the mean to ε.
[[nodiscard]] Tilt tilt_for_epsilon(std::span<const LossPart> parts, Direction direction, double epsilon);

/// Where the tilted total lies, as far as δ near the target is concerned.
struct LossWindow {
    double low = 0;
    double high = 0;
    double deviation = 0;  ///< of the tilted total
};
[[nodiscard]] LossWindow loss_window(std::span<const LossPart> parts, Direction direction, const Tilt& tilt);

/// The distribution of a sum of losses, as Fourier coefficients of its tilted mass on a window: e^{tilt · loss} and a
/// constant make a rare tail the middle of the window, so δ keeps its relative precision however small it is, and the
/// window needs only a few standard deviations. δ(ε) is then one scalar product, and coefficients that the many-fold
/// composition has made negligible are left out.
class LossSum {
public:
    /// The window has to suit every composition that will be put in. Memory: 8 bytes · window / interval, and more.
    LossSum(double interval, Direction direction, double tilt, const LossWindow& window);

    [[nodiscard]] std::size_t size() const { return size_; }

    /// Composes all of these, once, at the beginning.
    void put_in(std::span<const LossPart> parts);

    /// One part, ready to be composed with the sum again and again.
    struct Factor {
        std::vector<std::complex<double>> spectrum;
        double log_total = 0;
        std::int64_t centre = 0;
        double log_finite = 0;
    };
    [[nodiscard]] Factor factor(const LossPart& part, bool raised = true) const;  ///< to the part's count, or once
    void multiply(const Factor& factor);

    /// δ at ε = index · interval ≥ the window's low end.
    [[nodiscard]] double delta(std::int64_t index) const;
    /// The least ε ≥ 0 with δ(ε) ≤ delta (δ is interpolated within a cell as the curve of a discrete pair runs:
    /// straight in e^ε); infinite if unbounded losses alone exceed it. Looking begins at `guess`, in steps of `step`.
    [[nodiscard]] double epsilon(double delta, double guess, double step) const;

private:
    struct Coefficient {
        std::int64_t frequency = 0;
        std::complex<double> value;   ///< of the tilted mass, centred
        std::complex<double> kernel;  ///< of the tail sum at this frequency
        std::complex<double> weight;  ///< their product
    };

    [[nodiscard]] std::vector<std::complex<double>> spectrum_of(const LossGrid& grid, const Cumulant& tilted,
                                                                std::int64_t centre) const;
    void take(const Factor& factor);
    [[nodiscard]] std::complex<double> kernel_at(std::int64_t frequency) const;
    void refresh();

    double interval_;
    Direction direction_;
    double tilt_;
    std::int64_t first_ = 0;  ///< grid index at which the window begins
    std::size_t size_ = 0;

    double log_total_ = 0;     ///< cumulant of what was put in
    std::int64_t centre_ = 0;  ///< Σ of the parts' centres
    double log_finite_ = 0;    ///< ln of the probability that no loss was unbounded
    std::vector<Coefficient> coefficients_;
    double beyond_[2] = {0, 0};  ///< what the periodic continuation above the window would add
};

}  // namespace fedsleuth::analysis
