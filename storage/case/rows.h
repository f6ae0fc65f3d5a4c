// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/federation.h"
#include "model/finding.h"
#include "model/identity.h"
#include "model/update.h"
#include "model/verdict.h"
#include "storage/sqlite/database.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fedsleuth::storage {

template <class E, std::size_t n>
using Names = std::array<std::pair<E, std::string_view>, n>;

inline constexpr Names<model::UpdateKind, 3> update_kind_names{{{model::UpdateKind::delta, "delta"},
                                                                {model::UpdateKind::weights, "weights"},
                                                                {model::UpdateKind::gradient, "gradient"}}};
inline constexpr Names<model::Weighting, 2> weighting_names{
    {{model::Weighting::num_examples, "num_examples"}, {model::Weighting::equal, "equal"}}};
inline constexpr Names<model::SnapshotState, 6> snapshot_state_names{{{model::SnapshotState::usable, "usable"},
                                                                      {model::SnapshotState::missing, "missing"},
                                                                      {model::SnapshotState::refused, "refused"},
                                                                      {model::SnapshotState::misfit, "misfit"},
                                                                      {model::SnapshotState::non_finite, "non-finite"},
                                                                      {model::SnapshotState::no_base, "no-base"}}};
inline constexpr Names<model::Severity, 5> severity_names{{{model::Severity::info, "info"},
                                                           {model::Severity::low, "low"},
                                                           {model::Severity::medium, "medium"},
                                                           {model::Severity::high, "high"},
                                                           {model::Severity::critical, "critical"}}};
inline constexpr Names<model::FindingSource, 4> finding_source_names{{{model::FindingSource::ingest, "ingest"},
                                                                      {model::FindingSource::analysis, "analysis"},
                                                                      {model::FindingSource::privacy, "privacy"},
                                                                      {model::FindingSource::identity, "identity"}}};
inline constexpr Names<model::VerdictClass, 5> verdict_class_names{{{model::VerdictClass::unknown, "unknown"},
                                                                    {model::VerdictClass::clean, "clean"},
                                                                    {model::VerdictClass::watch, "watch"},
                                                                    {model::VerdictClass::suspect, "suspect"},
                                                                    {model::VerdictClass::malicious, "malicious"}}};

inline constexpr Names<model::SignatureOutcome, 5> signature_outcome_names{
    {{model::SignatureOutcome::valid, "valid"},
     {model::SignatureOutcome::invalid, "invalid"},
     {model::SignatureOutcome::certificate_bad, "certificate-bad"},
     {model::SignatureOutcome::indeterminate, "indeterminate"},
     {model::SignatureOutcome::unsigned_, "unsigned"}}};

template <class E, std::size_t n>
[[nodiscard]] std::string_view name_in(const Names<E, n>& names, E value)
{
    for (const auto& [candidate, name] : names)
        if (candidate == value) return name;
    return {};
}

/// One row of a result, read with distrust: what is out of range reads as a harmless value, and check() says so.
class Row {
public:
    explicit Row(const Statement& statement) : statement_(statement) {}

    model::RoundNo round(int column);
    std::optional<model::RoundNo> optional_round(int column);
    std::int64_t count(int column);  ///< ≥ 0
    std::int64_t integer(int column) { return statement_.integer(column); }
    std::optional<std::int64_t> optional_integer(int column) { return statement_.optional_integer(column); }
    bool truth(int column) { return statement_.integer(column) != 0; }
    double real(int column) { return statement_.real(column); }
    std::optional<double> optional_real(int column) { return statement_.optional_real(column); }
    std::string text(int column) { return statement_.text(column); }
    model::ClientId client(int column) { return model::ClientId{statement_.text(column)}; }
    std::optional<model::ClientId> optional_client(int column);
    std::optional<model::Signature> signature(int base64_column, int scheme_column);
    std::vector<std::int64_t> shape(int column);
    bool is_null(int column) { return statement_.is_null(column); }

    template <class E, std::size_t n>
    E named(int column, const Names<E, n>& names)
    {
        const std::string text = statement_.text(column);
        for (const auto& [value, name] : names)
            if (name == text) return value;
        fits_ = false;
        return names[0].first;
    }

    /// Error malformed, naming the table, where a value of the row made no sense.
    [[nodiscard]] model::Result<void> check(const Database& database, const char* table) const;

private:
    const Statement& statement_;
    bool fits_ = true;
};

/// Rounds above are refused: no federation gets there, and arithmetic with them stays exact.
inline constexpr std::int64_t highest_round = std::int64_t{1} << 53;

/// "16,64"; empty for a scalar.
[[nodiscard]] std::string shape_column(const std::vector<std::int64_t>& shape);

/// Now, as RFC 3339 in UTC with seconds.
[[nodiscard]] std::string time_now();
/// The operating system's name for whoever runs this process.
[[nodiscard]] std::string system_user();

}  // namespace fedsleuth::storage
