// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/privacy_options.h"

#include "analysis/privacy/composition.h"

#include <simdjson.h>
#include <CLI/Validators.hpp>
#include <cmath>
#include <filesystem>
#include <map>

namespace fedsleuth::cli {

namespace {

using analysis::Mechanism;
using model::ErrorCode;
using model::fail;
using model::Result;

constexpr double most_steps = 1e15;  ///< all whole numbers up to here are exact in JSON and in a double
constexpr std::uintmax_t most_bytes = 256U << 20U;

Result<std::int64_t> whole(double number, const std::string& where)
{
    if (!(number >= 0.0 && number <= most_steps) || number != std::floor(number))
        return fail(ErrorCode::invalid_argument, "a number of steps is a whole number from 0 to 10^15", where);
    return static_cast<std::int64_t>(number);
}

/// [[noise_multiplier, sampling_rate, steps], …], or an object that holds it as "history" (an Opacus state_dict).
Result<analysis::PrivacyHistory> read_history(const std::string& path)
{
    std::error_code error;
    if (!std::filesystem::is_regular_file(path, error))
        return fail(ErrorCode::not_found, "there is no such file", path);
    if (std::filesystem::file_size(path, error) > most_bytes)
        return fail(ErrorCode::limit, "is larger than 256 MB", path);
    simdjson::dom::parser parser;
    simdjson::dom::element document;
    if (const auto code = parser.load(path).get(document); code != simdjson::SUCCESS)
        return fail(code == simdjson::IO_ERROR ? ErrorCode::io : ErrorCode::malformed,
                    std::string("is no JSON that can be read: ") + simdjson::error_message(code), path);
    if (simdjson::dom::element inner; document["history"].get(inner) == simdjson::SUCCESS) document = inner;
    const std::string hint = "it should look like [[1.1, 0.01, 500], [1.3, 0.02, 200]]: noise, sampling rate, steps";
    simdjson::dom::array entries;
    if (document.get(entries) != simdjson::SUCCESS)
        return fail(ErrorCode::malformed, "is no list of triples", path, hint);
    analysis::PrivacyHistory history;
    for (const simdjson::dom::element entry : entries) {
        const std::string where = path + ", entry " + std::to_string(history.size());
        simdjson::dom::array triple;
        double values[3] = {};
        std::size_t count = 0;
        if (entry.get(triple) != simdjson::SUCCESS) return fail(ErrorCode::malformed, "is no triple", where, hint);
        for (const simdjson::dom::element number : triple)
            if (count == 3 || number.get(values[count++]) != simdjson::SUCCESS)
                return fail(ErrorCode::malformed, "is no triple of numbers", where, hint);
        if (count != 3) return fail(ErrorCode::malformed, "is no triple", where, hint);
        FEDSLEUTH_TRY(const std::int64_t steps, whole(values[2], where));
        history.push_back(analysis::sampled_gaussian(values[0], values[1], steps));
    }
    return history;
}

void add_mechanism(CLI::App& app, PrivacyQuestion& question, Unknown unknown)
{
    const std::map<std::string, Mechanism> mechanisms{{"gaussian", Mechanism::gaussian},
                                                      {"laplace", Mechanism::laplace},
                                                      {"tree", Mechanism::tree},
                                                      {"zcdp", Mechanism::zcdp},
                                                      {"approximate", Mechanism::approximate}};
    app.add_option("--mechanism", question.mechanism,
                   "what adds the noise (gaussian unless given); tree: DP-FTRL; zcdp and approximate: anything that "
                   "satisfies --rho, or --step-epsilon and --step-delta")
        ->transform(CLI::Transformer(mechanisms))
        ->option_text("gaussian|laplace|tree|zcdp|approximate");
    if (unknown != Unknown::noise)
        app.add_option("--noise-multiplier", question.noise_multiplier,
                       "Gaussian: standard deviation / L2 sensitivity; Laplace: scale / L1 sensitivity")
            ->check(CLI::NonNegativeNumber)
            ->option_text("Z");
    app.add_option("--sampling-rate", question.sampling_rate,
                   "the chance that a record takes part in a step (1, everybody, unless given)")
        ->check(CLI::Range(0.0, 1.0))
        ->option_text("Q");
    app.add_flag(
        "--without-replacement", question.without_replacement,
        "a fixed share is drawn each step, and neighbours differ by replacement: noise is then in units of that "
        "sensitivity (rdp only)");
    app.add_option("--steps", question.steps, "how often it was applied")
        ->check(CLI::NonNegativeNumber)
        ->option_text("T");
    app.add_option("--leaves", question.leaves, "of --mechanism tree: values released over one tree; --steps are trees")
        ->option_text("N");
    app.add_option("--rho", question.rho, "of --mechanism zcdp")->check(CLI::NonNegativeNumber)->option_text("RHO");
    app.add_option("--step-epsilon", question.step_epsilon, "of --mechanism approximate")
        ->check(CLI::NonNegativeNumber)
        ->option_text("E");
    app.add_option("--step-delta", question.step_delta, "of --mechanism approximate (0 unless given)")
        ->check(CLI::Range(0.0, 1.0))
        ->option_text("D");
    app.add_option("--history", question.history,
                   unknown == Unknown::noise ? "what was spent before: [[noise_multiplier, sampling_rate, steps], …]"
                                             : "[[noise_multiplier, sampling_rate, steps], …], in place of the above")
        ->option_text("H.json");
    if (unknown != Unknown::noise)
        app.add_option("--group", question.group, "what so many records together are exposed to (unsampled only)")
            ->check(CLI::Range(1.0, 1e9))
            ->option_text("K");
}

void add_accountant(CLI::App& app, PrivacyQuestion& question)
{
    std::map<std::string, analysis::Accountant> accountants;
    for (const char* name : {"rdp", "pld", "prv", "gdp", "zcdp", "basic", "advanced", "optimal"})
        accountants.emplace(name, *analysis::accountant_named(name));
    const std::map<std::string, analysis::OrderGrid> orders{{"rdp-default", analysis::OrderGrid::standard},
                                                            {"opacus", analysis::OrderGrid::opacus}};
    app.add_option("--accountant", question.accountant, "how steps are added up (rdp unless given)")
        ->transform(CLI::Transformer(accountants))
        ->option_text("rdp|pld|prv|gdp|zcdp|basic|advanced|optimal");
    app.add_option("--orders", question.options.orders, "of rdp: dp_accounting's grid (unless given), or Opacus's")
        ->transform(CLI::Transformer(orders))
        ->option_text("rdp-default|opacus");
    app.add_option("--order", question.options.own_orders, "of rdp: orders in place of a grid")
        ->delimiter(',')
        ->option_text("A,…");
    app.add_option("--interval", question.options.interval,
                   "of pld: the discretisation (1e-4, as needed, unless given)")
        ->check(CLI::Range(1e-7, 1.0))
        ->option_text("H");
    app.add_flag("--central-limit", question.options.central_limit,
                 "of gdp: the central limit formula without sampling too (as Opacus; it under-reports)");
}

}  // namespace

void describe_privacy(CLI::App& app, PrivacyQuestion& question, Unknown unknown)
{
    add_mechanism(app, question, unknown);
    if (unknown != Unknown::delta)
        app.add_option("--delta", question.delta, "δ, from 0 to below 1")
            ->required()
            ->check(CLI::Range(0.0, 1.0))
            ->option_text("D");
    if (unknown != Unknown::epsilon)
        app.add_option("--epsilon", question.epsilon, unknown == Unknown::noise ? "the ε to keep" : "ε, 0 or more")
            ->required()
            ->check(CLI::NonNegativeNumber)
            ->option_text("E");
    add_accountant(app, question);
    if (unknown == Unknown::epsilon) app.add_flag("--curve", question.curve, "of rdp: the RDP at every order too");
    add_format(app, question.format);
}

Result<analysis::PrivacyEvent> event_of(const PrivacyQuestion& question)
{
    analysis::PrivacyEvent event;
    event.mechanism = question.mechanism;
    switch (question.mechanism) {
        case Mechanism::zcdp:
            event.noise = question.rho;
            break;
        case Mechanism::approximate:
            event.noise = question.step_epsilon;
            event.delta = question.step_delta;
            break;
        default:
            event.noise = question.noise_multiplier.value_or(1.0);
            break;
    }
    event.rate = question.sampling_rate;
    if (question.without_replacement)
        event.sampling = analysis::Sampling::without_replacement;
    else if (question.sampling_rate < 1.0)
        event.sampling = analysis::Sampling::poisson;
    if (!question.steps) return fail(ErrorCode::invalid_argument, "--steps is missing", {}, "or give a --history");
    FEDSLEUTH_TRY(event.count, whole(*question.steps, "--steps"));
    FEDSLEUTH_TRY(event.leaves, whole(question.leaves, "--leaves"));
    return event;
}

Result<analysis::PrivacyHistory> history_of(const PrivacyQuestion& question)
{
    analysis::PrivacyHistory history;
    if (!question.history.empty()) {
        FEDSLEUTH_TRY(history, read_history(question.history));
    } else {
        const bool noisy = question.mechanism != Mechanism::zcdp && question.mechanism != Mechanism::approximate;
        if (noisy && !question.noise_multiplier)
            return fail(ErrorCode::invalid_argument, "--noise-multiplier is missing", {}, "or give a --history");
        FEDSLEUTH_TRY(const analysis::PrivacyEvent event, event_of(question));
        history.push_back(event);
    }
    if (question.group == 1.0) return history;
    FEDSLEUTH_CHECK(analysis::check_history(history));
    const auto grouped = analysis::group_history(history, question.group);
    if (!grouped)
        return fail(ErrorCode::not_applicable, "what a group is exposed to is known exactly without sampling only",
                    "--group", "without: k·ε, at δ (e^{kε} − 1)/(e^ε − 1)");
    return *grouped;
}

}  // namespace fedsleuth::cli
