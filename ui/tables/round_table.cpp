// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/tables/round_table.h"

#include "analysis/detection/detector.h"
#include "analysis/detection/probe_scores.h"
#include "ui/plots/color_space.h"
#include "ui/plots/plot_text.h"
#include "ui/plots/scales.h"
#include "ui/tables/round_lookup.h"

#include <algorithm>
#include <cmath>

namespace fedsleuth::ui {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
/// From here on a ground gets no darker: z of about 13.
constexpr double full_evidence = 10;

/// Those of every case, then those that need a probe.
const std::vector<analysis::DetectorInfo>& shown_detectors()
{
    static const std::vector<analysis::DetectorInfo> infos = [] {
        std::vector<analysis::DetectorInfo> all;
        for (const auto& some : {analysis::detectors(), analysis::probe_detectors()})
            all.insert(all.end(), some.begin(), some.end());
        return all;
    }();
    return infos;
}

QString minus_fixed(double number, int decimals)
{
    QString text = QString::number(std::abs(number), 'f', decimals);
    const bool zero = text.toDouble() == 0;
    return number < 0 && !zero ? QChar(0x2212) + text : text;
}

/// Broken at the blank nearest to the middle: detectors have long names and short numbers.
QString in_two_lines(QString title)
{
    qsizetype best = -1;
    for (qsizetype at = title.indexOf(u' '); at >= 0; at = title.indexOf(u' ', at + 1))
        if (best < 0 || std::abs(2 * at - title.size()) < std::abs(2 * best - title.size())) best = at;
    if (best >= 0) title[best] = u'\n';
    return title;
}

}  // namespace

RoundTable::RoundTable(QObject* parent) : TableModel(parent)
{
    heads_ = {
        {tr("Client"), tr("With its verdict over all rounds"), false, 20},
        {tr("Examples"), tr("That it says it trained on in this round"), true, 9},
        {tr("Length"), tr("L2 norm of its update"), true, 9},
        {tr("Evidence"),
         tr("Summed over all detectors: log-likelihood ratios against the crowd of this round. A detector at z = 3 "
            "adds 2.9, one at z = 10 adds 8.1."),
         true, 9},
    };
    for (const analysis::DetectorInfo& detector : shown_detectors())
        heads_.push_back(
            {text_of(detector.title),
             tr("%1\n\nShown: robust z-score within the round (distance from the round's median in units of its "
                "normalised MAD). The ground shows the evidence.\nMeasured: %2. Speaks for: %3.\nSource: %4.")
                 .arg(text_of(detector.meaning), text_of(detector.unit), text_of(detector.speaks_for),
                      text_of(detector.source)),
             true, 11});
    heads_.push_back({tr("State"), tr("Why an update cannot be used"), false, 40, true});
}

void RoundTable::set_round(CaseDataPtr data, model::RoundNo round, const std::map<model::ClientId, double>& norms)
{
    beginResetModel();
    data_ = std::move(data);
    rows_.clear();
    unusable_ = false;
    const auto& infos = shown_detectors();
    detectors_.assign(infos.size(), nullptr);
    std::map<model::ClientId, std::vector<std::optional<std::size_t>>> places;
    for (const model::DetectorScores& scores : scores_of(*data_, round)) {
        const auto found = std::ranges::find_if(infos, [&](const auto& info) { return info.name == scores.detector; });
        if (found == infos.end()) continue;
        const auto detector_idx = std::size_t(found - infos.begin());
        detectors_[detector_idx] = &scores;
        for (std::size_t client_idx = 0; client_idx < scores.clients.size(); ++client_idx) {
            auto& row = places[scores.clients[client_idx]];
            row.resize(infos.size());
            row[detector_idx] = client_idx;
        }
    }
    const auto norm_idx =
        std::ranges::find_if(infos, [](const auto& info) { return info.name == "norm"; }) - infos.begin();
    for (const model::Update& update : updates_of(*data_, round)) {
        if (update.reference) continue;
        RoundRow row{&update, data_->shown_class(update.client), nan, nan,
                     std::vector<std::optional<std::size_t>>(infos.size())};
        unusable_ |= !update.usable();
        if (const auto found = norms.find(update.client); found != norms.end()) row.norm = found->second;
        if (const auto found = places.find(update.client); found != places.end()) {
            row.score_idx = found->second;
            row.evidence = 0;
            for (std::size_t detector_idx = 0; detector_idx < infos.size(); ++detector_idx)
                if (const auto seen = score(row, detector_idx); seen && seen->evidence > 0)
                    row.evidence += seen->evidence;
            const auto length =
                std::size_t(norm_idx) < infos.size() ? row.score_idx[std::size_t(norm_idx)] : std::nullopt;
            if (length) row.norm = detectors_[std::size_t(norm_idx)]->statistic[*length];
        }
        rows_.push_back(std::move(row));
    }
    endResetModel();
}

