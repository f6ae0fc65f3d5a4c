// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/verdict/client_features.h"
#include "analysis/verdict/further_look.h"
#include "evaluation/boosting.h"
#include "evaluation/chain.h"
#include "evaluation/recording.h"

#include <functional>
#include <string>
#include <vector>

namespace fedsleuth::evaluation {

/// One client of one recorded federation: what the judges see, and the truth.
struct Example {
    std::size_t cell = 0;               ///< index in Dataset::cells
    analysis::ClientFeatures features;  ///< the rounds’ values only of the malicious and of a quarter of the honest
    bool malicious = false;
    bool unreliable = false;
    std::string attack;  ///< the verdicts' name; empty for the honest
    std::vector<model::RoundNo> bad_rounds;
};

struct Dataset {
    std::vector<Cell> cells;
    std::vector<Example> examples;                     ///< cell by cell
    std::vector<analysis::Surroundings> surroundings;  ///< of each cell
};

/// Features of every recorded cell of the list whose file is there.
[[nodiscard]] Dataset load_dataset(const std::filesystem::path& folder, std::uint64_t seed, std::size_t from,
                                   std::size_t to);

/// Puts `more` behind `data`.
void append(Dataset& data, Dataset more);

/// As a chain of judges learns from it; those of held-out attacks are not used. Good as long as `data` is.
[[nodiscard]] std::vector<Lesson> lessons_of(const Dataset& data);

/// Client rows for boosting; those of `keep` alone. Federations weigh alike, whatever their size.
[[nodiscard]] Table client_table(const Dataset& data, const std::function<bool(const Example&)>& keep);

[[nodiscard]] std::filesystem::path recording_file(const std::filesystem::path& folder, std::uint64_t seed,
                                                   std::size_t number);

}  // namespace fedsleuth::evaluation
