// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/evidence/npy_literal.h"

#include "storage/evidence/evidence_text.h"

#include <charconv>

namespace fedsleuth::storage {

using model::Result;

namespace {

class Parser {
public:
    Parser(std::string_view text, bool python2_longs, const std::string& where)
        : text_(text), python2_longs_(python2_longs), where_(where)
    {
    }

    Result<NpyLiteral> parse()
    {
        FEDSLEUTH_CHECK(expect('{'));
        bool has_descr = false;
        bool has_order = false;
        bool has_shape = false;
        while (!accept('}')) {
            FEDSLEUTH_TRY(const std::string_view key, string());
            FEDSLEUTH_CHECK(expect(':'));
            bool* const seen = key == "descr"           ? &has_descr
                               : key == "fortran_order" ? &has_order
                               : key == "shape"         ? &has_shape
                                                        : nullptr;
            if (seen == nullptr) return wrong("holds the key " + in_quotes(key) + ", which no NumPy header has");
            if (*seen) return wrong("holds the key " + in_quotes(key) + " twice");
            *seen = true;
            FEDSLEUTH_CHECK(seen == &has_descr ? descr() : seen == &has_order ? fortran_order() : shape());
            if (literal_.structured) return literal_;  // what a structured array holds is not read on
            if (!accept(',') && !peek('}')) return wrong("lacks a comma or a closing brace");
        }
        skip_space();
        if (at_ != text_.size()) return wrong("goes on behind its closing brace");
        if (!has_descr) return wrong("lacks the key 'descr'");
        if (!has_order) return wrong("lacks the key 'fortran_order'");
        if (!has_shape) return wrong("lacks the key 'shape'");
        return literal_;
    }

private:
    tl::unexpected<model::Error> wrong(const std::string& what) const
    {
        return malformed("its header " + what + " (byte " + std::to_string(at_) + " of the header)", where_);
    }
    void skip_space()
    {
        while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) ++at_;
    }
    bool peek(char character)
    {
        skip_space();
        return at_ < text_.size() && text_[at_] == character;
    }
    bool accept(char character)
    {
        if (!peek(character)) return false;
        ++at_;
        return true;
    }
    Result<void> expect(char character)
    {
        if (accept(character)) return {};
        return wrong(std::string("lacks '") + character + "'");
    }
    bool accept_word(std::string_view word)
    {
        skip_space();
        if (text_.substr(at_, word.size()) != word) return false;
        at_ += word.size();
        return true;
    }

    Result<std::string_view> string()
    {
        skip_space();
        const char quote = at_ < text_.size() ? text_[at_] : '\0';
        if (quote != '\'' && quote != '"') return wrong("lacks a string");
        const std::size_t end = text_.find(quote, at_ + 1);
        if (end == std::string_view::npos) return wrong("holds a string without an end");
        const std::string_view inside = text_.substr(at_ + 1, end - at_ - 1);
        if (inside.find_first_of("\\\n") != std::string_view::npos) return wrong("holds an escape in a string");
        at_ = end + 1;
        return inside;
    }
    Result<void> descr()
    {
        if (peek('[') || peek('(')) {
            literal_.structured = true;
            return {};
        }
        FEDSLEUTH_TRY(literal_.descr, string());
        return {};
    }
    Result<void> fortran_order()
    {
        literal_.fortran_order = accept_word("True");
        if (!literal_.fortran_order && !accept_word("False")) return wrong("lacks True or False for 'fortran_order'");
        return {};
    }
    Result<void> shape()
    {
        FEDSLEUTH_CHECK(expect('('));
        bool comma = true;
        while (!accept(')')) {
            if (!comma) return wrong("lacks a comma in 'shape'");
            skip_space();
            std::int64_t extent = 0;
            const char* const end = text_.data() + text_.size();
            const auto [stop, error] = std::from_chars(text_.data() + at_, end, extent);
            if (error != std::errc() || extent < 0) return wrong("lacks a whole number from 0 to 2^63 − 1 in 'shape'");
            at_ = static_cast<std::size_t>(stop - text_.data());
            if (python2_longs_ && at_ < text_.size() && text_[at_] == 'L') ++at_;
            literal_.shape.push_back(extent);
            comma = accept(',');
        }
        // In Python (5) is a number; only (5,) is a tuple.
        if (literal_.shape.size() == 1 && !comma) return wrong("has a number for 'shape', not a tuple");
        return {};
    }

    std::string_view text_;
    bool python2_longs_;
    const std::string& where_;
    std::size_t at_ = 0;
    NpyLiteral literal_;
};

}  // namespace

Result<NpyLiteral> parse_npy_literal(std::string_view text, bool python2_longs, const std::string& where)
{
    return Parser(text, python2_longs, where).parse();
}

}  // namespace fedsleuth::storage
