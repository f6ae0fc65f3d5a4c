// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rule_calls.h"
#include "analysis/rules/pre_aggregation.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <QTest>
#include <random>
#include <set>

using namespace fedsleuth;
using analysis::Aggregate;
using analysis::aggregate_matrix;
using analysis::RuleSettings;

namespace {

double largest_entry(const std::vector<double>& values)
{
    double largest = 0;
    for (const double value : values) largest = std::max(largest, std::abs(value));
    return largest;
}

/// Largest difference in relation to the largest entry that was expected.
double relative_difference(const std::vector<double>& values, const std::vector<double>& expected)
{
    if (values.size() != expected.size()) return HUGE_VAL;
    double largest = 0;
    for (std::size_t k = 0; k < values.size(); ++k) {
        const double apart = std::abs(values[k] - expected[k]);
        largest = std::isnan(apart) ? HUGE_VAL : std::max(largest, apart);
    }
    const double scale = largest_entry(expected);
    return largest == 0.0 ? 0.0 : largest / (scale == 0.0 ? 1.0 : scale);
}

std::set<std::size_t> selection(simdjson::dom::element selected)
{
    std::set<std::size_t> result;
    if (selected.is_array())
        for (const auto client : selected.get_array()) result.insert(client.get_uint64());
    else
        result.insert(selected.get_uint64());
    return result;
}

/// Compares vector, scores and selection with what the entry expects of them; empty where all agree.
std::string disagreement(test::GoldenTable& table, const Aggregate& ours, simdjson::dom::element expected,
                         double tolerance)
{
    const auto apart = [&](const char* key, const std::vector<double>& values) -> std::string {
        simdjson::dom::element theirs;
        if (expected[key].get(theirs) != simdjson::SUCCESS) return "";
        simdjson::dom::element norm;
        const bool only_norm = theirs.is_object() && theirs["norm"].get(norm) == simdjson::SUCCESS;
        const double difference = only_norm ? relative_difference({ours.norm}, {norm.get_double()})
                                            : relative_difference(values, table.numbers(theirs));
        return difference <= tolerance ? "" : std::string(key) + " off by " + std::to_string(difference);
    };
    for (const char* key : {"vector", "aggregate", "aggregate_sum", "aggregated_update", "median"})
        if (const std::string problem = apart(key, ours.vector); !problem.empty()) return problem;
    for (const char* key : {"scores", "scores_all_coordinates"})
        if (const std::string problem = apart(key, ours.scores()); !problem.empty()) return problem;
    if (ours.rule == "foolsgold")
        if (const std::string problem = apart("weights", ours.how->weights); !problem.empty()) return problem;
    for (const char* key : {"selected", "benign", "kept"}) {
        simdjson::dom::element theirs;
        if (expected[key].get(theirs) != simdjson::SUCCESS) continue;
        const std::set<std::size_t> chosen(ours.selected().begin(), ours.selected().end());
        if (chosen != selection(theirs)) return std::string(key) + " differs";
    }
    return "";
}

}  // namespace

class TestRules : public QObject {
    Q_OBJECT

private slots:
    void golden();
    void golden_defences();
    void golden_mixing();
    void edge_cases_data();
    void edge_cases();
    void refuses_non_finite_rows();
    void refuses_rows_whose_squares_overflow();
    void subsets_are_not_tried_while_somebody_waits();
    void refuses_bad_settings();
    void too_few_clients();
    void krum_defaults();
    void krum_of_near_copies();
    void trimmed_mean_falls_back_to_the_mean();
    void fedavg_refuses_bad_examples();
    void every_rule_is_described();
    void does_not_depend_on_the_order_of_clients();
};

