// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/probe/curve.h"
#include "model/decision.h"
#include "model/progress.h"
#include "model/round_ledger.h"
#include "ui/session/case_data.h"
#include "ui/session/selection.h"

#include <functional>
#include <memory>
#include <QObject>
#include <QString>

namespace fedsleuth::ui {

class Jobs;
struct OpenedCase;

/// What a probe file holds.
enum class ProbeKind { clean, misclassified };

using LedgerPtr = std::shared_ptr<const model::RoundLedger>;

/// The open case: its data, what is selected in it, and the jobs that work on it. Lives in the window's thread; all
/// reading and computing happens in jobs, each with a CaseFile of its own.
class CaseSession : public QObject {
    Q_OBJECT
public:
    explicit CaseSession(QObject* parent = nullptr);
    ~CaseSession() override;

    /// Opens a .fedcase file, or an evidence folder (which is ingested into `<folder name>.fedcase` in the user's
    /// data folder and analysed). The last case's data is gone from all pages at once.
    void open(const QString& path);
    void close();
    /// Shows data that came from elsewhere than a case file: ledgers can't be had then, nor decisions be recorded.
    void show(CaseDataPtr data);

    /// Where cases that are made from folders go.
    void set_cases_folder(const QString& folder) { cases_folder_ = folder; }

    [[nodiscard]] bool is_busy() const;                                ///< opening or analysing
    [[nodiscard]] const QString& opening() const { return opening_; }  ///< what is being opened; else empty
    [[nodiscard]] bool is_open() const { return data_ != nullptr; }
    [[nodiscard]] const CaseDataPtr& data() const { return data_; }  ///< null while none is open
    [[nodiscard]] Selection& selection() { return selection_; }
    [[nodiscard]] RoundRange& range() { return range_; }
    [[nodiscard]] Jobs& jobs() { return *jobs_; }

    /// Fetches one round's ledger in a job (kept for the last few rounds). The callback runs in the window's thread,
    /// unless `context` is gone or a later request of the same context came first; null where the round has none.
    void with_ledger(model::RoundNo round, QObject* context, std::function<void(LedgerPtr)> callback);

    void analyse();                                ///< again, in a job, with the probes that were added
    /// Reads a probe file in a job, keeps it until another case is opened, and analyses again with it. What was added
    /// before of the same kind is replaced.
    void add_probe(const QString& path, ProbeKind kind);
    [[nodiscard]] const analysis::Probes& probes() const { return probes_; }
    void decide(const model::Decision& decision);  ///< records it and reloads
    /// Sets a limit of the case (nothing: the program's own) and reloads.
    void set_policy(const std::string& name, std::optional<double> value);
    void acts_changed() { reload(); }  ///< somebody has recorded something in the case

signals:
    void data_changed();  ///< another case, none, or the same with new contents
    void failed(const QString& message);
    void case_opened(const QString& case_path);  ///< all of it is there, verdicts included
    void jobs_changed();

private:
    void set_data(CaseDataPtr data);
    void finish_opening(model::Result<OpenedCase> opened);
    void reload();
    struct LedgerCache;
    struct DecisionQueue;

    Selection selection_;
    RoundRange range_;
    std::unique_ptr<Jobs> jobs_;
    CaseDataPtr data_;
    analysis::Probes probes_;
    QString opening_;
    std::unique_ptr<LedgerCache> ledgers_;
    std::shared_ptr<DecisionQueue> decisions_;
    QString cases_folder_;
    quint64 decision_count_ = 0;
    quint64 decisions_written_ = 0;
    quint64 generation_ = 0;  ///< answers of jobs for an earlier case are dropped
};

}  // namespace fedsleuth::ui
