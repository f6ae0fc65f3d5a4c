// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/privacy/audit_rules.h"
#include "model/json_writer.h"

#include <cmath>

namespace fedsleuth::analysis {

using model::ClientId;
using model::RoundNo;
using model::Severity;

void add_over_clip(AuditVerdicts& verdicts, const std::optional<ClientId>& client, std::optional<RoundNo> round,
                   double clip, std::string text, std::optional<double> norm)
{
    verdicts.fail(7, text, client ? std::vector{*client} : std::vector<ClientId>());
    model::Finding& finding = verdicts.find("privacy-norm-over-clip", Severity::high, std::move(text));
    finding.client = client;
    finding.round = round;
    finding.evidence_json = model::JsonWriter()
                                .begin_object()
                                .field("clipping_norm", clip)
                                .optional_field("norm", norm)
                                .end_object()
                                .text();
}

/// The norms of updates that carry no noise of their own, held against the clipping norm as they are.
void check_bare_norms(const AuditCase& work, AuditVerdicts& verdicts)
{
    constexpr double rounding = 1e-5;  // float32 norms, summed by whoever clipped
    struct Over {
        const AuditClient* client;
        RoundNo round;
        double norm, clip;
        std::size_t times = 0;
    };
    std::vector<Over> over;
    std::size_t measured = 0, above = 0, on_norm = 0, clipped_stage = 0;
    for (const AuditClient& client : work.clients) {
        Over mine{&client, {}, 0, 0, 0};
        for (const Release& release : client.releases) {
            if (!release.measured || !release.clip || !(*release.clip > 0)) continue;
            const double norm = std::sqrt(std::max(release.measured->square, 0.0)) * work.sent_scale();
            ++measured;
            const bool says_clipped = release.update->stage == "clipped" || release.update->stage == "aggregated";
            clipped_stage += says_clipped;
            on_norm += std::abs(norm / *release.clip - 1) <= 10 * rounding;
            if (!(norm > *release.clip * (1 + rounding))) continue;
            ++above;
            if (mine.times++ == 0 || norm > mine.norm)
                mine.round = release.update->round, mine.norm = norm, mine.clip = *release.clip;
        }
        if (mine.times > 0) over.push_back(mine);
    }
    if (measured == 0) {
        verdicts.unknown(7, "No norm could be held against a clipping norm.");
        return;
    }
    // Did the recorder stand behind the clipping? It did where the log says so, or where norms pile up exactly on C.
    const bool behind = clipped_stage == measured || 5 * on_norm >= measured || above == 0 ||
                        (work.place.at_client && 2 * above < measured);
    if (!behind) {
        verdicts.unknown(
            7, std::to_string(above) + " of " + std::to_string(measured) +
                   " stored updates are longer than the clipping norm; the log does not say whether they were stored "
                   "before the server clipped them.");
        return;
    }
    for (const Over& one : over)
        add_over_clip(verdicts, one.client->id, one.round, one.clip,
                      named(one.client->id) + " sent an update of norm " + number(one.norm, 4) + " in round " +
                          std::to_string(one.round.value()) + "; the clipping norm is " + number(one.clip, 4) + " (" +
                          std::to_string(one.times) + " of its updates are longer).",
                      one.norm);
    verdicts.pass(7, "No stored update is longer than the clipping norm.");
}

}  // namespace fedsleuth::analysis
