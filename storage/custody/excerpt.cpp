// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/custody/excerpt.h"

#include "storage/case/case_inside.h"
#include "storage/custody/digest.h"
#include "storage/custody/file_digest.h"
#include "storage/evidence/evidence_folder.h"
#include "storage/ingest/log_prefix.h"

#include <algorithm>
#include <deque>
#include <fstream>
#include <string_view>

namespace fedsleuth::storage {

using model::ErrorCode;
using model::Result;

namespace {

/// Takes a file's pieces in order and keeps the lines around one of them.
class Neighbourhood {
public:
    Neighbourhood(std::int64_t line, const ExcerptLimits& limits) : wanted_(std::max<std::int64_t>(line, 1)), limits_(limits)
    {
        current_.number = 1;
    }

    /// False once nothing more is wanted.
    bool take(std::string_view piece)
    {
        while (!piece.empty()) {
            const std::size_t end = piece.find('\n');
            add(piece.substr(0, end));
            if (end == std::string_view::npos) return true;
            piece.remove_prefix(end + 1);
            if (current_.number == wanted_) digest_.add("\n");
            if (!next_line()) return false;
        }
        return true;
    }
    /// The file has ended: the last line may have no line break.
    void finish()
    {
        if (!current_.text.empty()) static_cast<void>(next_line());
    }

    [[nodiscard]] Excerpt excerpt() &&
    {
        return {{std::make_move_iterator(lines_.begin()), std::make_move_iterator(lines_.end())}, found_, {}};
    }
    [[nodiscard]] const std::string& line_digest() const { return line_digest_; }

private:
    [[nodiscard]] bool is_near() const { return current_.number >= wanted_ - limits_.around; }
    void add(std::string_view text)
    {
        if (!is_near()) return;
        const bool is_wanted = current_.number == wanted_;
        if (is_wanted) digest_.add(text);
        const std::int64_t most = is_wanted ? limits_.line_bytes : limits_.neighbour_bytes;
        const auto room = static_cast<std::size_t>(most) - std::min(current_.text.size(), static_cast<std::size_t>(most));
        current_.text.append(text.substr(0, room));
        current_.left_out += static_cast<std::int64_t>(text.size() - std::min(room, text.size()));
    }
    bool next_line()
    {
        const std::int64_t number = current_.number;
        if (number == wanted_) {
            found_ = true;
            line_digest_ = digest_.hex();
        }
        if (is_near()) lines_.push_back(std::move(current_));
        current_ = {};
        current_.number = number + 1;
        return number < wanted_ + limits_.around;
    }

    std::int64_t wanted_;
    ExcerptLimits limits_;
    std::deque<Excerpt::Line> lines_;
    Excerpt::Line current_;
    Sha256 digest_;
    std::string line_digest_;
    bool found_ = false;
};

/// Whether the line, or with line 0 the file, is the one that was taken in.
Result<std::optional<bool>> is_unchanged(Database& database, const std::filesystem::path& real, const std::string& path,
                                         std::int64_t line, const std::string& line_digest)
{
    if (line > 0) {
        FEDSLEUTH_TRY(Statement known, database.prepare("SELECT lower(hex(digest)) FROM log_line WHERE line = ?1"
                                                        " AND ?2 IN (SELECT path FROM other_file WHERE role = 'log')"));
        known.start(line, path);
        FEDSLEUTH_TRY(const bool found, known.step());
        if (!found) return std::nullopt;
        return line_digest.starts_with(known.text(0));
    }
    FEDSLEUTH_TRY(Statement known, database.prepare("SELECT sha256 FROM other_file WHERE path = ?1 AND role <> 'log'"));
    known.start(path);
    FEDSLEUTH_TRY(const bool found, known.step());
    if (!found) return std::nullopt;
    FEDSLEUTH_TRY(const std::string now, sha256_of_file(real));
    return now == known.text(0);
}

}  // namespace

Result<Excerpt> read_excerpt(CaseFile& file, const std::string& path, std::int64_t line, model::Progress& progress,
                             const ExcerptLimits& limits)
{
    FEDSLEUTH_TRY(const std::string place, file.evidence_folder());
    FEDSLEUTH_TRY(const EvidenceFolder folder, EvidenceFolder::open(place));
    FEDSLEUTH_TRY(const std::filesystem::path real, folder.resolve(path));
    std::ifstream stream(real, std::ios::binary);
    if (!stream) return model::fail(ErrorCode::io, "can't be read", real.string());

    Neighbourhood neighbourhood(line, limits);
    std::string piece(1 << 18, '\0');
    bool more = true;
    while (more && stream) {
        if (progress.stopped()) return model::fail(ErrorCode::cancelled, "stopped while the file was read");
        stream.read(piece.data(), static_cast<std::streamsize>(piece.size()));
        const auto count = static_cast<std::size_t>(stream.gcount());
        more = neighbourhood.take(std::string_view(piece).substr(0, count));
        progress.advance(static_cast<std::int64_t>(count));
    }
    if (stream.bad()) return model::fail(ErrorCode::io, "can't be read to its end", real.string());
    if (more) neighbourhood.finish();
    FEDSLEUTH_TRY(const std::optional<bool> unchanged,
                  is_unchanged(file.inside().database, real, path, line, neighbourhood.line_digest()));
    Excerpt excerpt = std::move(neighbourhood).excerpt();
    excerpt.unchanged = unchanged;
    return excerpt;
}

}  // namespace fedsleuth::storage
