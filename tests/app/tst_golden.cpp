// SPDX-License-Identifier: GPL-3.0-or-later
// `compute` against what public implementations answered: tests/fixtures/golden (Flower, ByzFL, hdbscan), whose README
// says which and how. The mathematics has tests of its own on all of these tables; here a share of them goes the
// whole way through the program: .npy in, options, .npy and JSON out.
#include "app/cli_program.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <QtTest>

namespace {

const QString golden = QStringLiteral(FEDSLEUTH_FIXTURES "/golden/");

std::vector<double> widened(const QByteArray& npy)
{
    const qsizetype start = npy.indexOf('\n') + 1;
    const auto size = static_cast<std::size_t>(npy.size() - start);
    const auto read = [&]<class Number>(Number) {
        std::vector<Number> numbers(size / sizeof(Number));
        std::memcpy(numbers.data(), npy.constData() + start, numbers.size() * sizeof(Number));
        return std::vector<double>(numbers.begin(), numbers.end());
    };
    if (npy.contains("'<f8'")) return read(double{});
    return npy.contains("'<f4'") ? read(float{}) : read(qint16{});
}

/// The numbers of an entry: inline (nested lists too), or a slice of the array file that it names.
std::vector<double> numbers_of(const QJsonValue& entry)
{
    static std::map<QString, std::vector<double>> blobs;
    std::vector<double> numbers;
    if (entry.isArray()) {
        for (const QJsonValue& element : entry.toArray()) {
            if (element.isArray())
                for (const double number : numbers_of(element)) numbers.push_back(number);
            else
                numbers.push_back(element.toDouble());
        }
        return numbers;
    }
    const QString file = entry["blob"].toString();
    if (!blobs.contains(file)) blobs[file] = widened(read_file(golden + file));
    std::ptrdiff_t count = 1;
    for (const QJsonValue& length : entry["shape"].toArray()) count *= length.toInt();
    const auto first = blobs[file].begin() + entry["offset"].toInt();
    return {first, first + count};
}

QJsonObject table(const QString& name) { return QJsonDocument::fromJson(read_file(golden + name)).object(); }

/// Largest difference, as a share of the largest expected number.
double difference(const std::vector<double>& got, const std::vector<double>& expected)
{
    if (got.size() != expected.size()) return HUGE_VAL;
    double scale = 1e-300;
    double largest = 0;
    for (std::size_t at = 0; at < got.size(); ++at) {
        scale = std::max(scale, std::abs(expected[at]));
        const double apart = std::abs(got[at] - expected[at]);
        largest = std::isnan(apart) ? HUGE_VAL : std::max(largest, apart);
    }
    return largest / scale;
}

/// How a case of the table is asked of the program; empty where it is not offered.
QStringList aggregate_options(const QJsonValue& entry)
{
    const QString which = entry["peer"].toString() + "/" + entry["rule"].toString();
    const QJsonValue params = entry["params"];
    const QString f = "f=" + QString::number(params["f"].toInt());
    if (which == "flower/fedavg_weighted") return {"--rule", "fedavg", "--weights", scratch("weights.npy")};
    if (which == "flower/fedavg_unweighted" || which == "byzfl/average") return {"--rule", "fedavg"};
    if (which == "flower/median" || which == "byzfl/median") return {"--rule", "median"};
    if (which == "flower/trimmed_mean")
        return {"--rule", "trimmed-mean", "--set", "fraction=" + QString::number(params["proportiontocut"].toDouble())};
    if (which == "byzfl/trmean")
        return {"--rule", "trimmed-mean", "--set", "count=" + QString::number(params["f"].toInt())};
    if (which == "flower/krum") return {"--rule", "krum", "--set", f, "--set", "variant=flower"};
    if (which == "byzfl/krum") return {"--rule", "krum", "--set", f, "--set", "variant=byzfl"};
    if (which == "byzfl/multikrum") return {"--rule", "multi-krum", "--set", f, "--set", "variant=byzfl"};
    if (which == "flower/bulyan") return {"--rule", "bulyan", "--set", f, "--set", "variant=flower"};
    if (which == "byzfl/meamed") return {"--rule", "mean-around-median", "--set", f};
    if (which == "byzfl/mda") return {"--rule", "mda", "--set", f};
    if (which == "byzfl/nnm+median") return {"--rule", "median", "--pre", "nnm", "--set", f};
    if (which == "byzfl/nnm+trmean")
        return {"--rule", "trimmed-mean", "--pre", "nnm", "--set", f, "--set", "count" + f.mid(1)};
    if (which == "byzfl/arc+average") return {"--rule", "fedavg", "--pre", "arc", "--set", "arc." + f};
    if (which == "byzfl/geometric_median")
        return {"--rule", "geometric-median",
                "--set",  "variant=byzfl",
                "--set",  "nu=" + QString::number(params["nu"].toDouble()),
                "--set",  "iterations=" + QString::number(params["T"].toInt())};
    if (which == "byzfl/centered_clipping") {
        QStringList options{"--rule", "centred-clipping",
                            "--set",  "variant=byzfl",
                            "--set",  "radius=" + QString::number(params["tau"].toDouble()),
                            "--set",  "iterations=" + QString::number(params["L"].toInt())};
        if (params["m"].toString() == "row 0") options << "--previous" << scratch("row0.npy");
        return options;
    }
    return {};
}

/// The same for the table of defences, and under which key it says what the result should be.
std::pair<QStringList, const char*> defence_options(const QJsonValue& entry)
{
    const QString which = entry["peer"].toString() + "/" + entry["rule"].toString();
    if (which == "foolsgold_official/foolsgold")
        return {{"--rule", "foolsgold", "--history", scratch("history.npy")}, "aggregate_sum"};
    if (which == "fltrust_official_lab/fltrust")
        return {{"--rule", "fltrust", "--reference", scratch("reference.npy")}, "aggregate"};
    if (which == "flpoison/flame_on_updates") return {{"--rule", "flame"}, "aggregated_update"};
    if (which == "flpoison/flame") return {{"--rule", "flame", "--previous", scratch("model.npy")}, nullptr};
    return {};
}

}  // namespace

