// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/custody/contents.h"

#include "storage/custody/digest.h"
#include "storage/custody/merkle_tree.h"

#include <array>
#include <bit>
#include <cstdint>

namespace fedsleuth::storage {

using model::Result;

namespace {

constexpr std::array<CoveredRows, 22> taken_in{{{"federation", ""},
                                                {"aggregation_parameter", ""},
                                                {"privacy_mechanism", ""},
                                                {"trust", ""},
                                                {"layer", ""},
                                                {"log_line", ""},
                                                {"client_line", ""},
                                                {"round_line", ""},
                                                {"round_member", ""},
                                                {"metric", ""},
                                                {"payload", ""},
                                                {"snapshot", ""},
                                                {"integer_tensor", ""},
                                                {"update_line", ""},
                                                {"privacy_claim", ""},
                                                {"checkpoint_line", ""},
                                                {"other_file", ""},
                                                {"certificate", ""},
                                                {"byte_signature", ""},
                                                {"import_issue", ""},
                                                {"ingest_state", ""},
                                                {"finding", "source = 'ingest'"}}};
constexpr std::array<CoveredRows, 9> analysed{{{"analysis", ""},
                                               {"score", ""},
                                               {"verdict", ""},
                                               {"verdict_bad_round", ""},
                                               {"verdict_reason", ""},
                                               {"rollback_candidate", ""},
                                               {"rollback_metric", ""},
                                               {"signature_check", ""},
                                               {"finding", "source <> 'ingest'"}}};
constexpr std::array<CoveredRows, 1> decided{{{"decision", ""}}};
constexpr std::array<CoveredRows, 1> limits{{{"policy", ""}}};

void add_number(Sha256& digest, std::uint64_t number)
{
    std::array<std::byte, 8> bytes{};
    for (std::size_t idx = 0; idx < bytes.size(); ++idx)
        bytes[idx] = static_cast<std::byte>(number >> (8 * idx) & 0xff);
    digest.add(bytes);
}

void add_value(Sha256& digest, const Statement& row, int column)
{
    const std::string type = row.text(column);
    digest.add(std::string_view(type).substr(0, 1));
    if (type == "integer") {
        add_number(digest, static_cast<std::uint64_t>(row.integer(column + 1)));
    } else if (type == "real") {
        add_number(digest, std::bit_cast<std::uint64_t>(row.real(column + 1)));
    } else if (type != "null") {
        const auto bytes = row.bytes(column + 1);
        add_number(digest, bytes.size());
        digest.add(bytes);
    }
}

Result<void> add_rows(Database& database, const CoveredRows& rows, Sha256& digest)
{
    const std::string table(rows.table);
    FEDSLEUTH_TRY(Statement columns, database.prepare("SELECT name, pk FROM pragma_table_info(?1) ORDER BY cid"));
    columns.start(table);
    std::string values, keys;
    int count = 0;
    while (true) {
        FEDSLEUTH_TRY(const bool more, columns.step());
        if (!more) break;
        const std::string name = '"' + columns.text(0) + '"';
        values += (count++ ? ", typeof(" : "typeof(") + name + "), " + name;
        if (columns.integer(1) > 0) keys += (keys.empty() ? " ORDER BY " : ", ") + name;
    }
    std::string sql = "SELECT " + values + " FROM " + table;
    if (!rows.where.empty()) sql.append(" WHERE ").append(rows.where);
    FEDSLEUTH_TRY(Statement all, database.prepare(sql + keys));
    digest.add(table + '\0');
    while (true) {
        FEDSLEUTH_TRY(const bool more, all.step());
        if (!more) break;
        digest.add("+");
        for (int column = 0; column < count; ++column) add_value(digest, all, 2 * column);
    }
    digest.add("-");
    return {};
}

}  // namespace

std::span<const CoveredRows> covered_by(std::string_view action)
{
    if (action == "ingest") return taken_in;
    if (action == "analyse") return analysed;
    if (action == "decide") return decided;
    if (action == "policy") return limits;
    return {};
}

Result<std::string> contents_digest(Database& database, std::string_view action)
{
    Sha256 digest;
    for (const CoveredRows& rows : covered_by(action)) FEDSLEUTH_CHECK(add_rows(database, rows, digest));
    return digest.hex();
}

Result<std::vector<std::string>> evidence_leaves(Database& database)
{
    FEDSLEUTH_TRY(Statement statement,
                  database.prepare("SELECT path, sha256 FROM other_file UNION"
                                   " SELECT path, coalesce(sha256, '') FROM checkpoint_line UNION"
                                   " SELECT path, coalesce(sha256, '') FROM update_line ORDER BY 1, 2"));
    std::vector<std::string> leaves;
    while (true) {
        FEDSLEUTH_TRY(const bool more, statement.step());
        if (!more) return leaves;
        leaves.push_back(statement.text(0) + '\0' + statement.text(1));
    }
}

Result<std::string> evidence_root(Database& database)
{
    FEDSLEUTH_TRY(const auto leaves, evidence_leaves(database));
    return MerkleTree(leaves).root();
}

Result<std::string> ledgers_digest(Database& database)
{
    FEDSLEUTH_TRY(Statement statement, database.prepare("SELECT round, sha256 FROM ledger ORDER BY round"));
    Sha256 digest;
    while (true) {
        FEDSLEUTH_TRY(const bool more, statement.step());
        if (!more) return digest.hex();
        digest.add(std::to_string(statement.integer(0)) + ' ' + statement.text(1) + ',');
    }
}

std::string document_digest(const std::string& name, const std::string& body) { return sha256_hex(name + '\0' + body); }

Result<std::string> with_contents(Database& database, std::string_view action, const std::string& parameters)
{
    FEDSLEUTH_TRY(const std::string contents, contents_digest(database, action));
    FEDSLEUTH_TRY(const std::string evidence, evidence_root(database));
    const std::size_t end = parameters.find_last_of('}');
    const std::size_t last =
        end == std::string::npos || end == 0 ? end : parameters.find_last_not_of(" \t\r\n", end - 1);
    const bool empty = end == std::string::npos || last == std::string::npos || parameters[last] == '{';
    std::string text = (empty ? "{" : parameters.substr(0, end) + ",") + "\"contents\":\"" + contents +
                       "\",\"evidence\":\"" + evidence + '"';
    if (action == "ingest" || action == "analyse") {
        FEDSLEUTH_TRY(const std::string ledgers, ledgers_digest(database));
        text += ",\"ledger_sums\":\"" + ledgers + '"';
    }
    return text + '}';
}

std::optional<std::string> digest_under(const model::CustodyEntry& entry, std::string_view key)
{
    // Inside of a JSON text every quotation mark is escaped: this can only be a key.
    const std::string name = '"' + std::string(key) + "\":\"";
    const std::size_t at = entry.parameters_json.rfind(name);
    if (at == std::string::npos) return std::nullopt;
    const std::string_view digest = std::string_view(entry.parameters_json).substr(at + name.size(), 64);
    if (digest.size() != 64 || digest.find_first_not_of("0123456789abcdef") != std::string::npos) return std::nullopt;
    return std::string(digest);
}

}  // namespace fedsleuth::storage
