// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/evidence/probe_file.h"

#include "model/layer.h"
#include "model/text.h"
#include "storage/custody/file_digest.h"
#include "storage/evidence/evidence_text.h"
#include "storage/evidence/snapshot_file.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <span>
#include <string_view>

namespace fedsleuth::storage {

using model::Result;

namespace {

constexpr std::array<std::string_view, 2> input_names{"x", "inputs"};
constexpr std::array<std::string_view, 2> label_names{"y", "labels"};
constexpr const char* wanted_arrays = "a probe file is an .npz with the arrays x (or inputs) and y (or labels)";

/// Index of the array with one of the names; nothing without one. Error malformed where both are there.
Result<std::optional<std::size_t>> find_array(const SnapshotFile& file, std::span<const std::string_view> names,
                                              const std::string& where)
{
    std::optional<std::size_t> found;
    for (std::size_t idx = 0; idx < file.tensors().size(); ++idx) {
        if (std::find(names.begin(), names.end(), file.tensors()[idx].name) == names.end()) continue;
        if (found)
            return malformed(
                "holds both " + in_quotes(std::string(names[0])) + " and " + in_quotes(std::string(names[1])), where,
                "leave one of them out");
        found = idx;
    }
    return found;
}

/// All elements of an array as numbers.
Result<std::vector<float>> numbers_of(SnapshotFile& file, std::size_t tensor_idx)
{
    const model::TensorInfo& info = file.tensors()[tensor_idx];
    std::vector<float> values(static_cast<std::size_t>(info.count));
    if (model::is_float(info.type)) {
        FEDSLEUTH_CHECK(file.read(tensor_idx, 0, info.count, values.data()));
        return values;
    }
    FEDSLEUTH_TRY(const std::vector<std::int64_t> whole, file.integers(tensor_idx));
    std::transform(whole.begin(), whole.end(), values.begin(),
                   [](std::int64_t value) { return static_cast<float>(value); });
    return values;
}

Result<std::vector<std::int32_t>> labels_of(SnapshotFile& file, std::size_t tensor_idx, const ProbeLimits& limits,
                                            const std::string& where)
{
    const model::TensorInfo& info = file.tensors()[tensor_idx];
    if (info.shape.size() > 1 && info.count != info.shape.front())
        return malformed("has the shape " + model::shape_text(info.shape) + ": labels are one class number a row",
                         where, "of one-hot labels take the argmax");
    if (info.count > limits.rows)
        return over_limit(
            "has " + model::grouped(info.count) + " labels, more than the limit of " + model::grouped(limits.rows),
            where);
    std::vector<std::int32_t> labels;
    const auto add = [&](double value) {
        const bool fits = std::isfinite(value) && value >= 0 && value < static_cast<double>(limits.classes) &&
                          std::floor(value) == value;
        labels.push_back(fits ? static_cast<std::int32_t>(value) : -1);
        return fits;
    };
    bool all = true;
    if (model::is_float(info.type)) {
        FEDSLEUTH_TRY(const std::vector<float> values, numbers_of(file, tensor_idx));
        for (const float value : values) all &= add(value);
    } else {
        FEDSLEUTH_TRY(const std::vector<std::int64_t> values, file.integers(tensor_idx));
        for (const std::int64_t value : values) all &= add(static_cast<double>(value));
    }
    if (!all)
        return malformed("holds something else than class numbers, which are whole and from 0 to " +
                             model::grouped(limits.classes - 1),
                         where);
    return labels;
}

/// Splits the shape of `x` into rows and the shape of one input.
Result<void> split(model::ProbeSet& set, const model::TensorInfo& info, const std::string& where)
{
    const bool one = info.shape.size() == 1 || (set.labels.size() == 1 && info.shape.front() != 1);
    set.rows = one ? 1 : static_cast<std::size_t>(info.shape.front());
    set.shape.assign(info.shape.begin() + (one ? 0 : 1), info.shape.end());
    if (!set.labels.empty() && set.labels.size() != set.rows)
        return malformed("has " + model::grouped(static_cast<long long>(set.rows)) + " rows, but there are " +
                             model::grouped(static_cast<long long>(set.labels.size())) + " labels",
                         where);
    return {};
}

}  // namespace

Result<model::ProbeSet> read_probe_set(const std::filesystem::path& path, ProbeLabels labels, const ProbeLimits& limits)
{
    const std::string name = path.filename().string();
    FEDSLEUTH_TRY(const std::unique_ptr<SnapshotFile> file, open_snapshot(path));
    if (file->format() != "npz") return malformed("is no .npz", name, wanted_arrays);
    FEDSLEUTH_TRY(const std::optional<std::size_t> x, find_array(*file, input_names, name));
    FEDSLEUTH_TRY(const std::optional<std::size_t> y, find_array(*file, label_names, name));
    if (!x) return malformed("holds no inputs", name, wanted_arrays);
    if (!y && labels == ProbeLabels::required) return malformed("holds no labels", name, wanted_arrays);

    const model::TensorInfo& info = file->tensors()[*x];
    const std::string where = place(name, "array " + in_quotes(info.name));
    if (info.shape.empty() || info.count == 0) return malformed("holds no input", where);
    if (static_cast<std::int64_t>(info.shape.size()) > limits.rank)
        return over_limit("has " + std::to_string(info.shape.size()) + " dimensions, more than the limit of " +
                              std::to_string(limits.rank),
                          where);
    if (info.count > limits.elements)
        return over_limit(
            "has " + model::grouped(info.count) + " numbers, more than the limit of " + model::grouped(limits.elements),
            where, "a few hundred inputs are enough");

    model::ProbeSet set;
    set.path = path.string();
    if (y) {
        const std::string at = place(name, "array " + in_quotes(file->tensors()[*y].name));
        FEDSLEUTH_TRY(set.labels, labels_of(*file, *y, limits, at));
        if (set.labels.empty()) return malformed("holds no label", at);
    }
    FEDSLEUTH_CHECK(split(set, info, where));
    if (static_cast<std::int64_t>(set.rows) > limits.rows)
        return over_limit("has " + model::grouped(static_cast<long long>(set.rows)) + " rows, more than the limit of " +
                              model::grouped(limits.rows),
                          where, "a few hundred inputs are enough");
    FEDSLEUTH_TRY(set.inputs, numbers_of(*file, *x));
    if (!std::all_of(set.inputs.begin(), set.inputs.end(), [](float value) { return std::isfinite(value); }))
        return malformed("holds a value that is not finite", where);
    FEDSLEUTH_TRY(set.sha256, sha256_of_file(path));
    return set;
}

}  // namespace fedsleuth::storage
