// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/case/case_inside.h"
#include "storage/custody/contents.h"
#include "storage/custody/custody_chain.h"
#include "storage/custody/digest.h"
#include "storage/custody/merkle_tree.h"
#include "storage/custody/seal.h"
#include "storage/custody/verify.h"
#include "storage/ingest/log_prefix.h"

#include "storage/analysis_values.h"
#include "storage/case_helpers.h"
#include "support/signed_federation.h"

#include <QtTest>

#include <sys/stat.h>
#include <random>

using namespace fedsleuth;
using namespace fedsleuth::test;
using storage::CaseFile;
using storage::Database;
using storage::Verification;

namespace {

Verification verified(CaseFile& file, const storage::VerifyOptions& options = {})
{
    model::Progress progress;
    auto result = storage::verify_case(file, options, progress);
    if (!result) qFatal("%s", result.error().text().c_str());
    return std::move(*result);
}

QString text_of(const Verification& result)
{
    QStringList lines;
    for (const auto& problem : result.problems)
        lines << QString::fromStdString(problem.what + " / " + problem.where + ": " + problem.text);
    return lines.join(u'\n');
}

#define INTACT(...)                                                        \
    do {                                                                   \
        const Verification checked = verified(__VA_ARGS__);                \
        QVERIFY2(checked.intact(), text_of(checked).toUtf8().constData()); \
    } while (false)

/// A small case with every act in it, and its folder.
struct Made {
    fs::path folder, file;
    std::unique_ptr<CaseFile> store;
    std::string seal;
};

Made make_case(const std::string& name, bool link = false)
{
    Made made{scratch(name), scratch(name + ".fedcase"), nullptr, {}};
    SignedFederation federation("ed25519", 2, 2);
    federation.update(2, 1).more = R"(,"privacy":{"epsilon":1.5,"delta":1e-5},"metrics":{"loss":0.25})";
    federation.write(made.folder);
    if (const auto taken = take_in(made.folder, made.file, link); !taken) qFatal("%s", taken.error().text().c_str());
    made.store = std::move(*CaseFile::open(made.file));
    const auto must = [](const model::Result<void>& done) {
        if (!done) qFatal("%s", done.error().text().c_str());
    };
    must(made.store->put_ledger(some_ledger(1, 2, 1)));
    must(made.store->put_ledger(some_ledger(2, 2, 1)));
    must(made.store->put_document("audit", R"({"a":1})"));
    auto outcome = some_outcome();
    outcome.signatures.push_back({model::RoundNo{1},
                                  model::ClientId{"site-00"},
                                  model::SignatureOutcome::valid,
                                  "ed25519",
                                  "certs/site-00.pem",
                                  {},
                                  "fine"});
    must(made.store->put_analysis(outcome));
    must(made.store->add_decision({model::ClientId{"site-00"}, model::VerdictClass::clean, "looked", {}, {}}));
    must(made.store->put_policy("min_examples", 3));
    auto key = storage::SealKey::load_or_make(scratch("keys") / "seal-key.pem");
    if (!key) qFatal("%s", key.error().text().c_str());
    auto seal = storage::seal_case(*made.store, *key);
    if (!seal) qFatal("%s", seal.error().text().c_str());
    made.seal = *seal;
    return made;
}

/// Changes one cell, one row, or the order of two rows, at random; false where the database refuses that.
class CaseMutator {
public:
    CaseMutator(Database& database, unsigned seed) : database_(database), random_(seed)
    {
        auto tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name");
        while (*tables->step()) {
            const std::string table = tables->text(0);
            if (*database.integer("SELECT count(*) FROM " + table) > 0) tables_.push_back(table);
        }
    }

