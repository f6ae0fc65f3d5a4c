// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/ingest/conclusions.h"

#include "storage/case/case_inside.h"
#include "storage/case/round_contents.h"
#include "storage/ingest/import_issues.h"

#include "model/json_writer.h"

#include <algorithm>
#include <map>
#include <unordered_map>

namespace fedsleuth::storage {

using model::Finding;
using model::Result;
using model::Severity;
using model::SnapshotState;

namespace {

using Findings = std::vector<Finding>;
using Problems = std::unordered_map<std::string, std::string>;  ///< file digest → which check failed

Result<Problems> read_problems(Database& database)
{
    FEDSLEUTH_TRY(Statement statement, database.prepare("SELECT sha256, problem FROM snapshot WHERE problem <> ''"));
    Problems problems;
    while (true) {
        FEDSLEUTH_TRY(const bool more, statement.step());
        if (!more) return problems;
        problems[statement.text(0)] = statement.text(1);
    }
}

std::string evidence_of_file(const std::string& path, const std::string& declared, const std::string& actual)
{
    model::JsonWriter json;
    json.begin_object().field("path", path);
    if (!declared.empty()) json.field("declared_sha256", declared);
    if (!actual.empty()) json.field("sha256", actual);
    json.end_object();
    return json.text();
}

/// What is wrong with one file, be it an update or a checkpoint.
template <class Noun>
void judge_file(const Noun& noun, const Finding& head, const std::string& whose, const Problems& problems,
                Findings& findings)
{
    const auto add = [&](const char* kind, Severity severity, const std::string& text) {
        Finding finding = head;
        finding.kind = kind;
        finding.severity = severity;
        finding.text = whose + ' ' + text;
        finding.evidence_json = evidence_of_file(noun.path, noun.declared_sha256, noun.actual_sha256);
        findings.push_back(std::move(finding));
    };
    const bool was_read = !noun.actual_sha256.empty();
    if (was_read && !noun.declared_sha256.empty() && noun.declared_sha256 != noun.actual_sha256)
        add("digest-mismatch", Severity::high,
            "is not the file that the log describes: its SHA-256 is " + noun.actual_sha256 + ", the log has " +
                noun.declared_sha256 + "; the numbers of the file as it lies there are used");
    const auto problem = problems.find(noun.actual_sha256);
    switch (noun.state) {
        case SnapshotState::missing:
            add("missing-update", Severity::low, "is not there: " + noun.state_text);
            break;
        case SnapshotState::refused:
            if (was_read && problem != problems.end() && problem->second == "foreign-global")
                add("refused-snapshot", Severity::critical,
                    "was not opened, for it could run code: " + noun.state_text);
            else
                add("refused-snapshot", Severity::high, "was not opened: " + noun.state_text);
            break;
        case SnapshotState::misfit:
            add("shape-mismatch", Severity::high, "does not fit the model: it " + noun.state_text);
            break;
        case SnapshotState::non_finite:
            add("non-finite-update", Severity::high, noun.state_text + "; it is kept and stays out of the statistics");
            break;
        case SnapshotState::usable:
        case SnapshotState::no_base:
            break;
    }
}

void judge_files(const std::vector<model::Update>& updates, const std::vector<model::Checkpoint>& checkpoints,
                 const Problems& problems, Findings& findings)
{
    for (const model::Update& update : updates) {
        Finding head;
        head.round = update.round;
        if (!update.reference) head.client = update.client;
        const std::string round = std::to_string(update.round.value());
        judge_file(update, head,
                   update.reference ? "The reference update of round " + round
                                    : "The update of " + update.client.text() + " in round " + round,
                   problems, findings);
    }
    for (const model::Checkpoint& checkpoint : checkpoints) {
        if (checkpoint.state == SnapshotState::missing) continue;  // an import issue
        Finding head;
        head.round = checkpoint.round;
        judge_file(checkpoint, head, "The checkpoint of round " + std::to_string(checkpoint.round.value()), problems,
                   findings);
    }
}

void find_absent_clients(const std::vector<model::Round>& rounds, const std::vector<model::Update>& updates,
                         Findings& findings)
{
    std::map<model::RoundNo, std::set<model::ClientId>> senders;
    for (const model::Update& update : updates)
        if (!update.reference) senders[update.round].insert(update.client);
    for (const model::Round& round : rounds) {
        if (!round.inspectable) continue;
        const std::string number = std::to_string(round.number.value());
        const auto sent = senders.find(round.number);
        if (sent == senders.end()) {
            if (round.selected.size() <= round.failed.size()) continue;
            findings.push_back({"missing-update",
                                Severity::low,
                                {},
                                round.number,
                                "Round " + number + " selected " + std::to_string(round.selected.size()) +
                                    " clients, and the log holds no update of any of them",
                                {},
                                model::FindingSource::ingest});
            continue;
        }
        std::set<model::ClientId> expected(round.selected.begin(), round.selected.end());
        for (const model::ClientId& failed : round.failed) expected.erase(failed);
        for (const model::ClientId& client : expected)
            if (!sent->second.contains(client))
                findings.push_back({"missing-update",
                                    Severity::low,
                                    client,
                                    round.number,
                                    client.text() + " was selected in round " + number +
                                        " and is not among those that failed, but the log holds no update of it",
                                    {},
                                    model::FindingSource::ingest});
    }
}

void find_unknown_clients(const std::vector<model::Client>& clients, const std::vector<model::Update>& updates,
                          Findings& findings)
{
    std::set<model::ClientId> registered;
    for (const model::Client& client : clients)
        if (client.registered) registered.insert(client.id);
    if (registered.empty()) return;
    std::map<model::ClientId, std::vector<model::RoundNo>> strangers;
    for (const model::Update& update : updates)
        if (!update.reference && !registered.contains(update.client)) strangers[update.client].push_back(update.round);
    for (const auto& [client, rounds] : strangers) {
        model::JsonWriter json;
        json.begin_object().key("rounds").begin_array();
        for (const model::RoundNo round : rounds) json.value(round.value());
        json.end_array().end_object();
        findings.push_back({"unknown-client", Severity::high, client, rounds.front(),
                            client.text() + " sent updates (first in round " + std::to_string(rounds.front().value()) +
                                ") and was never registered, though the log registers " +
                                std::to_string(registered.size()) + " others",
                            json.text(), model::FindingSource::ingest});
    }
}

std::string joined(const std::vector<model::ClientId>& clients)
{
    constexpr std::size_t shown = 8;
    std::string text;
    for (std::size_t idx = 0; idx < std::min(shown, clients.size()); ++idx) {
        if (idx > 0) text += idx + 1 == clients.size() ? " and " : ", ";
        text += clients[idx].text();
    }
    if (clients.size() > shown) text += " and " + std::to_string(clients.size() - shown) + " more";
    return text;
}

void find_identical(const std::map<model::RoundNo, RoundContents>& contents, Findings& findings)
{
    for (const auto& [round, here] : contents) {
        if (here.all_the_same()) continue;
        for (const auto& [what, clients] : here.senders) {
            if (clients.size() < 2) continue;
            model::JsonWriter json;
            json.begin_object().key("clients").begin_array();
            for (const model::ClientId& client : clients) json.value(client.text());
            json.end_array().end_object();
            findings.push_back({"identical-updates", Severity::medium, clients.front(), round,
                                joined(clients) + " sent the same update in round " + std::to_string(round.value()) +
                                    ", number for number",
                                json.text(), model::FindingSource::ingest});
        }
    }
}

void find_replayed(const std::vector<model::Update>& updates, Findings& findings)
{
    struct First {
        model::RoundNo round;
        model::ClientId client;
    };
    std::unordered_map<std::string, First> seen;  // by digest; updates come by round
    for (const model::Update& update : updates) {
        if (update.reference || update.actual_sha256.empty()) continue;
        const auto [at, is_new] = seen.try_emplace(update.actual_sha256, First{update.round, update.client});
        if (is_new || at->second.round >= update.round) continue;
        const First& first = at->second;
        model::JsonWriter json;
        json.begin_object()
            .field("path", update.path)
            .field("sha256", update.actual_sha256)
            .field("first_round", first.round.value())
            .field("first_client", first.client.text())
            .end_object();
        findings.push_back({"update-replayed", Severity::high, update.client, update.round,
                            update.client.text() + " sent in round " + std::to_string(update.round.value()) +
                                " the very file that " +
                                (first.client == update.client ? std::string("it") : first.client.text()) +
                                " had sent in round " + std::to_string(first.round.value()),
                            json.text(), model::FindingSource::ingest});
    }
}

void find_not_inspectable(bool secure_aggregation, const std::vector<model::Round>& rounds, Findings& findings)
{
    if (secure_aggregation) {
        findings.push_back({"not-inspectable",
                            Severity::info,
                            {},
                            {},
                            "The federation used secure aggregation: the server saw only sums, and single updates "
                            "can't be inspected",
                            {},
                            model::FindingSource::ingest});
        return;
    }
    for (const model::Round& round : rounds)
        if (!round.inspectable)
            findings.push_back(
                {"not-inspectable",
                 Severity::low,
                 {},
                 round.number,
                 "Round " + std::to_string(round.number.value()) + " can't be inspected: " + round.why_not,
                 {},
                 model::FindingSource::ingest});
}

void sum_up_issues(const std::vector<model::ImportIssue>& issues, Findings& findings)
{
    if (issues.empty()) return;
    const model::ImportIssue& first = issues.front();
    std::string place = first.file;
    if (first.line > 0) place += ", line " + std::to_string(first.line);
    model::JsonWriter json;
    json.begin_object().field("issues", static_cast<std::int64_t>(issues.size())).end_object();
    findings.push_back({"import-issue",
                        Severity::low,
                        {},
                        {},
                        std::to_string(issues.size()) +
                            (issues.size() == 1 ? " thing could not be taken in as it is: "
                                                : " things could not be taken in as they are; the first: ") + place + ": " + first.text,
                        json.text(),
                        model::FindingSource::ingest});
}

}  // namespace

Result<Conclusions> conclude(CaseFile& file, const RoundLog& log, const std::set<std::string>& listing)
{
    Database& database = file.inside().database;
    FEDSLEUTH_TRY(const model::Federation federation, file.federation());
    FEDSLEUTH_TRY(const auto clients, file.clients());
    FEDSLEUTH_TRY(const auto rounds, file.rounds());
    FEDSLEUTH_TRY(const auto updates, file.updates());
    FEDSLEUTH_TRY(const auto checkpoints, file.checkpoints());
    FEDSLEUTH_TRY(const auto contents, read_round_contents(database));
    FEDSLEUTH_TRY(const Problems problems, read_problems(database));

    Conclusions conclusions;
    FEDSLEUTH_TRY(conclusions.issues, collect_issues(database, log, updates, listing));
    Findings& findings = conclusions.findings;
    judge_files(updates, checkpoints, problems, findings);
    find_absent_clients(rounds, updates, findings);
    find_unknown_clients(clients, updates, findings);
    if (!federation.secure_aggregation) {
        find_identical(contents, findings);
        find_replayed(updates, findings);
    }
    find_not_inspectable(federation.secure_aggregation, rounds, findings);
    sum_up_issues(conclusions.issues, findings);
    return conclusions;
}

Result<void> write_conclusions(Database& database, const Conclusions& conclusions)
{
    FEDSLEUTH_CHECK(database.run("DELETE FROM import_issue; DELETE FROM finding WHERE source = 'ingest'"));
    FEDSLEUTH_TRY(Statement insert,
                  database.prepare("INSERT INTO import_issue (file, line, text) VALUES (?1, ?2, ?3)"));
    for (const model::ImportIssue& issue : conclusions.issues)
        FEDSLEUTH_CHECK(insert.run(issue.file, issue.line, issue.text));
    return write_findings(database, conclusions.findings);
}

}  // namespace fedsleuth::storage
