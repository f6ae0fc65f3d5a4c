// SPDX-License-Identifier: GPL-3.0-or-later
// Privacy of 100 clients whose histories of 1,000 rounds change mechanism (noise, sampling rate) three to five times,
// every client at its own values; and one client's ε after every one of its 1,000 rounds. The twins: every client and
// every round on its own, as if nothing were shared.
#include "analysis/kernels/parallel.h"
#include "analysis/privacy/accountant.h"
#include "bench/bench.h"

#include <cmath>
#include <cstdint>
#include <cstdio>

using namespace fedsleuth;
using namespace fedsleuth::analysis;

namespace {

constexpr double delta = 1e-5;

double uniform(std::uint64_t& state)
{
    state = state * 6364136223846793005U + 1442695040888963407U;
    return static_cast<double>(state >> 11U) * 0x1p-53;
}

PrivacyHistory client_history(std::uint64_t seed)
{
    std::uint64_t state = seed;
    const int segments = 3 + static_cast<int>(uniform(state) * 3);
    PrivacyHistory history;
    for (int segment = 0; segment < segments; ++segment) {
        const double noise = std::round(100 * (0.8 + 1.2 * uniform(state))) / 100;
        const double rate = std::round(1000 * (0.005 + 0.03 * uniform(state))) / 1000;
        history.push_back(sampled_gaussian(noise, rate, 1000 / segments));
    }
    return history;
}

double sum_of(const model::Result<std::vector<Spent>>& each)
{
    double sum = 0;
    for (const Spent& spent : *each) sum += spent.epsilon;
    return sum;
}

}  // namespace

int main()
{
    std::vector<PrivacyHistory> clients;
    for (std::uint64_t client = 0; client < 100; ++client) clients.push_back(client_history(client + 1));
    const unsigned threads = hardware_threads();
    double checksum = 0;
    bench::compare(
        "rdp, 100 clients x 1000 rounds", "the same, one by one", 3,
        [&] { checksum += sum_of(epsilon_of_each(clients, delta, Accountant::rdp, {}, threads)); },
        [&] {
            for (const PrivacyHistory& client : clients)
                checksum -= epsilon_of(client, delta, Accountant::rdp)->epsilon;
        });
    AccountOptions mesh;
    mesh.interval = 1e-4;
    bench::compare(
        "pld at 1e-4, 100 clients x 1000 rounds", "the same, one by one", 2,
        [&] { checksum += sum_of(epsilon_of_each(clients, delta, Accountant::pld, mesh, threads)); },
        [&] {
            for (const PrivacyHistory& client : clients)
                checksum -= epsilon_of(client, delta, Accountant::pld, mesh)->epsilon;
        });
    PrivacyHistory rounds;
    for (const PrivacyEvent& segment : clients.front())
        for (std::int64_t round = 0; round < segment.count; ++round)
            rounds.push_back(sampled_gaussian(segment.noise, segment.rate, 1));
    bench::compare(
        "pld at 1e-4, after each of 1000 rounds", "every tenth prefix on its own", 2,
        [&] { checksum += epsilon_after_each(rounds, delta, Accountant::pld, mesh)->back(); },
        [&] {
            for (std::size_t upto = 10; upto <= rounds.size(); upto += 10)
                checksum -= epsilon_of(std::span(rounds).first(upto), delta, Accountant::pld, mesh)->epsilon;
        });
    return std::isfinite(checksum) ? 0 : 1;
}
