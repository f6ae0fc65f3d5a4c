// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/wording.h"

#include <QTest>
#include <set>
#include <string>

using namespace fedsleuth::model;

namespace {

/// The kinds of the command line's contract.
constexpr const char* kinds[] = {"signature-missing",
                                 "signature-invalid",
                                 "signature-wrong-key",
                                 "signature-indeterminate",
                                 "certificate-expired",
                                 "certificate-not-yet-valid",
                                 "certificate-revoked",
                                 "certificate-untrusted",
                                 "certificate-shared-key",
                                 "unknown-client",
                                 "digest-mismatch",
                                 "update-replayed",
                                 "update-stale",
                                 "rate-limit",
                                 "bulk-registration",
                                 "too-few-examples",
                                 "non-finite-update",
                                 "shape-mismatch",
                                 "missing-update",
                                 "refused-snapshot",
                                 "identical-updates",
                                 "not-inspectable",
                                 "checkpoint-mismatch",
                                 "checkpoint-signature-invalid",
                                 "accuracy-drop",
                                 "anomaly-spike",
                                 "privacy-no-claim",
                                 "privacy-under-reported",
                                 "privacy-over-budget",
                                 "privacy-policy-exceeded",
                                 "privacy-norm-over-clip",
                                 "privacy-noise-too-low",
                                 "privacy-delta-too-large",
                                 "privacy-inconsistent-claim",
                                 "privacy-weighting",
                                 "privacy-sampling",
                                 "import-issue"};

}  // namespace

class TestWording : public QObject {
    Q_OBJECT
private slots:
    void every_kind_has_words_of_its_own()
    {
        std::set<std::string> said;
        for (const char* kind : kinds) {
            const std::string words = kind_words(kind);
            QVERIFY2(words.find('-') == std::string::npos, words.c_str());
            QVERIFY2(!words.empty() && words.size() <= 28, words.c_str());  // as wide as the columns are
            QVERIFY2(said.insert(words).second, words.c_str());
        }
        QCOMPARE(kind_words("privacy-no-claim"), std::string("no privacy claim"));
    }

    void what_was_not_checked_is_not_called_missing()
    {
        QCOMPARE(signature_words("valid"), std::string("valid"));
        QCOMPARE(signature_words("missing"), std::string("not signed"));
        QCOMPARE(signature_words("not-checked"), std::string("signed, not checked"));
        QCOMPARE(aggregation_words("matches"), std::string("fits"));
        QCOMPARE(aggregation_words("mismatch"), std::string("does not fit"));
        QCOMPARE(aggregation_words("not-checked"), std::string("not checked"));
    }

    void words_of_others_stay_as_they_are_and_harmless()
    {
        QCOMPARE(plain_words("revocation-list"), std::string("revocation list"));
        QCOMPARE(plain_words("Certs/site-03.pem"), std::string("Certs/site-03.pem"));
        for (const auto& said : {plain_words("a-\x1b[31m"), kind_words("a-\x1b[31m"), signature_words("a-\x1b[31m"),
                                 aggregation_words("a-\x1b[31m")})
            QCOMPARE(said, std::string("a-\\x1b[31m"));
    }
};

QTEST_GUILESS_MAIN(TestWording)
#include "tst_wording.moc"