void TestRules::golden()
{
    test::GoldenTable table("aggregators");
    const std::vector<double> start = table.numbers(table["power_start"]["v0"]);
    int agreed = 0;
    for (const auto entry : table["cases"].get_array()) {
        const std::optional<test::RuleCall> call = test::aggregator_call(entry);
        if (!call) continue;
        const std::string id = test::text_of(entry["id"]);
        const simdjson::dom::element input = table["inputs"][test::text_of(entry["input"])];
        const std::size_t n = input["n"].get_uint64();
        const std::size_t d = input["d"].get_uint64();
        const std::vector<double> rows = table.numbers(input["X"]);
        const std::vector<double> examples =
            call->weighted ? table.numbers(input["num_examples"]) : std::vector<double>(n, 1.0);
        analysis::SideInputs side;
        if (call->side == "previous") side.previous = std::span(start).first(d);
        if (call->side == "row 0") side.previous = std::span(rows).first(d);
        const auto ours = aggregate_matrix(call->rule, rows, n, d, examples, call->settings, side);
        QVERIFY2(ours, (id + ": " + (ours ? "" : ours.error().text())).c_str());
        const std::string problem = disagreement(table, *ours, entry["expected"], call->tolerance);
        QVERIFY2(problem.empty(), (id + ": " + problem).c_str());
        ++agreed;
    }
    QCOMPARE(agreed, 1604);
}

void TestRules::golden_defences()
{
    test::GoldenTable table("defences");
    int agreed = 0;
    for (const auto entry : table["cases"].get_array()) {
        const simdjson::dom::element input = table["inputs"][test::text_of(entry["input"])];
        simdjson::dom::element updates;
        if (input["U"].get(updates) != simdjson::SUCCESS) continue;
        const std::optional<test::RuleCall> call = test::defence_call(entry, input["f"].get_double());
        if (!call) continue;
        const std::string id = test::text_of(entry["id"]);
        const std::size_t n = input["n"].get_uint64();
        const std::vector<double> rows = table.numbers(updates);
        const std::vector<double> examples =
            call->weighted ? table.numbers(input["num_examples"]) : std::vector<double>(n, 1.0);
        const std::vector<double> reference = table.numbers(input["root_update"]);
        const std::vector<double> history = table.numbers(input["summed_history"]);
        const std::vector<double> model = table.numbers(input["global_model"]);
        analysis::SideInputs side;
        if (call->side == "reference") side.reference = reference;
        if (call->side == "history") side.history = history;
        if (call->side == "model") side.model = model;
        const auto ours =
            aggregate_matrix(call->rule, rows, n, input["d"].get_uint64(), examples, call->settings, side);
        QVERIFY2(ours, (id + ": " + (ours ? "" : ours.error().text())).c_str());
        const simdjson::dom::element expected = entry["expected"];
        std::string problem = disagreement(table, *ours, expected, call->tolerance);
        if (simdjson::dom::element after; expected["aggregated_model"].get(after) == simdjson::SUCCESS) {
            std::vector<double> moved = model;
            for (std::size_t k = 0; k < moved.size(); ++k) moved[k] += ours->vector[k];
            double square = 0;
            for (const double value : moved) square += value * value;
            simdjson::dom::element norm;
            const bool only_norm = after["norm"].get(norm) == simdjson::SUCCESS;
            const double difference = only_norm ? relative_difference({std::sqrt(square)}, {norm.get_double()})
                                                : relative_difference(moved, table.numbers(after));
            if (difference > call->tolerance) problem = "model off by " + std::to_string(difference);
        }
        QVERIFY2(problem.empty(), (id + ": " + problem).c_str());
        ++agreed;
    }
    QCOMPARE(agreed, 96);
}

