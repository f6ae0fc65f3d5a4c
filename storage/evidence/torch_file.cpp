// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/evidence/torch_file.h"

#include "storage/evidence/evidence_text.h"
#include "storage/evidence/pickle.h"
#include "storage/evidence/torch_state.h"

#include <algorithm>
#include <map>
#include <optional>

namespace fedsleuth::storage {

using model::ElementType;
using model::Result;

namespace {

constexpr std::string_view pickle_entry = "data.pkl";

/// The entries of the archive under its one prefix.
class TorchArchive {
public:
    [[nodiscard]] static Result<TorchArchive> open(std::shared_ptr<ZipArchive> archive)
    {
        TorchArchive torch(std::move(archive));
        FEDSLEUTH_CHECK(torch.index());
        return torch;
    }

    [[nodiscard]] std::optional<std::size_t> find(std::string_view inside) const
    {
        const auto found = entry_of_.find(prefix_ + std::string(inside));
        return found == entry_of_.end() ? std::nullopt : std::optional(found->second);
    }
    [[nodiscard]] const ZipEntry& entry(std::size_t idx) const { return archive_->entries()[idx]; }
    [[nodiscard]] std::string where(std::size_t idx) const
    {
        return place(archive_->file_name(), "entry " + in_quotes(entry(idx).name));
    }
    /// A small entry whole.
    [[nodiscard]] Result<std::string> text(std::size_t idx, std::int64_t largest) const
    {
        if (entry(idx).size > largest)
            return over_limit("has " + model::grouped(entry(idx).size) + " bytes, more than the limit of " +
                                  model::grouped(largest),
                              where(idx));
        std::string text(static_cast<std::size_t>(entry(idx).size), '\0');
        if (text.empty()) return text;
        ZipMember member(archive_, idx, ZipMember::CrcPolicy::tell);
        FEDSLEUTH_CHECK(member.read(0, std::as_writable_bytes(std::span(text))));
        return text;
    }
    [[nodiscard]] const std::shared_ptr<ZipArchive>& archive() const { return archive_; }

private:
    explicit TorchArchive(std::shared_ptr<ZipArchive> archive) : archive_(std::move(archive)) {}

    Result<void> index()
    {
        const std::vector<ZipEntry>& entries = archive_->entries();
        bool found = false;
        for (std::size_t idx = 0; idx < entries.size(); ++idx) {
            const std::string& name = entries[idx].name;
            entry_of_.emplace(name, idx);
            if (!name.ends_with("/data.pkl") && name != pickle_entry) continue;
            if (found)
                return malformed("holds two entries data.pkl, and only one can be meant", archive_->file_name());
            found = true;
            prefix_ = name.substr(0, name.size() - pickle_entry.size());
        }
        for (const ZipEntry& entry : entries) {
            if (entry.name != prefix_ + "constants.pkl" && !entry.name.starts_with(prefix_ + "code/")) continue;
            return refused("refused: a TorchScript archive, which holds code", archive_->file_name(),
                           "save with torch.save(model.state_dict(), path)");
        }
        return {};
    }

