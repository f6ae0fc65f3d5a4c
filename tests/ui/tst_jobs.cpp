// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/strict_messages.h"
#include "ui/session/jobs.h"

#include <atomic>
#include <QSignalSpy>
#include <QTest>
#include <QThread>
#include <stdexcept>

using namespace fedsleuth;
using fedsleuth::ui::JobControl;
using fedsleuth::ui::Jobs;

namespace {

/// Runs until it is stopped.
model::Result<int> until_stopped(JobControl& control)
{
    while (!control.progress.stopped()) QThread::msleep(1);
    return model::fail(model::ErrorCode::cancelled, "stopped");
}

}  // namespace

class TestJobs : public QObject {
    Q_OBJECT
private slots:
    void init() { test::fail_on_warnings(); }

    void the_answer_arrives_in_the_windows_thread()
    {
        Jobs jobs;
        int answer = 0;
        QThread* worked_in = nullptr;
        QThread* answered_in = nullptr;
        jobs.start<int>(
            "a", "counting", this,
            [&](JobControl&) -> model::Result<int> {
                worked_in = QThread::currentThread();
                return 42;
            },
            [&](model::Result<int> result) {
                answered_in = QThread::currentThread();
                answer = *result;
            });
        QVERIFY(jobs.is_running("a"));
        QTRY_COMPARE(answer, 42);
        QVERIFY(worked_in != QThread::currentThread());
        QCOMPARE(answered_in, QThread::currentThread());
        QVERIFY(jobs.idle());
    }

    void the_latest_request_of_a_lane_wins()
    {
        Jobs jobs;
        std::vector<int> answers;
        const auto keep = [&](const model::Result<int>& result) { answers.push_back(result.value_or(-1)); };
        jobs.start<int>("a", "first", this, until_stopped, keep);
        for (int number = 1; number <= 20; ++number)
            jobs.start<int>(
                "a", "next", this, [number](JobControl&) -> model::Result<int> { return number; }, keep);
        QTRY_VERIFY(jobs.idle());
        QTest::qWait(50);
        QCOMPARE(answers, std::vector<int>{20});
    }

    void lanes_do_not_disturb_each_other()
    {
        Jobs jobs;
        bool other = false;
        jobs.start<int>("a", "long", this, until_stopped, [](const model::Result<int>&) {});
        jobs.start<int>(
            "b", "short", this, [](JobControl&) -> model::Result<int> { return 1; },
            [&](const model::Result<int>&) { other = true; });
        QTRY_VERIFY(other);
        QVERIFY(jobs.is_running("a"));
    }

    void a_stop_stops()
    {
        Jobs jobs;
        std::optional<model::ErrorCode> code;
        jobs.start<int>("a", "long", this, until_stopped,
                        [&](const model::Result<int>& result) { code = result.error().code; });
        QCOMPARE(jobs.shown().size(), std::size_t{1});
        jobs.stop_shown();
        QVERIFY(jobs.shown().front().stopping);
        QTRY_COMPARE(code, std::optional(model::ErrorCode::cancelled));
    }

    void a_stop_reaches_what_does_not_look_at_progress()
    {
        Jobs jobs;
        std::atomic<bool> inside{false};
        std::optional<model::ErrorCode> code;
        jobs.start<int>(
            "a", "query", this,
            [&inside](JobControl& control) -> model::Result<int> {
                std::atomic<bool> interrupted{false};
                const auto guard = control.interruptible([&interrupted] { interrupted = true; });
                inside = true;
                while (!interrupted) QThread::msleep(1);
                return model::fail(model::ErrorCode::cancelled, "interrupted");
            },
            [&](const model::Result<int>& result) { code = result.error().code; });
        QTRY_VERIFY(inside);
        jobs.stop("a");
        QTRY_COMPARE(code, std::optional(model::ErrorCode::cancelled));
    }

    void an_exception_becomes_an_error()
    {
        Jobs jobs;
        std::string text;
        jobs.start<int>(
            "a", "broken", this, [](JobControl&) -> model::Result<int> { throw std::runtime_error("no room"); },
            [&](const model::Result<int>& result) { text = result.error().text(); });
        QTRY_VERIFY(text.find("no room") != std::string::npos);
    }

