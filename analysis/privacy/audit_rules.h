// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/privacy/audit_case.h"
#include "analysis/privacy/spent_cache.h"

namespace fedsleuth::analysis {

// The audit's rules, by subject. Each sets its outcomes and adds its findings.

/// How a client's claims compare with what its mechanism costs.
struct ClaimComparison {
    ClaimReading declared = ClaimReading::none;
    ClaimReading fits = ClaimReading::none;
    bool compared = false;
};

/// P1 (claims against the recomputed value, in both readings), P11 (the classical Gaussian formula), P19 (the central
/// limit).
[[nodiscard]] std::vector<ClaimComparison> check_claims(const AuditCase& work, SpentCache& cache,
                                                        AuditVerdicts& verdicts);

/// P2 (the sampling that the accounting assumes), P3 (the rate against who took part).
void check_sampling(const AuditCase& work, AuditVerdicts& verdicts);

/// P4 (δ), P5 (parameters that are missing or impossible; claims that are missing), P9 (unit), P12, P13, P15, P18, P20.
void check_declaration(const AuditCase& work, AuditVerdicts& verdicts);

/// P7 for updates that carry no noise of their own: their norms as they are, where the recorder stood behind the
/// clipping.
void check_bare_norms(const AuditCase& work, AuditVerdicts& verdicts);
/// A finding of P7, about a client or (without one) the server.
void add_over_clip(AuditVerdicts& verdicts, const std::optional<model::ClientId>& client,
                   std::optional<model::RoundNo> round, double clip, std::string text, std::optional<double> norm = {});

/// P6, P7, P10, P14, P16 where each update carries its own noise; also the norm of stored updates where it does not.
/// Returns, by client, the noise multiplier that the updates show, where it is below the one that counts.
[[nodiscard]] std::vector<std::optional<double>> check_client_noise(const AuditCase& work, AuditVerdicts& verdicts);

/// P7, P8, P10, P14, P16 where the server adds the noise. Returns the rounds whose step differs from the mean of the
/// updates by what the declared noise makes, or less: no other explanation is needed there.
[[nodiscard]] std::vector<model::RoundNo> check_server_noise(const AuditCase& work, AuditVerdicts& verdicts);

}  // namespace fedsleuth::analysis
