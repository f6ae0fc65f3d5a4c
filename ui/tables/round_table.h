// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/detector_scores.h"
#include "ui/plots/palette.h"
#include "ui/session/case_data.h"
#include "ui/tables/table_model.h"

#include <map>
#include <span>

namespace fedsleuth::ui {

/// One client in one round.
struct RoundRow {
    const model::Update* update = nullptr;
    model::VerdictClass verdict = model::VerdictClass::unknown;
    double norm = 0;      ///< NaN where unknown
    double evidence = 0;  ///< summed over the detectors; NaN where not analysed
    /// By detector, in the registry's order: index into the scores' clients, or none.
    std::vector<std::optional<std::size_t>> score_idx;
};

/// The clients of one round: mark, examples, length, summed evidence and the z-score of every detector, on a ground
/// that is the darker (lighter, in a dark window) the more evidence it is. Unusable updates are there too, with the
/// reason.
class RoundTable final : public TableModel {
    Q_OBJECT
public:
    explicit RoundTable(QObject* parent = nullptr);

    /// `norms` (of the ledger, may be empty) fill in where no analysis was made.
    void set_round(CaseDataPtr data, model::RoundNo round, const std::map<model::ClientId, double>& norms);
    void clear();
    void set_colors(const Palette& colors);

    [[nodiscard]] bool has_unusable() const { return unusable_; }  ///< some row has something in the state column
    /// A probe detector without scores in this round: nothing was given for it to work on.
    [[nodiscard]] bool is_idle(int column) const;
    [[nodiscard]] const std::vector<RoundRow>& rows() const { return rows_; }
    [[nodiscard]] std::optional<int> row_of(const model::ClientId& client) const;
    [[nodiscard]] const model::ClientId& client(int row) const { return rows_[std::size_t(row)].update->client; }

    enum FixedColumn { client_column, examples_column, norm_column, evidence_column, first_detector_column };

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] const ColumnHead& head(int column) const override { return heads_[std::size_t(column)]; }
    [[nodiscard]] Cell cell(int row, int column) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    struct Score {
        double z, evidence;
    };
    [[nodiscard]] std::optional<Score> score(const RoundRow& row, std::size_t detector_idx) const;
    [[nodiscard]] QString tip(int row, int column) const;
    [[nodiscard]] QVariant ground(int row, int column) const;

    std::vector<ColumnHead> heads_;
    CaseDataPtr data_;
    std::vector<const model::DetectorScores*> detectors_;  ///< in the registry's order; null where it did not run
    std::vector<RoundRow> rows_;
    Palette colors_;
    bool unusable_ = false;
};

}  // namespace fedsleuth::ui
