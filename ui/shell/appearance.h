// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace fedsleuth::ui {

enum class Appearance { system, light, dark };

/// Gives the whole program that palette.
void apply_appearance(Appearance appearance);

[[nodiscard]] Appearance stored_appearance();
void store_appearance(Appearance appearance);

}  // namespace fedsleuth::ui
