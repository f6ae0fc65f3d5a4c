// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/analyse.h"
#include "analysis/rollback/answer.h"
#include "analysis/rollback/curvature.h"
#include "analysis/rules/aggregate.h"
#include "storage/case/case_file.h"
#include "storage/ingest/ingest.h"
#include "support/federations.h"

#include <Eigen/Dense>
#include <QTest>
#include <random>
#include <set>

using namespace fedsleuth;
using model::ClientId;
using model::RoundNo;
using model::VerdictClass;
using Vector = Eigen::VectorXd;

namespace {

/// A case of that federation, ingested and analysed once, then copied for each who asks.
std::unique_ptr<storage::CaseFile> analysed(const QString& name, QString& folder)
{
    const QString scratch = QStringLiteral(FEDSLEUTH_SCRATCH);
    static std::map<QString, QString> made;
    const std::string file = (scratch + "/" + name + ".fedcase").toStdString();
    QFile::remove(QString::fromStdString(file));
    if (const auto found = made.find(name); found != made.end()) {
        folder = scratch + "/" + name;
        if (!QFile::copy(found->second, QString::fromStdString(file))) return nullptr;
        auto store = storage::CaseFile::open(file);
        return store ? std::move(*store) : nullptr;
    }
    folder = test::federation_folder(name, scratch);
    model::Progress progress;
    if (!storage::ingest(folder.toStdString(), file, {}, progress)) return nullptr;
    auto store = storage::CaseFile::open(file);
    if (!store || !analysis::analyse(**store, **store, {}, progress)) return nullptr;
    const QString kept = scratch + "/" + name + "-kept.fedcase";
    QFile::remove(kept);
    if (!QFile::copy(QString::fromStdString(file), kept)) return nullptr;
    made[name] = kept;
    return std::move(*store);
}

Vector vector_of(storage::CaseFile& store, model::VectorRef::Kind kind, std::int64_t round, const ClientId& client = {})
{
    const std::int64_t d = *store.coordinates();
    std::vector<float> values(static_cast<std::size_t>(d));
    const model::VectorRef ref{kind, RoundNo{round}, client};
    if (!store.read(std::span(&ref, 1), 0, d, values.data())) return {};
    return Eigen::Map<Eigen::VectorXf>(values.data(), d).cast<double>();
}

/// The mean of a round's updates by examples, without some clients: the obvious way.
Vector mean_without(storage::CaseFile& store, const std::vector<model::Update>& updates, std::int64_t round,
                    const std::set<ClientId>& without)
{
    Vector sum = Vector::Zero(*store.coordinates());
    double total = 0;
    for (const model::Update& update : updates) {
        if (update.round.value() != round || update.reference || without.contains(update.client)) continue;
        sum += double(*update.num_examples) * vector_of(store, model::VectorRef::Kind::update, round, update.client);
        total += double(*update.num_examples);
    }
    return sum / total;
}

bool near(double value, double expected, double relative = 1e-6)
{
    const bool ok = std::abs(value - expected) <= relative * std::max(std::abs(expected), 1e-9);
    if (!ok) qWarning("%.12g is not %.12g", value, expected);
    return ok;
}

/// J e by the recursive BFGS update of a dense matrix, from the same pairs.
Vector dense_twin(const std::vector<Vector>& steps, const std::vector<Vector>& updates, const Vector& e)
{
    const std::size_t m = steps.size();  // steps[j − 1] = s_j, updates[j] = g_j; latest first
    const auto z = [&](std::size_t j) { return Vector(updates[j] - updates[j - 1]); };
    const auto good = [&](std::size_t j) { return steps[j - 1].dot(z(j)) > 1e-8 * steps[j - 1].norm() * z(j).norm(); };
    std::size_t latest = 1;
    while (latest <= m && !good(latest)) ++latest;
    if (latest > m) return Vector::Zero(e.size());
    const Vector& last = steps[latest - 1];
    Eigen::MatrixXd b = Eigen::MatrixXd::Identity(e.size(), e.size()) * (last.dot(z(latest)) / last.squaredNorm());
    for (std::size_t j = m; j >= 1; --j) {
        if (!good(j)) continue;
        const Vector& s = steps[j - 1];
        const Vector bs = b * s;
        b += z(j) * z(j).transpose() / s.dot(z(j)) - bs * bs.transpose() / s.dot(bs);
    }
    return -(b * e);
}

model::Verdicts verdicts_of(std::vector<model::Verdict> clients)
{
    model::Verdicts verdicts;
    verdicts.clients = std::move(clients);
    return verdicts;
}

model::Verdict verdict(const char* client, VerdictClass shown, double probability, std::optional<int> first_bad = {})
{
    model::Verdict made;
    made.client = ClientId{client};
    made.verdict = shown;
    made.probability = probability;
    if (first_bad) made.first_bad_round = RoundNo{*first_bad};
    return made;
}

/// Clients a, b, c in rounds 1 … 6, and seven checkpoints.
struct Small {
    std::vector<model::Update> updates;
    std::vector<model::Checkpoint> checkpoints;