void RoundTable::clear()
{
    beginResetModel();
    rows_.clear();
    detectors_.clear();
    data_.reset();
    unusable_ = false;
    endResetModel();
}

void RoundTable::set_colors(const Palette& colors)
{
    colors_ = colors;
    if (!rows_.empty()) emit dataChanged(index(0, 0), index(rowCount() - 1, columnCount() - 1), {Qt::BackgroundRole});
}

std::optional<int> RoundTable::row_of(const model::ClientId& client) const
{
    const auto found = std::ranges::find_if(rows_, [&](const RoundRow& row) { return row.update->client == client; });
    return found == rows_.end() ? std::nullopt : std::optional(int(found - rows_.begin()));
}

bool RoundTable::is_idle(int column) const
{
    const auto detector_idx = std::size_t(column - first_detector_column);
    const std::size_t always = analysis::detectors().size();
    return column >= first_detector_column && detector_idx >= always && detector_idx < shown_detectors().size() &&
           (detector_idx >= detectors_.size() || !detectors_[detector_idx]);
}

int RoundTable::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : int(rows_.size()); }
int RoundTable::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : int(heads_.size()); }

std::optional<RoundTable::Score> RoundTable::score(const RoundRow& row, std::size_t detector_idx) const
{
    if (detector_idx >= row.score_idx.size() || !row.score_idx[detector_idx] || !detectors_[detector_idx])
        return std::nullopt;
    const model::DetectorScores& scores = *detectors_[detector_idx];
    const std::size_t client_idx = *row.score_idx[detector_idx];
    if (client_idx >= scores.z.size() || client_idx >= scores.evidence.size() || std::isnan(scores.z[client_idx]))
        return std::nullopt;
    return Score{scores.z[client_idx], scores.evidence[client_idx]};
}

Cell RoundTable::cell(int row_idx, int column) const
{
    const RoundRow& row = rows_[std::size_t(row_idx)];
    switch (column) {
        case client_column: {
            Cell cell = text_cell(row.update->client.text());
            cell.mark = row.verdict;
            return cell;
        }
        case examples_column:
            return count_cell(row.update->num_examples);
        case norm_column:
            // With all its digits, so that the column lines up.
            return std::isfinite(row.norm) ? Cell{number_text(row.norm, 3), row.norm, {}, {}} : unknown_cell();
        case evidence_column:
            return fixed_cell(row.evidence, 1);
        default:
            break;
    }
    if (column + 1 == columnCount()) return row.update->usable() ? Cell{} : text_cell(row.update->state_text);
    const auto seen = score(row, std::size_t(column - first_detector_column));
    if (!seen) return unknown_cell();
    return {minus_fixed(seen->z, 1), seen->z, {}, {}};
}

QString RoundTable::tip(int row_idx, int column) const
{
    const RoundRow& row = rows_[std::size_t(row_idx)];
    if (column < first_detector_column || column + 1 == columnCount()) return cell(row_idx, column).text;
    const auto detector_idx = std::size_t(column - first_detector_column);
    if (!score(row, detector_idx)) return tr("This detector had nothing to compare the update with.");
    const model::DetectorScores& scores = *detectors_[detector_idx];
    const std::size_t client_idx = *row.score_idx[detector_idx];
    return text_of(analysis::sentence(scores, client_idx)) +
           tr("\nEvidence %1").arg(number_text(scores.evidence[client_idx], 3));
}

QVariant RoundTable::ground(int row_idx, int column) const
{
    const RoundRow& row = rows_[std::size_t(row_idx)];
    double share = 0;
    if (column == evidence_column) {
        share = row.evidence / (3 * full_evidence);
    } else if (column >= first_detector_column && column + 1 < columnCount()) {
        const auto seen = score(row, std::size_t(column - first_detector_column));
        if (seen) share = seen->evidence / full_evidence;
    }
    if (!(share >= 0.05)) return {};  // the crowd has the paper's own ground; NaN too
    // Mixed with paper, so that the ink on it stays readable at every strength.
    share = std::min(share, 1.0);
    const Lab full = to_lab(colors_.sequential(colors_.dark ? 0.85 : 0.7));
    return QColor(to_rgb(mix(to_lab(colors_.paper.rgb()), full, 0.42 * share)));
}

QVariant RoundTable::data(const QModelIndex& index, int role) const
{
    if (!index.isValid()) return {};
    if (role == Qt::ToolTipRole) return tooltip_html(tip(index.row(), index.column()));
    if (role == Qt::BackgroundRole) return ground(index.row(), index.column());
    return TableModel::data(index, role);
}

QVariant RoundTable::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation == Qt::Horizontal && section >= 0 && section < columnCount()) {
        if (role == Qt::ToolTipRole) return tooltip_html(head(section).meaning);
        if (role == Qt::DisplayRole) return in_two_lines(head(section).title);
        if (role == Qt::TextAlignmentRole)
            return int((head(section).number ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignBottom);
    }
    return TableModel::headerData(section, orientation, role);
}

}  // namespace fedsleuth::ui
