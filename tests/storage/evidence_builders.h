// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "storage/evidence/snapshot_file.h"

#include <QByteArray>
#include <QString>
#include <QtTest>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

/// Files of every snapshot format, built byte by byte, sound or broken on purpose.
namespace fedsleuth::tests {

inline std::filesystem::path fixture(const std::string& relative)
{
    return std::filesystem::path(FEDSLEUTH_FIXTURES) / relative;
}

inline std::string read_file(const std::filesystem::path& path)
{
    std::ifstream stream(path, std::ios::binary);
    std::ostringstream text;
    text << stream.rdbuf();
    return std::move(text).str();
}

/// Writes into the test's scratch folder; gives the path.
inline std::filesystem::path write_file(const std::string& relative, std::string_view bytes)
{
    const std::filesystem::path path = std::filesystem::path(FEDSLEUTH_SCRATCH) / relative;
    std::filesystem::create_directories(path.parent_path());
    std::filesystem::remove(path);  // some file systems flush what is truncated and written anew
    std::ofstream stream(path, std::ios::binary | std::ios::trunc);
    stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return path;
}

inline std::string little(std::uint64_t value, int bytes)
{
    std::string text;
    for (int idx = 0; idx < bytes; ++idx) text += static_cast<char>(value >> (8 * idx) & 0xff);
    return text;
}

template <class T>
std::string raw(const std::vector<T>& values)
{
    return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}
inline std::string floats(const std::vector<float>& values) { return raw(values); }

inline std::string npy(const std::string& dict, const std::string& payload, int version = 1)
{
    std::string header = dict;
    while ((header.size() + 1 + (version == 1 ? 10 : 12)) % 64 != 0) header += ' ';
    header += '\n';
    return "\x93NUMPY" + little(static_cast<std::uint64_t>(version), 1) + little(0, 1) +
           little(header.size(), version == 1 ? 2 : 4) + header + payload;
}
inline std::string npy_dict(const std::string& descr, const std::string& shape, bool fortran = false)
{
    return "{'descr': '" + descr + "', 'fortran_order': " + (fortran ? "True" : "False") + ", 'shape': " + shape + ", }";
}

inline std::string safetensors(const std::string& json, const std::string& data)
{
    return little(json.size(), 8) + json + data;
}

inline std::uint32_t crc32(std::string_view bytes)
{
    std::uint32_t crc = 0xffffffffu;
    for (const char character : bytes) {
        crc ^= static_cast<unsigned char>(character);
        for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0u);
    }
    return ~crc;
}

struct ZipPart {
    std::string name;
    std::string data;
    bool deflate = false;
    std::optional<std::uint32_t> crc;   ///< instead of the true one
    std::optional<std::uint32_t> size;  ///< declared, instead of the true one
    std::uint16_t flags = 0;
    std::optional<std::uint16_t> method;
};

inline std::string deflated(const std::string& data)
{
    // Qt gives four bytes of length, then a zlib stream: two bytes, the deflated data, four bytes of checksum.
    const QByteArray zlib = qCompress(reinterpret_cast<const uchar*>(data.data()), static_cast<qsizetype>(data.size()), 9);
    return zlib.mid(6, zlib.size() - 10).toStdString();
}

inline std::string zip(const std::vector<ZipPart>& parts)
{
    std::string file;
    std::string directory;
    for (const ZipPart& part : parts) {
        const std::string packed = part.deflate ? deflated(part.data) : part.data;
        const std::string common = little(part.flags, 2) + little(part.method.value_or(part.deflate ? 8 : 0), 2) +
                                   little(0, 4) + little(part.crc.value_or(crc32(part.data)), 4) +
                                   little(packed.size(), 4) + little(part.size.value_or(part.data.size()), 4) +
                                   little(part.name.size(), 2) + little(0, 2);
        directory += std::string("PK\x01\x02") + little(20, 2) + little(20, 2) + common + little(0, 2) + little(0, 2) +
                     little(0, 2) + little(0, 4) + little(file.size(), 4) + part.name;
        file += std::string("PK\x03\x04") + little(20, 2) + common + part.name + packed;
    }
    return file + directory + "PK\x05\x06" + little(0, 4) + little(parts.size(), 2) + little(parts.size(), 2) +
           little(directory.size(), 4) + little(file.size(), 4) + little(0, 2);
}

