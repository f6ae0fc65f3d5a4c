// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/truth_file.h"

#include <simdjson.h>
#include <algorithm>

namespace fedsleuth::cli {

namespace {

using model::ErrorCode;
using model::Result;

/// The rounds of one client, ascending.
Result<std::vector<model::RoundNo>> read_rounds(simdjson::dom::element value, const std::string& where)
{
    simdjson::dom::array array;
    std::vector<model::RoundNo> rounds;
    if (value.get(array) != simdjson::SUCCESS)
        return model::fail(ErrorCode::malformed, "the rounds of a malicious client are no list", where);
    for (const simdjson::dom::element element : array) {
        std::int64_t number = 0;
        if (element.get(number) != simdjson::SUCCESS)
            return model::fail(ErrorCode::malformed, "the round of a malicious client is no integer", where);
        rounds.emplace_back(number);
    }
    std::sort(rounds.begin(), rounds.end());
    return rounds;
}

}  // namespace

Result<Truth> read_truth(const std::filesystem::path& file)
{
    const std::string where = file.string();
    std::error_code error;
    if (!std::filesystem::is_regular_file(file, error))
        return model::fail(ErrorCode::not_found, "there is no such file", where);
    simdjson::dom::parser parser;
    simdjson::dom::element document;
    if (const auto code = parser.load(where).get(document); code != simdjson::SUCCESS) {
        return model::fail(code == simdjson::IO_ERROR ? ErrorCode::io : ErrorCode::malformed,
                           std::string("is no JSON that can be read: ") + simdjson::error_message(code), where);
    }
    simdjson::dom::object malicious;
    if (document["malicious"].get(malicious) != simdjson::SUCCESS) {
        return model::fail(ErrorCode::malformed, "has no object \"malicious\"", where,
                           "it should look like {\"attack\": \"sybil\", \"malicious\": {\"site-03\": [5, 6]}}");
    }
    Truth truth;
    std::string_view attack;
    if (document["attack"].get(attack) == simdjson::SUCCESS) truth.attack = attack;
    simdjson::dom::object attacks;
    if (document["attacks"].get(attacks) == simdjson::SUCCESS) {
        for (const auto field : attacks) {
            std::string_view own;
            if (field.value.get(own) == simdjson::SUCCESS)
                truth.attack_of[model::ClientId(std::string(field.key))] = own;
        }
    }
    for (const auto field : malicious) {
        FEDSLEUTH_TRY(auto rounds, read_rounds(field.value, where));
        truth.malicious[model::ClientId(std::string(field.key))] = std::move(rounds);
    }
    return truth;
}

}  // namespace fedsleuth::cli
