// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/identity/trust.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fedsleuth::analysis {

/// The revocation lists of a case.
class RevocationLists {
public:
    explicit RevocationLists(std::string_view pem);
    ~RevocationLists();

    /// What the lists that `issuer` signed say of a certificate that it issued.
    struct Answer {
        std::optional<TrustAnchors::Revocation> revoked;
        bool covered = false;   ///< some list speaks for the moment that was asked for
        bool any_list = false;  ///< the issuer has a list here at all
    };
    [[nodiscard]] Answer ask(const Certificate& certificate, const Certificate& issuer, std::optional<double> at) const;

    /// Lists that can't be used, given every certificate of the case that may have signed one.
    [[nodiscard]] std::vector<std::string> problems(const std::vector<Certificate>& authorities) const;
    [[nodiscard]] bool empty() const;

private:
    struct List;
    std::vector<std::unique_ptr<List>> lists_;
    std::vector<std::string> unreadable_;
};

}  // namespace fedsleuth::analysis
