// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/ids.h"
#include "model/layer.h"
#include "storage/export/model_writer.h"

#include <filesystem>
#include <string>
#include <vector>

namespace fedsleuth::storage {

/// The folder that a replay writes: checkpoints/r0007.npz …, corrected/…, and manifest.json, which comes last: a folder
/// without one is not finished.
class ReplayFolder final : public model::CheckpointSink {
public:
    /// Makes the folder. Errors: conflict where it holds anything but an unfinished replay; io.
    [[nodiscard]] static model::Result<ReplayFolder> open(const std::filesystem::path& folder, ModelFormat format,
                                                          std::vector<model::Layer> layers);

    [[nodiscard]] std::string state_folder() const override { return folder_.string(); }
    [[nodiscard]] model::Result<void> write(std::string_view kind, model::RoundNo round,
                                            const CoordinateReader& read) override;
    [[nodiscard]] model::Result<CoordinateReader> read(std::string_view kind, model::RoundNo round) const override;
    void remove(std::string_view kind, model::RoundNo round) override;
    [[nodiscard]] std::string name(std::string_view kind, model::RoundNo round) const override;
    [[nodiscard]] model::Result<std::string> digest(const std::string& name) const override;
    [[nodiscard]] model::Result<std::string> finish(const std::string& manifest) override;

private:
    std::filesystem::path folder_;
    ModelFormat format_ = ModelFormat::npz;
    std::vector<model::Layer> layers_;
};

}  // namespace fedsleuth::storage
