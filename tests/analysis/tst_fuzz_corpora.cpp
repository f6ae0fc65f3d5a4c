// SPDX-License-Identifier: GPL-3.0-or-later
// Replays what the fuzzers run over, and small changes of it.
#include "fuzz/targets.h"
#include "storage/ingest/ingest.h"
#include "support/signed_federation.h"

#include <filesystem>
#include <fstream>
#include <functional>
#include <QTest>
#include <random>

#include "../fuzz/targets.cpp"

using namespace fedsleuth;

class TestFuzzCorpora : public QObject {
    Q_OBJECT

    using Bytes = std::vector<std::uint8_t>;
    using Target = void (*)(std::span<const std::uint8_t>);

    static Bytes read(const std::filesystem::path& path)
    {
        std::ifstream stream(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(stream), {}};
    }
    static std::vector<Bytes> corpus(const std::string& name)
    {
        std::vector<Bytes> files;
        for (const std::filesystem::path& folder :
             {std::filesystem::path(FEDSLEUTH_SOURCE) / "tests/fuzz/corpus" / name,
              std::filesystem::path(FEDSLEUTH_FIXTURES) / (name == "snapshot" ? "hostile" : "none")})
            if (std::filesystem::is_directory(folder))
                for (const auto& entry : std::filesystem::directory_iterator(folder))
                    files.push_back(read(entry.path()));
        return files;
    }
    /// The file itself, then bytes of it changed, cut out and doubled.
    static void run(Target target, const Bytes& file, int changes, std::mt19937& random)
    {
        target(file);
        for (int idx = 0; idx < changes && !file.empty(); ++idx) {
            Bytes changed = file;
            for (unsigned count = 1 + random() % 3; count > 0 && !changed.empty(); --count) {
                const std::size_t at = random() % changed.size();
                const auto place = changed.begin() + static_cast<std::ptrdiff_t>(at);
                switch (random() % 4) {
                    case 0:
                        *place = static_cast<std::uint8_t>(random());
                        break;
                    case 1:
                        *place ^= static_cast<std::uint8_t>(1u << random() % 8);
                        break;
                    case 2:
                        changed.erase(place, place + static_cast<std::ptrdiff_t>(std::min<std::size_t>(
                                                         changed.size() - at, 1 + random() % 64)));
                        break;
                    default:
                        changed.insert(place, file.begin(),
                                       file.begin() + static_cast<std::ptrdiff_t>(
                                                          std::min<std::size_t>(file.size(), 1 + random() % 64)));
                }
            }
            target(changed);
        }
    }
    static void run_all(Target target, const std::string& name, int changes)
    {
        std::mt19937 random(3);
        const std::vector<Bytes> files = corpus(name);
        QVERIFY2(!files.empty(), name.c_str());
        for (const Bytes& file : files) run(target, file, changes, random);
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
        run(fuzz::case_file, read(file), 40, random);
    }
};

QTEST_GUILESS_MAIN(TestFuzzCorpora)
#include "tst_fuzz_corpora.moc"
