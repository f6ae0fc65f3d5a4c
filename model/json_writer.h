// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fedsleuth::model {

/// Writes one JSON document, key by key. Numbers come out in the shortest form that reads back the same; what is
/// not finite, or not known, comes out as null. Text is taken as UTF-8; bytes that are not are replaced by U+FFFD.
class JsonWriter {
public:
    JsonWriter& begin_object();
    JsonWriter& end_object();
    JsonWriter& begin_array();
    JsonWriter& end_array();
    JsonWriter& key(std::string_view name);

    JsonWriter& value(std::string_view text);
    JsonWriter& value(const char* text) { return value(std::string_view(text)); }
    JsonWriter& value(const std::string& text) { return value(std::string_view(text)); }
    JsonWriter& value(double number);
    JsonWriter& value(std::int64_t number);
    JsonWriter& value(std::uint64_t number) { return value(static_cast<std::int64_t>(number)); }
    JsonWriter& value(int number) { return value(static_cast<std::int64_t>(number)); }
    JsonWriter& value(bool truth);
    JsonWriter& null();
    JsonWriter& raw(std::string_view json);  ///< a JSON value that is known to be well formed; empty: {}

    template <class T>
    JsonWriter& field(std::string_view name, const T& what)
    {
        key(name);
        return value(what);
    }
    /// Anything with has_value() and operator*.
    template <class Optional>
    JsonWriter& optional_field(std::string_view name, const Optional& what)
    {
        key(name);
        return what ? value(*what) : null();
    }

    [[nodiscard]] const std::string& text() const { return text_; }

private:
    void separate();

    std::string text_;
    std::vector<bool> has_items_;
    bool after_key_ = false;
};

/// `text` as a JSON string, quotes included.
[[nodiscard]] std::string json_string(std::string_view text);

}  // namespace fedsleuth::model
