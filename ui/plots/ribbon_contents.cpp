// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/plot_text.h"
#include "ui/plots/ribbon.h"
#include "ui/session/case_data.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace fedsleuth::ui {
namespace {

using Series = std::map<model::RoundNo, double>;

/// One metric as the server reported it, with its rounds or else with its checkpoints.
Series server_metric(const CaseData& data, const std::string& name)
{
    Series series;
    for (const model::Checkpoint& checkpoint : data.checkpoints)
        if (const auto found = checkpoint.metrics.find(name); found != checkpoint.metrics.end())
            series[checkpoint.round] = found->second;
    for (const model::Round& round : data.rounds)
        if (const auto found = round.metrics.find(name); found != round.metrics.end())
            series[round.number] = found->second;
    return series;
}

/// The clients' median of one metric in every round.
Series client_metric(const CaseData& data, const std::string& name)
{
    std::map<model::RoundNo, std::vector<double>> reported;
    for (const model::Update& update : data.updates) {
        const auto found = update.metrics.find(name);
        if (found != update.metrics.end() && std::isfinite(found->second) && !update.reference)
            reported[update.round].push_back(found->second);
    }
    Series series;
    for (auto& [round, values] : reported) {
        const auto middle = values.begin() + std::ptrdiff_t(values.size() / 2);
        std::nth_element(values.begin(), middle, values.end());
        series[round] = *middle;
    }
    return series;
}

std::set<std::string> metric_names(const CaseData& data)
{
    std::set<std::string> names;
    for (const model::Round& round : data.rounds)
        for (const auto& [name, value] : round.metrics) names.insert(name);
    for (const model::Checkpoint& checkpoint : data.checkpoints)
        for (const auto& [name, value] : checkpoint.metrics) names.insert(name);
    return names;
}

struct Quality {
    QString name;
    Series series;
};

Quality quality_of(const CaseData& data)
{
    const auto names = metric_names(data);
    std::vector<std::string> wanted{"accuracy"};
    for (const std::string& name : names)
        if (name != "accuracy" && name.find("acc") != std::string::npos) wanted.push_back(name);
    for (const char* loss : {"train_loss", "loss"}) wanted.emplace_back(loss);
    for (const std::string& name : wanted)
        if (Series series = server_metric(data, name); !series.empty()) return {shown(name), std::move(series)};
    for (const char* name : {"accuracy", "train_loss", "loss"})
        if (Series series = client_metric(data, name); !series.empty())
            return {QStringLiteral("median %1").arg(QString::fromLatin1(name)), std::move(series)};
    return {};
}

}  // namespace

RibbonContents ribbon_contents(const CaseData& data)
{
    RibbonContents contents;
    const Quality quality = quality_of(data);
    contents.quality_name = quality.name;
    std::map<model::RoundNo, QStringList> flagged;
    if (data.verdicts)
        for (const model::Verdict& verdict : data.verdicts->clients)
            if (data.shown_class(verdict.client) >= model::VerdictClass::suspect)
                for (const model::RoundNo round : verdict.bad_rounds) flagged[round] << shown(verdict.client);
    for (std::size_t idx = 0; idx < data.rounds.size(); ++idx) {
        const model::Round& from = data.rounds[idx];
        RibbonRound round;
        round.round = from.number;
        if (const auto found = quality.series.find(from.number); found != quality.series.end())
            round.quality = found->second;
        if (idx < data.suspicion.size()) round.suspicion = data.suspicion[idx];
        if (const auto found = flagged.find(from.number); found != flagged.end()) {
            round.flagged = true;
            constexpr qsizetype most = 6;
            const QStringList& who = found->second;
            round.note = QStringLiteral("bad: ") + who.mid(0, most).join(QStringLiteral(", "));
            if (who.size() > most) round.note += QStringLiteral(" and %1 more").arg(who.size() - most);
        }
        if (!from.inspectable) round.note += (round.note.isEmpty() ? "" : "\n") + QStringLiteral("not inspectable");
        contents.rounds.push_back(std::move(round));
    }
    std::sort(contents.rounds.begin(), contents.rounds.end(),
              [](const RibbonRound& left, const RibbonRound& right) { return left.round < right.round; });
    return contents;
}

}  // namespace fedsleuth::ui
