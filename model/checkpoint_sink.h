// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/ids.h"
#include "model/result.h"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace fedsleuth::model {

/// Fills `out` with `count` coordinates of a model from `first` on.
using CoordinateReader = std::function<Result<void>(std::int64_t first, std::int64_t count, float* out)>;

/// Where a replay puts the models that it makes: the door through which analysis hands them to storage.
class CheckpointSink {
public:
    virtual ~CheckpointSink() = default;
    /// Where the replay may keep its state between rounds, so that it can be resumed; empty: nowhere.
    [[nodiscard]] virtual std::string state_folder() const = 0;
    /// The model of one round; `kind` is "frozen" or "corrected". What is there of an unfinished replay is replaced.
    [[nodiscard]] virtual Result<void> write(std::string_view kind, RoundNo round, const CoordinateReader& read) = 0;
    /// Reads a model back that this or an earlier run wrote. Errors: not_found where there is none.
    [[nodiscard]] virtual Result<CoordinateReader> read(std::string_view kind, RoundNo round) const = 0;
    virtual void remove(std::string_view kind, RoundNo round) = 0;
    [[nodiscard]] virtual std::string name(std::string_view kind, RoundNo round) const = 0;
    /// SHA-256 of a file that was written.
    [[nodiscard]] virtual Result<std::string> digest(const std::string& name) const = 0;
    /// Writes the manifest, which comes last; answers its SHA-256.
    [[nodiscard]] virtual Result<std::string> finish(const std::string& manifest) = 0;
};

}  // namespace fedsleuth::model
