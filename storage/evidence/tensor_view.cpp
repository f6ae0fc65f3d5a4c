// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/evidence/tensor_view.h"

#include "storage/evidence/elements.h"

#include <algorithm>
#include <bit>

namespace fedsleuth::storage {

using model::Result;

namespace {

constexpr std::int64_t staging_bytes = 256 << 10;
constexpr std::int64_t elements_a_pass = 1 << 18;

/// Elements at `storage`, `storage + stride`, … that go to `out`, `out + out_stride`, …
struct Run {
    std::int64_t storage = 0;
    std::int64_t stride = 1;
    std::int64_t out = 0;
    std::int64_t out_stride = 1;
    std::int64_t count = 0;
};

struct Axis {
    std::int64_t extent = 1;
    std::int64_t stride = 0;
    std::int64_t out_stride = 0;
};

/// Cuts a range of row-major positions into boxes, and those into runs along the axis that lies closest in storage.
class RunFinder {
public:
    explicit RunFinder(const TensorView& view) : view_(view), below_(view.shape.size(), 1)
    {
        for (std::size_t axis = view.shape.size(); axis-- > 1;) below_[axis - 1] = below_[axis] * view.shape[axis];
    }

    /// The runs of positions first … last − 1, in the order of their storage.
    std::vector<Run> find(std::int64_t first, std::int64_t last)
    {
        runs_.clear();
        cut(0, 0, 0, first, last);
        std::sort(runs_.begin(), runs_.end(), [](const Run& a, const Run& b) { return a.storage < b.storage; });
        return std::move(runs_);
    }

private:
    /// Positions first … last − 1 of the sub-tensor that begins with `axis`.
    void cut(std::size_t axis, std::int64_t storage, std::int64_t out, std::int64_t first, std::int64_t last)
    {
        if (first >= last) return;
        if (axis == view_.shape.size()) {
            runs_.push_back({storage, 1, out, 1, 1});
            return;
        }
        const std::int64_t below = below_[axis];
        std::int64_t row = first / below;
        const std::int64_t last_row = last / below;
        const std::int64_t stride = view_.strides[axis];
        if (row == last_row) {
            cut(axis + 1, storage + row * stride, out, first - row * below, last - row * below);
            return;
        }
        if (first % below != 0) {
            cut(axis + 1, storage + row * stride, out, first % below, below);
            out += below - first % below;
            ++row;
        }
        if (row < last_row) {
            box(axis, storage + row * stride, out, last_row - row);
            out += (last_row - row) * below;
        }
        if (last % below != 0) cut(axis + 1, storage + last_row * stride, out, 0, last % below);
    }

    /// `rows` whole rows of the sub-tensor that begins with `first_axis`.
    void box(std::size_t first_axis, std::int64_t storage, std::int64_t out, std::int64_t rows)
    {
        std::vector<Axis> axes;
        for (std::size_t axis = first_axis; axis < view_.shape.size(); ++axis) {
            const std::int64_t extent = axis == first_axis ? rows : view_.shape[axis];
            if (extent > 1) axes.push_back({extent, view_.strides[axis], below_[axis]});
        }
        if (axes.empty()) axes.push_back({1, 1, 1});
        std::stable_sort(axes.begin(), axes.end(), [](const Axis& a, const Axis& b) { return a.stride > b.stride; });
        // The closest axis goes innermost; one of stride 0 only repeats and is no way through the storage.
        const auto inner = std::find_if(axes.rbegin(), axes.rend(), [](const Axis& axis) { return axis.stride > 0; });
        if (inner != axes.rend()) std::rotate(inner.base() - 1, inner.base(), axes.end());
        const Axis along = axes.back();
        axes.pop_back();

        std::vector<std::int64_t> at(axes.size(), 0);
        for (;;) {
            runs_.push_back({storage, along.stride, out, along.out_stride, along.extent});
            std::size_t axis = axes.size();
            while (axis > 0) {
                --axis;
                storage += axes[axis].stride;
                out += axes[axis].out_stride;
                if (++at[axis] < axes[axis].extent) break;
                storage -= at[axis] * axes[axis].stride;
                out -= at[axis] * axes[axis].out_stride;
                at[axis] = 0;
                if (axis == 0) return;
            }
            if (axes.empty()) return;
        }
    }

