// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <simdjson.h>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace fedsleuth::test {

[[nodiscard]] inline std::string text_of(simdjson::dom::element element)
{
    return std::string{element.get_string().value()};
}

/// One table of tests/fixtures/golden: a JSON file and the .npy blobs that its arrays point into.
class GoldenTable {
public:
    explicit GoldenTable(const std::string& name) : root_(parser_.load(folder() + name + ".json")) {}

    [[nodiscard]] simdjson::dom::element operator[](std::string_view key) const { return root_[key]; }

    /// Every number of an array, whatever its shape, inline or in a blob.
    [[nodiscard]] std::vector<double> numbers(simdjson::dom::element array)
    {
        std::vector<double> values;
        simdjson::dom::object slice;
        if (array.get(slice) == simdjson::SUCCESS) {
            std::size_t count = 1;
            for (const auto extent : slice["shape"].get_array()) count *= static_cast<std::size_t>(extent.get_uint64());
            const auto offset = static_cast<std::size_t>(slice["offset"].get_uint64());
            const std::vector<double>& all = blob(text_of(slice["blob"]));
            values.assign(all.begin() + static_cast<std::ptrdiff_t>(offset),
                          all.begin() + static_cast<std::ptrdiff_t>(offset + count));
        } else {
            append(array, values);
        }
        return values;
    }

private:
    static std::string folder() { return std::string(FEDSLEUTH_FIXTURES) + "/golden/"; }

    static void append(simdjson::dom::element element, std::vector<double>& values)
    {
        if (element.is_array()) {
            for (const auto part : element.get_array()) append(part, values);
        } else if (element.is_string()) {
            const std::string_view text = element.get_string();
            constexpr double infinity = std::numeric_limits<double>::infinity();
            values.push_back(text == "inf" ? infinity : text == "-inf" ? -infinity : infinity - infinity);
        } else {
            values.push_back(element.get_double());
        }
    }

    template <class Stored>
    static std::vector<double> widened(const std::string& bytes, std::size_t start)
    {
        std::vector<Stored> stored((bytes.size() - start) / sizeof(Stored));
        std::memcpy(stored.data(), bytes.data() + start, stored.size() * sizeof(Stored));
        return {stored.begin(), stored.end()};
    }

    const std::vector<double>& blob(const std::string& file)
    {
        if (const auto known = blobs_.find(file); known != blobs_.end()) return known->second;
        std::ifstream stream(folder() + file, std::ios::binary);
        const std::string bytes((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
        if (bytes.size() < 10) throw std::runtime_error("no such golden blob: " + file);
        const std::size_t start =
            10U + static_cast<unsigned char>(bytes[8]) + 256U * static_cast<unsigned char>(bytes[9]);
        const std::string header = bytes.substr(0, start);
        std::vector<double>& values = blobs_[file];
        if (header.find("<f8") != std::string::npos)
            values = widened<double>(bytes, start);
        else if (header.find("<f4") != std::string::npos)
            values = widened<float>(bytes, start);
        else if (header.find("<i2") != std::string::npos)
            values = widened<std::int16_t>(bytes, start);
        else
            throw std::runtime_error("unexpected element type in " + file);
        return values;
    }

    simdjson::dom::parser parser_;
    simdjson::dom::element root_;
    std::map<std::string, std::vector<double>> blobs_;
};

}  // namespace fedsleuth::test
