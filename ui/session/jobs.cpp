// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/jobs.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
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

/// Where threads leave their answers: it outlives Jobs, so that a thread that ends late talks to nobody. What goes from
/// one thread to the other goes through the mutex here and not through Qt's event, which only says that there is a
/// message: so a thread sanitizer can follow it.
struct Jobs::Mailbox {
    std::mutex mutex;
    std::condition_variable ended;
    Jobs* receiver = nullptr;
    std::deque<std::function<void(Jobs&)>> messages;
    int at_work = 0;  ///< threads

    void post(std::function<void(Jobs&)> message)
    {
        const std::scoped_lock lock(mutex);
        if (!receiver) return;
        messages.push_back(std::move(message));
        QMetaObject::invokeMethod(receiver, "read_mail", Qt::QueuedConnection);
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

Jobs::Jobs(QObject* parent) : QObject(parent), mailbox_(std::make_shared<Mailbox>())
{
    mailbox_->receiver = this;
    timer_.setInterval(look_ms);
    connect(&timer_, &QTimer::timeout, this, &Jobs::look);
}

Jobs::~Jobs()
{
    {
        const std::scoped_lock lock(mailbox_->mutex);
        mailbox_->receiver = nullptr;
        mailbox_->messages.clear();
    }
    abandon_all();
    // A thread that hangs in the operating system (a dead network drive) must not keep the program from closing. It
    // holds its mailbox, and nothing else of ours.
    std::unique_lock lock(mailbox_->mutex);
    mailbox_->ended.wait_for(lock, std::chrono::milliseconds(closing_ms), [this] { return mailbox_->at_work == 0; });
}

void Jobs::read_mail()
{
    std::function<void(Jobs&)> message;
    {
        const std::scoped_lock lock(mailbox_->mutex);
        if (mailbox_->messages.empty()) return;
        message = std::move(mailbox_->messages.front());
        mailbox_->messages.pop_front();
    }
    message(*this);
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
    {
        const std::scoped_lock lock(mailbox_->mutex);
        ++mailbox_->at_work;
    }
    // A lane that is asked again stops its last job, so there are not many more threads than lanes.
    auto task = std::make_shared<Work>(std::move(work));
    QThread* thread = QThread::create([mailbox = mailbox_, lane, id, control, task] {
        std::any answer = (*task)(*control);
        *task = {};  // what it holds goes before the answer comes
        mailbox->post([lane, id, answer = std::move(answer)](Jobs& jobs) { jobs.finish(lane, id, answer); });
        const std::scoped_lock lock(mailbox->mutex);
        if (--mailbox->at_work == 0) mailbox->ended.notify_all();
    });
    connect(thread, &QThread::finished, thread, &QObject::deleteLater);
    thread->start();
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
