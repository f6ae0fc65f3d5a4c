// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/evidence/pickle_scan.h"

#include "storage/evidence/pickle_globals.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <map>

namespace fedsleuth::storage {

namespace {

/// What follows an opcode (Lib/pickletools.py of Python 3.12).
enum class Argument : std::uint8_t { none, one, two, four, eight, line, two_lines, counted_1, counted_4, counted_8 };

struct Opcode {
    unsigned char code;
    std::string_view name;
    Argument argument;
};

constexpr std::array<Opcode, 68> opcodes{{
    {'(', "MARK", Argument::none},
    {'.', "STOP", Argument::none},
    {'0', "POP", Argument::none},
    {'1', "POP_MARK", Argument::none},
    {'2', "DUP", Argument::none},
    {'F', "FLOAT", Argument::line},
    {'I', "INT", Argument::line},
    {'J', "BININT", Argument::four},
    {'K', "BININT1", Argument::one},
    {'L', "LONG", Argument::line},
    {'M', "BININT2", Argument::two},
    {'N', "NONE", Argument::none},
    {'P', "PERSID", Argument::line},
    {'Q', "BINPERSID", Argument::none},
    {'R', "REDUCE", Argument::none},
    {'S', "STRING", Argument::line},
    {'T', "BINSTRING", Argument::counted_4},
    {'U', "SHORT_BINSTRING", Argument::counted_1},
    {'V', "UNICODE", Argument::line},
    {'X', "BINUNICODE", Argument::counted_4},
    {'a', "APPEND", Argument::none},
    {'b', "BUILD", Argument::none},
    {'c', "GLOBAL", Argument::two_lines},
    {'d', "DICT", Argument::none},
    {'}', "EMPTY_DICT", Argument::none},
    {'e', "APPENDS", Argument::none},
    {'g', "GET", Argument::line},
    {'h', "BINGET", Argument::one},
    {'i', "INST", Argument::two_lines},
    {'j', "LONG_BINGET", Argument::four},
    {'l', "LIST", Argument::none},
    {']', "EMPTY_LIST", Argument::none},
    {'o', "OBJ", Argument::none},
    {'p', "PUT", Argument::line},
    {'q', "BINPUT", Argument::one},
    {'r', "LONG_BINPUT", Argument::four},
    {'s', "SETITEM", Argument::none},
    {'t', "TUPLE", Argument::none},
    {')', "EMPTY_TUPLE", Argument::none},
    {'u', "SETITEMS", Argument::none},
    {'G', "BINFLOAT", Argument::eight},
    {0x80, "PROTO", Argument::one},
    {0x81, "NEWOBJ", Argument::none},
    {0x82, "EXT1", Argument::one},
    {0x83, "EXT2", Argument::two},
    {0x84, "EXT4", Argument::four},
    {0x85, "TUPLE1", Argument::none},
    {0x86, "TUPLE2", Argument::none},
    {0x87, "TUPLE3", Argument::none},
    {0x88, "NEWTRUE", Argument::none},
    {0x89, "NEWFALSE", Argument::none},
    {0x8a, "LONG1", Argument::counted_1},
    {0x8b, "LONG4", Argument::counted_4},
    {'B', "BINBYTES", Argument::counted_4},
    {'C', "SHORT_BINBYTES", Argument::counted_1},
    {0x8c, "SHORT_BINUNICODE", Argument::counted_1},
    {0x8d, "BINUNICODE8", Argument::counted_8},
    {0x8e, "BINBYTES8", Argument::counted_8},
    {0x8f, "EMPTY_SET", Argument::none},
    {0x90, "ADDITEMS", Argument::none},
    {0x91, "FROZENSET", Argument::none},
    {0x92, "NEWOBJ_EX", Argument::none},
    {0x93, "STACK_GLOBAL", Argument::none},
    {0x94, "MEMOIZE", Argument::none},
    {0x95, "FRAME", Argument::eight},
    {0x96, "BYTEARRAY8", Argument::counted_8},
    {0x97, "NEXT_BUFFER", Argument::none},
    {0x98, "READONLY_BUFFER", Argument::none},
}};

const Opcode* find_opcode(unsigned char code)
{
    const auto found =
        std::find_if(opcodes.begin(), opcodes.end(), [&](const Opcode& one) { return one.code == code; });
    return found == opcodes.end() ? nullptr : &*found;
}

/// Walks a pickle without building anything, but for the texts that STACK_GLOBAL takes its names from.
class Scanner {
public:
    explicit Scanner(std::string_view pickle) : pickle_(pickle) {}

