// SPDX-License-Identifier: GPL-3.0-or-later
// The metrics of `score`, in closed form.
#ifndef Q_MOC_RUN                     // moc can't parse the standard library's concepts
#include "../../app/cli/scoring.cpp"  // the program's own file: nothing else of it is needed
#endif

#include <QtTest>

using namespace fedsleuth;
using cli::Truth;
using model::ClientId;
using model::RoundNo;
using model::Verdict;
using model::VerdictClass;

namespace {

Verdict verdict(const char* client, VerdictClass verdict, double probability, int first_bad_round = 0,
                const char* family = "")
{
    Verdict result;
    result.client = ClientId(client);
    result.verdict = verdict;
    result.probability = probability;
    if (first_bad_round > 0) result.first_bad_round = RoundNo(first_bad_round);
    result.family = family;
    return result;
}

std::vector<ClientId> ids(std::initializer_list<const char*> names)
{
    std::vector<ClientId> result;
    for (const char* name : names) result.emplace_back(name);
    return result;
}

}  // namespace

class Scoring : public QObject {
    Q_OBJECT

private slots:
    void area_in_closed_form()
    {
        QCOMPARE(*cli::area_under_roc({0.9, 0.8}, {0.1, 0.2, 0.3}), 1.0);
        QCOMPARE(*cli::area_under_roc({0.1}, {0.9}), 0.0);
        QCOMPARE(*cli::area_under_roc({0.5, 0.5}, {0.5, 0.5, 0.5}), 0.5);               // all tied
        QCOMPARE(*cli::area_under_roc({0.9, 0.4}, {0.4, 0.6}), (1 + 1 + 0.5 + 0) / 4);  // one tie, one below
        QVERIFY(!cli::area_under_roc({}, {0.5}));
        QVERIFY(!cli::area_under_roc({0.5}, {}));
    }
    void rates_onset_and_family()
    {
        // Two attackers: one found two rounds late with the right family, one missed; of three honest, one accused.
        const Truth truth{"slow-backdoor", {{ClientId("a"), {RoundNo(5), RoundNo(6)}}, {ClientId("b"), {RoundNo(5)}}}};
        model::Verdicts verdicts;
        verdicts.clients = {verdict("a", VerdictClass::malicious, 0.9, 7, "targeted"),
                            verdict("c", VerdictClass::malicious, 0.7, 2, "untargeted"),
                            verdict("b", VerdictClass::suspect, 0.5, 9, "colluding"),
                            verdict("d", VerdictClass::clean, 0.5), verdict("e", VerdictClass::clean, 0.1)};
        const cli::Score score = cli::score(verdicts, ids({"a", "b", "c", "d", "e"}), truth);
        QCOMPARE(*score.tpr, 0.5);
        QCOMPARE(*score.fpr, 1.0 / 3);
        QCOMPARE(*score.auroc, (3 + (0 + 0.5 + 1)) / 6);
        QCOMPARE(*score.onset_error, 2.0);
        QCOMPARE(*score.family_accuracy, 1.0);
        Truth each = truth;  // where clients attack in different ways, each is held against its own
        each.attack_of[ClientId("a")] = "noise";
        QCOMPARE(*cli::score(verdicts, ids({"a", "b", "c", "d", "e"}), each).family_accuracy, 0.0);
        QCOMPARE(score.clients.size(), std::size_t{5});
        QCOMPARE(score.clients.front().client.text(), std::string("a"));
    }
    void nobody_attacked()
    {
        model::Verdicts verdicts;
        verdicts.clients = {verdict("a", VerdictClass::clean, 0.2), verdict("b", VerdictClass::watch, 0.3)};
        const cli::Score score = cli::score(verdicts, ids({"a", "b"}), {});
        QVERIFY(!score.tpr && !score.auroc && !score.onset_error && !score.family_accuracy);
        QCOMPARE(*score.fpr, 0.0);
    }
    void nobody_was_found()
    {
        const Truth truth{"sybil", {{ClientId("a"), {RoundNo(1)}}}};
        model::Verdicts verdicts;
        verdicts.clients = {verdict("a", VerdictClass::suspect, 0.6, 1, "colluding")};
        const cli::Score score = cli::score(verdicts, ids({"a"}), truth);
        QCOMPARE(*score.tpr, 0.0);
        QVERIFY(!score.fpr && !score.onset_error && !score.family_accuracy);
    }
    void unknown_and_absent_clients_have_no_probability()
    {
        const Truth truth{"sybil", {{ClientId("gone"), {RoundNo(1)}}}};
        model::Verdicts verdicts;
        verdicts.clients = {verdict("a", VerdictClass::unknown, 0.0)};
        const cli::Score score = cli::score(verdicts, ids({"a", "silent"}), truth);
        QCOMPARE(*score.tpr, 0.0);
        QCOMPARE(*score.fpr, 0.0);
        QVERIFY(!score.auroc);
        QCOMPARE(score.clients.size(), std::size_t{3});
        for (const cli::ScoredClient& client : score.clients) QVERIFY(!client.probability);
    }
    void labels_have_families()
    {
        QCOMPARE(*cli::family_of_label("constrain-and-scale"), std::string_view("targeted"));
        QCOMPARE(*cli::family_of_label("slow-backdoor"), std::string_view("targeted"));
        QCOMPARE(*cli::family_of_label("alie"), std::string_view("colluding"));
        QCOMPARE(*cli::family_of_label("sign-flip"), std::string_view("untargeted"));
        QCOMPARE(*cli::family_of_label("free-rider"), std::string_view("free-rider"));
        QVERIFY(!cli::family_of_label("never heard of"));
        QVERIFY(!cli::family_of_label(""));
    }
    void an_unknown_attack_leaves_the_family_open()
    {
        const Truth truth{"never heard of", {{ClientId("a"), {RoundNo(4)}}}};
        model::Verdicts verdicts;
        verdicts.clients = {verdict("a", VerdictClass::malicious, 0.99, 3, "targeted")};
        const cli::Score score = cli::score(verdicts, ids({"a"}), truth);
        QVERIFY(!score.family_accuracy);
        QCOMPARE(*score.onset_error, 1.0);
    }
};

QTEST_GUILESS_MAIN(Scoring)
#include "tst_scoring.moc"
