// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/privacy/audit_rules.h"
#include "model/json_writer.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace fedsleuth::analysis {

using model::ClientId;
using model::Severity;

namespace {

/// A claim below this is below what the mechanism costs, whatever the accountant: accountants' own errors stay above
/// it.
double least_claim(double tight) { return 0.99 * tight - 0.01; }

/// One claimed ε beside what was recomputed for it.
struct Claimed {
    const Release* release = nullptr;
    std::size_t place = 0;  ///< of the release in the client's history
    double epsilon = 0;
    double delta = 0;
    std::optional<double> total, once;              ///< RDP of all rounds so far; of this one
    std::optional<double> tight_total, tight_once;  ///< what they cost at least, where it matters
};

/// One client's claims, put beside the recomputed values.
class Comparison {
public:
    Comparison(const AuditCase& work, const AuditClient& client, SpentCache& cache) : client_(client), cache_(cache)
    {
        const PrivacyHistory history = client.history();
        for (std::size_t place = 0; place < client.releases.size(); ++place) {
            const Release& release = client.releases[place];
            const std::optional<double> delta = work.delta_of(release);
            if (!release.claim || !release.claim->epsilon || std::isnan(*release.claim->epsilon) || !delta) continue;
            Claimed& claimed = claims_.emplace_back();
            claimed.release = &release;
            claimed.place = place;
            claimed.epsilon = *release.claim->epsilon;
            claimed.delta = *delta;
            const std::vector<double>& series = cache.after_each(history, *delta, Accountant::rdp);
            if (place < series.size()) claimed.total = series[place];
            claimed.once = cache.whole({*release.event}, *delta, Accountant::rdp);
        }
        measure_closest();
    }

    [[nodiscard]] bool empty() const { return claims_.empty(); }
    [[nodiscard]] const std::vector<Claimed>& claims() const { return claims_; }

    /// The last claim that lies below what was spent; nothing where none does.
    [[nodiscard]] const Claimed* below(bool cumulative) const
    {
        const Claimed* last = nullptr;
        for (const Claimed& claim : claims_) {
            const auto& tight = cumulative ? claim.tight_total : claim.tight_once;
            if (tight && claim.epsilon < least_claim(*tight)) last = &claim;
        }
        return last;
    }

    /// Every claim is about one round's worth: not below it, nor above what the loosest accountant makes of it.
    [[nodiscard]] bool fits_single_rounds() const
    {
        return below(false) == nullptr && std::all_of(claims_.begin(), claims_.end(), [&](const Claimed& claim) {
                   double most = claim.once.value_or(0);
                   for (const Accountant other : {Accountant::basic, Accountant::zcdp})
                       if (const auto once = cache_.whole({*claim.release->event}, claim.delta, other))
                           most = std::max(most, *once);
                   return claim.epsilon <= 1.05 * most + 0.02;
               });
    }

    /// Every claim is about all rounds so far.
    [[nodiscard]] bool fits_totals() const
    {
        return below(true) == nullptr && std::all_of(claims_.begin(), claims_.end(), [](const Claimed& claim) {
                   return claim.total && claim.epsilon <= 1.05 * *claim.total + 0.05;
               });
    }

private:
    /// Exact bounds are dear where there is sampling: they are computed where a claim is below RDP's value, for the
    /// first and last of those and the three that are furthest below it.
    void measure_closest()
    {
        const auto worth = [&](auto value, auto set) {
            std::vector<Claimed*> low;
            for (Claimed& claim : claims_)
                if (claim.*value && claim.epsilon < 0.999 * *(claim.*value)) low.push_back(&claim);
            std::set<Claimed*> chosen;
            if (!low.empty()) chosen.insert({low.front(), low.back()});
            std::stable_sort(low.begin(), low.end(), [&](const Claimed* a, const Claimed* b) {
                return a->epsilon * *(b->*value) < b->epsilon * *(a->*value);
            });
            for (std::size_t idx = 0; idx < std::min<std::size_t>(low.size(), 3); ++idx) chosen.insert(low[idx]);
            for (Claimed* claim : chosen) set(*claim);
        };
        const PrivacyHistory history = client_.history();
        worth(&Claimed::total, [&](Claimed& claim) {
            const auto end = history.begin() + static_cast<std::ptrdiff_t>(claim.place) + 1;
            claim.tight_total = cache_.tight({history.begin(), end}, claim.delta);
        });
        worth(&Claimed::once,
              [&](Claimed& claim) { claim.tight_once = cache_.tight({*claim.release->event}, claim.delta); });
    }

