// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/lab/dataset.h"

#include <cmath>

namespace fedsleuth::analysis::lab {

namespace {

class GaussianMixture final : public ExampleSource {
public:
    GaussianMixture(std::size_t features, std::size_t classes, double spread, std::uint64_t seed)
        : features_(features), classes_(classes), centres_(features * classes)
    {
        // Two centres of independent coordinates N(0, s²) lie about s √(2 · features) apart.
        Random random(seed, {stream::data, 0});
        const double scale = spread / std::sqrt(2.0 * static_cast<double>(features));
        for (double& value : centres_) value = scale * random.normal();
    }

    InputShape shape() const override { return {0, 0, features_}; }
    std::size_t classes() const override { return classes_; }
    void make(std::size_t label, Random& random, std::span<float> input) override { draw(label, 1.0, random, input); }
    /// On the far side of its own centre.
    void make_rare(std::size_t label, Random& random, std::span<float> input) override
    {
        draw(label, -1.5, random, input);
    }

private:
    void draw(std::size_t label, double side, Random& random, std::span<float> input) const
    {
        for (std::size_t feature_idx = 0; feature_idx < features_; ++feature_idx)
            input[feature_idx] = static_cast<float>(side * centres_[label * features_ + feature_idx] + random.normal());
    }

    std::size_t features_;
    std::size_t classes_;
    std::vector<double> centres_;
};

}  // namespace

std::unique_ptr<ExampleSource> gaussian_mixture(std::size_t features, std::size_t classes, double spread,
                                                std::uint64_t seed)
{
    return std::make_unique<GaussianMixture>(features, classes, spread, seed);
}

}  // namespace fedsleuth::analysis::lab
