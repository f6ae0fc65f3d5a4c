// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

namespace fedsleuth::ui {

/// The parameters of an act on record: {"ledgers_built":12,"link":false} → "ledgers built: 12; link: no". Digests come
/// last, shortened; what is no JSON object is shown as it is.
[[nodiscard]] std::string custody_parameters_text(const std::string& parameters_json);

}  // namespace fedsleuth::ui
