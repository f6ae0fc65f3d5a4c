// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/detection/attendance.h"
#include "analysis/detection/prediction.h"
#include "analysis/detection/round_view.h"
#include "model/detector_scores.h"

#include <cstddef>
#include <map>
#include <vector>

namespace fedsleuth::analysis {

/// How alike the residuals D_i − median of two clients were, on average over the rounds that both were in. In one round
/// honest residuals are nearly unrelated and so are those of attackers who hide within the honest spread; over many
/// rounds the noise averages out, and what serves one purpose stays parallel.
class Company {
public:
    /// Adds one round: `cosines` n × n, `places` n: the federation-wide index of each client.
    void add(const std::vector<double>& cosines, const std::vector<std::size_t>& places);
    /// Mean cosine over all shared rounds, shrunk towards 0 as if one more round had shown none.
    [[nodiscard]] double overall(std::size_t a, std::size_t b) const;
    /// The same with the weight of a round falling by a fifth with every later one.
    [[nodiscard]] double lately(std::size_t a, std::size_t b) const;
    [[nodiscard]] std::size_t size() const { return size_; }
    void grow(std::size_t size);

private:
    struct Pair {
        float sum = 0, count = 0, recent = 0, recent_count = 0;
    };
    [[nodiscard]] const Pair* at(std::size_t a, std::size_t b) const;
    std::vector<Pair> pairs_;  // lower triangle, row by row
    std::size_t size_ = 0;
};

/// What the detectors remember of earlier rounds. Told of the rounds in ascending order.
class History {
public:
    /// Above this many clients no pairwise memory is kept (it would take N² / 2 × 16 bytes, three times).
    static constexpr std::size_t most_clients = 1500;

    /// The judged detectors that need a memory, for this round; then remembers the round.
    [[nodiscard]] std::vector<model::DetectorScores> score(const RoundView& view);
    /// The others: what is shown beside the verdict.
    [[nodiscard]] std::vector<model::DetectorScores> score_beside(const RoundView& view,
                                                                  const Attendance::Declared& declared);

    /// Index of a client in the companies; nothing for one that no round had.
    [[nodiscard]] const std::map<model::ClientId, std::size_t>& places() const { return places_; }
    [[nodiscard]] const Company& company() const { return whole_; }
    [[nodiscard]] const Company& head_company() const { return head_; }
    /// In all layers but that one: where a trigger is learned to be seen, while like data show in the last layer.
    [[nodiscard]] const Company& body_company() const { return body_; }
    /// Which outputs a client's updates make likelier, on average over its rounds and with the crowd's median taken
    /// away (its class mix, for an honest one); empty where the ledgers know no outputs. By place.
    [[nodiscard]] const std::vector<std::vector<double>>& leans() const { return leans_; }

private:
    /// The last round of a client, as far as its residual's product with a later one needs it.
    struct Last {
        model::RoundNo round;
        double step_product = 0;  ///< ⟨D_i, s⟩ with the step of its own round
        double step_square = 0;   ///< |s|²
        bool has_step = false;
    };
    [[nodiscard]] model::DetectorScores residual_memory(const RoundView& view) const;

    std::map<model::ClientId, std::size_t> places_;
    std::map<model::ClientId, Last> last_;
    void remember_leans(const RoundView& view);

    Attendance attendance_;
    Prediction prediction_;
    Company whole_, head_, body_;
    std::vector<std::vector<double>> leans_;
};

}  // namespace fedsleuth::analysis
