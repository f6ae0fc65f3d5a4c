// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/sqlite/database.h"

#include <sqlite3.h>

#include <cmath>
#include <limits>

namespace fedsleuth::storage {

using model::Error;
using model::ErrorCode;
using model::Result;

namespace {

constexpr int busy_milliseconds = 10'000;

ErrorCode code_of(int code)
{
    switch (code & 0xff) {
        case SQLITE_INTERRUPT:
            return ErrorCode::cancelled;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return ErrorCode::refused;
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return ErrorCode::conflict;
        case SQLITE_TOOBIG:
        case SQLITE_NOMEM:
            return ErrorCode::limit;
        case SQLITE_CANTOPEN:
        case SQLITE_FULL:
        case SQLITE_IOERR:
        case SQLITE_PERM:
        case SQLITE_AUTH:
        case SQLITE_READONLY:
            return ErrorCode::io;
        default:
            return ErrorCode::internal;
    }
}

std::string hint_of(int code)
{
    switch (code & 0xff) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return "another program is writing to the file; try again when it is done";
        case SQLITE_FULL:
            return "free some space on the disk";
        case SQLITE_CORRUPT:
            return "take a copy of it from before, or ingest the evidence again";
        default:
            return {};
    }
}

std::string file_of(sqlite3* connection)
{
    const char* name = connection ? sqlite3_db_filename(connection, "main") : nullptr;
    return name ? name : "";
}

Error error_of(sqlite3* connection, int code)
{
    const char* message = connection ? sqlite3_errmsg(connection) : sqlite3_errstr(code);
    // A statement that failed earlier may have left another message behind.
    if (connection && (sqlite3_errcode(connection) & 0xff) != (code & 0xff)) message = sqlite3_errstr(code);
    std::string text = message ? message : "unknown error";
    if ((code & 0xff) == SQLITE_CORRUPT) text = "is damaged: " + text;
    if ((code & 0xff) == SQLITE_NOTADB) text = "is no case: " + text;
    return {code_of(code), std::move(text), file_of(connection), hint_of(code)};
}

}  // namespace

// ---- Statement

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

void Statement::note(int code)
{
    if (code != SQLITE_OK && bind_error_ == SQLITE_OK) bind_error_ = code;
}

void Statement::bind(int idx, std::nullptr_t) { note(sqlite3_bind_null(statement_.get(), idx)); }

void Statement::bind(int idx, std::int64_t value) { note(sqlite3_bind_int64(statement_.get(), idx, value)); }

void Statement::bind(int idx, double value)
{
    if (std::isnan(value))
        note(sqlite3_bind_text(statement_.get(), idx, "NaN", 3, SQLITE_STATIC));
    else
        note(sqlite3_bind_double(statement_.get(), idx, value));
}