    std::string mutate()
    {
        const std::string& table = tables_[random_() % tables_.size()];
        const auto rows = *database_.integer("SELECT count(*) FROM " + table);
        std::vector<std::string> columns, keys;
        auto info = database_.prepare("SELECT name, pk FROM pragma_table_info('" + table + "')");
        while (*info->step()) {
            columns.push_back('"' + info->text(0) + '"');
            if (info->integer(1) > 0) keys.push_back(columns.back());
        }
        const std::string where = row_of(table, keys, static_cast<std::int64_t>(random_()) % rows);
        switch (random_() % 4) {
            case 0:
                return run("DELETE FROM " + table + where);
            case 1: {
                std::string values;
                for (const std::string& column : columns)
                    values += (values.empty() ? "" : ", ") +
                              (column == keys.front() ? changed(table, column, where) : column);
                return run("INSERT INTO " + table + " SELECT " + values + " FROM " + table + where);
            }
            default: {
                const std::string& column = columns[random_() % columns.size()];
                return run("UPDATE " + table + " SET " + column + " = " + changed(table, column, where) + where);
            }
        }
    }

private:
    std::string row_of(const std::string& table, const std::vector<std::string>& keys, std::int64_t row)
    {
        std::string where;
        for (const std::string& key : keys) {
            auto value = database_.prepare("SELECT quote(" + key + ") FROM " + table + " LIMIT 1 OFFSET " +
                                           std::to_string(std::abs(row)));
            if (!*value->step()) return " WHERE 0";
            where += (where.empty() ? " WHERE " : " AND ") + key + " = " + value->text(0);
        }
        return where;
    }

    /// SQL for another value of the same type.
    std::string changed(const std::string& table, const std::string& column, const std::string& where)
    {
        auto cell = database_.prepare("SELECT typeof(" + column + "), " + column + " FROM " + table + where);
        if (!*cell->step()) return column;
        const std::string type = cell->text(0);
        if (type == "integer") return column + " + " + std::to_string(1 + random_() % 3);
        if (type == "real") return column + " * (1 + 3e-16)";
        if (type == "blob") {
            const auto bytes = cell->bytes(1);
            if (bytes.empty()) return "x'00'";
            const std::size_t at = random_() % bytes.size();
            std::string hex;
            char digits[3];
            for (std::size_t idx = 0; idx < bytes.size(); ++idx) {
                const int value = std::to_integer<int>(bytes[idx]) ^ (idx == at ? 1 << random_() % 8 : 0);
                std::snprintf(digits, sizeof digits, "%02x", value);
                hex += digits;
            }
            return "x'" + hex + "'";
        }
        if (type == "text") return random_() % 2 ? column + " || 'x'" : "substr(" + column + ", 2)";
        return "1";
    }

    std::string run(const std::string& sql)
    {
        const auto before = database_.total_changes();
        const auto done = database_.run(sql);
        return done && database_.total_changes() > before ? sql : std::string();
    }

    Database& database_;
    std::mt19937 random_;
    std::vector<std::string> tables_;
};

/// Everything that is in the cells, to tell a change from none.
std::string rows_of(Database& database)
{
    std::string text;
    auto tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name");
    while (*tables->step()) {
        std::string columns;
        auto info = database.prepare("SELECT name FROM pragma_table_info('" + tables->text(0) + "')");
        while (*info->step()) columns += (columns.empty() ? "quote(\"" : " || ' ' || quote(\"") + info->text(0) + "\")";
        auto all = database.prepare("SELECT " + columns + " FROM " + tables->text(0) + " ORDER BY 1");
        while (*all->step()) text += all->text(0) + '\n';
    }
    return storage::sha256_hex(text);
}

/// Does something to a file of an evidence folder; gives its name, or nothing where that would be no change.
std::string mutate_folder(const fs::path& folder, const std::vector<fs::path>& files, std::mt19937& random)
{
    const fs::path& file = files[random() % files.size()];
    std::string bytes = contents_of(file);
    const auto write = [&] { std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes; };
    const std::string name = file.lexically_relative(folder).string();
    switch (random() % 8) {
        case 0:
        case 1:
        case 2:
            bytes[random() % bytes.size()] ^= static_cast<char>(1 << random() % 8);
            write();
            return name + ": a flipped bit";
        case 3:
            bytes.resize(random() % bytes.size());
            write();
            return name + ": cut short";
        case 4:
            bytes.insert(random() % bytes.size(), 1, '\n');
            write();
            return name + ": a byte more";
        case 5:
            fs::remove(file);
            return name + ": removed";
        case 6: {
            const fs::path& other = files[random() % files.size()];
            if (contents_of(other) == bytes) return {};
            fs::remove(file);
            if (random() % 2)
                fs::copy_file(other, file);
            else
                ::mkfifo(file.c_str(), 0600);
            return name + ": replaced";
        }
        default: {
            const fs::path more = folder / "updates" / ("more-" + std::to_string(random() % 1000) + ".npy");
            write_text(more, "x");
            return more.filename().string() + ": added";
        }
    }
}

}  // namespace

