// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstring>
#include <QByteArray>
#include <QCryptographicHash>
#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QString>
#include <QStringList>
#include <vector>

// The real program, run as a shell would run it, and the small files that its tests feed it.

struct Ran {
    int code = -1;
    QByteArray out;
    QByteArray err;

    [[nodiscard]] QJsonObject json() const { return QJsonDocument::fromJson(out).object(); }
    [[nodiscard]] bool is_json() const
    {
        QJsonParseError error;
        QJsonDocument::fromJson(out, &error);
        return error.error == QJsonParseError::NoError;
    }
};

inline Ran run_cli(const QStringList& arguments)
{
    QProcess process;
    process.start(FEDSLEUTH_CLI, arguments);
    process.closeWriteChannel();
    Ran ran;
    if (!process.waitForFinished(300'000)) return ran;
    ran.code = process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1;
    ran.out = process.readAllStandardOutput();
    ran.err = process.readAllStandardError();
    return ran;
}

inline QString scratch(const QString& name) { return QStringLiteral(FEDSLEUTH_SCRATCH "/") + name; }

/// A path in the scratch folder at which nothing is.
inline QString fresh(const QString& name)
{
    const QString path = scratch(name);
    QDir(path).removeRecursively();
    for (const char* suffix : {"", "-journal", "-wal", "-shm"}) QFile::remove(path + QLatin1String(suffix));
    QDir().mkpath(QFileInfo(path).path());
    return path;
}

inline void write_file(const QString& path, const QByteArray& bytes)
{
    QDir().mkpath(QFileInfo(path).path());
    QFile file(path);
    if (file.open(QIODevice::WriteOnly)) file.write(bytes);
}

inline QByteArray read_file(const QString& path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

inline QByteArray sha256_of(const QString& path)
{
    return QCryptographicHash::hash(read_file(path), QCryptographicHash::Sha256).toHex();
}

/// A .npy file as NumPy would write it, for any descr: the test lays out the bytes itself.
inline QByteArray npy_bytes(const QByteArray& descr, const QByteArray& shape, const QByteArray& data,
                            bool fortran_order = false)
{
    QByteArray text = "{'descr': '" + descr + "', 'fortran_order': " + (fortran_order ? "True" : "False") +
                      ", 'shape': " + shape + ", }";
    while ((10 + text.size() + 1) % 64 != 0) text += ' ';
    text += '\n';
    QByteArray bytes("\x93NUMPY\x01\x00", 8);
    bytes += static_cast<char>(text.size() & 0xff);
    bytes += static_cast<char>(text.size() >> 8);
    return bytes + text + data;
}

template <class Number>
QByteArray bytes_of(const std::vector<Number>& numbers)
{
    return {reinterpret_cast<const char*>(numbers.data()), static_cast<qsizetype>(numbers.size() * sizeof(Number))};
}

/// Rows by columns, float64.
inline QByteArray matrix_npy(qsizetype rows, const std::vector<double>& values)
{
    const auto columns = static_cast<qsizetype>(values.size()) / rows;
    return npy_bytes("<f8", "(" + QByteArray::number(rows) + ", " + QByteArray::number(columns) + ")",
                     bytes_of(values));
}

inline QByteArray vector_npy(const std::vector<double>& values)
{
    return npy_bytes("<f8", "(" + QByteArray::number(static_cast<qsizetype>(values.size())) + ",)", bytes_of(values));
}

/// The values of a '<f8' file in C order.
inline std::vector<double> npy_values(const QString& path)
{
    const QByteArray bytes = read_file(path);
    const qsizetype start = bytes.indexOf('\n') + 1;
    std::vector<double> values(static_cast<std::size_t>(bytes.size() - start) / sizeof(double));
    std::memcpy(values.data(), bytes.constData() + start, values.size() * sizeof(double));
    return values;
}

/// True where the bytes hold a control character other than a line feed: escape sequences above all.
inline bool has_control_characters(const QByteArray& bytes)
{
    for (const char character : bytes) {
        const auto byte = static_cast<unsigned char>(character);
        if ((byte < 0x20 && byte != '\n') || byte == 0x7f) return true;
    }
    return false;
}