    Small()
    {
        for (int round = 1; round <= 6; ++round)
            for (const char* client : {"a", "b", "c"}) {
                model::Update update;
                update.round = RoundNo{round};
                update.client = ClientId{client};
                update.num_examples = 10;
                updates.push_back(update);
            }
        for (int round = 0; round <= 6; ++round) {
            model::Checkpoint checkpoint;
            checkpoint.round = RoundNo{round};
            checkpoint.state = model::SnapshotState::usable;
            checkpoints.push_back(checkpoint);
        }
    }
    [[nodiscard]] model::Rollback rated(const model::Verdicts& verdicts,
                                        const std::vector<model::Decision>& decisions = {},
                                        const std::vector<analysis::ServerStep>& steps = {}) const
    {
        return analysis::rate_checkpoints(analysis::checkpoint_facts(checkpoints, steps, {}), checkpoints,
                                          analysis::onsets_of(verdicts, decisions, updates), nullptr);
    }
};

}  // namespace

class TestRollback : public QObject {
    Q_OBJECT

private slots:
    void the_curvature_is_that_of_the_recursive_bfgs_matrix();
    void the_cleanliness_is_a_product_that_only_falls();
    void decisions_override();
    void what_the_server_changed_is_never_clean();
    void the_contamination_is_what_the_obvious_replay_gives();
    void a_kept_contamination_reads_back();
    void the_recommendation_on_labelled_federations_data();
    void the_recommendation_on_labelled_federations();
    void a_doubtful_client_is_tried_both_ways();
};

void TestRollback::the_curvature_is_that_of_the_recursive_bfgs_matrix()
{
    std::mt19937 random(7);
    std::normal_distribution<double> normal;
    const Eigen::Index d = 12;
    int compared = 0, stretched = 0;
    for (int trial = 0; trial < 40; ++trial) {
        const auto any = [&] { return Vector(Vector::NullaryExpr(d, [&] { return normal(random); })); };
        // A quadratic bowl, with some noise: its updates are −A (w − w*) with A positive.
        Eigen::MatrixXd root = Eigen::MatrixXd::NullaryExpr(d, d, [&] { return normal(random); });
        const Eigen::MatrixXd a = root * root.transpose() * (trial % 4 == 3 ? 0.5 : 0.02);
        const std::size_t m = 1 + static_cast<std::size_t>(trial) % analysis::curvature_window;
        std::vector<Vector> steps, updates;
        Vector at = any();
        updates.push_back(-a * at);
        for (std::size_t j = 1; j <= m; ++j) {  // back in time
            const Vector step = trial % 5 == 4 && j == 2 ? Vector(-any()) : any();
            steps.push_back(step);
            at -= step;
            updates.push_back(-a * at + (trial % 2 == 0 ? 0.0 : 0.05) * any());
        }
        const Vector e = any();
        Eigen::MatrixXd rows(static_cast<Eigen::Index>(2 * m + 2), d);
        rows.row(0) = e;
        for (std::size_t j = 1; j <= m; ++j) rows.row(static_cast<Eigen::Index>(j)) = steps[j - 1];
        for (std::size_t j = 0; j <= m; ++j) rows.row(static_cast<Eigen::Index>(m + 1 + j)) = updates[j];
        const Eigen::Matrix<double, -1, -1, Eigen::RowMajor> products = rows * rows.transpose();
        const auto found =
            analysis::curvature_step(std::span(products.data(), static_cast<std::size_t>(products.size())), m);
        const Vector twin = dense_twin(steps, updates, e);
        QVERIFY(near(*found.secant, (steps[0] + updates[0] - updates[1]).norm() / steps[0].norm(), 1e-9));
        if (found.coefficients.empty()) {  // the guard: e would grow faster than any step did
            double longest = 1;
            for (std::size_t j = 1; j <= m; ++j)
                longest = std::max(longest, (steps[j - 1] + updates[j - 1] - updates[j]).norm() / steps[j - 1].norm());
            QVERIFY((e + twin).norm() > longest * e.norm() || found.pairs == 0);
            ++stretched;
            continue;
        }
        const Vector change = rows.transpose() * Eigen::Map<const Vector>(found.coefficients.data(), rows.rows());
        QVERIFY((change - twin).norm() <= 1e-8 * std::max(twin.norm(), e.norm()));
        ++compared;
    }
    QVERIFY(compared >= 20);
    QVERIFY(stretched >= 1);
}

