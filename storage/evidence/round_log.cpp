// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/evidence/round_log.h"

#include "storage/evidence/evidence_text.h"
#include "storage/evidence/line_reader.h"
#include "storage/evidence/log_line.h"

#include <algorithm>
#include <exception>
#include <tuple>
#include <unordered_map>

namespace fedsleuth::storage {

using model::ErrorCode;
using model::fail;
using model::Result;

namespace {

constexpr const char* log_name = "federation.jsonl";
constexpr const char* other_types = "(further types)";

/// Collects what the lines say, and which of two lines for one thing counts.
class LogBuilder {
public:
    explicit LogBuilder(const Limits& limits) : limits_(limits), parser_(limits) {}

    void take(LineReader::Line& line)
    {
        const std::int64_t number = ++log_.lines;
        if (line.too_long) {
            complain("The line is longer than the limit of " + model::grouped(limits_.log_line_bytes) + " bytes");
            return;
        }
        if (number == 1 && line.text.starts_with("\xef\xbb\xbf")) line.text.erase(0, 3);  // a byte order mark
        if (line.text.find_first_not_of(" \t\r") == std::string::npos) return;
        line_bytes_ = static_cast<std::int64_t>(line.text.size());
        std::visit([this](auto&& noun) { this->add(std::forward<decltype(noun)>(noun)); }, parser_.parse(line.text));
    }

    RoundLog finish(const LineReader& reader, std::string sha256)
    {
        if (crowded_out_ > 0)
            log_.issues.push_back({log_name, first_crowded_out_,
                                   "From this line on " + model::grouped(crowded_out_) +
                                       (crowded_out_ == 1 ? " line was" : " lines were") +
                                       " not taken in: a log may name " + model::grouped(limits_.log_entries) +
                                       " clients, rounds, updates and checkpoints, in lines of " +
                                       model::grouped(limits_.log_entry_bytes) + " bytes together."});
        if (unlisted_issues_ > 0)
            log_.issues.push_back({log_name, 0,
                                   model::grouped(unlisted_issues_) +
                                       " further lines can't be taken either; they are not listed one by one."});
        log_.whole_bytes = reader.whole_bytes();
        log_.sha256 = std::move(sha256);
        return std::move(log_);
    }

private:
    void complain(const std::string& why)
    {
        if (static_cast<std::int64_t>(log_.issues.size()) >= limits_.log_issues)
            ++unlisted_issues_;
        else
            log_.issues.push_back({log_name, log_.lines, why + "."});
    }

    /// Counts one more thing that is kept; false where there is no room for it.
    bool has_room()
    {
        if (entries_ < limits_.log_entries && entry_bytes_ + line_bytes_ <= limits_.log_entry_bytes) {
            ++entries_;
            entry_bytes_ += line_bytes_;
            return true;
        }
        if (crowded_out_++ == 0) first_crowded_out_ = log_.lines;
        return false;
    }

    /// Appends the noun; an earlier one with the same key is superseded.
    template <class Noun, class Key>
    void keep(std::vector<Logged<Noun>>& nouns, std::map<Key, std::size_t>& latest, Key key, Noun&& noun)
    {
        if (!has_room()) return;
        const auto [known, is_new] = latest.try_emplace(std::move(key), nouns.size());
        if (!is_new) {
            nouns[known->second].superseded = true;
            known->second = nouns.size();
        }
        nouns.push_back({std::forward<Noun>(noun), log_.lines, false});
    }

    void add(BadLine&& bad) { complain(bad.why); }
    void add(UnknownLine&& unknown)
    {
        const bool room = static_cast<std::int64_t>(log_.unknown_types.size()) < limits_.unknown_types;
        const bool listed = room || log_.unknown_types.contains(unknown.type);
        ++log_.unknown_types[listed ? unknown.type : other_types];
    }
    void add(model::Federation&& federation)
    {
        if (log_.federation) {
            complain("The line describes the federation a second time: line " + std::to_string(log_.federation->line) +
                     " already does, and there must be exactly one");
            return;
        }
        log_.federation = {std::move(federation), log_.lines, false};
    }
    void add(model::Client&& client)
    {
        std::string key = client.id.text();
        keep(log_.clients, latest_clients_, std::move(key), std::move(client));
    }
    void add(model::Update&& update)
    {
        UpdateKey key{update.round.value(), update.client.text(), update.reference};
        keep(log_.updates, latest_updates_, std::move(key), std::move(update));
    }
    void add(model::Round&& round)
    {
        const std::int64_t key = round.number.value();
        keep(log_.rounds, latest_rounds_, std::int64_t{key}, std::move(round));
    }
    void add(model::Checkpoint&& checkpoint)
    {
        const std::int64_t key = checkpoint.round.value();
        keep(log_.checkpoints, latest_checkpoints_, std::int64_t{key}, std::move(checkpoint));
    }

    using UpdateKey = std::tuple<std::int64_t, std::string, bool>;
    const Limits& limits_;
    LogLineParser parser_;
    RoundLog log_;
    std::int64_t unlisted_issues_ = 0;
    std::int64_t line_bytes_ = 0;  ///< of the line at hand
    std::int64_t entries_ = 0, entry_bytes_ = 0;
    std::int64_t crowded_out_ = 0, first_crowded_out_ = 0;
    std::map<std::string, std::size_t> latest_clients_;
    std::map<UpdateKey, std::size_t> latest_updates_;
    std::map<std::int64_t, std::size_t> latest_rounds_;
    std::map<std::int64_t, std::size_t> latest_checkpoints_;
};

Result<RoundLog> read_lines(std::shared_ptr<ByteFile> file, const Limits& limits, model::Progress& progress)
{
    constexpr std::int64_t lines_between_reports = 256;
    progress.start("Reading the round log", file->size(), "bytes");
    LineReader reader(std::move(file), limits.log_line_bytes);
    LogBuilder builder(limits);
    LineReader::Line line;
    std::int64_t reported = 0;
    for (std::int64_t lines = 0;; ++lines) {
        FEDSLEUTH_TRY(const bool more, reader.next(line));
        if (!more || lines % lines_between_reports == 0) {
            progress.advance(reader.whole_bytes() - reported);
            reported = reader.whole_bytes();
            if (progress.stopped()) return fail(ErrorCode::cancelled, "stopped", log_name);
        }
        if (!more) break;
        builder.take(line);
    }
    return builder.finish(reader, reader.sha256());
}

}  // namespace

Result<RoundLog> read_round_log(const std::filesystem::path& file, const Limits& limits, model::Progress& progress)
{
    try {
        FEDSLEUTH_TRY(std::shared_ptr<ByteFile> bytes, ByteFile::open(file, limits.log_bytes));
        return read_lines(std::move(bytes), limits, progress);
    } catch (const std::exception& error) {
        return fail(ErrorCode::internal, std::string("could not be read: ") + error.what(), log_name);
    }
}

}  // namespace fedsleuth::storage
