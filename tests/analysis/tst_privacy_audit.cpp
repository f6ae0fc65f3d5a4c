// SPDX-License-Identifier: GPL-3.0-or-later
// The audit as a whole: logs that are right raise nothing, and each kind of lie is found, at the client that lies.
#include "analysis/analyse.h"
#include "analysis/privacy/audit.h"
#include "storage/case/case_file.h"
#include "storage/ingest/ingest.h"
#include "support/federations.h"
#include "support/private_federation.h"

#include <functional>
#include <QTest>

using namespace fedsleuth;
using test::PrivateFederation;
using test::PrivateSpec;
using Drawing = PrivateSpec::Drawing;
using analysis::PrivacyAudit;

namespace {

PrivacyAudit audit_of(const PrivateFederation& federation, const analysis::AuditOptions& options = {})
{
    analysis::lab::LabCase store = federation.analysed();
    model::Progress progress;
    const auto evidence = analysis::measure_noise(store, store, progress);
    return *analysis::audit_privacy(store, *evidence, options, progress);
}

std::string told(const PrivacyAudit& audit)
{
    std::string text;
    for (const model::Finding& finding : audit.findings)
        text += finding.kind + " (" + (finding.client ? finding.client->text() : "federation") + "): " + finding.text +
                "\n";
    return text;
}

bool has(const PrivacyAudit& audit, const std::string& kind, bool of_liar)
{
    return std::any_of(audit.findings.begin(), audit.findings.end(), [&](const model::Finding& finding) {
        return finding.kind == kind && finding.client.has_value() == of_liar &&
               (!of_liar || finding.client->text() == "c100");
    });
}

/// A right federation, varied by its number: mechanism, place, unit, accountant, reading, participation, schedule.
PrivateSpec right(unsigned number)
{
    PrivateSpec spec;
    spec.seed = 1000 + number;
    std::mt19937 random(spec.seed);
    const auto pick = [&](double low, double high) {
        return std::uniform_real_distribution<double>(low, high)(random);
    };
    spec.clients = 8 + static_cast<int>(random() % 7);
    spec.rounds = 8 + static_cast<int>(random() % 5);
    spec.noise = pick(0.6, 3);
    spec.clip = std::exp(pick(-3, 2));
    spec.delta = std::pow(10.0, -pick(4, 7));
    spec.cumulative = number % 3 != 0;
    spec.steps_so_far = number % 4 == 1;
    spec.parameters_in_claims = number % 5 != 2;
    spec.where = number % 2 == 0 ? "client" : "server";
    spec.where_declared = number % 7 == 3 ? "" : spec.where;
    spec.even_weights = number % 6 < 3;
    if (spec.where == "server" && number % 4 == 3) spec.stage = "clipped";
    const std::array<const char*, 6> accountants{"rdp", "pld", "gdp", "zcdp", "rdp", "prv"};
    spec.accountant = accountants[number % 6];
    if (spec.where == "server" && number % 10 == 9) spec.accountant = "";
    if (number % 10 == 1) {
        spec.rate = number % 20 == 1 ? 0.5 : 0.3;
        spec.rounds = 10;
        if (spec.accountant == "gdp") spec.accountant = "pld";
        spec.all_rounds = spec.cumulative && number % 3 == 1;
    }
    if (number % 9 == 4) {
        spec.mechanism = "laplace";
        spec.rate = 1;
        spec.noise = pick(1, 4);
        spec.accountant = number % 2 == 0 ? "basic" : "pld";
    }
    if (number % 16 == 6) {
        spec.unit = "example";
        spec.where = spec.where_declared = "client";
        spec.mechanism = "gaussian";
        spec.rate = pick(0.01, 0.1);
        spec.steps = 5 + static_cast<int>(random() % 20);
        spec.accountant = "rdp";
        spec.delta = 1e-6;
        spec.all_rounds = false;
    }
    if (number % 10 == 7 && spec.parameters_in_claims)  // less noise towards the end
        for (int round = 0; round < spec.rounds; ++round) spec.schedule.push_back(spec.noise * (1.5 - 0.05 * round));
    return spec;
}

using Accused = std::map<std::string, std::set<std::string>>;

/// Who is named, by kind.
Accused accused(const std::vector<model::Finding>& findings)
{
    Accused by_kind;
    for (const model::Finding& finding : findings)
        if (finding.kind.starts_with("privacy-"))
            by_kind[finding.kind].insert(finding.client ? finding.client->text() : "");
    return by_kind;
}

/// One kind of lie: what it changes in a right federation, and what the audit has to say about it.
struct Lie {
    const char* name;
    const char* kind;
    bool of_client;  ///< client 0 lies; else the federation's server or declaration
    std::function<void(PrivateSpec&)> plan;
    std::function<void(analysis::lab::LabFederation&)> change;
};

void no_plan(PrivateSpec&) {}
void no_change(analysis::lab::LabFederation&) {}

/// Applies `what` to each claim of client 0, with its number from 0.
std::function<void(analysis::lab::LabFederation&)> claims(
    const std::function<void(std::optional<model::PrivacyClaim>&, int)>& what)
{
    return [what](analysis::lab::LabFederation& made) {
        int place = 0;
        for (model::Update& update : made.updates)
            if (update.client.text() == "c100") what(update.privacy, place++);
    };
}

void at_client(PrivateSpec& spec) { spec.where = spec.where_declared = "client"; }
void at_server(PrivateSpec& spec)
{
    spec.where = spec.where_declared = "server";
    spec.accountant = "rdp";
}
void sampled(PrivateSpec& spec)
{
    spec.rate = 0.4;
    spec.rounds = 12;
}

const std::vector<Lie>& lies()
{
    static const std::vector<Lie> all{
        {"scaled claim", "privacy-under-reported", true, no_plan,
         claims([](auto& claim, int) { claim->epsilon = *claim->epsilon * 0.5; })},
        {"per round, called cumulative", "privacy-inconsistent-claim", true,
         [](PrivateSpec& spec) { spec.cumulative = false; },
         claims([](auto& claim, int) { claim->cumulative = true; })},
        {"cumulative, called per round", "privacy-inconsistent-claim", true,
         [](PrivateSpec& spec) { spec.cumulative = true; },
         claims([](auto& claim, int) { claim->cumulative = false; })},
        {"no claim", "privacy-no-claim", true, no_plan, claims([](auto& claim, int) { claim.reset(); })},
        {"claims stop", "privacy-no-claim", true, no_plan, claims([](auto& claim, int place) {
             if (place >= 4) claim.reset();
         })},
        {"no noise", "privacy-noise-too-low", true,
         [](PrivateSpec& spec) {
             at_client(spec);
             spec.noise_share = 0;
         },
         no_change},
        {"less noise", "privacy-noise-too-low", true,
         [](PrivateSpec& spec) {
             at_client(spec);
             spec.noise_share = 0.8;
             spec.rounds = 12;
             spec.noise = 2;
         },
         no_change},
        {"noise before clipping", "privacy-noise-too-low", true,
         [](PrivateSpec& spec) {
             at_client(spec);
             spec.noise_first = true;
         },
         no_change},
        {"not clipped", "privacy-norm-over-clip", true,
         [](PrivateSpec& spec) {
             at_client(spec);
             spec.signal = std::sqrt(4 + 110 * spec.noise * spec.noise);
         },
         no_change},
        {"claims more noise than the server adds", "privacy-inconsistent-claim", true, at_server,
         claims([](auto& claim, int) { claim->noise_multiplier = 20.0; })},
        {"claims a smaller sampling rate", "privacy-inconsistent-claim", true, no_plan,
         claims([](auto& claim, int) { claim->sampling_rate = 0.01; })},
        {"takes part more often than its rate", "privacy-sampling", true, no_plan,
         claims([](auto& claim, int) { claim->sampling_rate = 0.05; })},
        {"large delta declared", "privacy-delta-too-large", false, [](PrivateSpec& spec) { spec.delta = 0.2; },
         no_change},
        {"large delta claimed", "privacy-delta-too-large", true, no_plan,
         claims([](auto& claim, int) { claim->delta = 0.3; })},
        {"no clipping norm", "privacy-inconsistent-claim", false,
         [](PrivateSpec& spec) { spec.parameters_in_claims = false; },
         [](auto& made) { made.federation.privacy->clipping_norm.reset(); }},
        {"infinite clipping norm", "privacy-inconsistent-claim", false, no_plan,
         [](auto& made) { made.federation.privacy->clipping_norm = HUGE_VAL; }},
        {"weights without noise for them", "privacy-weighting", false,
         [](PrivateSpec& spec) {
             at_server(spec);
             spec.even_weights = false;
             spec.noise_for_heaviest = false;
         },
         no_change},
        {"server adds less noise", "privacy-noise-too-low", false,
         [](PrivateSpec& spec) {
             at_server(spec);
             spec.server_share = 0.8;
             spec.even_weights = true;
         },
         no_change},
        {"server adds no noise", "privacy-noise-too-low", false,
         [](PrivateSpec& spec) {
             at_server(spec);
             spec.server_share = 0;
         },
         no_change},
        {"fixed cohorts", "privacy-sampling", false,
         [](PrivateSpec& spec) {
             sampled(spec);
             spec.drawing = Drawing::fixed;
         },
         no_change},
        {"cohorts in turns", "privacy-sampling", false,
         [](PrivateSpec& spec) {
             sampled(spec);
             spec.rate = 1.0 / 3;
             spec.drawing = Drawing::turns;
         },
         no_change},
        {"everybody every time", "privacy-sampling", false,
         [](PrivateSpec& spec) {
             sampled(spec);
             spec.drawing = Drawing::all;
         },
         no_change},
        {"examples called clients", "privacy-inconsistent-claim", false,
         [](PrivateSpec& spec) {
             at_client(spec);
             spec.unit = "example";
             spec.rate = 0.05;
             spec.steps = 10;
         },
         [](auto& made) { made.federation.privacy->unit = "client"; }},
        {"central called local", "privacy-inconsistent-claim", false,
         [](PrivateSpec& spec) {
             at_server(spec);
             spec.where_declared = "client";
         },
         no_change},
        {"local called central", "privacy-inconsistent-claim", false,
         [](PrivateSpec& spec) {
             at_client(spec);
             spec.where_declared = "server";
         },
         no_change},
        {"classical formula", "privacy-under-reported", true,
         [](PrivateSpec& spec) {
             spec.noise = 0.35;
             spec.delta = 1e-5;
             spec.cumulative = false;
         },
         claims([](auto& claim, int) { claim->epsilon = std::sqrt(2 * std::log(1.25e5)) / 0.35; })},
        {"adaptive clipping not accounted", "privacy-inconsistent-claim", false, no_plan,
         [](auto& made) { made.federation.extra_json = R"({"privacy":{"target_clipped_quantile":0.5}})"; }},
        {"search not accounted", "privacy-inconsistent-claim", false, no_plan,
         [](auto& made) { made.federation.extra_json = R"({"privacy":{"hyperparameter_trials":40}})"; }},
        {"two neighbouring relations", "privacy-inconsistent-claim", false, [](PrivateSpec&) {},
         [](auto& made) {
             made.federation.extra_json = R"({"privacy":{"adjacency":"add-remove"}})";
             made.updates.front().extra_json = R"({"privacy":{"adjacency":"replace-one"}})";
         }},
        {"layer without noise", "privacy-noise-too-low", true,
         [](PrivateSpec& spec) {
             at_client(spec);
             spec.bare_layer = 2;
         },
         no_change},
        {"server leaves a layer out", "privacy-noise-too-low", false,
         [](PrivateSpec& spec) {
             at_server(spec);
             spec.server_bare_layer = 2;
         },
         no_change},
        {"noise of one draw", "privacy-noise-too-low", true,
         [](PrivateSpec& spec) {
             at_client(spec);
             spec.same_noise_every_round = true;
         },
         no_change},
        {"noise of another client", "privacy-noise-too-low", true,
         [](PrivateSpec& spec) {
             at_client(spec);
             spec.noise_of_client_1 = true;
         },
         no_change},
        {"server's noise again", "privacy-noise-too-low", false,
         [](PrivateSpec& spec) {
             at_server(spec);
             spec.server_same_noise = true;
         },
         no_change},
        {"server does not clip", "privacy-norm-over-clip", false,
         [](PrivateSpec& spec) {
             at_server(spec);
             spec.server_clips = false;
             spec.noise = 0.3;
             spec.signal = 60;
         },
         no_change},
        {"longer than the clipped ones", "privacy-norm-over-clip", true,
         [](PrivateSpec& spec) {
             at_server(spec);
             spec.stage = "clipped";
             spec.signal = 1.3;
         },
         no_change},
        {"central limit", "privacy-under-reported", true,
         [](PrivateSpec& spec) {
             sampled(spec);
             spec.noise = 0.7;
             spec.clients = 8;
         },
         [](auto& made) {
             analysis::PrivacyHistory history;
             for (model::Update& update : made.updates) {
                 if (update.client.text() != "c100") continue;
                 history.push_back(analysis::sampled_gaussian(0.7, 0.4, 1));
                 update.privacy->epsilon =
                     analysis::epsilon_of(history, *update.privacy->delta, analysis::Accountant::gdp)->epsilon;
                 update.privacy->cumulative = true;
                 update.privacy->accountant = "gdp";
             }
         }},
        {"spent claim comes back", "privacy-inconsistent-claim", true,
         [](PrivateSpec& spec) { spec.cumulative = true; }, claims([](auto& claim, int place) {
             if (place == 5) claim->epsilon = *claim->epsilon * 0.3;
         })},
        {"over budget", "privacy-over-budget", true,
         [](PrivateSpec& spec) {
             spec.budget = 0.5;
             spec.noise = 1;
         },
         no_change},
        {"negative claim", "privacy-inconsistent-claim", true, no_plan,
         claims([](auto& claim, int) { claim->epsilon = -1.0; })},
        {"claim at no noise", "privacy-inconsistent-claim", true, no_plan,
         claims([](auto& claim, int) { claim->noise_multiplier = 0.0; })},
    };
    return all;
}

/// The ground that lies are planted in: everybody takes part, claims carry their parameters.
PrivateSpec ground(unsigned number)
{
    PrivateSpec spec = right(number * 30);  // client-side, Gaussian, full participation among them
    spec.seed = 5000 + number;
    spec.mechanism = "gaussian";
    spec.unit = "client";
    spec.where = spec.where_declared = "client";
    spec.rate = 1;
    spec.steps = 1;
    spec.stage.clear();
    spec.schedule.clear();
    spec.steps_so_far = false;
    spec.all_rounds = false;
    spec.parameters_in_claims = true;
    spec.cumulative = number % 2 == 0;
    spec.accountant = number % 3 == 0 ? "pld" : "rdp";
    spec.noise = 0.6 + 0.2 * (number % 5);
    return spec;
}

}  // namespace

