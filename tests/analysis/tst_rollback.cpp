// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/analyse.h"
#include "analysis/kernels/curvature.h"
#include "analysis/rollback/answer.h"
#include "analysis/rollback/replay.h"
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
    void the_recommendation_on_labelled_federations();
    void a_group_begins_together();
    void a_doubtful_client_is_tried_both_ways();
    void a_stopped_replay_goes_on_to_the_same_numbers();
    void a_rule_that_is_not_linear_is_run_again();
    void the_badge_follows_its_thresholds();
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
    const auto measured = analysis::measure_contamination(*store, *store, flagged, {}, progress);
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

void TestRollback::the_recommendation_on_labelled_federations()
{
    QStringList names;
    for (const QString& file :
         QDir(QStringLiteral(FEDSLEUTH_FIXTURES "/federations")).entryList({"*.tar.gz"}, QDir::Files))
        names << file.chopped(7);
    int attacked = 0;
    std::int64_t earlier = 0;
    for (const QString& name : names) {
        QString folder;
        const auto store = analysed(name, folder);
        QVERIFY(store);
        const test::Truth truth = test::truth_of(folder);
        const auto answer = analysis::rollback_answer(*store);
        QVERIFY(answer && *answer && (*answer)->rollback.recommended);
        const std::int64_t recommended = (*answer)->rollback.recommended->value();
        const std::int64_t last = (*answer)->rollback.candidates.back().round.value();
        QCOMPARE((*answer)->price->rounds, last - recommended);
        if (name.startsWith("clean")) QCOMPARE(recommended, last);
        if (name == "server-tampering")
            QCOMPARE(recommended, std::int64_t{13});  // what was shipped in round 14 is not clean
        QVERIFY2(recommended <= truth.last_clean_checkpoint, qPrintable(name + " " + QString::number(recommended)));
        if (truth.malicious.empty()) continue;
        ++attacked;
        earlier += truth.last_clean_checkpoint - recommended;
    }
    QVERIFY(attacked >= 4);
    QVERIFY2(earlier <= 2 * attacked, qPrintable(QString::number(earlier)));
}

void TestRollback::a_group_begins_together()
{
    const Small small;
    std::vector<model::Verdict> clients{verdict("a", VerdictClass::malicious, 0.99, 1),
                                        verdict("b", VerdictClass::malicious, 0.99, 5),
                                        verdict("c", VerdictClass::malicious, 0.99, 6)};
    QCOMPARE(small.rated(verdicts_of(clients)).recommended->value(), 0);
    for (model::Verdict& each : clients) each.group = 1;
    QCOMPARE(small.rated(verdicts_of(clients)).recommended->value(), 4);
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
    QCOMPARE((*answer)->uncounted(), std::string());  // the one doubt counts

    // On watch they are doubts, too, and count in no checkpoint's probability: that is said.
    for (const auto& [idx, probability] : {std::pair(1, 0.25), {2, 0.364}}) {
        model::Verdict& watched = outcome.verdicts.clients[std::size_t(idx)];
        watched.verdict = VerdictClass::watch;
        watched.probability = probability;
        QVERIFY(store->put_analysis(outcome));
        const std::string said = (*analysis::rollback_answer(*store))->uncounted();
        const std::string who = watched.client.text() + (idx == 1 ? " (25.0" : " (36.4");
        QVERIFY2(said.find("only suspect and malicious clients count") != std::string::npos, said.c_str());
        QVERIFY2(said.find(who) != std::string::npos, said.c_str());
        QCOMPARE(said.find("2 others") != std::string::npos, idx == 2);
    }
    QCOMPARE((*analysis::rollback_answer(*store))->rollback.recommended->value(), 8);
}

