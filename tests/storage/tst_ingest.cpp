// SPDX-License-Identifier: GPL-3.0-or-later
#include "case_helpers.h"

#include "storage/custody/custody_chain.h"
#include "storage/evidence/snapshot_file.h"

using namespace fedsleuth;
using namespace fedsleuth::test;
using model::ErrorCode;
using model::RoundNo;
using model::SnapshotState;
using storage::CaseFile;

namespace {

std::int64_t count_of(const std::string& text, const std::string& what)
{
    std::int64_t count = 0;
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
    return count;
}

/// Path → size, time and contents of everything in a folder.
std::map<std::string, std::string> state_of(const fs::path& folder)
{
    std::map<std::string, std::string> state;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        std::string text = std::to_string(entry.last_write_time().time_since_epoch().count());
        if (entry.is_regular_file()) text += ' ' + storage::sha256_of_file(entry.path()).value_or("");
        state[entry.path().string()] = text;
    }
    return state;
}

/// A safetensors file: the one format here that mixes numbers and counters without another writer.
void write_safetensors(const fs::path& path, const std::string& header, const std::string& data)
{
    std::string text(8, '\0');
    const std::uint64_t length = header.size();
    std::memcpy(text.data(), &length, 8);
    write_text(path, text + header + data);
}

template <class T>
std::string raw(const std::vector<T>& values)
{
    return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

}  // namespace

class IngestTest : public QObject {
    Q_OBJECT
private slots:
    void the_sample_is_taken_in_whole();
    void numbers_are_those_of_the_files();
    void the_evidence_folder_is_only_read();
    void whole_weights_become_deltas();
    void gradients_become_deltas();
    void doubles_are_rounded_once();
    void counters_are_kept_out_of_the_arithmetic();
    void tensors_match_by_name_prefix_and_position();
    void layers_come_from_the_snapshots_where_the_log_has_none();
    void one_client_does_not_decide_what_the_model_is();
    void identical_numbers_are_stored_once();
    void a_log_that_is_none_makes_no_case();
    void a_case_in_the_evidence_folder_is_refused();
    void linked_cases_read_the_same_numbers();
    void linked_cases_notice_changed_files();
};

void IngestTest::the_sample_is_taken_in_whole()
{
    const fs::path path = scratch("sample.fedcase");
    TAKE(const auto summary, take_in(sample(), path));
    const std::string log = contents_of(sample() / "federation.jsonl");
    QVERIFY(summary.changed);
    QCOMPARE(summary.updates, count_of(log, "\"type\":\"update\""));
    QCOMPARE(summary.checkpoints, count_of(log, "\"type\":\"checkpoint\""));
    QCOMPARE(summary.findings, 0);
    QCOMPARE(summary.issues, 0);

    TAKE(auto file, CaseFile::open(path));
    TAKE(const auto federation, file->federation());
    QVERIFY(federation.name == "two-attacks" && federation.framework == "fedsleuth-lab");
    QCOMPARE(federation.layers.size(), std::size_t{4});
    QVERIFY(federation.layers[2].name == "fc2.weight" && federation.layers[2].offset == 16 * 64 + 16);
    QVERIFY(federation.trust && federation.trust->ca == "certs/ca.pem");
    QCOMPARE(static_cast<std::int64_t>(file->clients()->size()), count_of(log, "\"type\":\"client\""));
    QCOMPARE(static_cast<std::int64_t>(file->rounds()->size()), count_of(log, "\"type\":\"round\""));
    TAKE(const auto updates, file->updates());
    QCOMPARE(static_cast<std::int64_t>(updates.size()), summary.updates);
    for (const model::Update& update : updates) {
        QVERIFY(update.usable() && update.signature && update.metrics.contains("train_loss"));
        QVERIFY(update.declared_sha256 == update.actual_sha256 && update.bytes > 0);
        QVERIFY(log.find(update.signature->base64) != std::string::npos);
    }
    TAKE(const auto checkpoints, file->checkpoints());
    QCOMPARE(static_cast<std::int64_t>(checkpoints.size()), summary.checkpoints);
    for (const auto& checkpoint : checkpoints) QVERIFY(checkpoint.usable());

    TAKE(const auto files, file->evidence_files());
    std::map<std::string, int> roles;
    for (const model::EvidenceFile& evidence : files) {
        ++roles[evidence.role];
        QCOMPARE(QString::fromStdString(evidence.actual_sha256),
                 QString::fromStdString(*storage::sha256_of_file(sample() / evidence.path)));
        QVERIFY(evidence.state == "ok" && !evidence.linked);
    }
    QVERIFY(roles["log"] == 1 && roles["certificate"] == 22 && roles["revocation-list"] == 1);
    QVERIFY(roles["update"] == 480 && roles["checkpoint"] == 25);
    for (const model::EvidenceFile& evidence : files) QVERIFY(evidence.path != "truth.json");

    TAKE(const auto custody, file->custody());
    QCOMPARE(custody.size(), std::size_t{1});
    QVERIFY(custody[0].action == "ingest" && storage::check_custody_chain(custody).empty());
    QVERIFY(custody[0].parameters_json.find(*storage::sha256_of_file(sample() / "federation.jsonl")) !=
            std::string::npos);
    QVERIFY(*file->evidence_folder() == fs::canonical(sample()).string());
}

