// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/case/case_file.h"

#include "storage/case/case_inside.h"
#include "storage/case/schema.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace fedsleuth::storage {

using model::ErrorCode;
using model::Result;

namespace fs = std::filesystem;

namespace {

/// Tables whose structure is checked on opening: all but those that hold the bulk.
constexpr std::array<const char*, 4> bulk_tables{"slab", "ledger", "score", "integer_tensor"};

Result<void> settle(Database& database)
{
    // Appended pages need no journal, so the rollback journal writes new slabs once; WAL would write them twice.
    return database.run("PRAGMA foreign_keys = ON; PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY");
}

Result<void> check_tables(Database& database)
{
    FEDSLEUTH_TRY(Statement tables, database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'"));
    while (true) {
        FEDSLEUTH_TRY(const bool more, tables.step());
        if (!more) return {};
        const std::string table = tables.text(0);
        if (std::find(bulk_tables.begin(), bulk_tables.end(), table) != bulk_tables.end()) continue;
        FEDSLEUTH_TRY(Statement check, database.prepare("PRAGMA quick_check(" + table + ")"));
        FEDSLEUTH_TRY(const bool answered, check.step());
        if (!answered || check.text(0) != "ok")
            return model::fail(ErrorCode::refused, "is damaged: " + (answered ? check.text(0) : table), database.file(),
                               "take a copy of it from before, or ingest the evidence again");
    }
}

/// The name under which a case is made before it is whole. Held by one program at a time, and gone afterwards.
class UnfinishedCase {
public:
    static Result<UnfinishedCase> begin(const fs::path& file)
    {
        fs::path path = file;
        path += ".new";
        UnfinishedCase unfinished(path, ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666));
        if (unfinished.descriptor_ < 0)
            return model::fail(ErrorCode::io, "can't be made: " + std::string(std::strerror(errno)), file.string());
        // Who waited for the lock may hold what was the unfinished file and is the case by now.
        struct stat locked {
        }, named{};
        if (::flock(unfinished.descriptor_, LOCK_EX | LOCK_NB) != 0 || ::fstat(unfinished.descriptor_, &locked) != 0 ||
            ::stat(path.c_str(), &named) != 0 || locked.st_ino != named.st_ino)
            return model::fail(ErrorCode::conflict, "another program is just making this case", file.string());
        unfinished.ours_ = true;
        // Of a program that was killed here.
        std::error_code ignored;
        fs::remove(fs::path(path) += "-journal", ignored);
        if (::ftruncate(unfinished.descriptor_, 0) != 0)
            return model::fail(ErrorCode::io, "can't be made: " + std::string(std::strerror(errno)), file.string());
        return unfinished;
    }
    UnfinishedCase(UnfinishedCase&& other) noexcept
        : path_(std::move(other.path_)),
          descriptor_(std::exchange(other.descriptor_, -1)),
          ours_(std::exchange(other.ours_, false))
    {
    }
    UnfinishedCase& operator=(UnfinishedCase&&) = delete;
    ~UnfinishedCase()
    {
        if (ours_) ::unlink(path_.c_str());
        if (descriptor_ >= 0) ::close(descriptor_);
    }

    [[nodiscard]] const fs::path& path() const { return path_; }

    /// Gives the case its name, unless something else has it.
    [[nodiscard]] Result<void> put_in_place(const fs::path& file)
    {
        if (::link(path_.c_str(), file.c_str()) == 0) return {};
        if (errno == EEXIST) return model::fail(ErrorCode::conflict, "exists already", file.string());
        // File systems without hard links.
        if (::rename(path_.c_str(), file.c_str()) != 0)
            return model::fail(ErrorCode::io, std::strerror(errno), file.string());
        ours_ = false;
        return {};
    }

private:
    UnfinishedCase(fs::path path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}

    fs::path path_;
    int descriptor_;
    bool ours_ = false;
};

}  // namespace

CaseFile::CaseFile(std::unique_ptr<Inside> inside) : inside_(std::move(inside)) {}

CaseFile::~CaseFile() = default;

Result<std::unique_ptr<CaseFile>> CaseFile::create(const fs::path& file)
{
    std::error_code ignored;
    if (fs::exists(fs::symlink_status(file, ignored)))
        return model::fail(ErrorCode::conflict, "exists already", file.string());
    // Made under another name first: whoever is killed here leaves no half of a case behind.
    {
        FEDSLEUTH_TRY(UnfinishedCase unfinished, UnfinishedCase::begin(file));
        {
            FEDSLEUTH_TRY(Database database, Database::open(unfinished.path(), Database::Access::create));
            FEDSLEUTH_CHECK(database.run("PRAGMA page_size = 65536"));
            FEDSLEUTH_CHECK(run_schema_steps(database, schema_steps()));
        }
        FEDSLEUTH_CHECK(unfinished.put_in_place(file));
    }
    return open(file);
}

Result<std::unique_ptr<CaseFile>> CaseFile::open(const fs::path& file, Mode mode)
{
    std::error_code ignored;
    const fs::file_status status = fs::status(file, ignored);
    if (!fs::exists(status)) return model::fail(ErrorCode::not_found, "there is no such case", file.string());
    if (!fs::is_regular_file(status)) return model::fail(ErrorCode::refused, "is no file", file.string());

    const bool reading = mode == Mode::read_only;
    FEDSLEUTH_TRY(Database database,
                  Database::open(file, reading ? Database::Access::read_only : Database::Access::read_write));
    FEDSLEUTH_CHECK(database.distrust());
    FEDSLEUTH_CHECK(bring_up_to_date(database, schema_steps(), !reading));
    FEDSLEUTH_CHECK(check_tables(database));
    FEDSLEUTH_CHECK(settle(database));
    return std::unique_ptr<CaseFile>(new CaseFile(std::make_unique<Inside>(std::move(database))));
}

void CaseFile::interrupt() { inside_->database.interrupt(); }

Result<std::string> CaseFile::evidence_folder()
{
    FEDSLEUTH_TRY(Statement statement, inside_->database.prepare("SELECT folder FROM ingest_state"));
    FEDSLEUTH_TRY(const bool found, statement.step());
    if (!found) return model::fail(ErrorCode::not_found, "nothing was ingested yet", inside_->database.file());
    return statement.text(0);
}

Result<std::int64_t> CaseFile::coordinates() { return inside_->vectors.coordinates(); }

Result<void> CaseFile::read(std::span<const model::VectorRef> rows, std::int64_t first, std::int64_t count, float* out)
{
    return inside_->vectors.read(rows, first, count, out);
}

}  // namespace fedsleuth::storage
