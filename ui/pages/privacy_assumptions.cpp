// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/privacy_assumptions.h"

#include "ui/pages/parts.h"
#include "ui/session/privacy_words.h"
#include "ui/tables/cells.h"

#include <QComboBox>
#include <QDoubleValidator>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QToolButton>
#include <QVBoxLayout>

namespace fedsleuth::ui {

namespace {

QLineEdit* make_number(double low, double high, const QString& name, const QString& tip, QWidget* parent)
{
    auto* edit = new QLineEdit(parent);
    auto* validator = new QDoubleValidator(low, high, 12, edit);
    validator->setLocale(QLocale::c());
    validator->setNotation(QDoubleValidator::ScientificNotation);
    edit->setValidator(validator);
    edit->setAccessibleName(name);
    edit->setToolTip(tip);
    edit->setMaximumWidth(edit->fontMetrics().averageCharWidth() * 16);
    return edit;
}

std::optional<double> number_in(const QLineEdit* edit)
{
    bool is_number = false;
    const double number = QLocale::c().toDouble(edit->text().trimmed(), &is_number);
    return is_number && edit->hasAcceptableInput() ? std::optional(number) : std::nullopt;
}

}  // namespace

PrivacyAssumptions::PrivacyAssumptions(QWidget* parent)
    : QWidget(parent),
      accountant_(new QComboBox(this)),
      delta_(make_number(1e-300, 0.5, tr("δ"),
                         tr("The chance with which the bound may fail; below 1/number of clients"), this)),
      rate_(make_number(0.0, 1.0, tr("Sampling rate"),
                        tr("The chance that a record takes part in a step. 1: everybody always does, and nothing is "
                           "gained from sampling"),
                        this)),
      unit_(new QComboBox(this)),
      reset_(new QToolButton(this)),
      words_(make_quiet_text(this)),
      trouble_(make_text(this))
{
    accountant_->setAccessibleName(tr("Accountant"));
    accountant_->setToolTip(tr("How rounds are added up, for the curves, the budget and the forecast"));
    accountant_->addItem(tr("as the claims say"), QString());
    for (const std::string_view name : analysis::audit_accountants)
        accountant_->addItem(text_of(accountant_text(name)), text_of(name));
    unit_->setAccessibleName(tr("Unit"));
    unit_->setToolTip(tr("Whom the noise protects: one example of a client, or the whole client"));
    unit_->addItem(tr("as declared"), QString());
    unit_->addItem(tr("client"), QStringLiteral("client"));
    unit_->addItem(tr("example"), QStringLiteral("example"));
    reset_->setText(tr("As the case says"));
    reset_->setToolTip(tr("Drop all changes to the assumptions"));

    auto* knobs = new QHBoxLayout;
    knobs->setSpacing(2 * grid);
    const auto add = [&](const QString& name, QWidget* knob) {
        auto* label = new QLabel(name, this);
        label->setBuddy(knob);
        knobs->addWidget(label);
        knobs->addWidget(knob);
    };
    add(tr("Accountant"), accountant_);
    add(tr("δ"), delta_);
    add(tr("Sampling rate"), rate_);
    add(tr("Unit"), unit_);
    knobs->addWidget(reset_);
    knobs->addStretch(1);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(grid);
    layout->addLayout(knobs);
    layout->addWidget(words_);
    layout->addWidget(trouble_);
    trouble_->hide();

    connect(accountant_, &QComboBox::currentIndexChanged, this, &PrivacyAssumptions::tell);
    connect(unit_, &QComboBox::currentIndexChanged, this, &PrivacyAssumptions::tell);
    for (QLineEdit* edit : {delta_, rate_}) {
        connect(edit, &QLineEdit::editingFinished, this, [this, edit] {
            if (edit->isModified()) tell();
            edit->setModified(false);
        });
    }
    connect(reset_, &QToolButton::clicked, this, [this] {
        reset();
        emit changed();
    });
}

void PrivacyAssumptions::show_audit(const analysis::PrivacyAudit& audit, const QString& why_fixed)
{
    QStringList sentences;
    for (const std::string& assumption : audit.assumptions) sentences << shown(assumption);
    if (!why_fixed.isEmpty()) sentences << why_fixed;
    say(words_, sentences.join(u' '));
    delta_->setPlaceholderText(audit.delta ? number_cell(audit.delta).text : tr("not declared"));
    rate_->setPlaceholderText(tr("as declared"));
    for (QWidget* knob : {static_cast<QWidget*>(accountant_), static_cast<QWidget*>(delta_),
                          static_cast<QWidget*>(rate_), static_cast<QWidget*>(unit_), static_cast<QWidget*>(reset_)})
        knob->setEnabled(why_fixed.isEmpty());
    reset_->setEnabled(why_fixed.isEmpty() && is_changed());
}

void PrivacyAssumptions::show_trouble(const QString& text) { say(trouble_, text); }

void PrivacyAssumptions::reset()
{
    silent_ = true;
    accountant_->setCurrentIndex(0);
    unit_->setCurrentIndex(0);
    delta_->clear();
    rate_->clear();
    silent_ = false;
    show_trouble({});
}

analysis::AuditOptions PrivacyAssumptions::options() const
{
    analysis::AuditOptions options;
    options.accountant = accountant_->currentData().toString().toStdString();
    options.delta = number_in(delta_);
    options.sampling_rate = number_in(rate_);
    if (unit_->currentIndex() > 0) options.unit = unit_->currentData().toString().toStdString();
    return options;
}

bool PrivacyAssumptions::is_changed() const
{
    const analysis::AuditOptions asked = options();
    return !asked.accountant.empty() || asked.delta || asked.sampling_rate || asked.unit;
}

void PrivacyAssumptions::tell()
{
    if (!silent_) emit changed();
}

}  // namespace fedsleuth::ui
