// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/result.h"
#include "model/snapshot.h"
#include "storage/evidence/limits.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fedsleuth::storage {

/// A pickle that was read and never run: every opcode and every global is on a list that suffices for state_dicts as
/// torch.save writes them, and what they would have made is kept as plain values.
class Pickle {
public:
    using Id = std::uint32_t;  ///< of a value; only meaningful in its own pickle

    enum class Kind : std::uint8_t {
        none,
        boolean,
        integer,
        number,
        text,
        bytes,
        tuple,
        list,
        dict,  ///< also an OrderedDict
        set,
        global,
        storage,
        tensor,
    };

    struct Value {
        Kind kind = Kind::none;
        std::uint8_t depth = 0;       ///< values inside values
        std::uint16_t global = 0;     ///< of a global, and a storage's type: which of the allowed ones
        std::int64_t integer = 0;     ///< integer, boolean; a storage's numel; a tensor's storage_offset
        double number = 0;
        std::string_view text;        ///< text, bytes; a storage's key
        std::vector<Id> items;        ///< tuple, list; dict: key, value, key, value, …; tensor: storage, size, stride
        std::optional<model::ElementType> type;  ///< a tensor's own (rebuild_v3); a storage's, where it has one
    };

    /// Reads `bytes`, which must live as long as the pickle. `where` names them in messages. Errors: refused, by name,
    /// for every opcode, global and call that is not on the list; malformed; limit.
    [[nodiscard]] static model::Result<Pickle> read(std::string_view bytes, const std::string& where,
                                                    const Limits& limits);

    [[nodiscard]] const Value& operator[](Id id) const { return values_[id]; }
    [[nodiscard]] Id root() const { return root_; }

private:
    friend class PickleReader;
    std::vector<Value> values_;
    Id root_ = 0;
};

}  // namespace fedsleuth::storage
