// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/evidence/round_log.h"
#include "storage/evidence_builders.h"

#include <QElapsedTimer>

#include <sys/resource.h>
#include <algorithm>
#include <random>

using namespace fedsleuth;
using namespace fedsleuth::tests;
namespace fs = std::filesystem;

namespace {

constexpr int mutations_a_file = 300;

/// Damages bytes the way that accidents and attackers do. The same seed gives the same damage.
class Mutator {
public:
    explicit Mutator(std::uint32_t seed) : random_(seed) {}

    std::string mutated(std::string bytes)
    {
        for (int more = 1 + below(3); more > 0; --more) once(bytes);
        return bytes;
    }

private:
    int below(std::size_t limit)
    {
        return limit == 0 ? 0 : static_cast<int>(std::uniform_int_distribution<std::size_t>(0, limit - 1)(random_));
    }
    void once(std::string& bytes)
    {
        if (bytes.empty()) return;
        const auto at = static_cast<std::size_t>(below(bytes.size()));
        const auto length = std::min<std::size_t>(bytes.size() - at, 1u + static_cast<std::size_t>(below(64)));
        switch (below(8)) {
            case 0:
                bytes[at] = static_cast<char>(bytes[at] ^ 1 << below(8));
                break;
            case 1:
                bytes[at] = static_cast<char>(below(256));
                break;
            case 2:
                bytes.resize(at);
                break;
            case 3:
                length_field(bytes, at);
                break;
            case 4:
                bytes.insert(at, bytes.substr(at, length));
                break;
            case 5:
                bytes.erase(at, length);
                break;
            case 6:
                std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), length, '\0');
                break;
            default:
                digits(bytes, at);
                break;
        }
    }
    /// Two, four or eight bytes become a number that a length should not be.
    void length_field(std::string& bytes, std::size_t at)
    {
        constexpr std::uint64_t huge[] = {~std::uint64_t{0},
                                          std::uint64_t{1} << 63,
                                          (std::uint64_t{1} << 63) - 1,
                                          std::uint64_t{1} << 32,
                                          0x7fffffffu,
                                          0xffffffffu,
                                          std::uint64_t{1} << 40,
                                          0};
        const int width = 2 << below(3);
        const std::string field = little(huge[below(8)], width);
        bytes.replace(at, std::min(field.size(), bytes.size() - at), field.substr(0, bytes.size() - at));
    }
    /// The next digit in a text header grows into a long number.
    void digits(std::string& bytes, std::size_t at)
    {
        const std::size_t digit = bytes.find_first_of("0123456789", at);
        constexpr const char* numbers[] = {
            "9223372036854775807", "18446744073709551616", "-1", "4294967296", "0", "NaN"};
        if (digit != std::string::npos) bytes.replace(digit, 1, numbers[below(6)]);
    }

    std::mt19937 random_;
};

/// Every fixture that is a snapshot, one of the kind where there are many.
std::vector<fs::path> snapshots()
{
    std::vector<fs::path> files;
    for (const fs::directory_entry& entry : fs::directory_iterator(fixture("hostile")))
        if (entry.path().extension() != ".md") files.push_back(entry.path());
    for (const char* const path :
         {"clean-noniid/checkpoints/r0001.safetensors", "clean-noniid/updates/r0001-site-00.safetensors",
          "constrained-backdoor/checkpoints/r0001.pt", "constrained-backdoor/updates/r0001-site-00.pt",
          "free-rider/checkpoints/r0001.npy", "label-flip/checkpoints/r0001.npz",
          "label-flip/updates/r0001-site-00.npz"})
        files.push_back(fixture(std::string("snapshots/") + path));
    files.push_back(fs::path(FEDSLEUTH_SOURCE) / "resources/sample/checkpoints/r0001.npz");
    std::sort(files.begin(), files.end());
    return files;
}

/// What must be true of every error that evidence causes.
void check(const model::Error& error)
{
    using model::ErrorCode;
    const bool about_the_file = error.code == ErrorCode::malformed || error.code == ErrorCode::refused ||
                                error.code == ErrorCode::limit || error.code == ErrorCode::unsupported;
    if (!about_the_file || error.message.empty() || error.where.empty())
        QTest::qFail(error.text().c_str(), __FILE__, __LINE__);
}

