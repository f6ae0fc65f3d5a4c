// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/privacy/fourier.h"

#include <fftw3.h>
#include <algorithm>
#include <memory>
#include <mutex>
#include <type_traits>

namespace fedsleuth::analysis {

namespace {

/// FFTW's planner keeps state of its own for the whole process: whoever plans, or drops a plan, has to be alone.
/// Running is free.
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
using Plan = std::shared_ptr<std::remove_pointer_t<fftw_plan>>;

/// Plans of the last lengths that were asked for: a plan's table of sines costs as much as a transform, and one history
/// after the other asks for the same few lengths. FFTW runs a plan on other arrays of the same alignment.
Plan plan_for(bool forward, std::size_t length, double* values, fftw_complex* spectrum)
{
    struct Kept {
        bool forward;
        std::size_t length;
        Plan plan;
    };
    constexpr std::size_t most = 8;
    static std::mutex mutex;
    static std::vector<Kept> kept;  // the last used first
    const std::scoped_lock lock(mutex);
    const auto found = std::find_if(kept.begin(), kept.end(),
                                    [&](const Kept& one) { return one.forward == forward && one.length == length; });
    if (found != kept.end()) {
        std::rotate(kept.begin(), found, found + 1);
        return kept.front().plan;
    }
    const unsigned flags = FFTW_ESTIMATE | FFTW_DESTROY_INPUT;
    fftw_plan made = nullptr;
    {
        const std::scoped_lock planning(planner());
        made = forward ? fftw_plan_dft_r2c_1d(static_cast<int>(length), values, spectrum, flags)
                       : fftw_plan_dft_c2r_1d(static_cast<int>(length), spectrum, values, flags);
    }
    kept.insert(kept.begin(), {forward, length, Plan(made, Destroy())});
    if (kept.size() > most) kept.pop_back();
    return kept.front().plan;
}

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

// Vectors of double are aligned alike (to what operator new gives), so any plan fits any of them.
std::vector<std::complex<double>> forward_transform(std::vector<double>& values)
{
    std::vector<std::complex<double>> spectrum(values.size() / 2 + 1);
    const Plan plan = plan_for(true, values.size(), values.data(), as_fftw(spectrum));
    fftw_execute_dft_r2c(plan.get(), values.data(), as_fftw(spectrum));
    return spectrum;
}

std::vector<double> backward_transform(std::vector<std::complex<double>>& spectrum)
{
    std::vector<double> values((spectrum.size() - 1) * 2);
    const Plan plan = plan_for(false, values.size(), values.data(), as_fftw(spectrum));
    fftw_execute_dft_c2r(plan.get(), as_fftw(spectrum), values.data());
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
