// SPDX-License-Identifier: GPL-3.0-or-later
#include "scoring.h"  // by its plain name: the tests compile this file beside them

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace fedsleuth::cli {

namespace {

/// part / whole; nothing of nothing is not known.
std::optional<double> share(std::size_t part, std::size_t whole)
{
    if (whole == 0) return std::nullopt;
    return static_cast<double>(part) / static_cast<double>(whole);
}

/// Rates, and the ranking that the area is taken of.
void score_classes(Score& score)
{
    std::size_t malicious = 0;
    std::size_t found = 0;
    std::size_t accused = 0;
    std::vector<double> positives;
    std::vector<double> negatives;
    for (const ScoredClient& client : score.clients) {
        const bool called = client.verdict == model::VerdictClass::malicious;
        malicious += client.malicious ? 1 : 0;
        found += client.malicious && called ? 1 : 0;
        accused += !client.malicious && called ? 1 : 0;
        if (client.probability) (client.malicious ? positives : negatives).push_back(*client.probability);
    }
    score.tpr = share(found, malicious);
    score.fpr = share(accused, score.clients.size() - malicious);
    score.auroc = area_under_roc(positives, negatives);
}

/// Onset and family, over the malicious clients that were found.
void score_details(Score& score, const std::map<model::ClientId, const model::Verdict*>& verdict_of, const Truth& truth)
{
    double onset_sum = 0;
    std::size_t onsets = 0;
    std::size_t families = 0;
    std::size_t right = 0;
    for (const auto& [client, rounds] : truth.malicious) {
        const auto at = verdict_of.find(client);
        if (at == verdict_of.end() || at->second->verdict != model::VerdictClass::malicious) continue;
        const model::Verdict& verdict = *at->second;
        if (!rounds.empty() && verdict.first_bad_round) {
            const auto error = verdict.first_bad_round->value() - rounds.front().value();
            onset_sum += std::abs(static_cast<double>(error));
            ++onsets;
        }
        const auto own = truth.attack_of.find(client);
        const std::string& attack = own == truth.attack_of.end() ? truth.attack : own->second;
        if (const std::optional<std::string_view> family = family_of_label(attack)) {
            ++families;
            right += verdict.family == *family ? 1 : 0;
        }
    }
    if (onsets > 0) score.onset_error = onset_sum / static_cast<double>(onsets);
    score.family_accuracy = share(right, families);
}

}  // namespace

std::optional<double> area_under_roc(const std::vector<double>& positives, const std::vector<double>& negatives)
{
    if (positives.empty() || negatives.empty()) return std::nullopt;
    std::vector<double> sorted = negatives;
    std::sort(sorted.begin(), sorted.end());
    double sum = 0;
    for (const double positive : positives) {
        const auto [first, last] = std::equal_range(sorted.begin(), sorted.end(), positive);
        sum += static_cast<double>(first - sorted.begin()) + static_cast<double>(last - first) / 2;
    }
    return sum / static_cast<double>(positives.size()) / static_cast<double>(negatives.size());
}

Score score(const model::Verdicts& verdicts, const std::vector<model::ClientId>& everyone, const Truth& truth)
{
    std::map<model::ClientId, const model::Verdict*> verdict_of;
    std::map<model::ClientId, ScoredClient> clients;
    const auto add = [&](const model::ClientId& client) -> ScoredClient& {
        ScoredClient& scored = clients[client];
        scored.client = client;
        scored.malicious = truth.malicious.contains(client);
        return scored;
    };
    for (const model::ClientId& client : everyone) add(client);
    for (const auto& [client, rounds] : truth.malicious) add(client);
    for (const model::Verdict& verdict : verdicts.clients) {
        ScoredClient& scored = add(verdict.client);
        scored.verdict = verdict.verdict;
        if (verdict.verdict != model::VerdictClass::unknown) scored.probability = verdict.probability;
        verdict_of[verdict.client] = &verdict;
    }
    Score result;
    for (const auto& [client, scored] : clients) result.clients.push_back(scored);
    std::stable_sort(result.clients.begin(), result.clients.end(), [](const ScoredClient& a, const ScoredClient& b) {
        return a.probability.value_or(-1) > b.probability.value_or(-1);
    });
    score_classes(result);
    score_details(result, verdict_of, truth);
    return result;
}

std::optional<std::string_view> family_of_label(std::string_view attack)
{
    // Names that labels use beside the verdicts' own.
    constexpr std::array<std::pair<std::string_view, std::string_view>, 14> labels{{
        {"constrain-and-scale", "targeted"},
        {"constrained-backdoor", "targeted"},
        {"slow-backdoor", "targeted"},
        {"dba", "targeted"},
        {"neurotoxin", "targeted"},
        {"edge-case", "targeted"},
        {"gaussian-noise", "untargeted"},
        {"random-noise", "untargeted"},
        {"alie", "colluding"},
        {"ipm", "colluding"},
        {"min-max", "colluding"},
        {"min-sum", "colluding"},
        {"noisy-labels", "unreliable"},
        {"free-riding", "free-rider"},
    }};
    for (const auto& [name, family] : labels)
        if (name == attack) return family;
    const std::string_view family = model::family_of(attack);
    if (family == "unknown") return std::nullopt;
    return family;
}

}  // namespace fedsleuth::cli
