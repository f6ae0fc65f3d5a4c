// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/lab/partition.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

namespace fedsleuth::analysis::lab {

namespace {

std::vector<std::size_t> client_sizes(const PartitionOptions& options, std::size_t clients, Random& random)
{
    std::vector<double> shares(clients, 1.0);
    if (options.quantity_skew > 0)
        for (double& share : shares) share = std::exp(options.quantity_skew * random.normal());
    std::vector<std::size_t> sizes = apportion(clients * options.examples_per_client, shares);
    for (std::size_t& size : sizes) size = std::max(size, fewest_examples);
    return sizes;
}

/// Deals out the classes in rounds of a shuffled deck, so that all are held about equally often.
std::vector<double> dealt_classes(std::size_t count, std::vector<std::size_t>& deck, std::size_t classes,
                                  Random& random)
{
    std::vector<double> shares(classes, 0.0);
    for (std::size_t held = 0; held < std::min(count, classes);) {
        // The first card of the deck that the client doesn't hold yet; a new deck goes under the old one.
        const auto card = std::find_if(deck.begin(), deck.end(), [&](std::size_t label) { return shares[label] == 0; });
        if (card == deck.end()) {
            std::vector<std::size_t> fresh(classes);
            std::iota(fresh.begin(), fresh.end(), std::size_t{0});
            random.shuffle(std::span(fresh));
            deck.insert(deck.end(), fresh.begin(), fresh.end());
            continue;
        }
        shares[*card] = 1.0;
        deck.erase(card);
        ++held;
    }
    return shares;
}

}  // namespace

std::vector<std::size_t> apportion(std::size_t total, const std::vector<double>& proportions)
{
    const double sum = std::accumulate(proportions.begin(), proportions.end(), 0.0);
    std::vector<std::size_t> counts(proportions.size());
    std::vector<std::pair<double, std::size_t>> remainders;
    std::size_t given = 0;
    for (std::size_t part_idx = 0; part_idx < proportions.size(); ++part_idx) {
        const double exact = static_cast<double>(total) * proportions[part_idx] / sum;
        counts[part_idx] = static_cast<std::size_t>(exact);
        given += counts[part_idx];
        remainders.emplace_back(exact - std::floor(exact), part_idx);
    }
    std::stable_sort(remainders.begin(), remainders.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    for (std::size_t next = 0; given < total; ++next, ++given) ++counts[remainders[next % remainders.size()].second];
    return counts;
}

std::vector<std::vector<std::size_t>> partition(const PartitionOptions& options, std::size_t clients,
                                                std::size_t classes, Random& random)
{
    const std::vector<std::size_t> sizes = client_sizes(options, clients, random);
    std::vector<std::vector<std::size_t>> counts;
    std::vector<std::size_t> deck;
    for (std::size_t client_idx = 0; client_idx < clients; ++client_idx) {
        std::vector<double> shares(classes);
        for (double& share : shares) share = 1.0 + 1e-6 * random.uniform();  // what is left over goes to any class
        if (options.kind == PartitionOptions::Kind::dirichlet) shares = random.dirichlet(classes, options.alpha);
        if (options.kind == PartitionOptions::Kind::classes)
            shares = dealt_classes(std::max<std::size_t>(1, options.classes_per_client), deck, classes, random);
        counts.push_back(apportion(sizes[client_idx], shares));
    }
    return counts;
}

}  // namespace fedsleuth::analysis::lab
