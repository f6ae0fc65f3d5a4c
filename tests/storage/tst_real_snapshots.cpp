// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/custody/digest.h"
#include "storage/evidence/evidence_folder.h"
#include "storage/evidence/round_log.h"
#include "storage/evidence_builders.h"

#include "model/layer.h"

#include <cmath>

using namespace fedsleuth;
using namespace fedsleuth::tests;

/// Files that federations really wrote, through the log and the folder, against what the federation itself computed.
class TestRealSnapshots : public QObject {
    Q_OBJECT

    struct Federation {
        storage::EvidenceFolder folder;
        storage::RoundLog log;
    };

    static std::filesystem::path folder_of(const QString& name)
    {
        return fixture("snapshots/" + name.toStdString());
    }
    static Federation open(const QString& name)
    {
        model::Progress progress;
        auto folder = storage::EvidenceFolder::open(folder_of(name));
        auto log = storage::read_round_log(folder.value().log_path(), {}, progress);
        return {std::move(folder.value()), std::move(log.value())};
    }
    /// All tensors end to end, matched to the layers by name or by position; a lone vector as it is.
    static std::vector<float> flattened(const Federation& federation, const std::string& path,
                                        const std::string& declared_sha256)
    {
        const auto resolved = federation.folder.resolve(path);
        if (!resolved) QTest::qFail(resolved.error().text().c_str(), __FILE__, __LINE__);
        if (storage::sha256_hex(read_file(*resolved)) != declared_sha256) QTest::qFail("SHA-256", __FILE__, __LINE__);
        const Opened file = storage::open_snapshot(*resolved);
        if (!file) QTest::qFail(file.error().text().c_str(), __FILE__, __LINE__);
        const std::vector<model::Layer>& layers = federation.log.federation->noun.layers;
        std::vector<float> all;
        const bool one_vector = !(*file)->named() && (*file)->tensors().size() == 1;
        for (std::size_t layer_idx = 0; layer_idx < (one_vector ? 1 : layers.size()); ++layer_idx) {
            std::size_t tensor_idx = layer_idx;
            for (std::size_t idx = 0; (*file)->named() && idx < layers.size(); ++idx)
                if ((*file)->tensors()[idx].name == layers[layer_idx].name) tensor_idx = idx;
            if (!one_vector && (*file)->tensors()[tensor_idx].shape != layers[layer_idx].shape)
                QTest::qFail("a shape that is not the layer's", __FILE__, __LINE__);
            const std::vector<float> part = values(**file, tensor_idx);
            all.insert(all.end(), part.begin(), part.end());
        }
        return all;
    }

private slots:
    void gives_the_checkpoint_that_the_updates_make_data()
    {
        QTest::addColumn<QString>("folder");
        QTest::addColumn<QString>("format");
        QTest::addColumn<bool>("named");
        QTest::newRow("safetensors") << "clean-noniid"
                                     << "safetensors" << true;
        QTest::newRow("torch") << "constrained-backdoor"
                               << "pt" << true;
        QTest::newRow("npy") << "free-rider"
                             << "npy" << false;
        QTest::newRow("npz, deflated") << "label-flip"
                                       << "npz" << true;
        QTest::newRow("npz, numbered") << "model-replacement"
                                       << "npz" << false;
    }
    void gives_the_checkpoint_that_the_updates_make()
    {
        QFETCH(QString, folder);
        QFETCH(QString, format);
        QFETCH(bool, named);
        const Federation federation = open(folder);
        QVERIFY(federation.log.issues.empty());
        QVERIFY(federation.log.federation.has_value());
        const model::Federation& declared = federation.log.federation->noun;
        QCOMPARE(model::coordinate_count(declared.layers), std::int64_t{1210});

        std::vector<std::vector<float>> checkpoints(2);
        for (const auto& checkpoint : federation.log.checkpoints) {
            const auto round = static_cast<std::size_t>(checkpoint.noun.round.value());
            if (round > 1) continue;
            checkpoints[round] = flattened(federation, checkpoint.noun.path, checkpoint.noun.declared_sha256);
            const Opened file = storage::open_snapshot(federation.folder.resolve(checkpoint.noun.path).value());
            OPENED(file);
            QCOMPARE(QString::fromUtf8((*file)->format().data()), format);
            QCOMPARE((*file)->named(), named);
            QVERIFY((*file)->notes().empty());
        }
        QCOMPARE(checkpoints[0].size(), std::size_t{1210});
        QCOMPARE(checkpoints[1].size(), std::size_t{1210});

        std::vector<double> expected(1210, 0.0);
        double examples = 0;
        for (const auto& update : federation.log.updates) {
            if (update.noun.round != model::RoundNo{1}) continue;
            const std::vector<float> vector = flattened(federation, update.noun.path, update.noun.declared_sha256);
            QCOMPARE(vector.size(), expected.size());
            const auto weight = static_cast<double>(update.noun.num_examples.value());
            examples += weight;
            for (std::size_t idx = 0; idx < expected.size(); ++idx) expected[idx] += weight * double{vector[idx]};
        }
        QVERIFY(examples > 0);
        const bool deltas = declared.update_kind == model::UpdateKind::delta;
        double largest = 0;
        double moved = 0;
        for (std::size_t idx = 0; idx < expected.size(); ++idx) {
            const double base = deltas ? double{checkpoints[0][idx]} : 0.0;
            largest = std::max(largest, std::abs(base + expected[idx] / examples - double{checkpoints[1][idx]}));
            moved = std::max(moved, std::abs(double{checkpoints[1][idx]} - double{checkpoints[0][idx]}));
        }
        QVERIFY2(largest < 1e-6, std::to_string(largest).c_str());
        QVERIFY2(moved > 1e-3, "the checkpoint did not move: the comparison would prove nothing");
    }

    void gives_blocks_that_are_cuts_of_the_whole_data()
    {
        QTest::addColumn<QString>("path");
        for (const char* const path :
             {"clean-noniid/checkpoints/r0001.safetensors", "constrained-backdoor/checkpoints/r0001.pt",
              "free-rider/checkpoints/r0001.npy", "label-flip/checkpoints/r0001.npz"})
            QTest::newRow(path) << path;
    }
    void gives_blocks_that_are_cuts_of_the_whole()
    {
        QFETCH(QString, path);
        const Opened file = storage::open_snapshot(fixture("snapshots/" + path.toStdString()));
        OPENED(file);
        const std::vector<float> whole = values(**file);
        for (const std::int64_t size : {1, 7, 100, 1000}) {
            std::vector<float> block(static_cast<std::size_t>(size));
            for (std::int64_t first = 0; first < static_cast<std::int64_t>(whole.size()); first += size) {
                const auto count = std::min<std::int64_t>(size, static_cast<std::int64_t>(whole.size()) - first);
                QVERIFY((*file)->read(0, first, count, block.data()).has_value());
                QVERIFY(std::equal(block.begin(), block.begin() + count, whole.begin() + first));
            }
        }
    }
};

QTEST_GUILESS_MAIN(TestRealSnapshots)
#include "tst_real_snapshots.moc"
