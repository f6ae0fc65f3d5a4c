// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/case_data.h"

#include <string>

namespace fedsleuth::ui {

using AuditPtr = std::shared_ptr<const analysis::PrivacyAudit>;

/// The case's audit, or, for data that has none, what the clients claim in the shape of one.
[[nodiscard]] AuditPtr audit_of(const CaseData& data);
/// Nothing was recomputed: only claims are known.
[[nodiscard]] bool is_claims_only(const analysis::PrivacyAudit& audit);

/// What counts against the budget: the recomputed ε, else the claim. With less noise seen than said, what that is
/// worth.
[[nodiscard]] std::optional<double> epsilon_that_counts(const analysis::ClientAudit& client);
/// The client that spent most; null where nothing is known of any.
[[nodiscard]] const analysis::ClientAudit* worst_client(const analysis::PrivacyAudit& audit);

/// "3 of 20 clients have spent more than ε = 30; site-07 spent the most, without any bound": a clause, without a
/// capital or a full stop.
[[nodiscard]] std::string audit_answer(const analysis::PrivacyAudit& audit);
/// "gaussian on the client, per example, noise multiplier 1.1, …": what the federation declares; empty for nothing.
[[nodiscard]] std::string mechanism_text(const std::optional<model::PrivacyMechanism>& mechanism);
/// "σ = 0.8, everybody", "σ = 1.1, 1 % sampled, changed twice".
[[nodiscard]] std::string client_mechanism_text(const analysis::ClientAudit& client);

/// "RDP", "PLD", "zCDP", …: an accountant's name as it is written.
[[nodiscard]] std::string accountant_text(std::string_view accountant);

/// The ledger table as CSV (RFC 4180, safe against formulas): one line a client.
[[nodiscard]] std::string ledger_csv(const analysis::PrivacyAudit& audit);

}  // namespace fedsleuth::ui
