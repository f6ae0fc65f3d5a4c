// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/verdict.h"

#include <utility>

namespace fedsleuth::model {

namespace {
constexpr std::array<std::pair<VerdictClass, std::string_view>, 5> class_names{{
    {VerdictClass::unknown, "unknown"},
    {VerdictClass::clean, "clean"},
    {VerdictClass::watch, "watch"},
    {VerdictClass::suspect, "suspect"},
    {VerdictClass::malicious, "malicious"},
}};
}

std::string_view name_of(VerdictClass verdict)
{
    for (const auto& [value, name] : class_names)
        if (value == verdict) return name;
    return "unknown";
}

std::optional<VerdictClass> verdict_class_from(std::string_view name)
{
    for (const auto& [value, text] : class_names)
        if (text == name) return value;
    return std::nullopt;
}

std::string_view family_of(std::string_view attack)
{
    constexpr std::array<std::pair<std::string_view, std::string_view>, 12> families{{
        {"label-flip", "targeted"},
        {"backdoor", "targeted"},
        {"model-replacement", "targeted"},
        {"drift", "targeted"},
        {"sign-flip", "untargeted"},
        {"noise", "untargeted"},
        {"scaling", "untargeted"},
        {"collusion", "colluding"},
        {"sybil", "colluding"},
        {"mimic", "colluding"},
        {"free-rider", "free-rider"},
        {"unreliable", "unreliable"},
    }};
    for (const auto& [name, family] : families)
        if (name == attack) return family;
    return "unknown";
}

}  // namespace fedsleuth::model
