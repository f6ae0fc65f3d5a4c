// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/case_data.h"

#include "analysis/detection/score_round.h"
#include "analysis/rollback/candidates.h"
#include "storage/custody/custody_chain.h"

namespace fedsleuth::ui {

namespace {

model::Result<void> read_acts(CaseData& data, model::CaseStore& store)
{
    FEDSLEUTH_TRY(data.decisions, store.decisions());
    FEDSLEUTH_TRY(data.custody, store.custody());
    FEDSLEUTH_TRY(data.policy, store.policy());
    data.custody_problems = storage::check_custody_chain(data.custody);
    data.custody_intact = data.custody_problems.empty();
    // Who is decided to be malicious, or clean, also decides which checkpoints are.
    FEDSLEUTH_TRY(data.answer, analysis::rollback_answer(store));
    data.rollback.reset();
    if (data.answer) data.rollback = data.answer->rollback;
    return {};
}

model::Result<void> stop_here(const model::Progress& progress)
{
    if (progress.stopped()) return model::fail(model::ErrorCode::cancelled, "stopped while the case was read");
    return {};
}

}  // namespace

model::Result<CaseDataPtr> load_case_data(model::CaseStore& store, const std::string& case_path)
{
    model::Progress progress;
    return load_case_data(store, case_path, progress);
}

model::Result<CaseDataPtr> load_case_data(model::CaseStore& store, const std::string& case_path,
                                          model::Progress& progress)
{
    auto data = std::make_shared<CaseData>();
    data->case_path = case_path;
    progress.start("Reading the case", 0, "");
    FEDSLEUTH_TRY(data->federation, store.federation());
    FEDSLEUTH_TRY(data->clients, store.clients());
    FEDSLEUTH_TRY(data->rounds, store.rounds());
    FEDSLEUTH_CHECK(stop_here(progress));
    FEDSLEUTH_TRY(data->updates, store.updates());
    FEDSLEUTH_CHECK(stop_here(progress));
    FEDSLEUTH_TRY(data->checkpoints, store.checkpoints());
    FEDSLEUTH_TRY(data->files, store.evidence_files());
    FEDSLEUTH_TRY(data->issues, store.import_issues());
    FEDSLEUTH_TRY(data->verdicts, store.verdicts());
    FEDSLEUTH_TRY(data->findings, store.findings());
    FEDSLEUTH_TRY(data->signatures, store.signature_checks());
    FEDSLEUTH_TRY(data->certificates, analysis::view_certificates(store));
    FEDSLEUTH_CHECK(read_acts(*data, store));
    FEDSLEUTH_CHECK(stop_here(progress));
    FEDSLEUTH_TRY(data->privacy, analysis::privacy_claims(store));
    if (data->privacy.declared) {
        progress.start("Auditing privacy", 0, "");
        // An audit that can't be made costs a page, not the case: the page then shows what the clients claim.
        if (const auto evidence = analysis::kept_noise_evidence(store))
            if (auto audit = analysis::audit_privacy(store, *evidence, {}, progress))
                data->audit = std::make_shared<const analysis::PrivacyAudit>(std::move(*audit));
        FEDSLEUTH_CHECK(stop_here(progress));
    }

    progress.start("Reading detector scores", static_cast<std::int64_t>(data->rounds.size()), "rounds");
    data->scores.reserve(data->rounds.size());
    for (const model::Round& round : data->rounds) {
        FEDSLEUTH_CHECK(stop_here(progress));
        FEDSLEUTH_TRY(auto scores, store.scores(round.number));
        data->suspicion.push_back(analysis::round_suspicion(scores));
        data->scores.push_back(std::move(scores));
        progress.advance(1);
    }
    index_case_data(*data);
    return CaseDataPtr(std::move(data));
}

model::Result<CaseDataPtr> with_new_acts(const CaseData& before, model::CaseStore& store)
{
    auto data = std::make_shared<CaseData>(before);
    FEDSLEUTH_CHECK(read_acts(*data, store));
    index_case_data(*data);
    return CaseDataPtr(std::move(data));
}

}  // namespace fedsleuth::ui