    const TensorView& view_;
    std::vector<std::int64_t> below_;  ///< elements under one index of each axis
    std::vector<Run> runs_;
};

void decode(const TensorView& view, const std::byte* in, std::int64_t count, float* out)
{
    decode_floats(view.type, view.big_endian, in, count, out);
}
void decode(const TensorView& view, const std::byte* in, std::int64_t count, std::int64_t* out)
{
    decode_integers(view.type, view.big_endian, in, count, out);
}

template <class Out>
Result<void> read_contiguous(ByteSource& source, const TensorView& view, std::int64_t first, std::int64_t count,
                             Out* out)
{
    const std::int64_t width = model::bytes_of(view.type);
    if constexpr (std::is_same_v<Out, float>) {
        if (view.type == model::ElementType::float32 && !view.big_endian &&
            std::endian::native == std::endian::little) {
            const std::span<float> values(out, static_cast<std::size_t>(count));
            return source.read(view.base + first * width, std::as_writable_bytes(values));
        }
    }
    std::vector<std::byte> staging(static_cast<std::size_t>(std::min(count * width, staging_bytes)));
    while (count > 0) {
        const std::int64_t now = std::min(count, staging_bytes / width);
        const std::span<std::byte> bytes(staging.data(), static_cast<std::size_t>(now * width));
        FEDSLEUTH_CHECK(source.read(view.base + first * width, bytes));
        decode(view, bytes.data(), now, out);
        first += now;
        out += now;
        count -= now;
    }
    return {};
}

/// Reads one run into place. Where its elements lie close together, what is between them is read too and left out.
template <class Out>
Result<void> read_run(ByteSource& source, const TensorView& view, const Run& run, std::vector<std::byte>& staging,
                      Out* out)
{
    const std::int64_t width = model::bytes_of(view.type);
    const std::int64_t step = run.stride * width;
    if (step == 0) {  // one element, repeated
        FEDSLEUTH_CHECK(
            source.read(view.base + run.storage * width, {staging.data(), static_cast<std::size_t>(width)}));
        for (std::int64_t idx = 0; idx < run.count; ++idx)
            decode(view, staging.data(), 1, out + run.out + idx * run.out_stride);
        return {};
    }
    const std::int64_t at_once = step > 4096 ? 1 : (staging_bytes - width) / step + 1;
    for (std::int64_t done = 0; done < run.count;) {
        const std::int64_t now = std::min(at_once, run.count - done);
        const std::span<std::byte> bytes(staging.data(), static_cast<std::size_t>((now - 1) * step + width));
        FEDSLEUTH_CHECK(source.read(view.base + run.storage * width + done * step, bytes));
        for (std::int64_t idx = 0; idx < now; ++idx)
            decode(view, bytes.data() + idx * step, 1, out + run.out + (done + idx) * run.out_stride);
        done += now;
    }
    return {};
}

template <class Out>
Result<void> read_elements(ByteSource& source, const TensorView& view, std::int64_t first, std::int64_t count, Out* out)
{
    if (count <= 0) return {};
    if (view.contiguous()) return read_contiguous(source, view, first, count, out);
    RunFinder finder(view);
    std::vector<std::byte> staging(static_cast<std::size_t>(staging_bytes));
    while (count > 0) {
        const std::int64_t now = std::min(count, elements_a_pass);
        for (const Run& run : finder.find(first, first + now))
            FEDSLEUTH_CHECK(read_run(source, view, run, staging, out));
        first += now;
        out += now;
        count -= now;
    }
    return {};
}

}  // namespace

void set_strides(TensorView& view, std::vector<std::int64_t> strides)
{
    std::int64_t expected = 1;
    bool plain = true;
    for (std::size_t axis = view.shape.size(); axis-- > 0;) {
        if (view.shape[axis] == 1) continue;  // its stride is never taken
        if (strides[axis] != expected) plain = false;
        expected *= view.shape[axis];
    }
    if (plain || view.count <= 1)
        view.strides.clear();
    else
        view.strides = std::move(strides);
}

std::vector<std::int64_t> column_major_strides(const std::vector<std::int64_t>& shape)
{
    std::vector<std::int64_t> strides(shape.size(), 1);
    for (std::size_t axis = 1; axis < shape.size(); ++axis) strides[axis] = strides[axis - 1] * shape[axis - 1];
    return strides;
}

Result<void> read_floats(ByteSource& source, const TensorView& view, std::int64_t first, std::int64_t count, float* out)
{
    return read_elements(source, view, first, count, out);
}

Result<void> read_integers(ByteSource& source, const TensorView& view, std::int64_t first, std::int64_t count,
                           std::int64_t* out)
{
    return read_elements(source, view, first, count, out);
}

}  // namespace fedsleuth::storage
