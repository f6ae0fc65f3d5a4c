// SPDX-License-Identifier: GPL-3.0-or-later
// Replays what the fuzzers run over, and small changes of it.
#include "fuzz/targets.h"
#include "storage/ingest/ingest.h"
#include "support/corpus.h"
#include "support/signed_federation.h"

#include <filesystem>
#include <QTest>

#include "../fuzz/identity_targets.cpp"
#include "../fuzz/storage_targets.cpp"

using namespace fedsleuth;

class TestFuzzCorpora : public QObject {
    Q_OBJECT

    static void run_all(test::FuzzTarget target, const std::string& name, int changes)
    {
        std::mt19937 random(3);
        std::vector<test::Bytes> files =
            test::files_of(std::filesystem::path(FEDSLEUTH_SOURCE) / "tests/fuzz/corpus" / name);
        if (name == "snapshot")
            for (test::Bytes& file : test::files_of(std::filesystem::path(FEDSLEUTH_FIXTURES) / "hostile"))
                files.push_back(std::move(file));
        QVERIFY2(!files.empty(), name.c_str());
        for (const test::Bytes& file : files) test::run_with_changes(target, file, changes, random);
    }

private slots:
    void logs() { run_all(fuzz::log, "log", 150); }
    void snapshots() { run_all(fuzz::snapshot, "snapshot", 60); }
    void certificates() { run_all(fuzz::certificates, "certificates", 150); }
    void texts() { run_all(fuzz::texts, "texts", 500); }
    void case_files()
    {
        const std::filesystem::path folder = std::filesystem::path(FEDSLEUTH_SCRATCH) / "folder";
        const std::filesystem::path file = std::filesystem::path(FEDSLEUTH_SCRATCH) / "made.fedcase";
        std::filesystem::remove_all(folder);
        std::filesystem::remove(file);
        test::SignedFederation("ecdsa-sha256", 1, 1).write(folder);
        model::Progress progress;
        QVERIFY(storage::ingest(folder, file, {}, progress).has_value());
        std::mt19937 random(5);
        test::run_with_changes(fuzz::case_file, test::bytes_of_file(file), 40, random);
        for (const test::Bytes& found :
             test::files_of(std::filesystem::path(FEDSLEUTH_SOURCE) / "tests/fuzz/corpus/case_file"))
            fuzz::case_file(found);
    }
};

QTEST_GUILESS_MAIN(TestFuzzCorpora)
#include "tst_fuzz_corpora.moc"
