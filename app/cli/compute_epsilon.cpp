// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/privacy/inverse.h"
#include "analysis/privacy/rdp.h"
#include "app/cli/compute.h"
#include "app/cli/privacy_options.h"
#include "model/text.h"
#include "model/wording.h"

#include <cmath>

namespace fedsleuth::cli {

namespace {

using analysis::Spent;

std::string number_text(double number) { return std::isfinite(number) ? model::short_number(number, 6) : "unbounded"; }

Cell bound_cell(double number)
{
    if (std::isfinite(number)) return number_cell(number, 6);
    Cell cell = unknown_cell();
    cell.shown = number_text(number);
    return cell;
}

/// For people by its name, for scripts as it is asked for.
Cell accountant_cell(const std::string& accountant)
{
    Cell cell = text_cell(accountant);
    cell.shown = model::accountant_words(accountant);
    return cell;
}

void curve_field(model::JsonWriter& json, const PrivacyQuestion& question, const analysis::PrivacyHistory& history)
{
    const std::vector<double> orders = question.options.own_orders.empty()
                                           ? analysis::rdp_orders(question.options.orders)
                                           : question.options.own_orders;
    numbers_field(json, "orders", orders);
    numbers_field(json, "rdp", analysis::rdp_total(history, orders));
}

model::Result<Exit> run_compute_epsilon(const PrivacyQuestion& question, const Terminal& terminal)
{
    FEDSLEUTH_TRY(const analysis::PrivacyHistory history, history_of(question));
    FEDSLEUTH_TRY(const Spent spent,
                  analysis::epsilon_of(history, *question.delta, question.accountant, question.options));
    const std::string accountant{analysis::accountant_name(question.accountant)};
    model::JsonWriter json;
    json.begin_object().field("epsilon", spent.epsilon).field("accountant", accountant);
    json.field("delta", *question.delta).optional_field("order", spent.order);
    json.optional_field("estimate", spent.estimate).optional_field("lower", spent.lower);
    json.optional_field("interval", spent.interval).optional_field("mu", spent.mu);
    json.field("under_reports", spent.under_reports);
    text_or_null(json, "note", spent.note);
    if (question.curve) curve_field(json, question, history);
    json.end_object();
    Table table({{"epsilon", "ε", true}, {"delta", "δ", true}, {"accountant", "accountant"}, {"order", "order", true}});
    table.add({bound_cell(spent.epsilon), number_cell(question.delta), accountant_cell(accountant),
               number_cell(spent.order)});
    if (!spent.note.empty()) table.note(spent.note);
    FEDSLEUTH_CHECK(print(terminal, question.format, table, json));
    return Exit::ok;
}

model::Result<Exit> run_compute_noise(const PrivacyQuestion& question, const Terminal& terminal)
{
    FEDSLEUTH_TRY(const analysis::PrivacyEvent event, event_of(question));
    analysis::PrivacyHistory before;
    if (!question.history.empty()) {
        FEDSLEUTH_TRY(before, history_of(question));
    }
    FEDSLEUTH_TRY(const double noise, analysis::noise_for(event, before, *question.epsilon, *question.delta,
                                                          question.accountant, question.options));
    const std::string accountant{analysis::accountant_name(question.accountant)};
    model::JsonWriter json;
    json.begin_object().field("noise_multiplier", noise).field("epsilon", *question.epsilon);
    json.field("delta", *question.delta).field("accountant", accountant).end_object();
    Table table({{"noise_multiplier", "noise multiplier", true},
                 {"epsilon", "ε", true},
                 {"delta", "δ", true},
                 {"accountant", "accountant"}});
    table.add(
        {bound_cell(noise), number_cell(question.epsilon), number_cell(question.delta), accountant_cell(accountant)});
    if (!std::isfinite(noise)) table.note("No noise is enough: the bound does not go down so far.");
    FEDSLEUTH_CHECK(print(terminal, question.format, table, json));
    return Exit::ok;
}

model::Result<Exit> run_compute_delta(const PrivacyQuestion& question, const Terminal& terminal)
{
    FEDSLEUTH_TRY(const analysis::PrivacyHistory history, history_of(question));
    FEDSLEUTH_TRY(const double delta,
                  analysis::delta_of(history, *question.epsilon, question.accountant, question.options));
    const std::string accountant{analysis::accountant_name(question.accountant)};
    model::JsonWriter json;
    json.begin_object().field("delta", delta).field("epsilon", *question.epsilon);
    json.field("accountant", accountant).end_object();
    Table table({{"delta", "δ", true}, {"epsilon", "ε", true}, {"accountant", "accountant"}});
    table.add({number_cell(delta, 6), number_cell(question.epsilon), accountant_cell(accountant)});
    FEDSLEUTH_CHECK(print(terminal, question.format, table, json));
    return Exit::ok;
}

constexpr std::string_view about_accountants =
    "\nrdp: an upper bound, on a grid of orders. pld: connect-the-dots, a tight upper bound. prv: Gopi et al.; ε is "
    "the\n"
    "upper end of its bracket. gdp: exact without sampling; with it the central limit, which under-reports. zcdp: "
    "knows\n"
    "no amplification. basic, advanced: ε (and δ) added up; optimal: Kairouz et al., for one (ε, δ) repeated.\n"
    "Neighbours differ by one added or removed record. A bound that does not exist is null.\n";

}  // namespace

void add_compute_epsilon(CLI::App& compute, Chosen& chosen)
{
    CLI::App* command = add_command<PrivacyQuestion>(
        compute, chosen, "epsilon", "what a mechanism or a history of mechanisms spends",
        [](CLI::App& app, PrivacyQuestion& question) { describe_privacy(app, question, Unknown::epsilon); },
        run_compute_epsilon);
    command->footer(help_footer(
        "  fedsleuth-cli compute epsilon --noise-multiplier 1.1 --sampling-rate 0.01 --steps 1000 --delta 1e-5\n"
        "  fedsleuth-cli compute epsilon --history H.json --delta 1e-5 --accountant pld --format json\n" +
        std::string(about_accountants)));
}

void add_compute_noise(CLI::App& compute, Chosen& chosen)
{
    CLI::App* command = add_command<PrivacyQuestion>(
        compute, chosen, "noise", "the least noise that keeps an ε",
        [](CLI::App& app, PrivacyQuestion& question) { describe_privacy(app, question, Unknown::noise); },
        run_compute_noise);
    command->footer(help_footer(
        "  fedsleuth-cli compute noise --epsilon 3 --sampling-rate 0.01 --steps 1000 --delta 1e-5 --accountant pld\n" +
        std::string(about_accountants)));
}

void add_compute_delta(CLI::App& compute, Chosen& chosen)
{
    CLI::App* command = add_command<PrivacyQuestion>(
        compute, chosen, "delta", "the δ that belongs to an ε",
        [](CLI::App& app, PrivacyQuestion& question) { describe_privacy(app, question, Unknown::delta); },
        run_compute_delta);
    command->footer(help_footer(
        "  fedsleuth-cli compute delta --epsilon 2 --noise-multiplier 1.1 --sampling-rate 0.01 --steps 1000\n" +
        std::string(about_accountants)));
}

}  // namespace fedsleuth::cli
