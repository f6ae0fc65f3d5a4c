// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QString>
#include <map>
#include <string>
#include <vector>

namespace fedsleuth::test {

/// Unpacks tests/fixtures/federations/<name>.tar.gz into `scratch` and returns the evidence folder; empty on failure.
inline QString federation_folder(const QString& name, const QString& scratch)
{
    const QString folder = scratch + "/" + name;
    QDir(folder).removeRecursively();
    QDir().mkpath(scratch);
    QProcess tar;
    tar.start("tar", {"-xzf", QStringLiteral(FEDSLEUTH_FIXTURES "/federations/") + name + ".tar.gz", "-C", scratch});
    return tar.waitForFinished(60'000) && tar.exitCode() == 0 ? folder : QString();
}

/// Who attacked, and in which rounds, as truth.json says.
struct Truth {
    std::map<std::string, std::vector<int>> malicious;
    int last_clean_checkpoint = 0;
};

inline Truth truth_of(const QString& folder)
{
    QFile file(folder + "/truth.json");
    Truth truth;
    if (!file.open(QIODevice::ReadOnly)) return truth;
    const QJsonObject object = QJsonDocument::fromJson(file.readAll()).object();
    truth.last_clean_checkpoint = object["last_clean_checkpoint"].toInt();
    const QJsonObject malicious = object["malicious"].toObject();
    for (auto client = malicious.begin(); client != malicious.end(); ++client) {
        std::vector<int>& rounds = truth.malicious[client.key().toStdString()];
        for (const QJsonValue round : client.value().toArray()) rounds.push_back(round.toInt());
    }
    return truth;
}

}  // namespace fedsleuth::test
