// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/privacy/audit_rules.h"

namespace fedsleuth::analysis {

/// The accountant of series and budget: the one that was asked for, else the tight one (pld); rdp where that has no
/// answer, or where ε after each round of so many sampled histories would take minutes.
[[nodiscard]] std::string accountant_of(const AuditCase& work, SpentCache& cache);

/// What each client spent and claimed. `shown` and `readings` are by client.
[[nodiscard]] std::vector<ClientAudit> spent_by_client(const AuditCase& work, const PrivacyAudit& audit,
                                                       const std::vector<std::optional<double>>& shown,
                                                       const std::vector<ClaimComparison>& readings, SpentCache& cache);

/// P17: the declared budget and the policy's maximum, client by client.
void check_budget(const AuditCase& work, const PrivacyAudit& audit, AuditVerdicts& verdicts);

}  // namespace fedsleuth::analysis
