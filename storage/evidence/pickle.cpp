// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/evidence/pickle.h"

#include "storage/evidence/evidence_text.h"
#include "storage/evidence/pickle_reader.h"
#include "storage/evidence/pickle_scan.h"

#include <algorithm>
#include <bit>

namespace fedsleuth::storage {

using model::Result;

Result<Pickle> Pickle::read(std::string_view bytes, const std::string& where, const Limits& limits)
{
    return PickleReader(bytes, where, limits).run();
}

PickleReader::PickleReader(std::string_view bytes, const std::string& where, const Limits& limits)
    : bytes_(bytes), where_(where), limits_(limits)
{
}

Result<Pickle> PickleReader::run()
{
    if (static_cast<std::int64_t>(bytes_.size()) > limits_.pickle_bytes)
        return over_limit("is a pickle of " + model::grouped(static_cast<std::int64_t>(bytes_.size())) +
                              " bytes, more than the limit of " + model::grouped(limits_.pickle_bytes),
                          where_);
    for (std::int64_t opcodes = 0; !stopped_; ++opcodes) {
        opcode_at_ = at_;
        if (at_ == bytes_.size()) return wrong("its pickle ends without STOP");
        if (opcodes == limits_.pickle_opcodes)
            return over_limit("its pickle has more opcodes than the limit of " + model::grouped(limits_.pickle_opcodes),
                              place_here());
        FEDSLEUTH_CHECK(step(static_cast<unsigned char>(bytes_[at_++])));
    }
    return std::move(pickle_);
}

Result<void> PickleReader::step(unsigned char opcode)
{
    switch (opcode) {
        case 0x80: {  // PROTO
            FEDSLEUTH_TRY(const std::uint64_t protocol, take_number(1));
            // A second PROTO is a known way to confuse scanners; protocols above 2 bring opcodes that are refused
            // anyway.
            if (opcode_at_ != 0) return refuse("refused: its pickle begins anew in the middle (PROTO)");
            if (protocol > 5) return wrong("its pickle has the unknown protocol " + std::to_string(protocol));
            return {};
        }
        case '(':
            if (static_cast<std::int64_t>(marks_.size()) >= limits_.pickle_depth)
                return over_limit("its pickle nests deeper than the limit of " + std::to_string(limits_.pickle_depth),
                                  place_here());
            marks_.push_back(stack_.size());
            return {};
        case 'K':
        case 'M':
        case 'J':
        case 'G':
        case 0x8a:
        case 'N':
        case 0x88:
        case 0x89:
            return step_number(opcode);
        case 'X':
        case 'U':
            return step_text(opcode);
        case ')':
        case 't':
        case 0x85:
        case 0x86:
        case 0x87:
            return step_tuple(opcode);
        case '}':
        case ']':
        case 0x8f:
        case 'a':
        case 'e':
        case 's':
        case 'u':
            return step_container(opcode);
        case 'q':
        case 'r':
        case 'h':
        case 'j':
            return step_memo(opcode);
        case 'c':
            return global();
        case 'R':
            return reduce(false);
        case 0x81:
            return reduce(true);  // NEWOBJ
        case 'b':
            return build();
        case 'Q':
            return persistent_id();
        case '.':
            return stop();
        default:
            return refuse_opcode(opcode);
    }
}

Result<void> PickleReader::step_number(unsigned char opcode)
{
    Value value;
    value.kind = Kind::integer;
    switch (opcode) {
        case 'K': {
            FEDSLEUTH_TRY(const std::uint64_t number, take_number(1));
            value.integer = static_cast<std::int64_t>(number);
            break;
        }
        case 'M': {
            FEDSLEUTH_TRY(const std::uint64_t number, take_number(2));
            value.integer = static_cast<std::int64_t>(number);
            break;
        }
        case 'J': {
            FEDSLEUTH_TRY(const std::uint64_t number, take_number(4));
            value.integer = static_cast<std::int32_t>(number);
            break;
        }
        case 'G': {  // big-endian, unlike all others
            FEDSLEUTH_TRY(const std::uint64_t number, take_number(8));
            value.kind = Kind::number;
            value.number = std::bit_cast<double>(__builtin_bswap64(number));
            break;
        }
        case 0x8a: {  // LONG1: two's complement of any length
            FEDSLEUTH_TRY(const std::uint64_t length, take_number(1));
            if (length > 8) {
                value.kind = Kind::bytes;  // kept, but no number to calculate with
                FEDSLEUTH_TRY(value.text, take(length));
                break;
            }
            FEDSLEUTH_TRY(const std::uint64_t number, take_number(length));
            const int unused = static_cast<int>(64 - 8 * length);
            value.integer = length == 0 ? 0 : static_cast<std::int64_t>(number << unused) >> unused;
            break;
        }
        case 'N':
            value.kind = Kind::none;
            break;
        default:
            value.kind = Kind::boolean;
            value.integer = opcode == 0x88;
            break;
    }
    return push(std::move(value));
}

Result<void> PickleReader::step_text(unsigned char opcode)
{
    FEDSLEUTH_TRY(const std::uint64_t length, take_number(opcode == 'X' ? 4 : 1));
    Value value;
    value.kind = opcode == 'X' ? Kind::text : Kind::bytes;
    FEDSLEUTH_TRY(value.text, take(length));
    return push(std::move(value));
}

Result<void> PickleReader::step_tuple(unsigned char opcode)
{
    std::vector<Id> items;
    if (opcode == 't') {
        FEDSLEUTH_TRY(items, pop_mark());
    } else if (opcode != ')') {
        items.resize(opcode - 0x84u);
        for (std::size_t idx = items.size(); idx-- > 0;) {
            FEDSLEUTH_TRY(items[idx], pop());
        }
    }
    return push_items(Kind::tuple, std::move(items));
}

Result<void> PickleReader::step_container(unsigned char opcode)
{
    switch (opcode) {
        case '}':
            return push_items(Kind::dict, {});
        case ']':
            return push_items(Kind::list, {});
        case 0x8f:
            return push_items(Kind::set, {});
        default:
            break;
    }
    std::vector<Id> items;
    if (opcode == 'e' || opcode == 'u') {
        FEDSLEUTH_TRY(items, pop_mark());
    } else {
        items.resize(opcode == 'a' ? 1 : 2);
        for (std::size_t idx = items.size(); idx-- > 0;) {
            FEDSLEUTH_TRY(items[idx], pop());
        }
    }
    FEDSLEUTH_TRY(const Id container, top());
    return opcode == 'a' || opcode == 'e' ? append(container, items) : set_items(container, items);
}

Result<void> PickleReader::append(Id list, const std::vector<Id>& items)
{
    if (at(list).kind != Kind::list)
        return refuse("refused: its pickle appends to " + std::string(kind_text(at(list).kind)) + ", which is no list");
    for (const Id item : items) {
        FEDSLEUTH_CHECK(deepen(list, item));
        pickle_.values_[list].items.push_back(item);
    }
    return {};
}

Result<void> PickleReader::set_items(Id dict, const std::vector<Id>& items)
{
    // CVE-2026-24747: an unpickler that sets items of whatever lies on the stack writes into tensors.
    if (at(dict).kind != Kind::dict)
        return refuse("refused: its pickle sets items of " + std::string(kind_text(at(dict).kind)) +
                      ", which is no dictionary");
    if (items.size() % 2 != 0) return wrong("its pickle sets a key without a value");
    for (std::size_t idx = 0; idx < items.size(); ++idx) {
        const Kind kind = at(items[idx]).kind;
        if (idx % 2 == 0 && (kind == Kind::list || kind == Kind::dict || kind == Kind::set))
            return wrong("its pickle uses " + std::string(kind_text(kind)) + " as a key");
        FEDSLEUTH_CHECK(deepen(dict, items[idx]));
        pickle_.values_[dict].items.push_back(items[idx]);
    }
    return {};
}

Result<void> PickleReader::step_memo(unsigned char opcode)
{
    FEDSLEUTH_TRY(const std::uint64_t slot, take_number(opcode == 'q' || opcode == 'h' ? 1 : 4));
    if (opcode == 'q' || opcode == 'r') {
        FEDSLEUTH_TRY(const Id id, top());
        if (slot >= static_cast<std::uint64_t>(limits_.pickle_values))
            return over_limit(
                "its pickle numbers its memo beyond the limit of " + model::grouped(limits_.pickle_values),
                place_here());
        if (slot >= memo_.size()) memo_.resize(slot + 1, unset);
        memo_[slot] = id;
        return {};
    }
    if (slot >= memo_.size() || memo_[slot] == unset)
        return wrong("its pickle takes number " + std::to_string(slot) + " from its memo, where nothing is");
    stack_.push_back(memo_[slot]);
    return {};
}

Result<void> PickleReader::stop()
{
    if (!marks_.empty() || stack_.size() != 1)
        return wrong("its pickle stops with " + std::to_string(stack_.size()) + " values on the stack, not one");
    if (at_ != bytes_.size())
        return malformed(bytes_follow(static_cast<std::int64_t>(bytes_.size() - at_)) + " the pickle's STOP",
                         place_here(), "a second pickle behind the first is meant for another reader");
    pickle_.root_ = stack_.front();
    stopped_ = true;
    return {};
}

Result<std::string_view> PickleReader::take(std::uint64_t length)
{
    if (length > bytes_.size() - at_)
        return wrong("its pickle ends within " + opcode_name(static_cast<unsigned char>(bytes_[opcode_at_])));
    const std::string_view taken = bytes_.substr(at_, length);
    at_ += length;
    return taken;
}

Result<std::uint64_t> PickleReader::take_number(std::uint64_t length)
{
    FEDSLEUTH_TRY(const std::string_view taken, take(length));
    std::uint64_t number = 0;
    for (std::size_t idx = taken.size(); idx-- > 0;) number = number << 8 | static_cast<unsigned char>(taken[idx]);
    return number;
}

Result<std::string_view> PickleReader::take_line()
{
    const std::size_t end = bytes_.find('\n', at_);
    if (end == std::string_view::npos) return wrong("its pickle ends within a name");
    const std::string_view line = bytes_.substr(at_, end - at_);
    at_ = end + 1;
    return line;
}

Result<void> PickleReader::push(Value value)
{
    if (static_cast<std::int64_t>(pickle_.values_.size()) >= limits_.pickle_values)
        return over_limit("its pickle makes more values than the limit of " + model::grouped(limits_.pickle_values),
                          place_here());
    stack_.push_back(static_cast<Id>(pickle_.values_.size()));
    pickle_.values_.push_back(std::move(value));
    return {};
}

Result<void> PickleReader::push_items(Kind kind, std::vector<Id> items)
{
    Value value;
    value.kind = kind;
    value.items = std::move(items);
    FEDSLEUTH_CHECK(push(std::move(value)));
    const Id id = stack_.back();
    for (const Id item : at(id).items) FEDSLEUTH_CHECK(deepen(id, item));
    return {};
}

Result<PickleReader::Id> PickleReader::top() const
{
    if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) return wrong("its pickle takes from an empty stack");
    return stack_.back();
}

