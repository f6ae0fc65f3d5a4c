// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/export/model_writer.h"

#include "storage/export/model_safetensors.h"
#include "storage/export/npz_writer.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <set>

namespace fedsleuth::storage {

using model::ErrorCode;
using model::Result;

namespace {

constexpr std::int64_t piece = 65'536;  ///< coordinates

/// One tensor as a .npy file, its numbers fetched as they are needed.
class TensorStream final : public ByteStream {
public:
    TensorStream(const model::Layer& layer, const CoordinateReader& read, Result<void>& failure)
        : header_(npy_header(layer.shape, NumberType::float32)), layer_(layer), read_(read), failure_(failure)
    {
    }

    [[nodiscard]] std::int64_t size() const override
    {
        return static_cast<std::int64_t>(header_.size()) + layer_.count * static_cast<std::int64_t>(sizeof(float));
    }
    void rewind() override { at_ = 0; }
    [[nodiscard]] std::int64_t read(std::span<std::byte> into) override
    {
        std::int64_t written = 0;
        const auto head = static_cast<std::int64_t>(header_.size());
        while (written < static_cast<std::int64_t>(into.size()) && at_ < size()) {
            const std::int64_t room = static_cast<std::int64_t>(into.size()) - written;
            std::int64_t count = 0;
            if (at_ < head) {
                count = std::min(room, head - at_);
                std::memcpy(into.data() + written, header_.data() + at_, static_cast<std::size_t>(count));
            } else {
                const std::int64_t offset = at_ - head;
                if (!fetch(offset / static_cast<std::int64_t>(sizeof(float)))) return -1;
                const std::int64_t start = offset - first_ * static_cast<std::int64_t>(sizeof(float));
                count = std::min(room, static_cast<std::int64_t>(values_.size() * sizeof(float)) - start);
                std::memcpy(into.data() + written, reinterpret_cast<const std::byte*>(values_.data()) + start,
                            static_cast<std::size_t>(count));
            }
            written += count;
            at_ += count;
        }
        return written;
    }

private:
    /// Makes values_ hold that number of the tensor.
    bool fetch(std::int64_t number)
    {
        if (!values_.empty() && number >= first_ && number < first_ + static_cast<std::int64_t>(values_.size()))
            return true;
        first_ = number / piece * piece;
        values_.resize(static_cast<std::size_t>(std::min(piece, layer_.count - first_)));
        failure_ = read_(layer_.offset + first_, static_cast<std::int64_t>(values_.size()), values_.data());
        return failure_.has_value();
    }

    std::string header_;
    const model::Layer& layer_;
    const CoordinateReader& read_;
    Result<void>& failure_;
    std::int64_t at_ = 0;
    std::int64_t first_ = 0;
    std::vector<float> values_;
};

Result<void> write_npz_model(const std::filesystem::path& path, std::span<const model::Layer> layers,
                             const CoordinateReader& read, bool overwrite)
{
    Result<void> failure;
    std::vector<std::unique_ptr<TensorStream>> streams;
    std::vector<ArchiveMember> members;
    for (const model::Layer& layer : layers) {
        if (layer.counter) continue;
        streams.push_back(std::make_unique<TensorStream>(layer, read, failure));
        members.push_back({layer.name + ".npy", streams.back().get()});
    }
    const Result<void> written = write_archive(path, members, overwrite);
    return failure ? written : failure;
}

}  // namespace

std::string_view name_of(ModelFormat format) { return format == ModelFormat::npz ? "npz" : "safetensors"; }

std::optional<ModelFormat> model_format_from(std::string_view name)
{
    for (const ModelFormat format : {ModelFormat::npz, ModelFormat::safetensors})
        if (name_of(format) == name) return format;
    return std::nullopt;
}

ModelFormat format_like(std::span<const model::EvidenceFile> evidence)
{
    for (const model::EvidenceFile& file : evidence)
        if (file.role == "checkpoint")
            if (const auto format = model_format_from(file.format)) return *format;
    return ModelFormat::npz;
}

Result<void> write_model(const std::filesystem::path& path, ModelFormat format, std::span<const model::Layer> layers,
                         const CoordinateReader& read, bool overwrite)
{
    std::set<std::string_view> names;
    for (const model::Layer& layer : layers)
        if (!layer.counter && !names.insert(layer.name).second)
            return model::fail(ErrorCode::invalid_argument, "two tensors have the same name: " + layer.name,
                               path.string());
    return format == ModelFormat::npz ? write_npz_model(path, layers, read, overwrite)
                                      : write_safetensors_model(path, layers, read, overwrite);
}

}  // namespace fedsleuth::storage