/// Reads everything that the file says it has; large tensors at their ends.
void read_all(storage::SnapshotFile& file)
{
    constexpr std::int64_t most = 1 << 16;
    std::vector<float> out(most);
    for (std::size_t idx = 0; idx < std::min<std::size_t>(file.tensors().size(), 1000); ++idx) {
        const model::TensorInfo& info = file.tensors()[idx];
        if (!model::is_float(info.type)) {
            const auto read = file.integers(idx);
            if (!read) check(read.error());
            continue;
        }
        const std::int64_t count = std::min(most, info.count);
        for (const std::int64_t first : {std::int64_t{0}, info.count - count}) {
            const auto read = file.read(idx, first, count, out.data());
            if (!read) check(read.error());
        }
    }
}

}  // namespace

class TestMutations : public QObject {
    Q_OBJECT
private slots:
    void initTestCase()
    {
        // An allocation of a size that a file chose must fail here and not only where memory is short. The sanitizers
        // reserve terabytes of addresses, and watch allocations themselves.
#if !defined(__SANITIZE_ADDRESS__)
        constexpr rlim_t bytes = rlim_t{4} << 30;
        const rlimit limit{bytes, bytes};
        QCOMPARE(::setrlimit(RLIMIT_AS, &limit), 0);
#endif
    }

    void opens_or_refuses_damaged_snapshots_data()
    {
        QTest::addColumn<QString>("path");
        for (const fs::path& path : snapshots())
            QTest::newRow((path.parent_path().filename() / path.filename()).c_str())
                << QString::fromStdString(path.string());
    }
    void opens_or_refuses_damaged_snapshots()
    {
        QFETCH(QString, path);
        const std::string sound = read_file(path.toStdString());
        QVERIFY(!sound.empty());
        int opened = 0;
        QElapsedTimer clock;
        clock.start();
        for (std::uint32_t seed = 0; seed < mutations_a_file; ++seed) {
            const Opened file = open_bytes(Mutator(seed).mutated(sound));
            if (file) {
                ++opened;
                read_all(**file);
            } else {
                check(file.error());
            }
            if (QTest::currentTestFailed()) {
                qWarning("with seed %u", seed);
                return;
            }
        }
        QVERIFY2(clock.elapsed() < 60'000, "a damaged file takes too long");
        QVERIFY2(opened < mutations_a_file, "no damage was noticed: the mutations do nothing");
    }

    void reads_damaged_logs()
    {
        std::string sound = read_file(fixture("snapshots/clean-noniid/federation.jsonl"));
        sound +=
            "{\"type\":\"round\",\"round\":2,\"metrics\":{\"loss\":NaN},\"x\":[Infinity,-Infinity],\"y\":{\"z\":[1,{}]}"
            "}\n";
        model::Progress progress;
        const auto whole = storage::read_round_log(write_file("log", sound), {}, progress);
        QVERIFY(whole.has_value());
        QVERIFY(whole->issues.empty());
        std::size_t issues = 0;
        for (std::uint32_t seed = 0; seed < 3 * mutations_a_file; ++seed) {
            const std::string text = Mutator(seed).mutated(sound);
            const auto log = storage::read_round_log(write_file("log", text), {}, progress);
            QVERIFY2(log.has_value(), log ? "" : log.error().text().c_str());
            QCOMPARE(log->lines, static_cast<std::int64_t>(std::count(text.begin(), text.end(), '\n')));
            QCOMPARE(log->whole_bytes, static_cast<std::int64_t>(text.rfind('\n') + 1));
            for (const model::ImportIssue& issue : log->issues) {
                QVERIFY(!issue.text.empty());
                QVERIFY(issue.line >= 1 && issue.line <= log->lines);
            }
            QVERIFY(log->issues.size() <= 8);  // damage to a few lines never costs the lines around them
            issues += log->issues.size();
        }
        QVERIFY(issues > 100);
    }
};

QTEST_GUILESS_MAIN(TestMutations)
#include "tst_mutations.moc"
