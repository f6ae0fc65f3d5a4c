// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/evidence/evidence_text.h"

namespace fedsleuth::storage {

std::string in_quotes(std::string_view name)
{
    constexpr std::size_t longest = 120;
    std::string text = "\"";
    text.append(model::visible(name.substr(0, longest)));
    text.append(name.size() > longest ? "…\"" : "\"");
    return text;
}

std::string place(const std::string& file, const std::string& inside)
{
    return inside.empty() ? file : file + ": " + inside;
}

std::string counted(std::int64_t count, std::string_view one, std::string_view several)
{
    return model::grouped(count).append(" ").append(count == 1 ? one : several);
}

std::string bytes_follow(std::int64_t bytes)
{
    return std::to_string(bytes) + (bytes == 1 ? " byte follows" : " bytes follow");
}

}  // namespace fedsleuth::storage
