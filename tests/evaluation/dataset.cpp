// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluation/dataset.h"

#include "analysis/kernels/parallel.h"

#include <algorithm>
#include <cstdio>
#include <map>

namespace fedsleuth::evaluation {

std::filesystem::path recording_file(const std::filesystem::path& folder, std::uint64_t seed, std::size_t number)
{
    return folder / (std::to_string(seed) + "-" + std::to_string(number) + ".ledgers");
}

namespace {

Dataset load_one(const std::filesystem::path& folder, std::uint64_t seed, std::size_t number)
{
    Dataset data;
    const auto file = recording_file(folder, seed, number);
    if (!std::filesystem::exists(file)) return data;
    const auto recording = load(make_cell(seed, number), file);
    if (!recording) {
        std::fprintf(stderr, "%s\n", recording.error().text().c_str());
        return data;
    }
    analysis::Evidence evidence = recording->evidence();
    for (analysis::ClientFeatures& features : analysis::client_features(evidence)) {
        Example example;
        const auto guilty = recording->malicious.find(features.client);
        if (guilty != recording->malicious.end()) {
            example.malicious = true;
            example.bad_rounds = guilty->second;
            example.attack = recording->attack_of.at(features.client);
        }
        example.unreliable = std::find(recording->unreliable.begin(), recording->unreliable.end(), features.client) !=
                             recording->unreliable.end();
        example.features = std::move(features);
        data.examples.push_back(std::move(example));
    }
    evidence.rounds.clear();
    data.evidence.push_back(std::move(evidence));
    data.cells.push_back(recording->cell);
    return data;
}

}  // namespace

Dataset load_dataset(const std::filesystem::path& folder, std::uint64_t seed, std::size_t from, std::size_t to)
{
    std::vector<Dataset> each(to - from);
    analysis::parallel_for(each.size(), analysis::hardware_threads(),
                           [&](std::size_t idx) { each[idx] = load_one(folder, seed, from + idx); });
    Dataset data;
    for (Dataset& one : each) append(data, std::move(one));
    return data;
}

void append(Dataset& data, Dataset more)
{
    const std::size_t offset = data.cells.size();
    for (Example& example : more.examples) {
        example.cell += offset;
        data.examples.push_back(std::move(example));
    }
    for (Cell& cell : more.cells) data.cells.push_back(std::move(cell));
    for (analysis::Evidence& evidence : more.evidence) data.evidence.push_back(std::move(evidence));
}

Table client_table(const Dataset& data, const std::function<bool(const Example&)>& keep)
{
    Table table;
    table.features = analysis::feature_names().size();
    std::map<std::size_t, std::size_t> size;
    for (const Example& example : data.examples)
        if (keep(example)) ++size[example.cell];
    for (const Example& example : data.examples) {
        if (!keep(example)) continue;
        for (const double value : example.features.values) table.values.push_back(static_cast<float>(value));
        table.label.push_back(example.malicious ? 1.0f : 0.0f);
        table.weight.push_back(20.0f / static_cast<float>(size[example.cell]));
        table.group.push_back(example.cell);
    }
    return table;
}

}  // namespace fedsleuth::evaluation