void TestRollback::the_cleanliness_is_a_product_that_only_falls()
{
    const Small small;
    const auto rated = small.rated(
        verdicts_of({verdict("a", VerdictClass::malicious, 0.98, 4), verdict("b", VerdictClass::suspect, 0.6, 3),
                     verdict("c", VerdictClass::clean, 0.02)}));
    QCOMPARE(rated.candidates.size(), std::size_t{7});
    double before = 1;
    for (const model::RollbackCandidate& candidate : rated.candidates) {
        QVERIFY(candidate.clean_probability <= before);
        before = candidate.clean_probability;
    }
    // Round 3: b has begun with probability 0.6, of a's 0.98 the share `late` lies before round 4; ceiling 0.99.
    QVERIFY(near(rated.candidates[3].clean_probability, 0.99 * (1 - 0.6) * (1 - 0.98 * analysis::late), 1e-12));
    QVERIFY(near(rated.candidates[6].clean_probability, 0.99 * (1 - 0.6) * (1 - 0.98), 1e-12));
    QCOMPARE(rated.recommended->value(), 2);
    QCOMPARE(rated.first_poisoned_round->value(), 4);
    QCOMPARE(rated.candidates[3].status, std::string("suspect"));
    QCOMPARE(rated.candidates[4].status, std::string("contaminated"));
    // Without any named round the doubt grows evenly.
    const auto even = small.rated(verdicts_of({verdict("a", VerdictClass::suspect, 0.6)}));
    QVERIFY(near(even.candidates[2].clean_probability, 0.99 * (1 - 0.6 * 2 / 6), 1e-12));
}

void TestRollback::decisions_override()
{
    const Small small;
    const auto verdicts =
        verdicts_of({verdict("a", VerdictClass::malicious, 0.98, 4), verdict("b", VerdictClass::clean, 0.01)});
    const auto decision = [](const char* client, VerdictClass decided) {
        return model::Decision{ClientId{client}, decided, "because", "", ""};
    };
    QCOMPARE(small.rated(verdicts).recommended->value(), 3);
    const auto freed = small.rated(verdicts, {decision("a", VerdictClass::clean)});
    QCOMPARE(freed.recommended->value(), 6);
    QVERIFY(!freed.first_poisoned_round);
    const auto blamed = small.rated(verdicts, {decision("b", VerdictClass::malicious)});
    QCOMPARE(blamed.recommended->value(), 0);  // since when is not known: from its first update on
    QCOMPARE(blamed.candidates[6].clean_probability, 0.0);
    QVERIFY(blamed.candidates[6].why.find("by decision") != std::string::npos);
    const auto watched = small.rated(verdicts, {decision("a", VerdictClass::watch)});
    QCOMPARE(watched.recommended->value(), 3);
}

