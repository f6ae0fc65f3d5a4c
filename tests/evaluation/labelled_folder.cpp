// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluation/recording.h"

#include "analysis/ledger/ledger_builder.h"
#include "storage/case/case_file.h"
#include "storage/ingest/ingest.h"

#include <simdjson.h>

namespace fedsleuth::evaluation {

model::Result<Recording> record_folder(const std::filesystem::path& folder, const std::filesystem::path& scratch)
{
    const std::filesystem::path file = scratch / (folder.filename().string() + ".fedcase");
    std::filesystem::remove(file);
    model::Progress progress;
    FEDSLEUTH_TRY(const auto taken, storage::ingest(folder.string(), file.string(), {}, progress));
    static_cast<void>(taken);
    FEDSLEUTH_TRY(const auto store, storage::CaseFile::open(file.string()));
    FEDSLEUTH_TRY(const auto federation, store->federation());
    FEDSLEUTH_TRY(const auto updates, store->updates());
    FEDSLEUTH_TRY(const auto checkpoints, store->checkpoints());
    Recording recording;
    for (const model::Update& update : updates)
        if (!update.reference && update.num_examples)
            recording.examples[update.client] = static_cast<double>(*update.num_examples);
    for (const analysis::LedgerPlan& plan : analysis::plan_ledgers(updates, checkpoints)) {
        FEDSLEUTH_TRY(auto ledger, analysis::build_ledger(*store, federation.layers, plan, progress));
        recording.ledgers.push_back(std::move(ledger));
    }
    simdjson::dom::parser parser;
    simdjson::dom::element truth;
    simdjson::dom::object malicious;
    if (parser.load((folder / "truth.json").string()).get(truth) != simdjson::SUCCESS ||
        truth["malicious"].get(malicious) != simdjson::SUCCESS)
        return model::fail(model::ErrorCode::malformed, "has no truth", folder.string());
    std::string_view attack = "";
    if (truth["attack"].get(attack) != simdjson::SUCCESS) attack = "";
    recording.cell.attack = malicious.size() > 0 ? folder.filename().string() : "";
    recording.cell.options.clients = recording.examples.size();
    recording.cell.fraction = static_cast<double>(malicious.size()) /
                              static_cast<double>(std::max<std::size_t>(recording.examples.size(), 1));
    if (malicious.size() > 0) recording.cell.options.attacks.emplace_back();
    for (const auto& [client, count] : recording.examples) {
        simdjson::dom::array rounds;
        if (malicious[client.text()].get(rounds) != simdjson::SUCCESS) continue;
        recording.attack_of[client] = attack;
        for (const simdjson::dom::element round : rounds) recording.malicious[client].emplace_back(std::int64_t(round));
    }
    return recording;
}

}  // namespace fedsleuth::evaluation
