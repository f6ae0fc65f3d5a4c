// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/ids.h"

#include <optional>
#include <QObject>

namespace fedsleuth::ui {

/// What is selected, shared by all pages: a client, a round, both or neither. Selecting highlights; activating (double
/// click, Enter) goes to the page that shows the thing.
class Selection : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;

    [[nodiscard]] const std::optional<model::ClientId>& client() const { return client_; }
    [[nodiscard]] const std::optional<model::RoundNo>& round() const { return round_; }

    void select_client(std::optional<model::ClientId> client);
    void select_round(std::optional<model::RoundNo> round);
    void clear();
    void activate_client(const model::ClientId& client);  ///< selects it, then asks for its page
    void activate_round(model::RoundNo round);

signals:
    void client_changed();
    void round_changed();
    void client_activated();
    void round_activated();

private:
    std::optional<model::ClientId> client_;
    std::optional<model::RoundNo> round_;
};

/// The range of rounds that the ribbon's brush narrows all pages to. Both ends are included.
class RoundRange : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;

    /// Of the case; the range becomes all of it. Emits nothing: the case changes with it, and nobody is to draw twice.
    void set_bounds(model::RoundNo first, model::RoundNo last);
    void narrow(model::RoundNo first, model::RoundNo last);  ///< clipped to the bounds
    void widen();                                            ///< back to all rounds

    [[nodiscard]] model::RoundNo first() const { return first_; }
    [[nodiscard]] model::RoundNo last() const { return last_; }
    [[nodiscard]] bool is_all() const { return first_ == lowest_ && last_ == highest_; }
    [[nodiscard]] bool contains(model::RoundNo round) const { return first_ <= round && round <= last_; }

signals:
    void changed();

private:
    model::RoundNo lowest_, highest_, first_, last_;
};

}  // namespace fedsleuth::ui
