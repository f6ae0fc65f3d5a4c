// SPDX-License-Identifier: GPL-3.0-or-later
#include "case_helpers.h"

#include <cmath>
#include <limits>
#include <thread>

using namespace fedsleuth;
using namespace fedsleuth::test;
using storage::Blob;
using storage::Database;
using storage::Savepoint;
using storage::Statement;
using storage::Transaction;

class SqliteTest : public QObject {
    Q_OBJECT
private slots:
    void values_come_back_as_they_went_in();
    void errors_name_file_and_message();
    void transactions_roll_back_by_themselves();
    void savepoints_roll_back_alone();
    void blobs_are_read_in_place();
    void a_running_query_can_be_interrupted();
    void readers_do_not_write();
};

void SqliteTest::values_come_back_as_they_went_in()
{
    TAKE(Database database, Database::in_memory());
    OK(database.run("CREATE TABLE t (a ANY, b ANY, c TEXT, d BLOB, e ANY, f INTEGER, g TEXT) STRICT"));
    TAKE(Statement insert, database.prepare("INSERT INTO t VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"));
    const std::string text("a\0b 'ü", 8);
    const std::vector<std::byte> bytes{std::byte{0}, std::byte{255}};
    OK(insert.run(std::numeric_limits<double>::quiet_NaN(), -std::numeric_limits<double>::infinity(), text,
                  std::span<const std::byte>(bytes), std::optional<double>(), std::numeric_limits<std::int64_t>::min(),
                  model::ClientId{"client"}));
    OK(insert.run(1.0, std::optional<double>(0.1), "", std::span<const std::byte>(),
                  std::optional<double>(std::nan("")), true, model::ClientId{}));
    TAKE(Statement select, database.prepare("SELECT * FROM t"));
    QVERIFY(*select.step());
    QVERIFY(std::isnan(select.real(0)));
    QVERIFY(select.optional_real(0) && std::isnan(*select.optional_real(0)));
    QCOMPARE(select.real(1), -std::numeric_limits<double>::infinity());
    QVERIFY(select.text(2) == text);
    QCOMPARE(select.bytes(3).size(), std::size_t{2});
    QCOMPARE(select.bytes(3)[1], std::byte{255});
    QVERIFY(select.is_null(4) && !select.optional_real(4));
    QCOMPARE(select.integer(5), std::numeric_limits<std::int64_t>::min());
    QVERIFY(select.text(6) == "client");
    QVERIFY(*select.step());
    QCOMPARE(select.optional_real(1), std::optional<double>(0.1));
    QVERIFY(!select.is_null(2) && select.text(2).empty());
    QVERIFY(!select.is_null(3) && select.bytes(3).empty());
    QVERIFY(std::isnan(*select.optional_real(4)));
    QVERIFY(!*select.step());
}

void SqliteTest::errors_name_file_and_message()
{
    const fs::path file = scratch("errors.db");
    const auto missing = Database::open(file, Database::Access::read_write);
    QVERIFY(!missing);
    QCOMPARE(missing.error().code, model::ErrorCode::io);
    QVERIFY(missing.error().where.find("errors.db") != std::string::npos);

    TAKE(Database database, Database::open(file, Database::Access::create));
    const auto failed = database.run("SELECT nonsense");
    QVERIFY(!failed);
    QVERIFY(failed.error().message.find("nonsense") != std::string::npos);
    QVERIFY(failed.error().where.find("errors.db") != std::string::npos);

    OK(database.run("CREATE TABLE t (a INTEGER PRIMARY KEY) STRICT"));
    TAKE(Statement insert, database.prepare("INSERT INTO t VALUES (?1)"));
    OK(insert.run(1));
    QVERIFY(!insert.run(1));
    OK(insert.run(2));           // a failed statement can be used again
    QVERIFY(!insert.run(1, 2));  // one parameter too many is an error, not a silent loss
    OK(insert.run(3));

    write_text(scratch("nonsense.db"), std::string(5000, 'x'));
    TAKE(Database nonsense, Database::open(fs::path(FEDSLEUTH_SCRATCH) / "nonsense.db", Database::Access::read_write));
    const auto refused = nonsense.integer("SELECT count(*) FROM sqlite_schema");
    QVERIFY(!refused);
    QCOMPARE(refused.error().code, model::ErrorCode::refused);
}

