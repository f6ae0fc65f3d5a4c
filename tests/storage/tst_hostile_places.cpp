// SPDX-License-Identifier: GPL-3.0-or-later
// Things where files should be, and places where nothing can be written.
#include "storage/custody/verify.h"

#include "storage/case_helpers.h"
#include "support/signed_federation.h"

#include <QtTest>

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>

using namespace fedsleuth;
using namespace fedsleuth::test;
using model::ErrorCode;
using storage::CaseFile;

namespace {

enum class Thing { pipe, device, link_out, link_to_itself, folder };

void put(Thing thing, const fs::path& path)
{
    fs::remove_all(path);
    switch (thing) {
        case Thing::pipe:
            if (::mkfifo(path.c_str(), 0600) != 0) qFatal("no pipe");
            break;
        case Thing::device:
            fs::create_symlink("/dev/zero", path);
            break;
        case Thing::link_out:
            fs::create_symlink("/etc/passwd", path);
            break;
        case Thing::link_to_itself:
            fs::create_symlink(path.filename(), path);
            break;
        case Thing::folder:
            fs::create_directories(path);
            break;
    }
}

constexpr Thing things[] = {Thing::pipe, Thing::device, Thing::link_out, Thing::link_to_itself, Thing::folder};

}  // namespace

class HostilePlaces : public QObject {
    Q_OBJECT
private slots:
    void things_that_are_no_files();
    void things_that_take_the_place_of_files();
    void a_log_that_is_none();
    void a_folder_that_is_a_link();
    void a_disk_that_is_full();
    void a_place_that_can_not_be_written();
    void two_that_write_at_once();
    void more_files_than_may_be();
};

void HostilePlaces::things_that_are_no_files()
{
    for (const Thing thing : things) {
        const fs::path folder = scratch("things"), file = scratch("things.fedcase");
        SignedFederation federation("ed25519", 3, 1);
        federation.write(folder);
        put(thing, folder / "updates/r1-site-00.npy");
        put(thing, folder / "certs/site-01.pem");
        put(thing, folder / "certs/crl.pem");
        put(thing, folder / "checkpoints/r1.npy");
        OK(take_in(folder, file));
        TAKE(auto store, CaseFile::open(file));
        TAKE(const auto updates, store->updates());
        QCOMPARE(updates.size(), std::size_t{3});
        QVERIFY(!updates[0].usable() && updates[1].usable() && updates[2].usable());
        TAKE(const auto files, store->certificate_files());
        for (const model::CertificateFile& certificate : files) {
            const bool gone = certificate.path == "certs/site-01.pem" || certificate.path == "certs/crl.pem";
            QCOMPARE(certificate.bytes.empty(), gone);
            if (gone) QVERIFY(certificate.state != "ok");
        }
        model::Progress progress;
        TAKE(const auto result, storage::verify_case(*store, {}, progress));
        QVERIFY(result.intact());
    }
}

void HostilePlaces::things_that_take_the_place_of_files()
{
    for (const Thing thing : things) {
        const fs::path folder = scratch("swapped"), file = scratch("swapped.fedcase");
        SignedFederation("ed25519", 2, 1).write(folder);
        OK(take_in(folder, file, true));
        for (const char* name : {"updates/r1-site-00.npy", "certs/ca.pem", "federation.jsonl"})
            put(thing, folder / name);
        const auto again = take_in(folder, file, true);
        QVERIFY(!again);
        TAKE(auto store, CaseFile::open(file, CaseFile::Mode::read_only));
        model::Progress progress;
        TAKE(const auto result, storage::verify_case(*store, {}, progress));
        std::set<std::string> named;
        for (const auto& problem : result.problems)
            if (problem.what == "evidence") named.insert(problem.where);
        QVERIFY(named.contains("updates/r1-site-00.npy") && named.contains("certs/ca.pem"));
        QVERIFY(named.size() == 3);
        float number = 0;
        const model::VectorRef row = update_ref(1, "site-00");
        QVERIFY(!store->read(std::span(&row, 1), 0, 1, &number));
    }
}

void HostilePlaces::a_log_that_is_none()
{
    for (const Thing thing : things) {
        const fs::path folder = scratch("nolog");
        fs::create_directories(folder);
        put(thing, folder / "federation.jsonl");
        const fs::path file = scratch("nolog.fedcase");
        const auto taken = take_in(folder, file);
        QVERIFY(!taken && !taken.error().message.empty());
        QVERIFY(!fs::exists(file));
    }
}

void HostilePlaces::a_folder_that_is_a_link()
{
    const fs::path folder = scratch("linked"), outside = scratch("outside");
    SignedFederation("ed25519", 2, 1).write(folder);
    fs::rename(folder / "updates", outside);
    fs::create_symlink(outside, folder / "updates");
    OK(take_in(folder, scratch("linked.fedcase")));
    TAKE(auto store, CaseFile::open(fs::path(FEDSLEUTH_SCRATCH) / "linked.fedcase"));
    TAKE(const auto updates, store->updates());
    for (const model::Update& update : updates) {
        QCOMPARE(update.state, model::SnapshotState::refused);
        QVERIFY(update.state_text.find("leads out of the evidence folder") != std::string::npos);
    }
}

