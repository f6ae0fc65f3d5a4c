// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace fedsleuth::model {

enum class ErrorCode {
    invalid_argument,  ///< the caller asked for something that makes no sense
    not_found,
    io,                ///< the operating system refused
    malformed,         ///< evidence that is not what its format says
    refused,           ///< evidence that is well formed and still not opened (object arrays, foreign pickles, …)
    limit,             ///< larger than the limits allow
    unsupported,
    conflict,          ///< the case says otherwise
    not_applicable,    ///< a rule or detector whose preconditions do not hold
    cancelled,
    internal,
};

/// What went wrong, for a person: `message` says what, `where` names file and place, `hint` says what to do next.
struct Error {
    ErrorCode code = ErrorCode::internal;
    std::string message;
    std::string where;
    std::string hint;

    /// "where: message (hint)", leaving out what is empty.
    [[nodiscard]] std::string text() const;
};

template <class T>
using Result = tl::expected<T, Error>;

[[nodiscard]] inline tl::unexpected<Error> fail(ErrorCode code, std::string message, std::string where = {},
                                                std::string hint = {})
{
    return tl::unexpected<Error>(Error{code, std::move(message), std::move(where), std::move(hint)});
}

[[nodiscard]] inline tl::unexpected<Error> pass_on(Error error) { return tl::unexpected<Error>(std::move(error)); }

}  // namespace fedsleuth::model

// NOLINTBEGIN(bugprone-macro-parentheses): the macros declare variables and return early, which no function can.
#define FEDSLEUTH_CONCAT_(a, b) a##b
#define FEDSLEUTH_CONCAT(a, b) FEDSLEUTH_CONCAT_(a, b)
/// FEDSLEUTH_TRY(auto value, expression): the value, or the error handed to the caller.
#define FEDSLEUTH_TRY(declaration, ...) FEDSLEUTH_TRY_(FEDSLEUTH_CONCAT(fedsleuth_try_, __LINE__), declaration, __VA_ARGS__)
#define FEDSLEUTH_TRY_(name, declaration, ...)                              \
    auto name = (__VA_ARGS__);                                              \
    if (!name) return ::fedsleuth::model::pass_on(std::move(name.error())); \
    declaration = std::move(*name)
/// FEDSLEUTH_CHECK(expression): for Result<void>.
#define FEDSLEUTH_CHECK(...)                                                           \
    do {                                                                               \
        auto fedsleuth_checked = (__VA_ARGS__);                                        \
        if (!fedsleuth_checked)                                                        \
            return ::fedsleuth::model::pass_on(std::move(fedsleuth_checked.error())); \
    } while (false)
// NOLINTEND(bugprone-macro-parentheses)
