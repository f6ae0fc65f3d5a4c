// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/kernels/gram.h"
#include "analysis/rules/aggregate.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <QTest>
#include <random>

using namespace fedsleuth;
using model::ClientId;
using model::RoundNo;

namespace {

/// One round in memory: clients c0, c1, …, their updates of this round and the one before, the server's own update,
/// the step before and the model that the round started from; and what reading them cost.
class MemoryCase final : public model::CaseStore, public model::UpdateSource {
public:
    MemoryCase(std::size_t n, std::int64_t d, unsigned seed) : d_(d), rows(n)
    {
        std::mt19937 random(seed);
        std::normal_distribution<float> normal;
        for (std::size_t client_idx = 0; client_idx < n; ++client_idx) {
            rows[client_idx].resize(static_cast<std::size_t>(d));
            for (float& value : rows[client_idx]) value = normal(random);
            model::Update update;
            update.round = RoundNo{1};
            update.client = ClientId{std::string("c").append(std::to_string(client_idx))};
            update.num_examples = 10 + static_cast<std::int64_t>(client_idx);
            update.state = model::SnapshotState::usable;
            update_list.push_back(update);
        }
        earlier = rows;
        for (auto* row : {&reference_row, &previous_row, &model_row}) row->resize(static_cast<std::size_t>(d));
        for (auto* row : {&reference_row, &previous_row, &model_row})
            for (float& value : *row) value = normal(random);
        for (auto& row : earlier)
            for (float& value : row) value = normal(random);
    }
    /// The clients' updates of the round before, and the server's update, become part of the case.
    void tell_more()
    {
        std::vector<model::Update> before = update_list;
        for (model::Update& update : before) update.round = RoundNo{0};
        model::Update server = update_list.front();
        server.client = model::server_client();
        server.reference = true;
        update_list.push_back(server);
        update_list.insert(update_list.end(), before.begin(), before.end());
        for (const int round : {-1, 0, 1}) {
            model::Checkpoint checkpoint;
            checkpoint.round = RoundNo{round};
            checkpoint.state = model::SnapshotState::usable;
            checkpoint_list.push_back(checkpoint);
        }
    }

    std::int64_t d_;
    std::vector<std::vector<float>> rows;
    std::vector<std::vector<float>> earlier;
    std::vector<float> reference_row, previous_row, model_row;
    std::vector<model::Checkpoint> checkpoint_list;
    std::vector<model::Update> update_list;
    model::Federation about;
    std::optional<model::RoundLedger> kept_ledger;
    std::int64_t coordinates_read = 0;
    model::Progress* stop_when_read = nullptr;

    void keep_ledger()
    {
        model::RoundLedger ledger;
        ledger.round = RoundNo{1};
        const std::size_t n = rows.size();
        ledger.layers.resize(1);
        ledger.layers[0].gram.assign(n * n, 0.0);
        std::vector<float> all;
        for (std::size_t k = n; k-- > 0;) {  // another order than the updates'
            ledger.clients.push_back(update_list[k].client);
            all.insert(all.end(), rows[k].begin(), rows[k].end());
        }
        analysis::add_gram(all.data(), n, static_cast<std::size_t>(d_), d_, ledger.layers[0].gram.data());
        kept_ledger = ledger;
    }

    model::Result<std::int64_t> coordinates() override { return d_; }
    model::Result<void> read(std::span<const model::VectorRef> refs, std::int64_t first, std::int64_t count,
                             float* out) override
    {
        for (const model::VectorRef& ref : refs) {
            out = std::copy_n(row_of(ref).begin() + first, count, out);
            coordinates_read += count;
        }
        if (stop_when_read != nullptr) stop_when_read->stop();
        return {};
    }

    [[nodiscard]] const std::vector<float>& row_of(const model::VectorRef& ref) const
    {
        using Kind = model::VectorRef::Kind;
        if (ref.kind == Kind::reference) return reference_row;
        if (ref.kind == Kind::global_step) return previous_row;
        if (ref.kind == Kind::checkpoint) return model_row;
        const auto found = std::find_if(update_list.begin(), update_list.end(),
                                        [&](const model::Update& update) { return update.client == ref.client; });
        const auto place = static_cast<std::size_t>(found - update_list.begin());
        return ref.round == RoundNo{0} ? earlier[place] : rows[place];
    }