void IngestTest::numbers_are_those_of_the_files()
{
    const fs::path path = scratch("numbers.fedcase");
    OK(take_in(sample(), path));
    TAKE(auto file, CaseFile::open(path, CaseFile::Mode::read_only));
    TAKE(const auto federation, file->federation());
    TAKE(const std::int64_t d, file->coordinates());
    TAKE(const auto updates, file->updates());
    for (const model::Update& update : updates) {
        TAKE(auto snapshot, storage::open_snapshot(sample() / update.path));
        std::vector<float> expected(static_cast<std::size_t>(d));
        for (std::size_t layer_idx = 0; layer_idx < federation.layers.size(); ++layer_idx) {
            const model::Layer& layer = federation.layers[layer_idx];
            OK(snapshot->read(layer_idx, 0, layer.count, expected.data() + layer.offset));
        }
        const model::VectorRef row{model::VectorRef::Kind::update, update.round, update.client};
        QVERIFY(read_row(*file, row, 0, d) == expected);
    }
    // The step is the difference of the checkpoints.
    const auto at = [&](model::VectorRef::Kind kind, int round) {
        return read_row(*file, {kind, RoundNo{round}, {}}, 0, d);
    };
    const auto now = at(model::VectorRef::Kind::checkpoint, 7), before = at(model::VectorRef::Kind::checkpoint, 6);
    const auto step = at(model::VectorRef::Kind::global_step, 7);
    for (std::size_t coord_idx = 0; coord_idx < step.size(); ++coord_idx)
        QCOMPARE(step[coord_idx], now[coord_idx] - before[coord_idx]);
}

void IngestTest::the_evidence_folder_is_only_read()
{
    FolderMaker maker(scratch("readonly"));
    maker.rounds(1, 2, 2);
    maker.flush();
    write_text(maker.root() / "truth.json", "{\"attackers\": [\"c0\"]}");
    fs::permissions(maker.root() / "truth.json", fs::perms::none);
    const auto before = state_of(maker.root());
    OK(take_in(maker.root(), scratch("readonly.fedcase")));
    OK(take_in(maker.root(), scratch("readonly2.fedcase"), true));
    TAKE(auto file, CaseFile::open(fs::path(FEDSLEUTH_SCRATCH) / "readonly2.fedcase"));
    QVERIFY(!read_row(*file, update_ref(1, "c0"), 0, 100).empty());
    QVERIFY(state_of(maker.root()) == before);
    QVERIFY(dump(fs::path(FEDSLEUTH_SCRATCH) / "readonly.fedcase").find("truth") == std::string::npos);
}

