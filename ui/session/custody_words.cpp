// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/custody_words.h"

#include "model/text.h"
#include "ui/session/wording.h"

#include <algorithm>
#include <cmath>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

namespace fedsleuth::ui {

namespace {

/// "log_sha256" → "log SHA-256".
std::string name_text(const QString& name)
{
    QString text = name;
    text.replace(u'_', u' ').replace(QStringLiteral("sha256"), QStringLiteral("SHA-256"));
    return model::visible(text.toStdString());
}

bool is_digest(const QJsonValue& value)
{
    const QString text = value.toString();
    return text.size() == 64 && std::all_of(text.begin(), text.end(), [](QChar each) {
               return (each >= u'0' && each <= u'9') || (each >= u'a' && each <= u'f');
           });
}

std::string object_text(const QJsonObject& object);

std::string value_text(const QJsonValue& value)
{
    constexpr double exact = 9e15;  // whole numbers up to here are held exactly
    switch (value.type()) {
        case QJsonValue::Bool:
            return value.toBool() ? "yes" : "no";
        case QJsonValue::Double: {
            const double number = value.toDouble();
            return std::abs(number) < exact && number == std::trunc(number)
                       ? model::grouped(static_cast<long long>(number))
                       : model::short_number(number, 6);
        }
        case QJsonValue::String:
            if (is_digest(value)) return value.toString().left(12).toStdString() + "…";
            return value.toString().isEmpty() ? "none" : model::visible(value.toString().toStdString());
        case QJsonValue::Array: {
            std::vector<std::string> items;
            for (const QJsonValue item : value.toArray()) items.push_back(value_text(item));
            return items.empty() ? "none" : list_text(items);
        }
        case QJsonValue::Object:
            return std::string("(").append(object_text(value.toObject())).append(")");
        case QJsonValue::Null:
        case QJsonValue::Undefined:
            break;
    }
    return "none";
}

std::string object_text(const QJsonObject& object)
{
    std::string text;
    const auto add = [&](bool digests) {
        for (auto entry = object.begin(); entry != object.end(); ++entry)
            if (is_digest(entry.value()) == digests)
                text.append(text.empty() ? "" : "; ")
                    .append(name_text(entry.key()))
                    .append(": ")
                    .append(value_text(entry.value()));
    };
    add(false);
    add(true);
    return text;
}

}  // namespace

std::string custody_parameters_text(const std::string& parameters_json)
{
    const QJsonDocument document = QJsonDocument::fromJson(QByteArray::fromStdString(parameters_json));
    return document.isObject() ? object_text(document.object()) : model::visible(parameters_json);
}

}  // namespace fedsleuth::ui
