// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/lab/dataset.h"

#include <numeric>

namespace fedsleuth::analysis::lab {

void Dataset::add(std::span<const float> input, std::int32_t label)
{
    inputs.insert(inputs.end(), input.begin(), input.end());
    labels.push_back(label);
}

Dataset make_dataset(ExampleSource& source, std::span<const std::size_t> counts, Random& random)
{
    Dataset data;
    data.shape = source.shape();
    data.classes = source.classes();
    for (std::size_t label = 0; label < counts.size(); ++label)
        data.labels.insert(data.labels.end(), counts[label], static_cast<std::int32_t>(label));
    random.shuffle(std::span(data.labels));
    data.inputs.resize(data.labels.size() * data.shape.features);
    for (std::size_t example_idx = 0; example_idx < data.size(); ++example_idx)
        source.make(static_cast<std::size_t>(data.labels[example_idx]), random, data.input(example_idx));
    return data;
}

}  // namespace fedsleuth::analysis::lab
