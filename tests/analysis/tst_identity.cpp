// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/analyse.h"
#include "analysis/identity/admission.h"
#include "analysis/identity/audit.h"
#include "analysis/identity/moment.h"
#include "storage/case/case_file.h"
#include "storage/ingest/ingest.h"
#include "support/federations.h"
#include "support/signed_federation.h"

#include <filesystem>
#include <functional>
#include <memory>
#include <QTest>
#include <set>

using namespace fedsleuth;
using model::SignatureOutcome;
using test::days;
using test::midnight;
using test::SignedFederation;

namespace {

namespace fs = std::filesystem;

fs::path scratch(const std::string& name)
{
    // A hundred small cases: in memory, where the system has a place for that, for a disk would be asked to sync each.
    const fs::path memory = "/dev/shm";
    const fs::path root = fs::is_directory(memory) ? memory / "fedsleuth-tst-identity" : fs::path(FEDSLEUTH_SCRATCH);
    fs::create_directories(root);
    fs::path path = root / name;
    fs::remove_all(path);
    return path;
}

std::unique_ptr<storage::CaseFile> taken_in(const fs::path& folder, bool link = false)
{
    const fs::path file = scratch(folder.filename().string() + ".fedcase");
    model::Progress progress;
    storage::IngestOptions options;
    options.link = link;
    const auto taken = storage::ingest(folder, file, options, progress);
    if (!taken) qFatal("%s", taken.error().text().c_str());
    auto store = storage::CaseFile::open(file);
    if (!store) qFatal("%s", store.error().text().c_str());
    return std::move(*store);
}

/// "kind client round", the dash standing for nobody and for no round.
std::string key_of(const model::Finding& finding)
{
    return finding.kind + ' ' + (finding.client ? finding.client->text() : "-") + ' ' +
           (finding.round ? std::to_string(finding.round->value()) : "-");
}

struct Answer {
    std::multiset<std::string> findings;
    std::vector<model::SignatureCheck> checks;
    std::vector<model::Finding> all;