void TestRollback::what_the_server_changed_is_never_clean()
{
    const Small small;
    std::vector<analysis::ServerStep> steps(6);
    for (int round = 1; round <= 6; ++round) {
        steps[std::size_t(round - 1)].round = RoundNo{round};
        steps[std::size_t(round - 1)].residual = round == 3 ? 0.4 : 1e-7;
    }
    const auto rated = small.rated(verdicts_of({}), {}, steps);
    QCOMPARE(rated.recommended->value(), 2);
    QCOMPARE(rated.candidates[3].aggregation, std::string("mismatch"));
    QCOMPARE(rated.candidates[5].clean_probability, 0.0);
    QCOMPARE(rated.candidates[5].status, std::string("contaminated"));
}

void TestRollback::the_contamination_is_what_the_obvious_replay_gives()
{
    QString folder;
    const auto store = analysed("sign-flip", folder);
    QVERIFY(store);
    const auto truth = test::truth_of(folder);
    std::vector<analysis::Removal> flagged;
    for (const auto& [client, rounds] : truth.malicious) flagged.push_back({ClientId{client}, RoundNo{rounds.front()}});
    model::Progress progress;
    const auto measured = analysis::measure_contamination(*store, *store, flagged, progress);
    QVERIFY(measured && *measured);
    const analysis::Counterfactual& found = **measured;
    QCOMPARE(found.points.size(), std::size_t{25});
    QVERIFY(found.notes.empty() && found.tampered.empty() && found.not_redone.empty());

    const std::vector<model::Update> updates = *store->updates();
    using Kind = model::VectorRef::Kind;
    const Vector start = vector_of(*store, Kind::checkpoint, 0);
    Vector e = Vector::Zero(start.size());
    std::map<ClientId, Vector> parts;
    double bound = 0;
    for (std::int64_t round = 1; round <= 24; ++round) {
        std::set<ClientId> bad;
        for (const auto& removal : flagged)
            if (removal.since.value() <= round) bad.insert(removal.client);
        const Vector rest = mean_without(*store, updates, round, bad);
        const Vector injected =
            bad.empty() ? Vector(Vector::Zero(e.size())) : Vector(mean_without(*store, updates, round, {}) - rest);
        e += injected;
        double examples = 0;
        for (const model::Update& update : updates)
            if (update.round.value() == round && !update.reference) examples += double(*update.num_examples);
        for (const model::Update& update : updates) {
            if (update.round.value() != round || !bad.contains(update.client)) continue;
            Vector& part = parts.try_emplace(update.client, Vector::Zero(e.size())).first->second;
            part += double(*update.num_examples) / examples *
                    (vector_of(*store, Kind::update, round, update.client) - rest);
        }
        const analysis::CounterfactualPoint& point = found.points[std::size_t(round)];
        QVERIFY(near(point.injected, injected.norm()));
        QVERIFY(near(point.frozen, e.norm()));
        QVERIFY(near(point.way, (vector_of(*store, Kind::checkpoint, round) - start).norm()));
        bound = *found.secant * bound + injected.norm();
        QVERIFY(near(point.bound, bound));
        QVERIFY(point.corrected > 0 || round < 6);
    }
    double shares = 0;
    for (std::size_t idx = 0; idx < flagged.size(); ++idx) {
        const Vector& part = parts.at(flagged[idx].client);
        QVERIFY(near(found.points.back().parts[idx], part.norm()));
        QVERIFY(near(found.share[idx], part.dot(e) / e.squaredNorm()));
        shares += found.share[idx];
    }
    QVERIFY(near(shares, 1));  // a weighted mean's parts add up
}

