// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/case_paths.h"

#include "storage/case/case_file.h"

#include <QFile>
#include <QStandardPaths>

namespace fedsleuth::ui {

namespace fs = std::filesystem;

fs::path to_path(const QString& text) { return fs::path(QFile::encodeName(text).toStdString()); }

QString to_text(const fs::path& path) { return QFile::decodeName(QByteArray::fromStdString(path.string())); }

fs::path default_cases_folder()
{
    return to_path(QStandardPaths::writableLocation(QStandardPaths::AppDataLocation)) / "cases";
}

namespace {

bool made_from(const fs::path& case_file, const fs::path& folder)
{
    auto opened = storage::CaseFile::open(case_file, storage::CaseFile::Mode::read_only);
    if (!opened) return false;
    const auto origin = (*opened)->evidence_folder();
    if (!origin) return false;
    std::error_code error;
    return fs::weakly_canonical(*origin, error) == folder;
}

}  // namespace

model::Result<fs::path> case_path_for(const fs::path& folder, const fs::path& cases_folder)
{
    std::error_code error;
    const fs::path canonical = fs::canonical(folder, error);
    if (error)
        return model::fail(model::ErrorCode::not_found, "there is no such folder", folder.string(),
                           "choose a folder that holds federation.jsonl");
    fs::create_directories(cases_folder, error);
    if (error)
        return model::fail(model::ErrorCode::io, "the folder for cases can't be made: " + error.message(),
                           cases_folder.string(), "check its permissions and the free space");
    const std::string stem = canonical.filename().empty() ? "case" : canonical.filename().string();
    for (int attempt = 1;; ++attempt) {
        std::string name = stem;
        if (attempt > 1) name.append("-").append(std::to_string(attempt));
        fs::path candidate = cases_folder / name.append(".fedcase");
        if (!fs::exists(candidate, error) || made_from(candidate, canonical)) return candidate;
        if (attempt == 1000)
            return model::fail(model::ErrorCode::conflict, "a thousand cases have this folder's name",
                               cases_folder.string(), "remove some that are no longer needed");
    }
}

}  // namespace fedsleuth::ui
