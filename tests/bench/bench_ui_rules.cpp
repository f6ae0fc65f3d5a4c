// SPDX-License-Identifier: GPL-3.0-or-later
// The rules panel on a case of 100 clients × 1,000,000 parameters: from a new value of a slider to the weights of all
// rules in the figures, the median and the worst of forty values; at rest, and while the updates are being read for the
// rules that work coordinate by coordinate. Every value's answer is checked.
#include "bench/bench.h"
#include "storage/custody/file_digest.h"
#include "storage/export/npz_writer.h"
#include "ui/pages/rounds_page.h"
#include "ui/pages/rules_panel.h"
#include "ui/session/case_session.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <QApplication>
#include <QElapsedTimer>
#include <QSlider>
#include <QTabWidget>
#include <random>
#include <string>
#include <vector>

namespace fs = std::filesystem;
using namespace fedsleuth;

namespace {

constexpr int clients = 100;
constexpr std::int64_t coordinates = 1'000'000;
constexpr double frame_ms = 33;  // thirty answers a second follow the hand

void require(bool holds, const std::string& what)
{
    if (holds) return;
    std::fprintf(stderr, "%s\n", what.c_str());
    std::exit(1);
}

/// One round; every tenth client sends the opposite of what the others do.
void make_folder(const fs::path& folder)
{
    fs::create_directories(folder / "updates");
    std::mt19937 random(1);
    std::normal_distribution<double> normal;
    std::vector<double> truth(coordinates), noise(2 * coordinates), values(coordinates);
    for (double& value : truth) value = 0.01 * normal(random);
    for (double& value : noise) value = 0.02 * normal(random);
    std::ofstream log(folder / "federation.jsonl");
    log << R"({"type": "federation", "format": "fedsleuth/1", "name": "bench", "update_kind": "delta", "aggregation": )"
           R"({"rule": "fedavg"}, "layers": [{"name": "a", "shape": [1000, 900]}, {"name": "b", "shape": [100000]}]})"
        << '\n';
    for (int client = 0; client < clients; ++client) {
        const double sign = client % 10 == 0 ? -1 : 1;
        const double* of_client = noise.data() + 9973 * client;
        for (std::size_t k = 0; k < values.size(); ++k) values[k] = sign * truth[k] + of_client[k];
        const std::string name = "updates/" + std::to_string(client) + ".npy";
        const storage::WriteOptions options{storage::NumberType::float32, true};
        require(storage::write_npy(folder / name, {coordinates}, values, options).has_value(), name);
        log << R"({"type": "update", "round": 1, "client": "c)" << 100 + client
            << R"(", "num_examples": 1, "received_at": "2026-01-01T00:00:00Z", "path": ")" << name
            << R"(", "sha256": ")" << storage::sha256_of_file(folder / name).value_or("") << "\"}\n";
    }
}

template <class Condition>
void wait_until(const Condition& holds, const std::string& what)
{
    QElapsedTimer waited;
    waited.start();
    while (!holds()) {
        QApplication::processEvents(QEventLoop::WaitForMoreEvents);  // a job that runs wakes it ten times a second
        require(waited.elapsed() < 120'000, "timed out: " + what);
    }
}

std::ptrdiff_t heard_by_multi_krum(const analysis::WhatIf& answer)
{
    const auto rule = std::ranges::find(answer.rules, std::string("multi-krum"), &analysis::RuleAnswer::rule);
    return std::ranges::count_if(rule->weights, [](double weight) { return weight > 0; });
}

/// Milliseconds until the panel has the weights for this f in its figures.
double turn_to(ui::RulesPanel& panel, QSlider& slider, int f)
{
    const double taken = 1e3 * bench::seconds([&] {
                             slider.setValue(f);
                             wait_until([&] { return panel.has_weights(); }, "weights");
                             panel.grab();
                         });
    require(heard_by_multi_krum(*panel.answer()) == clients - f - 2, "the weights are not those of this f");
    return taken;
}

void say(const std::string& name, std::vector<double> taken)
{
    std::ranges::sort(taken);
    std::printf("{\"name\": \"%s\", \"median_ms\": %.1f, \"worst_ms\": %.1f%s\n", name.c_str(), taken[taken.size() / 2],
                taken.back(), bench::verdict(taken[taken.size() / 2], frame_ms).c_str());
    std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv)
{
    qputenv("QT_QPA_PLATFORM", "offscreen");
    QApplication application(argc, argv);
    const fs::path scratch = fs::path(FEDSLEUTH_SCRATCH) / "bench_ui_rules";
    fs::remove_all(scratch);
    make_folder(scratch / "folder");
    {
        ui::CaseSession session;
        session.set_cases_folder(QString::fromStdString((scratch / "cases").string()));
        session.open(QString::fromStdString((scratch / "folder").string()));
        wait_until([&] { return session.data() && session.data()->verdicts; }, "the case");
        ui::RoundsPage page(session);
        page.resize(1300, 800);
        page.show();
        page.findChild<QTabWidget*>()->setCurrentIndex(1);
        auto& panel = *page.findChild<ui::RulesPanel*>();
        wait_until([&] { return panel.has_weights(); }, "the first answer");
        auto& slider = *panel.findChildren<QSlider*>().front();
        std::vector<double> taken;
        for (int f = 1; f <= 40; ++f) taken.push_back(turn_to(panel, slider, f));
        say("rules panel 100 x 1e6: slider to weights", taken);
        taken.clear();
        for (int f = 1; f <= 5; ++f) {
            wait_until([&] { return panel.is_computing(); }, "the column job");
            taken.push_back(turn_to(panel, slider, f));
        }
        say("the same out of a running pass over the updates", taken);
        const double rest = bench::seconds([&] { wait_until([&] { return panel.is_up_to_date(); }, "the columns"); });
        bench::within("rules panel: painting all of it", 10, [&] { panel.grab(); }, {});
        std::printf("{\"name\": \"rules panel: all column rules after the hand rests\", \"ms\": %.0f}\n", rest * 1e3);
    }
    fs::remove_all(scratch);
    return 0;
}
