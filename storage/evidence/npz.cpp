// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/evidence/npz.h"

#include "storage/evidence/evidence_text.h"
#include "storage/evidence/npy.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace fedsleuth::storage {

using model::Result;

namespace {

constexpr std::string_view suffix = ".npy";

struct Member {
    FoundTensor tensor;
    std::size_t entry_idx = 0;
    std::optional<std::int64_t> number;  ///< of arr_<number>
};

/// The number of a name that numpy.savez made up for a positional argument.
std::optional<std::int64_t> position_of(std::string_view name)
{
    constexpr std::string_view prefix = "arr_";
    if (name.substr(0, prefix.size()) != prefix) return std::nullopt;
    const std::string_view digits = name.substr(prefix.size());
    if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
    if (digits.size() > 1 && digits.front() == '0') return std::nullopt;
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc()) return std::nullopt;
    return number;
}

Result<Member> read_member(const std::shared_ptr<ZipArchive>& archive, std::size_t entry_idx, const Limits& limits,
                           std::vector<std::string>& notes)
{
    const ZipEntry& entry = archive->entries()[entry_idx];
    const std::string where = place(archive->file_name(), "entry " + in_quotes(entry.name));
    const std::string name = entry.name.substr(0, entry.name.size() - suffix.size());
    if (name.empty()) return malformed("is an array without a name", where);
    ZipMember bytes(archive, entry_idx, ZipMember::CrcPolicy::fail);
    FEDSLEUTH_TRY(FoundTensor tensor, read_npy_header(bytes, name, where, limits, notes));
    if (entry.deflated && !tensor.view.contiguous() && entry.size > limits.column_ordered_bytes)
        return over_limit("is deflated and in Fortran order with " + model::grouped(entry.size) +
                              " bytes, more than the limit of " + model::grouped(limits.column_ordered_bytes) +
                              " for that combination",
                          where, "save it with numpy.savez, or as numpy.ascontiguousarray(x)");
    return Member{std::move(tensor), entry_idx, position_of(name)};
}

void sort_by_position(std::vector<Member>& members, std::vector<std::string>& notes)
{
    std::sort(members.begin(), members.end(), [](const Member& a, const Member& b) { return *a.number < *b.number; });
    for (std::size_t idx = 0; idx < members.size(); ++idx) {
        if (*members[idx].number == static_cast<std::int64_t>(idx)) continue;
        notes.push_back("arr_" + std::to_string(idx) + " is missing: the arrays behind it move up by position.");
        return;
    }
}

}  // namespace

Result<std::unique_ptr<SnapshotFile>> open_npz(std::shared_ptr<ZipArchive> archive, const Limits& limits)
{
    StoredSnapshot::Parts parts;
    parts.format = "npz";
    parts.file = archive->file_name();
    std::vector<Member> members;
    std::int64_t others = 0;
    for (std::size_t entry_idx = 0; entry_idx < archive->entries().size(); ++entry_idx) {
        if (!archive->entries()[entry_idx].name.ends_with(suffix)) {
            ++others;
            continue;
        }
        FEDSLEUTH_TRY(Member member, read_member(archive, entry_idx, limits, parts.notes));
        members.push_back(std::move(member));
    }
    if (members.empty())
        return malformed("is a ZIP archive without a NumPy array and without torch's data.pkl", parts.file,
                         "snapshots are .npz, .npy, .safetensors, or torch.save of a state_dict");
    if (others > 0) parts.notes.push_back("Left out, as no arrays: " + counted(others, "entry", "entries") + ".");

    parts.named = !std::all_of(members.begin(), members.end(), [](const Member& one) { return one.number.has_value(); });
    if (!parts.named) sort_by_position(members, parts.notes);
    std::vector<std::size_t> entry_of_tensor;
    for (Member& member : members) {
        entry_of_tensor.push_back(member.entry_idx);
        parts.tensors.push_back(std::move(member.tensor));
    }
    parts.bytes = std::make_unique<ZipTensorBytes>(archive, std::move(entry_of_tensor), ZipMember::CrcPolicy::fail);
    return StoredSnapshot::make(std::move(parts), limits);
}

}  // namespace fedsleuth::storage
