// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/verdict/fusion.h"

#include "analysis/verdict/course.h"
#include "analysis/verdict/explanation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <set>

namespace fedsleuth::analysis {

using model::ClientId;
using model::RoundNo;
using model::Verdict;
using model::VerdictClass;

namespace {

constexpr double watch_from = 2.5;
constexpr double suspect_from = 5;
constexpr double malicious_from = 8;

double probability_of(double total)
{
    // One half between suspect and malicious; 0.006 for a client without any pattern.
    return 1 / (1 + std::exp(-0.8 * (total - 6.5)));
}

VerdictClass class_of(double total)
{
    if (total >= malicious_from) return VerdictClass::malicious;
    if (total >= suspect_from) return VerdictClass::suspect;
    if (total >= watch_from) return VerdictClass::watch;
    return VerdictClass::clean;
}

/// Free riders have no past to contradict in their first rounds, and a flipped client needs some to turn the crowd's
/// way around: what is weakly there just before the onset belongs to it.
void extend_backwards(const std::vector<const ClientRound*>& rounds, bool ClientRound::*weakly, Course& course)
{
    if (course.bad.empty()) return;
    std::size_t first = course.bad.front();
    while (first > 0 && rounds[first - 1]->*weakly) course.bad.insert(course.bad.begin(), --first);
}

/// Clients that were in lockstep with each other, round by round.
class LockstepGroups {
public:
    explicit LockstepGroups(const std::vector<ScoredRound>& rounds)
    {
        for (const ScoredRound& round : rounds) add(round.patterns);
    }

    /// A copied client is as identical as its copies. Whoever continued its own past in the round in which the likeness
    /// began, while all others jumped, is the original.
    [[nodiscard]] bool is_original(const ClientId& client) const { return originals_.contains(client); }
    [[nodiscard]] const std::set<ClientId>& twins(const ClientId& client) const
    {
        static const std::set<ClientId> none;
        const auto found = twins_.find(client);
        return found == twins_.end() ? none : found->second;
    }

private:
    void add(const RoundPatterns& patterns)
    {
        std::map<std::size_t, std::vector<std::size_t>> began;
        for (const auto& [first, second] : patterns.lockstep) {
            const ClientId& one = patterns.clients[first];
            const ClientId& other = patterns.clients[second];
            if (!twins_[one].contains(other)) {
                began[first].push_back(second);
                began[second].push_back(first);
            }
            twins_[one].insert(other);
            twins_[other].insert(one);
        }
        constexpr double continues = -2;
        constexpr double jumps = -2.5;
        for (const auto& [client_idx, others] : began) {
            const bool all_others_jumped = std::all_of(others.begin(), others.end(), [&](std::size_t other_idx) {
                return patterns.seen[other_idx].own_z <= jumps;
            });
            if (patterns.seen[client_idx].own_z >= continues && all_others_jumped)
                originals_.insert(patterns.clients[client_idx]);
        }
    }

