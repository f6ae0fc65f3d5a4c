// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/detection/score_round.h"
#include "analysis/privacy/gaussian.h"
#include "support/ui_case.h"
#include "ui/session/budget_lines.h"
#include "ui/session/custody_words.h"
#include "ui/session/dossier.h"
#include "ui/session/privacy_what_if.h"
#include "ui/session/privacy_words.h"
#include "ui/session/rollback_words.h"
#include "ui/session/summary.h"
#include "ui/session/wording.h"
#include "ui/shell/history.h"

#include <QTest>

using namespace fedsleuth;
using namespace fedsleuth::ui;
using model::RoundNo;
using model::VerdictClass;

namespace {

std::vector<RoundNo> rounds(std::initializer_list<int> numbers)
{
    std::vector<RoundNo> result;
    for (const int number : numbers) result.emplace_back(number);
    return result;
}

void decide(CaseData& data, std::size_t client, VerdictClass verdict, const std::string& note = {})
{
    model::Decision decision;
    decision.client = test::client_id(client);
    decision.decided = verdict;
    decision.note = note;
    decision.time = "2026-03-07T10:00:00Z";
    decision.actor = "ann";
    data.decisions.push_back(decision);
    index_case_data(data);
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

QByteArray said(const std::string& text) { return QByteArray::fromStdString(text); }

}  // namespace

class TestWords : public QObject {
    Q_OBJECT
private slots:
    void lists_read_like_sentences()
    {
        QCOMPARE(list_text({}), std::string());
        QCOMPARE(list_text({"a"}), std::string("a"));
        QCOMPARE(list_text({"a", "b"}), std::string("a and b"));
        QCOMPARE(list_text({"a", "b", "c"}, 2), std::string("a, b and c"));  // "and 1 more" is no shorter
        QCOMPARE(list_text({"a", "b", "c", "d"}, 2), std::string("a, b and 2 more"));
        QCOMPARE(round_list_text(rounds({15})), std::string("round 15"));
        QCOMPARE(round_list_text(rounds({3, 5, 4, 9, 3})), std::string("rounds 3–5 and 9"));
        QCOMPARE(round_list_text(rounds({3, 4})), std::string("rounds 3 and 4"));
        QCOMPARE(probability_text(1.0), std::string("> 99.9\u00a0%"));
        QCOMPARE(counted(1, "client", "clients"), std::string("1 client"));
        QCOMPARE(counted(2000, "client", "clients"), std::string("2,000 clients"));
    }

    void one_attacker_is_told_in_five_sentences()
    {
        const auto data = test::made_case({});
        const Summary summary = summarise(*data);
        QCOMPARE(said(summary.who),
                 said("site-0000 is malicious (probability 99.8\u00a0%); the other 19 clients are not flagged."));
        QCOMPARE(said(summary.when), said("It began in round 15; bad are rounds 15–24, 10 of 24 rounds."));
        QCOMPARE(
            said(summary.how),
            said("It looks like model replacement: its update was scaled up to overwrite the global model at once."));
        QCOMPARE(said(summary.back), said("Go back to the checkpoint of round 14 (clean with probability > "
                                          "99.9\u00a0%); that gives up 10 rounds of training."));
        QCOMPARE(said(summary.evidence),
                 said("0 evidence files; the custody chain is intact. No privacy mechanism is declared."));
        CaseData with_files = *data;
        with_files.files.resize(3);
        for (model::EvidenceFile& file : with_files.files) file.actual_sha256 = "ab";
        QVERIFY(said(summarise(with_files).evidence).startsWith(said("3 evidence files read, no digests declared;")));
        with_files.files[1].declared_sha256 = "ab";
        QVERIFY(said(summarise(with_files).evidence)
                    .startsWith(said("3 evidence files read, 1 with a declared digest, which fits;")));
        QCOMPARE(summary.sentences().size(), std::size_t{5});
        QCOMPARE(summary.figures.size(), std::size_t{5});
        const std::vector<std::string> values{"20", "24", "1", "15", "14"};
        for (std::size_t idx = 0; idx < values.size(); ++idx) QCOMPARE(summary.figures[idx].value, values[idx]);
    }

