// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/golden.h"
#include "analysis/lab/attacks/adaptive.h"
#include "analysis/lab/random.h"
#include "analysis/rules/aggregate.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <QTest>

using namespace fedsleuth;
using namespace fedsleuth::analysis;
using namespace fedsleuth::analysis::lab;
using test::GoldenTable;
using test::text_of;

namespace {

constexpr double gamma_tolerance = 2e-5;

Direction direction_named(const std::string& name)
{
    return name == "unit_vec" ? Direction::unit : name == "sign" ? Direction::sign : Direction::std;
}

/// What ByzFL does before a rule: nearest-neighbour mixing (the mean of the n − f nearest, itself among them), or
/// clipping to length 2.
Rows pre_aggregated(const Rows& rows, const std::string& how, std::size_t f)
{
    Rows result(rows.n, rows.d);
    for (std::size_t row_idx = 0; row_idx < rows.n; ++row_idx) {
        result.set(row_idx, rows[row_idx]);
        if (how == "clipping2") {
            const double length = norm_of(rows[row_idx]);
            if (length > 2)
                for (double& value : result[row_idx]) value *= 2 / length;
        } else if (how == "nnm") {
            std::vector<std::size_t> order(rows.n);
            std::iota(order.begin(), order.end(), std::size_t{0});
            std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
                return squared_distance(rows[row_idx], rows[a]) < squared_distance(rows[row_idx], rows[b]);
            });
            Rows nearest;
            for (std::size_t rank = 0; rank < rows.n - f; ++rank) nearest.add(rows[order[rank]]);
            result.set(row_idx, mean_of(nearest));
        }
    }
    return result;
}

std::vector<double> aggregated(const Rows& rows, const std::string& rule, std::size_t f)
{
    RuleSettings settings;
    std::string name = rule;
    if (rule == "average") return mean_of(rows);
    if (rule == "trmean") {
        name = "trimmed-mean";
        settings.values["count"] = static_cast<double>(f);
    }
    if (rule == "krum") {
        settings.values["f"] = static_cast<double>(f);
        settings.variant = "byzfl";
    }
    const std::vector<double> examples(rows.n, 1.0);
    auto result = aggregate_matrix(name, rows.values, rows.n, rows.d, examples, settings);
    if (!result) qFatal("%s", result.error().text().c_str());
    return std::move(result->vector);
}

double difference(std::span<const double> a, std::span<const double> b)
{
    if (a.size() != b.size()) return std::numeric_limits<double>::infinity();
    double largest = 0, scale = 0;
    for (std::size_t coord_idx = 0; coord_idx < a.size(); ++coord_idx) {
        largest = std::max(largest, std::abs(a[coord_idx] - b[coord_idx]));
        scale = std::max(scale, std::abs(b[coord_idx]));
    }
    return largest / std::max(scale, 1e-300);
}

}  // namespace

/// Crafted vectors against what the attacks' own public code answers.
class TestAttacks : public QObject {
    Q_OBJECT

    GoldenTable table_{"attacks"};
    std::map<std::string, Rows> inputs_;

    const Rows& input(const std::string& name)
    {
        Rows& rows = inputs_[name];
        if (rows.n == 0) {
            const simdjson::dom::element entry = table_["inputs"][name];
            rows.n = static_cast<std::size_t>(entry["n_honest"].get_uint64());
            rows.d = static_cast<std::size_t>(entry["d"].get_uint64());
            rows.values = table_.numbers(entry["H"]);
        }
        return rows;
    }

    static double number(simdjson::dom::element params, std::string_view key)
    {
        return params[key].get_double().value();
    }

    /// The vector of attacks that answer with one; empty for the others.
    static std::vector<double> vector_of(const std::string& attack, const Rows& honest, simdjson::dom::element params)
    {
        if (attack == "alie") return alie(honest, number(params, "tau"));
        if (attack == "lie") return alie(honest, number(params, "z"));
        if (attack == "ipm") return ipm(honest, number(params, "tau"));
        if (attack == "sign_flipping") return ipm(honest, 1);
        if (attack == "label_flipping_vector") return mean_of(honest);
        if (attack == "mimic") {
            const auto row = honest[static_cast<std::size_t>(number(params, "epsilon"))];
            return {row.begin(), row.end()};
        }
        return {};
    }

