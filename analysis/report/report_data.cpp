// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/report/report_data.h"

#include "analysis/verdict/probe_run.h"

#include <algorithm>
#include <set>

namespace fedsleuth::analysis {

using model::ClientId;

const model::Verdict* ReportData::verdict(const ClientId& client) const
{
    if (!verdicts) return nullptr;
    const auto found = std::find_if(verdicts->clients.begin(), verdicts->clients.end(),
                                    [&](const model::Verdict& each) { return each.client == client; });
    return found == verdicts->clients.end() ? nullptr : &*found;
}

const model::Decision* ReportData::decision(const ClientId& client) const
{
    const auto found = std::find_if(decisions.rbegin(), decisions.rend(),
                                    [&](const model::Decision& each) { return each.client == client; });
    return found == decisions.rend() ? nullptr : &*found;
}

model::VerdictClass ReportData::shown_class(const ClientId& client) const
{
    const model::Decision* decided = decision(client);
    if (decided != nullptr && decided->decided != model::VerdictClass::watch) return decided->decided;
    const model::Verdict* computed = verdict(client);
    return computed != nullptr ? computed->verdict : model::VerdictClass::unknown;
}

model::Result<ReportData> read_report_data(model::CaseStore& store, model::UpdateSource& source, bool measure,
                                           model::Progress& progress)
{
    ReportData data;
    FEDSLEUTH_TRY(data.federation, store.federation());
    FEDSLEUTH_TRY(data.clients, store.clients());
    FEDSLEUTH_TRY(data.rounds, store.rounds());
    FEDSLEUTH_TRY(data.updates, store.updates());
    FEDSLEUTH_TRY(std::vector<model::Checkpoint> stored, store.checkpoints());
    data.checkpoints = with_round_metrics(std::move(stored), data.rounds);
    FEDSLEUTH_TRY(data.files, store.evidence_files());
    FEDSLEUTH_TRY(data.issues, store.import_issues());
    FEDSLEUTH_TRY(data.findings, store.findings());
    FEDSLEUTH_TRY(data.decisions, store.decisions());
    FEDSLEUTH_TRY(data.custody, store.custody());
    std::erase_if(data.custody, [](const model::CustodyEntry& entry) {
        return entry.action == "export" && entry.parameters_json.find(R"("what":"report")") != std::string::npos;
    });
    FEDSLEUTH_TRY(data.policy, store.policy());
    FEDSLEUTH_TRY(data.verdicts, store.verdicts());
    FEDSLEUTH_TRY(data.rollback,
                  measure ? measured_rollback_answer(store, source, false, progress) : rollback_answer(store));
    FEDSLEUTH_TRY(const NoiseEvidence noise, kept_noise_evidence(store));
    FEDSLEUTH_TRY(data.audit, audit_privacy(store, noise, {}, progress));
    std::set<std::string> detectors;
    for (const model::Round& round : data.rounds) {
        if (progress.stopped()) return model::fail(model::ErrorCode::cancelled, "Stopped while reading the case");
        FEDSLEUTH_TRY(const std::vector<model::DetectorScores> scores, store.scores(round.number));
        for (const model::DetectorScores& of : scores) {
            detectors.insert(of.detector);
            for (std::size_t idx = 0; idx < of.clients.size(); ++idx) {
                double& strongest = data.evidence[of.clients[idx]][round.number];
                strongest = std::max(strongest, of.evidence[idx]);
            }
        }
    }
    data.detectors.assign(detectors.begin(), detectors.end());
    FEDSLEUTH_TRY(const std::optional<std::string> probed, store.document(std::string(probe_document)));
    if (probed) data.probes = probes_summary(*probed);
    return data;
}

}  // namespace fedsleuth::analysis
