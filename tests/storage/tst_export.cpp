// SPDX-License-Identifier: GPL-3.0-or-later
#include "case_helpers.h"

#include "storage/evidence/snapshot_file.h"
#include "storage/export/evidence_lines.h"
#include "storage/export/safetensors_writer.h"
#include "storage/export/signing_authority.h"
#include "storage/export/model_writer.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <limits>
#include <memory>

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
    void safetensors_has_the_bytes_of_its_library();
    void safetensors_comes_back();
    void certificates_and_signatures_verify();
    void poisoned_metrics_are_written_as_python_does();
    void the_same_arrays_give_the_same_bytes();
    void nothing_is_overwritten_unasked();
    void misfits_are_refused();
    void a_failed_write_leaves_nothing();
    void models_come_back_in_either_format();
    void safetensors_have_the_bytes_of_the_format();
};

void ExportTest::npy_has_the_bytes_of_numpy()
{
    const fs::path path = scratch("a.npy");
    OK(storage::write_npy(path, {2, 1}, std::vector<double>{1, -2}, {NumberType::float32}));
    // numpy.save(file, numpy.array([[1], [-2]], dtype="<f4"))
    std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }";
    header.append(128 - 10 - header.size() - 1, ' ');
    header += '\n';
    std::string expected("\x93NUMPY\x01\x00\x76\x00", 10);
    expected += header;
    expected.append("\x00\x00\x80\x3f\x00\x00\x00\xc0", 8);
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

void ExportTest::safetensors_has_the_bytes_of_its_library()
{
    // safetensors.numpy.save({"w": numpy.array([[1], [-2]], dtype="<f4")})
    const std::vector<double> values{1, -2};
    const fs::path path = scratch("a.safetensors");
    OK(storage::write_safetensors(path, std::vector<NamedArray>{{"w", {2, 1}, values}}, {NumberType::float32}));
    const std::string header = "{\"w\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[0,8]}}";
    std::string expected("\x38\0\0\0\0\0\0\0", 8);
    expected += header;
    expected.append(56 - header.size(), ' ');
    expected.append("\x00\x00\x80\x3f\x00\x00\x00\xc0", 8);
    QVERIFY(contents_of(path) == expected);
}

void ExportTest::safetensors_comes_back()
{
    const std::vector<double> weights{1, 2, 3, 4, 5, 6}, bias{-0.5, 1e30}, nothing;
    const std::vector<NamedArray> arrays{
        {"fc.weight", {2, 3}, weights}, {"none", {0, 4}, nothing}, {"quo\"te", {2}, bias}};
    for (const NumberType type : {NumberType::float32, NumberType::float64}) {
        const fs::path path = scratch("b.safetensors");
        OK(storage::write_safetensors(path, arrays, {type}));
        TAKE(auto snapshot, storage::open_snapshot(path));
        QCOMPARE(snapshot->tensors().size(), std::size_t{3});
        for (std::size_t tensor_idx = 0; tensor_idx < 3; ++tensor_idx) {
            const model::TensorInfo& tensor = snapshot->tensors()[tensor_idx];
            const auto written = std::find_if(arrays.begin(), arrays.end(),
                                              [&](const NamedArray& array) { return array.name == tensor.name; });
            QVERIFY(written != arrays.end());
            QVERIFY(tensor.shape == written->shape);
            std::vector<float> back(written->values.size());
            OK(snapshot->read(tensor_idx, 0, tensor.count, back.data()));
            for (std::size_t idx = 0; idx < back.size(); ++idx)
                QCOMPARE(back[idx], static_cast<float>(written->values[idx]));
        }
    }
    QCOMPARE(storage::write_safetensors(scratch("c"), std::vector<NamedArray>{{"x", {2}, bias}, {"x", {2}, bias}})
                 .error()
                 .code,
             model::ErrorCode::invalid_argument);
}

