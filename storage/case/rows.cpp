// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/case/rows.h"

#include <pwd.h>
#include <unistd.h>
#include <charconv>
#include <chrono>
#include <ctime>

namespace fedsleuth::storage {

namespace {
constexpr std::size_t highest_rank = 64;
}

model::RoundNo Row::round(int column)
{
    const std::int64_t value = statement_.integer(column);
    if (value >= 0 && value <= highest_round) return model::RoundNo{value};
    fits_ = false;
    return model::RoundNo{0};
}

std::optional<model::RoundNo> Row::optional_round(int column)
{
    if (statement_.is_null(column)) return std::nullopt;
    return round(column);
}

std::int64_t Row::count(int column)
{
    const std::int64_t value = statement_.integer(column);
    if (value >= 0) return value;
    fits_ = false;
    return 0;
}

std::optional<model::ClientId> Row::optional_client(int column)
{
    if (statement_.is_null(column)) return std::nullopt;
    return client(column);
}

std::optional<model::Signature> Row::signature(int base64_column, int scheme_column)
{
    if (statement_.is_null(base64_column)) return std::nullopt;
    return model::Signature{statement_.text(base64_column), statement_.text(scheme_column)};
}

std::vector<std::int64_t> Row::shape(int column)
{
    const std::string text = statement_.text(column);
    std::vector<std::int64_t> shape;
    const char* at = text.data();
    const char* const end = at + text.size();
    while (at != end) {
        std::int64_t extent = -1;
        const auto [rest, failed] = std::from_chars(at, end, extent);
        const bool last = rest == end;
        if (failed != std::errc{} || extent < 0 || shape.size() >= highest_rank || (!last && *rest != ',')) {
            fits_ = false;
            return {};
        }
        shape.push_back(extent);
        at = last ? end : rest + 1;
    }
    return shape;
}

model::Result<void> Row::check(const Database& database, const char* table) const
{
    if (fits_) return {};
    return model::fail(model::ErrorCode::malformed,
                       std::string("is damaged: table ") + table + " holds a value that makes no sense",
                       database.file());
}

std::string shape_column(const std::vector<std::int64_t>& shape)
{
    std::string text;
    for (const std::int64_t extent : shape) {
        if (!text.empty()) text += ',';
        text += std::to_string(extent);
    }
    return text;
}

std::string time_now()
{
    const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    std::tm parts{};
    gmtime_r(&now, &parts);
    std::array<char, 32> text{};
    const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
    return {text.data(), length};
}

std::string system_user()
{
    std::array<char, 4096> buffer{};
    passwd entry{};
    passwd* found = nullptr;
    if (getpwuid_r(geteuid(), &entry, buffer.data(), buffer.size(), &found) == 0 && found && found->pw_name)
        return found->pw_name;
    return "uid " + std::to_string(geteuid());
}

}  // namespace fedsleuth::storage
