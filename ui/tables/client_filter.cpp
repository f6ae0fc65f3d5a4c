// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/tables/client_filter.h"

#include "ui/tables/cells.h"

#include <algorithm>
#include <functional>
#include <optional>

namespace fedsleuth::ui {
namespace {

using model::VerdictClass;

/// ">=", ">", "<=", "<" at the head of a value.
struct Comparison {
    std::function<bool(double, double)> holds;
    QString rest;
};
std::optional<Comparison> comparison(const QString& value)
{
    if (value.startsWith(QLatin1String(">="))) return Comparison{std::greater_equal<>(), value.mid(2)};
    if (value.startsWith(QLatin1String("<="))) return Comparison{std::less_equal<>(), value.mid(2)};
    if (value.startsWith(QLatin1Char('>'))) return Comparison{std::greater<>(), value.mid(1)};
    if (value.startsWith(QLatin1Char('<'))) return Comparison{std::less<>(), value.mid(1)};
    return std::nullopt;
}

std::optional<VerdictClass> class_from(const QString& name)
{
    return model::verdict_class_from(name.toLower().toStdString());
}

bool contains(const std::string& text, const QString& part) { return shown(text).contains(part, Qt::CaseInsensitive); }

/// "15" or "10-20".
std::optional<std::pair<std::int64_t, std::int64_t>> rounds_from(const QString& value)
{
    const QStringList ends = value.split(QLatin1Char('-'));
    bool first_ok = false, last_ok = false;
    const qlonglong first = ends.value(0).toLongLong(&first_ok),
                    last = ends.value(ends.size() - 1).toLongLong(&last_ok);
    if (ends.size() > 2 || !first_ok || !last_ok) return std::nullopt;
    return std::pair{std::min(first, last), std::max(first, last)};
}

}  // namespace

ClientFilter ClientFilter::parse(const QString& text)
{
    ClientFilter filter;
    QString word;
    bool in_quotes = false, quoted = false;
    for (const QChar character : text) {
        if (character == QLatin1Char('"')) {
            in_quotes = !in_quotes;
            quoted = quoted || (in_quotes && (word.isEmpty() || word == QLatin1String("-")));
        } else if (character.isSpace() && !in_quotes) {
            filter.add(std::exchange(word, {}), std::exchange(quoted, false));
        } else {
            word += character;
        }
    }
    filter.add(word, quoted);
    if (in_quotes && filter.error_.isEmpty()) filter.error_ = QStringLiteral("A quotation mark is not closed.");
    return filter;
}

void ClientFilter::add(QString word, bool quoted)
{
    const bool negated = word.startsWith(QLatin1Char('-'));
    if (negated) word.remove(0, 1);  // alone it is a term that is still being typed
    if (word.isEmpty()) return;
    Term term = make(word, quoted);
    if (!term) return;  // the error is said
    if (negated)
        terms_.push_back([term = std::move(term)](const CaseData& data, const model::ClientId& client) {
            return !term(data, client);
        });
    else
        terms_.push_back(std::move(term));
}

ClientFilter::Term ClientFilter::make(const QString& word, bool quoted)
{
    const auto colon = word.indexOf(QLatin1Char(':'));
    static const QStringList keys{QStringLiteral("class"), QStringLiteral("attack"), QStringLiteral("bad"),
                                  QStringLiteral("p"),     QStringLiteral("group"),  QStringLiteral("decided")};
    // Ids may hold a colon as well: only the known keys are keys.
    if (colon > 0 && !quoted && keys.contains(word.left(colon).toLower())) {
        Term term = with_key(word.left(colon).toLower(), word.mid(colon + 1));
        if (!term && error_.isEmpty()) error_ = QStringLiteral("“%1” is not understood.").arg(word);
        return term;
    }
    return [word](const CaseData&, const model::ClientId& client) { return contains(client.text(), word); };
}

ClientFilter::Term ClientFilter::with_key(const QString& key, const QString& value)
{
    if (value.isEmpty()) return {};
    if (key == QLatin1String("class")) {
        if (const auto compare = comparison(value)) {
            const auto than = class_from(compare->rest);
            if (!than) return {};
            return [holds = compare->holds, than = *than](const CaseData& data, const model::ClientId& client) {
                return holds(double(data.shown_class(client)), double(than));
            };
        }
        std::vector<VerdictClass> classes;
        for (const QString& name : value.split(QLatin1Char(','))) {
            const auto one = class_from(name);
            if (!one) return {};
            classes.push_back(*one);
        }
        return [classes](const CaseData& data, const model::ClientId& client) {
            return std::ranges::find(classes, data.shown_class(client)) != classes.end();
        };
    }
    if (key == QLatin1String("attack"))
        return [value](const CaseData& data, const model::ClientId& client) {
            const model::Verdict* const verdict = data.verdict(client);
            return verdict && (contains(verdict->attack, value) || contains(verdict->family, value));
        };
    if (key == QLatin1String("bad")) {
        const auto rounds = rounds_from(value);
        if (!rounds) return {};
        return [rounds = *rounds](const CaseData& data, const model::ClientId& client) {
            const model::Verdict* const verdict = data.verdict(client);
            return verdict && std::ranges::any_of(verdict->bad_rounds, [&](model::RoundNo round) {
                       return rounds.first <= round.value() && round.value() <= rounds.second;
                   });
        };
    }
    if (key == QLatin1String("p")) {
        const auto compare = comparison(value);
        bool ok = false;
        const double than = compare ? compare->rest.toDouble(&ok) : 0;
        if (!ok) return {};
        return [holds = compare->holds, than](const CaseData& data, const model::ClientId& client) {
            const model::Verdict* const verdict = data.verdict(client);
            return verdict && holds(verdict->probability, than);
        };
    }
    if (key == QLatin1String("group")) {
        bool ok = false;
        const int group = value.toInt(&ok);
        if (!ok) return {};
        return [group](const CaseData& data, const model::ClientId& client) {
            const model::Verdict* const verdict = data.verdict(client);
            return verdict && verdict->group == group;
        };
    }
    const bool yes = value.compare(QLatin1String("yes"), Qt::CaseInsensitive) == 0;
    if (!yes && value.compare(QLatin1String("no"), Qt::CaseInsensitive) != 0) return {};
    return [yes](const CaseData& data, const model::ClientId& client) {
        return (data.decision(client) != nullptr) == yes;
    };
}

bool ClientFilter::matches(const CaseData& data, const model::ClientId& client) const
{
    return std::ranges::all_of(terms_, [&](const Term& term) { return term(data, client); });
}

QString ClientFilter::help()
{
    return QStringLiteral(
        "Part of an id, or\n"
        "class:malicious   class:watch,suspect   class:>=suspect\n"
        "attack:flip   bad:15   bad:10-20   p:>=0.5   group:2   decided:yes\n"
        "Several terms have to hold together; a minus before one means: not so.");
}

}  // namespace fedsleuth::ui
