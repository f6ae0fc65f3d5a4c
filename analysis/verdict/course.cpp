// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/verdict/course.h"

#include <algorithm>

namespace fedsleuth::analysis {

Course course_of(const std::vector<const ClientRound*>& rounds, Pattern pattern)
{
    constexpr double toll = 3;          // what an ordinary outlier of one detector brings in a round
    constexpr double boosted_toll = 4;  // lengths have the heaviest tails of all statistics
    constexpr double relief = 2;        // taken back by a round without the pattern
    const double cost = pattern == Pattern::boosted ? boosted_toll : toll;
    Course course;
    double sum = 0;
    double run_highest = 0;
    std::vector<std::size_t> run;
    const auto end_run = [&] {
        if (run_highest >= course_alarms) course.bad.insert(course.bad.end(), run.begin(), run.end());
        run.clear();
        run_highest = 0;
    };
    for (std::size_t place = 0; place < rounds.size(); ++place) {
        const double evidence = rounds[place]->evidence[static_cast<std::size_t>(pattern)];
        sum += evidence > 0 ? evidence - cost : -relief;
        if (evidence > 0) run.push_back(place);
        if (sum <= 0) {
            sum = 0;
            end_run();
            continue;
        }
        run_highest = std::max(run_highest, sum);
        course.highest = std::max(course.highest, sum);
    }
    end_run();
    return course;
}

}  // namespace fedsleuth::analysis