void TestRules::golden_mixing()
{
    test::GoldenTable table("aggregators");
    int agreed = 0;
    for (const auto entry : table["cases"].get_array()) {
        const std::string rule = test::text_of(entry["rule"]);
        if (rule != "nnm" && rule != "arc" && rule != "clipping" && rule != "bucketing") continue;
        const simdjson::dom::element params = entry["params"];
        const simdjson::dom::element input = table["inputs"][test::text_of(entry["input"])];
        const std::size_t n = input["n"].get_uint64();
        const std::size_t d = input["d"].get_uint64();
        std::vector<double> rows = table.numbers(input["X"]);
        analysis::PreSettings step{rule};
        if (rule == "bucketing") {
            const std::vector<double> original = rows;
            const std::vector<double> order = table.numbers(params["permutation"]);
            for (std::size_t k = 0; k < n; ++k)
                std::copy_n(original.begin() + static_cast<std::ptrdiff_t>(order[k]) * static_cast<std::ptrdiff_t>(d),
                            d, rows.begin() + static_cast<std::ptrdiff_t>(k * d));
            step.values = {{"size", params["s"].get_double()}, {"shuffle", 0}};
        } else if (rule == "clipping") {
            step.values = {{"radius", params["c"].get_double()}};
        } else {
            step.values = {{"f", params["f"].get_double()}};
        }
        analysis::RoundGeometry geometry{.n = n, .gram = std::vector<double>(n * n), .num_examples = {}};
        for (std::size_t k = 0; k < n * n; ++k)
            geometry.gram[k] = std::inner_product(rows.begin() + static_cast<std::ptrdiff_t>(k / n * d),
                                                  rows.begin() + static_cast<std::ptrdiff_t>((k / n + 1) * d),
                                                  rows.begin() + static_cast<std::ptrdiff_t>(k % n * d), 0.0);
        const auto mixing = analysis::mix_updates(geometry, std::vector{step}, 0);
        QVERIFY(mixing);
        std::vector<double> mixed(mixing->rows * d, 0.0);
        for (std::size_t row = 0; row < mixing->rows; ++row)
            for (std::size_t source = 0; source < n; ++source)
                for (std::size_t coord = 0; coord < d; ++coord)
                    mixed[row * d + coord] += mixing->matrix[row * n + source] * rows[source * d + coord];
        const std::string id = test::text_of(entry["id"]);
        QVERIFY2(relative_difference(mixed, table.numbers(entry["expected"]["vector"])) <= 1e-9, id.c_str());
        ++agreed;
    }
    QCOMPARE(agreed, 174);
}

void TestRules::edge_cases_data()
{
    QTest::addColumn<QString>("name");
    test::GoldenTable table("aggregators");
    for (const auto entry : table["edge_cases"].get_array())
        QTest::newRow(test::text_of(entry["name"]).c_str()) << QString::fromStdString(test::text_of(entry["name"]));
}

void TestRules::edge_cases()
{
    QFETCH(QString, name);
    test::GoldenTable table("aggregators");
    const std::map<std::string, std::pair<std::string, RuleSettings>> calls{
        {"flower/median", {"median", {}}},
        {"flower/trimmed_mean_0.2", {"trimmed-mean", {{{"fraction", 0.2}}, "paper"}}},
        {"flower/krum", {"krum", {{{"f", 1}}, "flower"}}},
        {"flower/multikrum_m3", {"multi-krum", {{{"f", 1}, {"keep", 3}}, "flower"}}},
        {"byzfl/average", {"fedavg", {}}},
        {"byzfl/median", {"median", {}}},
        {"byzfl/trmean", {"trimmed-mean", {{{"count", 1}}, "paper"}}},
        {"byzfl/krum", {"krum", {{{"f", 1}}, "byzfl"}}},
        {"byzfl/multikrum", {"multi-krum", {{{"f", 1}}, "byzfl"}}},
        {"flower/bulyan", {"bulyan", {{{"f", 1}}, "flower"}}},
        {"byzfl/geometric_median", {"geometric-median", {{}, "byzfl"}}},
        {"byzfl/meamed", {"mean-around-median", {{{"f", 1}}, "byzfl"}}},
        {"byzfl/centered_clipping", {"centred-clipping", {{}, "byzfl"}}},
        {"byzfl/monna", {"monna", {{{"f", 1}}, "byzfl"}}},
        {"byzfl/mda", {"mda", {{{"f", 1}}, "byzfl"}}},
    };
    int compared = 0;
    for (const auto entry : table["edge_cases"].get_array()) {
        if (test::text_of(entry["name"]) != name.toStdString()) continue;
        const std::vector<double> rows = table.numbers(entry["X"]);
        const std::size_t n = entry["X"].get_array().size();
        const bool finite = std::all_of(rows.begin(), rows.end(), [](double value) { return std::isfinite(value); });
        for (const auto& [peer_call, call] : calls) {
            const simdjson::dom::element theirs = entry["results"][peer_call];
            const auto ours =
                aggregate_matrix(call.first, rows, n, rows.size() / n, std::vector<double>(n, 1.0), call.second);
            if (!finite) {
                QVERIFY2(!ours, peer_call.c_str());  // the peers answer with NaN, or with one client's infinity
                continue;
            }
            if (theirs.is_object() && theirs["error"].error() == simdjson::SUCCESS) continue;
            if (!ours) {
                qInfo("%s answers, we do not: %s", peer_call.c_str(), ours.error().text().c_str());
                continue;
            }
            const double difference = relative_difference(ours->vector, table.numbers(theirs));
            QVERIFY2(difference <= 1e-9, (peer_call + " off by " + std::to_string(difference)).c_str());
            ++compared;
        }
    }
    qInfo("%d answers agree", compared);
}