    void a_clean_case_is_told_calmly()
    {
        test::CaseShape shape;
        shape.malicious = 0;
        const Summary summary = summarise(*test::made_case(shape));
        QCOMPARE(said(summary.who), said("None of the 20 clients is flagged."));
        QCOMPARE(said(summary.when), said("No round stands out among the 24 rounds."));
        QCOMPARE(said(summary.how), said("No update looks like poisoning."));
        QCOMPARE(said(summary.back),
                 said("No need to go back: the last checkpoint, of round 24 (clean with probability > 99.9\u00a0%)."));
        QCOMPARE(summary.figures[2].value, std::string("0"));
        QCOMPARE(summary.figures[3].value, std::string("–"));
    }

    void many_attackers_are_counted()
    {
        test::CaseShape shape;
        shape.malicious = 9;
        const auto data = test::made_case(shape);
        for (std::size_t idx = 0; idx < 9; ++idx) data->verdicts->clients[idx].group = 1;
        data->verdicts->clients[8].attack = "noise";
        const Summary summary = summarise(*data);
        QVERIFY2(
            contains(summary.who,
                     "and 3 more are malicious (probability 99.0\u00a0% to 99.8\u00a0%); the other 11 clients are"),
            summary.who.c_str());
        QVERIFY2(contains(summary.how, "model replacement (8 clients) and noise (1 client)"), summary.how.c_str());
        QVERIFY2(contains(summary.how, "act as one"), summary.how.c_str());
    }

    void the_analysts_word_counts()
    {
        const auto data = test::made_case({});
        decide(*data, 0, VerdictClass::clean, "known test client");
        decide(*data, 3, VerdictClass::malicious);
        const Summary summary = summarise(*data);
        QVERIFY2(summary.who.starts_with("site-0003 is malicious"), summary.who.c_str());
        QCOMPARE(data->shown_class(test::client_id(0)), VerdictClass::clean);
        decide(*data, 0, VerdictClass::watch);
        QCOMPARE(data->shown_class(test::client_id(0)), VerdictClass::watch);  // the newest counts
        QVERIFY(contains(summarise(*data).who, "Worth watching: site-0000"));
    }

    void what_cannot_be_judged_is_not_called_clean()
    {
        const auto data = test::made_case({});
        data->verdicts->inspectable = false;
        data->verdicts->why_not = "Only sums were seen.";
        const Summary summary = summarise(*data);
        QCOMPARE(said(summary.who), said("Nobody can be judged: Only sums were seen."));
        QVERIFY(contains(summary.when, "no round can be called"));
        QVERIFY(contains(summary.back, "No checkpoint can be called clean"));
        QCOMPARE(summary.figures[2].value, std::string("–"));
    }

    void before_the_analysis_it_says_so()
    {
        const auto data = test::made_case({});
        data->verdicts.reset();
        data->rollback.reset();
        index_case_data(*data);
        const Summary summary = summarise(*data);
        QCOMPARE(said(summary.who), said("Not analysed yet: 20 clients sent 480 updates in 24 rounds."));
        QCOMPARE(said(summary.back), said("No checkpoint has been rated."));
        QCOMPARE(summary.figures[4].value, std::string("–"));
    }

    void grave_findings_are_not_passed_over()
    {
        test::CaseShape shape;
        shape.malicious = 0;
        const auto data = test::made_case(shape);
        data->findings.push_back({"checkpoint-mismatch",
                                  model::Severity::critical,
                                  {},
                                  RoundNo{14},
                                  "The checkpoint is not what the updates give",
                                  "",
                                  {}});
        const Summary summary = summarise(*data);
        QVERIFY2(contains(summary.when, "something grave was found in round 14"), summary.when.c_str());
        QVERIFY2(contains(summary.how,
                          "Found besides (critical, checkpoint does not fit): The checkpoint is not what the "
                          "updates give."),
                 summary.how.c_str());
        QCOMPARE(said(summary.who), said("None of the 20 clients is flagged."));
        QVERIFY2(summary.back.ends_with("Next: look into the findings listed below."), summary.back.c_str());
    }

