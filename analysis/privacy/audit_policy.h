// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/case_store.h"
#include "model/result.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace fedsleuth::analysis {

/// The limits that the audit holds a federation to. They live in the case (CaseStore::policy) and a change is on
/// record.
struct AuditPolicy {
    std::optional<double> max_epsilon;  ///< that a client may spend; nothing: the declared budget alone counts
    double min_claims = 1.0;            ///< share of its rounds in which a client has to claim an ε, in [0, 1]
    double delta_times_n = 1.0;         ///< δ has to be below this over n (n: clients, or examples, by the unit)
    double strong_epsilon = 1.0;        ///< ε up to this is strong protection
    double weak_epsilon = 10.0;         ///< ε above this is weak protection
};

/// One limit, as `policy --set name=value` knows it.
struct PolicyField {
    std::string_view name;     ///< in CaseStore::policy: "privacy.max_epsilon", …
    std::string_view meaning;  ///< one line, with the unit
    double least, most;        ///< range, both included; least is excluded where it is 0 and `positive`
    bool positive;
    std::optional<double> usual;  ///< default
};
[[nodiscard]] std::span<const PolicyField> policy_fields();

/// The policy of a case: its own limits over the defaults. A value out of its range (a damaged case) counts as not set.
[[nodiscard]] model::Result<AuditPolicy> audit_policy(model::CaseStore& store);

/// Sets one limit (nothing: back to the default). Errors: invalid_argument for another name, or a value out of range.
[[nodiscard]] model::Result<void> set_audit_policy(model::CaseStore& store, std::string_view name,
                                                   std::optional<double> value);

}  // namespace fedsleuth::analysis
