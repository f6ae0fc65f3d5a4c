// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/wording.h"

#include "model/text.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace fedsleuth::ui {

std::string probability_text(double probability)
{
    if (!std::isfinite(probability)) return "–";
    if (probability > 0.999) return "> 99.9\u00a0%";
    if (probability < 0.001) return "< 0.1\u00a0%";
    char text[32];
    std::snprintf(text, sizeof text, "%.1f\u00a0%%", probability * 100);
    return text;
}

std::string attack_text(std::string_view attack)
{
    if (attack.empty()) return {};
    if (attack == "unknown") return "an attack of unknown kind";
    std::string text = model::visible(attack);
    if (attack != "free-rider") std::replace(text.begin(), text.end(), '-', ' ');
    return text;
}

std::string attack_meaning(std::string_view attack)
{
    struct Entry {
        std::string_view name, meaning;
    };
    static constexpr Entry entries[] = {
        {"label-flip", "it trained on wrong labels, to confuse chosen classes"},
        {"backdoor", "it taught the model a hidden trigger"},
        {"model-replacement", "its update was scaled up to overwrite the global model at once"},
        {"sign-flip", "it sent the reverse of an honest update, to undo the training"},
        {"noise", "it sent noise in place of a trained update"},
        {"scaling", "its update was blown up to drown the others"},
        {"collusion", "several clients sent updates crafted together from the honest crowd"},
        {"sybil", "one sender took part under several names"},
        {"mimic", "it copied another client's updates, to give them more weight"},
        {"free-rider", "it sent what it had not trained, to profit without work"},
        {"drift", "it pushed slowly in one direction over many rounds"},
        {"unreliable", "its data look bad, without an intent that could be seen"},
    };
    for (const Entry& entry : entries)
        if (entry.name == attack) return std::string(entry.meaning);
    return {};
}

std::string list_text(const std::vector<std::string>& items, std::size_t at_most)
{
    const bool shortened = items.size() > at_most + 1;
    const std::size_t named = shortened ? at_most : items.size();
    const std::string rest = shortened ? model::grouped(static_cast<long long>(items.size() - named)) + " more" : "";
    std::string text;
    for (std::size_t idx = 0; idx < named; ++idx) {
        if (idx > 0) text += idx + 1 == named && !shortened ? " and " : ", ";
        text += items[idx];
    }
    return shortened ? text + " and " + rest : text;
}

std::string client_list_text(const std::vector<model::ClientId>& clients, std::size_t at_most)
{
    std::vector<std::string> names;
    names.reserve(clients.size());
    for (const model::ClientId& client : clients) names.push_back(model::visible(client.text()));
    return list_text(names, at_most);
}

std::string round_list_text(const std::vector<model::RoundNo>& rounds, std::size_t at_most)
{
    std::vector<model::RoundNo> sorted = rounds;
    std::sort(sorted.begin(), sorted.end());
    sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
    if (sorted.empty()) return {};
    std::vector<std::string> runs;
    for (std::size_t first = 0; first < sorted.size();) {
        std::size_t last = first;
        while (last + 1 < sorted.size() && sorted[last + 1] == sorted[last].after()) ++last;
        const std::string from = std::to_string(sorted[first].value());
        const std::string to = std::to_string(sorted[last].value());
        if (last == first + 1) {
            runs.push_back(from);
            runs.push_back(to);
        } else {
            runs.push_back(last == first ? from : from + "–" + to);
        }
        first = last + 1;
    }
    return (sorted.size() == 1 ? "round " : "rounds ") + list_text(runs, at_most);
}

std::string time_text(const std::string& rfc3339)
{
    std::string text = model::visible(rfc3339);
    if (text.size() < 20 || text[4] != '-' || text[10] != 'T' || text.back() != 'Z') return text;
    text[10] = ' ';
    text.erase(std::min(text.find('.'), text.size() - 1));
    return text + " UTC";
}

std::string counted(std::int64_t count, std::string_view one, std::string_view many)
{
    return model::grouped(count) + " " + std::string(count == 1 ? one : many);
}

}  // namespace fedsleuth::ui