    void a_clean_crowd_with_a_foreign_signature_is_not_told_calmly()
    {
        test::CaseShape shape;
        shape.malicious = 0;
        const auto data = test::made_case(shape);
        const auto find = [&](const char* kind, model::Severity severity, std::size_t client, int round) {
            data->findings.push_back({kind, severity, test::client_id(client), RoundNo{round}, "What was found.", "",
                                      model::FindingSource::identity});
        };
        find("signature-missing", model::Severity::medium, 9, 2);
        find("signature-invalid", model::Severity::high, 5, 7);
        find("signature-wrong-key", model::Severity::critical, 8, 3);
        find("certificate-expired", model::Severity::high, 5, 4);
        Summary summary = summarise(*data);
        QCOMPARE(said(summary.who), said("None of the 20 clients is flagged for its updates, but 3 findings of high or "
                                         "critical severity are about site-0005 and site-0008."));
        QCOMPARE(said(summary.when), said("No update stands out in any of the 24 rounds, but something grave was found "
                                          "in rounds 3, 4 and 7."));
        QCOMPARE(said(summary.how),
                 said("No update looks like poisoning. Found besides (critical, signed with another's key): What was "
                      "found. 2 more findings are high or critical."));
        QVERIFY2(summary.back.starts_with("The updates give no reason to go back: the last checkpoint is of round 24"),
                 summary.back.c_str());
        QVERIFY2(contains(summary.back, "Next: settle who sent and signed what"), summary.back.c_str());

        // Where nobody can be judged it counts no less.
        data->verdicts->inspectable = false;
        summary = summarise(*data);
        QVERIFY2(contains(summary.how, "signed with another's key"), summary.how.c_str());
        QVERIFY2(contains(summary.back, "Next: settle who"), summary.back.c_str());

        // Nor is it left out where an attacker was found: but then he comes first.
        const auto attacked = test::made_case({});
        attacked->findings = data->findings;
        summary = summarise(*attacked);
        QVERIFY2(summary.who.starts_with("site-0000 is malicious"), summary.who.c_str());
        QVERIFY2(contains(summary.how, "Found besides (critical, signed"), summary.how.c_str());
        QVERIFY2(!contains(summary.back, "Next:"), summary.back.c_str());
    }

    void evidence_that_does_not_fit_is_counted()
    {
        const auto data = test::made_case({});
        model::EvidenceFile file;
        file.state = "ok";
        file.actual_sha256 = file.declared_sha256 = "aa";
        data->files.push_back(file);
        file.declared_sha256 = "bb";
        data->files.push_back(file);
        file.actual_sha256.clear();
        data->files.push_back(file);
        data->custody_intact = false;
        const std::string text = summarise(*data).evidence;
        QVERIFY2(contains(text, "3 evidence files, 1 missing and 1 altered; the custody chain is BROKEN."),
                 text.c_str());
    }