void IngestTest::whole_weights_become_deltas()
{
    FolderMaker maker(scratch("weights"), "weights");
    const auto w0 = floats(maker.checkpoint(0)), w1 = floats(maker.checkpoint(1));
    const auto a = floats(maker.update(1, "a")), b = floats(maker.update(2, "b"));
    const auto stale = floats(maker.update(2, "stale", ", \"base_round\": 0"));
    maker.update(4, "no-base");
    maker.update(1, "future", ", \"base_round\": 1");
    const auto reference = floats(maker.update(2, "@server", ", \"role\": \"reference\""));
    maker.flush();
    const fs::path path = scratch("weights.fedcase");
    OK(take_in(maker.root(), path));
    TAKE(auto file, CaseFile::open(path));
    const auto is_difference = [&](const model::VectorRef& row, const std::vector<float>& sent,
                                   const std::vector<float>& base) {
        const auto delta = read_row(*file, row, 0, FolderMaker::coordinates);
        if (delta.size() != sent.size()) return false;
        for (std::size_t idx = 0; idx < sent.size(); ++idx)
            if (delta[idx] != sent[idx] - base[idx]) return false;
        return true;
    };
    QVERIFY(is_difference(update_ref(1, "a"), a, w0));
    QVERIFY(is_difference(update_ref(2, "b"), b, w1));
    QVERIFY(is_difference(update_ref(2, "stale"), stale, w0));
    QVERIFY(is_difference({model::VectorRef::Kind::reference, RoundNo{2}, {}}, reference, w1));
    TAKE(const auto updates, file->updates());
    int without_base = 0;
    for (const model::Update& update : updates) {
        if (update.client.text() != "no-base" && update.client.text() != "future") {
            QVERIFY(update.usable());
            continue;
        }
        ++without_base;
        QVERIFY(update.state == SnapshotState::no_base && !update.state_text.empty());
        std::vector<float> out(1);
        const model::VectorRef row{model::VectorRef::Kind::update, update.round, update.client};
        QCOMPARE(file->read(std::span(&row, 1), 0, 1, out.data()).error().code, ErrorCode::not_found);
    }
    QCOMPARE(without_base, 2);

    // The base comes later: the same update counts from then on.
    maker.checkpoint(3);
    maker.flush();
    OK(take_in(maker.root(), path));
    QVERIFY(!read_row(*file, update_ref(4, "no-base"), 0, 10).empty());
}

void IngestTest::gradients_become_deltas()
{
    FolderMaker maker(scratch("gradient"), "gradient");
    const auto sent = floats(maker.update(1, "a"));
    maker.flush();
    const fs::path path = scratch("gradient.fedcase");
    OK(take_in(maker.root(), path));
    TAKE(auto file, CaseFile::open(path));
    const auto delta = read_row(*file, update_ref(1, "a"), 0, FolderMaker::coordinates);
    for (std::size_t idx = 0; idx < sent.size(); ++idx) QCOMPARE(delta[idx], -0.5F * sent[idx]);
    TAKE(const auto federation, file->federation());
    QVERIFY(federation.aggregation.server_learning_rate == 0.5 && federation.aggregation.parameters.at("f") == 2);
}

void IngestTest::doubles_are_rounded_once()
{
    FolderMaker maker(scratch("double"));
    auto values = maker.numbers();
    for (double& value : values) value += 1e-9;
    maker.update_line(1, "a", "updates/a.npz",
                      maker.write_snapshot("updates/a.npz", values, storage::NumberType::float64));
    maker.flush();
    const fs::path path = scratch("double.fedcase");
    OK(take_in(maker.root(), path));
    TAKE(auto file, CaseFile::open(path));
    QVERIFY(read_row(*file, update_ref(1, "a"), 0, FolderMaker::coordinates) == floats(values));
}