    static std::vector<double> fang_vector(const std::string& attack, const Rows& all, std::size_t f)
    {
        if (attack == "fang_full_trim") return fang_trim(all, std::vector<double>(all.d, 2.0));
        if (attack == "fang_full_mean_attack") return fang_mean(all, f);
        if (attack == "fang_mean_attack") {
            Rows first;
            first.add(all[0]);
            return ipm(first, 1);
        }
        Rows own;
        for (std::size_t row_idx = 0; row_idx < f; ++row_idx) own.add(all[row_idx]);
        return fang_trim_partial(own);
    }

    static Deviated deviated(const std::string& attack, const Rows& honest, simdjson::dom::element params)
    {
        const Direction direction = direction_named(text_of(params["dev_type"]));
        if (attack == "min_max") return min_max(honest, direction);
        if (attack == "min_sum") return min_sum(honest, direction);
        const auto f = static_cast<std::size_t>(params["n_attackers"].get_uint64());
        return attack == "agr_tailored_mkrum" ? tailored_to_multi_krum(honest, f, direction)
                                              : tailored_to_trimmed_mean(honest, f, direction);
    }

private slots:
    void every_golden_case()
    {
        std::map<std::string, int> checked;
        for (const simdjson::dom::element entry : table_["cases"].get_array()) {
            const std::string attack = text_of(entry["attack"]), id = text_of(entry["id"]);
            const Rows& honest = input(text_of(entry["input"]));
            const simdjson::dom::element params = entry["params"], expected = entry["expected"];
            if (attack.starts_with("optimal_") || attack == "inf" || attack == "gaussian_moments") continue;
            ++checked[attack];
            simdjson::dom::element gamma;
            std::vector<double> vector;
            if (expected["gamma"].get(gamma) == simdjson::SUCCESS) {
                const Deviated answer = deviated(attack, honest, params);
                const double away = std::abs(answer.gamma - gamma.get_double());
                QVERIFY2(away < gamma_tolerance, qPrintable(QString("%1: gamma off by %2").arg(id.c_str()).arg(away)));
                simdjson::dom::element at;
                if (expected["vector"].get(at) == simdjson::SUCCESS) {
                    // As far off as gamma may be.
                    const std::vector<double> theirs = table_.numbers(at);
                    const double span = std::sqrt(static_cast<double>(honest.d)) + norm_of(deviation_of(honest));
                    QVERIFY2(std::sqrt(squared_distance(answer.vector, theirs)) < gamma_tolerance * span, id.c_str());
                }
                continue;
            }
            simdjson::dom::element first_row;
            const bool fang = expected["vector_row0"].get(first_row) == simdjson::SUCCESS;
            const std::vector<double> theirs = table_.numbers(fang ? first_row : expected["vector"].value());
            vector = fang ? fang_vector(attack, honest, static_cast<std::size_t>(number(params, "f")))
                          : vector_of(attack, honest, params);
            QVERIFY2(difference(vector, theirs) < 1e-9, id.c_str());
        }
        for (const char* attack : {"alie", "lie", "ipm", "sign_flipping", "mimic", "min_max", "min_sum",
                                   "fang_full_trim", "fang_partial_trim", "fang_full_mean_attack", "fang_mean_attack",
                                   "agr_tailored_mkrum", "agr_tailored_trmean", "label_flipping_vector"})
            QVERIFY2(checked[attack] >= 5, attack);
    }

