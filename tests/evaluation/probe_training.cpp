// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluation/probe_training.h"

#include "analysis/kernels/parallel.h"
#include "analysis/verdict/fusion.h"
#include "analysis/verdict/probe_judgement.h"
#include "evaluation/chain.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace fedsleuth::evaluation {

namespace {

/// The rounds as they would be measured with only one of both; near inputs need both.
std::vector<analysis::ProbeRound> cut(const Probed& probed, Brought brought)
{
    std::vector<analysis::ProbeRound> rounds = brought == Brought::trace ? probed.trace_rounds : probed.rounds;
    if (brought == Brought::probe)
        for (analysis::ProbeRound& round : rounds) round.trace = {};
    return rounds;
}

}  // namespace

ProbeNotes probe_notes(const Probed& probed)
{
    ProbeNotes notes;
    for (const Brought brought : {Brought::probe, Brought::trace, Brought::both})
        if (brought == Brought::probe || probed.has_misclassified)
            notes[static_cast<std::size_t>(brought)] = analysis::probe_features(cut(probed, brought), probed.classes);
    return notes;
}

model::Result<void> save(const ProbeNotes& notes, const std::filesystem::path& file)
{
    std::ofstream out(file.string() + ".part");
    out.precision(9);
    for (std::size_t brought = 0; brought < notes.size(); ++brought)
        for (const analysis::ProbeFeatures& features : notes[brought]) {
            out << brought << ' ' << features.client.text() << ' ' << features.rounds.size();
            for (const std::vector<double>* values : {&features.probe, &features.trace}) {
                out << ' ' << values->size();
                for (const double value : *values) out << ' ' << value;
            }
            out << '\n';
        }
    out.close();
    if (!out) return model::fail(model::ErrorCode::io, "can't be written", file.string());
    std::filesystem::rename(file.string() + ".part", file);
    return {};
}

namespace {

ProbeNotes load_notes(const std::filesystem::path& file)
{
    ProbeNotes notes;
    std::ifstream in(file);
    std::string line;
    while (std::getline(in, line)) {
        std::istringstream words(line);
        std::size_t brought = 0, rounds = 0;
        std::string client;
        analysis::ProbeFeatures features;
        words >> brought >> client >> rounds;
        features.client = model::ClientId(client);
        features.rounds.resize(rounds);
        for (std::vector<double>* values : {&features.probe, &features.trace}) {
            std::size_t count = 0;
            words >> count;
            values->resize(count);
            for (double& value : *values) words >> value;
        }
        // Notes of another version say something else at the same place.
        const auto empty_or = [](const std::vector<double>& values, const std::vector<std::string>& names) {
            return values.empty() || values.size() == names.size();
        };
        if (!empty_or(features.probe, analysis::probe_feature_names()) ||
            !empty_or(features.trace, analysis::trace_feature_names())) {
            std::fprintf(stderr, "%s: is of another version\n", file.c_str());
            return {};
        }
        notes.at(brought).push_back(std::move(features));
    }
    return notes;
}

/// One federation as lessons; none where it can't be read, or has an attack that is held out of training.
ProbeLessons lessons_of(const std::filesystem::path& folder, std::uint64_t seed, std::size_t number)
{
    ProbeLessons out;
    const Cell cell = make_cell(seed, number);
    if (cell.held_out) return out;
    const auto recording = load(cell, recording_file(folder, seed, number));
    if (!recording) {
        std::fprintf(stderr, "%s\n", recording.error().text().c_str());
        return out;
    }
    const auto judgements = analysis::judge(recording->evidence(), analysis::trained_judges());
    const ProbeNotes notes = load_notes(folder / (std::to_string(seed) + "-" + std::to_string(number) + ".probes"));
    for (const analysis::Judgement& judgement : judgements) {
        ProbeLessons::Client& client = out.clients.emplace_back();
        client.malicious = recording->malicious.contains(judgement.client);
        for (std::size_t brought = 0; brought < notes.size(); ++brought)
            for (const analysis::ProbeFeatures& features : notes[brought])
                if (features.client == judgement.client)
                    client.values[brought] = analysis::probe_judge_row(judgement, judgements.size(), features);
    }
    out.sizes.push_back(out.clients.size());
    out.attacked.push_back(!cell.attack.empty());
    return out;
}

}  // namespace

