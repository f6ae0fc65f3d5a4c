// SPDX-License-Identifier: GPL-3.0-or-later
#include "fuzz/targets.h"

#include "ui/session/case_data.h"
#include "ui/tables/client_filter.h"

#include <algorithm>

namespace fedsleuth::fuzz {

namespace {

/// One client of every kind that the grammar can ask for.
const ui::CaseData& some_case()
{
    static const ui::CaseData data = [] {
        ui::CaseData made;
        made.verdicts.emplace();
        for (const model::VerdictClass verdict :
             {model::VerdictClass::malicious, model::VerdictClass::suspect, model::VerdictClass::watch,
              model::VerdictClass::clean, model::VerdictClass::unknown}) {
            model::Verdict client;
            client.client = model::ClientId("site-0" + std::to_string(made.verdicts->clients.size()));
            client.verdict = verdict;
            client.probability = 0.25 * static_cast<double>(made.verdicts->clients.size());
            client.bad_rounds = {model::RoundNo(15)};
            client.attack = "sign-flip";
            client.family = "untargeted";
            client.group = 2;
            made.verdicts->clients.push_back(client);
        }
        ui::index_case_data(made);
        return made;
    }();
    return data;
}

}  // namespace

void filter(std::span<const std::uint8_t> bytes)
{
    const QString text =
        QString::fromUtf8(reinterpret_cast<const char*>(bytes.data()), static_cast<qsizetype>(bytes.size()));
    const auto filter = ui::ClientFilter::parse(text);
    const bool has_letters = std::any_of(text.begin(), text.end(), [](QChar sign) { return sign.isLetter(); });
    must(!filter.is_empty() || !has_letters, "a text with letters is a filter or an error");
    for (const model::Verdict& client : some_case().verdicts->clients) (void)filter.matches(some_case(), client.client);
    (void)filter.matches(some_case(), model::ClientId("nobody"));
}

}  // namespace fedsleuth::fuzz
