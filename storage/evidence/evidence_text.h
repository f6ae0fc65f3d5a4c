// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/result.h"
#include "model/text.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace fedsleuth::storage {

/// A name from evidence, for the middle of a sentence: quoted, what is not printable made visible, and cut where it is
/// long. Messages go to logs and terminals, and the name is an attacker's to choose.
[[nodiscard]] std::string in_quotes(std::string_view name);

/// "r0001.npz: entry "w.npy"".
[[nodiscard]] std::string place(const std::string& file, const std::string& inside);

/// "1 entry", "3 entries".
[[nodiscard]] std::string counted(std::int64_t count, std::string_view one, std::string_view several);

/// "1 byte follows", "3 bytes follow".
[[nodiscard]] std::string bytes_follow(std::int64_t bytes);

[[nodiscard]] inline tl::unexpected<model::Error> malformed(std::string message, std::string where,
                                                           std::string hint = {})
{
    return model::fail(model::ErrorCode::malformed, std::move(message), std::move(where), std::move(hint));
}

[[nodiscard]] inline tl::unexpected<model::Error> over_limit(std::string message, std::string where,
                                                            std::string hint = {})
{
    return model::fail(model::ErrorCode::limit, std::move(message), std::move(where), std::move(hint));
}

[[nodiscard]] inline tl::unexpected<model::Error> refused(std::string message, std::string where, std::string hint = {})
{
    return model::fail(model::ErrorCode::refused, std::move(message), std::move(where), std::move(hint));
}

[[nodiscard]] inline tl::unexpected<model::Error> unsupported(std::string message, std::string where,
                                                             std::string hint = {})
{
    return model::fail(model::ErrorCode::unsupported, std::move(message), std::move(where), std::move(hint));
}

}  // namespace fedsleuth::storage
