// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/detection/detector.h"
#include "analysis/verdict/caution.h"
#include "analysis/verdict/client_features.h"
#include "analysis/verdict/forest.h"
#include "analysis/verdict/further_look.h"
#include "analysis/verdict/judgement.h"
#include "analysis/verdict/likeness.h"
#include "analysis/verdict/onset.h"
#include "analysis/verdict/probe_judgement.h"
#include "analysis/verdict/repair.h"

#include <cmath>
#include <QTest>
#include <random>

using namespace fedsleuth;

class TestJudgement : public QObject {
    Q_OBJECT

private slots:
    /// Against the sum over all 2^T courses.
    void attack_times_are_those_of_all_courses()
    {
        std::mt19937 random(5);
        std::normal_distribution<double> normal(0, 2);
        for (const std::size_t count : {1u, 2u, 7u, 9u}) {
            std::vector<double> ratios(count);
            for (double& ratio : ratios) ratio = normal(random);
            const double pause = 0.2, from_start = 0.25, begin = 1 / std::max(2.0, static_cast<double>(count));
            std::vector<double> attacked(count, 0.0);
            double total = 0, best = -1;
            std::size_t best_course = 0;
            for (std::size_t course = 0; course < std::size_t{1} << count; ++course) {
                double weight = 1;
                for (std::size_t at = 0; at < count; ++at) {
                    const bool now = course >> at & 1, before = at > 0 && (course >> (at - 1) & 1);
                    const double turn = at == 0 ? from_start : before ? 1 - pause : begin;
                    weight *= (now ? turn : 1 - turn) * (now ? std::exp(ratios[at]) : 1);
                }
                total += weight;
                for (std::size_t at = 0; at < count; ++at)
                    if (course >> at & 1) attacked[at] += weight;
                if (weight > best) {
                    best = weight;
                    best_course = course;
                }
            }
            const analysis::AttackTimes times = analysis::attack_times(ratios, pause, from_start);
            std::size_t course = 0;
            for (const std::size_t at : times.attacked) course |= std::size_t{1} << at;
            QCOMPARE(course, best_course);
            for (std::size_t at = 0; at < count; ++at)
                QVERIFY(std::abs(times.probability[at] - attacked[at] / total) < 1e-9);
        }
        QVERIFY(analysis::attack_times({}).probability.empty());
    }

    /// The example of Benjamini and Hochberg's paper (1995, section 2.2): fifteen p-values, four rejected at 5 %.
    void false_discoveries_are_held_down()
    {
        const std::vector<double> p{0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
                                    0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000};
        const std::vector<bool> rejected = analysis::benjamini_hochberg(p, 0.05);
        for (std::size_t idx = 0; idx < p.size(); ++idx) QCOMPARE(bool(rejected[idx]), idx < 4);
        const std::vector<bool> none = analysis::benjamini_hochberg({std::nan(""), 0.9}, 0.05);
        QVERIFY(!none[0] && !none[1]);
    }

    void a_forest_asks_every_branch_the_same()
    {
        // Two trees of depth 2: leaf = (x0 > 1) + 2 (x1 > 0).
        const analysis::Split splits[] = {{0, 1.0f}, {1, 0.0f}, {1, 5.0f}, {0, -1.0f}};
        const float leaves[] = {1, 2, 4, 8, 16, 32, 64, 128};
        const analysis::Forest forest{2, 0.5, splits, leaves};
        const double low[] = {0, -1}, mixed[] = {2, -1}, high[] = {2, 6};
        QCOMPARE(analysis::margin(forest, low), 0.5 + 1 + 64);
        QCOMPARE(analysis::margin(forest, mixed), 0.5 + 2 + 64);
        QCOMPARE(analysis::margin(forest, high), 0.5 + 8 + 128);
    }

    void the_trained_judges_fit_the_features()
    {
        const analysis::Judges& judges = analysis::trained_judges();
        const auto fits = [](const analysis::Forest& forest, std::size_t features) {
            const std::size_t trees = forest.splits.size() / forest.depth;
            if (trees == 0 || forest.leaves.size() != trees << forest.depth) return false;
            for (const analysis::Split& split : forest.splits)
                if (split.feature < 0 || static_cast<std::size_t>(split.feature) >= features) return false;
            return true;
        };
        QVERIFY(fits(judges.first, analysis::feature_names().size()));
        QVERIFY(!judges.looks.empty());
        for (const analysis::Forest& look : judges.looks) QVERIFY(fits(look, analysis::further_feature_names().size()));
        QVERIFY(fits(judges.round, analysis::round_feature_names().size()));
        QVERIFY(judges.kinds.size() >= 8);
        for (const analysis::KindForest& kind : judges.kinds)
            QVERIFY(fits(kind.forest, analysis::feature_names().size()));
        QCOMPARE(judges.features, analysis::feature_names().size());
        const std::size_t both = 3 + analysis::feature_names().size() + analysis::probe_feature_names().size() +
                                 analysis::trace_feature_names().size();
        const analysis::ProbeJudges& probes = analysis::trained_probe_judges();
        QCOMPARE(probes.features, both);
        QVERIFY(fits(probes.both.forest, both));
        QVERIFY(fits(probes.probe.forest, both - analysis::trace_feature_names().size()));
        QVERIFY(fits(probes.trace.forest, both - analysis::probe_feature_names().size()));
        for (const analysis::DetectorInfo& detector : analysis::judged_detectors())
            QVERIFY(analysis::evidence_family(detector.name) != "other");
    }

