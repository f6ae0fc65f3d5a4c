// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluation/recording.h"

#include "analysis/lab/lab_case.h"
#include "analysis/lab/simulation.h"
#include "analysis/ledger/ledger_builder.h"
#include "storage/case/ledger_codec.h"

#include <fstream>
#include <iterator>
#include <sstream>

namespace fedsleuth::evaluation {

using model::ClientId;
using model::Result;
using model::RoundNo;

analysis::Evidence Recording::evidence() const
{
    analysis::Evidence gathered;
    gathered.examples = examples;
    for (const model::RoundLedger& ledger : ledgers) gathered.add(ledger);
    return gathered;
}

Result<Recording> record(const Cell& cell)
{
    model::Progress progress;
    FEDSLEUTH_TRY(auto simulated, analysis::lab::simulate(cell.options, progress));
    const auto federation = std::make_shared<const analysis::lab::LabFederation>(std::move(simulated));
    analysis::lab::LabCase lab(federation);
    Recording recording;
    recording.cell = cell;
    recording.malicious = federation->truth.malicious;
    recording.attack_of = federation->truth.attack_of;
    recording.unreliable = federation->truth.unreliable;
    for (const model::Client& client : federation->clients)
        if (client.num_examples) recording.examples[client.id] = static_cast<double>(*client.num_examples);
    for (const analysis::LedgerPlan& plan : analysis::plan_ledgers(federation->updates, federation->checkpoints)) {
        FEDSLEUTH_TRY(auto ledger, analysis::build_ledger(lab, federation->federation.layers, plan, progress));
        recording.ledgers.push_back(std::move(ledger));
    }
    return recording;
}

Result<void> save(const Recording& recording, const std::filesystem::path& file)
{
    std::ostringstream text;
    for (const auto& [client, rounds] : recording.malicious) {
        text << "malicious " << client.text() << ' ' << recording.attack_of.at(client);
        for (const RoundNo round : rounds) text << ' ' << round.value();
        text << '\n';
    }
    for (const ClientId& client : recording.unreliable) text << "unreliable " << client.text() << '\n';
    for (const auto& [client, count] : recording.examples) text << "examples " << client.text() << ' ' << count << '\n';
    for (const model::RoundLedger& ledger : recording.ledgers)
        text << "ledger " << storage::encode(ledger).size() << '\n';
    text << "end\n";
    const std::filesystem::path part = file.string() + ".part";
    std::ofstream out(part, std::ios::binary);
    out << text.str();
    for (const model::RoundLedger& ledger : recording.ledgers) {
        const auto bytes = storage::encode(ledger);
        out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    }
    out.close();
    if (!out) return model::fail(model::ErrorCode::io, "can't be written", file.string());
    std::error_code error;
    std::filesystem::rename(part, file, error);
    if (error) return model::fail(model::ErrorCode::io, error.message(), file.string());
    return {};
}

Result<Recording> load(const Cell& cell, const std::filesystem::path& file)
{
    std::ifstream in(file, std::ios::binary);
    Recording recording;
    recording.cell = cell;
    std::vector<std::size_t> sizes;
    std::string line;
    while (std::getline(in, line) && line != "end") {
        std::istringstream words(line);
        std::string what, client;
        words >> what >> client;
        if (what == "malicious") {
            words >> recording.attack_of[ClientId(client)];
            std::int64_t round = 0;
            while (words >> round) recording.malicious[ClientId(client)].emplace_back(round);
        } else if (what == "unreliable") {
            recording.unreliable.emplace_back(client);
        } else if (what == "examples") {
            words >> recording.examples[ClientId(client)];
        } else {
            sizes.push_back(std::stoul(client));
        }
    }
    for (const std::size_t size : sizes) {
        std::vector<std::byte> bytes(size);
        in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size));
        FEDSLEUTH_TRY(auto ledger, storage::decode_ledger(bytes));
        if (!in || !ledger) return model::fail(model::ErrorCode::malformed, "is of another version", file.string());
        recording.ledgers.push_back(std::move(*ledger));
    }
    return recording;
}

}  // namespace fedsleuth::evaluation