/// A limit on how large files may grow stands for a disk that fills up: writing fails in the same places.
void HostilePlaces::a_disk_that_is_full()
{
    const fs::path folder = scratch("full");
    FolderMaker maker(folder);
    maker.rounds(1, 6, 2);
    maker.flush();
    const fs::path whole = scratch("whole.fedcase");
    OK(take_in(folder, whole));
    const auto size = static_cast<rlim_t>(fs::file_size(whole));
    int stopped = 0;
    for (int share = 1; share <= 8; ++share) {
        const fs::path file = scratch("full.fedcase");
        const pid_t child = ::fork();
        if (child == 0) {
            std::signal(SIGXFSZ, SIG_IGN);
            const rlim_t limit = size * static_cast<rlim_t>(share) / 9;
            const rlimit most{limit, limit};
            ::setrlimit(RLIMIT_FSIZE, &most);
            const auto taken = take_in(folder, file);
            ::_exit(taken ? 0 : taken.error().message.empty() ? 2 : 1);
        }
        int status = 0;
        QCOMPARE(::waitpid(child, &status, 0), child);
        QVERIFY2(WIFEXITED(status) && WEXITSTATUS(status) == 1, std::to_string(share).c_str());
        if (fs::exists(file)) {
            TAKE(auto store, CaseFile::open(file, CaseFile::Mode::read_only));  // what was committed is whole
            TAKE(const auto updates, store->updates());
            QVERIFY(updates.size() < 12);
            stopped += !updates.empty();
        }
        OK(take_in(folder, file));  // there is room again
        TAKE(auto store, CaseFile::open(file, CaseFile::Mode::read_only));
        QCOMPARE(store->updates()->size(), std::size_t{12});
        model::Progress progress;
        TAKE(const auto result, storage::verify_case(*store, {}, progress));
        QVERIFY(result.intact());
    }
    QVERIFY(stopped >= 2);  // some of them in the middle
}

void HostilePlaces::a_place_that_can_not_be_written()
{
    const fs::path folder = scratch("placeless");
    SignedFederation("ed25519", 1, 1).write(folder);
    const auto taken = take_in(folder, "/proc/fedsleuth.fedcase");
    QVERIFY(!taken);
    QCOMPARE(taken.error().code, ErrorCode::io);
    const auto nowhere = take_in(folder, folder.parent_path() / "no/such/folder/a.fedcase");
    QVERIFY(!nowhere && !nowhere.error().message.empty());
}

void HostilePlaces::two_that_write_at_once()
{
    const fs::path folder = scratch("twice"), file = scratch("twice.fedcase");
    SignedFederation("ed25519", 2, 1).write(folder);
    OK(take_in(folder, file));
    TAKE(auto first, CaseFile::open(file));
    TAKE(auto second, CaseFile::open(file));
    for (int idx = 0; idx < 10; ++idx) {
        auto& store = idx % 2 ? *first : *second;
        OK(store.add_decision({model::ClientId{"site-00"}, model::VerdictClass::watch, std::to_string(idx), {}, {}}));
    }
    QCOMPARE(first->decisions()->size(), std::size_t{10});
    QCOMPARE(second->custody()->size(), std::size_t{11});
    model::Progress progress;
    TAKE(const auto result, storage::verify_case(*second, {}, progress));
    QVERIFY(result.intact());
}

void HostilePlaces::more_files_than_may_be()
{
    const fs::path folder = scratch("crowded"), file = scratch("crowded.fedcase");
    SignedFederation("ed25519", 2, 2).write(folder);
    storage::IngestOptions options;
    model::Progress progress;
    options.limits.listed_files = 10;
    for (int idx = 0; idx < 10; ++idx) write_text(folder / "updates" / ("more-" + std::to_string(idx)), "x");
    const auto refused = storage::ingest(folder, file, options, progress);
    QCOMPARE(refused.error().code, ErrorCode::limit);
    QVERIFY2(refused.error().text().find("holds more than 10 files") != std::string::npos,
             refused.error().text().c_str());
    QVERIFY(!fs::exists(file));
    options.limits.listed_files = 100;
    QVERIFY(storage::ingest(folder, file, options, progress).has_value());
    TAKE(auto store, CaseFile::open(file, CaseFile::Mode::read_only));
    TAKE(const auto issues, store->import_issues());
    QVERIFY(std::ranges::any_of(issues, [](const model::ImportIssue& issue) {
        return issue.text.find("the log does not name 10 files in this folder: more-0, more-1, more-2, …") == 0;
    }));
}

QTEST_GUILESS_MAIN(HostilePlaces)
#include "tst_hostile_places.moc"