void SqliteTest::transactions_roll_back_by_themselves()
{
    TAKE(Database database, Database::in_memory());
    OK(database.run("CREATE TABLE t (a)"));
    {
        TAKE(Transaction transaction, Transaction::begin(database));
        OK(database.run("INSERT INTO t VALUES (1)"));
    }
    TAKE(const auto none, database.integer("SELECT count(*) FROM t"));
    QCOMPARE(none, 0);
    {
        TAKE(Transaction transaction, Transaction::begin(database));
        OK(database.run("INSERT INTO t VALUES (1)"));
        Transaction moved = std::move(transaction);
        OK(moved.commit());
    }
    TAKE(const auto one, database.integer("SELECT count(*) FROM t"));
    QCOMPARE(one, 1);
    QVERIFY(!database.in_transaction());
}

void SqliteTest::savepoints_roll_back_alone()
{
    TAKE(Database database, Database::in_memory());
    OK(database.run("CREATE TABLE t (a)"));
    TAKE(Transaction transaction, Transaction::begin(database));
    OK(database.run("INSERT INTO t VALUES (1)"));
    {
        TAKE(Savepoint outer, Savepoint::begin(database));
        OK(database.run("INSERT INTO t VALUES (2)"));
        {
            TAKE(Savepoint inner, Savepoint::begin(database));
            OK(database.run("INSERT INTO t VALUES (3)"));
        }
        OK(outer.keep());
    }
    OK(transaction.commit());
    TAKE(const auto sum, database.integer("SELECT sum(a) FROM t"));
    QCOMPARE(sum, 3);
}

void SqliteTest::blobs_are_read_in_place()
{
    TAKE(Database database, Database::in_memory());
    OK(
        database.run("CREATE TABLE t (id INTEGER PRIMARY KEY, data BLOB);"
                     "INSERT INTO t VALUES (1, x'000102030405'), (2, x'0607')"));
    TAKE(Blob blob, database.open_blob("t", "data", 1));
    QCOMPARE(blob.size(), 6);
    std::array<std::byte, 2> piece{};
    OK(blob.read(3, piece));
    QCOMPARE(piece[1], std::byte{4});
    QVERIFY(!blob.read(5, piece));
    QVERIFY(!blob.read(-1, piece));
    OK(blob.move_to(2));
    OK(blob.read(0, piece));
    QCOMPARE(piece[0], std::byte{6});
    QVERIFY(!blob.move_to(3));
    QVERIFY(!database.open_blob("t", "nothing", 1));
}

void SqliteTest::a_running_query_can_be_interrupted()
{
    TAKE(Database database, Database::in_memory());
    std::atomic<bool> done = false;
    std::thread stopper([&] {
        while (!done) {
            database.interrupt();
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
    });
    const auto endless = database.integer(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
        " SELECT count(*) FROM n");
    done = true;
    stopper.join();
    QVERIFY(!endless);
    QCOMPARE(endless.error().code, model::ErrorCode::cancelled);
}

void SqliteTest::readers_do_not_write()
{
    const fs::path file = scratch("reader.db");
    {
        TAKE(Database database, Database::open(file, Database::Access::create));
        OK(database.run("CREATE TABLE t (a)"));
    }
    TAKE(Database reader, Database::open(file, Database::Access::read_only));
    const auto written = reader.run("INSERT INTO t VALUES (1)");
    QVERIFY(!written);
    QCOMPARE(written.error().code, model::ErrorCode::io);
}

QTEST_GUILESS_MAIN(SqliteTest)
#include "tst_sqlite.moc"
