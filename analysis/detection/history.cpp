// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/detection/history.h"

#include "analysis/detection/robust.h"
#include "analysis/detection/round_detectors.h"
#include "analysis/detection/scoring.h"

#include <algorithm>
#include <cmath>

namespace fedsleuth::analysis {

using model::DetectorScores;
using model::RoundLedger;

void Company::grow(std::size_t size)
{
    size_ = std::max(size_, size);
    pairs_.resize(size_ * (size_ + 1) / 2);
}

const Company::Pair* Company::at(std::size_t a, std::size_t b) const
{
    if (a < b) std::swap(a, b);
    const std::size_t place = a * (a + 1) / 2 + b;
    return place < pairs_.size() ? &pairs_[place] : nullptr;
}

void Company::add(const std::vector<double>& cosines, const std::vector<std::size_t>& places)
{
    constexpr float keep = 0.8f;
    const std::size_t n = places.size();
    for (std::size_t row = 0; row < n; ++row)
        for (std::size_t column = 0; column < row; ++column) {
            const std::size_t a = std::max(places[row], places[column]);
            const std::size_t b = std::min(places[row], places[column]);
            Pair& pair = pairs_[a * (a + 1) / 2 + b];
            const auto cosine = static_cast<float>(cosines[row * n + column]);
            pair.sum += cosine;
            pair.count += 1;
            pair.recent = keep * pair.recent + cosine;
            pair.recent_count = keep * pair.recent_count + 1;
        }
}

double Company::overall(std::size_t a, std::size_t b) const
{
    const Pair* pair = at(a, b);
    return pair ? static_cast<double>(pair->sum) / (static_cast<double>(pair->count) + 1) : 0;
}

double Company::lately(std::size_t a, std::size_t b) const
{
    const Pair* pair = at(a, b);
    return pair ? static_cast<double>(pair->recent) / (static_cast<double>(pair->recent_count) + 1) : 0;
}

namespace {

/// The mean of a client's two highest recent cosines with others of the round, and whose the highest is: one alone may
/// be a chance likeness of data, two are company.
DetectorScores scored_company(const RoundView& view, std::string_view name, const Company& company,
                              const std::vector<std::size_t>& places)
{
    std::vector<double> closest(view.n, not_applicable);
    std::vector<std::string> whom(view.n);
    for (std::size_t client_idx = 0; client_idx < view.n && !places.empty(); ++client_idx) {
        double first = -2, second = -2;
        for (std::size_t other_idx = 0; other_idx < view.n; ++other_idx) {
            if (other_idx == client_idx) continue;
            const double cosine = company.lately(places[client_idx], places[other_idx]);
            if (cosine > first) {
                second = first;
                first = cosine;
                whom[client_idx] = view.ledger.clients[other_idx].text();
            } else {
                second = std::max(second, cosine);
            }
        }
        closest[client_idx] = (first + second) / 2;
    }
    DetectorScores scores = scored_cosine(view.ledger, name, closest, Side::high);
    scores.detail = std::move(whom);
    return scores;
}

}  // namespace

DetectorScores History::residual_memory(const RoundView& view) const
{
    // ⟨D_t − m_t, D_t' − s_t'⟩ with the round's median m_t and the global step s_t' of the client's own last round:
    // every product of it is in this ledger, but for ⟨D_t', s_t'⟩, which that round's had.
    const RoundLedger& ledger = view.ledger;
    const std::size_t k = ledger.step_rounds.size();
    const std::vector<double> own = ledger.total(&RoundLedger::PerLayer::own_products);
    const std::vector<double> own_squares = ledger.total(&RoundLedger::PerLayer::own_squares);
    const std::vector<double> own_median = ledger.total(&RoundLedger::PerLayer::own_median_products);
    const std::vector<double> steps = ledger.total(&RoundLedger::PerLayer::step_products);
    const std::vector<double> median_steps = ledger.total(&RoundLedger::PerLayer::median_steps);
    std::vector<double> cosines(view.n, not_applicable);
    for (std::size_t client_idx = 0; client_idx < view.n && k > 0; ++client_idx) {
        const auto last = last_.find(ledger.clients[client_idx]);
        if (last == last_.end() || !last->second.has_step) continue;
        if (ledger.own_rounds[client_idx] != last->second.round) continue;
        const auto step = std::find(ledger.step_rounds.begin(), ledger.step_rounds.end(), last->second.round);
        if (step == ledger.step_rounds.end()) continue;
        const auto which = static_cast<std::size_t>(step - ledger.step_rounds.begin());
        const double product =
            own[client_idx] - steps[client_idx * k + which] - own_median[client_idx] + median_steps[which];
        const double then = own_squares[client_idx] - 2 * last->second.step_product + last->second.step_square;
        const double now = view.residual_gram[client_idx * view.n + client_idx];
        if (then > 1e-9 * own_squares[client_idx] && now > 0) cosines[client_idx] = cosine_of(product, now, then);
    }
    return scored_cosine(ledger, "residual-memory", cosines, Side::both);
}

void History::remember_leans(const RoundView& view)
{
    const RoundLedger::OutputRows* rows = nullptr;
    for (const RoundLedger::OutputRows& candidate : view.ledger.output_rows)
        if (!rows || candidate.bias) rows = &candidate;
    leans_.resize(places_.size());
    if (!rows || rows->outputs < 2) return;
    std::vector<double> column(view.n);
    for (std::size_t output = 0; output < rows->outputs; ++output) {
        for (std::size_t client_idx = 0; client_idx < view.n; ++client_idx) {
            const double length = view.lengths[client_idx];
            column[client_idx] = length > 0 ? rows->sums[client_idx * rows->outputs + output] / length : 0.0;
        }
        const double middle = median_of(column);
        for (std::size_t client_idx = 0; client_idx < view.n; ++client_idx) {
            std::vector<double>& lean = leans_[places_.at(view.ledger.clients[client_idx])];
            lean.resize(rows->outputs, 0.0);
            lean[output] += column[client_idx] - middle;
        }
    }
}

std::vector<DetectorScores> History::score(const RoundView& view)
{
    std::vector<std::size_t> places;
    for (const model::ClientId& client : view.ledger.clients)
        places.push_back(places_.try_emplace(client, places_.size()).first->second);
    if (places_.size() <= most_clients) {
        whole_.grow(places_.size());
        head_.grow(places_.size());
        body_.grow(places_.size());
        whole_.add(view.residual_cosines, places);
        if (const auto head = head_layer(view.ledger)) {
            const RoundLedger::PerLayer& layer = view.ledger.layers[*head];
            std::vector<double> squares, body_squares;
            for (std::size_t client_idx = 0; client_idx < view.n; ++client_idx) {
                const std::size_t diagonal = client_idx * view.n + client_idx;
                squares.push_back(layer.gram[diagonal]);
                body_squares.push_back(view.gram[diagonal] - layer.gram[diagonal]);
            }
            const std::vector<double> head_gram = centred_gram(layer.gram, layer.median_products, layer.median_square);
            std::vector<double> body_gram = view.residual_gram;
            for (std::size_t idx = 0; idx < body_gram.size(); ++idx) body_gram[idx] -= head_gram[idx];
            head_.add(cosines_of(head_gram, squares), places);
            body_.add(cosines_of(body_gram, body_squares), places);
        }
    } else {
        places.clear();
    }

    remember_leans(view);

    std::vector<DetectorScores> all;
    all.push_back(scored_company(view, "company", whole_, places));
    all.push_back(
        scored_company(view, "head-company", head_, head_layer(view.ledger) ? places : std::vector<std::size_t>{}));
    all.push_back(residual_memory(view));

    const std::vector<double> products = view.ledger.total(&RoundLedger::PerLayer::shipped_products);
    const double square = view.ledger.total(&RoundLedger::PerLayer::shipped_square);
    for (std::size_t client_idx = 0; client_idx < view.n; ++client_idx) {
        Last& last = last_[view.ledger.clients[client_idx]];
        last.round = view.ledger.round;
        last.has_step = view.ledger.has_shipped && client_idx < products.size();
        last.step_product = last.has_step ? products[client_idx] : 0;
        last.step_square = square;
    }
    return all;
}

std::vector<DetectorScores> History::score_beside(const RoundView& view, const Attendance::Declared& declared)
{
    std::vector<DetectorScores> all;
    all.push_back(prediction_.score(view));
    all.push_back(score_frequency(view));
    for (DetectorScores& scores : attendance_.score(view.ledger, declared)) all.push_back(std::move(scores));
    return all;
}

}  // namespace fedsleuth::analysis