    std::vector<std::string> scan()
    {
        while (at_ < pickle_.size() && found_.size() < most_found && steps_++ < most_steps)
            if (!step()) break;
        return std::move(found_);
    }

private:
    static constexpr std::size_t most_found = 16;
    static constexpr int most_steps = 1'000'000;

    bool step()
    {
        const auto code = static_cast<unsigned char>(pickle_[at_++]);
        const Opcode* const opcode = find_opcode(code);
        if (opcode == nullptr || code == '.') return false;
        std::string_view first;
        std::string_view second;
        if (!argument(opcode->argument, first, second)) return false;
        if (opcode->argument == Argument::two_lines) add(first, second);
        if (code == 'X' || code == 'V' || code == 'S' || code == 'T' || code == 'U' || code == 0x8c || code == 0x8d)
            push(first);
        if (code == 0x93) add(before_last_, last_);
        if (code == 0x94) memo_[memo_.size()] = last_;
        if (code == 'q' || code == 'r') memo_[number(first)] = last_;
        if (code == 'h' || code == 'j') {
            const auto known = memo_.find(number(first));
            if (known != memo_.end()) push(known->second);
        }
        return true;
    }

    bool argument(Argument kind, std::string_view& first, std::string_view& second)
    {
        switch (kind) {
            case Argument::none:
                return true;
            case Argument::one:
                return take(1, first);
            case Argument::two:
                return take(2, first);
            case Argument::four:
                return take(4, first);
            case Argument::eight:
                return take(8, first);
            case Argument::line:
                return take_line(first);
            case Argument::two_lines:
                return take_line(first) && take_line(second);
            case Argument::counted_1:
                return take(1, first) && take(number(first), first);
            case Argument::counted_4:
                return take(4, first) && take(number(first), first);
            case Argument::counted_8:
                return take(8, first) && take(number(first), first);
        }
        return false;
    }
    bool take(std::uint64_t length, std::string_view& out)
    {
        if (length > pickle_.size() - at_) return false;
        out = pickle_.substr(at_, length);
        at_ += length;
        return true;
    }
    bool take_line(std::string_view& out)
    {
        const std::size_t end = pickle_.find('\n', at_);
        if (end == std::string_view::npos) return false;
        out = pickle_.substr(at_, end - at_);
        at_ = end + 1;
        return true;
    }
    static std::uint64_t number(std::string_view little_endian)
    {
        std::uint64_t value = 0;
        for (std::size_t idx = little_endian.size(); idx-- > 0;)
            value = value << 8 | static_cast<unsigned char>(little_endian[idx]);
        return value;
    }
    void push(std::string_view text)
    {
        before_last_ = last_;
        last_ = text;
    }
    void add(std::string_view module, std::string_view name)
    {
        if (is_allowed_global(module, name)) return;
        constexpr std::size_t longest = 100;
        std::string global = std::string(module.substr(0, longest)) + "." + std::string(name.substr(0, longest));
        if (std::find(found_.begin(), found_.end(), global) == found_.end()) found_.push_back(std::move(global));
    }

    std::string_view pickle_;
    std::size_t at_ = 0;
    int steps_ = 0;
    std::string_view last_;
    std::string_view before_last_;
    std::map<std::uint64_t, std::string_view> memo_;
    std::vector<std::string> found_;
};

}  // namespace

std::string opcode_name(unsigned char opcode)
{
    if (const Opcode* const known = find_opcode(opcode)) return std::string(known->name);
    char text[8];
    std::snprintf(text, sizeof text, "0x%02x", static_cast<unsigned int>(opcode));
    return text;
}

std::vector<std::string> globals_asked_for(std::string_view pickle) { return Scanner(pickle).scan(); }

bool is_allowed_global(std::string_view module, std::string_view name) { return find_global(module, name).has_value(); }

}  // namespace fedsleuth::storage
