// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/round_words.h"

#include "analysis/detection/detector.h"
#include "ui/plots/plot_text.h"
#include "ui/plots/scales.h"
#include "ui/session/wording.h"
#include "ui/tables/round_lookup.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string_view>

namespace fedsleuth::ui {
namespace {

/// One client's strongest argument in a round.
struct Strongest {
    const model::DetectorScores* scores = nullptr;
    std::size_t client_idx = 0;
    double weight = 0;
};

Strongest strongest(std::span<const model::DetectorScores> scores, const model::ClientId* only)
{
    // What is easily understood is said first, where it says nearly as much as the rest.
    const auto plainness = [](const model::DetectorScores& detector) {
        return detector.detector == "norm" ? 1.5 : detector.detector == "cosine-median" ? 1.2 : 1.0;
    };
    Strongest best;
    for (const model::DetectorScores& detector : scores)
        for (std::size_t idx = 0; idx < detector.clients.size() && idx < detector.evidence.size(); ++idx) {
            if (only && detector.clients[idx] != *only) continue;
            const double weight = detector.evidence[idx] * plainness(detector);
            if (weight > best.weight) best = {&detector, idx, weight};
        }
    return best;
}

/// By its evidence over all detectors, as the table has it; null where nobody has any.
const model::ClientId* furthest_client(std::span<const model::DetectorScores> scores)
{
    std::map<std::string_view, double> sums;
    const model::ClientId* furthest = nullptr;
    double highest = 0;
    for (const model::DetectorScores& detector : scores)
        for (std::size_t idx = 0; idx < detector.clients.size() && idx < detector.evidence.size(); ++idx) {
            if (!(detector.evidence[idx] > 0)) continue;  // not a NaN either
            double& sum = sums[detector.clients[idx].text()];
            sum += detector.evidence[idx];
            if (sum <= highest) continue;
            highest = sum;
            furthest = &detector.clients[idx];
        }
    return furthest;
}

std::vector<model::ClientId> bad_clients(const CaseData& data, model::RoundNo round)
{
    std::vector<model::ClientId> clients;
    if (!data.verdicts) return clients;
    for (const model::Verdict& verdict : data.verdicts->clients)
        if (data.shown_class(verdict.client) >= model::VerdictClass::suspect &&
            std::find(verdict.bad_rounds.begin(), verdict.bad_rounds.end(), round) != verdict.bad_rounds.end())
            clients.push_back(verdict.client);
    return clients;
}

/// "site-07's update is 9.8 times as long as the median one".
QString argument(const Strongest& found)
{
    const model::DetectorScores& scores = *found.scores;
    const QString who = shown(scores.clients[found.client_idx]);
    const double value = scores.statistic[found.client_idx];
    const bool low = scores.z[found.client_idx] < 0;
    const double ratio = scores.location > 0 ? value / scores.location : 0;
    const QString number = number_text(value, 2), crowd = number_text(scores.location, 2);
    if (scores.detector == "norm" && ratio >= 1)
        return QStringLiteral("%1's update is %2 times as long as the median one").arg(who, number_text(ratio, 2));
    if (scores.detector == "norm" && ratio > 0)
        return QStringLiteral("%1's update has only %2 % of the median one's length")
            .arg(who, number_text(100 * ratio, 2));
    if (scores.detector == "cosine-median")
        return low ? QStringLiteral("%1's update points away from the crowd (cosine %2, the median is %3)")
                         .arg(who, number, crowd)
                   : QStringLiteral("%1's update points where the crowd does, more than any honest one (cosine %2)")
                         .arg(who, number);
    if (scores.detector == "sign-agreement")
        return QStringLiteral("%1 % of the signs in %2's update are the crowd's (the median is %3 %)")
            .arg(number_text(100 * value, 2), who, number_text(100 * scores.location, 2));
    if (scores.detector == "drift-own")
        return QStringLiteral("%1 changed what it does (cosine %2 with its last update, the median is %3)")
            .arg(who, number, crowd);
    if (scores.detector == "drift-global")
        return low ? QStringLiteral("%1's update works against the model's last steps (cosine %2)").arg(who, number)
                   : QStringLiteral("%1's update repeats the model's last steps (cosine %2)").arg(who, number);
    if (scores.detector == "krum-distance" && ratio > 1)
        return QStringLiteral("%1's update lies %2 times as far from its neighbours as the median one")
            .arg(who, number_text(ratio, 2));
    if (scores.detector == "duplicate") return QStringLiteral("%1 sent nearly the same as another client").arg(who);
    if (scores.detector == "recycled")
        return QStringLiteral("%1 sent what was already known (cosine %2)").arg(who, number_text(value, 3));
    const auto* const info = analysis::find_detector(scores.detector);
    return QStringLiteral("%1 stands apart (%2: %3, the median is %4%5)")
        .arg(who, info ? text_of(info->title).toLower() : shown(scores.detector), number, crowd,
             info ? QStringLiteral("; ") + text_of(info->unit) : QString());
}

}  // namespace

std::optional<model::RoundNo> most_suspicious_round(const CaseData& data, model::RoundNo first, model::RoundNo last)
{
    std::optional<model::RoundNo> best, usable, any;
    double highest = -1;
    for (std::size_t idx = 0; idx < data.rounds.size(); ++idx) {
        const model::RoundNo round = data.rounds[idx].number;
        if (round < first || last < round) continue;
        if (!any) any = round;
        if (!usable && std::ranges::any_of(updates_of(data, round), [](const model::Update& update) {
                return update.usable() && !update.reference;
            }))
            usable = round;
        if (idx >= data.suspicion.size() || !(data.suspicion[idx] > highest)) continue;
        highest = data.suspicion[idx];
        best = round;
    }
    return best ? best : usable ? usable : any;
}

QString round_answer(const CaseData& data, model::RoundNo round)
{
    const QString where = QStringLiteral("Round %1: ").arg(shown(round));
    const auto scores = scores_of(data, round);
    const std::vector<model::ClientId> bad = bad_clients(data, round);
    if (bad.empty()) {
        if (scores.empty()) return where + QStringLiteral("not compared with anything");
        const model::ClientId* const furthest = furthest_client(scores);
        // The verdicts weigh all rounds; an outlier of one round that nobody was accused for is said without a claim.
        if (!furthest) return where + QStringLiteral("no client stands out");
        return where + QStringLiteral("no client is suspected; furthest from the crowd is %1").arg(shown(*furthest));
    }
    Strongest best;
    for (const model::ClientId& client : bad)
        if (const Strongest found = strongest(scores, &client); found.weight > best.weight) best = found;
    if (!best.scores) return where + text_of(client_list_text(bad, 3)) + QStringLiteral(" suspected");
    QString answer = where + argument(best);
    if (bad.size() > 1) answer += QStringLiteral("; %1 more suspected").arg(bad.size() - 1);
    return answer;
}

QString round_counts(const CaseData& data, model::RoundNo round)
{
    std::int64_t came = 0, usable = 0;
    for (const model::Update& update : updates_of(data, round)) {
        if (update.reference) continue;
        ++came;
        usable += update.usable();
    }
    QString text = text_of(counted(came, "update", "updates"));
    text += usable == came ? QStringLiteral(", all usable") : QStringLiteral(", %1 of them usable").arg(usable);
    const model::Round* const found = find_round(data, round);
    if (found && !found->selected.empty()) text += QStringLiteral("; %1 clients selected").arg(found->selected.size());
    if (found && !found->failed.empty()) text += QStringLiteral(", %1 failed").arg(found->failed.size());
    return text;
}

std::optional<Words> round_obstacle(const CaseData& data, model::RoundNo round)
{
    const model::Round* const found = find_round(data, round);
    if (!found)
        return Words{QStringLiteral("No such round"), QStringLiteral("The case has no round %1.").arg(shown(round))};
    if (!found->inspectable) {
        const QString why =
            found->why_not.empty() ? QStringLiteral("only the sum of its updates was seen") : shown(found->why_not);
        return Words{
            QStringLiteral("This round cannot be inspected"),
            QStringLiteral("Single updates of round %1 are not there to be compared: %2.").arg(shown(round), why)};
    }
    const auto updates = updates_of(data, round);
    const auto usable =
        std::ranges::count_if(updates, [](const auto& update) { return update.usable() && !update.reference; });
    if (updates.empty())
        return Words{QStringLiteral("No updates"),
                     QStringLiteral("The log names no update of round %1.").arg(shown(round))};
    if (usable == 0) {
        const auto first = std::ranges::find_if(updates, [](const auto& update) { return !update.state_text.empty(); });
        QString text =
            QStringLiteral("None of the %1 updates of round %2 can be used.").arg(updates.size()).arg(shown(round));
        if (first != updates.end()) text += QStringLiteral(" The first one: %1").arg(shown(first->state_text));
        return Words{QStringLiteral("No usable updates"), text};
    }
    return std::nullopt;
}

}  // namespace fedsleuth::ui
