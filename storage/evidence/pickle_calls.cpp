// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/evidence/evidence_text.h"
#include "storage/evidence/pickle_globals.h"
#include "storage/evidence/pickle_reader.h"
#include "storage/evidence/pickle_scan.h"

#include <algorithm>

namespace fedsleuth::storage {

using model::Result;

std::string_view kind_text(Pickle::Kind kind)
{
    switch (kind) {
    case Pickle::Kind::none: return "None";
    case Pickle::Kind::boolean: return "a truth value";
    case Pickle::Kind::integer: return "an integer";
    case Pickle::Kind::number: return "a number";
    case Pickle::Kind::text: return "a text";
    case Pickle::Kind::bytes: return "bytes";
    case Pickle::Kind::tuple: return "a tuple";
    case Pickle::Kind::list: return "a list";
    case Pickle::Kind::dict: return "a dictionary";
    case Pickle::Kind::set: return "a set";
    case Pickle::Kind::global: return "a global";
    case Pickle::Kind::storage: return "a storage";
    case Pickle::Kind::tensor: return "a tensor";
    }
    return "a value";
}

namespace {

std::string hint_for(const std::string& global)
{
    if (global.starts_with("__main__.") || global.starts_with("torch.nn."))
        return "a whole model was saved: save model.state_dict() instead";
    if (global.starts_with("numpy."))
        return "it holds NumPy objects: save tensors, or use numpy.savez";
    if (global.starts_with("torch.")) return "save a plain state_dict of dense CPU tensors";
    return "a state_dict needs no such thing: loading this file elsewhere may run code";
}

}  // namespace

model::Error refusal_of_globals(std::string_view pickle, std::string first, const std::string& where)
{
    std::vector<std::string> globals = globals_asked_for(pickle);
    if (first.empty() && globals.empty())
        return {model::ErrorCode::refused, "refused: a pickle, which is a program and not a file of numbers", where, ""};
    if (!first.empty()) {
        globals.erase(std::remove(globals.begin(), globals.end(), first), globals.end());
        globals.insert(globals.begin(), std::move(first));
    }
    constexpr std::size_t shown = 4;
    std::string text = "refused: its pickle asks for ";
    for (std::size_t idx = 0; idx < std::min(shown, globals.size()); ++idx)
        text += (idx == 0 ? "" : ", ") + model::visible(globals[idx]);
    if (globals.size() > shown) text += " and " + std::to_string(globals.size() - shown) + " more";
    return {model::ErrorCode::refused, std::move(text), where, hint_for(globals.front())};
}

tl::unexpected<model::Error> PickleReader::refuse_global(std::string_view module, std::string_view name) const
{
    constexpr std::size_t longest = 100;
    std::string global = std::string(module.substr(0, longest)) + "." + std::string(name.substr(0, longest));
    return model::pass_on(refusal_of_globals(bytes_, std::move(global), place_here()));
}

tl::unexpected<model::Error> PickleReader::refuse_opcode(unsigned char opcode) const
{
    const std::string used = "the opcode " + opcode_name(opcode);
    if (globals_asked_for(bytes_).empty())
        return refuse("refused: its pickle uses " + used + ", which no state_dict of torch.save has",
                      "save with torch.save(model.state_dict(), path), without another pickle protocol");
    model::Error error = refusal_of_globals(bytes_, {}, place_here());
    error.message += " (and uses " + used + ")";
    return model::pass_on(std::move(error));
}

Result<void> PickleReader::global()
{
    FEDSLEUTH_TRY(const std::string_view module, take_line());
    FEDSLEUTH_TRY(const std::string_view name, take_line());
    const std::optional<std::uint16_t> known = find_global(module, name);
    if (!known) return refuse_global(module, name);
    Value value;
    value.kind = Kind::global;
    value.global = *known;
    return push(std::move(value));
}

Result<void> PickleReader::reduce(bool as_class)
{
    FEDSLEUTH_TRY(const Id arguments_id, pop());
    FEDSLEUTH_TRY(const Id callable_id, pop());
    const Value arguments = at(arguments_id);  // a copy: making a value may move all others
    if (at(callable_id).kind != Kind::global)
        return refuse("refused: its pickle calls " + std::string(kind_text(at(callable_id).kind)));
    if (arguments.kind != Kind::tuple) return wrong("its pickle calls with arguments that are no tuple");
    const AllowedGlobal& callable = allowed_globals[at(callable_id).global];
    const bool is_class = callable.role == GlobalRole::ordered_dict || callable.role == GlobalRole::size;
    if (!as_class || is_class) {
        switch (callable.role) {
        case GlobalRole::ordered_dict: return make_ordered_dict(arguments);
        case GlobalRole::rebuild_tensor_v2: return make_tensor(arguments, false);
        case GlobalRole::rebuild_tensor_v3: return make_tensor(arguments, true);
        case GlobalRole::rebuild_parameter: return make_parameter(arguments);
        case GlobalRole::size: return make_size(arguments);
        case GlobalRole::storage_type:
        case GlobalRole::untyped_storage:
        case GlobalRole::dtype: break;
        }
    }
    return refuse("refused: its pickle calls " + std::string(callable.module) + "." + std::string(callable.name));
}

Result<void> PickleReader::make_ordered_dict(const Value& arguments)
{
    if (!arguments.items.empty()) return wrong("its pickle makes an OrderedDict with arguments");
    FEDSLEUTH_CHECK(push_items(Kind::dict, {}));
    pickle_.values_[stack_.back()].integer = 1;  // ordered: BUILD may give it attributes
    return {};
}

bool PickleReader::is_shape(Id id) const
{
    const Value& value = at(id);
    // Looked at anew by every call that it is given to: a long one would cost its square.
    return value.kind == Kind::tuple && static_cast<std::int64_t>(value.items.size()) <= limits_.rank &&
           std::all_of(value.items.begin(), value.items.end(), [&](Id item) { return at(item).kind == Kind::integer; });
}

bool PickleReader::are_hooks(Id id) const { return at(id).kind == Kind::dict || at(id).kind == Kind::none; }

Result<void> PickleReader::make_tensor(const Value& arguments, bool with_dtype)
{
    // (storage, storage_offset, size, stride, requires_grad, backward_hooks[, dtype][, metadata])
    const std::vector<Id>& given = arguments.items;
    const std::size_t least = with_dtype ? 7 : 6;
    const bool fits = (given.size() == least || given.size() == least + 1) && at(given[0]).kind == Kind::storage &&
                      at(given[1]).kind == Kind::integer && is_shape(given[2]) &&
                      is_shape(given[3]) && at(given[4]).kind == Kind::boolean && are_hooks(given[5]) &&
                      (!with_dtype || (at(given[6]).kind == Kind::global &&
                                       allowed_globals[at(given[6]).global].role == GlobalRole::dtype));
    if (!fits) return wrong("its pickle makes a tensor of what no tensor is made of");
    Value value;
    value.kind = Kind::tensor;
    value.integer = at(given[1]).integer;
    value.items = {given[0], given[2], given[3]};
    value.type = with_dtype ? allowed_globals[at(given[6]).global].type : at(given[0]).type;
    if (!value.type) return wrong("its pickle makes a tensor of a storage without an element type");
    return push(std::move(value));
}

Result<void> PickleReader::make_parameter(const Value& arguments)
{
    const std::vector<Id>& given = arguments.items;
    const bool fits = given.size() == 3 && at(given[0]).kind == Kind::tensor && at(given[1]).kind == Kind::boolean &&
                      are_hooks(given[2]);
    if (!fits) return wrong("its pickle makes a parameter of what no parameter is made of");
    stack_.push_back(given[0]);
    return {};
}

Result<void> PickleReader::make_size(const Value& arguments)
{
    const std::vector<Id>& given = arguments.items;
    if (given.size() != 1 || !is_shape(given[0]))
        return wrong("its pickle makes a torch.Size of what no size is made of");
    stack_.push_back(given[0]);
    return {};
}

Result<void> PickleReader::build()
{
    FEDSLEUTH_TRY(const Id state, pop());
    FEDSLEUTH_TRY(const Id object, top());
    // state_dict() hangs its `_metadata` on the OrderedDict; nothing else of ours has attributes.
    if (at(object).kind != Kind::dict || at(object).integer != 1)
        return refuse("refused: its pickle sets the state of " + std::string(kind_text(at(object).kind)));
    if (at(state).kind != Kind::dict) return wrong("its pickle gives an OrderedDict attributes that are no dictionary");
    return {};
}

Result<void> PickleReader::persistent_id()
{
    FEDSLEUTH_TRY(const Id id, pop());
    const Value given = at(id);
    // ('storage', type, key, location, numel)
    const bool fits = given.kind == Kind::tuple && given.items.size() == 5 && at(given.items[0]).kind == Kind::text &&
                      at(given.items[0]).text == "storage" && at(given.items[1]).kind == Kind::global &&
                      at(given.items[2]).kind == Kind::text && at(given.items[3]).kind == Kind::text &&
                      at(given.items[4]).kind == Kind::integer && at(given.items[4]).integer >= 0;
    if (!fits) return wrong("its pickle names a storage in a way that torch does not");
    const std::uint16_t type = at(given.items[1]).global;
    const GlobalRole role = allowed_globals[type].role;
    if (role != GlobalRole::storage_type && role != GlobalRole::untyped_storage)
        return wrong("its pickle names a storage whose type is none");
    Value value;
    value.kind = Kind::storage;
    value.global = type;
    value.text = at(given.items[2]).text;
    value.integer = at(given.items[4]).integer;
    if (role == GlobalRole::storage_type) value.type = allowed_globals[type].type;
    return push(std::move(value));
}

}  // namespace fedsleuth::storage
