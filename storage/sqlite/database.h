// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/ids.h"
#include "model/result.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

struct sqlite3;
struct sqlite3_blob;
struct sqlite3_stmt;

namespace fedsleuth::storage {

/// One prepared statement. Parameters count from 1, columns from 0. A bind that fails is reported by the next step.
class Statement {
public:
    Statement() = default;

    void bind(int idx, std::nullptr_t);
    void bind(int idx, std::int64_t value);
    void bind(int idx, int value) { bind(idx, static_cast<std::int64_t>(value)); }
    void bind(int idx, bool value) { bind(idx, static_cast<std::int64_t>(value)); }
    /// SQLite turns a NaN into NULL, and a NaN is not "unknown": it is stored as the text 'NaN' (in columns of type
    /// ANY).
    void bind(int idx, double value);
    void bind(int idx, std::string_view text);
    void bind(int idx, const char* text) { bind(idx, std::string_view(text)); }
    void bind(int idx, const std::string& text) { bind(idx, std::string_view(text)); }
    /// Not copied: the bytes must live until the statement has been stepped and reset.
    void bind(int idx, std::span<const std::byte> bytes);
    void bind(int idx, model::RoundNo round) { bind(idx, round.value()); }
    void bind(int idx, const model::ClientId& client) { bind(idx, std::string_view(client.text())); }
    template <class T>
    void bind(int idx, const std::optional<T>& value)
    {
        if (value)
            bind(idx, *value);
        else
            bind(idx, nullptr);
    }

    /// Resets, then binds the values to the parameters 1, 2, …
    template <class... Values>
    void start(const Values&... values)
    {
        reset();
        int idx = 0;
        (bind(++idx, values), ...);
    }
    /// start(), runs to the end, resets.
    template <class... Values>
    [[nodiscard]] model::Result<void> run(const Values&... values)
    {
        start(values...);
        return finish();
    }

    [[nodiscard]] model::Result<bool> step();  ///< true: a row is there; false: done
    void reset();

    [[nodiscard]] bool is_null(int column) const;
    [[nodiscard]] std::int64_t integer(int column) const;
    [[nodiscard]] double real(int column) const;  ///< 'NaN' and NULL give a NaN
    [[nodiscard]] std::string text(int column) const;
    /// Valid until the next step or reset.
    [[nodiscard]] std::span<const std::byte> bytes(int column) const;
    [[nodiscard]] std::optional<std::int64_t> optional_integer(int column) const;
    [[nodiscard]] std::optional<double> optional_real(int column) const;  ///< nothing for NULL, NaN for 'NaN'

private:
    friend class Database;
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const;
    };
    explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
    [[nodiscard]] model::Result<void> finish();
    void note(int code);

    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
    int bind_error_ = 0;
};

/// A BLOB that is read in place, without a copy of the whole in memory.
class Blob {
public:
    [[nodiscard]] std::int64_t size() const;
    /// Moves to another row of the same table and column.
    [[nodiscard]] model::Result<void> move_to(std::int64_t rowid);
    [[nodiscard]] model::Result<void> read(std::int64_t offset, std::span<std::byte> into);

private:
    friend class Database;
    struct Close {
        void operator()(sqlite3_blob* blob) const;
    };
    Blob(sqlite3* connection, sqlite3_blob* blob) : connection_(connection), blob_(blob) {}

    sqlite3* connection_ = nullptr;
    std::unique_ptr<sqlite3_blob, Close> blob_;
};

/// One connection to one SQLite file. Errors name the file and carry SQLite's own message; codes: refused for what is
/// no database or a damaged one, conflict where another program holds the file, cancelled after interrupt(), io, limit.
class Database {
public:
    enum class Access { read_only, read_write, create };

    /// `create` makes the file where there is none.
    [[nodiscard]] static model::Result<Database> open(const std::filesystem::path& file, Access access);
    [[nodiscard]] static model::Result<Database> in_memory();

    /// One or more statements that give no rows (rows are dropped).
    [[nodiscard]] model::Result<void> run(const std::string& sql);
    [[nodiscard]] model::Result<Statement> prepare(std::string_view sql);
    /// The first column of the first row; error internal where there is no row.
    [[nodiscard]] model::Result<std::int64_t> integer(std::string_view sql);
    [[nodiscard]] model::Result<Blob> open_blob(const char* table, const char* column, std::int64_t rowid);

    [[nodiscard]] std::int64_t last_rowid() const;
    [[nodiscard]] std::int64_t total_changes() const;
    [[nodiscard]] bool in_transaction() const;
    /// Safe to call from another thread.
    void interrupt();
    [[nodiscard]] std::string file() const;

    /// Guards against a file that someone prepared: no triggers, no views, no functions in the schema, cells checked.
    [[nodiscard]] model::Result<void> distrust();

private:
    struct Close {
        void operator()(sqlite3* connection) const;
    };
    explicit Database(sqlite3* connection) : connection_(connection) {}

    std::unique_ptr<sqlite3, Close> connection_;
};

/// BEGIN IMMEDIATE … COMMIT; rolls back by itself when it goes out of scope uncommitted.
class Transaction {
public:
    [[nodiscard]] static model::Result<Transaction> begin(Database& database);
    Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
    Transaction& operator=(Transaction&&) = delete;
    ~Transaction();

    [[nodiscard]] model::Result<void> commit();

private:
    explicit Transaction(Database& database) : database_(&database) {}
    Database* database_;
};

/// A part of a transaction that can be taken back alone; it is, unless it was kept.
class Savepoint {
public:
    [[nodiscard]] static model::Result<Savepoint> begin(Database& database);
    Savepoint(Savepoint&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
    Savepoint& operator=(Savepoint&&) = delete;
    ~Savepoint();

    [[nodiscard]] model::Result<void> keep();

private:
    explicit Savepoint(Database& database) : database_(&database) {}
    Database* database_;
};

}  // namespace fedsleuth::storage
