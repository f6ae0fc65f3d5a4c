// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/verdict/client_features.h"
#include "evaluation/probe_training.h"
#include "evaluation/training.h"

#include <cstdio>
#include <sstream>

namespace fedsleuth::evaluation {

namespace {

std::string number(double value)
{
    char text[32];
    std::snprintf(text, sizeof text, "%.5g", value);
    return text;
}

/// A float literal: "1.5f", "2.0f".
std::string literal(double value)
{
    std::string text = number(value);
    if (text.find_first_of(".en") == std::string::npos) text += ".0";
    return text + "f";
}

template <class Item, class Print>
void list(std::ostringstream& out, const std::vector<Item>& items, const Print& print)
{
    std::size_t width = 0;
    for (const Item& item : items) {
        const std::string text = print(item) + ",";
        if (width + text.size() > 110) {
            out << "\n";
            width = 0;
        }
        width += text.size();
        out << text;
    }
}

void forest(std::ostringstream& out, const std::string& name, const TrainedForest& of)
{
    out << "constexpr Split " << name << "_splits[] = {\n";
    list(out, of.splits, [](const analysis::Split& split) {
        return "{" + std::to_string(split.feature) + "," + literal(static_cast<double>(split.threshold)) + "}";
    });
    out << "};\nconstexpr float " << name << "_leaves[] = {\n";
    list(out, of.leaves, [](float leaf) { return literal(static_cast<double>(leaf)); });
    out << "};\n";
}

std::string reference(const std::string& name, const TrainedForest& of)
{
    return "{" + std::to_string(of.depth) + ", " + number(of.base) + ", " + name + "_splits, " + name + "_leaves}";
}

void null_cell(std::ostringstream& out, std::ostringstream& library, const TrainedJudges::Null& cell,
               const std::string& name)
{
    out << "constexpr float " << name << "_quantiles[] = {\n";
    list(out, cell.quantiles, [](float value) { return literal(static_cast<double>(value)); });
    out << "};\n";
    library << "    {" << number(cell.most_clients) << ", " << number(cell.count) << ", " << name << "_quantiles, "
            << number(cell.tail_from) << ", " << number(cell.tail_share) << ", " << number(cell.tail_scale) << ", "
            << number(cell.tail_shape) << "},\n";
}

}  // namespace

std::string as_source(const TrainedJudges& judges)
{
    std::ostringstream out;
    out << "// SPDX-License-Identifier: GPL-3.0-or-later\n"
           "// Written by `./dev evaluate train`; not to be edited.\n"
           "// clang-format off\n";
    forest(out, "first", judges.first);
    std::string looks;
    for (std::size_t idx = 0; idx < judges.looks.size(); ++idx) {
        const std::string name = "look" + std::to_string(idx);
        forest(out, name, judges.looks[idx]);
        looks += "    " + reference(name, judges.looks[idx]) + ",\n";
    }
    out << "constexpr Forest looks[] = {\n" << looks << "};\n";
    forest(out, "round", judges.round);
    std::ostringstream kinds, library;
    for (std::size_t idx = 0; idx < judges.kinds.size(); ++idx) {
        const std::string name = "kind" + std::to_string(idx);
        forest(out, name, judges.kinds[idx].second);
        kinds << "    {\"" << judges.kinds[idx].first << "\", " << reference(name, judges.kinds[idx].second) << "},\n";
    }
    for (std::size_t idx = 0; idx < judges.library.size(); ++idx) {
        null_cell(out, library, judges.library[idx], "null" + std::to_string(idx));
    }
    out << "constexpr KindForest kinds[] = {\n" << kinds.str() << "};\n";
    out << "constexpr NullCell library[] = {\n" << library.str() << "};\n";
    out << "constexpr Judges judges{" << reference("first", judges.first) << ",\n    looks, " << number(judges.slope)
        << ", " << number(judges.offset) << ",\n    " << reference("round", judges.round) << ",\n    kinds, library, "
        << analysis::feature_names().size() << ",\n    \"" << judges.recipe << "\"};\n";
    return out.str();
}

std::string as_source(const TrainedProbeJudges& judges)
{
    std::ostringstream out, all;
    out << "// SPDX-License-Identifier: GPL-3.0-or-later\n"
           "// Written by `./dev evaluate train`; not to be edited.\n"
           "// clang-format off\n";
    for (const auto& [name, judge] :
         {std::pair{"probe", &judges.probe}, {"trace", &judges.trace}, {"both", &judges.both}}) {
        forest(out, name, judge->forest);
        std::ostringstream library;
        for (std::size_t idx = 0; idx < judge->library.size(); ++idx)
            null_cell(out, library, judge->library[idx], std::string(name) + "_null" + std::to_string(idx));
        out << "constexpr NullCell " << name << "_library[] = {\n" << library.str() << "};\n";
        all << "    {" << reference(name, judge->forest) << ", " << number(judge->slope) << ", "
            << number(judge->offset) << ", " << name << "_library},\n";
    }
    out << "constexpr ProbeJudges probe_judges{\n"
        << all.str() << "    " << judges.features << ",\n    \"" << judges.recipe << "\"};\n";
    return out.str();
}

}  // namespace fedsleuth::evaluation
