// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/simulate_options.h"

#include "analysis/lab/attack_catalogue.h"

#include <algorithm>
#include <charconv>
#include <CLI/Validators.hpp>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

namespace fedsleuth::cli {

namespace lab = analysis::lab;
using model::ErrorCode;
using model::Result;

namespace {

std::optional<double> number_of(const std::string& text)
{
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(number)) return std::nullopt;
    return number;
}

std::vector<std::string> split(const std::string& text, char at)
{
    std::vector<std::string> parts;
    std::size_t from = 0;
    for (std::size_t next = text.find(at); next != std::string::npos; next = text.find(at, from)) {
        parts.push_back(text.substr(from, next - from));
        from = next + 1;
    }
    parts.push_back(text.substr(from));
    return parts;
}

/// "5": five; "0.2": a fifth of the clients.
Result<std::size_t> attackers_of(const std::string& text, std::size_t clients, const std::string& where)
{
    const std::optional<double> number = number_of(text);
    if (!number || *number < 0 || (*number >= 1 && *number != std::floor(*number)))
        return model::fail(ErrorCode::invalid_argument, "is neither a number of clients nor a share below 1", where);
    if (*number >= 1) return static_cast<std::size_t>(*number);
    return static_cast<std::size_t>(std::lround(*number * static_cast<double>(clients)));
}

Result<lab::Schedule::Kind> schedule_of(const std::string& name, const std::string& where)
{
    using Kind = lab::Schedule::Kind;
    for (const auto& [kind, known] : {std::pair{Kind::always, "always"},
                                      {Kind::once, "once"},
                                      {Kind::every, "every"},
                                      {Kind::on_off, "on-off"},
                                      {Kind::ramp, "ramp"}})
        if (name == known) return kind;
    return model::fail(ErrorCode::invalid_argument, "there is no such schedule", where,
                       "there are: always, once, every, on-off, ramp");
}

/// One parameter=value of an attack: of the plan itself, or of the attack.
Result<void> set_parameter(lab::AttackPlan& plan, const std::string& assignment, std::size_t clients,
                           const std::string& where)
{
    const std::size_t equals = assignment.find('=');
    if (equals == std::string::npos || equals == 0)
        return model::fail(ErrorCode::invalid_argument, "\"" + assignment + "\" is not of the form name=value", where);
    const std::string name = assignment.substr(0, equals), value = assignment.substr(equals + 1);
    if (name == "attackers") {
        FEDSLEUTH_TRY(plan.attackers, attackers_of(value, clients, where));
        return {};
    }
    if (name == "schedule") {
        FEDSLEUTH_TRY(plan.schedule.kind, schedule_of(value, where));
        return {};
    }
    const std::optional<double> number = number_of(value);
    if (!number) return model::fail(ErrorCode::invalid_argument, "\"" + value + "\" is no number", where);
    if (name == "onset" || name == "period") {
        if (*number < 1 || *number != std::floor(*number))
            return model::fail(ErrorCode::invalid_argument, name + " has to be a whole number from 1 on", where);
        (name == "onset" ? plan.schedule.onset : plan.schedule.period) = static_cast<std::size_t>(*number);
        return {};
    }
    (name == "stealth" ? plan.stealth : plan.settings.values[name]) = *number;
    return {};
}

Result<lab::AttackPlan> plan_of(const std::string& text, const SimulateCommand& options)
{
    const std::string where = "--attack " + text;
    std::vector<std::string> parts = split(text, ',');
    const std::vector<std::string> name = split(parts.front(), ':');
    const lab::AttackInfo* info = lab::find_attack(name.front());
    if (!info || name.size() > 2) {
        std::string known;
        for (const lab::AttackInfo& attack : lab::attacks())
            known += (known.empty() ? "" : ", ") + std::string(attack.name);
        return model::fail(ErrorCode::invalid_argument, "there is no such attack", where, "there are: none, " + known);
    }
    lab::AttackPlan plan;
    plan.attack = name.front();
    if (name.size() == 2) plan.settings.variant = name.back();
    const bool once = info->usual == lab::Schedule::Kind::once;
    FEDSLEUTH_TRY(plan.attackers, attackers_of(options.attackers.empty() ? (once ? "1" : "0.2") : options.attackers,
                                               options.lab.clients, "--attackers " + options.attackers));
    plan.schedule.kind = info->usual;
    if (!options.schedule.empty()) {
        FEDSLEUTH_TRY(plan.schedule.kind, schedule_of(options.schedule, "--schedule " + options.schedule));
    }
    plan.schedule.onset = options.onset > 0 ? static_cast<std::size_t>(options.onset) : options.lab.rounds / 3 + 1;
    plan.schedule.period = static_cast<std::size_t>(std::max<std::int64_t>(1, options.period));
    for (std::size_t part_idx = 1; part_idx < parts.size(); ++part_idx)
        FEDSLEUTH_CHECK(set_parameter(plan, parts[part_idx], options.lab.clients, where));
    auto completed = lab::complete(*info, plan.settings);
    if (!completed) {
        model::Error error = std::move(completed.error());
        error.where = where;
        return model::pass_on(std::move(error));
    }
    plan.settings = std::move(*completed);
    return plan;
}

/// "iid", "dirichlet:0.5", "classes:2".
Result<void> set_partition(const std::string& text, lab::PartitionOptions& partition)
{
    using Kind = lab::PartitionOptions::Kind;
    const std::vector<std::string> parts = split(text, ':');
    const bool has_number = parts.size() == 2;
    const double number = has_number ? number_of(parts.back()).value_or(-1) : 0;
    const auto wrong = [&] {
        return model::fail(ErrorCode::invalid_argument, "is no partition", "--partition " + text,
                           "there are: iid, dirichlet:ALPHA, classes:K");
    };
    if (parts.size() > 2) return wrong();
    if (parts.front() == "iid" && !has_number) {
        partition.kind = Kind::iid;
    } else if (parts.front() == "dirichlet" && (!has_number || number > 0)) {
        partition.kind = Kind::dirichlet;
        if (has_number) partition.alpha = number;
    } else if (parts.front() == "classes" && (!has_number || (number >= 1 && number == std::floor(number)))) {
        partition.kind = Kind::classes;
        if (has_number) partition.classes_per_client = static_cast<std::size_t>(number);
    } else {
        return wrong();
    }
    return {};
}

Result<std::vector<std::uint8_t>> file_bytes(const std::string& path)
{
    std::error_code error;
    if (!std::filesystem::is_regular_file(path, error))
        return model::fail(ErrorCode::not_found, "there is no such file", path);
    std::ifstream stream(path, std::ios::binary);
    std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
    if (stream.bad()) return model::fail(ErrorCode::io, "can't be read", path);
    return bytes;
}

Result<void> set_data(const SimulateCommand& options, lab::LabOptions& result)
{
    result.data = options.data == "mixture" ? lab::LabOptions::Data::mixture : lab::LabOptions::Data::digits;
    if (options.images.empty() && options.labels.empty()) return {};
    if (options.images.empty() || options.labels.empty())
        return model::fail(ErrorCode::invalid_argument, "go together: one without the other makes no data set",
                           "--images and --labels");
    FEDSLEUTH_TRY(const std::vector<std::uint8_t> images, file_bytes(options.images));
    FEDSLEUTH_TRY(const std::vector<std::uint8_t> labels, file_bytes(options.labels));
    FEDSLEUTH_TRY(auto source, lab::idx_examples(images, labels));
    result.examples = std::move(source);
    return {};
}

}  // namespace

