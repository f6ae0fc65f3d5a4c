// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/round_ledger.h"

namespace fedsleuth::model {

std::vector<double> RoundLedger::total(std::vector<double> PerLayer::*field) const
{
    std::vector<double> sum;
    for (const PerLayer& layer : layers) {
        const std::vector<double>& part = layer.*field;
        if (sum.size() < part.size()) sum.resize(part.size(), 0.0);
        for (std::size_t idx = 0; idx < part.size(); ++idx) sum[idx] += part[idx];
    }
    return sum;
}

double RoundLedger::total(double PerLayer::*field) const
{
    double sum = 0;
    for (const PerLayer& layer : layers) sum += layer.*field;
    return sum;
}

std::vector<double> RoundLedger::total_gram() const
{
    std::vector<double> gram = total(&PerLayer::gram);
    gram.resize(size() * size(), 0.0);
    return gram;
}

std::vector<double> RoundLedger::sign_agreement() const
{
    std::vector<double> share(size(), 0.5);
    std::int64_t compared = 0;
    for (const PerLayer& layer : layers) compared += layer.sign_compared;
    if (compared == 0) return share;
    for (std::size_t client_idx = 0; client_idx < size(); ++client_idx) {
        std::int64_t agreements = 0;
        for (const PerLayer& layer : layers)
            if (client_idx < layer.sign_agreements.size()) agreements += layer.sign_agreements[client_idx];
        share[client_idx] = static_cast<double>(agreements) / static_cast<double>(compared);
    }
    return share;
}

}  // namespace fedsleuth::model
