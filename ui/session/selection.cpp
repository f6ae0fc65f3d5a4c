// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/selection.h"

#include <algorithm>

namespace fedsleuth::ui {

void Selection::select_client(std::optional<model::ClientId> client)
{
    if (client == client_) return;
    client_ = std::move(client);
    emit client_changed();
}

void Selection::select_round(std::optional<model::RoundNo> round)
{
    if (round == round_) return;
    round_ = round;
    emit round_changed();
}

void Selection::clear()
{
    select_client(std::nullopt);
    select_round(std::nullopt);
}

void Selection::activate_client(const model::ClientId& client)
{
    select_client(client);
    emit client_activated();
}

void Selection::activate_round(model::RoundNo round)
{
    select_round(round);
    emit round_activated();
}

void RoundRange::set_bounds(model::RoundNo first, model::RoundNo last)
{
    lowest_ = first_ = first;
    highest_ = last_ = last;
}

void RoundRange::narrow(model::RoundNo first, model::RoundNo last)
{
    if (last < first) std::swap(first, last);
    first = std::clamp(first, lowest_, highest_);
    last = std::clamp(last, lowest_, highest_);
    if (first == first_ && last == last_) return;
    first_ = first;
    last_ = last;
    emit changed();
}

void RoundRange::widen() { narrow(lowest_, highest_); }

}  // namespace fedsleuth::ui
