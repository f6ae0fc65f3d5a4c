// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/privacy/audit_policy.h"

#include "model/text.h"

#include <array>
#include <cmath>
#include <limits>

namespace fedsleuth::analysis {

namespace {

constexpr double unlimited = std::numeric_limits<double>::max();

constexpr std::array<PolicyField, 5> fields{{
    {"privacy.max_epsilon", "largest ε that a client may spend", 0, unlimited, true, std::nullopt},
    {"privacy.min_claims", "share of its rounds in which a client has to claim an ε", 0, 1, false, 1.0},
    {"privacy.delta_times_n", "δ has to be below this over n (clients or examples, by the unit of privacy)", 0,
     unlimited, true, 1.0},
    {"privacy.strong_epsilon", "ε up to this is strong protection", 0, unlimited, true, 1.0},
    {"privacy.weak_epsilon", "ε above this is weak protection", 0, unlimited, true, 10.0},
}};

bool in_range(const PolicyField& field, double value)
{
    return std::isfinite(value) && value <= field.most && (field.positive ? value > field.least : value >= field.least);
}

}  // namespace

std::span<const PolicyField> policy_fields() { return fields; }

model::Result<AuditPolicy> audit_policy(model::CaseStore& store)
{
    FEDSLEUTH_TRY(const auto limits, store.policy());
    AuditPolicy policy;
    const std::array<double*, 4> places{&policy.min_claims, &policy.delta_times_n, &policy.strong_epsilon,
                                        &policy.weak_epsilon};
    for (std::size_t field_idx = 0; field_idx < fields.size(); ++field_idx) {
        const auto limit = limits.find(std::string(fields[field_idx].name));
        if (limit == limits.end() || !in_range(fields[field_idx], limit->second)) continue;
        if (field_idx == 0)
            policy.max_epsilon = limit->second;
        else
            *places[field_idx - 1] = limit->second;
    }
    return policy;
}

model::Result<void> set_audit_policy(model::CaseStore& store, std::string_view name, std::optional<double> value)
{
    for (const PolicyField& field : fields) {
        if (field.name != name) continue;
        if (value && !in_range(field, *value)) {
            std::string range = field.positive ? " is a number above " : " is a number from ";
            range += model::short_number(field.least);
            if (field.most != unlimited) range.append(" to ").append(model::short_number(field.most));
            return model::fail(model::ErrorCode::invalid_argument,
                               std::string(name).append(range).append(" (").append(field.meaning).append(")"));
        }
        return store.put_policy(std::string(name), value);
    }
    std::string known;
    for (const PolicyField& field : fields) known.append(known.empty() ? "" : ", ").append(field.name);
    return model::fail(model::ErrorCode::invalid_argument,
                       "The privacy policy has no limit '" + std::string(name) + "'", {}, "it has " + known);
}

}  // namespace fedsleuth::analysis
