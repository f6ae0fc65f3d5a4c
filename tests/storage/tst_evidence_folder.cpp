// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/evidence/evidence_folder.h"
#include "storage/evidence_builders.h"

#include <sys/stat.h>

using namespace fedsleuth;
using namespace fedsleuth::tests;
namespace fs = std::filesystem;

class TestEvidenceFolder : public QObject {
    Q_OBJECT

    fs::path root_;
    std::optional<storage::EvidenceFolder> folder_;

private slots:
    void init()
    {
        root_ = fs::path(FEDSLEUTH_SCRATCH) / "evidence";
        fs::remove_all(FEDSLEUTH_SCRATCH);
        write_file("evidence/federation.jsonl", "");
        write_file("evidence/updates/a.npz", "inside");
        write_file("evidence-2/secret", "outside");
        write_file("secret", "outside");
        auto opened = storage::EvidenceFolder::open(root_);
        QVERIFY(opened.has_value());
        folder_.emplace(std::move(*opened));
    }

    void opens_folders_alone()
    {
        QCOMPARE(folder_->root(), fs::canonical(root_));
        QCOMPARE(folder_->log_path(), fs::canonical(root_) / "federation.jsonl");
        REFUSED(storage::EvidenceFolder::open(root_ / "nothing"), not_found, "there is no such folder");
        REFUSED(storage::EvidenceFolder::open(root_ / "federation.jsonl"), not_found, "is a file, not a folder");
        REFUSED(storage::EvidenceFolder::open(root_ / "federation.jsonl" / "x"), not_found, "there is no such folder");
    }

    void resolves_what_lies_inside()
    {
        for (const char* const path : {"updates/a.npz", "./updates/a.npz", "updates//a.npz", "updates/./a.npz"}) {
            const auto resolved = folder_->resolve(path);
            QVERIFY2(resolved.has_value(), path);
            QCOMPARE(read_file(*resolved), std::string("inside"));
        }
        REFUSED(folder_->resolve("updates/b.npz"), not_found, "\"updates/b.npz\": there is no such file");
        REFUSED(folder_->resolve("federation.jsonl/x"), not_found, "there is no such file");
    }

    void refuses_paths_that_leave_by_name()
    {
        using namespace std::string_view_literals;
        REFUSED(folder_->resolve(""), refused, "an empty path");
        REFUSED(folder_->resolve("/etc/passwd"), refused, "an absolute path");
        REFUSED(folder_->resolve("../secret"), refused, "a path with \"..\"");
        REFUSED(folder_->resolve("updates/../../secret"), refused, "a path with \"..\"");
        REFUSED(folder_->resolve("updates/../updates/a.npz"), refused, "a path with \"..\"");
        REFUSED(folder_->resolve(".."), refused, "a path with \"..\"");
        REFUSED(folder_->resolve("..\\secret"), refused, "a backslash");
        REFUSED(folder_->resolve("updates/a.npz\0.txt"sv), refused, "a NUL byte");
        REFUSED(folder_->resolve(std::string(5000, 'a')), refused, "a path of 5000 bytes");
        // Dots that are only part of a name lead nowhere.
        write_file("evidence/..a", "inside");
        QVERIFY(folder_->resolve("..a").has_value());
    }

    void follows_links_only_within()
    {
        fs::create_symlink("a.npz", root_ / "updates/inside");
        fs::create_symlink(fs::canonical(root_) / "updates", root_ / "more");
        fs::create_symlink("../../secret", root_ / "updates/out");
        fs::create_symlink("/etc", root_ / "etc");
        fs::create_symlink(fs::canonical(root_).string() + "-2", root_ / "neighbour");
        fs::create_symlink("circle", root_ / "circle");
        QCOMPARE(read_file(folder_->resolve("updates/inside").value()), std::string("inside"));
        QCOMPARE(read_file(folder_->resolve("more/a.npz").value()), std::string("inside"));
        REFUSED(folder_->resolve("updates/out"), refused, "a link that leads out of the evidence folder");
        REFUSED(folder_->resolve("etc/passwd"), refused, "a link that leads out of the evidence folder");
        // "evidence-2" begins with the folder's own name and is still another folder.
        REFUSED(folder_->resolve("neighbour/secret"), refused, "a link that leads out of the evidence folder");
        REFUSED(folder_->resolve("circle"), refused, "a link that leads to itself");
    }

    void refuses_what_is_no_regular_file()
    {
        REFUSED(folder_->resolve("updates"), refused, "not a regular file");
        REFUSED(folder_->resolve("."), refused, "not a regular file");
        QCOMPARE(::mkfifo((root_ / "pipe").c_str(), 0600), 0);
        REFUSED(folder_->resolve("pipe"), refused, "not a regular file");
        // And where a FIFO takes the file's place after it was resolved, opening it must not wait for a writer.
        REFUSED(storage::open_snapshot(root_ / "pipe"), refused, "is not a regular file");
    }

    void opens_through_a_link_to_the_folder_itself()
    {
        fs::create_symlink(root_, fs::path(FEDSLEUTH_SCRATCH) / "link");
        const auto linked = storage::EvidenceFolder::open(fs::path(FEDSLEUTH_SCRATCH) / "link");
        QVERIFY(linked.has_value());
        QCOMPARE(linked->root(), folder_->root());
        QVERIFY(linked->resolve("updates/a.npz").has_value());
    }

    void makes_paths_visible_in_messages()
    {
        REFUSED(folder_->resolve("a\x1b[31m\n"), not_found, "\"a\\x1b[31m\\x0a\"");
    }
};

namespace QTest {
template <>
char* toString(const fs::path& path)
{
    return qstrdup(path.c_str());
}
}  // namespace QTest

QTEST_GUILESS_MAIN(TestEvidenceFolder)
#include "tst_evidence_folder.moc"
