// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/verdict/pattern_verdict.h"

#include "analysis/detection/robust.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace fedsleuth::analysis {

namespace {

/// Free riders have no past to contradict in their first rounds, and a flipped client needs some to turn the crowd's
/// way around: what is weakly there just before the onset belongs to it.
void extend_backwards(const std::vector<const ClientRound*>& rounds, bool ClientRound::*weakly, Course& course)
{
    if (course.bad.empty()) return;
    std::size_t first = course.bad.front();
    while (first > 0 && rounds[first - 1]->*weakly) course.bad.insert(course.bad.begin(), --first);
}

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
        const bool alarms = course.highest >= course_convicts;
        // Colluders may hit a past step by chance now and then; who recycles does so most of the time.
        const bool most_rounds = pattern != Pattern::recycled || 2 * course.bad.size() >= rounds.size() / 2;
        if (alarms && most_rounds && !explanation) explanation = {pattern, course};
        if (course.highest > strongest.second.highest) strongest = {pattern, std::move(course)};
    }
    return explanation.value_or(std::move(strongest));
}

/// Copies to the fourth digit, in at least two rounds.
bool copies_exactly(const std::vector<const ClientRound*>& rounds, const Course& course)
{
    constexpr double exact_evidence = 12;
    const auto exact = std::count_if(course.bad.begin(), course.bad.end(), [&](std::size_t place) {
        return rounds[place]->evidence[static_cast<std::size_t>(Pattern::lockstep)] >= exact_evidence;
    });
    return exact >= 2;
}

}  // namespace

PatternVerdict pattern_verdict(const std::vector<const ClientRound*>& rounds, bool is_original)
{
    PatternVerdict verdict;
    std::tie(verdict.leading, verdict.course) = leading_course(rounds, is_original);
    if (!verdict.course.bad.empty()) verdict.attack = attack_of(verdict.leading, rounds, verdict.course);
    const bool sound = verdict.leading == Pattern::boosted || verdict.leading == Pattern::untrained ||
                       verdict.leading == Pattern::recycled ||
                       (verdict.leading == Pattern::lockstep && copies_exactly(rounds, verdict.course));
    verdict.lockstep = !is_original && course_of(rounds, Pattern::lockstep).highest >= course_convicts;
    const Course opposed = course_of(rounds, Pattern::opposed);
    if (opposed.highest >= course_alarms) verdict.opposed_as = attack_of(Pattern::opposed, rounds, opposed);
    verdict.beyond_doubt = sound && verdict.course.highest >= course_convicts;
    return verdict;
}

}  // namespace fedsleuth::analysis