class TestPrivacyAudit : public QObject {
    Q_OBJECT

private slots:
    void right_logs_raise_nothing()
    {
        for (unsigned number = 0; number < 100; ++number) {
            analysis::AuditOptions options;
            if (number % 4 != 1) options.accountant = "rdp";  // a series of distributions is dear
            const PrivacyAudit audit = audit_of(PrivateFederation(right(number)), options);
            QVERIFY(audit.declared);
            QCOMPARE(audit.rules.size(), std::size_t{20});
            QVERIFY2(audit.findings.empty(), (std::to_string(number) + ": " + told(audit)).c_str());
            QVERIFY(std::none_of(audit.rules.begin(), audit.rules.end(), [](const analysis::RuleResult& rule) {
                return rule.outcome == analysis::RuleOutcome::fail || rule.sentence.empty();
            }));
        }
    }

    void every_lie_is_found()
    {
        unsigned planted = 0;
        for (unsigned number = 0; planted < 200; ++number)
            for (const Lie& lie : lies()) {
                ++planted;
                PrivateSpec spec = ground(number);
                lie.plan(spec);
                PrivateFederation federation(spec);
                lie.change(federation.made);
                analysis::AuditOptions options;
                options.accountant = "rdp";
                const PrivacyAudit audit = audit_of(federation, options);
                const std::string where = std::string(lie.name) + ", " + std::to_string(number) + ":\n" + told(audit);
                QVERIFY2(has(audit, lie.kind, lie.of_client), where.c_str());
                if (std::string(lie.name) == "over budget") continue;  // everybody is
                for (const model::Finding& finding : audit.findings) {
                    const bool shared = std::string(lie.name) == "noise of another client";  // both send it
                    QVERIFY2(shared || !finding.client || finding.client->text() == "c100", where.c_str());
                    if (lie.of_client) QVERIFY2(finding.client.has_value(), where.c_str());
                }
            }
    }

