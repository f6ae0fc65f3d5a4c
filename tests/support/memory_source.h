// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/update_source.h"

#include <cstring>
#include <map>
#include <tuple>
#include <vector>

namespace fedsleuth::test {

/// Vectors in memory behind the UpdateSource door.
class MemorySource final : public model::UpdateSource {
public:
    explicit MemorySource(std::int64_t d, std::int64_t block = model::memory_coordinates) : d_(d), block_(block) {}

    void put(model::VectorRef::Kind kind, std::int64_t round, const std::string& client, std::vector<float> values)
    {
        vectors_[{static_cast<int>(kind), round, client}] = std::move(values);
    }
    const std::vector<float>& get(const model::VectorRef& ref) const
    {
        return vectors_.at({static_cast<int>(ref.kind), ref.round.value(), ref.client.text()});
    }

    model::Result<std::int64_t> coordinates() override { return d_; }
    std::int64_t block_coordinates() const override { return block_; }
    model::Result<void> read(std::span<const model::VectorRef> rows, std::int64_t first, std::int64_t count,
                             float* out) override
    {
        for (const model::VectorRef& row : rows) {
            const auto found = vectors_.find({static_cast<int>(row.kind), row.round.value(), row.client.text()});
            if (found == vectors_.end()) return model::fail(model::ErrorCode::not_found, "no such row");
            if (count > 0)
                std::memcpy(out, found->second.data() + first, static_cast<std::size_t>(count) * sizeof(float));
            out += count;
        }
        return {};
    }

private:
    std::int64_t d_;
    std::int64_t block_;
    std::map<std::tuple<int, std::int64_t, std::string>, std::vector<float>> vectors_;
};

}  // namespace fedsleuth::test
