// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/verdict/explanation.h"

#include "analysis/detection/detector.h"
#include "model/text.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace fedsleuth::analysis {

using model::Reason;
using model::Verdict;

namespace {

constexpr std::size_t most_reasons = 5;
constexpr std::size_t most_against = 4;
constexpr double worth_saying = 0.05;  // log-odds
constexpr double within_crowd = 3;     // robust z

struct PatternWords {
    const char* detector;
    const char* text;
};

PatternWords words_of(Pattern pattern)
{
    switch (pattern) {
        case Pattern::boosted:
            return {"norm", "its update was far longer than the crowd's"};
        case Pattern::opposed:
            return {"cosine-median", "its update pointed against the crowd's"};
        case Pattern::lockstep:
            return {"duplicate", "its update repeated another client's"};
        case Pattern::untrained:
            return {"drift-own", "its update had nothing in common with the crowd, the global model or its own past"};
        case Pattern::recycled:
            return {"recycled", "its update was a copy of what was known before"};
    }
    return {"norm", ""};
}

std::optional<std::size_t> index_in(const model::DetectorScores& scores, const model::ClientId& client)
{
    const auto found = std::find(scores.clients.begin(), scores.clients.end(), client);
    if (found == scores.clients.end()) return std::nullopt;
    return static_cast<std::size_t>(found - scores.clients.begin());
}

std::string share_text(double share)
{
    if (share >= 0.01) return model::short_number(100 * share, 2) + " %";
    // Two digits of a large number, written out: "one in 1,400".
    const double many = 1 / share;
    const double step = std::pow(10.0, std::floor(std::log10(many)) - 1);
    return "one in " + model::grouped(std::llround(std::round(many / step) * step));
}

std::string count_text(std::size_t count, const char* noun)
{
    return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string opening(const Verdict& verdict, const Judgement& judgement, const PatternVerdict& pattern,
                    std::size_t clients)
{
    const std::string first = std::to_string(verdict.bad_rounds.front().value());
    const std::string all = count_text(judgement.rounds.size(), "round") + " that it took part in, ";
    const std::string rounds = verdict.bad_rounds.size() == 1
                                   ? "In round " + first + ", one of the " + all
                                   : "In " + std::to_string(verdict.bad_rounds.size()) + " of the " + all +
                                         "from round " + first + " on, ";
    if (pattern.beyond_doubt) return rounds + words_of(pattern.leading).text + ".";
    return rounds + "its updates stand out from those of the other " + count_text(clients - 1, "client") +
           "; of honest clients in comparable simulated federations " + share_text(judgement.p_value) +
           " look as suspicious.";
}

/// The detector's strongest round among the bad ones.
std::optional<Reason> strongest_round(const Verdict& verdict, std::string_view detector,
                                      const std::vector<ScoredRound>& rounds)
{
    std::optional<Reason> strongest;
    for (const ScoredRound& round : rounds) {
        const bool bad = verdict.bad_rounds.empty() ||
                         std::binary_search(verdict.bad_rounds.begin(), verdict.bad_rounds.end(), round.patterns.round);
        const auto scores = std::find_if(round.scores.begin(), round.scores.end(),
                                         [&](const auto& candidate) { return candidate.detector == detector; });
        if (!bad || scores == round.scores.end()) continue;
        const auto client_idx = index_in(*scores, verdict.client);
        if (!client_idx || std::isnan(scores->z[*client_idx])) continue;
        const double size = std::abs(scores->z[*client_idx]);
        if (!strongest || size > strongest->evidence)
            strongest = Reason{std::string(detector), scores->round, sentence(*scores, *client_idx), size};
    }
    return strongest;
}

/// Detectors that saw the client within the crowd in nine rounds of ten.
void add_ordinary(Verdict& verdict, const std::vector<ScoredRound>& rounds)
{
    for (const DetectorInfo& detector : judged_detectors()) {
        std::size_t judged = 0, outside = 0;
        for (const ScoredRound& round : rounds) {
            const auto scores = std::find_if(round.scores.begin(), round.scores.end(), [&](const auto& candidate) {
                return candidate.detector == detector.name;
            });
            if (scores == round.scores.end()) continue;
            const auto client_idx = index_in(*scores, verdict.client);
            if (!client_idx || std::isnan(scores->z[*client_idx])) continue;
            ++judged;
            const double z = scores->z[*client_idx];
            outside += detector.two_sided ? std::abs(z) >= within_crowd : z >= within_crowd;
        }
        if (judged == 0 || outside * 10 > judged) continue;
        verdict.against.push_back({std::string(detector.name),
                                   verdict.first_bad_round.value_or(rounds.front().patterns.round),
                                   std::string(detector.title) + ": within the crowd (|robust z| below 3) in " +
                                       std::to_string(judged - outside) + " of " + count_text(judged, "round") + ".",
                                   static_cast<double>(judged - outside) / static_cast<double>(judged)});
    }
    std::stable_sort(verdict.against.begin(), verdict.against.end(),
                     [](const Reason& a, const Reason& b) { return a.evidence > b.evidence; });
    if (verdict.against.size() > most_against) verdict.against.resize(most_against);
}

/// Whether the suspicion stands without its heaviest family of evidence.
void add_single_family(Verdict& verdict, const Judgement& judgement)
{
    if (judgement.families.empty() || verdict.bad_rounds.empty()) return;
    const Contribution& heaviest = judgement.families.front();
    if (heaviest.log_odds <= 0 || judgement.suspicion - heaviest.log_odds > 0) return;
    std::string detector = "norm";
    for (const Contribution& contribution : judgement.detectors)
        if (evidence_family(contribution.what) == heaviest.what) {
            detector = contribution.what;
            break;
        }
    verdict.against.insert(verdict.against.begin(),
                           {detector, verdict.bad_rounds.front(),
                            "It rests on one kind of evidence, " + heaviest.what +
                                ": without it the odds of an attack would fall by a factor of " +
                                model::short_number(std::exp(heaviest.log_odds)) + ".",
                            heaviest.log_odds});
}

}  // namespace

void explain(Verdict& verdict, const Judgement& judgement, const PatternVerdict& pattern, std::size_t clients,
             const std::vector<ScoredRound>& rounds)
{
    add_ordinary(verdict, rounds);
    if (verdict.verdict < model::VerdictClass::watch) return;
    add_single_family(verdict, judgement);
    if (verdict.attack == "unreliable") {
        verdict.reasons.push_back({judgement.detectors.empty() ? "norm" : judgement.detectors.front().what,
                                   rounds.front().patterns.round,
                                   "Its updates are odd as those of honest clients with wrong labels are: bad data, "
                                   "with no intent to be seen.",
                                   judgement.log_odds});
    } else if (!verdict.bad_rounds.empty()) {
        const std::string detector = pattern.beyond_doubt          ? words_of(pattern.leading).detector
                                     : judgement.detectors.empty() ? "norm"
                                                                   : judgement.detectors.front().what;
        verdict.reasons.push_back({detector, verdict.bad_rounds.front(), opening(verdict, judgement, pattern, clients),
                                   std::max(judgement.log_odds, pattern.beyond_doubt ? pattern.course.highest : 0.0)});
    }
    for (const Contribution& contribution : judgement.detectors) {
        if (contribution.log_odds < worth_saying || verdict.reasons.size() >= most_reasons) break;
        if (auto reason = strongest_round(verdict, contribution.what, rounds)) {
            reason->evidence = contribution.log_odds;
            verdict.reasons.push_back(std::move(*reason));
        }
    }
}

void explain_probe(Verdict& verdict, const ProbeOpinion& opinion)
{
    const std::string detector = opinion.by_trace ? "input-trace" : "probe-confusion";
    if (opinion.log_odds < worth_saying) {
        if (verdict.verdict < model::VerdictClass::watch || verdict.against.empty()) return;
        verdict.against.push_back({detector, verdict.against.front().round,
                                   "The " + std::string(opinion.by_trace ? "misclassified inputs" : "probe set") +
                                       " added nothing to the suspicion.",
                                   0});
        return;
    }
    if (verdict.verdict < model::VerdictClass::watch || verdict.reasons.empty()) return;
    // Behind the opening sentence, or before it where they weigh more than all else.
    const bool first = opinion.before < 0.5;
    verdict.reasons.insert(verdict.reasons.begin() + (first ? 0 : 1),
                           {detector, opinion.strongest.value_or(verdict.reasons.front().round), opinion.text,
                            opinion.log_odds});
}

}  // namespace fedsleuth::analysis