    [[nodiscard]] SignatureOutcome outcome(int round, const std::string& client) const
    {
        for (const model::SignatureCheck& check : checks)
            if (check.round.value() == round && (check.client ? check.client->text() : "") == client)
                return check.outcome;
        qFatal("no check");
    }
    [[nodiscard]] int count(SignatureOutcome outcome) const
    {
        int count = 0;
        for (const model::SignatureCheck& check : checks) count += check.outcome == outcome;
        return count;
    }
};

Answer audited(model::CaseStore& store)
{
    model::Progress progress;
    auto audit = analysis::audit_identity(store, progress);
    if (!audit) qFatal("%s", audit.error().text().c_str());
    Answer answer;
    for (const model::Finding& finding : audit->findings) answer.findings.insert(key_of(finding));
    answer.checks = audit->checks;
    answer.all = audit->findings;
    return answer;
}

Answer audited(const SignedFederation& federation, const std::string& name)
{
    const fs::path folder = scratch(name);
    federation.write(folder);
    return audited(*taken_in(folder));
}

QString listed(const std::multiset<std::string>& keys)
{
    QStringList list;
    for (const std::string& key : keys) list << QString::fromStdString(key);
    return list.join(", ");
}

/// A fault that is planted, and everything that should be found because of it.
struct Fault {
    const char* name;
    std::function<void(SignedFederation&)> plant;
    std::multiset<std::string> found;
    SignatureOutcome outcome;  ///< of client 2 in the last round
};

using Outcome = SignatureOutcome;
test::Cert rogue_cert(SignedFederation& federation, const std::string& name)
{
    const test::Key key = test::make_key("ec");
    const test::Cert rogue = test::make_cert({"Grid CA", key, midnight - 90 * days, midnight + 900 * days, true});
    return test::make_cert({name, federation.client(2).key}, rogue, key);
}

void revoke(SignedFederation& federation, std::int64_t since, int reason = -1, std::int64_t invalid_since = 0)
{
    federation.crl_pem = test::make_crl(federation.authority, federation.authority_key,
                                        {{federation.client(2).cert, since, reason, invalid_since}});
}

std::vector<Fault> faults()
{
    const std::int64_t mid = SignedFederation::start_of(3);  // rounds 3 and 4 lie after it
    return {
        {"nothing", [](auto&) {}, {}, Outcome::valid},
        {"an unsigned update",
         [](auto& f) { f.update(4, 2).signer = nullptr; },
         {"signature-missing site-02 4"},
         Outcome::unsigned_},
        {"a flipped byte",
         [](auto& f) {
             auto& sent = f.update(4, 2);
             sent.signature = test::sign(sent.scheme, sent.signer, sent.bytes);
             sent.bytes.back() = static_cast<char>(sent.bytes.back() ^ 1);
         },
         {"signature-invalid site-02 4"},
         Outcome::invalid},
        {"no base64",
         [](auto& f) { f.update(4, 2).signature = "&&&&"; },
         {"signature-invalid site-02 4"},
         Outcome::invalid},
        {"a short signature",
         [](auto& f) { f.update(4, 2).signature = "AAAA"; },
         {"signature-invalid site-02 4"},
         Outcome::invalid},
        {"another client's key",
         [](auto& f) { f.update(4, 2).signer = f.client(3).key; },
         {"signature-wrong-key site-02 4"},
         Outcome::invalid},
        {"the server's key",
         [](auto& f) { f.update(4, 2).signer = f.server.key; },
         {"signature-wrong-key site-02 4"},
         Outcome::invalid},
        {"a key of nobody",
         [](auto& f) { f.update(4, 2).signer = test::make_key(test::kind_for(f.update(4, 2).scheme)); },
         {"signature-invalid site-02 4"},
         Outcome::invalid},
        {"a scheme that is not the key's",
         [](auto& f) {
             auto& sent = f.update(4, 2);
             sent.signature = test::sign(sent.scheme, sent.signer, sent.bytes);
             sent.scheme = sent.scheme == "ed25519" ? "ecdsa-sha256" : "ed25519";
         },
         {"signature-invalid site-02 4"},
         Outcome::invalid},
        {"an unknown scheme",
         [](auto& f) {
             auto& sent = f.update(4, 2);
             sent.signature = test::sign(sent.scheme, sent.signer, sent.bytes);
             sent.scheme = "rot13";
         },
         {"signature-indeterminate - -"},
         Outcome::indeterminate},
        {"expired",
         [mid](auto& f) {
             f.certify(f.client(2), {"site-02", f.client(2).key, midnight - 30 * days, mid});
         },
         {"certificate-expired site-02 3"},
         Outcome::certificate_bad},
        {"expired long after",
         [](auto& f) {
             f.certify(f.client(2), {"site-02", f.client(2).key, midnight - 30 * days, midnight + 1 * days});
         },
         {},
         Outcome::valid},
        {"not yet valid at first",
         [mid](auto& f) {
             f.certify(f.client(2), {"site-02", f.client(2).key, mid, midnight + 30 * days});
         },
         {"certificate-not-yet-valid site-02 1"},
         Outcome::valid},
        {"issued after all of it",
         [](auto& f) {
             f.certify(f.client(2), {"site-02", f.client(2).key, midnight + 2 * days, midnight + 30 * days});
         },
         {"certificate-not-yet-valid site-02 1"},
         Outcome::certificate_bad},
        {"revoked before",
         [](auto& f) { revoke(f, midnight - 5 * days); },
         {"certificate-revoked site-02 1"},
         Outcome::certificate_bad},
        {"revoked in the middle",
         [mid](auto& f) { revoke(f, mid, CRL_REASON_PRIVILEGE_WITHDRAWN); },
         {"certificate-revoked site-02 3"},
         Outcome::certificate_bad},
        {"revoked after",
         [](auto& f) { revoke(f, midnight + 5 * days, CRL_REASON_CESSATION_OF_OPERATION); },
         {},
         Outcome::valid},
        {"a key lost in the middle, revoked after",
         [mid](auto& f) { revoke(f, midnight + 5 * days, CRL_REASON_KEY_COMPROMISE, mid); },
         {"certificate-revoked site-02 3"},
         Outcome::certificate_bad},
        {"superseded after, an invalidity date that does not matter",
         [mid](auto& f) { revoke(f, midnight + 5 * days, CRL_REASON_SUPERSEDED, mid); },
         {},
         Outcome::valid},
        {"a key lost after",
         [](auto& f) { revoke(f, midnight + 5 * days, CRL_REASON_KEY_COMPROMISE, midnight + 3 * days); },
         {},
         Outcome::valid},
        {"taken off the list",
         [](auto& f) { revoke(f, midnight - 5 * days, CRL_REASON_REMOVE_FROM_CRL); },
         {},
         Outcome::valid},
        {"another authority",
         [](auto& f) { f.client(2).pem = test::pem_of(rogue_cert(f, "site-02")); },
         {"certificate-untrusted site-02 1"},
         Outcome::certificate_bad},
        {"self-signed",
         [](auto& f) {
             f.client(2).pem = test::pem_of(test::make_cert({"site-02", f.client(2).key}));
         },
         {"certificate-untrusted site-02 1"},
         Outcome::certificate_bad},
        {"issued by another client",
         [](auto& f) {
             const test::Cert cert = test::make_cert({"site-02", f.client(2).key}, f.client(3).cert, f.client(3).key);
             f.client(2).pem = test::pem_of(cert) + f.client(3).pem;
         },
         {"certificate-untrusted site-02 1"},
         Outcome::certificate_bad},
        {"authorities in a loop",
         [](auto& f) {
             const test::Key a = test::make_key("ec"), b = test::make_key("ec");
             const test::Cert top = test::make_cert({"B", b, midnight - 90 * days, midnight + 90 * days, true});
             const test::Cert first =
                 test::make_cert({"A", a, midnight - 90 * days, midnight + 90 * days, true}, top, b);
             const test::Cert second =
                 test::make_cert({"B", b, midnight - 90 * days, midnight + 90 * days, true}, first, a);
             f.client(2).pem = test::pem_of(test::make_cert({"site-02", f.client(2).key}, first, a)) +
                               test::pem_of(first) + test::pem_of(second);
         },
         {"certificate-untrusted site-02 1"},
         Outcome::certificate_bad},
        {"an authority between",
         [](auto& f) {
             const test::Key key = test::make_key("ec");
             const test::Cert between = test::make_cert(
                 {"Branch CA", key, midnight - 90 * days, midnight + 90 * days, true}, f.authority, f.authority_key);
             f.client(2).pem =
                 test::pem_of(test::make_cert({"site-02", f.client(2).key}, between, key)) + test::pem_of(between);
             f.crl_pem += test::make_crl(between, key, {});
         },
         {},
         Outcome::valid},
        {"an authority between that was revoked",
         [](auto& f) {
             const test::Key key = test::make_key("ec");
             const test::Cert between = test::make_cert(
                 {"Branch CA", key, midnight - 90 * days, midnight + 90 * days, true}, f.authority, f.authority_key);
             f.client(2).pem =
                 test::pem_of(test::make_cert({"site-02", f.client(2).key}, between, key)) + test::pem_of(between);
             f.crl_pem = test::make_crl(f.authority, f.authority_key, {{between, midnight - 1 * days}}) +
                         test::make_crl(between, key, {});
         },
         {"certificate-revoked - 1"},
         Outcome::certificate_bad},
        {"a key for encryption only",
         [](auto& f) {
             f.certify(f.client(2), {"site-02", f.client(2).key, midnight - days, midnight + days, false,
                                     "critical,keyEncipherment"});
         },
         {"certificate-untrusted site-02 1"},
         Outcome::certificate_bad},
        {"a key for signatures",
         [](auto& f) {
             f.certify(f.client(2), {"site-02", f.client(2).key, midnight - days, midnight + days, false,
                                     "critical,digitalSignature"});
         },
         {},
         Outcome::valid},
        {"an alternative name",
         [](auto& f) {
             f.certify(f.client(2),
                       {"Hospital", f.client(2).key, midnight - days, midnight + days, false, "", "DNS:site-02"});
         },
         {},
         Outcome::valid},
        {"another client's name",
         [](auto& f) {
             f.certify(f.client(2), {"site-04", f.client(2).key});
         },
         {"certificate-untrusted site-02 1"},
         Outcome::certificate_bad},
        {"nobody's name",
         [](auto& f) {
             f.certify(f.client(2), {"printer", f.client(2).key});
         },
         {"certificate-untrusted site-02 1"},
         Outcome::certificate_bad},
        {"one key for two",
         [](auto& f) {
             f.client(2).key = f.client(4).key;
             f.certify(f.client(2), {"site-02", f.client(2).key});
             for (auto& sent : f.sent)
                 if (sent.client == "site-02") sent.signer = f.client(4).key;
         },
         {"certificate-shared-key site-02 1", "certificate-shared-key site-04 1"},
         Outcome::certificate_bad},
        {"one certificate for two",
         [](auto& f) {
             f.client(2).path = f.client(4).path;
             f.client(2).pem = f.client(4).pem;
             for (auto& sent : f.sent)
                 if (sent.client == "site-02") sent.signer = f.client(4).key;
         },
         {"certificate-shared-key site-02 1", "certificate-shared-key site-04 1"},
         Outcome::certificate_bad},
        {"another's public key in a certificate of one's own making",
         [](auto& f) {
             f.client(2).pem = test::pem_of(test::make_cert({"site-02", f.client(4).key}));
         },
         {"certificate-shared-key site-02 1", "certificate-untrusted site-02 1", "signature-invalid site-02 1",
          "signature-invalid site-02 2", "signature-invalid site-02 3", "signature-invalid site-02 4"},
         Outcome::invalid},
        {"two keys for one client",
         [](auto& f) {
             auto second = f.member("site-02", f.update(1, 2).scheme);
             second.path = "certs/site-02-again.pem";
             second.registered = SignedFederation::start_of(3);
             f.clients.push_back(second);
             for (int round = 3; round <= 4; ++round) f.update(round, 2).signer = second.key;
         },
         {"certificate-untrusted site-02 -"},
         Outcome::valid},
        {"no certificate at all",
         [](auto& f) { f.client(2).pem = "hello"; },
         {"certificate-untrusted site-02 1", "signature-indeterminate - -"},
         Outcome::indeterminate},
        {"an unsigned checkpoint",
         [](auto& f) { f.checkpoint(3).signer = nullptr; },
         {"signature-missing - 3"},
         Outcome::valid},
        {"a client signs a checkpoint",
         [](auto& f) { f.checkpoint(3).signer = f.client(1).key; },
         {"checkpoint-signature-invalid - 3"},
         Outcome::valid},
        {"a changed checkpoint",
         [](auto& f) {
             auto& made = f.checkpoint(3);
             made.signature = test::sign(made.scheme, made.signer, made.bytes);
             made.bytes.back() = static_cast<char>(made.bytes.back() ^ 1);
         },
         {"checkpoint-signature-invalid - 3"},
         Outcome::valid},
        {"a server whose certificate expired",
         [mid](auto& f) {
             f.certify(f.server, {"@server", f.server.key, midnight - 30 * days, mid});
         },
         {"certificate-expired - 3"},
         Outcome::valid},
        {"no revocation list",
         [](auto& f) { f.crl_pem.clear(); },
         {"signature-indeterminate - -"},
         Outcome::indeterminate},
        {"a list that ended before",
         [](auto& f) {
             f.crl_pem = test::make_crl(f.authority, f.authority_key, {}, midnight - 30 * days, midnight - 1 * days);
         },
         {"signature-indeterminate - -"},
         Outcome::indeterminate},
        {"a list that was made after",
         [](auto& f) {
             f.crl_pem = test::make_crl(f.authority, f.authority_key, {}, midnight + 2 * days, midnight + 9 * days);
         },
         {},
         Outcome::valid},
        {"a forged list",
         [](auto& f) {
             f.crl_pem = test::make_crl(f.authority, test::make_key("ec"), {{f.client(2).cert, midnight - 5 * days}});
         },
         {"certificate-untrusted - -", "signature-indeterminate - -"},
         Outcome::indeterminate},
        {"a forged list beside a sound one",
         [](auto& f) {
             f.crl_pem += test::make_crl(f.authority, test::make_key("ec"), {{f.client(2).cert, midnight - 5 * days}});
         },
         {"certificate-untrusted - -"},
         Outcome::valid},
        {"a list that is none",
         [](auto& f) { f.crl_pem = "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"; },
         {"certificate-untrusted - -", "signature-indeterminate - -"},
         Outcome::indeterminate},
        // Clients' certificates lead nowhere, and the server has none.
        {"nothing to trust",
         [](auto& f) { f.trusts = false; },
         {"signature-indeterminate - -", "signature-indeterminate - -"},
         Outcome::indeterminate},
        {"no time", [](auto& f) { f.update(4, 2).at = 0; }, {"signature-indeterminate - -"}, Outcome::indeterminate},
        {"a renewed authority",
         [](auto& f) {
             const test::Cert old =
                 test::make_cert({"Grid CA", f.authority_key, midnight - 900 * days, midnight - 10 * days, true});
             f.authority_pem = test::pem_of(old) + f.authority_pem;
         },
         {},
         Outcome::valid},
    };
}

}  // namespace