    std::map<ClientId, std::set<ClientId>> twins_;
    std::set<ClientId> originals_;
};

double mean_of(const std::vector<const ClientRound*>& rounds, const std::vector<std::size_t>& places,
               double ClientRound::*field)
{
    double sum = 0;
    for (const std::size_t place : places) sum += rounds[place]->*field;
    return places.empty() ? 0 : sum / static_cast<double>(places.size());
}

std::string attack_of(Pattern pattern, const std::vector<const ClientRound*>& rounds, const Course& course)
{
    const auto mean = [&](double ClientRound::*field) { return mean_of(rounds, course.bad, field); };
    switch (pattern) {
        case Pattern::boosted:
            // Replacing the model takes one round, or a few; who is long in most rounds scales as a habit.
            return course.bad.size() <= std::max<std::size_t>(3, rounds.size() / 4) ? "model-replacement" : "scaling";
        case Pattern::opposed: {
            // A flipped update disagrees in sign as often as the crowd agrees; flipped labels only disturb the
            // agreement.
            const double halfway = 0.5 - 0.5 * (mean(&ClientRound::crowd_sign_agreement) - 0.5);
            return mean(&ClientRound::sign_agreement) < halfway ? "sign-flip" : "label-flip";
        }
        case Pattern::lockstep: {
            const double cosine = mean(&ClientRound::median_cosine);
            const bool made_from_crowd = mean(&ClientRound::median_cosine_z) >= 2.5 || cosine >= 0.95 || cosine <= -0.2;
            return made_from_crowd ? "collusion" : "sybil";
        }
        case Pattern::untrained:
            return mean(&ClientRound::length_ratio) < 0.9 ? "free-rider" : "noise";
        case Pattern::recycled:
            return "free-rider";
    }
    return "unknown";
}

/// The pattern that the verdict rests on: the strongest, unless one alarms that explains the others. Copies are odd in
/// every way in which the original is; what opposes the crowd or never trained is often long as well.
std::pair<Pattern, Course> leading_course(const std::vector<const ClientRound*>& rounds, bool is_original)
{
    constexpr std::array explaining{Pattern::recycled, Pattern::lockstep, Pattern::opposed, Pattern::untrained,
                                    Pattern::boosted};
    std::pair<Pattern, Course> strongest{Pattern::boosted, {}};
    std::optional<std::pair<Pattern, Course>> explanation;
    for (const Pattern pattern : explaining) {
        if (pattern == Pattern::lockstep && is_original) continue;
        Course course = course_of(rounds, pattern);
        if (pattern == Pattern::untrained) extend_backwards(rounds, &ClientRound::weakly_untrained, course);
        if (pattern == Pattern::opposed) extend_backwards(rounds, &ClientRound::weakly_opposed, course);
        const bool alarms = course.highest >= malicious_from;
        // Colluders may hit a past step by chance now and then; who recycles does so most of the time.
        const bool most_rounds = pattern != Pattern::recycled || 2 * course.bad.size() >= rounds.size() / 2;
        if (alarms && most_rounds && !explanation) explanation = {pattern, course};
        if (course.highest > strongest.second.highest) strongest = {pattern, std::move(course)};
    }
    return explanation.value_or(std::move(strongest));
}

}  // namespace

model::Verdicts fuse(const std::vector<ScoredRound>& rounds, const std::vector<ClientId>& clients)
{
    model::Verdicts verdicts;
    std::map<ClientId, std::vector<const ClientRound*>> seen;
    for (const ScoredRound& round : rounds)
        for (std::size_t client_idx = 0; client_idx < round.patterns.seen.size(); ++client_idx)
            seen[round.patterns.clients[client_idx]].push_back(&round.patterns.seen[client_idx]);
    const LockstepGroups groups(rounds);

    for (const ClientId& client : clients) {
        Verdict verdict;
        verdict.client = client;
        const auto found = seen.find(client);
        if (found == seen.end()) {
            verdicts.clients.push_back(std::move(verdict));
            continue;
        }
        const std::vector<const ClientRound*>& own_rounds = found->second;

        auto [leading, course] = leading_course(own_rounds, groups.is_original(client));
        verdict.verdict = class_of(course.highest);
        verdict.probability = probability_of(course.highest);
        for (const std::size_t place : course.bad) verdict.bad_rounds.push_back(own_rounds[place]->round);
        if (!verdict.bad_rounds.empty()) {
            verdict.first_bad_round = verdict.bad_rounds.front();
            verdict.attack = attack_of(leading, own_rounds, course);
            verdict.family = model::family_of(verdict.attack);
        }
        explain(verdict, leading, course.highest, own_rounds.size(), rounds);
        verdicts.clients.push_back(std::move(verdict));
    }

    // Clients that were in lockstep and are accused of it share a number.
    int next_group = 1;
    std::map<ClientId, Verdict*> accused;
    for (Verdict& verdict : verdicts.clients)
        if (verdict.family == "colluding") accused[verdict.client] = &verdict;
    for (auto& [client, verdict] : accused) {
        if (verdict->group) continue;
        std::vector<ClientId> reached{client};
        bool has_company = false;
        verdict->group = next_group;
        while (!reached.empty()) {
            const ClientId current = reached.back();
            reached.pop_back();
            for (const ClientId& twin : groups.twins(current)) {
                const auto other = accused.find(twin);
                if (other == accused.end() || other->second->group) continue;
                other->second->group = next_group;
                has_company = true;
                reached.push_back(twin);
            }
        }
        if (has_company)
            ++next_group;
        else
            verdict->group.reset();
    }

    std::stable_sort(verdicts.clients.begin(), verdicts.clients.end(), [](const Verdict& a, const Verdict& b) {
        return a.probability != b.probability ? a.probability > b.probability : a.client < b.client;
    });
    return verdicts;
}

}  // namespace fedsleuth::analysis
