// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "storage/case/case_file.h"
#include "storage/evidence/snapshot_file.h"

#include <algorithm>
#include <cmath>
#include <QString>
#include <span>
#include <string>
#include <vector>

using Values = std::vector<double>;

/// All tensors of a snapshot, end to end; empty where it can't be read.
inline Values snapshot_values(const QString& path)
{
    Values all;
    const auto snapshot = fedsleuth::storage::open_snapshot(path.toStdString());
    if (!snapshot) return all;
    for (std::size_t tensor = 0; tensor < (*snapshot)->tensors().size(); ++tensor) {
        std::vector<float> values(static_cast<std::size_t>((*snapshot)->tensors()[tensor].count));
        if (!(*snapshot)->read(tensor, 0, static_cast<std::int64_t>(values.size()), values.data())) return {};
        all.insert(all.end(), values.begin(), values.end());
    }
    return all;
}

inline Values case_values(fedsleuth::storage::CaseFile& store, fedsleuth::model::VectorRef::Kind kind, int round,
                          const std::string& client = {})
{
    std::vector<float> values(static_cast<std::size_t>(*store.coordinates()));
    const fedsleuth::model::VectorRef ref{kind, fedsleuth::model::RoundNo{round}, fedsleuth::model::ClientId{client}};
    if (!store.read(std::span(&ref, 1), 0, static_cast<std::int64_t>(values.size()), values.data())) return {};
    return {values.begin(), values.end()};
}

/// Infinite where the two are not of one length, or empty.
inline double greatest_difference(const Values& a, const Values& b)
{
    if (a.size() != b.size() || a.empty()) return INFINITY;
    double most = 0;
    for (std::size_t idx = 0; idx < a.size(); ++idx) most = std::max(most, std::abs(a[idx] - b[idx]));
    return most;
}
