// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/detection/history.h"
#include "model/ids.h"

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace fedsleuth::analysis {

/// n × n: how alike clients were, by whichever measure; NaN where it is not known. Empty where nothing is: above
/// History::most_clients, whose squares would fill the memory.
using Likeness = std::vector<double>;
/// Of each client, its place in the History; none where it was never seen.
using Places = std::vector<std::optional<std::size_t>>;

/// Of vectors of one length; NaN where one of them is zero.
[[nodiscard]] double cosine_of(std::span<const double> a, std::span<const double> b);

/// Mean residual cosines over the whole time, on Fisher's scale.
[[nodiscard]] Likeness likeness_of(const Company& company, const Places& places);

/// Cosines of the clients' leans: like data lean alike.
[[nodiscard]] Likeness lean_likeness(const std::vector<std::vector<double>>& leans, const Places& places);

/// What is left of a likeness when that which like data explain is taken out (a straight line on the likeness of
/// leans): clients with like data may well go the same way, those with unlike data don't unless they share a purpose.
[[nodiscard]] Likeness excess_of(Likeness likeness, const Likeness& explained);

/// The six ways in which clients can be alike: the whole updates, their last layer, the whole less what like data
/// explain, the leans themselves, the update without its last layer less what like data explain, and the last layer
/// likewise.
[[nodiscard]] std::vector<Likeness> all_likenesses(const History& history, const Places& places);

/// One client's rounds, ascending, and what set each of them apart from its own others: T × m.
struct Rhythm {
    std::vector<model::RoundNo> rounds;
    std::vector<double> apart;
};

/// Cosines of what set the rounds that both were in apart from their own others, less what did so for everybody,
/// shrunk where these rounds are few: attackers that begin, pause and go on together change in the same rounds.
[[nodiscard]] Likeness rhythm_likeness(const std::vector<Rhythm>& clients, std::size_t m);

/// Highest, and mean of the three highest, likeness with others, both also against the other clients'; then of the trio
/// that a client makes with the two most like it, the least likeness within, and how far that is above the greatest
/// likeness of its members with anybody else: a purpose is shared by a closed circle, a likeness of data by a chain.
/// Six columns of n.
void add_likeness(const Likeness& likeness, std::size_t n, std::vector<std::vector<double>>& columns);

}  // namespace fedsleuth::analysis
