// SPDX-License-Identifier: GPL-3.0-or-later
#include "case_helpers.h"

#include "storage/evidence/snapshot_file.h"

#include <limits>

using namespace fedsleuth;
using namespace fedsleuth::test;
using storage::NamedArray;
using storage::NumberType;

class ExportTest : public QObject {
    Q_OBJECT
private slots:
    void npy_has_the_bytes_of_numpy();
    void npy_comes_back();
    void npz_comes_back();
    void the_same_arrays_give_the_same_bytes();
    void nothing_is_overwritten_unasked();
    void misfits_are_refused();
    void a_failed_write_leaves_nothing();
};

void ExportTest::npy_has_the_bytes_of_numpy()
{
    const fs::path path = scratch("a.npy");
    OK(storage::write_npy(path, {2, 1}, std::vector<double>{1, -2}, {NumberType::float32}));
    // numpy.save(file, numpy.array([[1], [-2]], dtype="<f4"))
    std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }";
    header.append(128 - 10 - header.size() - 1, ' ');
    header += '\n';
    const std::string expected =
        std::string("\x93NUMPY\x01\x00\x76\x00", 10) + header + std::string("\x00\x00\x80\x3f\x00\x00\x00\xc0", 8);
    QVERIFY(contents_of(path) == expected);
}

void ExportTest::npy_comes_back()
{
    std::vector<double> values(1000);
    for (std::size_t idx = 0; idx < values.size(); ++idx) values[idx] = 0.1 * static_cast<double>(idx);
    values[3] = std::numeric_limits<double>::quiet_NaN();
    for (const std::vector<std::int64_t>& shape :
         {std::vector<std::int64_t>{1000}, {10, 100}, {1, 1000, 1}, {2, 5, 10, 10}}) {
        for (const NumberType type : {NumberType::float32, NumberType::float64}) {
            const fs::path path = scratch("b.npy");
            OK(storage::write_npy(path, shape, values, {type}));
            TAKE(auto snapshot, storage::open_snapshot(path));
            QVERIFY(snapshot->tensors().at(0).shape == shape);
            QCOMPARE(snapshot->tensors()[0].type == model::ElementType::float32, type == NumberType::float32);
            std::vector<float> back(values.size());
            OK(snapshot->read(0, 0, 1000, back.data()));
            for (std::size_t idx = 0; idx < values.size(); ++idx)
                QVERIFY(back[idx] == static_cast<float>(values[idx]) || (idx == 3 && std::isnan(back[idx])));
        }
    }
    const fs::path path = scratch("empty.npy");
    OK(storage::write_npy(path, {0, 5}, {}));
    OK(storage::write_npy(scratch("scalar.npy"), {}, std::vector<double>{7}));
    TAKE(auto snapshot, storage::open_snapshot(fs::path(FEDSLEUTH_SCRATCH) / "scalar.npy"));
    QVERIFY(snapshot->tensors()[0].shape.empty() && snapshot->tensors()[0].count == 1);
}

void ExportTest::npz_comes_back()
{
    const fs::path path = scratch("a.npz");
    const std::vector<double> w(300'000, 0.25), b{1, 2, 3};
    const std::vector<NamedArray> arrays{
        {"fc.weight", {3, 100'000}, w}, {"fc.bias", {3}, b}, {"größe", {1}, std::span(b).first(1)}};
    for (const NumberType type : {NumberType::float32, NumberType::float64}) {
        OK(storage::write_npz(path, arrays, {type, true}));
        TAKE(auto snapshot, storage::open_snapshot(path));
        QVERIFY(snapshot->named() && snapshot->notes().empty());
        QCOMPARE(snapshot->tensors().size(), std::size_t{3});
        for (std::size_t idx = 0; idx < arrays.size(); ++idx) {
            QVERIFY(snapshot->tensors()[idx].name == arrays[idx].name);
            QVERIFY(snapshot->tensors()[idx].shape == arrays[idx].shape);
            std::vector<float> back(arrays[idx].values.size());
            OK(snapshot->read(idx, 0, static_cast<std::int64_t>(back.size()), back.data()));
            QVERIFY(std::equal(back.begin(), back.end(), arrays[idx].values.begin()));
        }
    }
}

void ExportTest::the_same_arrays_give_the_same_bytes()
{
    const std::vector<double> values{1, 2, 3};
    const std::vector<NamedArray> arrays{{"x", {3}, values}};
    const fs::path one = scratch("one.npz"), other = scratch("other.npz");
    qputenv("TZ", "UTC");
    OK(storage::write_npz(one, arrays));
    qputenv("TZ", "Asia/Tokyo");
    QTest::qSleep(2100);  // a ZIP counts time in steps of two seconds
    OK(storage::write_npz(other, arrays));
    QVERIFY(contents_of(one) == contents_of(other));
}

void ExportTest::nothing_is_overwritten_unasked()
{
    const std::vector<double> values{1, 2, 3};
    const std::vector<NamedArray> arrays{{"x", {3}, values}};
    for (const char* name : {"keep.npy", "keep.npz"}) {
        const fs::path path = scratch(name);
        write_text(path, "mine");
        const auto write = [&](bool overwrite) {
            return std::string(name).ends_with('y')
                       ? storage::write_npy(path, {3}, values, {NumberType::float64, overwrite})
                       : storage::write_npz(path, arrays, {NumberType::float64, overwrite});
        };
        QCOMPARE(write(false).error().code, model::ErrorCode::conflict);
        QVERIFY(contents_of(path) == "mine");
        OK(write(true));
        QVERIFY(contents_of(path) != "mine");
    }
}

void ExportTest::misfits_are_refused()
{
    const std::vector<double> values{1, 2, 3};
    const fs::path path = scratch("misfit");
    QCOMPARE(storage::write_npy(path, {4}, values).error().code, model::ErrorCode::invalid_argument);
    QCOMPARE(storage::write_npy(path, {-3}, values).error().code, model::ErrorCode::invalid_argument);
    QCOMPARE(storage::write_npz(path, std::vector<NamedArray>{{"x", {2, 2}, values}}).error().code,
             model::ErrorCode::invalid_argument);
    QCOMPARE(storage::write_npz(path, std::vector<NamedArray>{{"x", {3}, values}, {"x", {3}, values}}).error().code,
             model::ErrorCode::invalid_argument);
    QVERIFY(!fs::exists(path));
}

void ExportTest::a_failed_write_leaves_nothing()
{
    const std::vector<double> values{1, 2, 3};
    const fs::path path = scratch("no-folder") / "x.npy";
    QCOMPARE(storage::write_npy(path, {3}, values).error().code, model::ErrorCode::io);
    QCOMPARE(storage::write_npz(path, std::vector<NamedArray>{{"x", {3}, values}}).error().code, model::ErrorCode::io);
    const fs::path folder = scratch("full");
    fs::create_directories(folder / "x.npy" / "in the way");
    QVERIFY(!storage::write_npy(folder / "x.npy", {3}, values, {NumberType::float64, true}));
    QCOMPARE(std::distance(fs::directory_iterator(folder), fs::directory_iterator()), 1);
}

QTEST_GUILESS_MAIN(ExportTest)
#include "tst_export.moc"