/// Signatures and certificates: each planted fault is named as what it is, and nobody else is.
class TestIdentity : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() { fs::create_directories(FEDSLEUTH_SCRATCH); }
    void cleanupTestCase() { fs::remove_all("/dev/shm/fedsleuth-tst-identity"); }

    void every_planted_fault_and_nothing_else_data()
    {
        QTest::addColumn<QString>("scheme");
        QTest::addColumn<int>("fault");
        const auto all = faults();
        for (const char* scheme : {"ecdsa-sha256", "ed25519", "rsa-pss-sha256", "rsa-pss-sha256-prehashed"})
            for (int idx = 0; idx < static_cast<int>(all.size()); ++idx) {
                // What depends on the certificate alone is the same for every scheme.
                const bool of_signatures = idx < 10;
                if (std::string(scheme) != "ecdsa-sha256" && !of_signatures) continue;
                QTest::addRow("%s: %s", scheme, all[static_cast<std::size_t>(idx)].name) << scheme << idx;
            }
    }
    void every_planted_fault_and_nothing_else()
    {
        QFETCH(QString, scheme);
        QFETCH(int, fault);
        const auto all = faults();
        const Fault& planted = all[static_cast<std::size_t>(fault)];
        SignedFederation federation(scheme.toStdString());
        planted.plant(federation);
        const Answer answer = audited(federation, "planted");
        QCOMPARE(listed(answer.findings), listed(planted.found));
        QCOMPARE(name_of(answer.outcome(4, "site-02")), name_of(planted.outcome));
        if (planted.found.empty()) QCOMPARE(answer.count(Outcome::valid), static_cast<int>(answer.checks.size()));
    }

    void signatures_survive_a_move_and_a_link()
    {
        for (const char* scheme : {"ed25519", "ecdsa-sha256"})
            for (const bool link : {false, true}) {
                SignedFederation federation(scheme);
                federation.update(2, 1).signer = federation.client(0).key;
                const fs::path folder = scratch("moved");
                federation.write(folder);
                const auto store = taken_in(folder, link);
                fs::remove_all(folder);
                const Answer answer = audited(*store);
                QCOMPARE(listed(answer.findings), QStringLiteral("signature-wrong-key site-01 2"));
                QCOMPARE(answer.count(Outcome::valid), static_cast<int>(answer.checks.size()) - 1);
                for (const model::SignatureCheck& check : answer.checks)
                    if (check.outcome == Outcome::invalid) QCOMPARE(check.signer->text(), std::string("site-00"));
            }
    }

    void an_altered_file_is_told_from_a_wrong_signature()
    {
        SignedFederation federation("ecdsa-sha256");
        const fs::path folder = scratch("altered");
        federation.write(folder);
        std::string bytes = federation.update(2, 1).bytes;
        bytes.back() = static_cast<char>(bytes.back() ^ 1);
        std::ofstream(folder / "updates/r2-site-01.npy", std::ios::binary) << bytes;
        const Answer answer = audited(*taken_in(folder));
        QCOMPARE(listed(answer.findings), QStringLiteral("signature-invalid site-01 2"));
        QVERIFY(answer.all.front().text.find("the file that the log describes, not the one that lies there") !=
                std::string::npos);
        QVERIFY(answer.all.front().evidence_json.find("\"line\":") != std::string::npos);
    }

    void admission_names_whom_it_concerns_data()
    {
        QTest::addColumn<int>("fault");
        for (int idx = 0; idx < 14; ++idx) QTest::addRow("%d", idx) << idx;
    }
    void admission_names_whom_it_concerns()
    {
        QFETCH(int, fault);
        SignedFederation federation("ecdsa-sha256", 10);
        std::multiset<std::string> expected;
        switch (fault) {
            case 0:
                federation.update(2, 3).examples = 0;
                expected = {"too-few-examples site-03 2"};
                break;
            case 1: {  // another file for the same round: the later one counts
                auto again = federation.update(2, 3);
                again.bytes.back() = static_cast<char>(again.bytes.back() ^ 1);
                federation.sent.push_back(again);
                expected = {"rate-limit site-03 2"};
                break;
            }
            case 2:  // the same file delivered twice
                federation.sent.push_back(federation.update(2, 3));
                break;
            case 3:
                federation.update(3, 3).more = R"(,"base_round":0)";
                expected = {"update-stale site-03 3"};
                break;
            case 4:
                federation.update(3, 3).more = R"(,"base_round":7)";
                expected = {"update-stale site-03 3"};
                break;
            case 5:
                federation.update(3, 3).at = SignedFederation::finish_of(3) + 4;
                expected = {"update-stale site-03 3"};
                break;
            case 6:  // four at once, where others take their turn
                for (int idx = 5; idx < 9; ++idx) federation.client(idx).registered = midnight + 100;
                for (int idx = 5; idx < 9; ++idx)
                    expected.insert("bulk-registration site-0" + std::to_string(idx) + " -");
                break;
            case 7:  // all at once: nothing stands out
                for (auto& client : federation.clients) client.registered = midnight + 5;
                break;
            case 9:  // far fewer than usual
                federation.update(2, 3).examples = 2;
                expected = {"too-few-examples site-03 2"};
                break;
            case 10:  // a federation of small and large clients
                for (int idx = 0; idx < 4; ++idx)
                    for (int round = 1; round <= 4; ++round) federation.update(round, idx).examples = 2;
                break;
            case 11:  // not asked in round 2
                federation.selected[2] = {"site-00", "site-01", "site-02", "site-04", "site-05",
                                          "site-06", "site-07", "site-08", "site-09"};
                expected = {"rate-limit site-03 2"};
                break;
            case 12:  // a second apart, where seven are usual
                for (int idx = 6; idx < 10; ++idx) {
                    federation.client(idx).registered = midnight + 49 + idx - 6;
                    expected.insert("bulk-registration site-0" + std::to_string(idx) + " -");
                }
                break;
            case 13: {  // as chance has it
                const int seconds[] = {3, 4, 31, 33, 34, 70, 82, 83, 120, 150};
                for (int idx = 0; idx < 10; ++idx) federation.client(idx).registered = midnight + seconds[idx];
                break;
            }
            case 8:  // while it runs
                for (int idx = 5; idx < 9; ++idx)
                    federation.client(idx).registered = SignedFederation::start_of(2) + 5 * idx;
                for (int idx = 5; idx < 9; ++idx)
                    expected.insert("bulk-registration site-0" + std::to_string(idx) + " -");
                break;
        }
        QCOMPARE(listed(audited(federation, "admission").findings), listed(expected));
    }

    void the_policy_of_the_case_decides()
    {
        SignedFederation federation("ecdsa-sha256");
        federation.update(3, 3).at = SignedFederation::finish_of(3) + 4;
        federation.update(4, 2).examples = 15;
        const fs::path folder = scratch("policy");
        federation.write(folder);
        const auto store = taken_in(folder);
        QCOMPARE(listed(audited(*store).findings), QStringLiteral("update-stale site-03 3"));
        QVERIFY(store->put_policy("admission.seconds_late", 10).has_value());
        QVERIFY(store->put_policy("admission.min_examples", 16).has_value());
        QVERIFY(store->put_policy("admission.updates_a_day", 3).has_value());
        const Answer answer = audited(*store);
        std::multiset<std::string> expected{"too-few-examples site-02 4"};
        for (int idx = 0; idx < 6; ++idx) expected.insert("rate-limit site-0" + std::to_string(idx) + " 4");
        QCOMPARE(listed(answer.findings), listed(expected));
    }

    void the_labelled_federation()
    {
        const QString folder = test::federation_folder("identity-faults", FEDSLEUTH_SCRATCH);
        const auto store = taken_in(folder.toStdString());
        model::Progress progress;
        QVERIFY(analysis::analyse(*store, *store, {}, progress).has_value());
        std::set<std::string> found;
        const auto findings = store->findings();
        for (const model::Finding& finding : *findings)
            if (finding.source == model::FindingSource::identity) found.insert(key_of(finding));
        // truth.json; site-11 was revoked at 00:05:00 and site-17's expired at 00:06:00: their updates of round 3 and
        // later came after that.
        const std::set<std::string> truth{"signature-missing site-02 4",   "signature-missing site-02 5",
                                          "signature-invalid site-05 7",   "signature-wrong-key site-08 3",
                                          "certificate-revoked site-11 3", "certificate-untrusted site-14 1",
                                          "certificate-expired site-17 3"};
        QCOMPARE(found, truth);
        const auto rollback = store->rollback();
        for (const model::RollbackCandidate& candidate : (*rollback)->candidates)
            QCOMPARE(candidate.signature, std::string("valid"));
        const auto checks = store->signature_checks();
        QCOMPARE(checks->size(), std::size_t{240 + 13});
    }

    void other_federations_are_not_accused_data()
    {
        QTest::addColumn<QString>("name");
        for (const char* name : {"model-replacement", "clean-noniid", "sybil", "sign-flip", "server-tampering"})
            QTest::newRow(name) << name;
    }
    void other_federations_are_not_accused()
    {
        QFETCH(QString, name);
        const QString folder = test::federation_folder(name, FEDSLEUTH_SCRATCH);
        const auto store = taken_in(folder.toStdString());
        const Answer answer = audited(*store);
        QCOMPARE(listed(answer.findings), QString());
        QCOMPARE(answer.checks.size(), std::size_t(name == "model-replacement" ? 480 + 25 : 0));
        QCOMPARE(answer.count(Outcome::valid), static_cast<int>(answer.checks.size()));
    }

    void certificates_can_be_looked_at()
    {
        SignedFederation federation("rsa-pss-sha256", 2, 1);
        federation.crl_pem = test::make_crl(federation.authority, federation.authority_key,
                                            {{federation.client(1).cert, midnight + 99, CRL_REASON_SUPERSEDED}});
        federation.client(0).pem = "nothing";
        const fs::path folder = scratch("views");
        federation.write(folder);
        const auto views = analysis::view_certificates(*taken_in(folder));
        QVERIFY(views.has_value());
        QCOMPARE(views->size(), std::size_t{4});
        QCOMPARE((*views)[0].role, std::string("authority"));
        QCOMPARE((*views)[1].role, std::string("server"));
        QCOMPARE((*views)[2].problem, std::string("holds no certificate in PEM form"));
        const analysis::CertificateView& view = (*views)[3];
        QCOMPARE(view.subject, std::string("CN=site-01,O=Example Grid"));
        QCOMPARE(view.key_type, std::string("RSA 2048 bits"));
        QCOMPARE(view.way.size(), std::size_t{2});
        QCOMPARE(*view.not_before, static_cast<double>(midnight - 30 * days));
        QCOMPARE(view.revoked->since, static_cast<double>(midnight + 99));
        QCOMPARE(view.revoked->reason, std::string("superseded"));
    }

    void moments_are_read()
    {
        QCOMPARE(*analysis::moment_of("2026-03-07T00:00:00Z"), static_cast<double>(midnight));
        QCOMPARE(*analysis::moment_of("2026-03-07T01:30:00.25+01:30"), midnight + 0.25);
        QCOMPARE(*analysis::moment_of("2026-03-06 19:00:00-05:00"), static_cast<double>(midnight));
        QCOMPARE(*analysis::moment_of("1970-01-01T00:00:00"), 0.0);
        for (const char* text : {"", "2026", "2026-02-30T00:00:00Z", "2026-03-07T25:00:00Z", "2026-03-07T00:00:00.Z",
                                 "2026-03-07T00:00:00Zx", "2026-03-07T00:00:00+1", "yesterday"})
            QVERIFY2(!analysis::moment_of(text), text);
        QCOMPARE(analysis::moment_text(midnight + 61), std::string("2026-03-07 00:01:01 UTC"));
        QVERIFY(analysis::moment_text(1e30).find("impossible") != std::string::npos);
    }
};

QTEST_GUILESS_MAIN(TestIdentity)
#include "tst_identity.moc"
