// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/evidence/stored_snapshot.h"

#include "model/layer.h"
#include "storage/evidence/evidence_text.h"

#include <new>

namespace fedsleuth::storage {

using model::ErrorCode;
using model::fail;
using model::Result;

StoredSnapshot::StoredSnapshot(Parts parts, const Limits& limits)
    : format_(parts.format), file_(std::move(parts.file)), bytes_(std::move(parts.bytes)), limits_(limits)
{
    named_ = parts.named;
    notes_ = std::move(parts.notes);
    tensors_.reserve(parts.tensors.size());
    views_.reserve(parts.tensors.size());
    for (FoundTensor& tensor : parts.tensors) {
        tensors_.push_back(std::move(tensor.info));
        views_.push_back(std::move(tensor.view));
    }
}

Result<std::unique_ptr<SnapshotFile>> StoredSnapshot::make(Parts parts, const Limits& limits)
{
    const auto tensors = static_cast<std::int64_t>(parts.tensors.size());
    if (tensors > limits.tensors)
        return over_limit(
            "holds " + model::grouped(tensors) + " tensors, more than the limit of " + model::grouped(limits.tensors),
            parts.file);
    std::int64_t elements = 0;
    for (const FoundTensor& tensor : parts.tensors) {
        if (tensor.info.count > limits.elements - elements)
            return over_limit(
                "its tensors together hold more than the limit of " + model::grouped(limits.elements) + " elements",
                parts.file);
        elements += tensor.info.count;
    }
    return std::unique_ptr<SnapshotFile>(new StoredSnapshot(std::move(parts), limits));
}

std::string StoredSnapshot::place_of(std::size_t tensor_idx) const
{
    const std::string& name = tensors_[tensor_idx].name;
    return place(file_, name.empty() ? "tensor " + std::to_string(tensor_idx) : "tensor " + in_quotes(name));
}

Result<void> StoredSnapshot::finish(std::size_t tensor_idx, Result<void> outcome)
{
    for (std::string& note : bytes_->take_notes()) notes_.push_back(std::move(note));
    if (!outcome) outcome.error().where = place_of(tensor_idx);
    return outcome;
}

Result<void> StoredSnapshot::read(std::size_t tensor_idx, std::int64_t first, std::int64_t count, float* out)
{
    if (tensor_idx >= views_.size())
        return fail(ErrorCode::invalid_argument, "has no tensor " + std::to_string(tensor_idx), file_);
    const TensorView& view = views_[tensor_idx];
    if (!model::is_float(view.type))
        return fail(ErrorCode::invalid_argument, "holds integers, not floats", place_of(tensor_idx));
    if (first < 0 || count < 0 || first > view.count || count > view.count - first)
        return fail(ErrorCode::invalid_argument,
                    "has " + std::to_string(view.count) + " elements; " + std::to_string(count) +
                        " were asked for from " + std::to_string(first) + " on",
                    place_of(tensor_idx));
    if (count == 0) return {};
    try {
        FEDSLEUTH_TRY(ByteSource* const source, bytes_->of(tensor_idx));
        return finish(tensor_idx, read_floats(*source, view, first, count, out));
    } catch (const std::bad_alloc&) {
        return fail(ErrorCode::internal, "could not be read: there is no memory left", file_);
    }
}

Result<std::vector<std::int64_t>> StoredSnapshot::integers(std::size_t tensor_idx)
{
    if (tensor_idx >= views_.size())
        return fail(ErrorCode::invalid_argument, "has no tensor " + std::to_string(tensor_idx), file_);
    const TensorView& view = views_[tensor_idx];
    if (model::is_float(view.type))
        return fail(ErrorCode::invalid_argument, "holds floats, not integers", place_of(tensor_idx));
    if (view.count > limits_.integer_elements)
        return over_limit("holds " + model::grouped(view.count) + " integers, more than the limit of " +
                              model::grouped(limits_.integer_elements) + " that are read at once",
                          place_of(tensor_idx));
    try {
        std::vector<std::int64_t> values(static_cast<std::size_t>(view.count));
        if (values.empty()) return values;
        FEDSLEUTH_TRY(ByteSource* const source, bytes_->of(tensor_idx));
        FEDSLEUTH_CHECK(finish(tensor_idx, read_integers(*source, view, 0, view.count, values.data())));
        return values;
    } catch (const std::bad_alloc&) {
        return fail(ErrorCode::internal, "could not be read: there is no memory left", file_);
    }
}

Result<FoundTensor> found_tensor(std::string name, model::ElementType type, std::vector<std::int64_t> shape,
                                 const Limits& limits, const std::string& where)
{
    if (static_cast<std::int64_t>(name.size()) > limits.name_bytes)
        return over_limit("a tensor's name is longer than the limit of " + model::grouped(limits.name_bytes) + " bytes",
                          where);
    if (model::valid_utf8(name) != name) return malformed("has a name that is not UTF-8", where);
    if (static_cast<std::int64_t>(shape.size()) > limits.rank)
        return over_limit("has " + std::to_string(shape.size()) + " dimensions, more than the limit of " +
                              std::to_string(limits.rank),
                          where);
    const std::int64_t count = model::element_count(shape);
    if (count < 0) return malformed("has a shape whose size overflows", where);
    if (count > limits.elements)
        return over_limit(
            "has " + model::grouped(count) + " elements, more than the limit of " + model::grouped(limits.elements),
            where);
    FoundTensor tensor;
    tensor.info = {std::move(name), type, shape, count};
    tensor.view.type = type;
    tensor.view.shape = std::move(shape);
    tensor.view.count = count;
    return tensor;
}

}  // namespace fedsleuth::storage