void Statement::bind(int idx, std::string_view text)
{
    const char* data = text.data() ? text.data() : "";
    note(sqlite3_bind_text64(statement_.get(), idx, data, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
}

void Statement::bind(int idx, std::span<const std::byte> bytes)
{
    if (bytes.empty())
        note(sqlite3_bind_zeroblob(statement_.get(), idx, 0));  // a null pointer would be NULL
    else
        note(sqlite3_bind_blob64(statement_.get(), idx, bytes.data(), bytes.size(), SQLITE_STATIC));
}

Result<bool> Statement::step()
{
    sqlite3* connection = sqlite3_db_handle(statement_.get());
    if (bind_error_ != SQLITE_OK) return model::pass_on(error_of(connection, bind_error_));
    const int code = sqlite3_step(statement_.get());
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    Error error = error_of(connection, code);
    sqlite3_reset(statement_.get());
    return model::pass_on(std::move(error));
}

Result<void> Statement::finish()
{
    auto more = step();
    while (more && *more) more = step();
    reset();
    if (!more) return model::pass_on(std::move(more.error()));
    return {};
}

void Statement::reset()
{
    sqlite3_reset(statement_.get());
    sqlite3_clear_bindings(statement_.get());
    bind_error_ = SQLITE_OK;
}

bool Statement::is_null(int column) const { return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL; }

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }

double Statement::real(int column) const
{
    const int type = sqlite3_column_type(statement_.get(), column);
    if (type == SQLITE_FLOAT || type == SQLITE_INTEGER) return sqlite3_column_double(statement_.get(), column);
    return std::numeric_limits<double>::quiet_NaN();
}

std::string Statement::text(int column) const
{
    const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
    if (!data) return {};
    return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

std::span<const std::byte> Statement::bytes(int column) const
{
    const auto* data = static_cast<const std::byte*>(sqlite3_column_blob(statement_.get(), column));
    if (!data) return {};
    return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

std::optional<std::int64_t> Statement::optional_integer(int column) const
{
    if (is_null(column)) return std::nullopt;
    return integer(column);
}

std::optional<double> Statement::optional_real(int column) const
{
    if (is_null(column)) return std::nullopt;
    return real(column);
}

// ---- Blob

void Blob::Close::operator()(sqlite3_blob* blob) const { sqlite3_blob_close(blob); }

std::int64_t Blob::size() const { return sqlite3_blob_bytes(blob_.get()); }

Result<void> Blob::move_to(std::int64_t rowid)
{
    const int code = sqlite3_blob_reopen(blob_.get(), rowid);
    if (code != SQLITE_OK) return model::pass_on(error_of(connection_, code));
    return {};
}

Result<void> Blob::read(std::int64_t offset, std::span<std::byte> into)
{
    const std::int64_t count = static_cast<std::int64_t>(into.size());
    if (offset < 0 || count > size() || offset > size() - count)
        return model::fail(ErrorCode::malformed, "a stored block is shorter than it should be", file_of(connection_));
    const int code =
        sqlite3_blob_read(blob_.get(), into.data(), static_cast<int>(into.size()), static_cast<int>(offset));
    if (code != SQLITE_OK) return model::pass_on(error_of(connection_, code));
    return {};
}

// ---- Database

void Database::Close::operator()(sqlite3* connection) const
{
    // The v2 form waits for statements that are still held, whatever the order of destruction.
    sqlite3_close_v2(connection);
}

Result<Database> Database::open(const std::filesystem::path& file, Access access)
{
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_NOFOLLOW;
    // A link to a case is fine; only SQLite's own -journal must not be one. So the path is resolved before.
    std::error_code ignored;
    std::filesystem::path resolved = std::filesystem::weakly_canonical(file, ignored);
    if (resolved.empty()) resolved = std::filesystem::absolute(file, ignored);
    // Also a reader opens for writing where it may: a writer that was killed leaves a journal that the next one,
    // whoever that is, must roll back. SQLite falls back to reading where the file is write-protected.
    flags |= SQLITE_OPEN_READWRITE;
    if (access == Access::create) flags |= SQLITE_OPEN_CREATE;
    sqlite3* connection = nullptr;
    const int code = sqlite3_open_v2(resolved.c_str(), &connection, flags, nullptr);
    Database database(connection);
    if (code != SQLITE_OK) {
        Error error = error_of(connection, code);
        error.where = file.string();
        return model::pass_on(std::move(error));
    }
    sqlite3_busy_timeout(connection, busy_milliseconds);
    if (access == Access::read_only) FEDSLEUTH_CHECK(database.run("PRAGMA query_only = ON"));
    return database;
}

Result<Database> Database::in_memory()
{
    sqlite3* connection = nullptr;
    const int code = sqlite3_open_v2(":memory:", &connection, SQLITE_OPEN_READWRITE | SQLITE_OPEN_EXRESCODE, nullptr);
    Database database(connection);
    if (code != SQLITE_OK) return model::pass_on(error_of(connection, code));
    return database;
}

Result<void> Database::run(const std::string& sql)
{
    const int code = sqlite3_exec(connection_.get(), sql.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return model::pass_on(error_of(connection_.get(), code));
    return {};
}

Result<Statement> Database::prepare(std::string_view sql)
{
    sqlite3_stmt* statement = nullptr;
    const int code =
        sqlite3_prepare_v3(connection_.get(), sql.data(), static_cast<int>(sql.size()), 0, &statement, nullptr);
    if (code != SQLITE_OK) return model::pass_on(error_of(connection_.get(), code));
    return Statement(statement);
}

Result<std::int64_t> Database::integer(std::string_view sql)
{
    FEDSLEUTH_TRY(Statement statement, prepare(sql));
    FEDSLEUTH_TRY(const bool found, statement.step());
    if (!found) return model::fail(ErrorCode::internal, "no answer to: " + std::string(sql), file());
    return statement.integer(0);
}

Result<Blob> Database::open_blob(const char* table, const char* column, std::int64_t rowid)
{
    sqlite3_blob* blob = nullptr;
    const int code = sqlite3_blob_open(connection_.get(), "main", table, column, rowid, 0, &blob);
    if (code != SQLITE_OK) return model::pass_on(error_of(connection_.get(), code));
    return Blob(connection_.get(), blob);
}

std::int64_t Database::last_rowid() const { return sqlite3_last_insert_rowid(connection_.get()); }

std::int64_t Database::total_changes() const { return sqlite3_total_changes64(connection_.get()); }

bool Database::in_transaction() const { return sqlite3_get_autocommit(connection_.get()) == 0; }

void Database::interrupt() { sqlite3_interrupt(connection_.get()); }

std::string Database::file() const { return file_of(connection_.get()); }

Result<void> Database::distrust()
{
    sqlite3* connection = connection_.get();
    sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(connection, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_db_config(connection, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
    sqlite3_db_config(connection, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
    return run("PRAGMA cell_size_check = ON");
}

// ---- Transaction

Result<Transaction> Transaction::begin(Database& database)
{
    FEDSLEUTH_CHECK(database.run("BEGIN IMMEDIATE"));
    return Transaction(database);
}

Transaction::~Transaction()
{
    // Some errors (a full disk) roll back inside SQLite already.
    if (database_ && database_->in_transaction()) static_cast<void>(database_->run("ROLLBACK"));
}

Result<void> Transaction::commit()
{
    FEDSLEUTH_CHECK(database_->run("COMMIT"));
    database_ = nullptr;
    return {};
}

// ---- Savepoint

Result<Savepoint> Savepoint::begin(Database& database)
{
    FEDSLEUTH_CHECK(database.run("SAVEPOINT part"));
    return Savepoint(database);
}

Savepoint::~Savepoint()
{
    if (database_ && database_->in_transaction()) static_cast<void>(database_->run("ROLLBACK TO part; RELEASE part"));
}

Result<void> Savepoint::keep()
{
    FEDSLEUTH_CHECK(database_->run("RELEASE part"));
    database_ = nullptr;
    return {};
}

}  // namespace fedsleuth::storage