    void a_labelled_federation_with_liars()
    {
        const QString scratch = QStringLiteral(FEDSLEUTH_SCRATCH);
        const QString folder = test::federation_folder("privacy-audit", scratch);
        QVERIFY(!folder.isEmpty());
        const std::string file = (scratch + "/privacy-audit.fedcase").toStdString();
        QFile::remove(QString::fromStdString(file));
        model::Progress progress;
        QVERIFY(storage::ingest(folder.toStdString(), file, {}, progress));
        auto store = storage::CaseFile::open(file);
        QVERIFY(store && analysis::analyse(**store, **store, {}, progress));

        // truth.json: 03 reports 40 %, 07 adds no noise, 15 claims nothing, 18 adds half the noise, 11 does not clip.
        // All passed the budget of 30. The last can't be seen: its signal of about C hides under noise 28 times as
        // long.
        std::set<std::string> everybody;
        const auto clients = (*store)->clients();
        for (const model::Client& client : *clients) everybody.insert(client.id.text());
        const Accused expected{{"privacy-no-claim", {"site-15"}},
                               {"privacy-noise-too-low", {"site-07", "site-18"}},
                               {"privacy-over-budget", everybody},
                               {"privacy-under-reported", {"site-03"}}};
        const auto findings = (*store)->findings();
        QVERIFY(findings && accused(*findings) == expected);

        // From what the case kept the same audit comes again, without the updates.
        const auto evidence = analysis::kept_noise_evidence(**store);
        const auto audit = analysis::audit_privacy(**store, *evidence, {}, progress);
        QVERIFY(accused(audit->findings) == expected);
        QCOMPARE(audit->where, std::string("client"));
        QCOMPARE(audit->rules[6].outcome, analysis::RuleOutcome::unknown);  // norms: the noise hides them
        for (const analysis::ClientAudit& client : audit->clients) {
            // Exact Gaussian, μ = √24 / 0.8, δ = 1e-5, by bisection of its δ(ε): 44.1101716, and 28.68 and 30.18 after
            // rounds 13 and 14.
            QVERIFY(std::abs(*client.epsilon.under("pld") - 44.1101716) < 5e-3);
            QVERIFY(std::abs(*client.epsilon.under("gdp") - 44.1101716) < 1e-6);
            QCOMPARE(client.exhausted_in->value(), std::int64_t{14});
            QCOMPARE(client.series.size(), std::size_t{24});
            QCOMPARE(client.band, analysis::EpsilonBand::weak);
            const std::string& name = client.client.text();
            QCOMPARE(client.epsilon_measured.has_value(), name == "site-07" || name == "site-18");
            if (name == "site-07") QVERIFY(std::isinf(*client.epsilon_measured));
            if (name == "site-18") QVERIFY(*client.epsilon_measured > 2 * *client.epsilon.under("pld"));
            if (client.rounds_with_claim > 0 && name != "site-03")
                QCOMPARE(client.fits, analysis::ClaimReading::cumulative);
        }

        // A limit of the case's own: on record, and held against everybody.
        QVERIFY(!analysis::set_audit_policy(**store, "privacy.max_epsilon", -1.0));
        QVERIFY(!analysis::set_audit_policy(**store, "privacy.nonsense", 1.0));
        QVERIFY(analysis::set_audit_policy(**store, "privacy.max_epsilon", 40.0));
        const auto stricter = analysis::audit_privacy(**store, *evidence, {}, progress);
        QVERIFY(accused(stricter->findings)["privacy-policy-exceeded"] == everybody);
        QCOMPARE((*store)->custody()->back().action, std::string("policy"));

        model::Progress stopping;
        stopping.stop();
        QCOMPARE(analysis::measure_noise(**store, **store, stopping).error().code, model::ErrorCode::cancelled);
        QCOMPARE(analysis::audit_privacy(**store, *evidence, {}, stopping).error().code, model::ErrorCode::cancelled);
        analysis::AuditOptions nonsense;
        nonsense.delta = 2;
        QCOMPARE(analysis::audit_privacy(**store, *evidence, nonsense, progress).error().code,
                 model::ErrorCode::invalid_argument);
    }