// Pieces of a pickle of protocol 2.
namespace pickle {
inline std::string text(const std::string& value) { return std::string("X").append(little(value.size(), 4)).append(value); }
inline std::string integer(std::int64_t value)
{
    if (value >= 0 && value < 256) return std::string("K").append(little(static_cast<std::uint64_t>(value), 1));
    return std::string("\x8a\x08").append(little(static_cast<std::uint64_t>(value), 8));
}
inline std::string global(const std::string& module, const std::string& name) { return std::string("c").append(module).append("\n").append(name).append("\n"); }
inline std::string tuple(const std::vector<std::int64_t>& values)
{
    std::string bytes = "(";
    for (const std::int64_t value : values) bytes += integer(value);
    return bytes + "t";
}
inline std::string ordered_dict() { return global("collections", "OrderedDict") + ")R"; }
inline std::string storage(const std::string& key, const std::string& type, std::int64_t numel)
{
    return std::string("(") + text("storage") + global("torch", type) + text(key) + text("cpu") + integer(numel) + "tQ";
}
inline std::string tensor(const std::string& storage, std::int64_t offset, const std::vector<std::int64_t>& shape,
                          const std::vector<std::int64_t>& strides)
{
    return global("torch._utils", "_rebuild_tensor_v2") + "(" + storage + integer(offset) + tuple(shape) +
           tuple(strides) + "\x89" + ordered_dict() + "tR";
}
inline std::string whole(const std::string& body) { return std::string("\x80\x02").append(body).append("."); }
/// {"name": value, …}
inline std::string dict(const std::vector<std::pair<std::string, std::string>>& members)
{
    std::string bytes = "}(";
    for (const auto& [name, value] : members) bytes += text(name) + value;
    return bytes + "u";
}
}  // namespace pickle

struct TorchFile {
    std::string pickle;  ///< without PROTO and STOP
    std::vector<std::pair<std::string, std::string>> storages;
    std::optional<std::string> byteorder;
    std::string prefix = "archive/";
};
inline std::string torch_file(const TorchFile& file)
{
    std::vector<ZipPart> parts{{file.prefix + "data.pkl", pickle::whole(file.pickle), false, {}, {}, 0, {}}};
    if (file.byteorder) parts.push_back({file.prefix + "byteorder", *file.byteorder, false, {}, {}, 0, {}});
    for (const auto& [key, bytes] : file.storages)
        parts.push_back({file.prefix + "data/" + key, bytes, false, {}, {}, 0, {}});
    parts.push_back({file.prefix + "version", "3\n", false, {}, {}, 0, {}});
    return zip(parts);
}

using Opened = model::Result<std::unique_ptr<storage::SnapshotFile>>;

inline Opened open_bytes(std::string_view bytes, const storage::Limits& limits = {})
{
    return storage::open_snapshot(write_file("snapshot", bytes), limits);
}

/// All values of a float tensor; fails the test where there are none.
inline std::vector<float> values(storage::SnapshotFile& file, std::size_t tensor_idx = 0)
{
    std::vector<float> out(static_cast<std::size_t>(file.tensors()[tensor_idx].count));
    const model::Result<void> read = file.read(tensor_idx, 0, file.tensors()[tensor_idx].count, out.data());
    if (!read) QTest::qFail(read.error().text().c_str(), __FILE__, __LINE__);
    return out;
}

inline std::string error_text(const Opened& opened) { return opened ? "(opened)" : opened.error().text(); }

inline std::string not_in(std::string_view words, const std::string& text)
{
    return std::string("not in the message: ").append(words).append("; it is: ").append(text);
}

}  // namespace fedsleuth::tests

namespace QTest {
template <>
inline char* toString(const std::string& text)
{
    return qstrdup(text.c_str());
}
template <>
inline char* toString(const std::vector<float>& values)
{
    std::ostringstream text;
    for (const float value : values) text << value << ' ';
    return qstrdup(text.str().c_str());
}
template <>
inline char* toString(const std::vector<std::int64_t>& values)
{
    std::ostringstream text;
    for (const std::int64_t value : values) text << value << ' ';
    return qstrdup(text.str().c_str());
}
}  // namespace QTest

/// The snapshot opened; else the test fails with the error.
#define OPENED(result) QVERIFY2((result).has_value(), fedsleuth::tests::error_text(result).c_str())
/// Refused with this code, and with these words somewhere in the error's text.
#define REFUSED(result, expected_code, words)                                                                   \
    do {                                                                                                        \
        const auto& refused_result = (result);                                                                  \
        QVERIFY2(!refused_result.has_value(), "was accepted");                                                  \
        QVERIFY2(refused_result.error().text().find(words) != std::string::npos,                                \
                 fedsleuth::tests::not_in(words, refused_result.error().text()).c_str());                       \
        QCOMPARE(static_cast<int>(refused_result.error().code), static_cast<int>(model::ErrorCode::expected_code)); \
    } while (false)
