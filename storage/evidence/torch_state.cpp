// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/evidence/torch_state.h"

#include "storage/evidence/evidence_text.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string_view>

namespace fedsleuth::storage {

using model::Result;

namespace {

using Kind = Pickle::Kind;

/// Keys under which frameworks put the state_dict: NVFlare and FederatedScope, Lightning, many, Opacus.
constexpr std::array<std::string_view, 4> wrappers{"model", "state_dict", "model_state_dict", "module_state_dict"};

bool is_sequence(const Pickle::Value& value) { return value.kind == Kind::list || value.kind == Kind::tuple; }

bool holds_tensors(const Pickle& pickle, const Pickle::Value& value)
{
    if (value.kind != Kind::dict && !is_sequence(value)) return false;
    return std::any_of(value.items.begin(), value.items.end(),
                       [&](Pickle::Id item) { return pickle[item].kind == Kind::tensor; });
}

/// The value under the first of the wrappers' keys that holds tensors. The last of equal keys counts, as in Python.
std::optional<Pickle::Id> unwrap(const Pickle& pickle, const Pickle::Value& root, TorchState& state)
{
    for (const std::string_view wrapper : wrappers) {
        std::optional<Pickle::Id> found;
        for (std::size_t idx = 0; idx + 1 < root.items.size(); idx += 2) {
            const Pickle::Value& key = pickle[root.items[idx]];
            if (key.kind == Kind::text && key.text == wrapper) found = root.items[idx + 1];
        }
        if (!found || !holds_tensors(pickle, pickle[*found])) continue;
        state.notes.push_back("The tensors were taken from under the key " + in_quotes(wrapper) + ".");
        return found;
    }
    return std::nullopt;
}

Result<void> take_dict(const Pickle& pickle, const Pickle::Value& dict, const std::string& where, TorchState& state)
{
    std::set<std::string_view> names;
    std::int64_t others = 0;
    for (std::size_t idx = 0; idx + 1 < dict.items.size(); idx += 2) {
        const Pickle::Value& key = pickle[dict.items[idx]];
        if (pickle[dict.items[idx + 1]].kind != Kind::tensor) {
            ++others;
            continue;
        }
        if (key.kind != Kind::text) return malformed("its state_dict has a tensor whose name is no text", where);
        if (!names.insert(key.text).second)
            return malformed("its state_dict holds the name " + in_quotes(key.text) + " twice", where);
        state.entries.push_back({std::string(key.text), dict.items[idx + 1]});
    }
    if (others > 0) state.notes.push_back("Left out beside the tensors: " + counted(others, "value", "values") + ".");
    constexpr std::string_view opacus = "_module.";
    if (std::all_of(state.entries.begin(), state.entries.end(),
                    [&](const TorchState::Entry& entry) { return entry.name.starts_with(opacus); })) {
        for (TorchState::Entry& entry : state.entries) entry.name.erase(0, opacus.size());
    }
    return {};
}

Result<void> take_sequence(const Pickle& pickle, const Pickle::Value& sequence, const std::string& where,
                           TorchState& state)
{
    state.named = false;
    for (const Pickle::Id item : sequence.items) {
        if (pickle[item].kind != Kind::tensor)
            return malformed("its list of tensors holds something else at position " +
                                 std::to_string(state.entries.size()),
                             where);
        state.entries.push_back({std::to_string(state.entries.size()), item});
    }
    return {};
}

}  // namespace

Result<TorchState> find_state(const Pickle& pickle, const std::string& where, const Limits& limits)
{
    TorchState state;
    Pickle::Id found = pickle.root();
    if (pickle[found].kind == Kind::dict) found = unwrap(pickle, pickle[found], state).value_or(found);
    const Pickle::Value& value = pickle[found];
    const auto most = limits.tensors * (value.kind == Kind::dict ? 2 : 1);
    if (static_cast<std::int64_t>(value.items.size()) > most)
        return over_limit("its state_dict has more members than the limit of " + model::grouped(limits.tensors), where);
    if (!holds_tensors(pickle, value))
        return malformed("holds no state_dict: no tensor under a name, in a list, or under \"model\", \"state_dict\", "
                         "\"model_state_dict\" or \"module_state_dict\"",
                         where, "save with torch.save(model.state_dict(), path)");
    if (value.kind == Kind::dict)
        FEDSLEUTH_CHECK(take_dict(pickle, value, where, state));
    else
        FEDSLEUTH_CHECK(take_sequence(pickle, value, where, state));
    return state;
}

}  // namespace fedsleuth::storage
