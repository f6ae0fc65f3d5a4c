// SPDX-License-Identifier: GPL-3.0-or-later
// Findings, what could not be checked, and the record: method, versions, limits, custody, digests.
#include "analysis/report/report_parts.h"

#include "analysis/detection/server_step.h"
#include "model/round_ledger.h"
#include "model/text.h"
#include "model/wording.h"

#include <algorithm>
#include <map>
#include <set>

namespace fedsleuth::analysis {

ReportSection findings_section(const ReportData& data)
{
    ReportSection section{"findings", "Findings", false, {}};
    if (data.findings.empty()) {
        section.blocks.push_back(paragraph("Nothing was found beside the verdicts."));
        return section;
    }
    constexpr std::size_t most = 500;
    std::vector<std::vector<std::string>> rows;
    for (const model::Finding& finding : data.findings) {
        if (rows.size() == most) break;
        rows.push_back({std::string(name_of(finding.severity)), model::kind_words(finding.kind),
                        finding.client ? model::visible(finding.client->text()) : "–", round_text(finding.round),
                        model::visible(finding.text)});
    }
    std::string caption = "By severity, then round";
    if (data.findings.size() > rows.size())
        caption += " (the first " + std::to_string(rows.size()) + " of " + std::to_string(data.findings.size()) + ")";
    section.blocks.push_back(table(caption, {"Severity", "Kind", "Client", "#Round", "What"}, rows));
    return section;
}

std::vector<std::string> not_checked(const ReportData& data)
{
    std::vector<std::string> items;
    if (!data.verdicts) items.emplace_back("No client was judged: the analysis has not run.");
    if (data.verdicts && !data.verdicts->inspectable) items.push_back(data.verdicts->why_not);
    std::vector<model::RoundNo> hidden, unknown_steps, unsigned_updates, missing_digests;
    for (const model::Round& round : data.rounds)
        if (!round.inspectable) hidden.push_back(round.number);
    if (!hidden.empty())
        items.push_back("Rounds " + rounds_text(hidden) +
                        ": only sums were seen, so single updates could not be inspected.");
    std::int64_t unusable = 0, without_signature = 0, without_digest = 0;
    for (const model::Update& update : data.updates) {
        unusable += !update.usable();
        without_signature += !update.signature.has_value();
        without_digest += update.declared_sha256.empty();
    }
    if (unusable > 0)
        items.push_back(
            counted(unusable, "update", "updates") +
            " could not be used (missing, refused, misfit, or not finite) and stayed out of the statistics.");
    if (without_signature > 0)
        items.push_back(counted(without_signature, "update carries", "updates carry") +
                        " no signature: who sent them rests on the log alone.");
    if (without_digest > 0)
        items.push_back("The log declares no digest for " + counted(without_digest, "update", "updates") +
                        ": that the file is the one that was sent could not be checked.");
    if (data.rollback) {
        for (const model::RollbackCandidate& candidate : data.rollback->rollback.candidates)
            if (candidate.aggregation == "not-checked") unknown_steps.push_back(candidate.round);
        std::erase_if(unknown_steps, [](model::RoundNo round) { return round.value() == 0; });
        if (!unknown_steps.empty())
            items.push_back("Checkpoints of rounds " + rounds_text(unknown_steps) +
                            ": whether the updates give them could not be checked (rule " +
                            model::visible(data.federation.aggregation.rule) + ").");
        if (!data.rollback->contamination) items.emplace_back("The contamination of the checkpoints was not measured.");
    }
    std::int64_t unknown_rules = 0;
    for (const RuleResult& rule : data.audit.rules) unknown_rules += rule.outcome == RuleOutcome::unknown;
    if (unknown_rules > 0)
        items.push_back(counted(unknown_rules, "privacy rule", "privacy rules") +
                        " could not be decided; the table of rules says why.");
    if (!data.issues.empty())
        items.push_back(counted(static_cast<std::int64_t>(data.issues.size()), "line or file", "lines or files") +
                        " of the evidence could not be taken as they are.");
    if (data.probes.empty())
        items.emplace_back(
            "No probe data was used: whether a backdoor works, and how accuracy changes without the flagged "
            "clients, was not measured.");
    return items;
}

ReportSection unchecked_section(const ReportData& data)
{
    ReportSection section{"unchecked", "What could not be checked", false, {}};
    section.blocks.push_back(list(not_checked(data)));
    return section;
}

namespace {

ReportBlock custody_block(const ReportData& data)
{
    std::vector<std::vector<std::string>> rows;
    for (const model::CustodyEntry& entry : data.custody)
        rows.push_back({std::to_string(entry.index), entry.time, model::visible(entry.actor),
                        model::visible(entry.action), model::visible(entry.subject), entry.hash});
    return table(
        "Every act on the case, each chained to the one before; reports made of it are in the chain and not listed",
        {"#Entry", "Time (UTC)", "Who", "Act", "With what", "Hash"}, rows);
}

void add_digests(ReportSection& section, const ReportData& data)
{
    constexpr std::size_t most = 1500;
    std::vector<std::vector<std::string>> rows;
    for (const model::EvidenceFile& file : data.files) {
        if (rows.size() == most) break;
        rows.push_back({model::visible(file.path), model::grouped(file.bytes),
                        file.actual_sha256.empty() ? "–" : file.actual_sha256,
                        file.declared_sha256.empty()                 ? "not declared"
                        : file.declared_sha256 == file.actual_sha256 ? "as declared"
                                                                     : "differs from the log",
                        model::visible(file.state)});
    }
    std::string caption = "Evidence files as they were taken in";
    if (data.files.size() > rows.size())
        caption += " (the first " + std::to_string(rows.size()) + " of " + std::to_string(data.files.size()) +
                   "; the JSON report has all)";
    section.blocks.push_back(table(caption, {"File", "#Bytes", "SHA-256", "Digest", "State"}, rows));
}

}  // namespace

ReportSection record_section(const ReportData& data, const ReportOptions& options)
{
    ReportSection section{"record", "For the record", false, {}};
    section.blocks.push_back(heading("Method"));
    if (!data.probes.empty())
        section.blocks.push_back(list({data.probes + " The inputs that it shuffled for comparison are drawn from fixed "
                                                     "seeds."}));
    std::string detectors;
    for (const std::string& detector : data.detectors) detectors += (detectors.empty() ? "" : ", ") + detector;
    section.blocks.push_back(list({
        "Program: Fedsleuth " FEDSLEUTH_VERSION "; ledger version " + std::to_string(model::RoundLedger::version) +
            "; the analysis draws no random numbers.",
        "Detectors that gave scores: " + (detectors.empty() ? std::string("none") : detectors) +
            ". Each is read against the round's own crowd, fused per client and round, and accumulated over rounds.",
        "Untouched probability of a checkpoint: the product over suspect and malicious clients of the probability that "
        "their first malicious "
        "update came later; recommended from " +
            model::short_number(strict_cleanliness, 2) + " on.",
        "Contamination: the declared rule run again on every round without the flagged clients since their first bad "
        "round, "
        "and the difference carried to every later checkpoint: once with all other updates as they were sent, once "
        "with the "
        "answer of honest clients estimated by L-BFGS (ten pairs, curvature guard 1e-8).",
        "A shipped step counts as redone when what differs is at most " + model::short_number(tolerated_residual, 2) +
            " of it.",
    }));
    section.blocks.push_back(heading("Options and limits"));
    std::vector<std::string> limits;
    for (const auto& [name, value] : data.policy)
        limits.push_back(model::visible(name) + " = " + model::short_number(value, 6));
    if (limits.empty()) limits.emplace_back("The case sets no limits of its own: the program's defaults apply.");
    if (options.pseudonyms)
        limits.emplace_back(
            "Clients carry pseudonyms in this report. The hashes of custody entries are those of the entries "
            "with the real ids. Ids of up to four digits may still stand in sentences.");
    section.blocks.push_back(list(limits));
    section.blocks.push_back(heading("Chain of custody"));
    section.blocks.push_back(paragraph(data.custody.empty()
                                           ? std::string("The case holds no custody entry.")
                                           : "Head of the chain: " + data.custody.back().hash + " (entry " +
                                                 std::to_string(data.custody.back().index) + ")."));
    section.blocks.push_back(custody_block(data));
    section.blocks.push_back(heading("Digests"));
    add_digests(section, data);
    if (!data.issues.empty()) {
        std::vector<std::vector<std::string>> rows;
        for (const model::ImportIssue& issue : data.issues)
            rows.push_back({model::visible(issue.file), issue.line > 0 ? std::to_string(issue.line) : "–",
                            model::visible(issue.text)});
        section.blocks.push_back(table("What could not be taken as it is", {"File", "#Line", "What"}, rows));
    }
    return section;
}

}  // namespace fedsleuth::analysis
