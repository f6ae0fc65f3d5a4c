// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/privacy/fourier.h"

#include <fftw3.h>
#include <algorithm>
#include <memory>
#include <mutex>
#include <type_traits>

namespace fedsleuth::analysis {

namespace {

/// FFTW's planner keeps state of its own for the whole process: whoever plans has to be alone. Running is free.
std::mutex& planner()
{
    static std::mutex mutex;
    return mutex;
}

struct Destroy {
    void operator()(fftw_plan plan) const
    {
        const std::scoped_lock lock(planner());
        fftw_destroy_plan(plan);
    }
};
using Plan = std::unique_ptr<std::remove_pointer_t<fftw_plan>, Destroy>;

fftw_complex* as_fftw(std::vector<std::complex<double>>& spectrum)
{
    return reinterpret_cast<fftw_complex*>(spectrum.data());  // FFTW documents that the layouts are the same
}

}  // namespace

std::size_t transform_size(std::size_t wanted)
{
    std::size_t best = 2;
    while (best < wanted) best *= 2;
    for (std::size_t fives = 1; fives <= best; fives *= 5)
        for (std::size_t threes = fives; threes <= best; threes *= 3) {
            std::size_t size = threes * 2;
            while (size < wanted) size *= 2;
            best = std::min(best, size);
        }
    return best;
}

std::vector<std::complex<double>> forward_transform(std::vector<double>& values)
{
    std::vector<std::complex<double>> spectrum(values.size() / 2 + 1);
    Plan plan;
    {
        const std::scoped_lock lock(planner());
        plan.reset(fftw_plan_dft_r2c_1d(static_cast<int>(values.size()), values.data(), as_fftw(spectrum),
                                        FFTW_ESTIMATE | FFTW_DESTROY_INPUT));
    }
    fftw_execute(plan.get());
    return spectrum;
}

std::vector<double> backward_transform(std::vector<std::complex<double>>& spectrum)
{
    std::vector<double> values((spectrum.size() - 1) * 2);
    Plan plan;
    {
        const std::scoped_lock lock(planner());
        plan.reset(fftw_plan_dft_c2r_1d(static_cast<int>(values.size()), as_fftw(spectrum), values.data(),
                                        FFTW_ESTIMATE | FFTW_DESTROY_INPUT));
    }
    fftw_execute(plan.get());
    return values;
}

std::complex<double> integer_power(std::complex<double> value, std::int64_t power)
{
    // Products by hand: the library's also look for NaN, at five times the cost.
    const auto times = [](std::complex<double> a, std::complex<double> b) {
        return std::complex<double>(a.real() * b.real() - a.imag() * b.imag(),
                                    a.real() * b.imag() + a.imag() * b.real());
    };
    std::complex<double> result{1.0, 0.0};
    for (; power > 0; power >>= 1U) {
        if ((power & 1) != 0) result = times(result, value);
        value = times(value, value);
    }
    return result;
}

}  // namespace fedsleuth::analysis
