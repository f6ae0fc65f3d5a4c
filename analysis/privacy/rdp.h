// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/privacy/accountant.h"

#include <span>
#include <vector>

namespace fedsleuth::analysis {

/// The orders of the two public libraries, ascending: 1.1 to 10.9 by 0.1, then 11 (standard) or 12 to 63, and in the
/// standard grid 128, 256, 512, 1024.
[[nodiscard]] std::vector<double> rdp_orders(OrderGrid grid);

/// RDP of one use of `event` (its count is not looked at) at each order; infinite where no bound is known. Gaussian:
/// α/(2σ²). Poisson-sampled Gaussian: Mironov, Talwar, Zhang 2019, at integer orders by the binomial sum, between them
/// by quadrature of the definition (what Opacus's signed series answers; dp_accounting adds the series' absolute
/// values, up to 20 % more). Laplace: Mironov 2017, Table II. Poisson-sampled Laplace: the same sum, integer orders.
/// Without replacement: Wang, Balle, Kasiviswanathan 2019, Theorem 27 for the Gaussian, Theorem 9 else; between
/// integers their Corollary 10. The event has to be a valid one.
[[nodiscard]] std::vector<double> rdp_once(const PrivacyEvent& event, std::span<const double> orders);

/// RDP of a whole history: Σ count · rdp_once.
[[nodiscard]] std::vector<double> rdp_total(std::span<const PrivacyEvent> history, std::span<const double> orders);

struct RdpBound {
    double value = 0;
    double order = 0;
};

/// The least ε over the orders: RDP + ln(1 − 1/α) − ln(δ α)/(α − 1) (Canonne, Kamath, Steinke 2020, Prop. 12), 0 where
/// δ² > 1 − e^{−RDP}. δ = 0: infinite unless every RDP is 0.
[[nodiscard]] RdpBound rdp_epsilon(std::span<const double> orders, std::span<const double> rdp, double delta);
/// The least δ over the orders, by the same conversion.
[[nodiscard]] RdpBound rdp_delta(std::span<const double> orders, std::span<const double> rdp, double epsilon);

}  // namespace fedsleuth::analysis