class Golden : public QObject {
    Q_OBJECT

private slots:
    void rules_data();
    void rules();
    void defences_data();
    void defences();
    void clusters_data();
    void clusters();
    void privacy_data();
    void privacy();
    void privacy_of_other_mechanisms();
    void privacy_backwards();
};

void Golden::rules_data()
{
    QTest::addColumn<QJsonValue>("entry");
    QTest::addColumn<QJsonValue>("input");
    const QJsonObject aggregators = table("aggregators.json");
    const QStringList inputs{"n5_d7_clean", "n10_d100_out", "n20_d1000_out", "n21_d7_out"};
    for (const QJsonValue& entry : aggregators["cases"].toArray()) {
        const QString input = entry["input"].toString();
        if (inputs.contains(input) && !aggregate_options(entry).isEmpty())
            QTest::newRow(qPrintable(entry["id"].toString())) << entry << aggregators["inputs"][input];
    }
}

void Golden::rules()
{
    QFETCH(const QJsonValue, entry);
    QFETCH(const QJsonValue, input);
    write_file(scratch("x.npy"), matrix_npy(input["n"].toInt(), numbers_of(input["X"])));
    write_file(scratch("weights.npy"), vector_npy(numbers_of(input["num_examples"])));
    std::vector<double> row0 = numbers_of(input["X"]);
    row0.resize(static_cast<std::size_t>(input["d"].toInt()));
    write_file(scratch("row0.npy"), vector_npy(row0));
    const Ran ran = run_cli(
        QStringList{"compute", "aggregate", "--in", scratch("x.npy"), "--out", fresh("y.npy"), "--format", "json"} +
        aggregate_options(entry));
    QVERIFY2(ran.code == 0, ran.err.constData());
    const QJsonValue expected = entry["expected"];
    if (!expected["vector"].isUndefined())
        QVERIFY(difference(npy_values(scratch("y.npy")), numbers_of(expected["vector"])) < 1e-9);
    if (expected["selected"].isDouble()) {
        QCOMPARE(ran.json()["selected"].toArray().size(), 1);
        QCOMPARE(ran.json()["selected"][0].toInt(), expected["selected"].toInt());
    } else if (expected["selected"].isArray()) {
        std::vector<double> got = numbers_of(ran.json()["selected"]);
        std::vector<double> wanted = numbers_of(expected["selected"]);
        std::sort(got.begin(), got.end());
        std::sort(wanted.begin(), wanted.end());
        QCOMPARE(got, wanted);
    }
    if (!expected["scores"].isUndefined())
        QVERIFY(difference(numbers_of(ran.json()["scores"]), numbers_of(expected["scores"])) < 1e-9);
}

