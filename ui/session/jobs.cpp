// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/jobs.h"

#include <algorithm>
#include <chrono>
#include <QThread>

namespace fedsleuth::ui {

namespace {

constexpr int look_ms = 100;
constexpr int closing_ms = 10'000;

double now_seconds()
{
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

std::shared_ptr<void> JobControl::interruptible(std::function<void()> interrupt)
{
    int key = 0;
    {
        const std::scoped_lock lock(mutex_);
        if (progress.stopped()) interrupt();
        key = next_interrupt_++;
        interrupts_.emplace(key, std::move(interrupt));
    }
    // The lock makes sure that no stop is inside the function when its object goes.
    return {this, [key](JobControl* control) {
                const std::scoped_lock lock(control->mutex_);
                control->interrupts_.erase(key);
            }};
}

void JobControl::stop()
{
    const std::scoped_lock lock(mutex_);
    progress.stop();
    for (const auto& [key, interrupt] : interrupts_) interrupt();
}

/// Where threads leave their answers: it outlives Jobs, so that a thread that ends late talks to nobody.
struct Jobs::Mailbox {
    std::mutex mutex;
    Jobs* receiver = nullptr;

    void post(std::function<void(Jobs&)> message)
    {
        const std::scoped_lock lock(mutex);
        if (!receiver) return;
        QMetaObject::invokeMethod(
            receiver, [jobs = receiver, message = std::move(message)] { message(*jobs); }, Qt::QueuedConnection);
    }
};

struct Jobs::Running {
    quint64 id = 0;
    QString name;
    std::shared_ptr<JobControl> control;
    QPointer<QObject> context;
    Done done;
    Options options;
    RateMeter meter;
};

Jobs::Jobs(QObject* parent)
    : QObject(parent), mailbox_(std::make_shared<Mailbox>()), pool_(std::make_unique<QThreadPool>())
{
    mailbox_->receiver = this;
    // One thread more than there are cores: a short job need not wait for a long one.
    pool_->setMaxThreadCount(std::max(3, QThread::idealThreadCount() + 1));
    timer_.setInterval(look_ms);
    connect(&timer_, &QTimer::timeout, this, &Jobs::look);
}

Jobs::~Jobs()
{
    {
        const std::scoped_lock lock(mailbox_->mutex);
        mailbox_->receiver = nullptr;
    }
    abandon_all();
    // A thread that hangs in the operating system (a dead network drive) must not keep the program from closing. It
    // then keeps its pool, and holds nothing else of ours.
    if (!pool_->waitForDone(closing_ms)) (void)pool_.release();
}

void Jobs::start_any(const QString& lane, const QString& name, QObject* context, Work work, Done done, Options options)
{
    abandon(lane);
    const quint64 id = next_id_++;
    auto control = std::make_shared<JobControl>();
    control->publish_ = [mailbox = mailbox_, lane, id](std::function<void()> deliver) {
        mailbox->post([lane, id, deliver = std::move(deliver)](const Jobs& jobs) {
            if (jobs.is_current(lane, id)) deliver();
        });
    };
    running_[lane] = std::make_unique<Running>(Running{id, name, control, context, std::move(done), options, {}});
    pool_->start([mailbox = mailbox_, lane, id, control, work = std::move(work)] {
        std::any answer = work(*control);
        mailbox->post([lane, id, answer = std::move(answer)](Jobs& jobs) { jobs.finish(lane, id, answer); });
    });
    timer_.start();
    emit changed();
}

bool Jobs::is_current(const QString& lane, quint64 id) const
{
    const auto found = running_.find(lane);
    return found != running_.end() && found->second->id == id && found->second->context;
}

void Jobs::finish(const QString& lane, quint64 id, const std::any& answer)
{
    const auto found = running_.find(lane);
    if (found == running_.end() || found->second->id != id) return;  // outdated
    const std::unique_ptr<Running> job = std::move(found->second);
    running_.erase(found);
    if (running_.empty()) timer_.stop();
    if (job->context) job->done(answer);
    emit changed();
}

void Jobs::stop(const QString& lane)
{
    const auto found = running_.find(lane);
    if (found == running_.end() || found->second->options.must_finish) return;
    found->second->control->stop();
    emit changed();
}

void Jobs::stop_shown()
{
    for (auto& [lane, job] : running_)
        if (job->options.shown && !job->options.must_finish) job->control->stop();
    emit changed();
}

void Jobs::abandon(const QString& lane)
{
    const auto found = running_.find(lane);
    if (found == running_.end()) return;
    if (!found->second->options.must_finish) found->second->control->stop();
    running_.erase(found);
    if (running_.empty()) timer_.stop();
    emit changed();
}

void Jobs::abandon_all()
{
    std::erase_if(running_, [](const auto& entry) {
        if (entry.second->options.must_finish) return false;
        entry.second->control->stop();
        return true;
    });
    if (running_.empty()) timer_.stop();
    emit changed();
}

std::vector<JobState> Jobs::shown() const
{
    std::vector<JobState> states;
    for (const auto& [lane, job] : running_) {
        if (!job->options.shown) continue;
        states.push_back(job_state(job->name.toStdString(), job->control->progress.state(), job->meter));
        states.back().stopping = job->control->progress.stopped();
    }
    return states;
}

void Jobs::look()
{
    const double now = now_seconds();
    for (auto& [lane, job] : running_) job->meter.look(job->control->progress.state(), now);
    emit changed();
}

}  // namespace fedsleuth::ui
