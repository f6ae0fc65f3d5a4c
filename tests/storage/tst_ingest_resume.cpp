// SPDX-License-Identifier: GPL-3.0-or-later
// Killed or stopped anywhere and run again, ingest ends in the same case.
#include "case_helpers.h"

#include "storage/custody/custody_chain.h"

#include <sys/wait.h>
#include <unistd.h>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <thread>

using namespace fedsleuth;
using namespace fedsleuth::test;
using storage::CaseFile;

namespace {

double seconds_since(std::chrono::steady_clock::time_point start)
{
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Runs ingest in a child that is killed after that time; true where it was still at work.
bool run_and_kill(const fs::path& folder, const fs::path& case_file, double seconds, bool link)
{
    const pid_t child = ::fork();
    if (child == 0) {
        const auto done = take_in(folder, case_file, link);
        ::_exit(done ? 0 : 1);
    }
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFSIGNALED(status);
}

}  // namespace

class IngestResumeTest : public QObject {
    Q_OBJECT
private slots:
    void initTestCase();
    void killed_anywhere_it_ends_in_the_same_case();
    void killed_anywhere_when_linked();
    void killed_again_and_again();
    void stopped_anywhere_it_ends_in_the_same_case();
    void a_log_that_grew_in_between();

private:
    void kill_everywhere(int times, bool link);
    std::unique_ptr<FolderMaker> maker_;
    fs::path folder_;
    std::mt19937 random_{11};
};

void IngestResumeTest::initTestCase()
{
    maker_ = std::make_unique<FolderMaker>(scratch("evidence"), "weights");
    maker_->rounds(1, 5, 4);
    maker_->update_line(2, "gone", "updates/none.npz", "");
    maker_->update_line(2, "c0", "updates/r1-c0.npz", "");
    maker_->line("nonsense");
    maker_->flush();
    folder_ = maker_->root();
}

void IngestResumeTest::kill_everywhere(int times, bool link)
{
    const fs::path whole = scratch("whole.fedcase");
    const auto start = std::chrono::steady_clock::now();
    OK(take_in(folder_, whole, link));
    const double takes = seconds_since(start);
    const std::string expected = dump(whole);
    int killed = 0;
    for (int trial = 0; trial < times; ++trial) {
        const fs::path path = scratch("killed.fedcase");
        for (const char* more : {"-journal", ".new", ".new-journal"}) fs::remove(path.string() + more);
        killed += run_and_kill(folder_, path, takes * std::uniform_real_distribution<>(0, 1)(random_), link);
        // Whatever is there can be opened, and what is in it holds.
        if (fs::exists(path)) {
            TAKE(auto file, CaseFile::open(path));
            OK(file->updates());
            OK(file->rounds());
        }
        OK(take_in(folder_, path, link));
        QVERIFY(dump(path) == expected);
        const std::string bytes = contents_of(path);
        TAKE(const auto again, take_in(folder_, path, link));
        QVERIFY(!again.changed && contents_of(path) == bytes);
    }
    qInfo("%d of %d runs were killed at work", killed, times);
    QVERIFY(killed >= times / 2);
}

void IngestResumeTest::killed_anywhere_it_ends_in_the_same_case() { kill_everywhere(25, false); }

void IngestResumeTest::killed_anywhere_when_linked() { kill_everywhere(10, true); }

void IngestResumeTest::killed_again_and_again()
{
    const fs::path whole = scratch("whole.fedcase"), path = scratch("again.fedcase");
    const auto start = std::chrono::steady_clock::now();
    OK(take_in(folder_, whole));
    const double takes = seconds_since(start);
    for (int trial = 0; trial < 8; ++trial) run_and_kill(folder_, path, takes / 4, false);
    OK(take_in(folder_, path));
    QVERIFY(dump(path) == dump(whole));
    TAKE(auto file, CaseFile::open(path));
    QCOMPARE(file->custody()->size(), std::size_t{1});
    QVERIFY(storage::check_custody_chain(*file->custody()).empty());
}

void IngestResumeTest::stopped_anywhere_it_ends_in_the_same_case()
{
    const fs::path whole = scratch("whole.fedcase");
    OK(take_in(folder_, whole));
    const std::string expected = dump(whole);
    std::int64_t bytes = 0;
    for (const auto& entry : fs::recursive_directory_iterator(folder_))
        if (entry.is_regular_file()) bytes += static_cast<std::int64_t>(entry.file_size());
    int stopped = 0;
    for (int trial = 0; trial < 20; ++trial) {
        const fs::path path = scratch("stopped.fedcase");
        model::Progress progress;
        std::atomic<bool> done = false;
        const std::int64_t limit = std::uniform_int_distribution<std::int64_t>(0, bytes)(random_);
        std::thread watcher([&] {
            while (!done) {
                const auto state = progress.state();
                if (state.unit == "bytes" && state.stage == "Taking in updates" && state.done >= limit) progress.stop();
            }
        });
        const auto outcome = storage::ingest(folder_, path, {}, progress);
        done = true;
        watcher.join();
        if (!outcome) {
            QCOMPARE(outcome.error().code, model::ErrorCode::cancelled);
            ++stopped;
        }
        OK(take_in(folder_, path));
        QVERIFY(dump(path) == expected);
    }
    qInfo("%d of 20 runs were stopped at work", stopped);
    QVERIFY(stopped > 0);
}

void IngestResumeTest::a_log_that_grew_in_between()
{
    FolderMaker maker(scratch("growing"));
    const fs::path path = scratch("growing.fedcase"), whole = scratch("growing-whole.fedcase");
    for (int round = 1; round <= 6; ++round) {
        maker.rounds(round, round, 3);
        maker.flush();
        run_and_kill(maker.root(), path, 0.02 * round, false);
    }
    OK(take_in(maker.root(), path));
    OK(take_in(maker.root(), whole));
    TAKE(auto one, CaseFile::open(path));
    TAKE(auto other, CaseFile::open(whole));
    TAKE(const auto updates, one->updates());
    QCOMPARE(updates.size(), other->updates()->size());
    for (const model::Update& update : updates) {
        const model::VectorRef row{model::VectorRef::Kind::update, update.round, update.client};
        QVERIFY(read_row(*one, row, 0, FolderMaker::coordinates) == read_row(*other, row, 0, FolderMaker::coordinates));
    }
    QVERIFY(one->findings()->empty() && one->import_issues()->empty());
}

QTEST_GUILESS_MAIN(IngestResumeTest)
#include "tst_ingest_resume.moc"