void IngestTest::counters_are_kept_out_of_the_arithmetic()
{
    FolderMaker maker(scratch("counters"), "delta",
                      ", \"layers\": [{\"name\": \"w\", \"shape\": [3]}, {\"name\": \"n\", \"shape\": []},"
                      " {\"name\": \"b\", \"shape\": [2]}]");
    const std::string header = R"({"w":{"dtype":"F32","shape":[3],"data_offsets":[0,12]},)"
                               R"("n":{"dtype":"I64","shape":[],"data_offsets":[12,20]},)"
                               R"("b":{"dtype":"F32","shape":[2],"data_offsets":[20,28]}})";
    const auto write = [&](const std::string& name, float first, std::int64_t steps) {
        write_safetensors(maker.root() / name, header,
                          raw<float>({first, 2, 3}) + raw<std::int64_t>({steps}) + raw<float>({4, 5}));
    };
    write("updates/a", 1, 17);
    write("updates/b", 1, 18);  // the same numbers, another counter
    // Without its counter, and with the names of a wrapper.
    write_safetensors(maker.root() / "updates/c",
                      R"({"_module.b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
                      R"("_module.w":{"dtype":"F32","shape":[3],"data_offsets":[8,20]}})",
                      raw<float>({4, 5, 9, 2, 3}));
    for (const char* id : {"a", "b", "c"}) maker.update_line(1, id, std::string("updates/") + id, "");
    maker.flush();
    const fs::path path = scratch("counters.fedcase");
    OK(take_in(maker.root(), path));
    TAKE(auto file, CaseFile::open(path));
    TAKE(const auto federation, file->federation());
    QVERIFY(federation.layers[1].counter && federation.layers[1].count == 0 && federation.layers[2].offset == 3);
    QCOMPARE(*file->coordinates(), 5);
    QVERIFY((read_row(*file, update_ref(1, "a"), 0, 5) == std::vector<float>{1, 2, 3, 4, 5}));
    QVERIFY((read_row(*file, update_ref(1, "c"), 0, 5) == std::vector<float>{9, 2, 3, 4, 5}));
    TAKE(auto database, storage::Database::open(path, storage::Database::Access::read_only));
    QCOMPARE(*database.integer("SELECT count(*) FROM payload"), 2);
    QCOMPARE(*database.integer("SELECT count(*) FROM integer_tensor WHERE name = 'n' AND hex(data) IN"
                               " ('1100000000000000', '1200000000000000')"),
             2);
}

void IngestTest::tensors_match_by_name_prefix_and_position()
{
    FolderMaker maker(scratch("matching"), "delta",
                      ", \"layers\": [{\"name\": \"w\", \"shape\": [2, 2]}, {\"name\": \"b\", \"shape\": [2]}]");
    using Arrays = std::vector<storage::NamedArray>;
    const std::vector<double> w{1, 2, 3, 4}, b{5, 6}, all{1, 2, 3, 4, 5, 6};
    const auto npz = [&](const char* name, const Arrays& arrays) {
        OK(storage::write_npz(maker.root() / "updates" / name, arrays));
    };
    npz("named", Arrays{{"b", {2}, b}, {"w", {2, 2}, w}});
    npz("prefixed", Arrays{{"module.w", {2, 2}, w}, {"module.b", {2}, b}});
    npz("position", Arrays{{"arr_0", {2, 2}, w}, {"arr_1", {2}, b}});
    OK(storage::write_npy(maker.root() / "updates/flat", {6}, all));
    npz("turned", Arrays{{"w", {4}, w}, {"b", {2}, b}});
    npz("more", Arrays{{"w", {2, 2}, w}, {"b", {2}, b}, {"x", {2}, b}});
    npz("less", Arrays{{"w", {2, 2}, w}});
    npz("three", Arrays{{"arr_0", {2, 2}, w}, {"arr_1", {2}, b}, {"arr_2", {2}, b}});
    OK(storage::write_npy(maker.root() / "updates/long", {7}, std::vector<double>(7)));
    const std::vector<std::string> good{"named", "prefixed", "position", "flat"};
    const std::vector<std::string> bad{"turned", "more", "less", "three", "long"};
    int round = 0;  // one each, or they would be the same update
    for (const std::string& name : good) maker.update_line(++round, name, "updates/" + name, "");
    for (const std::string& name : bad) maker.update_line(++round, name, "updates/" + name, "");
    maker.flush();
    const fs::path path = scratch("matching.fedcase");
    OK(take_in(maker.root(), path));
    TAKE(auto file, CaseFile::open(path));
    round = 0;
    for (const std::string& name : good)
        QVERIFY2((read_row(*file, update_ref(++round, name), 0, 6) == std::vector<float>{1, 2, 3, 4, 5, 6}),
                 name.c_str());
    TAKE(const auto findings, file->findings());
    TAKE(const auto updates, file->updates());
    for (const model::Update& update : updates) {
        const bool is_bad = std::find(bad.begin(), bad.end(), update.client.text()) != bad.end();
        QVERIFY2((update.state == SnapshotState::misfit) == is_bad, update.client.text().c_str());
        QCOMPARE(finding(findings, "shape-mismatch", update.client.text()) != nullptr, is_bad);
    }
}

