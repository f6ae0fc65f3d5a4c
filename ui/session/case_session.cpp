// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/case_session.h"

#include "analysis/probe/curve.h"
#include "storage/case/case_file.h"
#include "storage/evidence/probe_file.h"
#include "ui/session/case_paths.h"
#include "ui/session/jobs.h"
#include "ui/session/open_case.h"

#include <deque>
#include <list>
#include <mutex>

namespace fedsleuth::ui {

using storage::CaseFile;

namespace {

const QString open_lane = QStringLiteral("open");
const QString acts_lane = QStringLiteral("acts");

QString ledger_lane(const QObject* context)
{
    return QStringLiteral("ledger-%1").arg(reinterpret_cast<quintptr>(context), 0, 16);
}

}  // namespace

/// The ledgers of the last few rounds that were looked at, newest first.
struct CaseSession::LedgerCache {
    static constexpr std::size_t kept = 8;
    std::list<std::pair<model::RoundNo, LedgerPtr>> entries;

    [[nodiscard]] std::optional<LedgerPtr> find(model::RoundNo round)
    {
        for (auto entry = entries.begin(); entry != entries.end(); ++entry) {
            if (entry->first != round) continue;
            entries.splice(entries.begin(), entries, entry);
            return entry->second;
        }
        return std::nullopt;
    }
    void add(model::RoundNo round, LedgerPtr ledger)
    {
        entries.emplace_front(round, std::move(ledger));
        if (entries.size() > kept) entries.pop_back();
    }
};

/// Decisions on their way into their case: whichever thread comes first writes the oldest, so they keep their order.
struct CaseSession::DecisionQueue {
    std::mutex mutex;
    std::deque<std::pair<std::string, model::Decision>> waiting;