void TestRules::refuses_non_finite_rows()
{
    const std::vector<double> nan{1.0, 2.0, 3.0, std::nan("")};
    const std::vector<double> ones{1.0, 1.0};
    for (const analysis::RuleInfo* info : analysis::all_rules()) {
        const auto answer = aggregate_matrix(info->name, nan, 2, 2, ones, {});
        QVERIFY(!answer);
        QCOMPARE(answer.error().code, model::ErrorCode::invalid_argument);
        QVERIFY(answer.error().message.find("Row 1") != std::string::npos);
    }
}

void TestRules::refuses_rows_whose_squares_overflow()
{
    // 1e200² is no float64: distances would be infinite and every comparison of them chance.
    std::vector<double> rows(9 * 3);
    for (std::size_t at = 0; at < rows.size(); ++at) rows[at] = 1e30 * std::sin(static_cast<double>(at));
    const std::vector<double> ones(9, 1.0), reference(3, 1e30);
    for (const analysis::RuleInfo* info : analysis::all_rules()) {
        rows[13] = 1e30;
        const auto fits = aggregate_matrix(info->name, rows, 9, 3, ones, {}, {.reference = reference});
        QVERIFY2(fits, std::string(info->name).c_str());
        QVERIFY(std::isfinite(fits->norm));
        rows[13] = -1e200;
        const auto answer = aggregate_matrix(info->name, rows, 9, 3, ones, {}, {.reference = reference});
        QVERIFY2(!answer, std::string(info->name).c_str());
        QCOMPARE(answer.error().code, model::ErrorCode::invalid_argument);
        QVERIFY(answer.error().message.find("Row 4") != std::string::npos);
    }
}

void TestRules::subsets_are_not_tried_while_somebody_waits()
{
    const analysis::WeightRule& smea = *analysis::find_weight_rule("smea");
    const auto ask = [&](std::size_t n, double f, bool hurried) {
        analysis::RoundGeometry round{.n = n,
                                      .gram = std::vector<double>(n * n, 0.0),
                                      .num_examples = std::vector<double>(n, 1.0),
                                      .hurried = hurried};
        for (std::size_t row_idx = 0; row_idx < n; ++row_idx)
            round.gram[row_idx * (n + 1)] = 1.0 + static_cast<double>(row_idx);
        return smea.weights(round, {{{"f", f}}});
    };
    const auto quick = ask(12, 2, true), patient = ask(12, 2, false);
    QVERIFY(quick && patient);
    QCOMPARE(quick->weights, patient->weights);
    const auto refused = ask(100, 2, true);  // 4,950 subsets of 98
    QVERIFY(!refused);
    QCOMPARE(refused.error().code, model::ErrorCode::not_applicable);
}