void IngestTest::layers_come_from_the_snapshots_where_the_log_has_none()
{
    FolderMaker maker(scratch("layers"));
    maker.rounds(1, 1, 2);
    maker.flush();
    const fs::path path = scratch("layers.fedcase");
    OK(take_in(maker.root(), path));
    TAKE(auto file, CaseFile::open(path));
    TAKE(const auto federation, file->federation());
    QCOMPARE(federation.layers.size(), std::size_t{2});
    QVERIFY(federation.layers[0].name == "fc.weight");
    QVERIFY((federation.layers[0].shape == std::vector<std::int64_t>{FolderMaker::rows, FolderMaker::columns}));
}

void IngestTest::one_client_does_not_decide_what_the_model_is()
{
    FolderMaker maker(scratch("majority"));
    OK(storage::write_npz(maker.root() / "updates/odd.npz",
                          std::vector<storage::NamedArray>{{"evil", {2}, std::vector<double>{1, 2}}}));
    maker.update_line(1, "a-odd", "updates/odd.npz", "");
    for (const char* id : {"b", "c", "d"}) maker.update(1, id);
    maker.flush();
    const fs::path path = scratch("majority.fedcase");
    OK(take_in(maker.root(), path));
    TAKE(auto file, CaseFile::open(path));
    QCOMPARE(*file->coordinates(), FolderMaker::coordinates);
    QVERIFY(finding(*file->findings(), "shape-mismatch", "a-odd"));
}

void IngestTest::identical_numbers_are_stored_once()
{
    FolderMaker maker(scratch("same"));
    const auto values = maker.numbers();
    maker.update(1, "a", values);
    maker.update(2, "b", values);  // the same bytes
    maker.update_line(3, "c", "updates/c.npz",
                      maker.write_snapshot("updates/c.npz", values, storage::NumberType::float64));  // others
    maker.update(3, "d");
    maker.flush();
    const fs::path path = scratch("same.fedcase");
    OK(take_in(maker.root(), path));
    TAKE(auto database, storage::Database::open(path, storage::Database::Access::read_only));
    QCOMPARE(*database.integer("SELECT count(*) FROM payload"), 2);
    QCOMPARE(*database.integer("SELECT count(*) FROM slab"), 4);
    QCOMPARE(*database.integer("SELECT count(*) FROM snapshot"), 3);
    TAKE(auto file, CaseFile::open(path));
    for (const auto& row : {update_ref(1, "a"), update_ref(2, "b"), update_ref(3, "c")})
        QVERIFY(read_row(*file, row, 0, FolderMaker::coordinates) == floats(values));
}

void IngestTest::a_log_that_is_none_makes_no_case()
{
    const fs::path path = scratch("nolog.fedcase");
    const fs::path folder = scratch("nolog");
    QCOMPARE(take_in(folder, path).error().code, ErrorCode::not_found);
    fs::create_directory(folder);
    QCOMPARE(take_in(folder, path).error().code, ErrorCode::not_found);
    write_text(folder / "federation.jsonl", "");
    QCOMPARE(take_in(folder, path).error().code, ErrorCode::malformed);
    write_text(folder / "federation.jsonl", "{\"type\": \"round\", \"round\": 1}\n");
    QCOMPARE(take_in(folder, path).error().code, ErrorCode::malformed);
    write_text(folder / "federation.jsonl", "{\"type\": \"federation\", \"format\": \"fedsleuth/9\"}\n");
    QVERIFY(!take_in(folder, path));
    QVERIFY(!fs::exists(path));
}

