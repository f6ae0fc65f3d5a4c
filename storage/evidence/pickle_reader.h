// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "storage/evidence/pickle.h"

#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace fedsleuth::storage {

/// The stack machine that reads one pickle into inert values. The stack, the marks and the memo are pickle's own; what
/// would be a call is looked up by name in pickle_calls.cpp and becomes a value, or a refusal.
class PickleReader {
public:
    using Id = Pickle::Id;
    using Kind = Pickle::Kind;
    using Value = Pickle::Value;

    PickleReader(std::string_view bytes, const std::string& where, const Limits& limits);
    [[nodiscard]] model::Result<Pickle> run();

private:
    static constexpr Id unset = std::numeric_limits<Id>::max();

    // pickle.cpp: opcodes
    [[nodiscard]] model::Result<void> step(unsigned char opcode);
    [[nodiscard]] model::Result<void> step_number(unsigned char opcode);
    [[nodiscard]] model::Result<void> step_text(unsigned char opcode);
    [[nodiscard]] model::Result<void> step_tuple(unsigned char opcode);
    [[nodiscard]] model::Result<void> step_container(unsigned char opcode);
    [[nodiscard]] model::Result<void> step_memo(unsigned char opcode);
    [[nodiscard]] model::Result<void> append(Id list, const std::vector<Id>& items);
    [[nodiscard]] model::Result<void> set_items(Id dict, const std::vector<Id>& items);
    [[nodiscard]] model::Result<void> stop();

    // pickle_calls.cpp: names and what they would make
    [[nodiscard]] model::Result<void> global();
    [[nodiscard]] model::Result<void> reduce(bool as_class);
    [[nodiscard]] model::Result<void> build();
    [[nodiscard]] model::Result<void> persistent_id();
    [[nodiscard]] model::Result<void> make_ordered_dict(const Value& arguments);
    [[nodiscard]] model::Result<void> make_tensor(const Value& arguments, bool with_dtype);
    [[nodiscard]] model::Result<void> make_parameter(const Value& arguments);
    [[nodiscard]] model::Result<void> make_size(const Value& arguments);
    [[nodiscard]] bool is_shape(Id id) const;
    [[nodiscard]] bool are_hooks(Id id) const;

    // The machine.
    [[nodiscard]] model::Result<std::string_view> take(std::uint64_t length);
    [[nodiscard]] model::Result<std::uint64_t> take_number(std::uint64_t length);
    [[nodiscard]] model::Result<std::string_view> take_line();
    [[nodiscard]] model::Result<void> push(Value value);
    [[nodiscard]] model::Result<void> push_items(Kind kind, std::vector<Id> items);
    [[nodiscard]] model::Result<Id> pop();
    [[nodiscard]] model::Result<std::vector<Id>> pop_mark();
    [[nodiscard]] model::Result<Id> top() const;
    [[nodiscard]] model::Result<void> deepen(Id container, Id item);
    [[nodiscard]] tl::unexpected<model::Error> wrong(std::string message) const;
    [[nodiscard]] tl::unexpected<model::Error> refuse(std::string message, std::string hint = {}) const;
    [[nodiscard]] tl::unexpected<model::Error> refuse_global(std::string_view module, std::string_view name) const;
    [[nodiscard]] tl::unexpected<model::Error> refuse_opcode(unsigned char opcode) const;
    [[nodiscard]] std::string place_here() const;
    [[nodiscard]] const Value& at(Id id) const { return pickle_.values_[id]; }

    std::string_view bytes_;
    const std::string& where_;
    const Limits& limits_;
    std::size_t at_ = 0;       ///< next byte
    std::size_t opcode_at_ = 0;
    bool stopped_ = false;
    Pickle pickle_;
    std::vector<Id> stack_;
    std::vector<std::size_t> marks_;  ///< height of the stack under each
    std::vector<Id> memo_;
};

/// The kind of a value, for messages: "a tensor", "a list", …
[[nodiscard]] std::string_view kind_text(Pickle::Kind kind);

/// "refused: its pickle asks for posix.system", naming what it asks for, the given one first, and a hint.
[[nodiscard]] model::Error refusal_of_globals(std::string_view pickle, std::string first, const std::string& where);

}  // namespace fedsleuth::storage