    void the_server_s_noise_is_kept_and_explains_its_steps()
    {
        PrivateSpec spec = right(8);
        spec.where = spec.where_declared = "server";
        spec.mechanism = "gaussian";
        spec.rate = 1;
        spec.unit = "client";
        analysis::lab::LabCase store = PrivateFederation(spec).analysed();
        model::Progress progress;
        const auto measured = analysis::measure_noise(store, store, progress);
        QVERIFY(measured && measured->server.size() == static_cast<std::size_t>(spec.rounds));
        QVERIFY(analysis::keep_noise_evidence(store, *measured));
        const auto kept = analysis::kept_noise_evidence(store);
        QVERIFY(kept && kept->server.size() == measured->server.size());
        for (std::size_t round_idx = 0; round_idx < kept->server.size(); ++round_idx) {
            const analysis::ServerResidual& before = measured->server[round_idx];
            const analysis::ServerResidual& after = kept->server[round_idx];
            QCOMPARE(after.round, before.round);
            QCOMPARE(after.raw_square, before.raw_square);
            QCOMPARE(after.clipped_square, before.clipped_square);
            QVERIFY(after.layer_squares == before.layer_squares && after.normality_p == before.normality_p &&
                    after.reuse_correlation == before.reuse_correlation);
        }
        const auto audit = analysis::audit_privacy(store, *kept, {}, progress);
        QCOMPARE(audit->noisy_steps.size(), static_cast<std::size_t>(spec.rounds));

        // A damaged document is no evidence, and no accident.
        for (const std::string damage :
             {"{\"version\":1,\"server\":[[1,2", "nonsense", "{\"version\":1,\"server\":[[]]", ""}) {
            QVERIFY(store.put_document("privacy-noise", damage));
            QVERIFY(analysis::kept_noise_evidence(store)->server.empty());
        }

        // The analysis does not take the declared noise for tampering.
        QVERIFY(analysis::analyse(store, store, {}, progress));
        const auto findings = store.findings();
        for (const model::Finding& finding : *findings)
            QVERIFY2(finding.kind != "checkpoint-mismatch", finding.text.c_str());
    }