    void every_golden_case_of_the_optimal_attacks()
    {
        int checked = 0, elsewhere = 0;
        for (const simdjson::dom::element entry : table_["cases"].get_array()) {
            const std::string attack = text_of(entry["attack"]), id = text_of(entry["id"]);
            if (!attack.starts_with("optimal_")) continue;
            const Rows& honest = input(text_of(entry["input"]));
            const simdjson::dom::element params = entry["params"];
            const auto f = static_cast<std::size_t>(params["f"].get_uint64());
            const std::string rule = text_of(params["agg"]), pre = text_of(params["pre_agg"]);
            const std::vector<double> mean = mean_of(honest);
            const auto crafted = [&](double tau) {
                return attack == "optimal_alie" ? alie(honest, tau) : ipm(honest, tau);
            };
            const auto height = [&](double tau) {
                Rows all = honest;
                const std::vector<double> vector = crafted(tau);
                for (std::size_t copy_idx = 0; copy_idx < f; ++copy_idx) all.add(std::span<const double>(vector));
                return std::sqrt(squared_distance(aggregated(pre_aggregated(all, pre, f), rule, f), mean));
            };
            const LineSearch search{static_cast<std::size_t>(params["evals"].get_uint64()), number(params, "start"),
                                    number(params, "delta"), number(params, "ratio")};
            const double tau = line_maximum(height, search);
            const double theirs = number(entry["expected"], "tau"), distance = number(entry["expected"], "distance");
            QVERIFY2(std::abs(height(theirs) - distance) <= 1e-9 * distance, id.c_str());
            // On a plateau (a rule that cuts the copies off) rounding decides which of its places is found.
            const bool same = std::abs(tau - theirs) <= 1e-9 * std::max(1.0, theirs);
            const bool as_high = std::abs(height(tau) - distance) <= 1e-9 * distance;
            QVERIFY2(as_high, qPrintable(QString("%1: %2, not %3").arg(id.c_str()).arg(tau).arg(theirs)));
            elsewhere += same ? 0 : 1;
            if (!same) continue;
            simdjson::dom::element vector;
            if (entry["expected"]["vector"].get(vector) == simdjson::SUCCESS)
                QVERIFY2(difference(crafted(tau), table_.numbers(vector)) < 1e-9, id.c_str());
            ++checked;
        }
        QCOMPARE(checked + elsewhere, 164);
        QVERIFY2(elsewhere <= 8, qPrintable(QString::number(elsewhere)));
    }

    void the_hiding_place_of_alie_is_the_papers()
    {
        // Baruch et al., section 3.3: n = 50, f = 24 needs 2 honest supporters of 26, Φ(z) = 24/26.
        QVERIFY(std::abs(std::erfc(-alie_z(50, 24) / std::sqrt(2.0)) / 2 - 24.0 / 26.0) < 1e-12);
        QCOMPARE(alie_z(10, 8), 0.0);
    }

    void krum_takes_what_fang_crafts_for_it()
    {
        Random random(5, {});
        for (const std::size_t f : {2U, 4U}) {
            Rows honest(12, 40);
            for (double& value : honest.values) value = 0.02 + 0.05 * random.normal();
            const Deviated crafted = fang_krum(honest, f);
            QVERIFY(crafted.gamma > 1e-4);
            const std::vector<double> mean = mean_of(honest);
            const auto picked = [&](double lambda) {
                Rows all;
                std::vector<double> vector(mean);
                for (double& value : vector) value = value > 0 ? -lambda : lambda;
                for (std::size_t copy_idx = 0; copy_idx < f; ++copy_idx) all.add(std::span<const double>(vector));
                for (std::size_t row_idx = 0; row_idx < honest.n; ++row_idx)
                    all.add(std::span<const double>(honest[row_idx]));
                RuleSettings settings;
                settings.values["f"] = static_cast<double>(f);
                const std::vector<double> examples(all.n, 1.0);
                const auto result = aggregate_matrix("krum", all.values, all.n, all.d, examples, settings);
                return difference(result->vector, vector) == 0;
            };
            QVERIFY(picked(crafted.gamma));
            QVERIFY(!picked(2 * crafted.gamma));
        }
    }

    void min_max_stays_within_the_honest_diameter()
    {
        Random random(6, {});
        Rows honest(9, 30);
        for (double& value : honest.values) value = random.normal();
        double widest = 0;
        for (std::size_t row_idx = 0; row_idx < honest.n; ++row_idx)
            for (std::size_t other_idx = 0; other_idx < row_idx; ++other_idx)
                widest = std::max(widest, squared_distance(honest[row_idx], honest[other_idx]));
        for (const Direction direction : {Direction::unit, Direction::sign, Direction::std}) {
            const Deviated crafted = min_max(honest, direction);
            double furthest = 0;
            for (std::size_t row_idx = 0; row_idx < honest.n; ++row_idx)
                furthest = std::max(furthest, squared_distance(honest[row_idx], crafted.vector));
            QVERIFY(furthest <= widest && furthest > 0.999 * widest);
        }
    }

    void line_maximum_climbs_a_hill()
    {
        // By hand: 0, 1, 3 climb; 7 does not, nor do 3 + 3.2, 2.56, 2.048, 1.6384; 3 + 4 · 0.8⁵ lies nearer to 3.7.
        const double top = line_maximum([](double x) { return -std::abs(x - 3.7); }, {20, 0, 1, 0.8});
        QVERIFY(std::abs(top - (3 + 4 * std::pow(0.8, 5))) < 1e-12);
    }
};

QTEST_GUILESS_MAIN(TestAttacks)
#include "tst_attacks.moc"