    void acts_on_record_are_told_in_words()
    {
        const std::string digest(64, 'a');
        QCOMPARE(
            said(custody_parameters_text(R"({"bytes":1501598,"evidence":")" + digest +
                                         R"(","link":false,"log_sha256":")" + digest +
                                         R"(","ledgers_built":12,"delta":1e-05,"without":["site-01","site-02"],)"
                                         R"("probes":{"misclassified":null,"probe":"clean.npz"},"note":""})")),
            said("bytes: 1,501,598; delta: 1e-05; ledgers built: 12; link: no; note: none; probes: (misclassified: "
                 "none; probe: clean.npz); without: site-01 and site-02; evidence: aaaaaaaaaaaa…; log SHA-256: "
                 "aaaaaaaaaaaa…"));
        QCOMPARE(said(custody_parameters_text("{}")), said(""));
        QCOMPARE(said(custody_parameters_text("no object")), said("no object"));
        const std::string hostile = custody_parameters_text("{\"a\xe2\x80\xae\":\"b\\u001b[2J\"}");
        QCOMPARE(said(hostile), said("a\\u202e: b\\x1b[2J"));
    }

    void hostile_names_are_made_visible()
    {
        const auto data = test::made_case({});
        data->verdicts->clients[0].client = model::ClientId{"x\n\xe2\x80\xae<b>"};
        index_case_data(*data);
        const std::string text = summarise(*data).who;
        QVERIFY2(!contains(text, "\n") && contains(text, "\\u202e"), text.c_str());
        const std::string dossier = client_dossier(*data, data->verdicts->clients[0].client, std::nullopt).title;
        QVERIFY(!contains(dossier, "\n") && contains(dossier, "\\x0a"));
    }

    void a_dossier_tells_all_of_a_client()
    {
        const auto data = test::made_case({.privacy = true});
        decide(*data, 0, VerdictClass::malicious, "seen it live");
        data->updates[14 * 20].metrics = {{"train_loss", 0.25}};
        const std::string text = client_dossier(*data, test::client_id(0), RoundNo{15}).text();
        for (const char* part :
             {"malicious, by decision", "99.8\u00a0%", "Bad since: round 15", "rounds 15–24", "model replacement",
              "Decided: malicious, by ann, 2026-03-07 10:00:00 UTC", "seen it live", "Update length (evidence 14)",
              "What speaks for the client", "Registered: 2026-03-06 16:00:07 UTC", "Examples: 72", "24 of 24 rounds",
              "ε = 48 after 24 claims", "Exhausted: in round 16", "In round 15", "train_loss 0.25"})
            QVERIFY2(contains(text, part), (std::string(part) + "\nin\n" + text).c_str());
        QVERIFY(contains(client_dossier(*data, model::ClientId{"nobody"}, {}).text(), "does not know this client"));
    }

    void a_dossier_tells_a_round()
    {
        const auto data = test::made_case({});
        const std::string text = round_dossier(*data, RoundNo{15}).text();
        for (const char* part : {"Round 15", "Received: 20 updates", "Bad here: site-0000",
                                 "Status: contaminated; clean with probability 0.3\u00a0%", "accuracy drop"})
            QVERIFY2(contains(text, part), text.c_str());
        QVERIFY(contains(round_dossier(*data, RoundNo{99}).text(), "not in the log"));
    }

    void rolling_back_has_a_price()
    {
        const auto data = test::made_case({});
        RollbackWords words = rollback_words(*data);
        QCOMPARE(said(words.answer), said("Go back to the checkpoint of round 14"));
        QCOMPARE(
            said(words.price),
            said("The price: rounds 15–24 of training are lost, 10 in all. Metrics: accuracy 0.7333 then, 0.9 now."));
        data->rollback->recommended = RoundNo{24};
        QVERIFY(contains(rollback_words(*data).answer, "No need to go back"));
        data->rollback->recommended.reset();
        QVERIFY(contains(rollback_words(*data).answer, "No checkpoint can be recommended"));
    }

    void many_budgets_are_thinned_out()
    {
        const AuditPtr claims = audit_of(*test::made_case({.privacy = true}));
        QVERIFY(is_claims_only(*claims));
        BudgetLines lines = budget_lines(*claims, std::nullopt, RoundNo{1}, RoundNo{24});
        QCOMPARE(lines.lines.size(), std::size_t{20});
        QCOMPARE(lines.left_out, std::size_t{0});
        QVERIFY(lines.lines[1].forecast.size() == 2 && lines.lines[1].forecast.back().second == 30);
        QVERIFY(lines.lines[0].forecast.empty());  // spent already
        lines = budget_lines(*claims, std::nullopt, RoundNo{5}, RoundNo{12});
        QCOMPARE(lines.lines[1].spent.size(), std::size_t{8});
        QVERIFY(lines.lines[1].forecast.empty());  // begins beyond what is shown
        QCOMPARE(said(audit_answer(*claims)), said("1 of 20 clients says that it has spent more than ε = 30"));

        const AuditPtr many = audit_of(*test::made_case({.clients = 100, .privacy = true}));
        lines = budget_lines(*many, test::client_id(1), RoundNo{1}, RoundNo{24});
        QCOMPARE(lines.lines.size(), BudgetLines::highest_of_many + 1);
        QVERIFY(lines.lines.back().selected && lines.lines.back().client->client == test::client_id(1));
        QCOMPARE(lines.left_out, std::size_t{89});
    }

    void an_audit_is_told()
    {
        // One client within, one over, one without any noise to be seen; the numbers are made up.
        analysis::PrivacyAudit audit;
        audit.budget = 10;
        audit.accountant = "rdp";
        audit.mechanism = "gaussian";
        audit.delta = 1e-5;
        for (int idx = 0; idx < 3; ++idx) {
            analysis::ClientAudit& client = audit.clients.emplace_back();
            client.client = test::client_id(static_cast<std::size_t>(idx));
            client.rounds = client.rounds_with_claim = 2;
            client.epsilon_claimed = 4;
            client.series = {{RoundNo{1}, 2.0, 3.0}, {RoundNo{3}, 4.0, idx == 1 ? 12.0 : 6.0}};
            client.history = {{RoundNo{1}, RoundNo{3}, 0.8, 1.0, 2.0}};
            client.epsilon.values = {6.0, 5.5, 7.0, 5.5, 9.0, 20.0};
            client.budget_share = idx == 1 ? 1.2 : 0.6;
        }
        audit.clients[1].exhausted_in = RoundNo{3};
        audit.clients[1].findings = {"privacy-over-budget"};
        QVERIFY(!is_claims_only(audit));
        QCOMPARE(said(audit_answer(audit)),
                 said("1 of 3 clients has spent more than ε = 10; site-0001 spent the most, ε = 12"));
        audit.clients[2].epsilon_measured = HUGE_VAL;
        QCOMPARE(said(audit_answer(audit)),
                 said("2 of 3 clients have spent more than ε = 10; site-0002 spent the most, without any bound"));
        QCOMPARE(said(client_mechanism_text(audit.clients[0])), said("σ = 0.8, everybody"));

        const auto data = test::made_case({.privacy = true});
        audit.declared = true;
        data->audit = std::make_shared<const analysis::PrivacyAudit>(audit);
        const std::string over = client_dossier(*data, test::client_id(1), {}).text();
        for (const char* part :
             {"Spent: ε = 6, recomputed by RDP over 2 rounds", "Claims: ε = 4 after 2 claims",
              "Budget: ε = 10; spent 120 % of it", "Exhausted: in round 3", "Findings: over the privacy budget"})
            QVERIFY2(contains(over, part), (std::string(part) + "\nin\n" + over).c_str());
        QVERIFY(contains(client_dossier(*data, test::client_id(2), {}).text(),
                         "Noise seen: without bound: less noise than it said"));

        const BudgetLines lines = budget_lines(audit, test::client_id(0), RoundNo{1}, RoundNo{3});
        QCOMPARE(lines.without_bound, std::size_t{1});
        QVERIFY(lines.lines.back().selected && lines.lines.back().claimed.size() == 2);
        QCOMPARE(lines.lines.back().spent.back().second, 6.0);

        const std::string csv = ledger_csv(audit);
        QCOMPARE(std::count(csv.begin(), csv.end(), '\n'), 4);
        QVERIFY2(
            contains(csv,
                     "site-0001,2,2,\"σ = 0.8, everybody\",4,none,6,5.5,7,5.5,9,20,,10,1.2,3,,privacy-over-budget"),
            csv.c_str());
        QVERIFY(contains(csv, ",inf,10,0.6,"));
    }

    void looking_ahead_adds_rounds()
    {
        analysis::PrivacyAudit audit;
        audit.mechanism = "gaussian";
        analysis::ClientAudit client;
        client.series = {{RoundNo{1}, {}, {}}, {RoundNo{2}, {}, {}}, {RoundNo{5}, {}, {}}};
        client.history = {{RoundNo{1}, RoundNo{2}, 2.0, 1.0, 2.0}, {RoundNo{5}, RoundNo{5}, 4.0, 1.0, 4.0}};
        const analysis::PrivacyHistory rounds = rounds_of(audit, client);
        QCOMPARE(rounds.size(), std::size_t{3});
        QCOMPARE(rounds[2].count, std::int64_t{4});
        // Gaussians on everybody: μ² = 2/4 + 4/16 so far, and 4/16 for each round more with the last noise.
        const WhatIf answer = what_if(rounds, 4.0, 13, 1e-5, 8.0).value();
        QVERIFY(std::abs(answer.pld - analysis::gdp_epsilon(2.0, 1e-5)) < 1e-9);
        QVERIFY(answer.rdp >= answer.pld);
        QVERIFY(answer.exceeded_after.has_value());
        const auto after = [](std::int64_t more) {
            return analysis::gdp_epsilon(std::sqrt(0.75 + 0.25 * static_cast<double>(more)), 1e-5);
        };
        QVERIFY(after(*answer.exceeded_after) > 8.0 && after(*answer.exceeded_after - 1) <= 8.0);
        const AccountantBand band = accountant_band(rounds, {1, 2, 5}, 1e-5).value();
        QCOMPARE(band.rounds.size(), std::size_t{3});
        for (std::size_t at = 0; at < 3; ++at) QVERIFY(band.lower[at] <= band.upper[at]);
        client.series.pop_back();  // a log that contradicts itself: nothing is made up
        QVERIFY(rounds_of(audit, client).empty() || rounds_of(audit, client).size() == client.series.size());
        QVERIFY(!what_if({}, 1.0, 1, 1e-5, {}));
    }

    void silence_is_not_thrift()
    {
        const auto data = test::made_case({.privacy = true});
        QVERIFY(
            contains(summarise(*data).evidence, "Privacy: 1 of 20 clients says that it has spent more than ε = 30."));
        for (analysis::ClientBudget& client : data->privacy.clients) {
            client.rounds_with_claim = 0;
            client.exhausted_in.reset();
        }
        index_case_data(*data);
        QVERIFY(contains(summarise(*data).evidence, "a mechanism is declared, but no client says what it has spent."));
    }

    void suspicion_is_the_worst_clients()
    {
        QVERIFY(std::isnan(analysis::round_suspicion({})));
        model::DetectorScores one;
        one.clients = {test::client_id(0), test::client_id(1)};
        one.evidence = {1.0, 4.0};
        model::DetectorScores two = one;
        two.evidence = {5.0, std::nan("")};
        QCOMPARE(analysis::round_suspicion({one, two}), 6.0);
    }

    void history_retraces_both_ways()
    {
        History history;
        const Place a{PageId::overview, {}, {}};
        const Place b{PageId::rounds, {}, RoundNo{3}};
        const Place c{PageId::clients, model::ClientId{"x"}, {}};
        QVERIFY(!history.back(a));
        history.leave(a);  // to b
        history.leave(b);  // to c
        QVERIFY(history.back(c) == b);
        QVERIFY(history.back(b) == a);
        QVERIFY(!history.can_go_back());
        QVERIFY(history.forward(a) == b);
        history.leave(b);  // somewhere new
        QVERIFY(!history.can_go_forward());
        QVERIFY(page_from("rollback") == PageId::rollback && !page_from("nowhere"));
    }
};

QTEST_GUILESS_MAIN(TestWords)
#include "tst_words.moc"
