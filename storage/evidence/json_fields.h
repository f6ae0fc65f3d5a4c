// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/federation.h"
#include "model/json_writer.h"
#include "storage/evidence/limits.h"

#include <cstdint>
#include <optional>
#include <simdjson.h>
#include <string>
#include <string_view>
#include <vector>

namespace fedsleuth::storage {

/// Python's json writes bare NaN, Infinity and -Infinity, which are no JSON. They are rewritten as strings that no line
/// can hold by itself: a control character that occurs nowhere in the line, escaped or not, then a letter.
class BareNumbers {
public:
    /// Rewrites the tokens that stand outside strings, where a value stands. False where the line uses up every
    /// control character itself, so that none is left to mark them with.
    [[nodiscard]] bool rewrite(std::string& line);
    /// The number that a string stands for.
    [[nodiscard]] std::optional<double> number(std::string_view text) const;

private:
    char mark_ = '\0';
    bool used_ = false;
};

/// Reads the keys of one JSON object by type, and remembers the first thing that is wrong, in a sentence that names
/// the key and what was expected. What nobody asked for is left over. null counts as not there.
class Fields {
public:
    Fields(simdjson::dom::object object, std::string path, const BareNumbers& bare, const Limits& limits);

    [[nodiscard]] bool has(std::string_view key);
    std::optional<std::string> text(std::string_view key);        ///< at most text_bytes
    std::optional<std::string> short_text(std::string_view key);  ///< ids, paths: not empty, at most name_bytes
    std::optional<double> number(std::string_view key);
    std::optional<std::int64_t> integer(std::string_view key, std::int64_t least);
    std::optional<bool> truth(std::string_view key);
    std::optional<model::Metrics> numbers(std::string_view key);
    std::optional<std::vector<std::string>> short_texts(std::string_view key);
    std::optional<simdjson::dom::object> object(std::string_view key);
    std::optional<simdjson::dom::array> array(std::string_view key);

    /// All keys not asked for yet whose value is a number.
    [[nodiscard]] model::Metrics take_numbers();

    /// Complains that a key that must be there is not.
    void require(std::string_view key, std::string_view expected);
    void complain(std::string sentence);
    [[nodiscard]] const std::string& complaint() const { return complaint_; }
    [[nodiscard]] bool fine() const { return complaint_.empty(); }

    /// What is left over as members of the writer's open object; true where there was any.
    bool write_rest(model::JsonWriter& json) const;
    [[nodiscard]] bool has_rest() const;
    /// The key as it is named in sentences: "privacy.epsilon".
    [[nodiscard]] std::string name_of(std::string_view key) const;

private:
    struct Field {
        std::string_view key;
        simdjson::dom::element value;
        bool taken = false;
    };
    [[nodiscard]] std::optional<simdjson::dom::element> take(std::string_view key);
    [[nodiscard]] std::optional<double> as_number(simdjson::dom::element value) const;
    void expected(std::string_view key, std::string_view what, simdjson::dom::element value);

    std::vector<Field> fields_;
    std::string path_;  ///< "privacy." or empty
    const BareNumbers& bare_;
    const Limits& limits_;
    std::string complaint_;
};

/// Writes any JSON value; a bare NaN or infinity becomes the string that Python writes for it.
void write_json(model::JsonWriter& json, simdjson::dom::element value, const BareNumbers& bare);

}  // namespace fedsleuth::storage
