// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/history.h"

#include <array>

namespace fedsleuth::ui {

namespace {

constexpr std::array<std::string_view, page_count> names{"overview", "rounds",   "clients", "privacy",
                                                         "rollback", "evidence", "workshop"};

std::optional<Place> step(std::vector<Place>& from, std::vector<Place>& to, const Place& here)
{
    if (from.empty()) return std::nullopt;
    to.push_back(here);
    Place place = std::move(from.back());
    from.pop_back();
    return place;
}

}  // namespace

std::string_view name_of(PageId page) { return names[static_cast<std::size_t>(page)]; }

std::optional<PageId> page_from(std::string_view name)
{
    for (std::size_t idx = 0; idx < names.size(); ++idx)
        if (names[idx] == name) return static_cast<PageId>(idx);
    return std::nullopt;
}

void History::leave(const Place& here)
{
    ahead_.clear();
    if (!behind_.empty() && behind_.back() == here) return;
    behind_.push_back(here);
    if (behind_.size() > longest) behind_.erase(behind_.begin());
}

std::optional<Place> History::back(const Place& here) { return step(behind_, ahead_, here); }
std::optional<Place> History::forward(const Place& here) { return step(ahead_, behind_, here); }

void History::clear()
{
    behind_.clear();
    ahead_.clear();
}

}  // namespace fedsleuth::ui