void Golden::defences_data()
{
    QTest::addColumn<QJsonValue>("entry");
    QTest::addColumn<QJsonValue>("input");
    const QJsonObject defences = table("defences.json");
    const QStringList inputs{"signflip_n10_d64", "backdoor_n20_d200"};
    for (const QJsonValue& entry : defences["cases"].toArray()) {
        const QString input = entry["input"].toString();
        if (inputs.contains(input) && !defence_options(entry).first.isEmpty())
            QTest::newRow(qPrintable(entry["id"].toString())) << entry << defences["inputs"][input];
    }
}

void Golden::defences()
{
    QFETCH(const QJsonValue, entry);
    QFETCH(const QJsonValue, input);
    const int n = input["n"].toInt();
    write_file(scratch("x.npy"), matrix_npy(n, numbers_of(input["U"])));
    write_file(scratch("history.npy"), matrix_npy(n, numbers_of(input["summed_history"])));
    write_file(scratch("reference.npy"), vector_npy(numbers_of(input["root_update"])));
    write_file(scratch("model.npy"), vector_npy(numbers_of(input["global_model"])));
    const auto [options, key] = defence_options(entry);
    const Ran ran = run_cli(
        QStringList{"compute", "aggregate", "--in", scratch("x.npy"), "--out", fresh("y.npy"), "--format", "json"} +
        options);
    QVERIFY2(ran.code == 0, ran.err.constData());
    const QJsonValue expected = entry["expected"];
    if (key != nullptr)
        QVERIFY(difference(npy_values(scratch("y.npy")), numbers_of(expected[QLatin1String(key)])) < 1e-9);
    if (expected["benign"].isArray()) QCOMPARE(numbers_of(ran.json()["selected"]), numbers_of(expected["benign"]));
    if (expected["weights"].isArray())
        QVERIFY(difference(numbers_of(ran.json()["weights"]), numbers_of(expected["weights"])) < 1e-9);
}

void Golden::clusters_data()
{
    QTest::addColumn<QJsonValue>("entry");
    QTest::addColumn<QJsonValue>("input");
    const QJsonObject hdbscan = table("hdbscan.json");
    const QStringList inputs{"iris_jitter", "fl_signflip_n20", "fl_backdoor_n50", "fl_sybil_n100"};
    for (const QJsonValue& entry : hdbscan["cases"].toArray()) {
        const QString input = entry["input"].toString();
        if (inputs.contains(input) && entry["tie_check"]["strict"].toBool())
            QTest::newRow(qPrintable(entry["id"].toString())) << entry << hdbscan["inputs"][input];
    }
}

void Golden::clusters()
{
    QFETCH(const QJsonValue, entry);
    QFETCH(const QJsonValue, input);
    const bool precomputed = input["metric"].toString() == "precomputed";
    write_file(scratch("x.npy"),
               matrix_npy(input["n"].toInt(), numbers_of(input[precomputed ? "distance_matrix" : "X"])));
    const QJsonValue params = entry["params"];
    QStringList arguments{"compute",
                          "cluster",
                          "--in",
                          scratch("x.npy"),
                          "--metric",
                          input["metric"].toString(),
                          "--format",
                          "json",
                          "--min-cluster-size",
                          QString::number(params["min_cluster_size"].toInt()),
                          "--method",
                          params["cluster_selection_method"].toString(),
                          "--epsilon",
                          QString::number(params["cluster_selection_epsilon"].toDouble())};
    if (!params["min_samples"].isNull()) arguments << "--min-samples" << QString::number(params["min_samples"].toInt());
    if (params["allow_single_cluster"].toBool()) arguments << "--allow-single-cluster";
    const Ran ran = run_cli(arguments);
    QVERIFY2(ran.code == 0, ran.err.constData());
    const QJsonValue expected = entry["expected"];

    // Labels are numbered by the tree: the same partition, noise the same.
    const std::vector<double> got = numbers_of(ran.json()["labels"]);
    const std::vector<double> wanted = numbers_of(expected["labels"]);
    QCOMPARE(got.size(), wanted.size());
    std::map<double, double> renamed{{-1, -1}};
    std::map<double, double> back{{-1, -1}};
    for (std::size_t row = 0; row < got.size(); ++row) {
        QCOMPARE(renamed.try_emplace(wanted[row], got[row]).first->second, got[row]);
        QCOMPARE(back.try_emplace(got[row], wanted[row]).first->second, wanted[row]);
    }
    for (const char* key : {"probabilities", "outlier_scores", "merge_distances"})
        QVERIFY2(
            difference(numbers_of(ran.json()[QLatin1String(key)]), numbers_of(expected[QLatin1String(key)])) < 1e-9,
            key);
    QCOMPARE(ran.json()["persistence"].toArray().size(), expected["persistence"].toArray().size());
}

