// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/cli/terminal.h"
#include "model/federation.h"
#include "model/ids.h"
#include "model/json_writer.h"
#include "model/verdict.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fedsleuth::cli {

enum class Format { table, json, csv };

/// How grave a cell's content is; a colour, where colours are wanted.
enum class Tone { plain, faint, amber, orange, red };

/// One value, as a person and as a program reads it. `shown` holds no control characters.
struct Cell {
    std::string shown;
    std::string data;  ///< for CSV, as it is; empty where the value is not known
    Tone tone = Tone::plain;
};

[[nodiscard]] Cell unknown_cell();                                             ///< "–"
[[nodiscard]] Cell text_cell(std::string_view text, Tone tone = Tone::plain);  ///< unknown where empty
[[nodiscard]] Cell count_cell(std::int64_t count);                             ///< 1,234
[[nodiscard]] Cell count_cell(std::optional<std::int64_t> count);
[[nodiscard]] Cell round_cell(std::optional<model::RoundNo> round);         ///< a number, never grouped
[[nodiscard]] Cell rounds_cell(std::span<const model::RoundNo> rounds);     ///< "5–9, 12"
[[nodiscard]] Cell fixed_cell(std::optional<double> number, int decimals);  ///< so many decimals: a column lines up
[[nodiscard]] Cell number_cell(std::optional<double> number, int digits = 3);
[[nodiscard]] Cell class_cell(std::optional<model::VerdictClass> verdict);  ///< symbol and name: "■ malicious"
[[nodiscard]] Cell clients_cell(std::span<const model::ClientId> clients);
[[nodiscard]] Cell metrics_cell(const model::Metrics& metrics);  ///< "accuracy 0.91, loss 0.3"

struct Column {
    std::string_view key;    ///< CSV header: the JSON's key
    std::string_view title;  ///< for people, with the unit
    bool right = false;      ///< numbers stand right
    bool wraps = false;      ///< prose: broken into lines on a terminal (the last column only)
};

class Table {
public:
    explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

    void add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }
    /// What a reader of the table must know beside it; not in CSV.
    void note(std::string_view sentence);

    [[nodiscard]] std::string text(bool colour, int width) const;  ///< width 0: as wide as it gets
    /// RFC 4180, safe against formulas; on its way to a terminal with control characters made visible.
    [[nodiscard]] std::string csv(bool to_terminal) const;

private:
    std::vector<Column> columns_;
    std::vector<std::vector<Cell>> rows_;
    std::vector<std::string> notes_;
};

/// Prints one answer in the format that was asked for.
[[nodiscard]] model::Result<void> print(const Terminal& terminal, Format format, const Table& table,
                                        const model::JsonWriter& json);

// Pieces of JSON that several answers share.

/// As it stands in the case where it is well-formed JSON, else as a string: a damaged case must not break the document.
void raw_or_text(model::JsonWriter& json, std::string_view key, std::string_view raw);
void text_or_null(model::JsonWriter& json, std::string_view key, std::string_view text);
void round_or_null(model::JsonWriter& json, std::string_view key, std::optional<model::RoundNo> round);
void metrics_field(model::JsonWriter& json, std::string_view key, const model::Metrics& metrics);
void clients_field(model::JsonWriter& json, std::string_view key, std::span<const model::ClientId> clients);
void numbers_field(model::JsonWriter& json, std::string_view key, std::span<const double> numbers);

/// "1 round", "2 rounds", "1,200 rounds".
[[nodiscard]] std::string plural(std::int64_t count, std::string_view one, std::string_view many);

}  // namespace fedsleuth::cli