    void numbers_that_make_no_sense_do_no_harm()
    {
        using Claim = model::PrivacyClaim;
        using Mechanism = model::PrivacyMechanism;
        const std::array claimed{&Claim::epsilon,       &Claim::delta,         &Claim::noise_multiplier,
                                 &Claim::clipping_norm, &Claim::sampling_rate, &Claim::steps};
        const std::array declared{&Mechanism::clipping_norm, &Mechanism::noise_multiplier,
                                  &Mechanism::sampling_rate, &Mechanism::steps_per_round,
                                  &Mechanism::delta,         &Mechanism::epsilon_budget};
        PrivateSpec spec = ground(0);
        spec.clients = 4;
        spec.rounds = 3;
        for (const double value : {std::nan(""), HUGE_VAL, -HUGE_VAL, 0.0, -1.0, 1e-300, 1e300}) {
            for (std::size_t field = 0; field < claimed.size(); ++field)
                for (const bool at_server : {false, true}) {
                    spec.where = spec.where_declared = at_server ? "server" : "client";
                    PrivateFederation federation(spec);
                    for (model::Update& update : federation.made.updates)
                        if (update.client.text() == "c100") (*update.privacy).*claimed[field] = value;
                    PrivacyAudit audit = audit_of(federation);
                    QCOMPARE(audit.rules.size(), std::size_t{20});
                    for (const model::Finding& finding : audit.findings)
                        QVERIFY2(!finding.client || finding.client->text() == "c100", told(audit).c_str());
                    for (model::Update& update : federation.made.updates) (*update.privacy).*claimed[field] = value;
                    (*federation.made.federation.privacy).*declared[field] = value;
                    QCOMPARE(audit_of(federation).rules.size(), std::size_t{20});
                }
        }
    }
};

QTEST_APPLESS_MAIN(TestPrivacyAudit)
#include "tst_privacy_audit.moc"
