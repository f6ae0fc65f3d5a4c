// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/case/outcome_digest.h"

#include "storage/case/ledger_codec.h"
#include "storage/custody/digest.h"

#include <optional>

namespace fedsleuth::storage {

namespace {

void add(ByteWriter& out, const std::optional<model::RoundNo>& round) { out.integer(round ? round->value() : -1); }

void add(ByteWriter& out, const std::optional<double>& value)
{
    out.integer(value.has_value());
    out.real(value.value_or(0));
}

void add(ByteWriter& out, const std::vector<model::Reason>& reasons)
{
    out.integer(static_cast<std::int64_t>(reasons.size()));
    for (const model::Reason& reason : reasons) {
        out.text(reason.detector);
        out.integer(reason.round.value());
        out.text(reason.text);
        out.real(reason.evidence);
    }
}

void add(ByteWriter& out, const model::Verdict& verdict)
{
    out.text(verdict.client.text());
    out.text(model::name_of(verdict.verdict));
    out.real(verdict.probability);
    add(out, verdict.first_bad_round);
    out.integer(static_cast<std::int64_t>(verdict.bad_rounds.size()));
    for (const model::RoundNo round : verdict.bad_rounds) out.integer(round.value());
    out.text(verdict.attack);
    out.text(verdict.family);
    add(out, verdict.reasons);
    add(out, verdict.against);
    out.integer(verdict.group.has_value());
    out.integer(verdict.group.value_or(0));
}

void add(ByteWriter& out, const model::RollbackCandidate& candidate)
{
    out.integer(candidate.round.value());
    out.real(candidate.clean_probability);
    add(out, candidate.contamination);
    out.text(candidate.signature);
    out.text(candidate.aggregation);
    add(out, candidate.residual);
    out.integer(static_cast<std::int64_t>(candidate.metrics.size()));
    for (const auto& [name, value] : candidate.metrics) {
        out.text(name);
        out.real(value);
    }
    out.text(candidate.status);
    out.text(candidate.why);
}

void add(ByteWriter& out, const model::Finding& finding)
{
    out.text(finding.kind);
    out.text(model::name_of(finding.severity));
    out.integer(finding.client.has_value());
    out.text(finding.client ? finding.client->text() : std::string());
    add(out, finding.round);
    out.text(finding.text);
    out.text(finding.evidence_json);
    out.integer(static_cast<std::int64_t>(finding.source));
}

}  // namespace

std::string digest_of(const model::CaseStore::AnalysisOutcome& outcome)
{
    Sha256 digest;
    ByteWriter head;
    head.integer(static_cast<std::int64_t>(outcome.scores.size()));
    digest.add(head.bytes());
    // Table by table: all of them together would double the memory.
    for (const model::DetectorScores& scores : outcome.scores) {
        const std::vector<std::byte> bytes = encode(scores);
        ByteWriter length;
        length.integer(static_cast<std::int64_t>(bytes.size()));
        digest.add(length.bytes());
        digest.add(bytes);
    }
    ByteWriter rest;
    rest.integer(static_cast<std::int64_t>(outcome.verdicts.clients.size()));
    for (const model::Verdict& verdict : outcome.verdicts.clients) add(rest, verdict);
    rest.integer(outcome.verdicts.inspectable);
    rest.text(outcome.verdicts.why_not);
    add(rest, outcome.rollback.recommended);
    add(rest, outcome.rollback.first_poisoned_round);
    rest.integer(static_cast<std::int64_t>(outcome.rollback.candidates.size()));
    for (const model::RollbackCandidate& candidate : outcome.rollback.candidates) add(rest, candidate);
    rest.integer(static_cast<std::int64_t>(outcome.findings.size()));
    for (const model::Finding& finding : outcome.findings) add(rest, finding);
    digest.add(rest.bytes());
    return digest.hex();
}

}  // namespace fedsleuth::storage
