// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/open_case.h"

#include "analysis/analyse.h"
#include "storage/case/case_file.h"
#include "storage/ingest/ingest.h"
#include "ui/session/case_paths.h"
#include "ui/session/jobs.h"

namespace fedsleuth::ui {

namespace fs = std::filesystem;
using storage::CaseFile;

namespace {

model::Result<CaseDataPtr> read_data(CaseFile& file, const fs::path& path, JobControl& control)
{
    const auto guard = control.interruptible([&file] { file.interrupt(); });
    return load_case_data(file, path.string(), control.progress);
}

model::Result<analysis::AnalysisSummary> run_analysis(CaseFile& file, JobControl& control,
                                                      const analysis::AnalysisOptions& options)
{
    const auto guard = control.interruptible([&file] { file.interrupt(); });
    return analysis::analyse(file, file, options, control.progress);
}

/// A case on a medium that can't be written is still good to read.
model::Result<std::unique_ptr<CaseFile>> open_file(const fs::path& path, bool& writable)
{
    writable = true;
    auto opened = CaseFile::open(path, CaseFile::Mode::read_write);
    if (opened || opened.error().code != model::ErrorCode::io) return opened;
    writable = false;
    return CaseFile::open(path, CaseFile::Mode::read_only);
}

std::string why_not_analysed(const model::Error& error)
{
    if (error.code == model::ErrorCode::cancelled)
        return std::string(
            "The analysis was stopped. What was finished is kept: Case ▸ Analyse again goes on from there.");
    return std::string("The analysis failed: ").append(error.text());
}

}  // namespace

model::Result<OpenedCase> open_anything(const fs::path& path, const fs::path& cases_folder, JobControl& control,
                                        const std::function<void(CaseDataPtr)>& show)
{
    std::error_code error;
    fs::path case_path = path;
    bool must_analyse = false;
    if (fs::is_directory(path, error)) {
        control.progress.start("Looking into the folder", 0, "");
        FEDSLEUTH_TRY(case_path, case_path_for(path, cases_folder));
        FEDSLEUTH_TRY(const storage::IngestSummary summary,
                      storage::ingest(path, case_path, storage::IngestOptions{}, control.progress));
        must_analyse = summary.changed;
    } else if (!fs::exists(path, error)) {
        return model::fail(model::ErrorCode::not_found, "there is no such file or folder", path.string(),
                           "it may have been moved; open it from where it is now");
    }

    bool writable = true;
    FEDSLEUTH_TRY(const std::unique_ptr<CaseFile> file, open_file(case_path, writable));
    FEDSLEUTH_TRY(CaseDataPtr data, read_data(*file, case_path, control));
    if (!must_analyse && data->verdicts) return OpenedCase{std::move(data), {}};
    if (!writable)
        return OpenedCase{std::move(data),
                          std::string("This case has not been analysed, and its file can't be written. Copy it to a "
                                      "place where you may write, and open the copy.")};
    show(data);  // something to read while the analysis runs
    auto analysed = run_analysis(*file, control, {});
    if (!analysed) return OpenedCase{std::move(data), why_not_analysed(analysed.error())};
    FEDSLEUTH_TRY(data, read_data(*file, case_path, control));
    return OpenedCase{std::move(data), {}};
}

model::Result<CaseDataPtr> analyse_case(const std::string& case_path, const analysis::Probes& probes,
                                        JobControl& control)
{
    FEDSLEUTH_TRY(const std::unique_ptr<CaseFile> file, CaseFile::open(case_path));
    analysis::AnalysisOptions options;
    options.probes = probes;
    FEDSLEUTH_TRY(const analysis::AnalysisSummary summary, run_analysis(*file, control, options));
    static_cast<void>(summary);
    return read_data(*file, case_path, control);
}

}  // namespace fedsleuth::ui
