// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/custody/excerpt.h"

#include "storage/case_helpers.h"
#include "support/signed_federation.h"

#include <QtTest>

using namespace fedsleuth;
using namespace fedsleuth::test;
using storage::CaseFile;
using storage::Excerpt;

class ExcerptTest : public QObject {
    Q_OBJECT
private slots:
    void init()
    {
        store_.reset();
        folder_ = scratch("excerpt");
        const fs::path path = scratch("excerpt.fedcase");
        SignedFederation("ed25519", 2, 2).write(folder_);
        OK(take_in(folder_, path));
        store_ = std::move(*CaseFile::open(path, CaseFile::Mode::read_only));
        lines_.clear();
        std::istringstream log(contents_of(folder_ / "federation.jsonl"));
        for (std::string line; std::getline(log, line);) lines_.push_back(line);
        QVERIFY(lines_.size() > 8);
    }

    void every_line_comes_with_those_around_it()
    {
        storage::ExcerptLimits limits;
        limits.around = 2;
        for (std::size_t at = 1; at <= lines_.size(); ++at) {
            const auto excerpt = read(static_cast<std::int64_t>(at), limits);
            QVERIFY(excerpt && excerpt->found);
            QCOMPARE(excerpt->unchanged, std::optional(true));
            const std::size_t first = at > 2 ? at - 2 : 1, last = std::min(at + 2, lines_.size());
            QCOMPARE(excerpt->lines.size(), last - first + 1);
            for (std::size_t number = first; number <= last; ++number) {
                QCOMPARE(excerpt->lines[number - first].number, static_cast<std::int64_t>(number));
                QCOMPARE(excerpt->lines[number - first].text, lines_[number - 1]);
                QCOMPARE(excerpt->lines[number - first].left_out, std::int64_t{0});
            }
        }
        const auto behind = read(static_cast<std::int64_t>(lines_.size()) + 1, limits);
        QVERIFY(behind && !behind->found);
    }

    void long_lines_are_cut_and_counted()
    {
        storage::ExcerptLimits limits;
        limits.line_bytes = 30;
        limits.neighbour_bytes = 5;
        const auto excerpt = read(3, limits);
        QVERIFY(excerpt && excerpt->unchanged == true);  // going by all of it
        for (const Excerpt::Line& line : excerpt->lines) {
            const std::size_t most = line.number == 3 ? 30 : 5;
            QCOMPARE(line.text, lines_[static_cast<std::size_t>(line.number) - 1].substr(0, most));
            QCOMPARE(line.text.size() + static_cast<std::size_t>(line.left_out),
                     lines_[static_cast<std::size_t>(line.number) - 1].size());
        }
    }

    void a_line_that_was_changed_says_so()
    {
        std::string log = contents_of(folder_ / "federation.jsonl");
        log.insert(lines_[0].size() + 1 + lines_[1].size() / 2, " ");
        write_text(folder_ / "federation.jsonl", log);
        QCOMPARE(read(1)->unchanged, std::optional(true));
        QCOMPARE(read(2)->unchanged, std::optional(false));
        QCOMPARE(read(3)->unchanged, std::optional(true));
    }

    void a_file_is_shown_from_its_start()
    {
        model::Progress progress;
        const auto excerpt = storage::read_excerpt(*store_, "certs/site-00.pem", 0, progress);
        QVERIFY2(excerpt.has_value(), excerpt ? "" : excerpt.error().text().c_str());
        QVERIFY(excerpt->found && excerpt->unchanged == true);
        QCOMPARE(excerpt->lines.front().text, std::string("-----BEGIN CERTIFICATE-----"));
        write_text(folder_ / "certs/site-00.pem", "another\n");
        QCOMPARE(storage::read_excerpt(*store_, "certs/site-00.pem", 0, progress)->unchanged, std::optional(false));
    }

    void what_is_not_there_or_no_file_is_an_error()
    {
        using model::ErrorCode;
        model::Progress progress;
        QCOMPARE(storage::read_excerpt(*store_, "../secret", 1, progress).error().code, ErrorCode::refused);
        QCOMPARE(storage::read_excerpt(*store_, "updates", 1, progress).error().code, ErrorCode::refused);
        QCOMPARE(storage::read_excerpt(*store_, "none", 1, progress).error().code, ErrorCode::not_found);
        model::Progress stopped;
        stopped.stop();
        QCOMPARE(storage::read_excerpt(*store_, "federation.jsonl", 1, stopped).error().code, ErrorCode::cancelled);
        fs::rename(folder_, folder_.string() + "-moved");
        QCOMPARE(read(1).error().code, ErrorCode::not_found);
        fs::remove_all(folder_.string() + "-moved");
    }

private:
    model::Result<Excerpt> read(std::int64_t line, const storage::ExcerptLimits& limits = {})
    {
        model::Progress progress;
        return storage::read_excerpt(*store_, "federation.jsonl", line, progress, limits);
    }

    fs::path folder_;
    std::unique_ptr<CaseFile> store_;
    std::vector<std::string> lines_;
};

QTEST_GUILESS_MAIN(ExcerptTest)
#include "tst_excerpt.moc"
