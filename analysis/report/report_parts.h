// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/report/report.h"

#include <optional>
#include <string>
#include <vector>

namespace fedsleuth::analysis {

// One function a section of the report; report.cpp puts them together.

[[nodiscard]] std::string report_headline(const ReportData& data);
[[nodiscard]] ReportSection summary_section(const ReportData& data);
[[nodiscard]] ReportSection conclusions_section(const ReportData& data);
[[nodiscard]] ReportSection clients_section(const ReportData& data);
[[nodiscard]] ReportSection rollback_section(const ReportData& data);
[[nodiscard]] ReportSection findings_section(const ReportData& data);
[[nodiscard]] ReportSection privacy_section(const ReportData& data);
[[nodiscard]] ReportSection unchecked_section(const ReportData& data);
[[nodiscard]] ReportSection record_section(const ReportData& data, const ReportOptions& options);

[[nodiscard]] std::vector<std::string> not_checked(const ReportData& data);  ///< sentences
[[nodiscard]] std::string report_json(const ReportData& data, const Report& report, const ReportOptions& options);

// Building blocks.
[[nodiscard]] ReportBlock heading(std::string text);
[[nodiscard]] ReportBlock paragraph(std::string text);
[[nodiscard]] ReportBlock note(std::string text);
[[nodiscard]] ReportBlock list(std::vector<std::string> items);
[[nodiscard]] ReportBlock figure(std::string caption, std::string svg);
/// A head that begins with '#' marks a column of numbers.
[[nodiscard]] ReportBlock table(std::string caption, std::vector<std::string> heads,
                                std::vector<std::vector<std::string>> rows);

// Words.
[[nodiscard]] std::string round_text(std::optional<model::RoundNo> round);  ///< "14", "–"
[[nodiscard]] std::string rounds_text(std::vector<model::RoundNo> rounds);  ///< "5–9, 12"
[[nodiscard]] std::string probability_text(double probability);             ///< "99.8 %", "> 99.9 %"
[[nodiscard]] std::string percent_text(std::optional<double> share);        ///< of a share of 1
[[nodiscard]] std::string counted(std::int64_t count, const char* one, const char* many);
[[nodiscard]] std::string number_text(std::optional<double> number, int digits = 4);
[[nodiscard]] std::string metrics_text(const model::Metrics& metrics);
/// At most so many characters, for a figure's label.
[[nodiscard]] std::string short_label(const std::string& text, std::size_t most = 22);
[[nodiscard]] const char* color_of(model::VerdictClass verdict);
[[nodiscard]] const char* symbol_of(model::VerdictClass verdict);
/// Clients that are suspect or worse by decision or verdict, gravest first.
[[nodiscard]] std::vector<model::ClientId> accused(const ReportData& data);

}  // namespace fedsleuth::analysis
