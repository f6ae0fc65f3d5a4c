// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <string>  // and <compare>, which Qt's moc can't parse on its own
#include <utility>

namespace fedsleuth::model {

/// The name under which a client is known in the round log. Always text: frameworks hand out 64-bit ids, and a
/// client id is never a number to calculate with.
class ClientId {
public:
    ClientId() = default;
    explicit ClientId(std::string text) : text_(std::move(text)) {}

    [[nodiscard]] const std::string& text() const noexcept { return text_; }
    [[nodiscard]] bool empty() const noexcept { return text_.empty(); }
    auto operator<=>(const ClientId&) const = default;

private:
    std::string text_;
};

/// The server's own client id, under which it records its reference update (FLTrust's root of trust).
inline const ClientId& server_client()
{
    static const ClientId id{"@server"};
    return id;
}

/// A round's number as in the log: training rounds count from 1, round 0 is the state before training.
class RoundNo {
public:
    constexpr RoundNo() = default;
    constexpr explicit RoundNo(std::int64_t value) : value_(value) {}

    [[nodiscard]] constexpr std::int64_t value() const noexcept { return value_; }
    [[nodiscard]] constexpr RoundNo before() const noexcept { return RoundNo{value_ - 1}; }
    [[nodiscard]] constexpr RoundNo after() const noexcept { return RoundNo{value_ + 1}; }
    constexpr auto operator<=>(const RoundNo&) const = default;

private:
    std::int64_t value_ = 0;
};

}  // namespace fedsleuth::model

template <>
struct std::hash<fedsleuth::model::ClientId> {
    std::size_t operator()(const fedsleuth::model::ClientId& id) const noexcept
    {
        return std::hash<std::string>{}(id.text());
    }
};

template <>
struct std::hash<fedsleuth::model::RoundNo> {
    std::size_t operator()(fedsleuth::model::RoundNo round) const noexcept
    {
        return std::hash<std::int64_t>{}(round.value());
    }
};
