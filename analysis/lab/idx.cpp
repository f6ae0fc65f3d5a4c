// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/lab/dataset.h"

#include <algorithm>
#include <string>

namespace fedsleuth::analysis::lab {

namespace {

using model::ErrorCode;

constexpr std::uint64_t most_pixels = std::uint64_t{1} << 31U;
constexpr std::size_t most_classes = 256;

std::uint32_t big_endian(std::span<const std::uint8_t> bytes, std::size_t at)
{
    return std::uint32_t{bytes[at]} << 24U | std::uint32_t{bytes[at + 1]} << 16U | std::uint32_t{bytes[at + 2]} << 8U |
           std::uint32_t{bytes[at + 3]};
}

/// The extents of an IDX file of unsigned bytes with that rank; its data begin at 4 + 4 · rank.
model::Result<std::vector<std::uint64_t>> read_header(std::span<const std::uint8_t> bytes, std::size_t rank,
                                                      const std::string& where)
{
    constexpr std::uint8_t unsigned_byte = 0x08;
    if (bytes.size() < 4 + 4 * rank || bytes[0] != 0 || bytes[1] != 0)
        return model::fail(ErrorCode::malformed, "is no IDX file", where);
    if (bytes[2] != unsigned_byte || bytes[3] != rank)
        return model::fail(ErrorCode::malformed,
                           "is no IDX file of unsigned bytes with " + std::to_string(rank) + " dimensions", where);
    std::vector<std::uint64_t> extents;
    std::uint64_t count = 1;
    for (std::size_t axis = 0; axis < rank; ++axis) {
        extents.push_back(big_endian(bytes, 4 + 4 * axis));
        if (extents.back() == 0) return model::fail(ErrorCode::malformed, "holds nothing", where);
        if (count > most_pixels / extents.back()) return model::fail(ErrorCode::limit, "is larger than 2 GiB", where);
        count *= extents.back();
    }
    if (bytes.size() - 4 - 4 * rank != count)
        return model::fail(ErrorCode::malformed,
                           "promises " + std::to_string(count) + " bytes of data and holds " +
                               std::to_string(bytes.size() - 4 - 4 * rank),
                           where);
    return extents;
}

class IdxExamples final : public ExampleSource {
public:
    IdxExamples(InputShape shape, std::span<const std::uint8_t> pixels, std::span<const std::uint8_t> labels)
        : shape_(shape), pixels_(pixels.begin(), pixels.end())
    {
        by_class_.resize(*std::max_element(labels.begin(), labels.end()) + std::size_t{1});
        next_.resize(by_class_.size());
        for (std::size_t image_idx = 0; image_idx < labels.size(); ++image_idx)
            by_class_[labels[image_idx]].push_back(image_idx);
    }

    InputShape shape() const override { return shape_; }
    std::size_t classes() const override { return by_class_.size(); }
    [[nodiscard]] bool every_class_has_images() const
    {
        return std::none_of(by_class_.begin(), by_class_.end(), [](const auto& images) { return images.empty(); });
    }
    void make(std::size_t label, Random& random, std::span<float> input) override
    {
        (void)random;  // the files' own order
        const std::vector<std::size_t>& images = by_class_[label];
        copy(images[next_[label]++ % images.size()], input);
    }
    /// Upside down.
    void make_rare(std::size_t label, Random& random, std::span<float> input) override
    {
        copy(by_class_[label][random.below(by_class_[label].size())], input);
        std::reverse(input.begin(), input.end());
    }

private:
    void copy(std::size_t image_idx, std::span<float> input) const
    {
        constexpr float white = 255.0F;
        for (std::size_t pixel_idx = 0; pixel_idx < shape_.features; ++pixel_idx)
            input[pixel_idx] = static_cast<float>(pixels_[image_idx * shape_.features + pixel_idx]) / white;
    }

    InputShape shape_;
    std::vector<std::uint8_t> pixels_;
    std::vector<std::vector<std::size_t>> by_class_;
    std::vector<std::size_t> next_;
};

}  // namespace

model::Result<std::unique_ptr<ExampleSource>> idx_examples(std::span<const std::uint8_t> images,
                                                           std::span<const std::uint8_t> labels)
{
    constexpr std::size_t image_header = 16, label_header = 8;
    FEDSLEUTH_TRY(const std::vector<std::uint64_t> image_extents, read_header(images, 3, "the file of images"));
    FEDSLEUTH_TRY(const std::vector<std::uint64_t> label_extents, read_header(labels, 1, "the file of labels"));
    if (image_extents[0] != label_extents[0])
        return model::fail(
            ErrorCode::malformed,
            std::to_string(image_extents[0]) + " images, but " + std::to_string(label_extents[0]) + " labels",
            "IDX files");
    const InputShape shape{image_extents[1], image_extents[2], image_extents[1] * image_extents[2]};
    auto source = std::make_unique<IdxExamples>(shape, images.subspan(image_header), labels.subspan(label_header));
    if (source->classes() < 2 || source->classes() > most_classes || !source->every_class_has_images())
        return model::fail(ErrorCode::malformed, "the labels do not run from 0 to the number of classes less one",
                           "the file of labels");
    return source;
}

}  // namespace fedsleuth::analysis::lab