namespace {

/// The options for a history of the table: one triple as options, more as a file.
QStringList history_options(const QJsonArray& history)
{
    if (history.size() == 1)
        return {"--noise-multiplier",
                QString::number(history[0][0].toDouble(), 'g', 17),
                "--sampling-rate",
                QString::number(history[0][1].toDouble(), 'g', 17),
                "--steps",
                QString::number(history[0][2].toDouble(), 'g', 17)};
    write_file(scratch("history.json"), QJsonDocument(history).toJson());
    return {"--history", scratch("history.json")};
}

/// One number of what `compute` answers; NaN where it failed, infinite where it is null.
double computed(const QStringList& arguments, const char* key = "epsilon")
{
    const Ran ran = run_cli(QStringList{"compute"} + arguments + QStringList{"--format", "json"});
    if (ran.code != 0 || !ran.is_json()) return std::nan("");
    const QJsonValue value = ran.json()[QLatin1String(key)];
    return value.isNull() ? HUGE_VAL : value.toDouble(std::nan(""));
}

bool near(double value, double expected, double relative)
{
    return std::abs(value - expected) <= relative * std::abs(expected);
}

QString text(double number) { return QString::number(number, 'g', 17); }

}  // namespace

void Golden::privacy_data()
{
    QTest::addColumn<QJsonValue>("entry");
    const QStringList wanted{"sgm_q0.001_s0.7_k100",
                             "sgm_q0.01_s1.0_k1000",
                             "sgm_q0.1_s4.0_k10",
                             "sgm_q1.0_s2.0_k100",
                             "hetero_1",
                             "hetero_2"};
    for (const QJsonValue& entry : table("dp.json").value("cases").toArray())
        if (wanted.contains(entry["id"].toString())) QTest::newRow(qPrintable(entry["id"].toString())) << entry;
}

void Golden::privacy()
{
    QFETCH(const QJsonValue, entry);
    const QJsonValue expected = entry["expected"];
    const QStringList history = history_options(entry["history"].toArray());
    const double delta = entry["deltas"][1].toDouble();
    const auto epsilon = [&](const QStringList& accountant) {
        return computed(QStringList{"epsilon"} + history + QStringList{"--delta", text(delta)} + accountant);
    };
    const QJsonValue opacus = expected["opacus_rdp"][1];
    QVERIFY(near(epsilon({"--accountant", "rdp", "--orders", "opacus"}), opacus["eps"].toDouble(), 1e-9));
    QCOMPARE(
        computed(QStringList{"epsilon"} + history + QStringList{"--delta", text(delta), "--orders", "opacus"}, "order"),
        opacus["order"].toDouble());
    QVERIFY(epsilon({}) <= expected["dp_accounting_rdp"][1]["eps"].toDouble() * (1 + 1e-9));
    const double pld = epsilon({"--accountant", "pld"});
    QVERIFY(std::abs(pld - expected["dp_accounting_pld"]["eps"][1].toDouble()) < 0.005);
    if (expected["opacus_prv"][1]["eps_upper"].isDouble())
        QVERIFY(std::abs(epsilon({"--accountant", "prv"}) - expected["opacus_prv"][1]["eps_upper"].toDouble()) < 1e-4);
    if (expected["opacus_gdp"][1].isDouble())
        QVERIFY(near(epsilon({"--accountant", "gdp", "--central-limit"}), expected["opacus_gdp"][1].toDouble(), 1e-9));
    const double back =
        computed(QStringList{"delta"} + history + QStringList{"--epsilon", text(pld), "--accountant", "pld"}, "delta");
    QVERIFY(near(back, delta, 1e-3));
}

