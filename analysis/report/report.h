// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/report/report_data.h"

#include <cstdint>
#include <string>
#include <vector>

namespace fedsleuth::analysis {

/// One piece of a report's page. All text is plain; whoever prints it escapes it.
struct ReportBlock {
    enum class Kind { heading, paragraph, note, list, table, figure };
    Kind kind = Kind::paragraph;
    std::string text;                            ///< heading, paragraph, note; a table's or figure's caption
    std::vector<std::string> items;              ///< of a list; a table's column heads
    std::vector<std::vector<std::string>> rows;  ///< of a table
    std::vector<std::uint8_t> numbers;           ///< of a table: 1 where the column holds numbers
    std::string svg;                             ///< of a figure: a whole <svg> element, of SVG Tiny's shapes alone
};

struct ReportSection {
    std::string id;  ///< for the table of contents
    std::string title;
    bool by_people = false;  ///< an analyst's conclusions, set apart from what was computed
    std::vector<ReportBlock> blocks;
};

struct Report {
    std::string title;
    std::string headline;  ///< the answer in one or two sentences
    std::string made_at;   ///< RFC 3339 UTC; the one thing that differs between two reports of the same case
    std::string version;
    std::vector<ReportSection> sections;
    std::string json;  ///< everything, for programs; made_at included
};

struct ReportOptions {
    bool pseudonyms = false;  ///< "client-07" instead of the ids of the log, everywhere
    std::string made_at;
};

/// The report of a case as it stands. Before the first analysis it says so and holds what the evidence alone says.
[[nodiscard]] Report make_report(const ReportData& data, const ReportOptions& options);

/// One self-contained page: no script, nothing from the network, figures inline.
[[nodiscard]] std::string report_html(const Report& report);

/// `data` with every client id replaced: in the nouns, and in sentences wherever it stands alone. An id of up to four
/// digits stays in sentences, where it can't be told from a number; custody and the digests keep their hashes.
/// Pseudonyms are numbered in an order that does not follow the ids.
[[nodiscard]] ReportData pseudonymous(const ReportData& data);

}  // namespace fedsleuth::analysis