    const AuditClient& client_;
    SpentCache& cache_;
    std::vector<Claimed> claims_;
};

/// √(2 ln(1.25/δ)) / z: the classical formula, which holds for ε ≤ 1 only.
bool is_classical(const Claimed& claim)
{
    if (!claim.release->noise || claim.release->rate.value_or(1) != 1 || !(claim.delta > 0)) return false;
    const double classical = std::sqrt(2 * std::log(1.25 / claim.delta)) / *claim.release->noise;
    return classical > 1 && std::abs(claim.epsilon - classical) <= 0.005 * classical;
}

bool names_central_limit(const Claimed& claim)
{
    const std::string& name = claim.release->claim->accountant;
    const bool gdp = name == "gdp" || name == "clt" || name == "GDP" || name == "CLT";
    return gdp && claim.release->rate.value_or(1) < 1;
}

void add_under_reported(const AuditClient& client, const Claimed& claim, bool cumulative, bool other_fits,
                        AuditVerdicts& verdicts)
{
    const double spent = cumulative ? *claim.tight_total : *claim.tight_once;
    const std::optional<double>& rdp = cumulative ? claim.total : claim.once;
    const std::string round = std::to_string(claim.release->update->round.value());
    std::string text = named(client.id) + " claims ε = " + number(claim.epsilon, 4) +
                       (cumulative ? " for all its rounds up to round " : " for round ") + round +
                       "; the mechanism that counts for it costs at least " + number(spent, 4) + " there (" +
                       number(rdp.value_or(spent), 4) + " by RDP), at δ = " + number(claim.delta) + ".";
    if (std::isfinite(spent)) text += " It reports " + number(100 * claim.epsilon / spent, 2) + " % of what it spent.";
    if (other_fits)
        text +=
            cumulative ? " The number is right for a single round." : " The number is right for all rounds together.";
    verdicts.fail(1, text, {client.id});
    model::Finding& finding = verdicts.find("privacy-under-reported", Severity::high, std::move(text));
    finding.client = client.id;
    finding.round = claim.release->update->round;
    finding.evidence_json = model::JsonWriter()
                                .begin_object()
                                .field("claimed", claim.epsilon)
                                .field("spent_at_least", spent)
                                .optional_field("rdp", rdp)
                                .field("delta", claim.delta)
                                .field("reading", cumulative ? "cumulative" : "per-round")
                                .end_object()
                                .text();
    if (is_classical(claim))
        verdicts.fail(11,
                      named(client.id) +
                          " uses the classical Gaussian formula outside its range (ε > 1): what it "
                          "claims, " +
                          number(claim.epsilon, 4) + ", is less than the " + number(spent, 4) +
                          " that its noise costs.",
                      {client.id});
    if (names_central_limit(claim))
        verdicts.fail(19,
                      named(client.id) +
                          " accounts with the central limit of Gaussian DP, which under-reports under "
                          "sampling: " +
                          number(claim.epsilon, 4) + " in place of at least " + number(spent, 4) + ".",
                      {client.id});
}

void add_wrong_label(const AuditClient& client, ClaimReading label, ClaimReading fits, const Claimed& claim,
                     AuditVerdicts& verdicts)
{
    std::string text = named(client.id) + " declares its ε as " + std::string(name_of(label)) + "; its numbers (" +
                       number(claim.epsilon, 4) + " in round " + std::to_string(claim.release->update->round.value()) +
                       ") fit the reading " + std::string(name_of(fits)) + ".";
    verdicts.fail(1, text, {client.id});
    model::Finding& finding = verdicts.find("privacy-inconsistent-claim", Severity::medium, std::move(text));
    finding.client = client.id;
    finding.round = claim.release->update->round;
    finding.evidence_json = model::JsonWriter()
                                .begin_object()
                                .field("declared", name_of(label))
                                .field("fits", name_of(fits))
                                .field("claimed", claim.epsilon)
                                .optional_field("rdp_cumulative", claim.total)
                                .optional_field("rdp_per_round", claim.once)
                                .end_object()
                                .text();
}

/// A spent budget never shrinks, and an ε is never negative: that needs no mechanism.
void check_sequence(const AuditClient& client, AuditVerdicts& verdicts)
{
    double before = 0;
    for (const Release& release : client.releases) {
        if (!release.claim || !release.claim->epsilon) continue;
        const double epsilon = *release.claim->epsilon;
        const bool shrinks = release.claim->cumulative && epsilon < before * (1 - 1e-6);
        if (!(epsilon < 0) && !std::isnan(epsilon) && !shrinks) {
            if (release.claim->cumulative) before = epsilon;
            continue;
        }
        const std::string round = std::to_string(release.update->round.value());
        std::string text =
            named(client.id) +
            (shrinks ? " claims less in round " + round + " (ε = " + number(epsilon, 4) +
                           ") than it had spent before (" + number(before, 4) + "): what is spent does not come back."
                     : " claims an ε in round " + round + " that is no number from 0 on.");
        verdicts.fail(1, text, {client.id});
        model::Finding& finding = verdicts.find("privacy-inconsistent-claim", Severity::medium, std::move(text));
        finding.client = client.id;
        finding.round = release.update->round;
        finding.evidence_json =
            model::JsonWriter().begin_object().field("claimed", epsilon).field("before", before).end_object().text();
        return;
    }
}

ClaimReading declared_reading(const std::vector<Claimed>& claims)
{
    std::size_t cumulative = 0;
    for (const Claimed& claim : claims) cumulative += claim.release->claim->cumulative;
    return 2 * cumulative >= claims.size() ? ClaimReading::cumulative : ClaimReading::per_round;
}

ClaimComparison compare(const AuditClient& client, const Comparison& claims, AuditVerdicts& verdicts)
{
    ClaimComparison result;
    result.compared = true;
    result.declared = declared_reading(claims.claims());
    const bool cumulative = result.declared == ClaimReading::cumulative;
    const bool several = client.releases.size() > 1;
    const bool totals = claims.fits_totals(), singles = claims.fits_single_rounds();
    const Claimed* below = claims.below(cumulative);
    // A number that is enough in the reading that it declares is not held to be the other.
    if (totals && singles)
        result.fits = several ? result.declared : ClaimReading::either;
    else if (below == nullptr && cumulative)
        result.fits = totals ? ClaimReading::cumulative : ClaimReading::neither;
    else if (totals)
        result.fits = ClaimReading::cumulative;
    else
        result.fits = singles ? ClaimReading::per_round : ClaimReading::neither;
    const ClaimReading other = cumulative ? ClaimReading::per_round : ClaimReading::cumulative;
    const bool other_fits = several && result.fits == other;
    if (below != nullptr) add_under_reported(client, *below, cumulative, other_fits, verdicts);
    if (other_fits) add_wrong_label(client, result.declared, other, claims.claims().back(), verdicts);
    return result;
}

}  // namespace

