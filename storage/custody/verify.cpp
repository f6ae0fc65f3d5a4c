// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/custody/verify.h"

#include "storage/case/case_inside.h"
#include "storage/case/vector_reader.h"
#include "storage/custody/contents.h"
#include "storage/custody/custody_chain.h"
#include "storage/custody/digest.h"
#include "storage/custody/evidence_check.h"
#include "storage/custody/merkle_tree.h"
#include "storage/custody/seal.h"

#include "model/text.h"

#include <algorithm>
#include <map>

namespace fedsleuth::storage {

using model::ErrorCode;
using model::Result;

namespace {

const model::CustodyEntry* last_of(const std::vector<model::CustodyEntry>& entries, std::string_view action)
{
    const auto found = std::find_if(entries.rbegin(), entries.rend(),
                                    [&](const model::CustodyEntry& entry) { return entry.action == action; });
    return found == entries.rend() ? nullptr : &*found;
}

std::string name_of(const model::CustodyEntry& entry) { return "entry " + std::to_string(entry.index); }

/// What each act vouches for, against the rows as they are.
Result<void> check_rows(Database& database, const std::vector<model::CustodyEntry>& entries, Verification& result)
{
    struct Act {
        const char* action;
        const char* rows;  ///< for a person
    };
    for (const Act& act : {Act{"ingest", "what was taken in from the evidence"},
                           Act{"analyse", "scores, verdicts, rollback, signatures or findings"},
                           Act{"decide", "the decisions"}, Act{"policy", "the limits of the case's policy"}}) {
        const model::CustodyEntry* entry = last_of(entries, act.action);
        FEDSLEUTH_TRY(const std::string now, contents_digest(database, act.action));
        if (!entry) {
            // Nobody vouches for any such row: there must be none.
            for (const CoveredRows& rows : covered_by(act.action)) {
                std::string sql = "SELECT count(*) FROM " + std::string(rows.table);
                if (!rows.where.empty()) sql.append(" WHERE ").append(rows.where);
                FEDSLEUTH_TRY(const std::int64_t count, database.integer(sql));
                if (count > 0)
                    result.problems.push_back({"case", std::string(rows.table),
                                               "The case holds " + std::string(act.rows) +
                                                   ", and no entry of the custody chain says where that came from."});
            }
            continue;
        }
        const std::optional<std::string> then = digest_under(*entry, "contents");
        if (!then)
            result.notes.push_back("Custody entry " + std::to_string(entry->index) + " (" + entry->action +
                                   ") was written by an earlier version and does not vouch for rows.");
        else if (*then != now)
            result.problems.push_back({"case", name_of(*entry),
                                       "The case was changed outside of Fedsleuth: " + std::string(act.rows) +
                                           " are not as the act of " + entry->time + " (" + entry->action +
                                           ") left them."});
    }
    return {};
}

/// Ledgers carry digests of their own, which tell the round; the analysis that left them vouches for all of these.
Result<void> check_ledgers(Database& database, const std::vector<model::CustodyEntry>& entries, Verification& result)
{
    FEDSLEUTH_TRY(Statement ledgers, database.prepare("SELECT round, data, sha256 FROM ledger"));
    while (true) {
        FEDSLEUTH_TRY(const bool more, ledgers.step());
        if (!more) break;
        Sha256 digest;
        digest.add(ledgers.bytes(1));
        if (digest.hex() != ledgers.text(2))
            result.problems.push_back({"case", "ledger",
                                       "The ledger of round " + std::to_string(ledgers.integer(0)) +
                                           " was changed after it was computed. Analysing with --rebuild computes it "
                                           "anew."});
    }
    const auto last = std::find_if(entries.rbegin(), entries.rend(), [](const model::CustodyEntry& entry) {
        return entry.action == "ingest" || entry.action == "analyse" || entry.action == "measure";
    });
    if (last == entries.rend() || last->action == "measure") return {};
    const std::optional<std::string> then = digest_under(*last, "ledger_sums");
    FEDSLEUTH_TRY(const std::string now, ledgers_digest(database));
    if (then && *then != now)
        result.problems.push_back({"case", "ledger",
                                   "The case does not hold the same ledgers as the act of " + last->time + " (" +
                                       last->action + ") left in it. Analysing with --rebuild computes them anew."});
    return {};
}

/// Each document is as the last entry of its name says, and every one that was computed is there.
Result<void> check_documents(Database& database, const std::vector<model::CustodyEntry>& entries, Verification& result)
{
    std::map<std::string, std::string> computed;  // name → digest
    for (const model::CustodyEntry& entry : entries)
        if (entry.action == "compute") computed[entry.subject] = entry.sha256;
    const auto add = [&](const std::string& name, const std::string& what) {
        result.problems.push_back(
            {"case", "document", "The document \"" + model::visible(name) + "\" " + what + " Analysing computes it anew."});
    };
    FEDSLEUTH_TRY(Statement documents, database.prepare("SELECT name, body, sha256 FROM document"));
    while (true) {
        FEDSLEUTH_TRY(const bool more, documents.step());
        if (!more) break;
        const std::string name = documents.text(0), digest = document_digest(name, documents.text(1));
        const auto entry = computed.find(name);
        if (entry == computed.end())
            add(name, "is in the case, and no entry of the custody chain says where it came from.");
        else if (digest != entry->second || digest != documents.text(2))
            add(name, "was changed after it was computed.");
        if (entry != computed.end()) computed.erase(entry);
    }
    for (const auto& [name, digest] : computed) add(name, "was computed and is gone.");
    return {};
}

/// Slabs that belong to nothing: smuggled in. Each payload has as many as its coordinates fill (see the schema).
Result<void> check_stray_slabs(Database& database, Verification& result)
{
    FEDSLEUTH_TRY(const std::int64_t stray,
                  database.integer("SELECT count(*) FROM slab WHERE NOT EXISTS (SELECT 1 FROM payload p WHERE p.id ="
                                   " slab.id / 1048576 AND slab.id % 1048576 < (p.coordinates + 65535) / 65536)"));
    if (stray > 0)
        result.problems.push_back({"case", "slab", "The case holds numbers that belong to no file of the evidence."});
    return {};
}

void check_chain(const std::vector<model::CustodyEntry>& entries, Verification& result)
{
    for (const std::string& problem : check_custody_chain(entries)) {
        // "custody entry 3 (decide) was changed …"
        const std::size_t end = problem.find(" (");
        const std::string where = problem.starts_with("custody ") && end != std::string::npos
                                      ? problem.substr(8, end - 8)
                                      : std::string("chain");
        std::string text = problem + '.';
        text.front() = 'C';
        result.problems.push_back({"custody", where, std::move(text)});
    }
    if (entries.empty())
        result.problems.push_back({"custody", "chain",
                                   "The custody chain is empty: nothing says where this case came "
                                   "from."});
}

void check_tree(const std::vector<model::CustodyEntry>& entries, Verification& result)
{
    const model::CustodyEntry* entry = last_of(entries, "ingest");
    if (entry && digest_under(*entry, "contents") && entry->sha256 != result.evidence_root)
        result.problems.push_back({"custody", name_of(*entry),
                                   "The hash tree over the evidence's digests has another root than when it was taken "
                                   "in."});
}

Result<void> check_seal(CaseFile& file, const VerifyOptions& options, const std::vector<model::CustodyEntry>& entries,
                        Verification& result)
{
    const auto add = [&](std::string text) { result.problems.push_back({"seal", "", std::move(text)}); };
    FEDSLEUTH_TRY(const Seal seal, read_seal(*options.seal));
    if (!seal.verifies) add("The seal's signature does not fit its text: the seal itself was changed.");
    if (options.seal_key) {
        FEDSLEUTH_TRY(const std::string key, public_key_from_pem(*options.seal_key));
        if (key != seal.key) add("The seal was not made with the key that was given, but with " + seal.key + ".");
    }
    const auto federation = file.federation();
    const auto held = static_cast<std::int64_t>(entries.size());
    if (held < seal.entries) {
        add("The custody chain was cut short: it had " + model::grouped(seal.entries) +
            " entries when it was sealed at " + seal.sealed_at + ", and has " + model::grouped(held) + " now.");
    } else if (seal.entries < 1 || entries[static_cast<std::size_t>(seal.entries - 1)].hash != seal.head) {
        add("The custody chain is another than the one that was sealed at " + seal.sealed_at + ": entry " +
            std::to_string(seal.entries) + " had the hash " + seal.head +
            (federation && model::visible(federation->name) == seal.federation
                 ? "."
                 : " (the seal is of the federation \"" + model::visible(seal.federation) + "\")."));
    } else {
        const model::CustodyEntry& sealed = entries[static_cast<std::size_t>(seal.entries - 1)];
        if (sealed.sha256 != seal.evidence_root)
            add("The evidence that was sealed had another root than the chain says.");
        if (held > seal.entries)
            result.notes.push_back(model::grouped(held - seal.entries) +
                                   " custody entries were added since the seal of " + seal.sealed_at +
                                   "; those before are as they were.");
    }
    return {};
}

}  // namespace

Result<InclusionProof> prove_evidence(CaseFile& file, const std::string& path)
{
    FEDSLEUTH_TRY(const auto leaves, evidence_leaves(file.inside().database));
    const std::string start = path + '\0';
    const auto found =
        std::find_if(leaves.begin(), leaves.end(), [&](const std::string& leaf) { return leaf.starts_with(start); });
    if (found == leaves.end())
        return model::fail(ErrorCode::not_found, "the evidence holds no such file", path, "paths are those of the log");
    const MerkleTree tree(leaves);
    const auto index = static_cast<std::size_t>(found - leaves.begin());
    return InclusionProof{found->substr(start.size()), index, tree.size(), tree.inclusion_proof(index), tree.root()};
}

Result<Verification> verify_case(CaseFile& file, const VerifyOptions& options, model::Progress& progress)
{
    Database& database = file.inside().database;
    Verification result;
    FEDSLEUTH_TRY(const std::vector<model::CustodyEntry> entries, file.custody());
    result.entries = static_cast<std::int64_t>(entries.size());
    if (!entries.empty()) result.head = entries.back().hash;
    check_chain(entries, result);
    FEDSLEUTH_TRY(const auto leaves, evidence_leaves(database));
    result.evidence_files = static_cast<std::int64_t>(leaves.size());
    result.evidence_root = MerkleTree(leaves).root();
    check_tree(entries, result);
    FEDSLEUTH_CHECK(check_rows(database, entries, result));
    FEDSLEUTH_CHECK(check_ledgers(database, entries, result));
    FEDSLEUTH_CHECK(check_documents(database, entries, result));
    FEDSLEUTH_CHECK(check_stray_slabs(database, result));

    std::string place;
    if (options.folder) {
        place = options.folder->string();
    } else if (auto known = file.evidence_folder()) {
        place = std::move(*known);
    }
    auto folder = EvidenceFolder::open(place);
    FEDSLEUTH_TRY(const std::int64_t linked, database.integer("SELECT count(*) FROM payload WHERE path IS NOT NULL"));
    if (linked > 0 && !folder) {
        result.notes.push_back(
            "The case is linked to its evidence folder, which is not there: its numbers could not be "
            "checked.");
    } else {
        const auto problems = file.check_contents(progress);
        if (!problems && problems.error().code != ErrorCode::malformed) return model::pass_on(problems.error());
        if (!problems) result.problems.push_back({"case", "", "The case " + problems.error().message + '.'});
        if (problems)
            for (const std::string& problem : *problems) result.problems.push_back({"numbers", "", problem + '.'});
    }
    if (folder)
        FEDSLEUTH_CHECK(check_evidence(file, *folder, progress, result));
    else if (options.folder)
        return model::pass_on(std::move(folder.error()));
    else
        result.notes.push_back("The evidence folder " + model::visible(place) +
                               " is not there: the files themselves were not read again.");
    if (options.seal) FEDSLEUTH_CHECK(check_seal(file, options, entries, result));
    return result;
}

}  // namespace fedsleuth::storage
