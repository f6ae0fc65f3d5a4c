// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/wording.h"

#include "model/text.h"

#include <algorithm>
#include <span>

namespace fedsleuth::model {

namespace {

struct Entry {
    std::string_view word, said;
};

std::string look_up(std::span<const Entry> entries, std::string_view word)
{
    for (const Entry& entry : entries)
        if (entry.word == word) return std::string(entry.said);
    return plain_words(word);
}

}  // namespace

std::string plain_words(std::string_view word)
{
    // A name with anything else in it (a path, an id) is no word of ours.
    const bool ours = std::ranges::all_of(
        word, [](char each) { return (each >= 'a' && each <= 'z') || (each >= '0' && each <= '9') || each == '-'; });
    std::string text = visible(word);
    if (ours) std::ranges::replace(text, '-', ' ');
    return text;
}

std::string kind_words(std::string_view kind)
{
    // Those whose name alone does not say what was found.
    static constexpr Entry entries[] = {
        {"signature-missing", "not signed"},
        {"signature-invalid", "signature does not verify"},
        {"signature-wrong-key", "signed with another's key"},
        {"signature-indeterminate", "signature can't be checked"},
        {"certificate-not-yet-valid", "certificate not valid yet"},
        {"certificate-untrusted", "certificate not trusted"},
        {"certificate-shared-key", "one key, several clients"},
        {"unknown-client", "client not registered"},
        {"digest-mismatch", "not the declared digest"},
        {"update-stale", "update late or out of date"},
        {"rate-limit", "more sent than asked for"},
        {"bulk-registration", "many registered at once"},
        {"non-finite-update", "NaN or infinity in update"},
        {"shape-mismatch", "does not fit the model"},
        {"refused-snapshot", "file refused"},
        {"not-inspectable", "single updates not seen"},
        {"checkpoint-mismatch", "checkpoint does not fit"},
        {"checkpoint-signature-invalid", "checkpoint badly signed"},
        {"anomaly-spike", "an unusually long step"},
        {"privacy-no-claim", "no privacy claim"},
        {"privacy-under-reported", "spent more than claimed"},
        {"privacy-over-budget", "over the privacy budget"},
        {"privacy-policy-exceeded", "over this case's own limit"},
        {"privacy-norm-over-clip", "longer than the clip norm"},
        {"privacy-noise-too-low", "less noise than declared"},
        {"privacy-delta-too-large", "δ too large"},
        {"privacy-inconsistent-claim", "contradicts itself"},
        {"privacy-weighting", "weights weaken the noise"},
        {"privacy-sampling", "sampling not as reckoned"},
    };
    return look_up(entries, kind);
}

std::string signature_words(std::string_view signature)
{
    static constexpr Entry entries[] = {{"missing", "not signed"}, {"not-checked", "signed, not checked"}};
    return look_up(entries, signature);
}

std::string accountant_words(std::string_view accountant)
{
    static constexpr Entry entries[] = {
        {"rdp", "RDP"}, {"pld", "PLD"}, {"prv", "PRV"}, {"gdp", "GDP"}, {"zcdp", "zCDP"}};
    return look_up(entries, accountant);
}

std::string aggregation_words(std::string_view aggregation)
{
    static constexpr Entry entries[] = {
        {"matches", "fits"}, {"mismatch", "does not fit"}, {"not-checked", "not checked"}};
    return look_up(entries, aggregation);
}

}  // namespace fedsleuth::model
