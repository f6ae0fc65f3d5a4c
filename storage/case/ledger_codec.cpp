// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/case/ledger_codec.h"

#include "storage/case/rows.h"

#include <algorithm>
#include <string>
#include <utility>

namespace fedsleuth::storage {

using model::ErrorCode;
using model::Result;
using model::RoundLedger;

namespace {

constexpr std::int64_t encoding_version = 1;

Result<void> expect(bool holds, const char* list)
{
    if (holds) return {};
    return model::fail(ErrorCode::malformed, std::string("the ledger's ") + list + " has a length that does not fit");
}

Result<void> check_layer(const RoundLedger& ledger, const RoundLedger::PerLayer& layer)
{
    const std::size_t n = ledger.size();
    const std::size_t k = ledger.step_rounds.size();
    FEDSLEUTH_CHECK(expect(layer.gram.size() == n * n, "gram"));
    FEDSLEUTH_CHECK(expect(layer.step_products.size() == n * k, "step_products"));
    FEDSLEUTH_CHECK(expect(layer.step_squares.size() == k, "step_squares"));
    FEDSLEUTH_CHECK(expect(layer.step_gram.size() == k * k, "step_gram"));
    FEDSLEUTH_CHECK(expect(layer.slow_products.size() == n, "slow_products"));
    FEDSLEUTH_CHECK(expect(layer.own_products.size() == n, "own_products"));
    FEDSLEUTH_CHECK(expect(layer.own_squares.size() == n, "own_squares"));
    FEDSLEUTH_CHECK(expect(layer.own_median_products.size() == n, "own_median_products"));
    FEDSLEUTH_CHECK(expect(layer.median_steps.size() == k, "median_steps"));
    const auto if_there = [n](const std::vector<double>& list, bool there) {
        return list.size() == n || (!there && list.empty());
    };
    FEDSLEUTH_CHECK(expect(if_there(layer.shipped_products, ledger.has_shipped), "shipped_products"));
    FEDSLEUTH_CHECK(expect(if_there(layer.reference_products, ledger.has_reference), "reference_products"));
    FEDSLEUTH_CHECK(expect(if_there(layer.model_products, ledger.has_model), "model_products"));
    FEDSLEUTH_CHECK(expect(layer.median_products.size() == n, "median_products"));
    FEDSLEUTH_CHECK(expect(layer.absolute_sums.size() == n, "absolute_sums"));
    FEDSLEUTH_CHECK(expect(layer.quiet_squares.size() == n, "quiet_squares"));
    FEDSLEUTH_CHECK(expect(layer.own_sign_equal.size() == n, "own_sign_equal"));
    FEDSLEUTH_CHECK(expect(layer.own_sign_compared.size() == n, "own_sign_compared"));
    return expect(layer.sign_agreements.size() == n, "sign_agreements");
}

void encode_layer(ByteWriter& out, const RoundLedger::PerLayer& layer)
{
    out.reals(layer.gram);
    out.reals(layer.step_products);
    out.reals(layer.step_squares);
    out.reals(layer.step_gram);
    out.reals(layer.own_products);
    out.reals(layer.own_squares);
    out.integers(layer.own_sign_equal);
    out.integers(layer.own_sign_compared);
    out.reals(layer.own_median_products);
    out.reals(layer.shipped_products);
    out.real(layer.shipped_square);
    out.reals(layer.reference_products);
    out.real(layer.reference_square);
    out.reals(layer.model_products);
    out.real(layer.model_square);
    out.reals(layer.median_products);
    out.real(layer.median_square);
    out.reals(layer.median_steps);
    out.real(layer.median_shipped);
    out.reals(layer.slow_products);
    out.real(layer.slow_square);
    out.reals(layer.absolute_sums);
    out.reals(layer.quiet_squares);
    out.integer(layer.quiet_coordinates);
    out.integers(layer.sign_agreements);
    out.integer(layer.sign_compared);
}

RoundLedger::PerLayer decode_layer(ByteReader& in)
{
    RoundLedger::PerLayer layer;
    layer.gram = in.reals();
    layer.step_products = in.reals();
    layer.step_squares = in.reals();
    layer.step_gram = in.reals();
    layer.own_products = in.reals();
    layer.own_squares = in.reals();
    layer.own_sign_equal = in.integers();
    layer.own_sign_compared = in.integers();
    layer.own_median_products = in.reals();
    layer.shipped_products = in.reals();
    layer.shipped_square = in.real();
    layer.reference_products = in.reals();
    layer.reference_square = in.real();
    layer.model_products = in.reals();
    layer.model_square = in.real();
    layer.median_products = in.reals();
    layer.median_square = in.real();
    layer.median_steps = in.reals();
    layer.median_shipped = in.real();
    layer.slow_products = in.reals();
    layer.slow_square = in.real();
    layer.absolute_sums = in.reals();
    layer.quiet_squares = in.reals();
    layer.quiet_coordinates = in.integer();
    layer.sign_agreements = in.integers();
    layer.sign_compared = in.integer();
    return layer;
}

constexpr std::size_t smallest_layer = 26 * sizeof(std::int64_t);
constexpr std::size_t smallest_output_rows = 6 * sizeof(std::int64_t);

Result<void> check_output_rows(const RoundLedger& ledger, const RoundLedger::OutputRows& rows)
{
    FEDSLEUTH_CHECK(expect(rows.outputs <= RoundLedger::most_outputs, "outputs"));
    const std::size_t count = ledger.size() * rows.outputs;
    return expect(rows.sums.size() == count && rows.absolute.size() == count && rows.squares.size() == count,
                  "output_rows");
}

void encode_output_rows(ByteWriter& out, const RoundLedger::OutputRows& rows)
{
    out.integer(static_cast<std::int64_t>(rows.layer_idx));
    out.integer(static_cast<std::int64_t>(rows.outputs));
    out.integer(rows.bias);
    out.reals(rows.sums);
    out.reals(rows.absolute);
    out.reals(rows.squares);
}

RoundLedger::OutputRows decode_output_rows(ByteReader& in)
{
    RoundLedger::OutputRows rows;
    const std::int64_t layer_idx = in.integer();
    const std::int64_t outputs = in.integer();
    if (layer_idx < 0 || outputs < 0) in.reject();
    rows.layer_idx = static_cast<std::size_t>(std::max<std::int64_t>(layer_idx, 0));
    rows.outputs = static_cast<std::size_t>(std::max<std::int64_t>(outputs, 0));
    rows.bias = in.integer() != 0;
    rows.sums = in.reals();
    rows.absolute = in.reals();
    rows.squares = in.reals();
    return rows;
}

model::RoundNo decode_round(ByteReader& in)
{
    const std::int64_t value = in.integer();
    if (value < 0 || value > highest_round) in.reject();
    return model::RoundNo{in.fits() ? value : 0};
}

}  // namespace

Result<void> check_ledger(const RoundLedger& ledger)
{
    const std::size_t n = ledger.size();
    FEDSLEUTH_CHECK(expect(ledger.step_rounds.size() <= RoundLedger::step_window, "step_rounds"));
    FEDSLEUTH_CHECK(expect(ledger.own_rounds.size() == n, "own_rounds"));
    FEDSLEUTH_CHECK(
        expect(ledger.positive.size() == n && ledger.negative.size() == n && ledger.zero.size() == n, "signs"));
    FEDSLEUTH_CHECK(expect(ledger.minimum.size() == n && ledger.maximum.size() == n, "extremes"));
    FEDSLEUTH_CHECK(expect(ledger.fourth_powers.size() == n, "fourth_powers"));
    FEDSLEUTH_CHECK(expect(ledger.sums.size() == n, "sums"));
    for (const RoundLedger::PerLayer& layer : ledger.layers) FEDSLEUTH_CHECK(check_layer(ledger, layer));
    FEDSLEUTH_CHECK(expect(ledger.output_rows.size() <= 2, "output_rows"));
    for (const RoundLedger::OutputRows& rows : ledger.output_rows) FEDSLEUTH_CHECK(check_output_rows(ledger, rows));
    return {};
}

std::vector<std::byte> encode(const RoundLedger& ledger)
{
    ByteWriter out;
    out.integer(encoding_version);
    out.integer(RoundLedger::version);
    out.integer(ledger.round.value());
    out.texts(ledger.clients);
    out.integer(static_cast<std::int64_t>(ledger.layers.size()));
    for (const RoundLedger::PerLayer& layer : ledger.layers) encode_layer(out, layer);
    out.integer(static_cast<std::int64_t>(ledger.output_rows.size()));
    for (const RoundLedger::OutputRows& rows : ledger.output_rows) encode_output_rows(out, rows);
    out.integer(static_cast<std::int64_t>(ledger.step_rounds.size()));
    for (const model::RoundNo round : ledger.step_rounds) out.integer(round.value());
    out.integer(static_cast<std::int64_t>(ledger.own_rounds.size()));
    for (const auto& round : ledger.own_rounds) out.integer(round ? round->value() : -1);
    out.integer(ledger.has_shipped);
    out.integer(ledger.has_reference);
    out.integer(ledger.has_model);
    out.integers(ledger.positive);
    out.integers(ledger.negative);
    out.integers(ledger.zero);
    out.reals(ledger.minimum);
    out.reals(ledger.maximum);
    out.reals(ledger.fourth_powers);
    out.reals(ledger.sums);
    out.integer(ledger.coordinates);
    out.integer(ledger.non_finite);
    return out.bytes();
}

Result<std::optional<RoundLedger>> decode_ledger(std::span<const std::byte> bytes)
{
    ByteReader in(bytes);
    const std::int64_t encoding = in.integer();
    const std::int64_t contents = in.integer();
    if (in.fits() && (encoding != encoding_version || contents != RoundLedger::version)) return std::nullopt;
    RoundLedger ledger;
    ledger.round = decode_round(in);
    ledger.clients = in.clients();
    ledger.layers.resize(in.count(smallest_layer));
    for (RoundLedger::PerLayer& layer : ledger.layers) layer = decode_layer(in);
    ledger.output_rows.resize(in.count(smallest_output_rows));
    for (RoundLedger::OutputRows& rows : ledger.output_rows) rows = decode_output_rows(in);
    ledger.step_rounds.resize(in.count(sizeof(std::int64_t)));
    for (model::RoundNo& round : ledger.step_rounds) round = decode_round(in);
    ledger.own_rounds.resize(in.count(sizeof(std::int64_t)));
    for (auto& round : ledger.own_rounds) {
        const std::int64_t value = in.integer();
        if (value > highest_round) in.reject();
        if (value >= 0) round = model::RoundNo{value};
    }
    ledger.has_shipped = in.integer() != 0;
    ledger.has_reference = in.integer() != 0;
    ledger.has_model = in.integer() != 0;
    ledger.positive = in.integers();
    ledger.negative = in.integers();
    ledger.zero = in.integers();
    ledger.minimum = in.reals();
    ledger.maximum = in.reals();
    ledger.fourth_powers = in.reals();
    ledger.sums = in.reals();
    ledger.coordinates = in.integer();
    ledger.non_finite = in.integer();
    FEDSLEUTH_CHECK(in.finish("a stored ledger"));
    FEDSLEUTH_CHECK(check_ledger(ledger));
    return ledger;
}

Result<void> check_scores(const model::DetectorScores& scores)
{
    const std::size_t n = scores.clients.size();
    if (scores.statistic.size() == n && scores.z.size() == n && scores.evidence.size() == n &&
        (scores.detail.empty() || scores.detail.size() == n))
        return {};
    return model::fail(ErrorCode::malformed,
                       "the scores of detector " + scores.detector + " are not as many as their clients");
}

std::vector<std::byte> encode(const model::DetectorScores& scores)
{
    ByteWriter out;
    out.integer(encoding_version);
    out.integer(scores.round.value());
    out.text(scores.detector);
    out.texts(scores.clients);
    out.reals(scores.statistic);
    out.reals(scores.z);
    out.reals(scores.evidence);
    out.real(scores.location);
    out.real(scores.scale);
    out.texts(scores.detail);
    return out.bytes();
}

Result<model::DetectorScores> decode_scores(std::span<const std::byte> bytes)
{
    ByteReader in(bytes);
    if (in.integer() != encoding_version) in.reject();
    model::DetectorScores scores;
    scores.round = decode_round(in);
    scores.detector = in.text();
    scores.clients = in.clients();
    scores.statistic = in.reals();
    scores.z = in.reals();
    scores.evidence = in.reals();
    scores.location = in.real();
    scores.scale = in.real();
    scores.detail = in.texts();
    FEDSLEUTH_CHECK(in.finish("a stored table of scores"));
    FEDSLEUTH_CHECK(check_scores(scores));
    return scores;
}

}  // namespace fedsleuth::storage