    model::Result<model::Federation> federation() override { return about; }
    model::Result<std::vector<model::Client>> clients() override { return std::vector<model::Client>{}; }
    model::Result<std::vector<model::Round>> rounds() override { return std::vector<model::Round>{}; }
    model::Result<std::vector<model::Update>> updates() override { return update_list; }
    model::Result<std::vector<model::Checkpoint>> checkpoints() override { return checkpoint_list; }
    model::Result<std::vector<model::EvidenceFile>> evidence_files() override
    {
        return std::vector<model::EvidenceFile>{};
    }
    model::Result<std::vector<model::ImportIssue>> import_issues() override
    {
        return std::vector<model::ImportIssue>{};
    }
    model::Result<std::optional<model::RoundLedger>> ledger(RoundNo) override { return kept_ledger; }
    model::Result<void> put_ledger(const model::RoundLedger&) override { return {}; }
    model::Result<std::vector<model::DetectorScores>> scores(RoundNo) override
    {
        return std::vector<model::DetectorScores>{};
    }
    model::Result<void> put_analysis(const AnalysisOutcome&) override { return {}; }
    model::Result<std::optional<model::Verdicts>> verdicts() override { return std::optional<model::Verdicts>{}; }
    model::Result<std::optional<model::Rollback>> rollback() override { return std::optional<model::Rollback>{}; }
    model::Result<std::vector<model::Finding>> findings() override { return std::vector<model::Finding>{}; }
    model::Result<std::vector<model::Decision>> decisions() override { return std::vector<model::Decision>{}; }
    model::Result<void> add_decision(const model::Decision&) override { return {}; }
    model::Result<std::map<std::string, double>> policy() override { return std::map<std::string, double>{}; }
    model::Result<void> put_policy(const std::string&, std::optional<double>) override { return {}; }
    model::Result<std::optional<std::string>> document(const std::string&) override
    {
        return std::optional<std::string>();
    }
    model::Result<void> put_document(const std::string&, const std::string&) override { return {}; }
    model::Result<std::vector<model::CustodyEntry>> custody() override { return std::vector<model::CustodyEntry>{}; }
    model::Result<void> append_custody(const std::string&, const std::string&, const std::string&,
                                       const std::string&) override
    {
        return {};
    }
};

model::Result<analysis::RoundAggregate> aggregate(MemoryCase& round, std::string_view rule,
                                                  const analysis::RuleSettings& settings = {},
                                                  std::vector<ClientId> exclude = {})
{
    model::Progress progress;
    return analysis::aggregate_round(round, round, RoundNo{1}, rule, settings, exclude, progress);
}

std::vector<double> widened(const std::vector<float>& row) { return {row.begin(), row.end()}; }

/// What aggregate_matrix says of the same rows, shown everything that the case holds.
std::vector<double> by_matrix(const MemoryCase& round, std::string_view rule, std::vector<std::size_t> members,
                              const analysis::RuleSettings& settings = {})
{
    std::vector<double> rows;
    std::vector<double> history;
    std::vector<double> examples;
    for (const std::size_t client_idx : members) {
        rows.insert(rows.end(), round.rows[client_idx].begin(), round.rows[client_idx].end());
        for (std::size_t k = 0; k < round.rows[client_idx].size(); ++k)
            history.push_back(static_cast<double>(round.rows[client_idx][k]) +
                              static_cast<double>(round.earlier[client_idx][k]));
        examples.push_back(static_cast<double>(*round.update_list[client_idx].num_examples));
    }
    const bool told = !round.checkpoint_list.empty();
    const std::vector<double> reference = widened(round.reference_row);
    const std::vector<double> previous = widened(round.previous_row);
    const std::vector<double> model = widened(round.model_row);
    const analysis::SideInputs side =
        told ? analysis::SideInputs{reference, history, previous, model} : analysis::SideInputs{};
    return analysis::aggregate_matrix(rule, rows, members.size(), static_cast<std::size_t>(round.d_), examples,
                                      settings, side)
        ->vector;
}

double largest_difference(const std::vector<double>& a, const std::vector<double>& b)
{
    if (a.size() != b.size()) return HUGE_VAL;
    double largest = 0;
    for (std::size_t k = 0; k < a.size(); ++k) largest = std::max(largest, std::abs(a[k] - b[k]));
    return largest;
}

}  // namespace

class TestAggregateRound : public QObject {
    Q_OBJECT

private slots:
    void agrees_with_the_matrix();
    void pre_aggregations();
    void what_the_case_lacks();
    void noise_is_drawn_by_the_seed();
    void ledger_or_not();
    void exclusions();
    void unusable_and_reference_updates();
    void equal_weighting();
    void missing_examples();
    void non_finite_values_are_refused();
    void stops();
    void errors();
};