class VerifyTest : public QObject {
    Q_OBJECT
private slots:
    void the_tree_is_that_of_rfc_6962();
    void inclusion_is_proved_and_nothing_else();
    void a_file_of_the_evidence_is_proved();
    void every_table_is_covered();
    void every_stage_of_an_honest_case_is_intact();
    void a_thousand_changes_are_found();
    void changes_are_named();
    void a_rewritten_chain_is_found_by_its_seal();
    void a_seal_is_checked_for_itself();
    void keys_are_made_once_and_kept_private();
};

void VerifyTest::the_tree_is_that_of_rfc_6962()
{
    // The test vectors of the Certificate Transparency project.
    const std::vector<std::string> leaves{std::string(),
                                          std::string(1, '\0'),
                                          "\x10",
                                          "\x20\x21",
                                          "\x30\x31",
                                          "\x40\x41\x42\x43",
                                          "\x50\x51\x52\x53\x54\x55\x56\x57",
                                          "\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f"};
    const std::vector<std::string> roots{"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                                         "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                                         "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                                         "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                                         "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                                         "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                                         "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                                         "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
    for (std::size_t count = 1; count <= leaves.size(); ++count)
        QCOMPARE(storage::MerkleTree({leaves.begin(), leaves.begin() + static_cast<std::ptrdiff_t>(count)}).root(),
                 roots[count - 1]);
    QCOMPARE(storage::MerkleTree({}).root(), storage::sha256_hex(""));
}

void VerifyTest::inclusion_is_proved_and_nothing_else()
{
    for (std::size_t size = 1; size < 40; ++size) {
        std::vector<std::string> leaves;
        for (std::size_t idx = 0; idx < size; ++idx) leaves.push_back("leaf " + std::to_string(idx));
        const storage::MerkleTree tree(leaves);
        for (std::size_t idx = 0; idx < size; ++idx) {
            const auto proof = tree.inclusion_proof(idx);
            QVERIFY(storage::proves_inclusion(leaves[idx], idx, size, proof, tree.root()));
            QVERIFY(!storage::proves_inclusion("leaf x", idx, size, proof, tree.root()));
            QVERIFY(!storage::proves_inclusion(leaves[idx], idx, size, proof, storage::sha256_hex("another")));
            QVERIFY(!storage::proves_inclusion(leaves[idx], size, size, proof, tree.root()));
            if (size == 1) continue;
            QVERIFY(!storage::proves_inclusion(leaves[idx], (idx + 1) % size, size, proof, tree.root()));
            auto shorter = proof;
            shorter.pop_back();
            QVERIFY(!storage::proves_inclusion(leaves[idx], idx, size, shorter, tree.root()));
            auto longer = proof;
            longer.push_back(proof.front());
            QVERIFY(!storage::proves_inclusion(leaves[idx], idx, size, longer, tree.root()));
            auto garbled = proof;
            garbled.front() = "zz";
            QVERIFY(!storage::proves_inclusion(leaves[idx], idx, size, garbled, tree.root()));
        }
    }
}

void VerifyTest::a_file_of_the_evidence_is_proved()
{
    const Made made = make_case("proved");
    TAKE(const auto proof, storage::prove_evidence(*made.store, "updates/r2-site-01.npy"));
    QCOMPARE(proof.sha256, storage::sha256_hex(contents_of(made.folder / "updates/r2-site-01.npy")));
    QVERIFY(storage::proves_inclusion(std::string("updates/r2-site-01.npy") + '\0' + proof.sha256, proof.index, proof.size,
                                      proof.hashes, proof.root));
    QCOMPARE(proof.root, verified(*made.store).evidence_root);
    QCOMPARE(made.store->custody()->front().sha256, proof.root);
    QCOMPARE(storage::prove_evidence(*made.store, "updates/none").error().code, model::ErrorCode::not_found);
}

void VerifyTest::every_table_is_covered()
{
    std::set<std::string> covered{"slab", "ledger", "document", "custody"};  // by digests of their own
    for (const char* action : {"ingest", "analyse", "decide", "policy"})
        for (const auto& rows : storage::covered_by(action)) covered.insert(std::string(rows.table));
    const Made made = make_case("covered");
    auto tables = made.store->inside().database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'");
    while (*tables->step())
        QVERIFY2(covered.contains(tables->text(0)),
                 ("no act of custody vouches for the table " + tables->text(0)).c_str());
}

void VerifyTest::every_stage_of_an_honest_case_is_intact()
{
    for (const bool link : {false, true}) {
        const fs::path folder = scratch("honest"), file = scratch("honest.fedcase");
        SignedFederation federation("ed25519", 2, 2);  // the same signatures each time it is written
        federation.write(folder);
        TAKE(const auto first, take_in(folder, file, link));
        Q_UNUSED(first)
        TAKE(auto store, CaseFile::open(file));
        INTACT(*store);
        QVERIFY(verified(*store).files_read > 10);
        OK(store->put_ledger(some_ledger(1, 2, 1)));
        INTACT(*store);
        OK(store->put_analysis(some_outcome()));
        INTACT(*store);
        OK(store->add_decision(
            {model::ClientId{"site-00"}, model::VerdictClass::malicious, "\"contents\":\"no\"", {}, {}}));
        OK(store->put_policy("min_examples", 3));
        OK(store->put_policy("min_examples", std::nullopt));
        OK(store->put_document("d", "{}"));
        INTACT(*store);
        const std::size_t entries = store->custody()->size();
        OK(store->put_document("d", "{}"));  // the same again is no act
        QCOMPARE(store->custody()->size(), entries);
        // An analysis that begins anew and is stopped leaves a case that is as it says.
        OK(store->put_ledger(some_ledger(1, 2, 1)));
        OK(store->put_ledger(some_ledger(2, 2, 1)));
        INTACT(*store);
        QCOMPARE(store->custody()->size(), entries + 1);
        OK(store->put_analysis(some_outcome()));
        INTACT(*store);
        OK(store->append_custody("export", "somewhere", "{}", ""));
        INTACT(*store);
        store.reset();

        federation.more_lines = "{\"type\": \"client\", \"client\": \"late\"}\n";
        federation.write(folder);
        store = std::move(*CaseFile::open(file, CaseFile::Mode::read_only));
        const Verification grown = verified(*store);
        QCOMPARE(grown.problems.size(), std::size_t{1});
        QVERIFY(grown.problems.front().text.find("what was there has not changed") != std::string::npos);
        store.reset();
        TAKE(const auto second, take_in(folder, file, link));
        QVERIFY(second.changed);
        store = std::move(*CaseFile::open(file, CaseFile::Mode::read_only));
        INTACT(*store);

        fs::rename(folder, folder.string() + "-moved");
        const Verification alone = verified(*store);
        QVERIFY(alone.intact() && alone.files_read == 0);
        QCOMPARE(alone.notes.size(), std::size_t(link ? 2 : 1));
        if (!link) {
            storage::VerifyOptions options;
            options.folder = folder.string() + "-moved";
            INTACT(*store, options);
            QVERIFY(verified(*store, options).files_read > 10);
        }
        fs::remove_all(folder.string() + "-moved");
    }
}

void VerifyTest::a_thousand_changes_are_found()
{
    Made made = make_case("thousand");
    storage::VerifyOptions options;
    options.seal = made.seal;
    INTACT(*made.store, options);

    Database& database = made.store->inside().database;
    OK(database.run("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON"));
    const std::string before = rows_of(database);
    CaseMutator mutator(database, 7);
    int changes = 0;
    // The folder is left out here: rows of the case alone must show the change.
    options.folder.reset();
    for (int attempt = 0; attempt < 4000 && changes < 600; ++attempt) {
        OK(database.run("BEGIN"));
        const std::string done = mutator.mutate();
        if (!done.empty() && rows_of(database) != before) {
            ++changes;
            model::Progress progress;
            const auto result = storage::verify_case(*made.store, options, progress);
            QVERIFY2(result && !result->intact(), done.c_str());
        }
        OK(database.run("ROLLBACK"));
    }
    QCOMPARE(changes, 600);
    INTACT(*made.store, options);

    std::vector<fs::path> files;
    std::map<fs::path, std::string> whole;
    for (const auto& entry : fs::recursive_directory_iterator(made.folder))
        if (entry.is_regular_file()) {
            files.push_back(entry.path());
            whole[entry.path()] = contents_of(entry.path());
        }
    std::sort(files.begin(), files.end());
    std::mt19937 random(11);
    for (int idx = 0; idx < 400;) {
        const std::string done = mutate_folder(made.folder, files, random);
        if (!done.empty()) {
            ++idx;
            const Verification result = verified(*made.store, options);
            const std::string name = done.substr(0, done.find(": "));
            QVERIFY2(!result.intact(), done.c_str());
            for (const auto& problem : result.problems)
                QVERIFY2(problem.what == "evidence" && problem.where.find(name) != std::string::npos,
                         (done + " → " + text_of(result).toStdString()).c_str());
        }
        for (const auto& [path, bytes] : whole) {
            if (fs::is_regular_file(fs::symlink_status(path)) && contents_of(path) == bytes) continue;
            fs::remove(path);
            std::ofstream(path, std::ios::binary) << bytes;
        }
        for (const auto& entry : fs::directory_iterator(made.folder / "updates"))
            if (!whole.contains(entry.path())) fs::remove(entry.path());
    }
    INTACT(*made.store, options);
}

void VerifyTest::changes_are_named()
{
    Made made = make_case("named");
    Database& database = made.store->inside().database;
    OK(database.run("PRAGMA foreign_keys = OFF"));
    const auto after = [&](const std::string& sql) {
        if (const auto done = database.run("BEGIN; " + sql); !done)
            qFatal("%s", done.error().text().c_str());
        const QString text = text_of(verified(*made.store));
        if (const auto done = database.run("ROLLBACK"); !done) qFatal("%s", done.error().text().c_str());
        return text;
    };
    // Entries: ingest, measure, compute, analyse, decide, policy, seal.
    QVERIFY(
        after("DELETE FROM custody WHERE id = 4").contains("custody / entry 5: Custody entry 5 (decide) stands where"));
    QVERIFY(after("UPDATE custody SET actor = 'eve' WHERE id = 4")
                .contains("custody / entry 4: Custody entry 4 (analyse) was "
                          "changed"));
    QVERIFY(after("UPDATE custody SET time = '2001-01-01T00:00:00Z' WHERE id = 5").contains("was back-dated"));
    QVERIFY(after("UPDATE custody SET id = id + 10 WHERE id = 4; UPDATE custody SET id = 4 WHERE id = 5;"
                  "UPDATE custody SET id = 5 WHERE id = 14")
                .contains("does not follow from"));
    QVERIFY(after("DELETE FROM custody").contains("The custody chain is empty"));
    QVERIFY(after("UPDATE decision SET decided = 'malicious'").contains("the decisions are not as"));
    QVERIFY(after("UPDATE verdict SET verdict = 'clean'").contains("scores, verdicts"));
    QVERIFY(after("UPDATE update_line SET client = 'nobody' WHERE line = (SELECT max(line) FROM update_line)")
                .contains("what was taken in from the evidence"));
    QVERIFY(after("DELETE FROM ledger WHERE round = 1").contains("the same ledgers as the act of"));
    QVERIFY(after("UPDATE document SET body = '{}'").contains("\"audit\" was changed after it was computed"));
    QVERIFY(after("DELETE FROM document").contains("\"audit\" was computed and is gone"));
    QVERIFY(after("UPDATE document SET name = 'other'").contains("\"other\" is in the case, and no entry"));
    // A digest that was made to fit is not the one that the chain holds.
    const std::string forged = storage::sha256_hex(std::string("audit") + '\0' + "{}");
    QVERIFY(after("UPDATE document SET body = '{}', sha256 = '" + forged + "'").contains("\"audit\" was changed"));
    QVERIFY(after("UPDATE ledger SET data = x'00', sha256 = '" + storage::sha256_hex(std::string(1, '\0')) +
                  "' WHERE round = 1")
                .contains("the same ledgers as the act of"));
    QVERIFY(after("INSERT INTO slab VALUES (999999999999, x'00')").contains("belong to no file"));
    write_text(made.folder / "updates/r1-site-00.npy", "gone");
    const QString text = text_of(verified(*made.store));
    QVERIFY2(text.contains("evidence / updates/r1-site-00.npy: The file was changed after"), text.toUtf8().constData());
    QCOMPARE(text.count("\n"), 0);
}

void VerifyTest::a_rewritten_chain_is_found_by_its_seal()
{
    Made made = make_case("rewritten");
    Database& database = made.store->inside().database;
    storage::VerifyOptions options;
    options.seal = made.seal;
    INTACT(*made.store, options);
    OK(made.store->put_policy("min_examples", 4));
    const Verification later = verified(*made.store, options);
    QVERIFY(later.intact() && later.notes.front().find("1 custody entries were added") != std::string::npos);

    // Whoever can write the case can hash it anew: without a seal that looks whole, with one it does not.
    OK(database.run("BEGIN; DELETE FROM custody WHERE action = 'decide'; DELETE FROM decision"));
    TAKE(auto entries, made.store->custody());
    std::string previous(64, '0');
    OK(database.run("DELETE FROM custody"));
    std::int64_t index = 0;
    for (model::CustodyEntry entry : entries) {
        entry.index = ++index;
        entry.previous = previous;
        previous = entry.hash = storage::custody_hash(entry);
        TAKE(auto insert, database.prepare("INSERT INTO custody VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"));
        OK(insert.run(entry.index, entry.time, entry.actor, entry.action, entry.subject, entry.parameters_json,
                      entry.sha256, entry.previous, entry.hash));
    }
    INTACT(*made.store);
    QVERIFY(text_of(verified(*made.store, options)).contains("seal / : The custody chain is another than the one"));
    OK(database.run("ROLLBACK; BEGIN; DELETE FROM custody WHERE id > 4; DELETE FROM decision; DELETE FROM policy"));
    INTACT(*made.store);
    QVERIFY(text_of(verified(*made.store, options)).contains("The custody chain was cut short: it had 7 entries"));
    OK(database.run("ROLLBACK"));
}

void VerifyTest::a_seal_is_checked_for_itself()
{
    Made made = make_case("sealed");
    TAKE(const auto seal, storage::read_seal(made.seal));
    QVERIFY(seal.verifies);
    QCOMPARE(seal.entries, std::int64_t{7});
    QCOMPARE(seal.federation, std::string("signed"));
    for (std::size_t at = 0; at < made.seal.size(); ++at) {
        std::string changed = made.seal;
        changed[at] = static_cast<char>(changed[at] ^ 2);
        const auto read = storage::read_seal(changed);
        QVERIFY2(!read || !read->verifies || at + 1 == made.seal.size(), changed.c_str());
        QVERIFY(!storage::read_seal(made.seal.substr(0, at)) || at + 1 >= made.seal.size() ||
                !storage::read_seal(made.seal.substr(0, at))->verifies);
    }
    QVERIFY(!storage::read_seal(made.seal + "more"));
    QVERIFY(!storage::read_seal(std::string(100'000, 'x')));

    storage::VerifyOptions options;
    options.seal = made.seal;
    const Key another = make_key("ed25519");
    options.seal_key = in_memory([&](BIO* bio) { return PEM_write_bio_PUBKEY(bio, another.get()); });
    QVERIFY(text_of(verified(*made.store, options)).contains("was not made with the key that was given"));
    // A seal that somebody else made of the same case, with a key of their own.
    const std::string pem = in_memory(
        [&](BIO* bio) { return PEM_write_bio_PrivateKey(bio, another.get(), nullptr, nullptr, 0, nullptr, nullptr); });
    TAKE(const auto key, storage::SealKey::from_pem(pem));
    TAKE(const std::string second, storage::seal_case(*made.store, key));
    options.seal = second;
    INTACT(*made.store, options);

    OK(made.store->inside().database.run("UPDATE custody SET actor = 'eve' WHERE id = 2"));
    QCOMPARE(storage::seal_case(*made.store, key).error().code, model::ErrorCode::conflict);
}

void VerifyTest::keys_are_made_once_and_kept_private()
{
    const fs::path place = scratch("private") / "fedsleuth" / "seal-key.pem";
    TAKE(const auto made, storage::SealKey::load_or_make(place));
    TAKE(const auto again, storage::SealKey::load_or_make(place));
    QCOMPARE(made.public_key(), again.public_key());
    QVERIFY((fs::status(place).permissions() & (fs::perms::group_all | fs::perms::others_all)) == fs::perms::none);
    const Key rsa = make_key("rsa");
    QVERIFY(!storage::SealKey::from_pem(in_memory(
        [&](BIO* bio) { return PEM_write_bio_PrivateKey(bio, rsa.get(), nullptr, nullptr, 0, nullptr, nullptr); })));
    QVERIFY(!storage::SealKey::from_pem("hello"));
    write_text(place, "hello");
    QCOMPARE(storage::SealKey::load_or_make(place).error().where, place.string());
}

QTEST_GUILESS_MAIN(VerifyTest)
#include "tst_verify.moc"
