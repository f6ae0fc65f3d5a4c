// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/case/codec.h"

namespace fedsleuth::storage {

void ByteWriter::raw(const void* data, std::size_t size)
{
    const auto* first = static_cast<const std::byte*>(data);
    bytes_.insert(bytes_.end(), first, first + size);
}

void ByteWriter::text(std::string_view value)
{
    integer(static_cast<std::int64_t>(value.size()));
    raw(value.data(), value.size());
}

void ByteWriter::reals(const std::vector<double>& values)
{
    integer(static_cast<std::int64_t>(values.size()));
    raw(values.data(), values.size() * sizeof(double));
}

void ByteWriter::integers(const std::vector<std::int64_t>& values)
{
    integer(static_cast<std::int64_t>(values.size()));
    raw(values.data(), values.size() * sizeof(std::int64_t));
}

void ByteWriter::texts(const std::vector<model::ClientId>& values)
{
    integer(static_cast<std::int64_t>(values.size()));
    for (const model::ClientId& value : values) text(value.text());
}

void ByteWriter::texts(const std::vector<std::string>& values)
{
    integer(static_cast<std::int64_t>(values.size()));
    for (const std::string& value : values) text(value);
}

bool ByteReader::take(void* into, std::size_t size)
{
    if (!fits_ || size > rest_.size()) {
        fits_ = false;
        return false;
    }
    if (size > 0) std::memcpy(into, rest_.data(), size);
    rest_ = rest_.subspan(size);
    return true;
}

std::int64_t ByteReader::integer()
{
    std::int64_t value = 0;
    take(&value, sizeof value);
    return value;
}

double ByteReader::real()
{
    double value = 0;
    take(&value, sizeof value);
    return value;
}

std::size_t ByteReader::count(std::size_t item_bytes)
{
    const std::int64_t value = integer();
    if (value < 0 || static_cast<std::uint64_t>(value) > rest_.size() / item_bytes) {
        fits_ = false;
        return 0;
    }
    return static_cast<std::size_t>(value);
}

std::string ByteReader::text()
{
    std::string value(count(1), '\0');
    take(value.data(), value.size());
    return value;
}

std::vector<double> ByteReader::reals()
{
    std::vector<double> values(count(sizeof(double)));
    take(values.data(), values.size() * sizeof(double));
    return values;
}

std::vector<std::int64_t> ByteReader::integers()
{
    std::vector<std::int64_t> values(count(sizeof(std::int64_t)));
    take(values.data(), values.size() * sizeof(std::int64_t));
    return values;
}

std::vector<model::ClientId> ByteReader::clients()
{
    std::vector<model::ClientId> values;
    for (std::string& value : texts()) values.emplace_back(std::move(value));
    return values;
}

std::vector<std::string> ByteReader::texts()
{
    std::vector<std::string> values(count(sizeof(std::int64_t)));
    for (std::string& value : values) value = text();
    return values;
}

model::Result<void> ByteReader::finish(std::string_view what) const
{
    if (!fits_) return model::fail(model::ErrorCode::malformed, std::string(what) + " is damaged: it ends too early");
    if (!rest_.empty())
        return model::fail(model::ErrorCode::malformed, std::string(what) + " is damaged: bytes are left over");
    return {};
}

}  // namespace fedsleuth::storage
