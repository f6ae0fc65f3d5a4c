// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/startup.h"

#include "ui/session/jobs.h"
#include "ui/shell/main_window.h"
#include "ui/tables/cells.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <QApplication>
#include <QCommandLineParser>
#include <QPixmap>
#include <QStyleFactory>
#include <QTabWidget>

namespace fedsleuth::ui {

namespace {

constexpr int look_ms = 50;
constexpr int looks_until_quiet = 4;

[[noreturn]] void refuse(const QString& why)
{
    std::fprintf(stderr, "fedsleuth: %s\n", qPrintable(why));
    std::exit(2);
}

/// Shows the first seen tab whose title begins with `name`, in any case; false where there is none.
bool show_tab(const QWidget& window, const QString& name)
{
    for (QTabWidget* tabs : window.findChildren<QTabWidget*>()) {
        if (!tabs->isVisible()) continue;
        for (int idx = 0; idx < tabs->count(); ++idx) {
            if (!tabs->tabText(idx).remove(QLatin1Char('&')).startsWith(name, Qt::CaseInsensitive)) continue;
            tabs->setCurrentIndex(idx);
            return true;
        }
    }
    return false;
}

}  // namespace

void set_up(QApplication& application)
{
    QApplication::setStyle(QStyleFactory::create(QStringLiteral("Fusion")));
    QApplication::setApplicationName(QStringLiteral("fedsleuth"));
    QApplication::setApplicationDisplayName(QStringLiteral("Fedsleuth"));
    QApplication::setOrganizationName(QStringLiteral("fedsleuth"));
    QApplication::setApplicationVersion(QStringLiteral(FEDSLEUTH_VERSION));
    application.setAttribute(Qt::AA_DontShowIconsInMenus);
    apply_appearance(stored_appearance());
}

StartupOptions parse_arguments(const QApplication& application)
{
    QCommandLineParser parser;
    parser.setApplicationDescription(QObject::tr("Forensics for federated learning."));
    parser.addHelpOption();
    parser.addVersionOption();
    parser.addPositionalArgument(QStringLiteral("path"), QObject::tr("An evidence folder or a .fedcase file to open."),
                                 QStringLiteral("[path]"));
    const QCommandLineOption screenshot(
        QStringLiteral("screenshot"),
        QObject::tr("Open the path, write a picture of the window once all is loaded, and quit."),
        QStringLiteral("file"));
    const QCommandLineOption size(QStringLiteral("size"),
                                  QObject::tr("The size of the picture's window, 1440x900 unless told."),
                                  QStringLiteral("pixels"));
    const QCommandLineOption page(
        QStringLiteral("page"),
        QObject::tr("The page to begin with: overview, rounds, clients, privacy, rollback, evidence or workshop."),
        QStringLiteral("name"));
    const QCommandLineOption tab(QStringLiteral("tab"),
                                 QObject::tr("The tab of that page to begin with: its title, or how it begins."),
                                 QStringLiteral("name"));
    const QCommandLineOption dark(QStringLiteral("dark"), QObject::tr("The dark palette."));
    const QCommandLineOption round(QStringLiteral("round"), QObject::tr("The round to select."),
                                   QStringLiteral("number"));
    const QCommandLineOption client(QStringLiteral("client"), QObject::tr("The client to select."),
                                    QStringLiteral("id"));
    const QCommandLineOption report(QStringLiteral("report"),
                                    QObject::tr("Print the report of the case at the path as PDF, and quit."),
                                    QStringLiteral("file"));
    const QCommandLineOption made_at(QStringLiteral("made-at"), QObject::tr("The report's time stamp."),
                                     QStringLiteral("time"));
    const QCommandLineOption pseudonyms(QStringLiteral("pseudonyms"),
                                        QObject::tr("Pseudonyms instead of the clients' ids in the report."));
    parser.addOptions({screenshot, size, page, tab, dark, round, client, report, made_at, pseudonyms});
    parser.process(application);

    StartupOptions options;
    if (parser.positionalArguments().size() > 1) refuse(QObject::tr("only one path can be opened"));
    options.path = parser.positionalArguments().value(0);
    options.screenshot = parser.value(screenshot);
    if (parser.isSet(size)) {
        const QStringList sides = parser.value(size).split(u'x');
        constexpr int largest = 16'384;
        for (const QString& side : sides)
            if (sides.size() != 2 || side.toInt() < 1 || side.toInt() > largest)
                refuse(QObject::tr("\"%1\" is no size such as 1440x900").arg(parser.value(size)));
        options.size = {sides[0].toInt(), sides[1].toInt()};
    }
    options.print = {parser.value(report), options.path, parser.value(made_at), parser.isSet(pseudonyms)};
    if (parser.isSet(report) && options.path.isEmpty()) refuse(QObject::tr("a report needs a case"));
    options.dark = parser.isSet(dark);
    options.tab = parser.value(tab);
    if (parser.isSet(page)) {
        const std::optional<PageId> named = page_from(parser.value(page).toStdString());
        if (!named) refuse(QObject::tr("there is no page \"%1\"").arg(parser.value(page)));
        options.page = *named;
    }
    options.tab = parser.value(tab);
    if (parser.isSet(round)) {
        bool fits = false;
        const qlonglong number = parser.value(round).toLongLong(&fits);
        if (!fits) refuse(QObject::tr("\"%1\" is no round number").arg(parser.value(round)));
        options.round = model::RoundNo{number};
    }
    if (parser.isSet(client)) options.client = model::ClientId{parser.value(client).toStdString()};
    return options;
}

Startup::Startup(MainWindow& window, StartupOptions options) : window_(window), options_(std::move(options))
{
    quiet_.setInterval(look_ms);
    connect(&quiet_, &QTimer::timeout, this, &Startup::take_when_quiet);
}

void Startup::begin()
{
    if (options_.dark) window_.set_appearance(Appearance::dark);
    if (!options_.screenshot.isEmpty()) {
        window_.resize(options_.size);
        connect(&window_.session(), &CaseSession::failed, this, &Startup::fail);
    }
    window_.show();
    if (!options_.path.isEmpty()) {
        connect(&window_.session(), &CaseSession::case_opened, this, &Startup::select, Qt::SingleShotConnection);
        window_.open(options_.path);
    } else if (!options_.screenshot.isEmpty()) {
        quiet_.start();
    }
}

void Startup::select()
{
    const CaseData& data = *window_.session().data();
    const auto knows = [&](const model::ClientId& client) {
        return std::any_of(data.clients.begin(), data.clients.end(),
                           [&](const model::Client& each) { return each.id == client; });
    };
    if (options_.client && knows(*options_.client))
        window_.session().selection().select_client(options_.client);
    else if (options_.client)
        window_.show_message(tr("The case knows no client %1.").arg(shown(*options_.client)));
    if (options_.round && data.round_index.contains(*options_.round))
        window_.session().selection().select_round(options_.round);
    else if (options_.round)
        window_.show_message(tr("The case knows no round %1.").arg(options_.round->value()));
    window_.go_to(options_.page);
    if (!options_.tab.isEmpty() && !show_tab(window_, options_.tab)) {
        fail(tr("the page has no tab \"%1\"").arg(options_.tab));
        return;
    }
    if (!options_.screenshot.isEmpty()) quiet_.start();
}

void Startup::take_when_quiet()
{
    // Pages may fetch more once they are seen: the picture is taken when nothing has been under way for a while.
    quiet_looks_ = window_.session().jobs().idle() ? quiet_looks_ + 1 : 0;
    if (quiet_looks_ < looks_until_quiet) return;
    quiet_.stop();
    if (!window_.grab().save(options_.screenshot, "PNG")) {
        fail(tr("%1 can't be written").arg(options_.screenshot));
        return;
    }
    window_.close();
    QApplication::exit(0);
}

void Startup::fail(const QString& why)
{
    std::fprintf(stderr, "fedsleuth: %s\n", qPrintable(why));
    QApplication::exit(1);
}

}  // namespace fedsleuth::ui