void TestRules::refuses_bad_settings()
{
    const std::vector<double> rows(20, 1.0);
    const std::vector<double> ones(10, 1.0);
    const auto code = [&](const char* rule, RuleSettings settings) {
        const auto answer = aggregate_matrix(rule, rows, 10, 2, ones, settings);
        return answer ? model::ErrorCode::internal : answer.error().code;
    };
    using enum model::ErrorCode;
    QCOMPARE(code("no-such-rule", {}), not_found);
    QCOMPARE(code("krum", {{{"g", 1}}, "paper"}), invalid_argument);
    QCOMPARE(code("krum", {{{"f", 1.5}}, "paper"}), invalid_argument);
    QCOMPARE(code("krum", {{{"f", -1}}, "paper"}), invalid_argument);
    QCOMPARE(code("krum", {{{"f", std::nan("")}}, "paper"}), invalid_argument);
    QCOMPARE(code("krum", {{}, "blades"}), invalid_argument);
    QCOMPARE(code("median", {{}, "flower"}), invalid_argument);
    QCOMPARE(code("median", {{{"f", 1}}, "paper"}), invalid_argument);
    QCOMPARE(code("trimmed-mean", {{{"fraction", 0.6}}, "paper"}), invalid_argument);
    QCOMPARE(code("multi-krum", {{{"keep", 0}}, "paper"}), invalid_argument);
    QCOMPARE(code("multi-krum", {{{"keep", 11}}, "paper"}), not_applicable);
    QVERIFY(!aggregate_matrix("median", rows, 3, 2, ones, {}));
    QVERIFY(!aggregate_matrix("median", {}, 0, 2, {}, {}));
    QVERIFY(!aggregate_matrix("median", rows, 10, 2, {}, {}));
}

void TestRules::too_few_clients()
{
    const std::vector<double> rows{1.0, 2.0, 3.0, 4.0, 5.0, 6.0};
    const auto krum = [&](std::size_t n, double f, const char* variant) {
        const std::vector<double> ones(n, 1.0);
        const auto answer = aggregate_matrix("krum", std::span(rows).first(n), n, 1, ones, {{{"f", f}}, variant});
        return answer.has_value();
    };
    QVERIFY(!krum(2, 0, "paper"));
    QVERIFY(krum(3, 0, "paper"));
    QVERIFY(!krum(4, 1, "paper"));  // n > 2f + 2
    QVERIFY(krum(5, 1, "paper"));
    QVERIFY(!krum(4, 2, "byzfl"));  // n > 2f
    QVERIFY(krum(5, 2, "byzfl"));
    QVERIFY(krum(1, 0, "flower"));
    QVERIFY(krum(4, 3, "flower"));
    QVERIFY(krum(4, 9, "flower"));
    QVERIFY(krum(1, 0, "byzfl"));
}

void TestRules::krum_defaults()
{
    std::mt19937 random(3);
    std::normal_distribution<double> normal;
    std::vector<double> rows(20 * 5);
    for (double& value : rows) value = normal(random);
    const std::vector<double> ones(20, 1.0);
    const auto standard = aggregate_matrix("multi-krum", rows, 20, 5, ones, {});
    const auto spelled = aggregate_matrix("multi-krum", rows, 20, 5, ones, {{{"f", 4}, {"keep", 14}}, "paper"});
    QVERIFY(standard && spelled);
    QCOMPARE(standard->vector, spelled->vector);
    QCOMPARE(standard->how->selected.size(), std::size_t{14});
    QVERIFY(!standard->notes.empty());
    const auto four = aggregate_matrix("krum", std::span(rows).first(20), 4, 5, std::span(ones).first(4), {});
    QVERIFY(four);  // f is cut to 0
}

void TestRules::krum_of_near_copies()
{
    // Three copies that differ in the ninth digit: of the Gram matrix alone their order could not be told.
    const std::vector<double> rows{1e4, 1e4 + 1e-5, 1e4 + 3e-5, 1e4 + 1.0, 1e4 - 1.0};
    const std::vector<double> ones(5, 1.0);
    const auto answer = aggregate_matrix("krum", rows, 5, 1, ones, {{{"f", 1}}, "paper"});
    QVERIFY(answer);
    QCOMPARE(answer->how->selected, std::vector<std::size_t>{1});
    QVERIFY(std::abs(answer->how->scores[0] - (1e-10 + 9e-10)) < 1e-15);
}

