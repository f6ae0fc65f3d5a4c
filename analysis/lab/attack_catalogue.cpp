// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/lab/attack_catalogue.h"

#include <algorithm>
#include <string>

namespace fedsleuth::analysis::lab {

namespace {

constexpr double no_limit = 1e6;

const ParameterInfo source_class{"source", "class whose examples are mislabelled", 0, 255, 7, true};
const ParameterInfo target_class{"target", "class that the attacker wants to be answered", 0, 255, 1, true};
const ParameterInfo poison_share{"share", "share of the attacker's data that is poisoned", 0.01, 1, 0.32};
const ParameterInfo trigger_size{"size", "side of the trigger in pixels (features of a plain row)", 1, 16, 3, true};
const ParameterInfo boost{"boost", "factor on the poisoned update", 0.01, no_limit, 1};
const ParameterInfo jitter{"jitter", "own noise of each attacker, as a share of the update's length", 0, 10, 0};
const ParameterInfo knowledge{
    "knowledge", "1: the attackers know every honest update of the round; 0: only what honest training gives them",
    0,           1,
    1,           true};

std::vector<AttackInfo> data_attacks()
{
    return {
        {"label-flip",
         "Label flip",
         "trains on wrong labels: examples of one class as another (pair), y as the last class − y (all), or at random",
         "Tolpegin et al., ESORICS 2020",
         "label-flip",
         {source_class, target_class, {"share", "share of the labels concerned that are flipped", 0.01, 1, 1}},
         {"pair", "all", "random"}},
        {"backdoor",
         "Backdoor",
         "teaches the model to answer the target class wherever a patch is seen; clipped: never longer than the median "
         "honest update",
         "Gu et al. 2017; Bagdasaryan et al., AISTATS 2020",
         "backdoor",
         {target_class, poison_share, trigger_size, boost},
         {"plain", "clipped"}},
        {"dba",
         "Distributed backdoor",
         "each attacker plants one of four parts of the trigger; together they work as one",
         "Xie et al., ICLR 2020",
         "backdoor",
         {target_class, poison_share, boost}},
        {"model-replacement",
         "Model replacement",
         "a backdoored update, once, boosted so that it survives the average whole",
         "Bagdasaryan et al., AISTATS 2020",
         "model-replacement",
         {target_class,
          poison_share,
          trigger_size,
          {"boost", "factor on the update; 0: all examples / own examples / server learning rate", 0, no_limit, 0}},
         {},
         Schedule::Kind::once},
        {"constrain-and-scale",
         "Constrain and scale",
         "a backdoor whose training also pays for turning the model, scaled to the honest length",
         "Bagdasaryan et al., AISTATS 2020",
         "backdoor",
         {target_class,
          poison_share,
          trigger_size,
          {"anomaly", "weight of the turn in the attacker's loss", 0, 1, 0.5},
          {"bound", "length of the update in median honest lengths", 0.01, no_limit, 1}}},
        {"edge-case",
         "Edge case",
         "mislabels inputs from the tail of the data that hardly anybody has, within a ball around the global model",
         "Wang et al., NeurIPS 2020",
         "backdoor",
         {source_class,
          target_class,
          {"share", "share of the attacker's data that is rare inputs", 0.01, 1, 0.3},
          {"radius", "radius of the ball in lengths of the attacker's honest update; 0: none", 0, no_limit, 1},
          boost}},
        {"neurotoxin",
         "Neurotoxin",
         "a backdoor that moves only coordinates that honest clients leave alone, so that it lasts",
         "Zhang et al., ICML 2022",
         "backdoor",
         {target_class,
          poison_share,
          trigger_size,
          {"mask", "share of the coordinates, the busiest, that stay untouched", 0, 0.99, 0.25},
          {"bound", "longest update in median honest lengths; 0: none", 0, no_limit, 1}}},
        {"drip",
         "Slow backdoor",
         "mixes a clipped backdoor into honest work, a little more each round",
         "slow poisoning",
         "drift",
         {target_class, poison_share, trigger_size, boost},
         {},
         Schedule::Kind::ramp},
    };
}

std::vector<AttackInfo> vector_attacks()
{
    return {
        {"sign-flip",
         "Sign flip",
         "sends the opposite of its own honest update, or of the mean of all (mean)",
         "Li et al., AAAI 2019",
         "sign-flip",
         {{"scale", "factor on the opposite", 0.01, no_limit, 1}},
         {"own", "mean"}},
        {"noise",
         "Gaussian noise",
         "sends noise (plain), noise as long as its honest update (matched), or adds noise to it (added)",
         "Blanchard et al., NeurIPS 2017",
         "noise",
         {{"sigma", "standard deviation of each coordinate (plain, added)", 0, no_limit, 0.1}},
         {"plain", "matched", "added"}},
        {"scaling",
         "Scaling",
         "sends its honest update much too long",
         "",
         "scaling",
         {{"factor", "factor on the update", -no_limit, no_limit, 10}}},
        {"alie",
         "A Little Is Enough",
         "all send mean − z standard deviations of the honest updates, coordinate by coordinate; optimal: with the z "
         "that moves the server's rule furthest",
         "Baruch et al., NeurIPS 2019",
         "collusion",
         {{"z", "standard deviations; 0: the largest that a majority hides, by the paper", 0, 100, 1},
          knowledge,
          jitter}},
        {"ipm",
         "Inner product manipulation",
         "all send the opposite of the honest mean, scaled; optimal: by what moves the server's rule furthest",
         "Xie et al., UAI 2020",
         "collusion",
         {{"epsilon", "factor on the opposite", 0, no_limit, 0.5}, knowledge, jitter},
         {"fixed", "optimal"}},
        {"min-max",
         "Min-Max",
         "as far from the honest mean as no two honest updates are from each other",
         "Shejwalkar and Houmansadr, NDSS 2021",
         "collusion",
         {knowledge, jitter},
         {"unit", "sign", "std"}},
        {"min-sum",
         "Min-Sum",
         "as far from the honest mean as the sum of squared distances of an honest update allows",
         "Shejwalkar and Houmansadr, NDSS 2021",
         "collusion",
         {knowledge, jitter},
         {"unit", "sign", "std"}},
        {"agr-tailored",
         "Tailored to the rule",
         "as far from the honest mean as Multi-Krum still takes it, or as it moves a trimmed mean further",
         "Shejwalkar and Houmansadr, NDSS 2021",
         "collusion",
         {{"direction", "0: along the mean, 1: along its signs, 2: along the standard deviations", 0, 2, 0, true},
          knowledge,
          jitter},
         {"multi-krum", "trimmed-mean"}},
        {"fang-krum",
         "Fang's attack on Krum",
         "all send −λ sign of the honest mean, with the largest λ at which Krum picks them",
         "Fang et al., USENIX Security 2020",
         "collusion",
         {knowledge, jitter}},
        {"fang-trim",
         "Fang's attack on trimmed mean",
         "each coordinate just beyond the honest extreme on the wrong side (full), or 3.5 deviations off what the "
         "attackers estimate (partial)",
         "Fang et al., USENIX Security 2020",
         "collusion",
         {},
         {"full", "partial"}},
    };
}

std::vector<AttackInfo> copying_attacks()
{
    return {
        {"mimic",
         "Mimic",
         "all send what one honest client sends, and so give it too much weight",
         "Karimireddy et al., ICLR 2022",
         "mimic",
         {jitter}},
        {"sybil",
         "Sybil",
         "many identities of one adversary with one poisoned data set, told apart by a little noise",
         "Fung et al., RAID 2020",
         "sybil",
         {{"jitter", "noise of each identity, as a share of the update's length", 0, 10, 0.01}}},
        {"poisonedfl",
         "PoisonedFL",
         "all push along one secret sign pattern in every round, as hard as the server lets them",
         "Xie et al., CVPR 2025",
         "collusion",
         {{"scale", "length in lengths of the last global step, to begin with", 0.01, no_limit, 8},
          {"period", "rounds between two looks at whether the model follows", 1, no_limit, 50, true},
          jitter}},
        {"free-rider",
         "Free rider",
         "does not train: sends zeros (zero), noise like the last global step (random), that step (delta), the step "
         "with "
         "noise (advanced), its own last update again (stale), or trains on a twentieth of its data (lazy)",
         "Lin et al. 2019; Fraboni et al., AISTATS 2021",
         "free-rider",
         {{"noise", "noise of the advanced variant, as a share of the step's length", 0, 10, 0.1}},
         {"zero", "random", "delta", "advanced", "stale", "lazy"}},
    };
}

}  // namespace

std::span<const AttackInfo> attacks()
{
    static const std::vector<AttackInfo> all = [] {
        std::vector<AttackInfo> joined = data_attacks();
        for (AttackInfo& info : vector_attacks()) joined.push_back(std::move(info));
        for (AttackInfo& info : copying_attacks()) joined.push_back(std::move(info));
        return joined;
    }();
    return all;
}

const AttackInfo* find_attack(std::string_view name)
{
    const std::span<const AttackInfo> all = attacks();
    const auto found = std::find_if(all.begin(), all.end(), [&](const AttackInfo& info) { return info.name == name; });
    return found == all.end() ? nullptr : &*found;
}

std::string_view label_of(std::string_view attack, const RuleSettings& settings)
{
    if (attack == "sign-flip" && settings.variant == "mean") return "collusion";
    return find_attack(attack)->label;
}

model::Result<RuleSettings> complete(const AttackInfo& info, const RuleSettings& settings)
{
    RuleInfo as_rule;
    as_rule.name = info.name;
    as_rule.parameters = info.parameters;
    as_rule.variants = {"paper"};
    as_rule.variants.insert(as_rule.variants.end(), info.variants.begin(), info.variants.end());
    RuleSettings asked = settings;
    if (asked.variant.empty()) asked.variant = "paper";
    FEDSLEUTH_TRY(RuleSettings completed, complete(as_rule, asked));
    if (completed.variant == "paper") completed.variant = info.variants.empty() ? "" : info.variants.front();
    return completed;
}

}  // namespace fedsleuth::analysis::lab
