// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/tables/cells.h"

#include "model/text.h"
#include "model/wording.h"
#include "ui/session/wording.h"

#include <cmath>

namespace fedsleuth::ui {

QString shown(std::string_view text) { return text_of(model::visible(text)); }

Cell unknown_cell() { return {QStringLiteral("–"), {}, {}, {}}; }

Cell text_cell(const std::string& text)
{
    if (text.empty()) return unknown_cell();
    const QString readable = shown(text);
    return {readable, readable, {}, {}};
}

Cell count_cell(std::optional<std::int64_t> count)
{
    if (!count) return unknown_cell();
    return {text_of(model::grouped(*count)), QVariant::fromValue<qlonglong>(*count), {}, {}};
}

Cell number_cell(std::optional<double> number, int digits)
{
    if (!number || std::isnan(*number)) return unknown_cell();
    return {text_of(model::short_number(*number, digits)), *number, {}, {}};
}

Cell fixed_cell(std::optional<double> number, int decimals)
{
    if (!number || !std::isfinite(*number)) return unknown_cell();
    return {QString::number(*number, 'f', decimals), *number, {}, {}};
}

Cell scientific_cell(std::optional<double> number)
{
    if (!number || !std::isfinite(*number)) return unknown_cell();
    return {QString::number(*number, 'e', 1), *number, {}, {}};
}

Cell percent_cell(std::optional<double> share, int decimals)
{
    if (!share || !std::isfinite(*share)) return unknown_cell();
    return {QString::number(*share * 100, 'f', decimals) + QStringLiteral("\u00a0%"), *share, {}, {}};
}

Cell probability_cell(std::optional<double> probability)
{
    if (!probability || !std::isfinite(*probability)) return unknown_cell();
    return {text_of(probability_text(*probability)), *probability, {}, {}};
}

Cell round_cell(std::optional<model::RoundNo> round)
{
    if (!round) return unknown_cell();
    return {QString::number(round->value()), QVariant::fromValue<qlonglong>(round->value()), {}, {}};
}

Cell bytes_cell(std::int64_t bytes)
{
    return {text_of(model::byte_text(bytes)), QVariant::fromValue<qlonglong>(bytes), {}, {}};
}

Cell kind_cell(const std::string& kind)
{
    const QString words = text_of(model::kind_words(kind));
    return {words, words, QStringLiteral("%1\n%2").arg(words, shown(kind)), {}};
}

Cell verdict_cell(model::VerdictClass verdict)
{
    return {text_of(model::name_of(verdict)), static_cast<int>(verdict), {}, verdict};
}

Cell severity_cell(model::Severity severity)
{
    return {text_of(model::name_of(severity)), static_cast<int>(severity), {}, {}};
}

Cell time_cell(const std::string& rfc3339)
{
    if (rfc3339.empty()) return unknown_cell();
    return {text_of(time_text(rfc3339)), shown(rfc3339), {}, {}};
}

}  // namespace fedsleuth::ui