    std::shared_ptr<ZipArchive> archive_;
    std::string prefix_;  ///< with its slash
    std::map<std::string, std::size_t> entry_of_;
};

Result<bool> is_big_endian(const TorchArchive& torch)
{
    const std::optional<std::size_t> idx = torch.find("byteorder");
    if (!idx) return false;  // before torch 2.1 there was no such entry, and only little-endian
    FEDSLEUTH_TRY(const std::string text, torch.text(*idx, 64));
    if (text == "little") return false;
    if (text == "big") return true;
    return malformed("says " + in_quotes(text) + ", neither \"little\" nor \"big\"", torch.where(*idx));
}

/// The last element that a view reaches, counted from the beginning of its storage; nothing where it overflows.
std::optional<std::int64_t> last_element(std::int64_t offset, const std::vector<std::int64_t>& shape,
                                         const std::vector<std::int64_t>& strides)
{
    std::optional<std::int64_t> last = offset;
    for (std::size_t axis = 0; axis < shape.size() && last; ++axis) {
        const std::optional<std::int64_t> reach = checked_mul(shape[axis] - 1, strides[axis]);
        last = reach ? checked_add(*last, *reach) : std::nullopt;
    }
    return last;
}

std::vector<std::int64_t> integers_of(const Pickle& pickle, Pickle::Id tuple)
{
    std::vector<std::int64_t> numbers;
    for (const Pickle::Id item : pickle[tuple].items) numbers.push_back(pickle[item].integer);
    return numbers;
}

/// The bytes of a storage, checked against what the pickle says about it.
struct Storage {
    std::size_t entry_idx = 0;
    std::int64_t bytes = 0;
};

Result<Storage> find_storage(const TorchArchive& torch, const Pickle::Value& storage, const std::string& where)
{
    const std::optional<std::size_t> idx = torch.find("data/" + std::string(storage.text));
    if (!idx) return malformed("its storage " + in_quotes(storage.text) + " is not in the archive", where);
    const std::int64_t width = storage.type ? model::bytes_of(*storage.type) : 1;
    const std::optional<std::int64_t> bytes = checked_mul(storage.integer, width);
    // CVE-2026-24747: a reader that believes the pickle's count reads past the entry.
    if (!bytes || *bytes != torch.entry(*idx).size)
        return malformed("its storage " + in_quotes(storage.text) + " has " + std::to_string(torch.entry(*idx).size) +
                             " bytes, and not the " + std::to_string(storage.integer) + " elements of " +
                             std::to_string(width) + " bytes that the pickle declares",
                         where);
    return Storage{*idx, *bytes};
}

Result<FoundTensor> read_view(const TorchArchive& torch, const Pickle& pickle, const TorchState::Entry& entry,
                              const Limits& limits, std::size_t& entry_idx)
{
    const std::string where = place(torch.archive()->file_name(), "tensor " + in_quotes(entry.name));
    const Pickle::Value& value = pickle[entry.tensor];
    FEDSLEUTH_TRY(const Storage storage, find_storage(torch, pickle[value.items[0]], where));
    std::vector<std::int64_t> strides = integers_of(pickle, value.items[2]);
    FEDSLEUTH_TRY(FoundTensor tensor,
                  found_tensor(entry.name, *value.type, integers_of(pickle, value.items[1]), limits, where));
    const std::vector<std::int64_t>& shape = tensor.view.shape;
    if (strides.size() != shape.size())
        return malformed("has " + std::to_string(shape.size()) + " dimensions but " + std::to_string(strides.size()) +
                             " strides",
                         where);
    const bool negative = std::any_of(strides.begin(), strides.end(), [](std::int64_t stride) { return stride < 0; });
    if (value.integer < 0 || negative) return malformed("has a negative offset or stride", where);

    const std::int64_t width = model::bytes_of(*value.type);
    const std::int64_t held = storage.bytes / width;
    const std::optional<std::int64_t> last =
        tensor.info.count == 0 ? std::optional(value.integer - 1) : last_element(value.integer, shape, strides);
    if (!last || *last >= held)
        return malformed("leaves its storage: it reaches element " + (last ? std::to_string(*last) : "beyond 2^63") +
                             " of " + std::to_string(held),
                         where);
    if (tensor.info.count > held && tensor.info.count > limits.expanded_elements)
        return over_limit("repeats the " + model::grouped(held) + " elements of its storage " +
                              model::grouped(tensor.info.count) + " times in all, beyond the limit of " +
                              model::grouped(limits.expanded_elements),
                          where);
    tensor.view.base = value.integer * width;
    set_strides(tensor.view, std::move(strides));
    if (torch.entry(storage.entry_idx).deflated && !tensor.view.contiguous())
        return unsupported("is a transposed or expanded view of a deflated storage, which torch does not write", where);
    entry_idx = storage.entry_idx;
    return tensor;
}

}  // namespace

bool is_torch_archive(const ZipArchive& archive)
{
    return std::any_of(archive.entries().begin(), archive.entries().end(), [](const ZipEntry& entry) {
        return entry.name == pickle_entry || entry.name.ends_with("/data.pkl") || entry.name.ends_with("/constants.pkl");
    });
}

Result<std::unique_ptr<SnapshotFile>> open_torch(std::shared_ptr<ZipArchive> archive, const Limits& limits)
{
    FEDSLEUTH_TRY(const TorchArchive torch, TorchArchive::open(archive));
    const std::optional<std::size_t> pickle_idx = torch.find(pickle_entry);
    if (!pickle_idx) return malformed("lacks the entry data.pkl", archive->file_name());
    FEDSLEUTH_TRY(const std::string bytes, torch.text(*pickle_idx, limits.pickle_bytes));
    FEDSLEUTH_TRY(const Pickle pickle, Pickle::read(bytes, torch.where(*pickle_idx), limits));
    FEDSLEUTH_TRY(TorchState state, find_state(pickle, torch.where(*pickle_idx), limits));
    FEDSLEUTH_TRY(const bool big_endian, is_big_endian(torch));

    StoredSnapshot::Parts parts;
    parts.format = "pt";
    parts.file = archive->file_name();
    parts.named = state.named;
    parts.notes = std::move(state.notes);
    std::vector<std::size_t> entry_of_tensor;
    for (const TorchState::Entry& entry : state.entries) {
        std::size_t entry_idx = 0;
        FEDSLEUTH_TRY(FoundTensor tensor, read_view(torch, pickle, entry, limits, entry_idx));
        tensor.view.big_endian = big_endian;
        parts.tensors.push_back(std::move(tensor));
        entry_of_tensor.push_back(entry_idx);
    }
    parts.bytes = std::make_unique<ZipTensorBytes>(std::move(archive), std::move(entry_of_tensor),
                                                   ZipMember::CrcPolicy::tell);
    return StoredSnapshot::make(std::move(parts), limits);
}

}  // namespace fedsleuth::storage
