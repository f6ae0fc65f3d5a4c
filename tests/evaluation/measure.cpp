// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluation/measure.h"

#include "analysis/verdict/fusion.h"
#include "analysis/verdict/judgement.h"

#include <algorithm>
#include <cstdio>
#include <map>

namespace fedsleuth::evaluation {

std::vector<Judged> judged(const Recording& recording)
{
    const analysis::Evidence evidence = recording.evidence();
    std::vector<model::ClientId> clients;
    for (const auto& [client, count] : recording.examples) clients.push_back(client);
    const model::Verdicts verdicts = analysis::fuse(evidence, clients);
    std::map<model::ClientId, const analysis::Judgement*> judgement_of;
    const auto judgements = analysis::judge(evidence, analysis::trained_judges());
    for (const analysis::Judgement& judgement : judgements) judgement_of[judgement.client] = &judgement;
    std::vector<Judged> rows;
    for (const model::Verdict& verdict : verdicts.clients) {
        Judged row;
        row.cell = &recording.cell;
        row.client = verdict.client;
        row.verdict = verdict;
        if (const auto guilty = recording.malicious.find(verdict.client); guilty != recording.malicious.end()) {
            row.malicious = true;
            row.bad_rounds = guilty->second;
            row.attack = recording.attack_of.at(verdict.client);
        }
        row.unreliable = std::find(recording.unreliable.begin(), recording.unreliable.end(), verdict.client) !=
                         recording.unreliable.end();
        if (const auto found = judgement_of.find(verdict.client); found != judgement_of.end()) {
            row.p_value = found->second->p_value;
            row.log_odds = found->second->log_odds;
        }
        rows.push_back(std::move(row));
    }
    return rows;
}

void print_rows(const std::vector<Judged>& rows)
{
    for (const Judged& row : rows) {
        const Cell& cell = *row.cell;
        std::printf("%zu,%s,%d,%d,%d,%.0f,%.2f,%zu,%.2f,%d,%d,%s,%.5f,%.6f,%.3f,%s,%s,%lld,%lld,%zu,%zu\n", cell.number,
                    cell.attack.c_str(), cell.held_out, cell.hard, cell.overt, cell.skew, cell.fraction,
                    cell.options.clients, cell.options.participation, row.malicious, row.unreliable,
                    std::string(model::name_of(row.verdict.verdict)).c_str(), row.verdict.probability, row.p_value,
                    row.log_odds, row.attack.c_str(), row.verdict.attack.c_str(),
                    row.bad_rounds.empty() ? -1LL : static_cast<long long>(row.bad_rounds.front().value()),
                    row.verdict.first_bad_round ? static_cast<long long>(row.verdict.first_bad_round->value()) : -1LL,
                    row.bad_rounds.size(), row.verdict.bad_rounds.size());
    }
}

}  // namespace fedsleuth::evaluation