void TestRollback::a_kept_contamination_reads_back()
{
    QString folder;
    const auto store = analysed("sign-flip", folder);
    QVERIFY(store);
    const auto answer = analysis::rollback_answer(*store);
    QVERIFY(answer && *answer && (*answer)->contamination);
    const std::string json = analysis::contamination_json(*(*answer)->contamination);
    const auto again = analysis::contamination_from(json);
    QVERIFY(again);
    QCOMPARE(analysis::contamination_json(*again), json);
    for (const std::string& damaged : {std::string("{}"), std::string("["), json.substr(0, json.size() / 2)})
        QVERIFY(!analysis::contamination_from(damaged));
    // Another decision: it was not measured for these clients.
    QVERIFY(store->add_decision({(*answer)->flagged.front().client, VerdictClass::clean, "known", {}, {}}));
    QVERIFY(!(*analysis::rollback_answer(*store))->contamination);
    model::Progress progress;
    const auto measured = analysis::measured_rollback_answer(*store, *store, true, progress);
    QVERIFY(measured && (*measured)->contamination && (*measured)->by_decision());
    QCOMPARE((*measured)->contamination->removals.size(), (*answer)->flagged.size() - 1);
    QVERIFY((*analysis::rollback_answer(*store))->contamination);
}

void TestRollback::the_recommendation_on_labelled_federations_data()
{
    QTest::addColumn<QString>("name");
    for (const QString& file :
         QDir(QStringLiteral(FEDSLEUTH_FIXTURES "/federations")).entryList({"*.tar.gz"}, QDir::Files)) {
        const QString name = file.chopped(7);
        QTest::newRow(qPrintable(name)) << name;
    }
    QTest::newRow("model-replacement") << QStringLiteral("model-replacement");
}

void TestRollback::the_recommendation_on_labelled_federations()
{
    QFETCH(QString, name);
    QString folder;
    const auto store = analysed(name, folder);
    QVERIFY(store);
    const test::Truth truth = test::truth_of(folder);
    const auto answer = analysis::rollback_answer(*store);
    QVERIFY(answer && *answer);
    if (!(*answer)->rollback.recommended) return;  // judged by the verdicts' own test
    const std::int64_t recommended = (*answer)->rollback.recommended->value();
    const bool tampered = (*answer)->contamination && !(*answer)->contamination->tampered.empty();
    if (truth.malicious.empty() && !tampered) QCOMPARE(recommended, std::int64_t{truth.last_clean_checkpoint});
    // Never later than the truth wherever the attackers were found at all, and at most two rounds earlier.
    if (!truth.malicious.empty() && !(*answer)->flagged.empty()) {
        QVERIFY2(recommended <= truth.last_clean_checkpoint, qPrintable(QString::number(recommended)));
        QVERIFY2(recommended >= truth.last_clean_checkpoint - 2, qPrintable(QString::number(recommended)));
    }
    const analysis::RollbackPrice& price = *(*answer)->price;
    const std::int64_t last = (*answer)->rollback.candidates.back().round.value();
    QCOMPARE(price.rounds, last - recommended);
}

void TestRollback::a_doubtful_client_is_tried_both_ways()
{
    const Small small;
    QString folder;
    const auto store = analysed("clean-iid", folder);
    QVERIFY(store);
    model::CaseStore::AnalysisOutcome outcome;
    outcome.verdicts = **store->verdicts();
    outcome.verdicts.clients[0].verdict = VerdictClass::suspect;
    outcome.verdicts.clients[0].probability = 0.5;
    outcome.verdicts.clients[0].first_bad_round = RoundNo{9};
    outcome.rollback = **store->rollback();
    const ClientId doubted = outcome.verdicts.clients[0].client;
    QVERIFY(store->put_analysis(outcome));
    const auto answer = analysis::rollback_answer(*store);
    QVERIFY(answer && *answer);
    QCOMPARE((*answer)->rollback.recommended->value(), 8);
    QCOMPARE((*answer)->last_clean[0]->value(), 8);
    QCOMPARE((*answer)->sensitivity.size(), std::size_t{1});
    const analysis::Toggle& toggle = (*answer)->sensitivity.front();
    QVERIFY(toggle.client == doubted);
    QCOMPARE(toggle.if_malicious->value(), 8);
    QCOMPARE(toggle.if_clean->value(), 24);
    QVERIFY((*answer)->depends_on_doubt());
}

QTEST_GUILESS_MAIN(TestRollback)
#include "tst_rollback.moc"
