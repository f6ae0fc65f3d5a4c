// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/result.h"

namespace fedsleuth::model {

std::string Error::text() const
{
    std::string text;
    if (!where.empty()) text += where + ": ";
    text += message;
    if (!hint.empty()) text += " (" + hint + ")";
    return text;
}

}  // namespace fedsleuth::model
