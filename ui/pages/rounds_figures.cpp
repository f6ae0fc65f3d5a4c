// SPDX-License-Identifier: GPL-3.0-or-later
// What the figures and the table of the Rounds page show.
#include "ui/pages/parts.h"
#include "ui/pages/round_words.h"
#include "ui/pages/rounds_page.h"
#include "ui/pages/rules_panel.h"
#include "ui/plots/heat_map.h"
#include "ui/plots/plot_text.h"
#include "ui/plots/scales.h"
#include "ui/plots/scatter.h"
#include "ui/session/case_session.h"
#include "ui/session/wording.h"
#include "ui/tables/round_table.h"
#include "ui/tables/table_view.h"

#include <algorithm>
#include <cmath>
#include <QCheckBox>
#include <QComboBox>

namespace fedsleuth::ui {
void RoundsPage::fill_scatter()
{
    point_of_.clear();
    if (!picture_) return;
    const CaseData& data = *session().data();
    ScatterContents contents;
    contents.by_cluster = colors_by_->currentIndex() == 1;
    contents.crowd_only = crowd_->isChecked();
    const auto percent = [](double share) {
        return QString::number(100 * share, 'f', share < 0.1 || share > 0.99 ? 1 : 0);
    };
    contents.x_title =
        tr("1st principal component (L2 length), %1 % of the variance").arg(percent(picture_->plane.share_x));
    contents.y_title = tr("2nd (L2 length), %1 %").arg(percent(picture_->plane.share_y));
    contents.empty_text = tr("No updates to draw.");
    for (std::size_t idx = 0; idx < picture_->clients.size(); ++idx) {
        const model::ClientId& client = picture_->clients[idx];
        ScatterPoint point;
        point.at = {picture_->plane.x[idx], picture_->plane.y[idx]};
        point.name = shown(client);
        point.verdict = data.shown_class(client);
        point.cluster = idx < picture_->clusters.size() ? picture_->clusters[idx] : -1;
        point.note = tr("L2 norm %1").arg(number_text(picture_->norms[idx]));
        contents.points.push_back(std::move(point));
        point_of_.emplace(client, idx);
    }
    const double unseen = 1 - picture_->plane.share_x - picture_->plane.share_y;
    QString note = tr("A plane of the model's many dimensions: %1 % of the variance lies outside it")
                       .arg(percent(std::max(0.0, unseen)));
    if (contents.by_cluster && picture_->clusters.empty()) note = tr("No clusters: %1").arg(picture_->no_clusters);
    scatter_->set_contents(std::move(contents));
    if (const int outside = scatter_->outside_count())
        note += tr(" · %1 outside the frame, on its rim").arg(text_of(counted(outside, "update", "updates")));
    plane_note_->setText(note);
}

void RoundsPage::fill_heat_map()
{
    heat_clients_.clear();
    if (!picture_) return;
    const CaseData& data = *session().data();
    const std::size_t n = picture_->clients.size();
    HeatContents contents;
    contents.values = picture_->similarities;
    contents.rows = contents.cols = n;
    for (const std::size_t client_idx : picture_->order) {
        const model::ClientId& client = picture_->clients[client_idx];
        heat_clients_.push_back(client);
        contents.row_names.push_back(shown(client));
        contents.row_verdicts.push_back(data.shown_class(client));
    }
    contents.col_names = contents.row_names;
    contents.col_labels = false;
    contents.square = true;
    contents.row_title = tr("client");
    contents.col_title = tr("The same clients in the same order: like beside like (average linkage)");
    // The diagonal is 1 by definition: the scale is the others'.
    std::vector<double> others;
    others.reserve(n * n);
    for (std::size_t row = 0; row < n; ++row)
        for (std::size_t col = 0; col < n; ++col)
            if (row != col) others.push_back(contents.values[row * n + col]);
    contents.scale = fitted_scale(others, HeatScale::Kind::diverging, 0.99);
    const double fitted = std::clamp(contents.scale.high, 0.25, 1.0);
    const double reach = fitted > 0.95 ? 1 : fitted;
    contents.scale.low = -reach;
    contents.scale.high = reach;
    contents.scale.beyond_high = reach < 1;
    contents.scale.beyond_low = std::ranges::any_of(others, [&](double value) { return value < -reach; });
    contents.scale.name = tr("cosine similarity");
    contents.scale.zero_meaning = tr("unrelated");
    contents.empty_text = tr("No updates to compare.");
    heat_map_->set_contents(std::move(contents));
}

void RoundsPage::fill_table()
{
    std::map<model::ClientId, double> norms;
    if (picture_)
        for (std::size_t idx = 0; idx < picture_->clients.size(); ++idx)
            norms[picture_->clients[idx]] = picture_->norms[idx];
    table_->set_colors(Palette::of(palette()));
    table_->set_round(session().data(), *round_, norms);
    for (int column = 0; column < table_->columnCount(); ++column)
        view_->setColumnHidden(column, table_->is_idle(column));
    view_->setColumnHidden(table_->columnCount() - 1, !table_->has_unusable());
    view_->set_empty_text(tr("No client sent an update in this round."));
}

void RoundsPage::mark_client()
{
    const auto& client = session().selection().client();
    std::optional<std::size_t> point, row;
    if (client) {
        if (const auto found = point_of_.find(*client); found != point_of_.end()) point = found->second;
        if (const auto found = std::ranges::find(heat_clients_, *client); found != heat_clients_.end())
            row = std::size_t(found - heat_clients_.begin());
    }
    scatter_->set_selected(point);
    heat_map_->set_selected(row, row);
    view_->select_row(client ? table_->row_of(*client) : std::nullopt);
    rules_->mark_client();
}

}  // namespace fedsleuth::ui
