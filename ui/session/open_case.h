// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/probe/curve.h"
#include "ui/session/case_data.h"

#include <filesystem>
#include <functional>
#include <string>

namespace fedsleuth::ui {

class JobControl;

/// What opening something came to. `data` may be there though there is a message: what could be read is shown.
struct OpenedCase {
    CaseDataPtr data;
    std::string message;  ///< what did not work, and what to do next; empty where all went well
};

/// The job behind opening: takes an evidence folder into its case, or opens a case file; analyses what has not been
/// analysed; reads it all. `show` gets the data as soon as there is something to see. Runs in a job's thread.
[[nodiscard]] model::Result<OpenedCase> open_anything(const std::filesystem::path& path,
                                                      const std::filesystem::path& cases_folder, JobControl& control,
                                                      const std::function<void(CaseDataPtr)>& show);

/// The job behind "Analyse again".
[[nodiscard]] model::Result<CaseDataPtr> analyse_case(const std::string& case_path, const analysis::Probes& probes,
                                                      JobControl& control);

}  // namespace fedsleuth::ui
