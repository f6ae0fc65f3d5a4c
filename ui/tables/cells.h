// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/finding.h"
#include "model/ids.h"
#include "model/verdict.h"

#include <optional>
#include <QString>
#include <QVariant>
#include <string>

namespace fedsleuth::ui {

/// One cell of a table: what is read, and what is sorted by.
struct Cell {
    QString text;
    QVariant sort;  ///< the raw number or text; invalid where nothing is known: sorted last, either way
    QString tip;    ///< plain text; empty: the text itself
    std::optional<model::VerdictClass> mark;  ///< drawn before the text
};

/// Text from evidence, harmless: control and direction characters become visible escapes.
[[nodiscard]] QString shown(std::string_view text);
[[nodiscard]] inline QString shown(const model::ClientId& client) { return shown(client.text()); }
/// Text of our own.
[[nodiscard]] inline QString text_of(std::string_view text)
{
    return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}

[[nodiscard]] Cell unknown_cell();                                             ///< "–"
[[nodiscard]] Cell text_cell(const std::string& text);                         ///< from evidence; empty: unknown
[[nodiscard]] Cell count_cell(std::optional<std::int64_t> count);              ///< "1,234"
[[nodiscard]] Cell number_cell(std::optional<double> number, int digits = 3);  ///< significant digits; NaN: unknown
[[nodiscard]] Cell fixed_cell(std::optional<double> number, int decimals);     ///< a column of one scale lines up
[[nodiscard]] Cell scientific_cell(std::optional<double> number);  ///< "1.8e-07": magnitudes compare at a glance
[[nodiscard]] Cell percent_cell(std::optional<double> share, int decimals = 1);  ///< of a share of 1
[[nodiscard]] Cell probability_cell(std::optional<double> probability);          ///< "99.8 %", "> 99.9 %"
[[nodiscard]] Cell round_cell(std::optional<model::RoundNo> round);
[[nodiscard]] Cell bytes_cell(std::int64_t bytes);
[[nodiscard]] Cell kind_cell(const std::string& kind);  ///< of a finding, in words; the tooltip has its name
[[nodiscard]] Cell verdict_cell(model::VerdictClass verdict);  ///< mark and name
[[nodiscard]] Cell severity_cell(model::Severity severity);
[[nodiscard]] Cell time_cell(const std::string& rfc3339);  ///< time_text()

}  // namespace fedsleuth::ui