void IngestTest::a_case_in_the_evidence_folder_is_refused()
{
    FolderMaker maker(scratch("inside"));
    maker.rounds(1, 1, 1);
    maker.flush();
    for (const char* place : {"x.fedcase", "updates/x.fedcase", "certs/../x.fedcase"})
        QCOMPARE(take_in(maker.root(), maker.root() / place).error().code, ErrorCode::invalid_argument);
    QVERIFY(take_in(maker.root(), maker.root() / ".." / "inside.fedcase"));
    fs::remove(maker.root() / ".." / "inside.fedcase");
}

void IngestTest::linked_cases_read_the_same_numbers()
{
    FolderMaker maker(scratch("linked"), "weights");
    maker.rounds(1, 3, 3);
    maker.flush();
    const fs::path copy = scratch("copy.fedcase"), link = scratch("link.fedcase");
    TAKE(const auto copied, take_in(maker.root(), copy));
    TAKE(const auto linked, take_in(maker.root(), link, true));
    QCOMPARE(copied.updates, linked.updates);
    TAKE(auto one, CaseFile::open(copy));
    TAKE(auto other, CaseFile::open(link));
    TAKE(const auto updates, one->updates());
    std::vector<model::VectorRef> rows;
    for (const model::Update& update : updates)
        rows.push_back({model::VectorRef::Kind::update, update.round, update.client});
    rows.push_back({model::VectorRef::Kind::global_step, RoundNo{3}, {}});
    for (std::int64_t first = 0; first < FolderMaker::coordinates; first += 30'000) {
        const std::int64_t count = std::min<std::int64_t>(30'000, FolderMaker::coordinates - first);
        std::vector<float> a(rows.size() * static_cast<std::size_t>(count)), b(a.size());
        OK(one->read(rows, first, count, a.data()));
        OK(other->read(rows, first, count, b.data()));
        QVERIFY(a == b);
    }
    TAKE(auto database, storage::Database::open(link, storage::Database::Access::read_only));
    QCOMPARE(*database.integer("SELECT count(*) FROM slab"), 0);
    TAKE(const auto files, other->evidence_files());
    for (const model::EvidenceFile& file : files)
        QCOMPARE(file.linked, file.role == "update" || file.role == "checkpoint");
}

void IngestTest::linked_cases_notice_changed_files()
{
    FolderMaker maker(scratch("tampered"));
    maker.rounds(1, 1, 3);
    maker.flush();
    const fs::path path = scratch("tampered.fedcase");
    OK(take_in(maker.root(), path, true));
    const fs::path first = maker.root() / "updates/r1-c0.npz", second = maker.root() / "updates/r1-c1.npz";
    std::string bytes = contents_of(first);
    bytes[bytes.size() / 2] ^= 1;
    write_text(first, bytes);
    write_text(second, contents_of(second) + "x");
    fs::remove(maker.root() / "updates/r1-c2.npz");
    TAKE(auto file, CaseFile::open(path));
    for (const char* id : {"c0", "c1", "c2"}) {
        std::vector<float> out(10);
        const model::VectorRef row = update_ref(1, id);
        const auto done = file->read(std::span(&row, 1), 0, 10, out.data());
        QVERIFY(!done);
        QCOMPARE(done.error().code, id == std::string("c2") ? ErrorCode::not_found : ErrorCode::conflict);
        QVERIFY(done.error().where.find(std::string("r1-") + id) != std::string::npos);
    }
    QVERIFY(!read_row(*file, {model::VectorRef::Kind::checkpoint, RoundNo{1}, {}}, 0, 10).empty());
}

QTEST_GUILESS_MAIN(IngestTest)
#include "tst_ingest.moc"
