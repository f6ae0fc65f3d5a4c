// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/identity_words.h"

#include "model/text.h"
#include "ui/session/wording.h"

#include <array>
#include <map>
#include <QJsonDocument>
#include <QJsonObject>

namespace fedsleuth::ui {

using model::SignatureOutcome;

namespace {

constexpr std::array outcomes{SignatureOutcome::valid, SignatureOutcome::certificate_bad, SignatureOutcome::invalid,
                              SignatureOutcome::unsigned_, SignatureOutcome::indeterminate};

}  // namespace

std::string outcome_text(SignatureOutcome outcome)
{
    switch (outcome) {
        case SignatureOutcome::valid:
            return "valid";
        case SignatureOutcome::invalid:
            return "invalid";
        case SignatureOutcome::certificate_bad:
            return "valid with a bad certificate";
        case SignatureOutcome::indeterminate:
            return "can't be told";
        case SignatureOutcome::unsigned_:
            return "unsigned";
    }
    return {};
}

std::string signatures_summary(const CaseData& data)
{
    if (data.signatures.empty()) {
        if (!data.verdicts) return "Signatures are checked by the analysis, which has not been run yet.";
        return "No update and no checkpoint is signed: that a client sent what the log says it sent is the server's "
               "word alone.";
    }
    std::map<SignatureOutcome, std::int64_t> counts;
    for (const model::SignatureCheck& check : data.signatures) ++counts[check.outcome];
    std::vector<std::string> parts;
    for (const SignatureOutcome outcome : outcomes)
        if (counts.contains(outcome)) parts.push_back(model::grouped(counts[outcome]) + " " + outcome_text(outcome));
    return counted(static_cast<std::int64_t>(data.signatures.size()), "update or checkpoint",
                   "updates and checkpoints") +
           ": " + list_text(parts, parts.size()) + ".";
}

std::string client_signatures(const CaseData& data, const model::ClientId& client)
{
    std::map<SignatureOutcome, std::vector<model::RoundNo>> rounds;
    for (const model::SignatureCheck& check : data.signatures)
        if (check.client == client) rounds[check.outcome].push_back(check.round);
    std::vector<std::string> parts;
    for (const SignatureOutcome outcome : outcomes) {
        const auto found = rounds.find(outcome);
        if (found == rounds.end()) continue;
        std::string part = model::grouped(static_cast<long long>(found->second.size())) + " " + outcome_text(outcome);
        if (outcome != SignatureOutcome::valid) part += " (" + round_list_text(found->second, 6) + ")";
        parts.push_back(std::move(part));
    }
    return parts.empty() ? std::string() : list_text(parts, parts.size());
}

bool is_admission_kind(std::string_view kind)
{
    constexpr std::array kinds{"unknown-client",  "too-few-examples", "rate-limit",        "bulk-registration",
                               "update-replayed", "update-stale",     "identical-updates", "certificate-shared-key"};
    for (const char* known : kinds)
        if (kind == known) return true;
    return false;
}

bool has_certificate_finding(const CaseData& data, const std::optional<model::ClientId>& client)
{
    for (const model::Finding& finding : data.findings)
        if (finding.client == client && finding.kind.starts_with("certificate-")) return true;
    return false;
}

FindingPlace place_of(const model::Finding& finding)
{
    const QJsonObject object = QJsonDocument::fromJson(QByteArray::fromStdString(finding.evidence_json)).object();
    FindingPlace place;
    place.path = object["path"].toString().toStdString();
    if (place.path.empty()) place.path = object["certificate"].toString().toStdString();
    constexpr double furthest = 1e15;
    const double line = object["line"].toDouble();
    if (line >= 1 && line < furthest) place.line = static_cast<long long>(line);
    return place;
}

}  // namespace fedsleuth::ui