void TestAggregateRound::agrees_with_the_matrix()
{
    MemoryCase round(7, 3 * model::slab_coordinates / 2 + 11, 1);
    round.tell_more();
    for (const analysis::RuleInfo* info : analysis::all_rules()) {
        const auto answer = aggregate(round, info->name);
        QVERIFY2(answer, std::string(info->name).c_str());
        const double apart =
            largest_difference(answer->aggregate.vector, by_matrix(round, info->name, {0, 1, 2, 3, 4, 5, 6}));
        QVERIFY2(apart < 1e-12, (std::string(info->name) + " off by " + std::to_string(apart)).c_str());
        QCOMPARE(answer->clients.size(), std::size_t{7});
        QCOMPARE(answer->aggregate.how.has_value(), info->by_weights);
        QVERIFY(answer->aggregate.norm > 0);
    }
}

void TestAggregateRound::pre_aggregations()
{
    MemoryCase round(9, 20'011, 11);
    const std::vector<analysis::PreSettings> nnm{{"nnm", {{"f", 2}}}};
    const std::vector<analysis::PreSettings> buckets{{"bucketing", {{"size", 2}}}, {"clipping", {{"radius", 90}}}};
    for (const auto& pre : {nnm, buckets})
        for (const char* rule : {"fedavg", "krum", "trimmed-mean", "bulyan", "dnc", "signguard"}) {
            const analysis::RuleSettings settings{.seed = 4, .pre = pre};
            const auto answer = aggregate(round, rule, settings, {ClientId{"c3"}});
            QVERIFY2(answer, rule);
            const auto expected = by_matrix(round, rule, {0, 1, 2, 4, 5, 6, 7, 8}, settings);
            QVERIFY2(largest_difference(answer->aggregate.vector, expected) < 1e-12, rule);
        }
}

void TestAggregateRound::what_the_case_lacks()
{
    MemoryCase round(6, 500, 12);
    QCOMPARE(aggregate(round, "fltrust").error().code, model::ErrorCode::not_applicable);
    for (const char* rule : {"centred-clipping", "flame"}) {
        const auto without = aggregate(round, rule);
        QVERIFY(without);
        QVERIFY(!without->aggregate.notes.empty());
    }
    const auto before = aggregate(round, "centred-clipping")->aggregate.vector;
    round.tell_more();
    const auto after = aggregate(round, "centred-clipping");
    QVERIFY(after->aggregate.vector != before);
    QVERIFY(after->aggregate.how->previous_weight >= 0);
}

void TestAggregateRound::noise_is_drawn_by_the_seed()
{
    MemoryCase round(6, 30'000, 13);
    const auto noisy = [&](std::uint64_t seed) {
        return aggregate(round, "flame", {.values = {{"noise", 0.01}}, .seed = seed})->aggregate;
    };
    const auto plain = aggregate(round, "flame")->aggregate;
    const auto one = noisy(1);
    QCOMPARE(one.vector, noisy(1).vector);
    QVERIFY(one.vector != noisy(2).vector);
    double square = 0;
    for (std::size_t k = 0; k < plain.vector.size(); ++k)
        square += (one.vector[k] - plain.vector[k]) * (one.vector[k] - plain.vector[k]);
    // 30,000 draws: their mean square lies within 4 % of the variance, but once in a million.
    const double deviation = one.how->noise_deviation;
    QVERIFY(deviation > 0);
    QVERIFY(std::abs(square / 30'000 / (deviation * deviation) - 1) < 0.04);
}

void TestAggregateRound::ledger_or_not()
{
    MemoryCase round(9, 70'001, 2);
    const auto streamed = aggregate(round, "multi-krum");
    const std::int64_t without = round.coordinates_read;
    round.keep_ledger();
    round.coordinates_read = 0;
    const auto from_ledger = aggregate(round, "multi-krum");
    QVERIFY(streamed && from_ledger);
    QCOMPARE(streamed->aggregate.how->selected, from_ledger->aggregate.how->selected);
    QCOMPARE(streamed->aggregate.vector, from_ledger->aggregate.vector);
    QCOMPARE(round.coordinates_read, without - 9 * 70'001);
    // A ledger that does not know a client is not used.
    round.kept_ledger->clients[0] = ClientId{"somebody else"};
    QCOMPARE(aggregate(round, "multi-krum")->aggregate.vector, streamed->aggregate.vector);
}

void TestAggregateRound::exclusions()
{
    MemoryCase round(8, 501, 3);
    round.keep_ledger();
    for (const char* rule : {"fedavg", "krum", "median"}) {
        const auto answer = aggregate(round, rule, {}, {ClientId{"c2"}, ClientId{"c5"}});
        QVERIFY(answer);
        QVERIFY(largest_difference(answer->aggregate.vector, by_matrix(round, rule, {0, 1, 3, 4, 6, 7})) < 1e-14);
        QCOMPARE(answer->clients.size(), std::size_t{6});
        QCOMPARE(answer->clients[2].text(), std::string("c3"));
    }
    QCOMPARE(aggregate(round, "fedavg", {}, {ClientId{"c99"}}).error().code, model::ErrorCode::not_found);
}

void TestAggregateRound::unusable_and_reference_updates()
{
    MemoryCase round(6, 40, 4);
    round.update_list[1].state = model::SnapshotState::non_finite;
    round.update_list[4].reference = true;
    const auto answer = aggregate(round, "fedavg");
    QVERIFY(answer);
    QVERIFY(largest_difference(answer->aggregate.vector, by_matrix(round, "fedavg", {0, 2, 3, 5})) < 1e-14);
    QCOMPARE(answer->aggregate.notes.size(), std::size_t{1});
    QVERIFY(answer->aggregate.notes[0].find("c1") != std::string::npos);
    for (model::Update& update : round.update_list) update.state = model::SnapshotState::misfit;
    QCOMPARE(aggregate(round, "fedavg").error().code, model::ErrorCode::not_applicable);
}

void TestAggregateRound::equal_weighting()
{
    MemoryCase round(4, 20, 5);
    round.about.aggregation.weighted_by = model::Weighting::equal;
    const auto answer = aggregate(round, "fedavg");
    QVERIFY(answer);
    QCOMPARE(answer->aggregate.how->weights, std::vector<double>(4, 0.25));
    QVERIFY(answer->aggregate.notes.empty());
}

void TestAggregateRound::missing_examples()
{
    MemoryCase round(4, 20, 6);
    round.update_list[3].num_examples.reset();
    const auto answer = aggregate(round, "fedavg");
    QVERIFY(answer);
    QCOMPARE(answer->aggregate.how->weights, std::vector<double>(4, 0.25));
    QCOMPARE(answer->aggregate.notes.size(), std::size_t{1});
}

void TestAggregateRound::non_finite_values_are_refused()
{
    MemoryCase round(5, 1000, 7);
    round.tell_more();
    round.rows[3][999] = std::numeric_limits<float>::infinity();
    for (const analysis::RuleInfo* info : analysis::all_rules()) {
        const auto answer = aggregate(round, info->name);
        QVERIFY(!answer);
        QVERIFY(answer.error().message.find("c3") != std::string::npos);
    }
    QVERIFY(aggregate(round, "median", {}, {ClientId{"c3"}}));
}

void TestAggregateRound::stops()
{
    MemoryCase round(5, 3 * model::slab_coordinates, 8);
    round.tell_more();
    for (const analysis::RuleInfo* info : analysis::all_rules()) {
        model::Progress progress;
        round.stop_when_read = &progress;
        const auto answer = analysis::aggregate_round(round, round, RoundNo{1}, info->name, {}, {}, progress);
        QVERIFY(!answer);
        QCOMPARE(answer.error().code, model::ErrorCode::cancelled);
        QCOMPARE(progress.state().done, model::slab_coordinates);
    }
}

void TestAggregateRound::errors()
{
    MemoryCase round(5, 10, 9);
    QCOMPARE(aggregate(round, "no-such-rule").error().code, model::ErrorCode::not_found);
    QCOMPARE(aggregate(round, "krum", {{{"f", 0.5}}, "paper"}).error().code, model::ErrorCode::invalid_argument);
    model::Progress progress;
    const auto other = analysis::aggregate_round(round, round, RoundNo{2}, "median", {}, {}, progress);
    QCOMPARE(other.error().code, model::ErrorCode::not_found);
    QVERIFY(aggregate(round, "krum", {{{"f", 1}}, "paper"}));
    QCOMPARE(aggregate(round, "krum", {{{"f", 2}}, "paper"}).error().code, model::ErrorCode::not_applicable);
}

QTEST_APPLESS_MAIN(TestAggregateRound)
#include "tst_aggregate_round.moc"
