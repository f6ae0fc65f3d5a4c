// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/progress.h"
#include "model/result.h"
#include "ui/session/rate_meter.h"

#include <any>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <QObject>
#include <QPointer>
#include <QString>
#include <QTimer>
#include <vector>

namespace fedsleuth::ui {

/// What a job's work holds in its hands while it runs in its thread: progress to report, stops to hear, and a way to
/// hand out a first part of the answer.
class JobControl {
public:
    model::Progress progress;

    /// While the returned object lives, a stop also calls `interrupt` (from the window's thread): it ends what does
    /// not look at `progress`, such as a query. Called at once where the job has been stopped already.
    [[nodiscard]] std::shared_ptr<void> interruptible(std::function<void()> interrupt);

    /// Runs `deliver` in the window's thread, unless the job is outdated by then.
    void publish(std::function<void()> deliver)
    {
        if (publish_) publish_(std::move(deliver));
    }

    void stop();

private:
    friend class Jobs;
    std::mutex mutex_;
    std::map<int, std::function<void()>> interrupts_;
    int next_interrupt_ = 0;
    std::function<void(std::function<void()>)> publish_;
};

/// Long work, each in a thread of its own. Jobs run in lanes: a new job in a lane stops the one before, and that one's
/// answer never arrives (the latest request wins). Answers arrive in the window's thread, and only while their context
/// lives.
class Jobs : public QObject {
    Q_OBJECT
public:
    explicit Jobs(QObject* parent = nullptr);
    /// Stops what runs and waits for it, but not for ever.
    ~Jobs() override;

    struct Options {
        bool shown = true;         ///< in the status bar; false for work of a moment
        bool must_finish = false;  ///< no stop reaches it: it writes what a person entered
    };

    /// Starts `work` in a thread; `done` gets its answer, an Error of code cancelled after stop(). An exception that
    /// leaves `work` becomes an Error of code internal.
    template <class Value>
    void start(const QString& lane, const QString& name, QObject* context,
               std::function<model::Result<Value>(JobControl&)> work, std::function<void(model::Result<Value>)> done,
               Options options)
    {
        start_any(
            lane, name, context,
            [work = std::move(work)](JobControl& control) { return std::any(run<Value>(work, control)); },
            [done = std::move(done)](std::any answer) {
                done(std::move(std::any_cast<model::Result<Value>&>(answer)));
            },
            options);
    }
    template <class Value>
    void start(const QString& lane, const QString& name, QObject* context,
               std::function<model::Result<Value>(JobControl&)> work, std::function<void(model::Result<Value>)> done)
    {
        start<Value>(lane, name, context, std::move(work), std::move(done), Options{});
    }

    void stop(const QString& lane);     ///< the answer will be the error `cancelled`, or what was finished by then
    void stop_shown();                  ///< the Stop button: everything that the status bar shows
    void abandon(const QString& lane);  ///< stops, and the answer never arrives
    void abandon_all();                 ///< for closing; what must finish goes on, and answers

    [[nodiscard]] bool is_running(const QString& lane) const { return running_.contains(lane); }
    [[nodiscard]] std::vector<JobState> shown() const;  ///< as of the last look
    [[nodiscard]] bool idle() const { return running_.empty(); }

signals:
    void changed();  ///< a job began or ended, or a few times a second while one runs

private slots:
    void read_mail();

private:
    struct Mailbox;
    struct Running;
    using Work = std::function<std::any(JobControl&)>;
    using Done = std::function<void(std::any)>;

    template <class Value>
    static model::Result<Value> run(const std::function<model::Result<Value>(JobControl&)>& work, JobControl& control);
    void start_any(const QString& lane, const QString& name, QObject* context, Work work, Done done, Options options);
    void finish(const QString& lane, quint64 id, const std::any& answer);
    [[nodiscard]] bool is_current(const QString& lane, quint64 id) const;
    void look();

    std::shared_ptr<Mailbox> mailbox_;
    std::map<QString, std::unique_ptr<Running>> running_;
    QTimer timer_;
    quint64 next_id_ = 1;
};

template <class Value>
model::Result<Value> Jobs::run(const std::function<model::Result<Value>(JobControl&)>& work, JobControl& control)
{
    if (control.progress.stopped()) return model::fail(model::ErrorCode::cancelled, "stopped before it began");
    try {
        return work(control);
    } catch (const std::exception& error) {
        return model::fail(model::ErrorCode::internal, std::string("unexpected: ") + error.what());
    } catch (...) {
        return model::fail(model::ErrorCode::internal, "unexpected error");
    }
}

}  // namespace fedsleuth::ui
