// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/verdict/caution.h"

#include "analysis/verdict/fusion.h"

#include <string>

namespace fedsleuth::analysis {

std::string caution(const model::Verdicts& verdicts)
{
    constexpr double unclear_minority = 0.35;
    if (!verdicts.inspectable) return {};
    std::size_t judged = 0, accused = 0;
    for (const model::Verdict& verdict : verdicts.clients) {
        judged += verdict.verdict != model::VerdictClass::unknown;
        accused += verdict.verdict >= model::VerdictClass::suspect;
    }
    if (judged == 0) return {};
    if (judged < smallest_federation)
        return "Only " + std::to_string(judged) +
               " clients could be compared: too few for an honest crowd to show. Copies, recycled updates and updates "
               "far too long are found; quiet attacks are not.";
    if (static_cast<double>(accused) > unclear_minority * static_cast<double>(judged))
        return "The minority is unclear: " + std::to_string(accused) + " of " + std::to_string(judged) +
               " clients stand accused. With so many, updates alone cannot tell which side is the honest one; a "
               "trusted client or a reference update can.";
    return {};
}

}  // namespace fedsleuth::analysis
