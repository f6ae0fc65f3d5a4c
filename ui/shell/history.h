// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/ids.h"

#include <optional>
#include <string_view>
#include <vector>

namespace fedsleuth::ui {

enum class PageId { overview, rounds, clients, privacy, rollback, evidence, workshop };
inline constexpr int page_count = 7;

/// "overview", …: for the command line.
[[nodiscard]] std::string_view name_of(PageId page);
[[nodiscard]] std::optional<PageId> page_from(std::string_view name);

/// Where one can be: a page, with what was selected on leaving it.
struct Place {
    PageId page = PageId::overview;
    std::optional<model::ClientId> client;
    std::optional<model::RoundNo> round;

    bool operator==(const Place&) const = default;
};

/// The way through the pages, to be retraced both ways. Going anywhere new forgets what lay ahead.
class History {
public:
    void leave(const Place& here);  ///< before going to a new place
    [[nodiscard]] std::optional<Place> back(const Place& here);
    [[nodiscard]] std::optional<Place> forward(const Place& here);
    void clear();

    [[nodiscard]] bool can_go_back() const { return !behind_.empty(); }
    [[nodiscard]] bool can_go_forward() const { return !ahead_.empty(); }

private:
    static constexpr std::size_t longest = 200;
    std::vector<Place> behind_;
    std::vector<Place> ahead_;
};

}  // namespace fedsleuth::ui