void TestRules::trimmed_mean_falls_back_to_the_mean()
{
    const std::vector<double> rows{1.0, 2.0, 6.0, 7.0};
    const std::vector<double> ones(4, 1.0);
    const auto all = aggregate_matrix("trimmed-mean", rows, 4, 1, ones, {{{"fraction", 0.5}}, "paper"});
    QVERIFY(all);
    QCOMPARE(all->vector, std::vector<double>{4.0});
    QVERIFY(all->notes.front().find("plain mean") != std::string::npos);
    const auto one = aggregate_matrix("trimmed-mean", rows, 4, 1, ones, {{{"count", 1}, {"fraction", 0.0}}, "paper"});
    QCOMPARE(one->vector, std::vector<double>{4.0});
    const auto truncated = aggregate_matrix("trimmed-mean", rows, 4, 1, ones, {{{"fraction", 0.24}}, "paper"});
    QVERIFY(truncated->notes.front().find("Drops 0") != std::string::npos);
}

void TestRules::fedavg_refuses_bad_examples()
{
    const std::vector<double> rows{1.0, 3.0};
    const auto mean = [&](double first, double second) {
        return aggregate_matrix("fedavg", rows, 2, 1, std::vector<double>{first, second}, {});
    };
    QCOMPARE(mean(1, 3)->vector, std::vector<double>{2.5});
    QCOMPARE(mean(0, 3)->vector, std::vector<double>{3.0});
    QVERIFY(!mean(0, 0));
    QVERIFY(!mean(-1, 3));
    QVERIFY(!mean(HUGE_VAL, 3));
}

void TestRules::every_rule_is_described()
{
    std::set<std::string_view> names;
    for (const analysis::RuleInfo* info : analysis::all_rules()) {
        QVERIFY(names.insert(info->name).second);
        QVERIFY(!info->title.empty() && !info->meaning.empty() && !info->paper.empty() && !info->breakdown.empty());
        QCOMPARE(info->variants.front(), std::string_view("paper"));
        QCOMPARE(analysis::find_weight_rule(info->name) != nullptr, info->by_weights);
        QCOMPARE(analysis::find_column_rule(info->name) != nullptr, !info->by_weights);
        for (const analysis::ParameterInfo& parameter : info->parameters) {
            QVERIFY(!parameter.meaning.empty() && parameter.minimum <= parameter.maximum);
            QVERIFY(!parameter.standard ||
                    (*parameter.standard >= parameter.minimum && *parameter.standard <= parameter.maximum));
        }
    }
    for (const char* name : {"fedavg",
                             "median",
                             "trimmed-mean",
                             "krum",
                             "multi-krum",
                             "bulyan",
                             "mean-around-median",
                             "mda",
                             "geometric-median",
                             "centred-clipping",
                             "norm-clipping",
                             "fltrust",
                             "foolsgold",
                             "flame",
                             "dnc",
                             "signguard",
                             "caf",
                             "smea",
                             "monna",
                             "rsa"})
        QVERIFY2(names.contains(name), name);
}

void TestRules::does_not_depend_on_the_order_of_clients()
{
    std::mt19937 random(9);
    std::normal_distribution<double> normal;
    const std::size_t n = 17;
    const std::size_t d = 11;
    std::vector<std::vector<double>> rows(n, std::vector<double>(d));
    for (auto& row : rows)
        for (double& value : row) value = normal(random);
    const std::vector<double> ones(n, 1.0);
    const auto flat = [&] {
        std::vector<double> all;
        for (const auto& row : rows) all.insert(all.end(), row.begin(), row.end());
        return all;
    };
    const std::vector<double> before = flat();
    std::shuffle(rows.begin(), rows.end(), random);
    const std::vector<double> after = flat();
    for (const analysis::RuleInfo* info : analysis::all_rules()) {
        if (info->name == "monna") continue;  // trusts a place
        const std::vector<double> reference(d, 0.3);
        const auto one = aggregate_matrix(info->name, before, n, d, ones, {}, {.reference = reference});
        const auto other = aggregate_matrix(info->name, after, n, d, ones, {}, {.reference = reference});
        QVERIFY2(one && other, std::string(info->name).c_str());
        QVERIFY2(relative_difference(one->vector, other->vector) < 1e-12, std::string(info->name).c_str());
        if (!info->by_weights) QCOMPARE(one->vector, other->vector);
    }
}

QTEST_APPLESS_MAIN(TestRules)
#include "tst_rules.moc"
