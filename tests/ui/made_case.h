// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/detection/score_round.h"
#include "analysis/detection/detector.h"
#include "ui/session/case_data.h"

#include <cmath>
#include <random>
#include <string>

namespace fedsleuth::test {

/// A case put together by hand: client 3 is malicious and bad in every fifth round, client 5 is suspect, client 9 put
/// on watch by a decision. Its ids hold what an attacker may write into them.
struct MadeCase {
    std::size_t clients = 20;
    std::int64_t rounds = 12;
    bool analysed = true;

    [[nodiscard]] static model::ClientId client(std::size_t idx)
    {
        if (idx == 4) return model::ClientId{"<b>site</b>\x1b[31m"};
        const std::string number = std::to_string(idx);
        return model::ClientId{"site-" + std::string(number.size() < 2 ? 1 : 0, '0') + number};
    }

    [[nodiscard]] ui::CaseDataPtr make() const
    {
        auto data = std::make_shared<ui::CaseData>();
        std::mt19937 random(42);
        std::normal_distribution<> normal;
        for (std::size_t idx = 0; idx < clients; ++idx) {
            model::Client one;
            one.id = client(idx);
            one.registered = true;
            data->clients.push_back(one);
        }
        for (std::int64_t number = 1; number <= rounds; ++number) {
            model::Round round;
            round.number = model::RoundNo{number};
            round.metrics["accuracy"] = 1 - 1.0 / double(number + 1);
            data->rounds.push_back(round);
            std::vector<model::ClientId> present;
            for (std::size_t idx = 0; idx < clients; ++idx) {
                if ((idx + std::size_t(number)) % 7 == 6) continue;  // not everyone every time
                model::Update update;
                update.round = round.number;
                update.client = client(idx);
                update.num_examples = 70 + std::int64_t(idx);
                update.metrics["train_loss"] = 2.0 / double(number);
                update.state = model::SnapshotState::usable;
                data->updates.push_back(update);
                present.push_back(update.client);
            }
            std::vector<model::DetectorScores> scores;
            for (const analysis::DetectorInfo& info : analysis::detectors()) {
                if (!analysed) break;
                model::DetectorScores one;
                one.round = round.number;
                one.detector = std::string(info.name);
                one.clients = present;
                one.location = 1;
                one.scale = 0.1;
                for (const model::ClientId& id : present) {
                    const bool bad = id == client(3) && number % 5 == 0;
                    const double z = bad ? 40 : normal(random);
                    one.z.push_back(z);
                    one.statistic.push_back(bad ? 9.8 : 1 + z / 10);
                    one.evidence.push_back(2.5 * std::log(1 + z * z / 4));
                }
                scores.push_back(std::move(one));
            }
            data->suspicion.push_back(analysis::round_suspicion(scores));
            data->scores.push_back(std::move(scores));
        }
        if (analysed) add_verdicts(*data);
        ui::index_case_data(*data);
        return data;
    }

private:
    void add_verdicts(ui::CaseData& data) const
    {
        data.verdicts.emplace();
        for (std::size_t idx = 0; idx < clients; ++idx) {
            model::Verdict verdict;
            verdict.client = client(idx);
            verdict.verdict = idx == 3   ? model::VerdictClass::malicious
                              : idx == 5 ? model::VerdictClass::suspect
                                         : model::VerdictClass::clean;
            verdict.probability = idx == 3 ? 0.99 : idx == 5 ? 0.7 : 0.01;
            if (idx == 3) {
                verdict.attack = "model-replacement";
                verdict.family = "targeted";
                for (std::int64_t number = 5; number <= rounds; number += 5)
                    verdict.bad_rounds.push_back(model::RoundNo{number});
                verdict.first_bad_round = model::RoundNo{5};
            }
            data.verdicts->clients.push_back(verdict);
        }
        model::Decision decision;
        decision.client = client(9);
        decision.decided = model::VerdictClass::watch;
        data.decisions.push_back(decision);
    }
};

}  // namespace fedsleuth::test