void Golden::privacy_of_other_mechanisms()
{
    const QJsonObject dp = table("dp.json");
    const QJsonValue laplace = dp["laplace"]["cases"][2];
    const QStringList uses{"epsilon",
                           "--mechanism",
                           "laplace",
                           "--noise-multiplier",
                           text(laplace["scale_b"].toDouble()),
                           "--steps",
                           text(laplace["steps"].toDouble()),
                           "--delta",
                           "1e-06",
                           "--accountant"};
    QVERIFY(near(computed(uses + QStringList{"basic"}), laplace["pure_eps_basic_composition"].toDouble(), 1e-12));
    QVERIFY(near(computed(uses + QStringList{"rdp"}), laplace["dp_accounting_rdp"][1].toDouble(), 1e-9));
    QVERIFY(std::abs(computed(uses + QStringList{"pld"}) - laplace["dp_accounting_pld"]["eps"][1].toDouble()) < 1e-3);
    const QJsonValue zcdp = dp["zcdp"]["cases"][3];
    const QStringList rho{"epsilon",
                          "--mechanism",
                          "zcdp",
                          "--rho",
                          text(zcdp["rho"].toDouble()),
                          "--steps",
                          text(zcdp["steps"].toDouble()),
                          "--delta",
                          "1e-05",
                          "--accountant"};
    QVERIFY(near(computed(rho + QStringList{"zcdp"}), zcdp["bun_steinke_formula"][0].toDouble(), 1e-12));
    QVERIFY(near(computed(rho + QStringList{"rdp"}), zcdp["dp_accounting_rdp_zcdp"][0].toDouble(), 1e-9));
    const QJsonValue advanced = dp["advanced_composition"]["cases"][3];
    const QStringList steps{"epsilon",
                            "--mechanism",
                            "approximate",
                            "--step-epsilon",
                            text(advanced["eps0"].toDouble()),
                            "--steps",
                            text(advanced["k"].toDouble()),
                            "--delta",
                            text(advanced["delta_total"].toDouble()),
                            "--accountant"};
    QVERIFY(near(computed(steps + QStringList{"optimal"}), advanced["dp_accounting_kov_thm3.3"].toDouble(), 1e-9));
    QVERIFY(
        near(computed(steps + QStringList{"advanced"}), advanced["dwork_rothblum_vadhan_formula"].toDouble(), 1e-9));
}

void Golden::privacy_backwards()
{
    const QJsonValue entry = table("dp.json").value("inverse")["cases"][0];
    const QStringList goal{"noise",
                           "--epsilon",
                           text(entry["target_eps"].toDouble()),
                           "--delta",
                           text(entry["delta"].toDouble()),
                           "--sampling-rate",
                           text(entry["q"].toDouble()),
                           "--steps",
                           text(entry["steps"].toDouble()),
                           "--accountant"};
    QVERIFY(near(computed(goal + QStringList{"rdp", "--orders", "opacus"}, "noise_multiplier"),
                 entry["opacus_get_noise_multiplier_rdp_tol1e-6"].toDouble(), 1e-6));
    QVERIFY(near(computed(goal + QStringList{"pld"}, "noise_multiplier"),
                 entry["dp_accounting_calibrate_pld_tol1e-4"].toDouble(), 1e-3));
    // Nothing bounds what has no noise: null, and no failure. What makes no sense is refused.
    const QStringList bare{"epsilon", "--noise-multiplier", "0", "--steps", "3", "--delta", "1e-5"};
    QCOMPARE(computed(bare), HUGE_VAL);
    QCOMPARE(computed({"epsilon", "--noise-multiplier", "1", "--steps", "0", "--delta", "1e-5"}), 0.0);
    write_file(scratch("bad.json"), "[[1.0, 0.1], [2.0]]");
    const Ran ran = run_cli({"compute", "epsilon", "--history", scratch("bad.json"), "--delta", "1e-5"});
    QCOMPARE(ran.code, 1);
    QVERIFY(ran.err.contains("entry 0") && ran.err.contains("triple"));
}

QTEST_GUILESS_MAIN(Golden)
#include "tst_golden.moc"