void TestRollback::a_stopped_replay_goes_on_to_the_same_numbers()
{
    QString folder;
    const auto store = analysed("sign-flip", folder);
    QVERIFY(store);
    const QString state_folder = QStringLiteral(FEDSLEUTH_SCRATCH "/replay-state");
    QDir(state_folder).removeRecursively();
    QDir().mkpath(state_folder);
    analysis::CounterfactualOptions options;
    options.removals = {{ClientId{"site-03"}, RoundNo{}}, {ClientId{"site-04"}, RoundNo{}}};
    const std::int64_t d = *store->coordinates();
    std::map<std::int64_t, std::vector<float>> whole, pieces;
    const auto keep = [&](std::map<std::int64_t, std::vector<float>>& where, int stop_at) {
        return [&where, stop_at, d](RoundNo round, const analysis::VectorReader& frozen,
                                    const analysis::VectorReader& corrected) -> model::Result<void> {
            if (round.value() == stop_at) return model::fail(model::ErrorCode::cancelled, "here");
            std::vector<float>& values = where[round.value()];
            values.resize(static_cast<std::size_t>(2 * d));
            FEDSLEUTH_CHECK(frozen(0, d, values.data()));
            return corrected(0, d, values.data() + d);
        };
    };
    model::Progress progress;
    const auto all = analysis::run_counterfactual(*store, *store, options, keep(whole, -1), {}, progress);
    QVERIFY(all);
    const analysis::ReplayState state{state_folder.toStdString(), "this replay"};
    for (const int stop_at : {4, 5, 13}) {
        const auto stopped =
            analysis::run_counterfactual(*store, *store, options, keep(pieces, stop_at), state, progress);
        QVERIFY(!stopped && stopped.error().code == model::ErrorCode::cancelled);
    }
    std::map<std::int64_t, std::vector<float>> rest;
    const auto resumed = analysis::run_counterfactual(*store, *store, options, keep(rest, -1), state, progress);
    QVERIFY(resumed);
    QVERIFY(!rest.contains(12) && rest.contains(13));  // what was done is not done again
    for (const auto& [round, values] : rest) pieces[round] = values;
    QVERIFY(pieces == whole);
    QCOMPARE(analysis::contamination_json(*resumed), analysis::contamination_json(*all));
    // Another replay's state is of no use.
    const auto stopped = analysis::run_counterfactual(*store, *store, options, keep(pieces, 6), state, progress);
    QVERIFY(!stopped);
    rest.clear();
    QVERIFY(analysis::run_counterfactual(*store, *store, options, keep(rest, -1), {state.folder, "another replay"},
                                         progress));
    QVERIFY(rest == whole);
}

void TestRollback::a_rule_that_is_not_linear_is_run_again()
{
    QString folder;
    const auto store = analysed("sign-flip", folder);
    QVERIFY(store);
    const std::vector<model::Update> updates = *store->updates();
    model::Progress progress;
    for (const std::string rule : {"krum", "trimmed-mean"}) {
        analysis::CounterfactualOptions options;
        options.from = RoundNo{21};
        options.removals = {{ClientId{"site-03"}, RoundNo{}}};
        options.rule = analysis::ChosenRule{rule, {}};
        if (rule == "krum") options.rule->settings.values["f"] = 3;
        Vector last;
        const auto take = [&](RoundNo, const analysis::VectorReader& frozen, const analysis::VectorReader&) {
            std::vector<float> values(static_cast<std::size_t>(*store->coordinates()));
            const auto read = frozen(0, static_cast<std::int64_t>(values.size()), values.data());
            last = Eigen::Map<Eigen::VectorXf>(values.data(), static_cast<Eigen::Index>(values.size())).cast<double>();
            return read;
        };
        const auto replay = analysis::run_counterfactual(*store, *store, options, take, {}, progress);
        QVERIFY2(replay.has_value(), replay ? "" : replay.error().text().c_str());
        Vector model = vector_of(*store, model::VectorRef::Kind::checkpoint, 21);
        for (int round = 22; round <= 24; ++round) {
            const std::vector<ClientId> without{ClientId{"site-03"}};
            const auto step = analysis::aggregate_round(*store, *store, RoundNo{round}, rule, options.rule->settings,
                                                        without, progress);
            QVERIFY2(step.has_value(), step ? "" : step.error().text().c_str());
            model += Eigen::Map<const Vector>(step->aggregate.vector.data(), model.size());
        }
        QVERIFY((last - model).norm() <= 1e-6 * model.norm());
    }
}

void TestRollback::the_badge_follows_its_thresholds()
{
    const auto badge = [](double moved, double apart) {
        analysis::Counterfactual replay;
        analysis::CounterfactualPoint last;
        last.way = 10;
        last.frozen = 10 * moved;
        last.apart = apart * last.frozen;
        replay.points = {last};
        return analysis::validity_of(replay).badge;
    };
    QVERIFY(badge(0, 0) == analysis::Badge::green);
    QVERIFY(badge(0.19, 0.24) == analysis::Badge::green);
    QVERIFY(badge(0.19, 0.26) == analysis::Badge::amber);
    QVERIFY(badge(0.21, 0.1) == analysis::Badge::amber);
    QVERIFY(badge(0.49, 0.9) == analysis::Badge::amber);
    QVERIFY(badge(0.51, 0.0) == analysis::Badge::red);
}

QTEST_GUILESS_MAIN(TestRollback)
#include "tst_rollback.moc"
