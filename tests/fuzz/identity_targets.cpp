// SPDX-License-Identifier: GPL-3.0-or-later
#include "fuzz/targets.h"

#include "analysis/identity/moment.h"
#include "analysis/identity/trust.h"
#include "model/text.h"
#include "storage/custody/seal.h"

#include <string>
#include <string_view>

namespace fedsleuth::fuzz {

namespace {

std::string_view text_of(std::span<const std::uint8_t> bytes)
{
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

void certificates(std::span<const std::uint8_t> bytes)
{
    const std::string_view text = text_of(bytes);
    const analysis::TrustAnchors anchors(text, text);
    const auto chain = analysis::read_certificates(text);
    if (chain) {
        (void)anchors.worth(*chain, 1'772'841'600.0);
        (void)anchors.worth(*chain, std::nullopt);
        (void)anchors.path_of(*chain);
        (void)anchors.revocation_of(*chain);
        (void)anchors.problems({&*chain});
    }
    (void)storage::SealKey::from_pem(text);
    (void)storage::public_key_from_pem(text);
    (void)storage::read_seal(text);
}

void texts(std::span<const std::uint8_t> bytes)
{
    const std::string_view text = text_of(bytes);
    const std::string seen = model::visible(text);
    for (const char character : seen)
        must(static_cast<unsigned char>(character) >= 0x20 && character != 0x7f, "nothing that controls a terminal");
    must(model::valid_utf8(seen) == seen, "what is shown is UTF-8");
    const std::string html = model::html_escaped(text);
    must(html.find_first_of("<>\"'") == std::string::npos, "nothing that opens a tag or ends an attribute");
    const std::string cell = model::csv_cell(text);
    const std::size_t first = cell.starts_with('"') ? 1 : 0;
    const bool formula = first < cell.size() && std::string_view("=@\t\r").find(cell[first]) != std::string_view::npos;
    must(!formula, "nothing that a spreadsheet runs");
    if (const auto decoded = model::base64_decoded(text))
        must(model::base64_encoded(*decoded) == text, "base64 has one form");
    (void)analysis::moment_of(text);
}

}  // namespace fedsleuth::fuzz
