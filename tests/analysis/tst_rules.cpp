// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/golden.h"
#include "analysis/rules/aggregate.h"

#include <algorithm>
#include <cmath>
#include <map>
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
    for (std::size_t k = 0; k < values.size(); ++k) largest = std::max(largest, std::abs(values[k] - expected[k]));
    const double scale = largest_entry(expected);
    return largest == 0.0 ? 0.0 : largest / (scale == 0.0 ? 1.0 : scale);
}

/// How a peer's call is put to us.
struct Call {
    std::string rule;
    RuleSettings settings;
    bool weighted = false;
};

/// The call for a case of the table; nothing where the case is of a rule that is not tested here.
std::optional<Call> call_for(simdjson::dom::element entry)
{
    const std::string peer = test::text_of(entry["peer"]);
    const std::string rule = test::text_of(entry["rule"]);
    const simdjson::dom::element params = entry["params"];
    const std::string variant = peer == "byzfl" ? "byzfl" : "flower";
    const auto krum = [&](const std::string& ours, bool weighted) {
        Call call{ours, {{{"f", params["f"].get_double()}}, variant}, weighted};
        if (double keep = 0; params["m"].get_double().get(keep) == simdjson::SUCCESS)
            call.settings.values["keep"] = keep;
        return call;
    };
    if (peer == "byzfl_torch_float32") return std::nullopt;
    if (rule == "fedavg_weighted") return Call{"fedavg", {}, true};
    if (rule == "fedavg_unweighted" || rule == "average") return Call{"fedavg", {}, false};
    if (rule == "median") return Call{"median", {}, true};
    if (rule == "trimmed_mean")
        return Call{"trimmed-mean", {{{"fraction", params["proportiontocut"].get_double()}}, "paper"}, true};
    if (rule == "trmean") return Call{"trimmed-mean", {{{"count", params["f"].get_double()}}, "paper"}, false};
    if (rule == "krum") return krum("krum", false);
    if (rule == "multikrum_weighted") return krum("multi-krum", true);
    if (rule == "multikrum_unweighted" || rule == "multikrum") return krum("multi-krum", false);
    return std::nullopt;
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

}  // namespace

class TestRules : public QObject {
    Q_OBJECT

private slots:
    void golden();
    void edge_cases_data();
    void edge_cases();
    void refuses_non_finite_rows();
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
    std::map<std::string, int> agreed;
    for (const auto entry : table["cases"].get_array()) {
        const std::optional<Call> call = call_for(entry);
        if (!call) continue;
        const std::string id = test::text_of(entry["id"]);
        const simdjson::dom::element input = table["inputs"][test::text_of(entry["input"])];
        const std::size_t n = input["n"].get_uint64();
        const std::vector<double> rows = table.numbers(input["X"]);
        const std::vector<double> examples =
            call->weighted ? table.numbers(input["num_examples"]) : std::vector<double>(n, 1.0);
        const auto ours = aggregate_matrix(call->rule, rows, n, input["d"].get_uint64(), examples, call->settings);
        QVERIFY2(ours, (id + ": " + (ours ? "" : ours.error().text())).c_str());
        const simdjson::dom::element expected = entry["expected"];
        if (simdjson::dom::element vector; expected["vector"].get(vector) == simdjson::SUCCESS)
            QVERIFY2(relative_difference(ours->vector, table.numbers(vector)) <= 1e-9, id.c_str());
        if (simdjson::dom::element scores; expected["scores"].get(scores) == simdjson::SUCCESS)
            QVERIFY2(relative_difference(ours->how->scores, table.numbers(scores)) <= 1e-9, id.c_str());
        if (simdjson::dom::element selected; expected["selected"].get(selected) == simdjson::SUCCESS) {
            const std::set<std::size_t> chosen(ours->how->selected.begin(), ours->how->selected.end());
            QVERIFY2(chosen == selection(selected), id.c_str());
        }
        ++agreed[test::text_of(entry["peer"]) + " " + test::text_of(entry["rule"])];
    }
    int total = 0;
    for (const auto& [name, count] : agreed) {
        qInfo("%s: %d cases agree", name.c_str(), count);
        total += count;
    }
    QCOMPARE(total, 840);
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
    QVERIFY(!krum(4, 4, "flower"));
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
    for (const char* name : {"fedavg", "median", "trimmed-mean", "krum", "multi-krum"}) QVERIFY(names.contains(name));
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
        const auto one = aggregate_matrix(info->name, before, n, d, ones, {});
        const auto other = aggregate_matrix(info->name, after, n, d, ones, {});
        QVERIFY(one && other);
        QVERIFY(relative_difference(one->vector, other->vector) < 1e-14);
        if (!info->by_weights) QCOMPARE(one->vector, other->vector);
    }
}

QTEST_APPLESS_MAIN(TestRules)
#include "tst_rules.moc"
