// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/rollback/replay_export.h"

#include "storage/case/case_file.h"
#include "storage/export/replay_folder.h"

namespace fedsleuth::ui {

model::Result<std::int64_t> export_replay(const std::string& case_path, const analysis::ReplayRequest& request,
                                          const std::string& folder_path, model::Progress& progress)
{
    FEDSLEUTH_TRY(const std::unique_ptr<storage::CaseFile> store,
                  storage::CaseFile::open(case_path, storage::CaseFile::Mode::read_write));
    FEDSLEUTH_TRY(const analysis::CounterfactualOptions plan, analysis::replay_options(*store, request));
    FEDSLEUTH_TRY(model::Federation federation, store->federation());
    FEDSLEUTH_TRY(const std::vector<model::EvidenceFile> evidence, store->evidence_files());
    FEDSLEUTH_TRY(storage::ReplayFolder folder, storage::ReplayFolder::open(folder_path, storage::format_like(evidence),
                                                                            std::move(federation.layers)));
    FEDSLEUTH_TRY(const analysis::ReplayOutcome outcome, analysis::replay_into(*store, *store, plan, folder, progress));
    FEDSLEUTH_CHECK(store->append_custody("export", folder_path, outcome.custody_json, outcome.manifest_sha256));
    return static_cast<std::int64_t>(outcome.files.size());
}

}  // namespace fedsleuth::ui
