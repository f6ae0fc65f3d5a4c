// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluation/probe_training.h"

#include "analysis/verdict/fusion.h"
#include "analysis/verdict/probe_judgement.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

namespace fedsleuth::evaluation {

namespace {

/// The rounds as they would be measured with only one of both; near inputs need both.
std::vector<analysis::ProbeRound> cut(const Probed& probed, Brought brought)
{
    std::vector<analysis::ProbeRound> rounds = brought == Brought::trace ? probed.trace_rounds : probed.rounds;
    if (brought == Brought::probe)
        for (analysis::ProbeRound& round : rounds) {
            round.trace.clear();
            round.trace_control.clear();
            round.trace_near.clear();
            round.trace_after.clear();
        }
    return rounds;
}

}  // namespace

std::vector<ProbeRow> probe_rows(const Probed& probed)
{
    std::map<model::ClientId, ProbeRow> rows;
    const auto judgements = analysis::judge(probed.recording.evidence(), analysis::trained_judges());
    std::map<model::ClientId, double> probability;
    for (const analysis::Judgement& judgement : judgements) probability[judgement.client] = judgement.probability;
    for (const Brought brought : {Brought::probe, Brought::trace, Brought::both}) {
        if (brought != Brought::probe && !probed.has_misclassified) continue;
        for (const analysis::ProbeFeatures& features : analysis::probe_features(cut(probed, brought), probed.classes)) {
            const auto judged = probability.find(features.client);
            if (judged == probability.end()) continue;
            ProbeRow& row = rows[features.client];
            row.clients = judgements.size();
            row.attacked = !probed.recording.cell.attack.empty();
            row.malicious = probed.recording.malicious.contains(features.client);
            row.values[static_cast<std::size_t>(brought)] =
                analysis::probe_judge_row(judged->second, judgements.size(), features);
        }
    }
    std::vector<ProbeRow> all;
    for (auto& [client, row] : rows) all.push_back(std::move(row));
    return all;
}

model::Result<void> save(const std::vector<ProbeRow>& rows, const std::filesystem::path& file)
{
    std::ofstream out(file.string() + ".part");
    out.precision(9);
    for (const ProbeRow& row : rows) {
        out << row.clients << ' ' << row.attacked << ' ' << row.malicious;
        for (const std::vector<double>& values : row.values) {
            out << ' ' << values.size();
            for (const double value : values) out << ' ' << value;
        }
        out << '\n';
    }
    out.close();
    if (!out) return model::fail(model::ErrorCode::io, "can't be written", file.string());
    std::filesystem::rename(file.string() + ".part", file);
    return {};
}

std::vector<ProbeRow> load_probe_rows(const std::filesystem::path& folder, std::span<const std::uint64_t> seeds)
{
    std::set<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        for (const std::uint64_t seed : seeds)
            if (entry.path().extension() == ".probes" &&
                entry.path().filename().string().starts_with(std::to_string(seed) + "-"))
                files.insert(entry.path());
    std::vector<ProbeRow> rows;
    std::size_t cell = 0;
    for (const auto& file : files) {
        std::ifstream in(file);
        std::string line;
        while (std::getline(in, line)) {
            std::istringstream words(line);
            ProbeRow row;
            row.cell = cell;
            words >> row.clients >> row.attacked >> row.malicious;
            for (std::vector<double>& values : row.values) {
                std::size_t count = 0;
                words >> count;
                values.resize(count);
                for (double& value : values) words >> value;
            }
            rows.push_back(std::move(row));
        }
        ++cell;
    }
    return rows;
}

TrainedProbeJudges train_probe_judges(const std::vector<ProbeRow>& rows)
{
    constexpr std::size_t folds = 4;
    std::map<std::size_t, std::size_t> size;
    for (const ProbeRow& row : rows) ++size[row.cell];
    const auto train_one = [&](Brought brought) {
        const auto values = [&](const ProbeRow& row) -> const std::vector<double>& {
            return row.values[static_cast<std::size_t>(brought)];
        };
        const auto table = [&](std::size_t left_out) {
            Table out;
            for (const ProbeRow& row : rows) {
                if (values(row).empty() || row.cell % folds == left_out) continue;
                out.features = values(row).size();
                for (const double value : values(row)) out.values.push_back(static_cast<float>(value));
                out.label.push_back(row.malicious ? 1.0F : 0.0F);
                out.weight.push_back(20.0F / static_cast<float>(size[row.cell]));
                out.group.push_back(row.cell);
            }
            return out;
        };
        BoostingOptions options{.trees = 300, .depth = 4, .rate = 0.06, .l2 = 12, .columns = 0.5};
        TrainedProbeJudges::One one;
        std::vector<double> scores, labels;
        std::vector<std::pair<std::size_t, double>> honest;  // clients of the federation, log-odds
        for (std::size_t fold = 0; fold < folds; ++fold) {
            options.seed = fold + 2;
            const TrainedForest forest = boost(table(fold), options);
            for (const ProbeRow& row : rows) {
                if (values(row).empty() || row.cell % folds != fold) continue;
                scores.push_back(analysis::margin(forest.view(), values(row)));
                labels.push_back(row.malicious);
                if (!row.attacked) honest.emplace_back(row.clients, scores.back());
            }
        }
        options.seed = 1;
        one.forest = boost(table(folds), options);
        std::tie(one.slope, one.offset) = fit_logistic(scores, labels);
        for (const auto& [low, high] : {std::pair{0.0, 11.0}, {11.0, 22.0}, {22.0, 1e9}}) {
            std::vector<double> of_size;
            for (const auto& [clients, score] : honest)
                if (static_cast<double>(clients) > low && static_cast<double>(clients) <= high)
                    of_size.push_back(score);
            if (of_size.size() >= 100) one.library.push_back(null_cell(std::move(of_size), high));
        }
        return one;
    };
    TrainedProbeJudges judges;
    judges.probe = train_one(Brought::probe);
    judges.trace = train_one(Brought::trace);
    judges.both = train_one(Brought::both);
    judges.recipe = std::to_string(size.size()) + " federations of the hard set, or without an attack";
    return judges;
}

void ProbeReport::add(const Probed& probed)
{
    for (std::size_t which = 0; which < measured_.size(); ++which) {
        std::optional<analysis::ProbeEvidence> probes;
        if (which > 0) {
            const auto brought = static_cast<Brought>(which - 1);
            if (brought == Brought::trace && !probed.has_misclassified) continue;
            probes = {cut(probed, brought), brought == Brought::trace ? std::vector<std::int32_t>() : probed.classes,
                      probed.wrong_answer};
        }
        measured_[which].add(probed.recording, std::move(probes));
    }
}

std::string ProbeReport::text() const
{
    std::ostringstream out;
    constexpr std::array names{"without", "probe set", "misclassified input", "both"};
    out << "| brought along | federations | attackers | AUROC | called malicious | … or suspect | honest called "
           "malicious | … or suspect |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n";
    const auto line = [&](const std::string& name, const Measured& measured,
                          const std::function<bool(const Cell&)>& keep) {
        const Rates rate = rates(measured, keep);
        if (rate.federations == 0) return;
        char area[16];
        std::snprintf(area, sizeof area, "%.3f", rate.area);
        out << "| " << name << " | " << rate.federations << " | " << rate.malicious << " | "
            << (rate.malicious > 0 ? area : "–") << " | " << percent(rate.found) << " | " << percent(rate.suspected)
            << " | " << percent(rate.accused) << " | " << percent(rate.honest_suspected) << " |\n";
    };
    std::set<std::string> attacks;
    for (const Cell& cell : measured_[0].cells)
        if (!cell.attack.empty()) attacks.insert(cell.attack);
    for (std::size_t which = 0; which < measured_.size(); ++which) {
        const std::string name = names[which];
        line("hard set, " + name, measured_[which], [](const Cell& cell) { return !cell.attack.empty(); });
        line("nobody attacks, " + name, measured_[which], [](const Cell& cell) { return cell.attack.empty(); });
        for (const std::string& attack : attacks)
            line(attack + ", " + name, measured_[which], [&](const Cell& cell) { return cell.attack == attack; });
    }
    for (std::size_t which = 0; which < measured_.size(); ++which) {
        char error[16];
        std::snprintf(error, sizeof error, "%.3f", calibration_error(measured_[which]));
        out << "\nExpected calibration error, " << names[which] << ": " << error;
    }
    out << "\n";
    return out.str();
}

}  // namespace fedsleuth::evaluation