void add_simulate_options(CLI::App& app, SimulateCommand& options)
{
    lab::LabOptions& made = options.lab;
    const auto text = [&](const char* name, auto& value, const char* meaning, const char* shown) {
        return app.add_option(name, value, meaning)->option_text(shown);
    };
    const auto one_of = [&](const char* name, std::string& value, const char* meaning, const char* shown,
                            std::vector<std::string> known) {
        text(name, value, meaning, shown)->check(CLI::IsMember(std::move(known)));
    };
    text("--attack", options.attacks, "an attack (below); may be given several times, none by default", "NAME")
        ->type_size(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->allow_extra_args(false);
    text("--attackers", options.attackers, "how many clients attack, or which share of them (0.2; one client once)",
         "F");
    text("--onset", options.onset, "the first attacked round (after a third of the rounds)", "ROUND");
    text("--schedule", options.schedule, "when they attack (each attack's own)", "NAME");
    text("--period", options.period, "rounds of the schedules every and on-off (5)", "N");
    text("--rule", options.rule.rule, "how the server aggregates (fedavg)", "RULE");
    text("--pre", options.rule.pre, "done to the updates before the rule (below); may be given several times", "NAME")
        ->type_size(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->allow_extra_args(false);
    text("--set", options.rule.set, "a parameter of the rule; may be given several times", "name=value")
        ->type_size(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->allow_extra_args(false);
    text("--clients", made.clients, "clients (20)", "N");
    text("--rounds", made.rounds, "rounds (20)", "N");
    text("--seed", made.seed, "everything that is drawn follows from it (1)", "S");
    text("--partition", options.partition, "iid, dirichlet:ALPHA (small: skewed) or classes:K a client (iid)", "HOW");
    text("--examples", made.partition.examples_per_client, "examples a client, on average (120)", "N");
    text("--quantity-skew", made.partition.quantity_skew, "deviation of the logarithm of the clients' sizes (0)", "S");
    one_of("--data", options.data, "what they learn: images of strokes, or a mixture of Gaussians (digits)",
           "digits|mixture", {"digits", "mixture"});
    text("--images", options.images, "your own images in place of --data, as an IDX file (MNIST's format)", "FILE");
    text("--labels", options.labels, "and their labels", "FILE");
    text("--image-side", made.image_side, "pixels of a side of a digit (12)", "N");
    one_of("--model", options.network, "the model (mlp)", "softmax|mlp|cnn", {"softmax", "mlp", "cnn"});
    text("--hidden", made.hidden, "hidden units; a cnn has a quarter and a half as many channels (24)", "N");
    text("--epochs", made.training.epochs, "passes over its data that a client makes a round (2)", "N");
    text("--batch", made.training.batch, "examples a step (16)", "N");
    text("--learning-rate", made.training.learning_rate, "of the clients (0.08)", "R");
    text("--momentum", made.training.momentum, "of the clients (0.8)", "M");
    text("--server-learning-rate", made.server_learning_rate, "factor on the aggregated step (1)", "R");
    app.add_flag("--equal-weights", options.equal_weights, "every client weighs the same, whatever its examples");
    text("--participation", made.participation, "share of the clients that is asked each round (1)", "SHARE");
    text("--dropout", made.dropout, "probability that one that was asked sends nothing (0)", "P");
    text("--stragglers", made.stragglers, "share of slow clients, half of whose updates are stale (0)", "SHARE");
    text("--staleness", made.staleness, "rounds that a stale update is behind, at most (2)", "N");
    text("--noisy-clients", made.noisy_clients, "share of honest clients with bad labels (0)", "SHARE");
    text("--noisy-labels", made.noisy_labels, "share of their labels that is random (0.4)", "SHARE");
    text("--noise-multiplier", options.noise_multiplier, "differential privacy: noise on each update, in clips", "Z");
    text("--clip", options.clip, "its clipping norm (1)", "C");
    text("--delta", options.delta, "its delta (1e-5)", "D");
    text("--tampered-round", made.tampered_round, "the round whose checkpoint the server tampers with (none)", "ROUND");
    text("--tampering", made.tampering, "how long what it adds is, in steps of that round (5)", "TIMES");
    text("--epsilon-budget", options.epsilon_budget, "the budget that the federation declares (none)", "E");
    app.add_flag("--signed", options.sign, "sign updates and checkpoints (Ed25519) and write certificates");
    one_of("--snapshots", options.snapshots, "how numbers are written (npz)", "npz|npy|safetensors",
           {"npz", "npy", "safetensors"});
    text("--name", made.name, "the federation's name (simulated)", "TEXT");
    text("--threads", made.threads, "at once; changes nothing but the time (1)", "N");
    text("--out", options.out, "the folder to write; new or empty (needed)", "FOLDER");
    app.add_flag("--list", options.list, "print attacks, rules and what else can be chosen, as JSON");
    add_format(app, options.format);
}

Result<lab::LabOptions> lab_options(const SimulateCommand& options)
{
    lab::LabOptions result = options.lab;
    FEDSLEUTH_TRY(const CheckedRule rule, checked_rule(options.rule));
    result.rule = options.rule.rule;
    result.rule_settings = rule.settings;
    result.rule_settings.seed = result.seed;
    result.weighted = !options.equal_weights;
    result.network = options.network == "cnn"       ? lab::NetworkKind::cnn
                     : options.network == "softmax" ? lab::NetworkKind::softmax
                                                    : lab::NetworkKind::mlp;
    FEDSLEUTH_CHECK(set_partition(options.partition, result.partition));
    FEDSLEUTH_CHECK(set_data(options, result));
    if (options.noise_multiplier >= 0)
        result.privacy =
            lab::PrivacyOptions{options.noise_multiplier, options.clip, options.delta, options.epsilon_budget};
    for (const std::string& attack : options.attacks) {
        if (attack == "none") continue;
        FEDSLEUTH_TRY(lab::AttackPlan plan, plan_of(attack, options));
        result.attacks.push_back(std::move(plan));
    }
    FEDSLEUTH_CHECK(lab::check(result));
    return result;
}

}  // namespace fedsleuth::cli