    model::Result<void> write_one()
    {
        const std::scoped_lock lock(mutex);
        const auto [path, decision] = std::move(waiting.front());
        waiting.pop_front();
        FEDSLEUTH_TRY(const std::unique_ptr<CaseFile> file, CaseFile::open(path));
        return file->add_decision(decision);
    }
};

CaseSession::CaseSession(QObject* parent)
    : QObject(parent),
      jobs_(std::make_unique<Jobs>()),
      ledgers_(std::make_unique<LedgerCache>()),
      decisions_(std::make_shared<DecisionQueue>()),
      cases_folder_(to_text(default_cases_folder()))
{
    connect(jobs_.get(), &Jobs::changed, this, &CaseSession::jobs_changed);
}

CaseSession::~CaseSession()
{
    jobs_->disconnect(this);  // nobody here hears of the jobs' own end
}

void CaseSession::open(const QString& path)
{
    close();
    const quint64 generation = generation_;
    opening_ = path;
    jobs_->start<OpenedCase>(
        open_lane, tr("Opening %1").arg(path), this,
        [this, generation, path = to_path(path), cases = to_path(cases_folder_)](JobControl& control) {
            return open_anything(path, cases, control, [this, generation, &control](const CaseDataPtr& data) {
                control.publish([this, generation, data] {
                    if (generation == generation_) set_data(data);
                });
            });
        },
        [this, generation, written = decisions_written_](model::Result<OpenedCase> opened) {
            if (generation != generation_) return;
            finish_opening(std::move(opened));
            if (written != decisions_written_) reload();
        });
    emit data_changed();
}

void CaseSession::finish_opening(model::Result<OpenedCase> opened)
{
    const QString path = std::exchange(opening_, {});
    if (!opened) {
        // The folder may have come half in: what is there is kept, and nothing is shown as if it were whole.
        if (opened.error().code == model::ErrorCode::cancelled)
            emit failed(tr("Stopped. What was taken in by then is kept: open %1 again to go on.").arg(path));
        else
            emit failed(QString::fromStdString(opened.error().text()));
        set_data(nullptr);
        return;
    }
    set_data(opened->data);
    if (!opened->message.empty()) emit failed(QString::fromStdString(opened->message));
    emit case_opened(QString::fromStdString(data_->case_path));
}

void CaseSession::close()
{
    ++generation_;
    opening_.clear();
    jobs_->abandon_all();
    set_data(nullptr);
}

void CaseSession::show(CaseDataPtr data)
{
    close();
    set_data(std::move(data));
}

void CaseSession::set_data(CaseDataPtr data)
{
    const bool same_case = data && data_ && data->case_path == data_->case_path;
    const bool same_rounds = same_case && data->rounds.size() == data_->rounds.size();
    data_ = std::move(data);
    ledgers_->entries.clear();
    if (!same_case) {
        selection_.clear();
        probes_ = {};
    }
    if (!same_rounds) {
        const bool any = data_ && !data_->rounds.empty();
        range_.set_bounds(any ? data_->rounds.front().number : model::RoundNo{},
                          any ? data_->rounds.back().number : model::RoundNo{});
    }
    emit data_changed();
}

void CaseSession::with_ledger(model::RoundNo round, QObject* context, std::function<void(LedgerPtr)> callback)
{
    const QString lane = ledger_lane(context);
    if (!data_) {
        jobs_->abandon(lane);
        callback(nullptr);
        return;
    }
    if (const std::optional<LedgerPtr> kept = ledgers_->find(round)) {
        jobs_->abandon(lane);
        callback(*kept);
        return;
    }
    jobs_->start<LedgerPtr>(
        lane, tr("Reading round %1").arg(round.value()), context,
        [path = data_->case_path, round](JobControl& control) -> model::Result<LedgerPtr> {
            FEDSLEUTH_TRY(const std::unique_ptr<CaseFile> file, CaseFile::open(path, CaseFile::Mode::read_only));
            const auto guard = control.interruptible([&file] { file->interrupt(); });
            FEDSLEUTH_TRY(std::optional<model::RoundLedger> ledger, file->ledger(round));
            return ledger ? std::make_shared<const model::RoundLedger>(std::move(*ledger)) : LedgerPtr{};
        },
        [this, round, generation = generation_, callback = std::move(callback)](model::Result<LedgerPtr> answer) {
            if (generation != generation_) return;
            if (!answer) {
                emit failed(QString::fromStdString(answer.error().text()));
                callback(nullptr);
                return;
            }
            if (*answer) ledgers_->add(round, *answer);
            callback(*answer);
        },
        {.shown = false});
}

void CaseSession::analyse()
{
    if (!data_ || is_busy()) return;
    jobs_->start<CaseDataPtr>(
        open_lane, tr("Analysing"), this,
        [path = data_->case_path, probes = probes_](JobControl& control) {
            return analyse_case(path, probes, control);
        },
        [this, generation = generation_, written = decisions_written_](model::Result<CaseDataPtr> answer) {
            if (generation != generation_) return;
            if (!answer) {
                emit failed(answer.error().code == model::ErrorCode::cancelled
                                ? tr("The analysis was stopped. The last finished one is still shown.")
                                : tr("The analysis failed: %1").arg(QString::fromStdString(answer.error().text())));
                return;
            }
            set_data(std::move(*answer));
            // A decision that was taken meanwhile may have come too late to be read.
            if (written != decisions_written_) reload();
        });
}

void CaseSession::add_probe(const QString& path, ProbeKind kind)
{
    if (!data_ || is_busy()) return;
    jobs_->start<model::ProbeSet>(
        QStringLiteral("probe"), tr("Reading the probe"), this,
        [path = to_path(path), kind, layers = data_->federation.layers](JobControl&) -> model::Result<model::ProbeSet> {
            FEDSLEUTH_TRY(model::ProbeSet set,
                          storage::read_probe_set(path, kind == ProbeKind::clean ? storage::ProbeLabels::required
                                                                                 : storage::ProbeLabels::optional));
            // What does not fit the model is refused here: kept, it would make every analysis from now on fail.
            analysis::Probes alone;
            (kind == ProbeKind::clean ? alone.probe : alone.misclassified) = set;
            FEDSLEUTH_CHECK(analysis::network_for(layers, alone));
            return set;
        },
        [this, kind, case_path = data_->case_path](model::Result<model::ProbeSet> set) {
            if (!data_ || data_->case_path != case_path) return;
            if (!set) {
                emit failed(tr("The probe was not added: %1").arg(QString::fromStdString(set.error().text())));
                return;
            }
            (kind == ProbeKind::clean ? probes_.probe : probes_.misclassified) = std::move(*set);
            analyse();
        });
}

void CaseSession::decide(const model::Decision& decision)
{
    if (!data_) return;
    {
        const std::scoped_lock lock(decisions_->mutex);
        decisions_->waiting.emplace_back(data_->case_path, decision);
    }
    // What a person wrote is not to be lost, come what may.
    const QString note =
        decision.note.empty() ? QString() : tr(" — your note was: %1").arg(QString::fromStdString(decision.note));
    jobs_->start<bool>(
        QStringLiteral("decide-%1").arg(++decision_count_), tr("Recording the decision"), this,
        [queue = decisions_](JobControl&) -> model::Result<bool> {
            FEDSLEUTH_CHECK(queue->write_one());
            return true;
        },
        [this, path = data_->case_path, note](const model::Result<bool>& answer) {
            if (!answer) {
                emit failed(
                    tr("The decision was not recorded: %1%2").arg(QString::fromStdString(answer.error().text()), note));
                return;
            }
            ++decisions_written_;
            if (data_ && data_->case_path == path) reload();
        },
        {.shown = false, .must_finish = true});
}

void CaseSession::set_policy(const std::string& name, std::optional<double> value)
{
    if (!data_) return;
    jobs_->start<bool>(
        QStringLiteral("policy-%1").arg(++decision_count_), tr("Recording the limit"), this,
        [path = data_->case_path, name, value](JobControl&) -> model::Result<bool> {
            FEDSLEUTH_TRY(const std::unique_ptr<CaseFile> file, CaseFile::open(path));
            FEDSLEUTH_CHECK(file->put_policy(name, value));
            return true;
        },
        [this, path = data_->case_path](const model::Result<bool>& answer) {
            if (!answer)
                emit failed(tr("The limit was not recorded: %1").arg(QString::fromStdString(answer.error().text())));
            else if (data_ && data_->case_path == path)
                reload();
        },
        {.shown = false, .must_finish = true});
}

void CaseSession::reload()
{
    if (!data_) return;
    jobs_->start<CaseDataPtr>(
        acts_lane, tr("Reading decisions"), this,
        [before = data_](JobControl& control) -> model::Result<CaseDataPtr> {
            FEDSLEUTH_TRY(const std::unique_ptr<CaseFile> file,
                          CaseFile::open(before->case_path, CaseFile::Mode::read_only));
            const auto guard = control.interruptible([&file] { file->interrupt(); });
            return with_new_acts(*before, *file);
        },
        [this, generation = generation_, before = data_](model::Result<CaseDataPtr> answer) {
            if (generation != generation_) return;
            if (!answer) {
                emit failed(QString::fromStdString(answer.error().text()));
            } else if (data_ == before) {
                set_data(std::move(*answer));
            } else {
                reload();  // an analysis ended in between: read again, on top of what it found
            }
        },
        {.shown = false});
}

bool CaseSession::is_busy() const { return jobs_->is_running(open_lane); }

}  // namespace fedsleuth::ui
