// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/case_data.h"
#include "ui/session/source_place.h"

#include <string>
#include <vector>

namespace fedsleuth::ui {

/// A fact with its name, or a paragraph (no name). All text is ready to be shown: what came from evidence has gone
/// through model::visible().
struct DossierLine {
    std::string label;
    std::string value;
    std::optional<SourcePlace> source = {};  ///< what it says can be read there
};

struct DossierSection {
    std::string title;
    std::vector<DossierLine> lines;
};

/// Everything that the case says of one client, or of one round, in reading order.
struct Dossier {
    std::string title;
    std::string subtitle;
    std::optional<model::VerdictClass> mark;
    std::vector<DossierSection> sections;

    [[nodiscard]] std::string text() const;  ///< as plain text, for copying and tests
};

/// With a round: also what the client sent in it.
[[nodiscard]] Dossier client_dossier(const CaseData& data, const model::ClientId& client,
                                     std::optional<model::RoundNo> round);
[[nodiscard]] Dossier round_dossier(const CaseData& data, model::RoundNo round);

/// The client's update of the round that counts; null where it sent none. O(log n).
[[nodiscard]] const model::Update* find_update(const CaseData& data, model::RoundNo round,
                                               const model::ClientId& client);

}  // namespace fedsleuth::ui
