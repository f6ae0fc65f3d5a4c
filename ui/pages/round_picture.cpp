// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/round_picture.h"

#include "analysis/clustering/hdbscan.h"

#include <algorithm>

namespace fedsleuth::ui {
namespace {

/// As the density detector has it: a quarter of the round makes a cluster.
std::size_t smallest_cluster(std::size_t n) { return std::max<std::size_t>(2, n / 4); }

}  // namespace

model::Result<RoundPicture> picture_of(const model::RoundLedger& ledger, const model::Progress& progress)
{
    const auto stopped = [&] { return model::fail(model::ErrorCode::cancelled, "stopped"); };
    RoundPicture picture;
    picture.round = ledger.round;
    picture.clients = ledger.clients;
    const std::size_t n = ledger.size();
    if (n == 0) return picture;
    picture.plane = analysis::principal_plane(ledger);
    picture.norms = analysis::norms(ledger);
    if (progress.stopped()) return stopped();
    const std::vector<double> distances = analysis::cosine_distances(ledger);
    picture.order = analysis::linkage_order(distances, n);
    if (progress.stopped()) return stopped();
    picture.similarities.resize(n * n);
    for (std::size_t row = 0; row < n; ++row)
        for (std::size_t col = 0; col < n; ++col)
            picture.similarities[row * n + col] = 1 - distances[picture.order[row] * n + picture.order[col]];
    analysis::HdbscanOptions options;
    options.min_cluster_size = smallest_cluster(n);
    options.allow_single_cluster = true;  // an honest round is one cluster
    if (auto clustering = analysis::hdbscan(distances, n, options))
        picture.clusters = std::move(clustering->labels);
    else
        picture.no_clusters = QString::fromStdString(clustering.error().text());
    return picture;
}

}  // namespace fedsleuth::ui