    void nobody_is_told_who_is_gone()
    {
        Jobs jobs;
        bool told = false;
        auto* context = new QObject;
        jobs.start<int>(
            "a", "slow", context,
            [](JobControl&) -> model::Result<int> {
                QThread::msleep(30);
                return 1;
            },
            [&](const model::Result<int>&) { told = true; });
        delete context;
        QTRY_VERIFY(jobs.idle());
        QVERIFY(!told);
    }

    void a_first_part_arrives_before_the_answer()
    {
        Jobs jobs;
        QStringList heard;
        jobs.start<int>(
            "a", "parts", this,
            [&](JobControl& control) -> model::Result<int> {
                control.publish([&] { heard << "part"; });
                return 1;
            },
            [&](const model::Result<int>&) { heard << "answer"; });
        QTRY_COMPARE(heard, (QStringList{"part", "answer"}));
    }

    void a_part_of_an_abandoned_job_never_arrives()
    {
        Jobs jobs;
        bool heard = false;
        std::atomic<bool> published{false};
        jobs.start<int>(
            "a", "parts", this,
            [&](JobControl& control) -> model::Result<int> {
                control.publish([&] { heard = true; });
                published = true;
                return 1;
            },
            [&](const model::Result<int>&) { heard = true; });
        while (!published) QThread::msleep(1);  // no events are handled here: both messages still wait
        jobs.abandon("a");
        QTest::qWait(50);
        QVERIFY(!heard);
    }

    void what_must_finish_is_not_stopped()
    {
        Jobs jobs;
        bool finished = false;
        jobs.start<bool>(
            "write", "writing", this,
            [](JobControl& control) -> model::Result<bool> {
                QThread::msleep(50);
                return !control.progress.stopped();
            },
            [&](const model::Result<bool>& result) { finished = result.value_or(false); },
            {.shown = false, .must_finish = true});
        jobs.stop("write");
        jobs.abandon_all();
        QVERIFY(jobs.shown().empty());
        QTRY_VERIFY(finished);
    }

    void closing_stops_and_waits()
    {
        std::atomic<bool> ended{false};
        {
            Jobs jobs;
            jobs.start<int>(
                "a", "long", this,
                [&](JobControl& control) {
                    auto result = until_stopped(control);
                    ended = true;
                    return result;
                },
                [](const model::Result<int>&) { QFAIL("no answer is wanted any more"); });
            QTRY_VERIFY(!jobs.shown().empty());
            QTest::qWait(20);
        }
        QVERIFY(ended);
        QTest::qWait(20);
    }

    void progress_is_looked_at()
    {
        Jobs jobs;
        const QSignalSpy looks(&jobs, &Jobs::changed);
        jobs.start<int>(
            "a", "steps", this,
            [](JobControl& control) {
                control.progress.start("Reading updates", 100, "rounds");
                control.progress.advance(25);
                return until_stopped(control);
            },
            [](const model::Result<int>&) {});
        QTRY_VERIFY(!jobs.shown().empty() && jobs.shown().front().share == 0.25);
        QTRY_VERIFY(looks.size() >= 3);
        QCOMPARE(ui::describe(jobs.shown().front()).substr(0, 33), std::string("Reading updates: 25 of 100 rounds"));
        jobs.stop("a");
        QTRY_VERIFY(jobs.idle());
    }

    void the_rate_is_of_the_stage()
    {
        ui::RateMeter meter;
        model::Progress::State state{"one", 0, 1000, "rounds", 0, 0};
        for (int tenth = 0; tenth <= 20; ++tenth) {
            state.done = tenth * 10;
            meter.look(state, tenth / 10.0);
        }
        QVERIFY(meter.rate());
        QVERIFY(std::abs(*meter.rate() - 100) < 1);
        const ui::JobState job = ui::job_state("job", state, meter);
        QVERIFY(std::abs(*job.seconds_left - 8) < 0.2);
        QCOMPARE(ui::describe(job), std::string("one: 200 of 1,000 rounds · 100 rounds/s · 8 s left"));
        state.files_done = state.files_total = 9;
        QVERIFY(ui::describe(ui::job_state("job", state, meter)).find("file") == std::string::npos);
        state.stage = "two";
        state.done = 0;
        meter.look(state, 2.1);
        QVERIFY(!meter.rate());
    }
};

QTEST_MAIN(TestJobs)
#include "tst_jobs.moc"