std::vector<ClaimComparison> check_claims(const AuditCase& work, SpentCache& cache, AuditVerdicts& verdicts)
{
    std::vector<ClaimComparison> comparisons(work.clients.size());
    std::size_t compared = 0, incomparable = 0, classical = 0, limits = 0;
    for (std::size_t client_idx = 0; client_idx < work.clients.size(); ++client_idx) {
        const AuditClient& client = work.clients[client_idx];
        check_sequence(client, verdicts);
        if (!client.all_known()) {
            incomparable += std::any_of(client.releases.begin(), client.releases.end(),
                                        [](const Release& release) { return release.claim && release.claim->epsilon; });
            continue;
        }
        const Comparison claims(work, client, cache);
        if (claims.empty()) continue;
        ++compared;
        classical += std::any_of(claims.claims().begin(), claims.claims().end(), is_classical);
        limits += std::any_of(claims.claims().begin(), claims.claims().end(), names_central_limit);
        comparisons[client_idx] = compare(client, claims, verdicts);
    }
    if (compared == 0) {
        const std::string why = incomparable > 0 ? "The log does not give the noise that the claims rest on."
                                                 : "No client claims an ε that could be compared.";
        for (const int rule : {1, 11, 19}) verdicts.unknown(rule, why);
        return comparisons;
    }
    verdicts.pass(1, "The claims of " + std::to_string(compared) +
                         " clients are not below what their mechanism costs in the "
                         "reading that they declare.");
    verdicts.pass(11, classical > 0 ? "Some claims follow the classical Gaussian formula, where it still overstates ε."
                                    : "No claim follows the classical Gaussian formula outside its range.");
    verdicts.pass(19, limits > 0 ? "Some claims name the central limit of Gaussian DP; none is below the tight value."
                                 : "No claim rests on the central limit of Gaussian DP under sampling.");
    return comparisons;
}

}  // namespace fedsleuth::analysis
