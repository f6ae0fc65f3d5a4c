// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/evidence/elements.h"
#include "storage/evidence/tensor_view.h"
#include "storage/evidence_builders.h"

#include "model/layer.h"

#include <bit>
#include <cmath>
#include <limits>
#include <random>

using namespace fedsleuth;
using namespace fedsleuth::tests;
using model::ElementType;
using storage::TensorView;

namespace {

/// Bytes in memory that count how they are read.
class MemoryBytes final : public storage::ByteSource {
public:
    explicit MemoryBytes(std::string bytes) : bytes_(std::move(bytes)) {}
    std::int64_t size() const override { return static_cast<std::int64_t>(bytes_.size()); }
    model::Result<void> read(std::int64_t offset, std::span<std::byte> out) override
    {
        if (offset < 0 || offset + static_cast<std::int64_t>(out.size()) > size())
            return model::fail(model::ErrorCode::internal, "read outside the source");
        backwards_ += offset < last_;
        last_ = offset;
        ++reads_;
        largest_ = std::max(largest_, out.size());
        std::memcpy(out.data(), bytes_.data() + offset, out.size());
        return {};
    }
    int reads_ = 0;
    int backwards_ = 0;
    std::size_t largest_ = 0;

private:
    std::string bytes_;
    std::int64_t last_ = 0;
};

/// The slow, obvious twin: every index on its own.
std::vector<float> gathered(const std::vector<float>& stored, std::int64_t offset,
                            const std::vector<std::int64_t>& shape, const std::vector<std::int64_t>& strides)
{
    std::vector<float> out;
    for (std::int64_t position = 0; position < model::element_count(shape); ++position) {
        std::int64_t rest = position;
        std::int64_t at = offset;
        for (std::size_t axis = shape.size(); axis-- > 0;) {
            at += rest % shape[axis] * strides[axis];
            rest /= shape[axis];
        }
        out.push_back(stored[static_cast<std::size_t>(at)]);
    }
    return out;
}

/// binary16 by its definition (IEEE 754-2008, 3.4).
double half_value(std::uint16_t half)
{
    const int exponent = half >> 10 & 0x1f;
    const int mantissa = half & 0x3ff;
    const double sign = half & 0x8000 ? -1 : 1;
    if (exponent == 31) return mantissa != 0 ? std::numeric_limits<double>::quiet_NaN() : sign * INFINITY;
    if (exponent == 0) return sign * std::ldexp(mantissa, -24);
    return sign * std::ldexp(1024 + mantissa, exponent - 25);
}

}  // namespace

class TestTensorView : public QObject {
    Q_OBJECT
private slots:
    void decodes_every_half()
    {
        for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
            const auto half = static_cast<std::uint16_t>(bits);
            const auto expected = static_cast<float>(half_value(half));
            float decoded = 0;
            storage::decode_floats(ElementType::float16, false, reinterpret_cast<const std::byte*>(&half), 1, &decoded);
            if (std::isnan(expected))
                QVERIFY(std::isnan(decoded));
            else
                QCOMPARE(std::bit_cast<std::uint32_t>(decoded), std::bit_cast<std::uint32_t>(expected));
        }
    }

    void reads_views_as_the_slow_twin_does()
    {
        std::mt19937 random(11);
        const auto up_to = [&](std::int64_t most) {
            return std::uniform_int_distribution<std::int64_t>(0, most)(random);
        };
        for (int round = 0; round < 2000; ++round) {
            TensorView view;
            std::vector<std::int64_t> strides;
            std::int64_t last = 0;
            for (std::int64_t axes = up_to(4); axes > 0; --axes) {
                view.shape.push_back(1 + up_to(5));
                strides.push_back(up_to(9));
                last += (view.shape.back() - 1) * strides.back();
            }
            view.count = model::element_count(view.shape);
            const std::int64_t offset = up_to(3);
            view.base = 4 * offset;
            std::vector<float> stored(static_cast<std::size_t>(offset + last + 1));
            for (std::size_t idx = 0; idx < stored.size(); ++idx) stored[idx] = static_cast<float>(idx);
            const std::vector<float> expected = gathered(stored, offset, view.shape, strides);
            storage::set_strides(view, strides);

            MemoryBytes source(floats(stored));
            const std::int64_t first = up_to(view.count);
            const std::int64_t count = up_to(view.count - first);
            std::vector<float> out(static_cast<std::size_t>(count), -1);
            const auto read = storage::read_floats(source, view, first, count, out.data());
            QVERIFY2(read.has_value(), read ? "" : read.error().text().c_str());
            QCOMPARE(out, std::vector<float>(expected.begin() + first, expected.begin() + first + count));
        }
    }

    void knows_plain_views()
    {
        TensorView view;
        view.shape = {3, 1, 4};
        view.count = 12;
        storage::set_strides(view, {4, 77, 1});
        QVERIFY(view.contiguous());
        storage::set_strides(view, {1, 3, 3});
        QVERIFY(!view.contiguous());
        QCOMPARE(storage::column_major_strides({3, 1, 4}), (std::vector<std::int64_t>{1, 3, 3}));
    }

    // A deflated member read backwards would be inflated anew for every run.
    void reads_column_order_forwards_and_in_runs()
    {
        TensorView view;
        view.shape = {300, 200};
        view.count = 60'000;
        storage::set_strides(view, storage::column_major_strides(view.shape));
        MemoryBytes source(std::string(60'000 * 4, '\0'));
        std::vector<float> out(20'000);
        QVERIFY(storage::read_floats(source, view, 20'010, 20'000, out.data()).has_value());
        QCOMPARE(source.backwards_, 0);
        QVERIFY2(source.reads_ <= 600, std::to_string(source.reads_).c_str());
    }

    void bounds_its_memory()
    {
        TensorView view;
        view.type = ElementType::float64;
        view.shape = {1'000'000};
        view.count = 1'000'000;
        MemoryBytes source(std::string(8'000'000, '\0'));
        std::vector<float> out(1'000'000);
        QVERIFY(storage::read_floats(source, view, 0, 1'000'000, out.data()).has_value());
        QVERIFY2(source.largest_ <= 256 << 10, std::to_string(source.largest_).c_str());
    }

    void hands_on_the_error_of_the_source()
    {
        TensorView view;
        view.shape = {4};
        view.count = 4;
        MemoryBytes source("short");
        float out[4];
        REFUSED(storage::read_floats(source, view, 0, 4, out), internal, "read outside the source");
    }
};

QTEST_GUILESS_MAIN(TestTensorView)
#include "tst_tensor_view.moc"