void ExportTest::certificates_and_signatures_verify()
{
    constexpr std::int64_t from = 1'700'000'000, until = 1'800'000'000;
    TAKE(const storage::SigningAuthority authority, storage::SigningAuthority::create(7, from, until));
    TAKE(const storage::SigningAuthority again, storage::SigningAuthority::create(7, from, until));
    TAKE(const storage::SigningAuthority other, storage::SigningAuthority::create(8, from, until));
    const auto read = [](const std::string& pem) {
        BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
        std::shared_ptr<X509> x509(PEM_read_bio_X509(bio, nullptr, nullptr, nullptr), X509_free);
        BIO_free(bio);
        return x509;
    };
    TAKE(const std::string authority_pem, authority.authority_pem());
    TAKE(const std::string site_pem, authority.certificate_pem("site-00"));
    TAKE(const std::string other_pem, other.authority_pem());
    const auto root = read(authority_pem), site = read(site_pem), stranger = read(other_pem);
    QVERIFY(root && site && stranger);
    QCOMPARE(X509_verify(site.get(), X509_get0_pubkey(root.get())), 1);
    QVERIFY(X509_verify(site.get(), X509_get0_pubkey(stranger.get())) != 1);
    QCOMPARE(X509_check_ca(root.get()), 1);
    QCOMPARE(X509_check_ca(site.get()), 0);
    // The whole path, with the revocation list, at a moment in between.
    TAKE(const std::string list_pem, authority.revocations_pem());
    BIO* list_bio = BIO_new_mem_buf(list_pem.data(), static_cast<int>(list_pem.size()));
    X509_CRL* list = PEM_read_bio_X509_CRL(list_bio, nullptr, nullptr, nullptr);
    QVERIFY(list);
    X509_STORE* store = X509_STORE_new();
    X509_STORE_add_cert(store, root.get());
    X509_STORE_add_crl(store, list);
    X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
    for (const auto& [moment, good] : {std::pair{from + 5, true}, {from - 5, false}, {until + 5, false}}) {
        X509_STORE_CTX* context = X509_STORE_CTX_new();
        X509_STORE_CTX_init(context, store, site.get(), nullptr);
        X509_STORE_CTX_set_time(context, 0, moment);
        QCOMPARE(X509_verify_cert(context) == 1, good);
        X509_STORE_CTX_free(context);
    }
    X509_STORE_free(store);
    X509_CRL_free(list);
    BIO_free(list_bio);

    std::string message = "the bytes of an update";
    const auto bytes = [&] { return std::as_bytes(std::span(message.data(), message.size())); };
    TAKE(const std::string signature, authority.sign("site-00", bytes()));
    TAKE(const std::string same, again.sign("site-00", bytes()));
    QCOMPARE(signature, same);
    QCOMPARE(again.certificate_pem("site-00").value(), site_pem);
    const QByteArray raw = QByteArray::fromBase64(QByteArray::fromStdString(signature));
    const auto verifies = [&] {
        EVP_MD_CTX* context = EVP_MD_CTX_new();
        EVP_DigestVerifyInit(context, nullptr, nullptr, nullptr, X509_get0_pubkey(site.get()));
        const int answer = EVP_DigestVerify(context, reinterpret_cast<const unsigned char*>(raw.data()),
                                            static_cast<std::size_t>(raw.size()),
                                            reinterpret_cast<const unsigned char*>(message.data()), message.size());
        EVP_MD_CTX_free(context);
        return answer == 1;
    };
    QVERIFY(verifies());
    message[3] = 'X';
    QVERIFY(!verifies());
}

