// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/main_window.h"

#include "ui/pages/page.h"
#include "ui/pages/parts.h"
#include "ui/pages/start_page.h"
#include "ui/plots/ribbon.h"
#include "ui/print/report_dialog.h"
#include "ui/session/jobs.h"
#include "ui/shell/inspector.h"
#include "ui/shell/message_bar.h"
#include "ui/shell/navigation.h"
#include "ui/shell/pages.h"
#include "ui/shell/status.h"
#include "ui/tables/cells.h"

#include <QAction>
#include <QActionGroup>
#include <QApplication>
#include <QCloseEvent>
#include <QDir>
#include <QDockWidget>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QMenu>
#include <QMimeData>
#include <QSettings>
#include <QSplitter>
#include <QStackedWidget>
#include <QStatusBar>
#include <QVBoxLayout>

namespace fedsleuth::ui {

namespace {

constexpr QSize first_size{1440, 900};
constexpr int inspector_width = 320;

/// The one folder or case file that is being dragged; empty where it is anything else.
QString dragged_path(const QMimeData* dragged)
{
    const QList<QUrl> urls = dragged->urls();
    if (urls.size() != 1 || !urls.front().isLocalFile()) return {};
    const QFileInfo info(urls.front().toLocalFile());
    return info.isDir() || info.suffix() == QLatin1String("fedcase") ? info.absoluteFilePath() : QString();
}

}  // namespace

MainWindow::MainWindow(Pickers pickers, QWidget* parent)
    : QMainWindow(parent), pickers_(std::move(pickers)), menus_(build_menus(*this))
{
    build();
    wire_session();
    wire_menus();
    wire_ribbon();
    show_recent();
    show_data();
    restore_layout();
}

MainWindow::~MainWindow()
{
    // The parts look at the session until their end: they go first, and on the way they hear nothing of it any more.
    session_.disconnect();
    session_.jobs().abandon_all();
    qDeleteAll(findChildren<QWidget*>(Qt::FindDirectChildrenOnly));
}

void MainWindow::build()
{
    setWindowTitle(QStringLiteral("Fedsleuth"));
    setAcceptDrops(true);
    auto* centre = new QWidget(this);
    navigation_ = new Navigation(centre);
    message_ = new MessageBar(centre);
    ribbon_box_ = new QWidget(centre);
    ribbon_ = new Ribbon(ribbon_box_);
    stack_ = new QStackedWidget(centre);
    start_ = new StartPage(stack_);
    pages_ = make_pages(session_, stack_);
    stack_->addWidget(start_);
    for (Page* page : pages_) stack_->addWidget(page);

    auto* ribbon_layout = new QVBoxLayout(ribbon_box_);
    ribbon_layout->setContentsMargins(0, 0, 0, 0);
    ribbon_layout->setSpacing(0);
    ribbon_layout->addWidget(ribbon_);
    ribbon_layout->addWidget(make_hairline(ribbon_box_));
    auto* right = new QVBoxLayout;
    right->setSpacing(0);
    right->addWidget(message_);
    right->addWidget(ribbon_box_);
    right->addWidget(stack_, 1);
    auto* upright = make_hairline(centre);
    upright->setFixedSize(QWIDGETSIZE_MAX, QWIDGETSIZE_MAX);
    upright->setFixedWidth(1);
    auto* layout = new QHBoxLayout(centre);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(navigation_);
    layout->addWidget(upright);
    layout->addLayout(right, 1);
    setCentralWidget(centre);

    dock_ = new QDockWidget(tr("Inspector"), this);
    dock_->setObjectName(QStringLiteral("inspector"));
    dock_->setWidget(new Inspector(session_, dock_));
    addDockWidget(Qt::RightDockWidgetArea, dock_);
    menus_.panels->addAction(dock_->toggleViewAction());

    statusBar()->setSizeGripEnabled(false);
    statusBar()->addPermanentWidget(new Status(session_, this), 1);
}

void MainWindow::wire_session()
{
    connect(&session_, &CaseSession::data_changed, this, &MainWindow::show_data);
    connect(&session_, &CaseSession::failed, message_, &MessageBar::show_message);
    connect(&session_, &CaseSession::case_opened, &recent_, &RecentCases::add);
    connect(&session_, &CaseSession::jobs_changed, this, &MainWindow::show_actions);
    connect(&recent_, &RecentCases::changed, this, &MainWindow::show_recent);
    connect(&session_.selection(), &Selection::client_activated, this, [this] { go_to(PageId::clients); });
    connect(&session_.selection(), &Selection::round_activated, this, [this] { go_to(PageId::rounds); });
    connect(navigation_, &Navigation::page_wanted, this, &MainWindow::go_to);
    connect(start_, &StartPage::recent_wanted, this, &MainWindow::open);
    connect(start_, &StartPage::folder_wanted, menus_.open_folder, &QAction::trigger);
    connect(start_, &StartPage::case_wanted, menus_.open_case, &QAction::trigger);
    connect(start_, &StartPage::sample_wanted, menus_.open_sample, &QAction::trigger);
}

void MainWindow::wire_menus()
{
    const auto open_answer = [this](const QString& path) { open(path); };
    connect(menus_.open_folder, &QAction::triggered, this,
            [this, open_answer] { pickers_.evidence_folder(this, QDir::homePath(), open_answer); });
    connect(menus_.open_case, &QAction::triggered, this,
            [this, open_answer] { pickers_.case_file(this, QDir::homePath(), open_answer); });
    connect(menus_.open_sample, &QAction::triggered, this, [this] { open(sample_folder()); });
    menus_.open_sample->setVisible(!sample_folder().isEmpty());
    connect(menus_.close_case, &QAction::triggered, &session_, &CaseSession::close);
    connect(menus_.quit, &QAction::triggered, this, &QWidget::close);
    for (int idx = 0; idx < page_count; ++idx)
        connect(menus_.pages[static_cast<std::size_t>(idx)], &QAction::triggered, this,
                [this, idx] { go_to(static_cast<PageId>(idx)); });
    connect(menus_.back, &QAction::triggered, this, &MainWindow::go_back);
    connect(menus_.forward, &QAction::triggered, this, &MainWindow::go_forward);
    connect(menus_.all_rounds, &QAction::triggered, &session_.range(), &RoundRange::widen);
    connect(menus_.clear_selection, &QAction::triggered, &session_.selection(), &Selection::clear);
    connect(menus_.appearances, &QActionGroup::triggered, this, [this](const QAction* action) {
        const auto appearance = static_cast<Appearance>(action->data().toInt());
        store_appearance(appearance);
        set_appearance(appearance);
    });
    connect(menus_.reset_layout, &QAction::triggered, this, &MainWindow::reset_layout);
    connect(menus_.analyse, &QAction::triggered, &session_, &CaseSession::analyse);
    const auto ask_probe = [this](ProbeKind kind, const QString& title) {
        pickers_.probe_file(this, title, [this, kind](const QString& path) { session_.add_probe(path, kind); });
    };
    connect(menus_.probe, &QAction::triggered, this,
            [ask_probe] { ask_probe(ProbeKind::clean, tr("Clean inputs with their labels")); });
    connect(menus_.misclassified, &QAction::triggered, this,
            [ask_probe] { ask_probe(ProbeKind::misclassified, tr("An input that was answered wrongly")); });
    connect(menus_.report, &QAction::triggered, this, [this] {
        if (session_.data()) (new ReportDialog(session_, this))->open();
    });
    connect(menus_.about, &QAction::triggered, this, [this] { pickers_.about(this); });
    show_appearance(menus_, stored_appearance());
}

void MainWindow::wire_ribbon()
{
    Selection& selection = session_.selection();
    RoundRange& range = session_.range();
    connect(ribbon_, &Ribbon::range_changed, &range, &RoundRange::narrow);
    connect(ribbon_, &Ribbon::round_clicked, &selection,
            [&selection](model::RoundNo round) { selection.select_round(round); });
    connect(ribbon_, &Ribbon::round_activated, &selection, &Selection::activate_round);
    connect(&range, &RoundRange::changed, this, [this, &range] {
        ribbon_->set_range(range.first(), range.last());
        menus_.all_rounds->setEnabled(!range.is_all());
    });
    connect(&selection, &Selection::round_changed, this,
            [this, &selection] { ribbon_->set_current(selection.round()); });
}

void MainWindow::open(const QString& path)
{
    if (path.isEmpty()) return;
    message_->hide();
    session_.open(path);
}

void MainWindow::show_data()
{
    const CaseDataPtr& data = session_.data();
    start_->set_busy(session_.opening());
    if (data && data != shown_data_) {
        ribbon_->set_contents(ribbon_contents(*data));
        ribbon_->set_range(session_.range().first(), session_.range().last());
        ribbon_->set_current(session_.selection().round());
    } else if (!data) {
        ribbon_->clear();
        history_.clear();
        show_page(std::nullopt);
    }
    if (data && !page_) show_page(PageId::overview);
    shown_data_ = data;
    ribbon_box_->setVisible(data && !data->rounds.empty());
    setWindowTitle(data ? tr("%1 — Fedsleuth").arg(shown(data->federation.name)) : QStringLiteral("Fedsleuth"));
    show_actions();
}

void MainWindow::show_actions()
{
    const bool open = session_.is_open();
    menus_.close_case->setEnabled(open || session_.is_busy());
    for (QAction* action : {menus_.analyse, menus_.probe, menus_.misclassified})
        action->setEnabled(open && !session_.is_busy());
    menus_.report->setEnabled(open);
    menus_.back->setEnabled(history_.can_go_back());
    menus_.forward->setEnabled(history_.can_go_forward());
    menus_.all_rounds->setEnabled(open && !session_.range().is_all());
}

void MainWindow::show_recent()
{
    const QStringList paths = recent_.paths();
    start_->set_recent(paths);
    menus_.recent->clear();
    menus_.recent->setEnabled(!paths.isEmpty());
    for (const QString& path : paths) {
        QString name = shown(path.toStdString());
        name.replace(u'&', QStringLiteral("&&"));
        connect(menus_.recent->addAction(name), &QAction::triggered, this, [this, path] { open(path); });
    }
    if (paths.isEmpty()) return;
    menus_.recent->addSeparator();
    connect(menus_.recent->addAction(tr("Forget them")), &QAction::triggered, &recent_, &RecentCases::clear);
}

void MainWindow::show_page(std::optional<PageId> page)
{
    page_ = page;
    stack_->setCurrentWidget(page ? static_cast<QWidget*>(pages_[static_cast<std::size_t>(*page)]) : start_);
    navigation_->show_page(page);
    if (!page) start_->setFocus();
}

void MainWindow::go_to(PageId page)
{
    if (page_ == page) return;
    if (page_) history_.leave(here());
    show_page(page);
    show_actions();
}

void MainWindow::go_back()
{
    if (const std::optional<Place> place = history_.back(here())) go_to_place(*place);
}

void MainWindow::go_forward()
{
    if (const std::optional<Place> place = history_.forward(here())) go_to_place(*place);
}

void MainWindow::go_to_place(const Place& place)
{
    session_.selection().select_client(place.client);
    session_.selection().select_round(place.round);
    show_page(place.page);
    show_actions();
}

Place MainWindow::here()
{
    const Selection& selection = session_.selection();
    return {page_.value_or(PageId::overview), selection.client(), selection.round()};
}

void MainWindow::set_appearance(Appearance appearance)
{
    apply_appearance(appearance);
    show_appearance(menus_, appearance);
}

void MainWindow::show_message(const QString& text) { message_->show_message(text); }

QString MainWindow::message() const { return message_->text(); }

QString MainWindow::sample_folder()
{
    for (const QString& folder : {QStringLiteral(FEDSLEUTH_SOURCE_RESOURCES) + QStringLiteral("/sample"),
                                  QApplication::applicationDirPath() + QStringLiteral("/../share/fedsleuth/sample")})
        if (QFileInfo::exists(folder + QStringLiteral("/federation.jsonl"))) return QDir::cleanPath(folder);
    return {};
}

void MainWindow::reset_layout()
{
    if (isMaximized() || isFullScreen()) showNormal();
    resize(first_size);
    dock_->setFloating(false);
    addDockWidget(Qt::RightDockWidgetArea, dock_);
    dock_->show();
    resizeDocks({dock_}, {inspector_width}, Qt::Horizontal);
    for (QSplitter* splitter : findChildren<QSplitter*>()) splitter->setSizes(QList<int>(splitter->count(), 1000));
}

void MainWindow::restore_layout()
{
    const QSettings settings;
    const QByteArray geometry = settings.value(QStringLiteral("window/geometry")).toByteArray();
    if (geometry.isEmpty() || !restoreGeometry(geometry)) resize(first_size);
    const QByteArray state = settings.value(QStringLiteral("window/state")).toByteArray();
    if (state.isEmpty() || !restoreState(state)) resizeDocks({dock_}, {inspector_width}, Qt::Horizontal);
}

void MainWindow::closeEvent(QCloseEvent* event)
{
    QSettings settings;
    settings.setValue(QStringLiteral("window/geometry"), saveGeometry());
    settings.setValue(QStringLiteral("window/state"), saveState());
    session_.close();
    event->accept();
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event)
{
    if (!dragged_path(event->mimeData()).isEmpty()) event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent* event)
{
    const QString path = dragged_path(event->mimeData());
    if (path.isEmpty()) return;
    event->acceptProposedAction();
    open(path);
}

}  // namespace fedsleuth::ui