ProbeLessons load_probe_lessons(const std::filesystem::path& folder, std::span<const std::uint64_t> seeds)
{
    std::set<std::pair<std::uint64_t, std::size_t>> numbers;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() != ".probes") continue;
        unsigned long long seed = 0, number = 0;
        if (std::sscanf(entry.path().filename().string().c_str(), "%llu-%llu", &seed, &number) == 2 &&
            std::find(seeds.begin(), seeds.end(), seed) != seeds.end())
            numbers.emplace(seed, number);
    }
    const std::vector<std::pair<std::uint64_t, std::size_t>> all(numbers.begin(), numbers.end());
    std::vector<ProbeLessons> each(all.size());
    analysis::parallel_for(all.size(), analysis::hardware_threads(),
                           [&](std::size_t idx) { each[idx] = lessons_of(folder, all[idx].first, all[idx].second); });
    ProbeLessons lessons;
    for (ProbeLessons& one : each) {
        if (one.sizes.empty()) continue;
        for (ProbeLessons::Client& client : one.clients) {
            client.cell = lessons.sizes.size();
            lessons.clients.push_back(std::move(client));
        }
        lessons.sizes.push_back(one.sizes.front());
        lessons.attacked.push_back(one.attacked.front());
    }
    return lessons;
}

TrainedProbeJudges train_probe_judges(const ProbeLessons& all)
{
    const BoostingOptions options{.trees = 600, .depth = 4, .rate = 0.04, .l2 = 6, .rows = 0.8, .columns = 0.4};
    const auto train_one = [&](Brought brought) {
        std::vector<Lesson> lessons;
        for (const ProbeLessons::Client& client : all.clients) {
            const std::vector<double>& row = client.values[static_cast<std::size_t>(brought)];
            if (!row.empty()) lessons.push_back({client.cell, &row, client.malicious, true});
        }
        Chain chain = learn_chain(lessons, {}, options, {}, 0);
        TrainedProbeJudges::One one;
        one.forest = std::move(chain.first);
        std::vector<double> labels;
        for (const Lesson& lesson : lessons) labels.push_back(lesson.malicious);
        std::tie(one.slope, one.offset) = fit_logistic(chain.unseen, labels);
        for (const auto& [low, high] : {std::pair{0.0, 11.0}, {11.0, 22.0}, {22.0, 1e9}}) {
            std::vector<double> of_size;
            for (std::size_t idx = 0; idx < lessons.size(); ++idx) {
                const auto clients = static_cast<double>(all.sizes[lessons[idx].cell]);
                if (!all.attacked[lessons[idx].cell] && clients > low && clients <= high)
                    of_size.push_back(chain.unseen[idx]);
            }
            if (of_size.size() >= 100) one.library.push_back(null_cell(std::move(of_size), high));
        }
        return one;
    };
    TrainedProbeJudges judges;
    judges.probe = train_one(Brought::probe);
    judges.trace = train_one(Brought::trace);
    judges.both = train_one(Brought::both);
    for (const ProbeLessons::Client& client : all.clients)
        judges.features = std::max(judges.features, client.values[static_cast<std::size_t>(Brought::both)].size());
    judges.recipe = std::to_string(all.sizes.size()) + " federations of the hard set, or without an attack";
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
        line("hard set, " + name, measured_[which], [](const Cell& cell) { return cell.hard; });
        line("hard set of at most 30 %, n ≥ 20, " + name, measured_[which],
             [](const Cell& cell) { return cell.hard && cell.fraction <= 0.31 && cell.options.clients >= 20; });
        line("nobody attacks, " + name, measured_[which], [](const Cell& cell) { return cell.attack.empty(); });
        for (const std::string& attack : attacks) {
            line(attack + ", " + name, measured_[which], [&](const Cell& cell) { return cell.attack == attack; });
            if (attack == "label-flip pair")
                line(attack + " at Dirichlet 0.1, " + name, measured_[which],
                     [&](const Cell& cell) { return cell.attack == attack && cell.hard; });
        }
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