Result<PickleReader::Id> PickleReader::pop()
{
    FEDSLEUTH_TRY(const Id id, top());
    stack_.pop_back();
    return id;
}

Result<std::vector<PickleReader::Id>> PickleReader::pop_mark()
{
    if (marks_.empty()) return wrong("its pickle closes what it has not opened (no MARK)");
    const auto height = static_cast<std::ptrdiff_t>(marks_.back());
    std::vector<Id> items(stack_.begin() + height, stack_.end());
    stack_.resize(marks_.back());
    marks_.pop_back();
    return items;
}

Result<void> PickleReader::deepen(Id container, Id item)
{
    Value& value = pickle_.values_[container];
    if (at(item).depth >= limits_.pickle_depth)
        return over_limit("its pickle nests deeper than the limit of " + std::to_string(limits_.pickle_depth),
                          place_here());
    value.depth = std::max(value.depth, static_cast<std::uint8_t>(at(item).depth + 1));
    return {};
}

std::string PickleReader::place_here() const { return where_ + ", byte " + std::to_string(opcode_at_); }

tl::unexpected<model::Error> PickleReader::wrong(std::string message) const
{
    return malformed(std::move(message), place_here());
}

tl::unexpected<model::Error> PickleReader::refuse(std::string message, std::string hint) const
{
    return refused(std::move(message), place_here(), std::move(hint));
}

}  // namespace fedsleuth::storage
