// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/case_data.h"

#include <QString>
#include <functional>
#include <vector>

namespace fedsleuth::ui {

/// Which clients are shown. Terms are parted by blanks, and all of them have to hold. A term is one of
///
///     site-0             the id contains it, whatever the case of letters
///     "site 0"           the same with a blank in it
///     class:malicious    the shown verdict (malicious, suspect, watch, clean, unknown); several: class:watch,suspect
///     class:>=suspect    that grave, or graver (also > < <=)
///     attack:flip        the likely attack or its family contains it
///     bad:15             was bad in round 15; bad:10-20 in one of these
///     p:>=0.5            probability of being malicious (also > < <=)
///     group:2            of the group of colluding clients with this number
///     decided:yes        an analyst decided on it; decided:no
///     -class:clean       a minus before any term: not so
///
/// What cannot be understood is an error, not a silent match of everything.
class ClientFilter {
public:
    /// An empty text lets every client through.
    [[nodiscard]] static ClientFilter parse(const QString& text);

    [[nodiscard]] bool is_empty() const { return terms_.empty() && error_.isEmpty(); }
    [[nodiscard]] const QString& error() const { return error_; }  ///< one sentence; empty where all was understood
    [[nodiscard]] bool matches(const CaseData& data, const model::ClientId& client) const;

    [[nodiscard]] static QString help();  ///< the grammar, for a tooltip

private:
    using Term = std::function<bool(const CaseData&, const model::ClientId&)>;
    void add(QString word, bool quoted);
    [[nodiscard]] Term make(const QString& word, bool quoted);
    [[nodiscard]] Term with_key(const QString& key, const QString& value);

    std::vector<Term> terms_;
    QString error_;
};

}  // namespace fedsleuth::ui
