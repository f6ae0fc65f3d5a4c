// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluation/measure.h"

#include "analysis/verdict/fusion.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <set>

namespace fedsleuth::evaluation {

using model::VerdictClass;

void Measured::add(const Recording& recording, std::optional<analysis::ProbeEvidence> probes)
{
    analysis::Evidence evidence = recording.evidence();
    evidence.probes = std::move(probes);
    std::vector<model::ClientId> everybody;
    for (const auto& [client, count] : recording.examples) everybody.push_back(client);
    for (const model::Verdict& verdict : analysis::fuse(evidence, everybody).clients) {
        Judged judged;
        judged.cell = cells.size();
        judged.verdict = verdict;
        judged.verdict.reasons.clear();
        judged.verdict.against.clear();
        if (const auto guilty = recording.malicious.find(verdict.client); guilty != recording.malicious.end()) {
            judged.malicious = true;
            judged.bad_rounds = guilty->second;
            judged.attack = recording.attack_of.at(verdict.client);
        }
        judged.unreliable = std::find(recording.unreliable.begin(), recording.unreliable.end(), verdict.client) !=
                            recording.unreliable.end();
        clients.push_back(std::move(judged));
    }
    cells.push_back(recording.cell);
}

namespace {

double share(std::size_t part, std::size_t whole)
{
    return whole == 0 ? -1 : static_cast<double>(part) / static_cast<double>(whole);
}

double area_under_roc(const std::vector<double>& positives, std::vector<double> negatives)
{
    if (positives.empty() || negatives.empty()) return -1;
    std::sort(negatives.begin(), negatives.end());
    double sum = 0;
    for (const double positive : positives) {
        const auto [first, last] = std::equal_range(negatives.begin(), negatives.end(), positive);
        sum += static_cast<double>(first - negatives.begin()) + static_cast<double>(last - first) / 2;
    }
    return sum / static_cast<double>(positives.size()) / static_cast<double>(negatives.size());
}

struct Tally {
    double found = 0, suspected = 0, malicious = 0;
};

/// Of the share Σ part / Σ malicious.
double standard_error(const std::map<std::size_t, Tally>& federations, double Tally::*part)
{
    double parts = 0, malicious = 0, squares = 0;
    for (const auto& [cell, tally] : federations) {
        parts += tally.*part;
        malicious += tally.malicious;
    }
    const auto count = static_cast<double>(federations.size());
    if (count < 2 || malicious == 0) return 0;
    for (const auto& [cell, tally] : federations)
        squares += std::pow(tally.*part - parts / malicious * tally.malicious, 2);
    return std::sqrt(count / (count - 1) * squares) / malicious;
}

}  // namespace

Rates rates(const Measured& measured, const std::function<bool(const Cell&)>& keep)
{
    Rates out;
    std::size_t found = 0, suspected = 0, accused = 0, honest_suspected = 0;
    std::vector<double> positives, negatives;
    std::set<std::size_t> cells, accusing, suspecting;
    std::map<std::size_t, Tally> tallies;  // of federations under attack
    for (const Judged& judged : measured.clients) {
        if (!keep(measured.cells[judged.cell])) continue;
        cells.insert(judged.cell);
        const bool called = judged.verdict.verdict == VerdictClass::malicious;
        const bool graver = judged.verdict.verdict >= VerdictClass::suspect;
        (judged.malicious ? positives : negatives).push_back(judged.verdict.probability);
        (judged.malicious ? found : accused) += called;
        (judged.malicious ? suspected : honest_suspected) += graver;
        if (judged.malicious) {
            Tally& tally = tallies[judged.cell];
            tally.found += called;
            tally.suspected += graver;
            ++tally.malicious;
        }
        if (called && !judged.malicious) accusing.insert(judged.cell);
        if (graver && !judged.malicious) suspecting.insert(judged.cell);
    }
    out.federations = cells.size();
    out.malicious = positives.size();
    out.found_error = standard_error(tallies, &Tally::found);
    out.suspected_error = standard_error(tallies, &Tally::suspected);
    out.honest = negatives.size();
    out.found = share(found, out.malicious);
    out.suspected = share(suspected, out.malicious);
    out.accused = share(accused, out.honest);
    out.honest_suspected = share(honest_suspected, out.honest);
    out.area = area_under_roc(positives, negatives);
    out.runs_accused = share(accusing.size(), cells.size());
    out.runs_suspected = share(suspecting.size(), cells.size());
    return out;
}

double calibration_error(const Measured& measured)
{
    struct Bin {
        double count = 0, malicious = 0, probability = 0;
    };
    std::array<Bin, 10> bins;
    for (const Judged& judged : measured.clients) {
        Bin& bin = bins[std::min<std::size_t>(9, static_cast<std::size_t>(judged.verdict.probability * 10))];
        bin.count += 1;
        bin.malicious += judged.malicious;
        bin.probability += judged.verdict.probability;
    }
    double error = 0;
    for (const Bin& bin : bins) error += std::abs(bin.malicious - bin.probability);
    return error / std::max(1.0, static_cast<double>(measured.clients.size()));
}

double false_discovery_rate(const Measured& measured, VerdictClass from)
{
    std::size_t called = 0, wrong = 0;
    for (const Judged& judged : measured.clients)
        if (judged.verdict.verdict >= from) {
            ++called;
            wrong += !judged.malicious;
        }
    return share(wrong, called);
}

std::vector<std::int64_t> onset_errors(const Measured& measured)
{
    std::vector<std::int64_t> errors;
    for (const Judged& judged : measured.clients)
        if (judged.malicious && judged.verdict.verdict == VerdictClass::malicious && judged.verdict.first_bad_round)
            errors.push_back(std::abs(judged.verdict.first_bad_round->value() - judged.bad_rounds.front().value()));
    std::sort(errors.begin(), errors.end());
    return errors;
}

namespace {

/// The share of the attackers found that are right.
double share_right(const Measured& measured, const std::function<bool(const Judged&)>& right)
{
    std::size_t found = 0, good = 0;
    for (const Judged& judged : measured.clients) {
        if (!judged.malicious || judged.verdict.verdict != VerdictClass::malicious) continue;
        ++found;
        good += right(judged);
    }
    return share(good, found);
}

}  // namespace

double family_share(const Measured& measured)
{
    return share_right(measured,
                       [](const Judged& judged) { return judged.verdict.family == model::family_of(judged.attack); });
}

double name_share(const Measured& measured)
{
    return share_right(measured, [](const Judged& judged) { return judged.verdict.attack == judged.attack; });
}

std::string percent(double share)
{
    if (share < 0) return "–";
    char text[32];
    std::snprintf(text, sizeof text, "%.1f %%", 100 * share);
    return text;
}

}  // namespace fedsleuth::evaluation
