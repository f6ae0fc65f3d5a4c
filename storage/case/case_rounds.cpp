// SPDX-License-Identifier: GPL-3.0-or-later
// The rounds of a case, and which of them can be inspected at all.
#include "storage/case/case_inside.h"
#include "storage/case/round_contents.h"
#include "storage/case/rows.h"

#include <map>

namespace fedsleuth::storage {

using model::Result;
using model::Round;
using model::RoundNo;

namespace {

using Rounds = std::map<RoundNo, Round>;

Result<void> read_round_lines(Database& database, Rounds& rounds, std::map<std::int64_t, Round*>& by_line)
{
    FEDSLEUTH_TRY(Statement statement,
                  database.prepare("SELECT line, round, started_at, finished_at,"
                                   " iif(json_valid(extra_json), extra_json, '') FROM round_line r WHERE round >= 1"
                                   " AND NOT EXISTS (SELECT 1 FROM round_line n WHERE n.round = r.round"
                                   " AND n.line > r.line)"));
    while (true) {
        FEDSLEUTH_TRY(const bool more, statement.step());
        if (!more) return {};
        Row row(statement);
        const RoundNo number = row.round(1);
        FEDSLEUTH_CHECK(row.check(database, "round_line"));
        Round& round = rounds[number];
        round.number = number;
        round.started_at = row.text(2);
        round.finished_at = row.text(3);
        round.extra_json = row.text(4);
        by_line[row.integer(0)] = &round;
    }
}

Result<void> read_members_and_metrics(Database& database, const std::map<std::int64_t, Round*>& by_line)
{
    FEDSLEUTH_TRY(Statement members, database.prepare("SELECT line, failed, client FROM round_member"
                                                      " ORDER BY line, failed, position"));
    while (true) {
        FEDSLEUTH_TRY(const bool more, members.step());
        if (!more) break;
        const auto at = by_line.find(members.integer(0));
        if (at == by_line.end()) continue;
        Round& round = *at->second;
        (members.integer(1) != 0 ? round.failed : round.selected).emplace_back(members.text(2));
    }
    FEDSLEUTH_TRY(Statement metrics, database.prepare("SELECT line, name, value FROM metric WHERE line IN"
                                                      " (SELECT line FROM round_line)"));
    while (true) {
        FEDSLEUTH_TRY(const bool more, metrics.step());
        if (!more) return {};
        const auto at = by_line.find(metrics.integer(0));
        if (at != by_line.end()) at->second->metrics[metrics.text(1)] = metrics.real(2);
    }
}

}  // namespace

Result<std::map<RoundNo, RoundContents>> read_round_contents(Database& database)
{
    FEDSLEUTH_TRY(Statement statement,
                  database.prepare("SELECT l.round, l.client, l.sha256, s.payload FROM update_line l"
                                   " LEFT JOIN snapshot s ON s.sha256 = l.sha256 WHERE l.round >= 1 AND l.reference = 0"
                                   " AND NOT EXISTS (SELECT 1 FROM update_line n WHERE n.round = l.round"
                                   " AND n.client = l.client AND n.reference = 0 AND n.line > l.line)"
                                   " ORDER BY l.round, l.client"));
    std::map<RoundNo, RoundContents> rounds;
    while (true) {
        FEDSLEUTH_TRY(const bool more, statement.step());
        if (!more) return rounds;
        Row row(statement);
        const RoundNo number = row.round(0);
        FEDSLEUTH_CHECK(row.check(database, "update_line"));
        if (row.is_null(2)) continue;
        // What was read as numbers is compared as numbers, the rest byte by byte.
        const std::string contents = row.is_null(3) ? "file " + row.text(2) : "payload " + row.text(3);
        RoundContents& round = rounds[number];
        round.senders[contents].push_back(row.client(1));
        ++round.received;
    }
}

Result<std::vector<Round>> CaseFile::rounds()
{
    Database& database = inside_->database;
    Rounds rounds;
    std::map<std::int64_t, Round*> by_line;
    FEDSLEUTH_CHECK(read_round_lines(database, rounds, by_line));
    FEDSLEUTH_CHECK(read_members_and_metrics(database, by_line));

    FEDSLEUTH_TRY(Statement named, database.prepare("SELECT round FROM update_line WHERE round >= 1 UNION"
                                                    " SELECT round FROM checkpoint_line WHERE round >= 1"));
    while (true) {
        FEDSLEUTH_TRY(const bool more, named.step());
        if (!more) break;
        Row row(named);
        const RoundNo number = row.round(0);
        FEDSLEUTH_CHECK(row.check(database, "update_line"));
        rounds[number].number = number;
    }

    FEDSLEUTH_TRY(Statement secure, database.prepare("SELECT 1 FROM federation WHERE secure_aggregation <> 0"));
    FEDSLEUTH_TRY(const bool only_sums, secure.step());
    FEDSLEUTH_TRY(const auto contents, read_round_contents(database));
    std::vector<Round> list;
    list.reserve(rounds.size());
    for (auto& [number, round] : rounds) {
        const auto here = contents.find(number);
        if (only_sums) {
            round.inspectable = false;
            round.why_not = "the federation used secure aggregation: the server saw only sums";
        } else if (here != contents.end() && here->second.all_the_same()) {
            round.inspectable = false;
            round.why_not =
                "all updates of the round are the same, byte for byte: the recorder stood behind secure "
                "aggregation";
        }
        list.push_back(std::move(round));
    }
    return list;
}

}  // namespace fedsleuth::storage
