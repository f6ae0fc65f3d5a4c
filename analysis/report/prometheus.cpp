// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/report/prometheus.h"

#include "model/text.h"

#include <charconv>
#include <cmath>
#include <map>
#include <set>

namespace fedsleuth::analysis {

using model::ClientId;

namespace {

std::string number(double value)
{
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
    char buffer[40];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
    return {buffer, end};
}

std::string label_value(std::string_view text)
{
    std::string escaped;
    for (const char character : model::valid_utf8(text)) {
        if (character == '\n') {
            escaped += "\\n";
            continue;
        }
        if (character == '\\' || character == '"') escaped += '\\';
        escaped += character;
    }
    return escaped;
}

/// One metric family: series by their labels, which are written as `{a="…",b="…"}`.
class Family {
public:
    Family(std::string name, std::string_view type, std::string_view help) : name_(std::move(name))
    {
        text_ = "# HELP " + name_ + " " + std::string(help) + "\n# TYPE " + name_ + " " + std::string(type) + "\n";
    }
    void add(std::initializer_list<std::pair<std::string_view, std::string>> labels, double value)
    {
        std::string key;
        for (const auto& [label, text] : labels)
            key.append(key.empty() ? "{" : ",").append(label).append("=\"").append(label_value(text)).append("\"");
        if (!key.empty()) key += "}";
        // Two client ids may read the same once what is no UTF-8 is replaced: one series, summed.
        const auto [place, added] = values_.try_emplace(key, value);
        if (added)
            order_.push_back(key);
        else
            place->second += value;
    }
    [[nodiscard]] std::string text() const
    {
        std::string text = text_;
        for (const std::string& key : order_) text += name_ + key + " " + number(values_.at(key)) + "\n";
        return text;
    }

private:
    std::string name_;
    std::string text_;
    std::map<std::string, double> values_;
    std::vector<std::string> order_;
};

std::string rounds(const ReportData& data)
{
    std::set<model::RoundNo> finished;
    for (const model::Checkpoint& checkpoint : data.checkpoints)
        if (checkpoint.usable()) finished.insert(checkpoint.round);
    double completed = 0, failed = 0;
    for (const model::Round& round : data.rounds)
        (finished.contains(round.number) || !round.finished_at.empty() ? completed : failed) += 1;
    Family family("fl_round_total", "counter",
                  "Training rounds on record: completed (finished, or with a usable "
                  "checkpoint) and failed (neither).");
    family.add({{"status", "completed"}}, completed);
    family.add({{"status", "failed"}}, failed);
    return family.text();
}

std::string updates(const ReportData& data)
{
    std::map<ClientId, double> accepted;
    for (const model::Client& client : data.clients) accepted[client.id] = 0;
    for (const model::Update& update : data.updates)
        if (!update.reference) accepted[update.client] += update.accepted != false && update.usable();
    Family family("fl_client_updates_accepted_total", "counter",
                  "Updates of a client that are usable and that the "
                  "server did not turn away.");
    for (const auto& [client, count] : accepted) family.add({{"client_id", client.text()}}, count);
    return family.text();
}

std::string anomalies(const ReportData& data)
{
    std::map<std::pair<ClientId, std::string>, double> seen;
    if (data.verdicts)
        for (const model::Verdict& verdict : data.verdicts->clients) {
            if (verdict.verdict < model::VerdictClass::watch) continue;
            for (const model::Reason& reason : verdict.reasons) seen[{verdict.client, reason.detector}] += 1;
        }
    Family family("fl_gradient_anomaly_detected_total", "counter",
                  "Reasons against a client that is on watch, suspect or malicious, by the detector that gave them.");
    for (const auto& [key, count] : seen) family.add({{"client_id", key.first.text()}, {"reason", key.second}}, count);
    return family.text();
}

std::string excluded(const ReportData& data)
{
    std::map<ClientId, double> left_out;
    if (data.rollback)
        for (const Removal& flagged : data.rollback->flagged) {
            left_out[flagged.client] = 0;
            for (const model::Update& update : data.updates)
                left_out[flagged.client] +=
                    !update.reference && update.client == flagged.client && update.round >= flagged.since;
        }
    Family family("fl_byzantine_client_excluded_total", "counter",
                  "Updates of a client that is malicious by decision or verdict, from its first bad round on.");
    for (const auto& [client, count] : left_out) family.add({{"client_id", client.text()}}, count);
    return family.text();
}

std::string accuracy(const ReportData& data)
{
    Family family("fl_model_accuracy", "gauge", "Accuracy that the server reported for the model after a round.");
    for (const model::Checkpoint& checkpoint : data.checkpoints) {
        const auto value = checkpoint.metrics.find("accuracy");
        if (value != checkpoint.metrics.end())
            family.add({{"round", std::to_string(checkpoint.round.value())}}, value->second);
    }
    return family.text();
}

std::string privacy(const ReportData& data)
{
    Family spent(
        "fl_client_epsilon_spent", "gauge",
        "Epsilon that a client has spent, recomputed from its mechanism; as claimed where that can't be done.");
    Family exhausted("fl_privacy_budget_exhausted_total", "counter",
                     "1 where the client's epsilon exceeds the budget, else 0.");
    for (const ClientAudit& client : data.audit.clients) {
        std::optional<double> epsilon = client.epsilon.under(data.audit.accountant);
        if (!epsilon) epsilon = client.epsilon_claimed;
        if (epsilon) spent.add({{"client_id", client.client.text()}}, *epsilon);
        if (data.audit.budget) exhausted.add({{"client_id", client.client.text()}}, client.exhausted_in ? 1 : 0);
    }
    return spent.text() + exhausted.text();
}

std::string signatures(const ReportData& data)
{
    const std::set<std::string_view> failures{"signature-invalid", "signature-wrong-key",
                                              "checkpoint-signature-invalid"};
    double count = 0;
    for (const model::Finding& finding : data.findings) count += failures.contains(finding.kind);
    Family family("fl_model_signature_verification_failure_total", "counter",
                  "Signatures of updates and checkpoints that do not verify, or verify under another key.");
    family.add({}, count);
    return family.text();
}

}  // namespace

std::string prometheus_text(const ReportData& data)
{
    return rounds(data) + updates(data) + anomalies(data) + excluded(data) + accuracy(data) + privacy(data) +
           signatures(data);
}

}  // namespace fedsleuth::analysis
