// SPDX-License-Identifier: GPL-3.0-or-later
// The clients page's filter: what a person types, or pastes.
#include "ui/tables/client_filter.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const QString text = QString::fromUtf8(reinterpret_cast<const char*>(data), static_cast<qsizetype>(size));
    const auto filter = fedsleuth::ui::ClientFilter::parse(text);
    static const fedsleuth::ui::CaseData nothing;
    (void)filter.matches(nothing, fedsleuth::model::ClientId("site-00"));
    return 0;
}
