// SPDX-License-Identifier: GPL-3.0-or-later
// Replays what the filter's fuzzer runs over, and small changes of it. The target aborts where its rule is broken.
#include "fuzz/targets.h"
#include "support/corpus.h"

#include <QTest>

#include "../fuzz/filter_target.cpp"

using namespace fedsleuth;

class TestFilterCorpus : public QObject {
    Q_OBJECT
private slots:
    void texts()
    {
        const auto files = test::files_of(std::filesystem::path(FEDSLEUTH_SOURCE) / "tests/fuzz/corpus/filter");
        QVERIFY(!files.empty());
        std::mt19937 random(7);
        for (const test::Bytes& file : files) test::run_with_changes(fuzz::filter, file, 1000, random);
    }
};

QTEST_GUILESS_MAIN(TestFilterCorpus)
#include "tst_filter_corpus.moc"
