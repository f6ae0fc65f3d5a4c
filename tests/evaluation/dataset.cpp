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
    const analysis::Evidence evidence = recording->evidence();
    std::vector<analysis::ClientFeatures> clients = analysis::client_features(evidence);
    data.surroundings.push_back(analysis::surroundings_of(evidence, clients));
    std::size_t honest = number;
    for (analysis::ClientFeatures& features : clients) {
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
        // Rounds are many, and honest ones much alike: a quarter of them is enough, and the memory is.
        if (!example.malicious && ++honest % 4 != 0) example.features.round_values.clear();
        data.examples.push_back(std::move(example));
    }
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
    for (analysis::Surroundings& one : more.surroundings) data.surroundings.push_back(std::move(one));
}

std::vector<Lesson> lessons_of(const Dataset& data)
{
    std::vector<Lesson> lessons;
    for (const Example& example : data.examples)
        lessons.push_back(
            {example.cell, &example.features.values, example.malicious, !data.cells[example.cell].held_out});
    return lessons;
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