void ExportTest::poisoned_metrics_are_written_as_python_does()
{
    model::Round round;
    round.number = model::RoundNo(3);
    round.selected = {model::ClientId("a\"b")};
    round.metrics = {{"accuracy", 0.5},
                     {"loss", std::numeric_limits<double>::quiet_NaN()},
                     {"norm", -std::numeric_limits<double>::infinity()}};
    const std::string expected =
        "{\"type\":\"round\",\"round\":3,\"selected\":[\"a\\\"b\"],\"metrics\":{\"accuracy\":0.5,\"loss\":NaN,"
        "\"norm\":-Infinity}}\n";
    QCOMPARE(storage::round_line(round), expected);
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

namespace {

std::vector<model::Layer> two_layers_and_a_counter()
{
    std::vector<model::Layer> layers{
        {"fc.weight", {300, 400}, false, 0, 0}, {"steps", {}, true, 0, 0}, {"fc.bias", {3}, false, 0, 0}};
    model::lay_out(layers);
    return layers;
}

float coordinate(std::int64_t place) { return 0.5F * static_cast<float>(place % 977) - 100.0F; }

model::Result<void> read_coordinates(std::int64_t first, std::int64_t count, float* out)
{
    for (std::int64_t idx = 0; idx < count; ++idx) out[idx] = coordinate(first + idx);
    return {};
}

}  // namespace

void ExportTest::models_come_back_in_either_format()
{
    const auto layers = two_layers_and_a_counter();
    for (const storage::ModelFormat format : {storage::ModelFormat::npz, storage::ModelFormat::safetensors}) {
        const fs::path path = scratch("model." + std::string(name_of(format)));
        OK(storage::write_model(path, format, layers, read_coordinates, false));
        TAKE(auto snapshot, storage::open_snapshot(path));
        QCOMPARE(snapshot->tensors().size(), std::size_t{2});  // the counter has no numbers
        for (std::size_t tensor = 0; tensor < 2; ++tensor) {
            const model::Layer& layer = layers[tensor == 0 ? 0 : 2];
            const auto& info = snapshot->tensors()[tensor];
            QCOMPARE(info.name, layer.name);
            QVERIFY(info.shape == layer.shape && info.type == model::ElementType::float32);
            std::vector<float> back(static_cast<std::size_t>(layer.count));
            OK(snapshot->read(tensor, 0, layer.count, back.data()));
            for (std::size_t idx = 0; idx < back.size(); ++idx)
                QVERIFY(back[idx] == coordinate(layer.offset + static_cast<std::int64_t>(idx)));
        }
        QCOMPARE(storage::write_model(path, format, layers, read_coordinates, false).error().code,
                 model::ErrorCode::conflict);
        // A reader that fails leaves the old file as it was, and says why.
        const std::string before = contents_of(path);
        const auto failing = [](std::int64_t first, std::int64_t count, float* out) -> model::Result<void> {
            if (first > 0) return model::fail(model::ErrorCode::cancelled, "enough");
            return read_coordinates(first, count, out);
        };
        QCOMPARE(storage::write_model(path, format, layers, failing, true).error().code, model::ErrorCode::cancelled);
        QVERIFY(contents_of(path) == before);
        auto twice = layers;
        twice[2].name = twice[0].name;
        QCOMPARE(storage::write_model(path, format, twice, read_coordinates, true).error().code,
                 model::ErrorCode::invalid_argument);
    }
}

void ExportTest::safetensors_have_the_bytes_of_the_format()
{
    std::vector<model::Layer> layers{{"a", {2}, false, 0, 0}, {"b", {}, false, 0, 0}};
    model::lay_out(layers);
    const auto read = [](std::int64_t first, std::int64_t count, float* out) -> model::Result<void> {
        for (std::int64_t idx = 0; idx < count; ++idx) out[idx] = static_cast<float>(first + idx + 1);
        return {};
    };
    const fs::path path = scratch("two.safetensors");
    OK(storage::write_model(path, storage::ModelFormat::safetensors, layers, read, false));
    std::string header =
        R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[],"data_offsets":[8,12]}})";
    header.append((8 - header.size() % 8) % 8, ' ');
    const std::string expected = std::string(1, static_cast<char>(header.size())) + std::string(7, '\0') + header +
                                 std::string("\x00\x00\x80\x3f\x00\x00\x00\x40\x00\x00\x40\x40", 12);
    QVERIFY(contents_of(path) == expected);
}

QTEST_GUILESS_MAIN(ExportTest)
#include "tst_export.moc"