    void rounds_that_repair_a_model_are_set_aside()
    {
        std::vector<analysis::ScoredRound> rounds;
        const auto add = [&](int number, double median_length) {
            analysis::ScoredRound round;
            round.patterns.round = model::RoundNo(number);
            model::DetectorScores scores;
            scores.detector = "norm";
            scores.location = median_length;
            round.scores.push_back(scores);
            rounds.push_back(round);
        };
        const double lengths[] = {1.0, 0.9, 3.0, 1.5, 1.3, 0.8, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0};
        for (int number = 1; number <= 13; ++number) add(number, lengths[number - 1]);
        const auto repairs = analysis::repairs_after(
            rounds, {model::RoundNo(2), model::RoundNo(5), model::RoundNo(6), model::RoundNo(99)});
        using Rounds = std::vector<model::RoundNo>;
        QCOMPARE(repairs.size(), std::size_t{2});
        QVERIFY(repairs.at(model::RoundNo(2)) == Rounds({model::RoundNo(3), model::RoundNo(4)}));
        QVERIFY(repairs.at(model::RoundNo(6)) == Rounds({model::RoundNo(7), model::RoundNo(8), model::RoundNo(9),
                                                         model::RoundNo(10), model::RoundNo(11)}));
        QVERIFY(analysis::is_repair(repairs, model::RoundNo(4)) && !analysis::is_repair(repairs, model::RoundNo(5)));
        std::vector<model::Finding> findings(2);
        findings[0].kind = findings[1].kind = "checkpoint-mismatch";
        findings[0].round = model::RoundNo(2);
        findings[1].round = model::RoundNo(5);
        analysis::mention_repairs(repairs, findings);
        QVERIFY(findings[0].text.find("rounds 3 to 4") != std::string::npos);
        QVERIFY(findings[1].text.empty());
    }

    /// By hand: cosines over the rounds that both were in, times c / (c + 2) for c of them.
    void who_changes_in_the_same_rounds_is_alike()
    {
        const auto rounds = [](std::initializer_list<int> numbers) {
            std::vector<model::RoundNo> list;
            for (const int number : numbers) list.emplace_back(number);
            return list;
        };
        const std::vector<model::RoundNo> all = rounds({1, 2, 3, 4});
        std::vector<analysis::Rhythm> clients{{all, {2, -2, 2, -2}},
                                              {all, {2, -2, 2, -2}},
                                              {all, {1, 0, 0, 0}},
                                              {rounds({1, 2}), {3, -3}},
                                              {rounds({3}), {-30}}};  // counts as −4
        for (int idle = 0; idle < 7; ++idle) clients.push_back({all, {0, 0, 0, 0}});
        const std::size_t n = clients.size();
        const analysis::Likeness alike = analysis::rhythm_likeness(clients, 1);
        const auto of = [&](std::size_t a, std::size_t b) { return alike[a * n + b]; };
        QCOMPARE(of(0, 1), 1.0 * 4 / 6);
        QCOMPARE(of(0, 2), 0.5 * 4 / 6);
        QCOMPARE(of(0, 3), 1.0 * 2 / 4);
        QCOMPARE(of(0, 4), -1.0 * 1 / 3);
        QCOMPARE(of(2, 3), std::sqrt(0.5) * 2 / 4);
        QVERIFY(std::isnan(of(0, 5)) && std::isnan(of(5, 6)));  // who never changes is like nobody
        QVERIFY(std::isnan(of(3, 4)));                          // never there together
        QVERIFY(std::isnan(of(1, 1)));
        for (std::size_t a = 0; a < n; ++a)
            for (std::size_t b = 0; b < a; ++b)
                QVERIFY(of(a, b) == of(b, a) || (std::isnan(of(a, b)) && std::isnan(of(b, a))));
        // What happens to everybody is nobody's rhythm.
        for (analysis::Rhythm& client : clients)
            for (double& value : client.apart) value = 1;
        for (const double value : analysis::rhythm_likeness(clients, 1)) QVERIFY(std::isnan(value));
    }

    void a_p_value_falls_with_suspicion()
    {
        const auto library = analysis::trained_judges().library;
        QVERIFY(!library.empty());
        for (const double clients : {6.0, 20.0, 400.0}) {
            double previous = 1;
            for (double log_odds = -6; log_odds < 8; log_odds += 0.05) {
                const double p = analysis::p_value(library, clients, log_odds);
                QVERIFY(p > 0 && p <= previous);
                previous = p;
            }
            QVERIFY(previous < 0.001);
        }
        // The middle of a cell's own clients has a p-value of one half.
        const auto& cell = library.front();
        const double middle = static_cast<double>(cell.quantiles[cell.quantiles.size() / 2]);
        QVERIFY(std::abs(analysis::p_value(library, cell.most_clients, middle) - 0.5) < 0.02);
        QCOMPARE(analysis::p_value({}, 10, 3), 1.0);
    }

    void a_reader_is_warned_where_the_minority_is_unclear()
    {
        model::Verdicts verdicts;
        for (int idx = 0; idx < 20; ++idx) {
            model::Verdict verdict;
            verdict.client = model::ClientId("c" + std::to_string(idx));
            verdict.verdict = idx < 7 ? model::VerdictClass::malicious : model::VerdictClass::clean;
            verdicts.clients.push_back(verdict);
        }
        QCOMPARE(analysis::caution(verdicts), std::string());
        verdicts.clients[7].verdict = model::VerdictClass::suspect;
        QVERIFY(analysis::caution(verdicts).find("8 of 20") != std::string::npos);
        verdicts.clients.resize(7);
        QVERIFY(analysis::caution(verdicts).find("Only 7") != std::string::npos);
        QCOMPARE(analysis::caution({}), std::string());
    }
};

QTEST_GUILESS_MAIN(TestJudgement)
#include "tst_judgement.moc"
