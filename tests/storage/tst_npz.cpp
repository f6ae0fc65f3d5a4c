// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/evidence_builders.h"

#include <random>

using namespace fedsleuth;
using namespace fedsleuth::tests;

class TestNpz : public QObject {
    Q_OBJECT

    static ZipPart array(const std::string& name, const std::vector<float>& numbers, bool deflate = false)
    {
        const std::string shape = "(" + std::to_string(numbers.size()) + ",)";
        return {name + ".npy", npy(npy_dict("<f4", shape), floats(numbers)), deflate, {}, {}, 0, {}};
    }
    static std::vector<float> noise(std::size_t count)
    {
        std::mt19937 random(7);
        std::normal_distribution<float> normal;
        std::vector<float> numbers(count);
        for (float& number : numbers) number = normal(random);
        return numbers;
    }

private slots:
    void reads_stored_and_deflated_entries()
    {
        const std::vector<float> numbers = noise(5000);
        for (const bool deflate : {false, true}) {
            const Opened file = open_bytes(zip({array("a", numbers, deflate), array("dir/b ä", {1, 2}, deflate)}));
            OPENED(file);
            QCOMPARE(QString::fromUtf8((*file)->format().data()), QString("npz"));
            QVERIFY((*file)->named());
            QCOMPARE((*file)->tensors()[1].name, std::string("dir/b ä"));
            QCOMPARE(values(**file, 0), numbers);
            QCOMPARE(values(**file, 1), (std::vector<float>{1, 2}));
            QCOMPARE(values(**file, 0), numbers);  // and back again
        }
    }

    void gives_the_same_blocks_in_any_order()
    {
        const std::vector<float> numbers = noise(200'000);
        for (const bool deflate : {false, true}) {
            const Opened file = open_bytes(zip({array("a", numbers, deflate)}));
            OPENED(file);
            for (const std::int64_t first : {0, 65'536, 131'072, 65'536, 199'999, 3}) {
                const std::int64_t count = std::min<std::int64_t>(65'536, 200'000 - first);
                std::vector<float> block(static_cast<std::size_t>(count));
                QVERIFY((*file)->read(0, first, count, block.data()).has_value());
                QVERIFY(std::equal(block.begin(), block.end(), numbers.begin() + first));
            }
        }
    }

    void gives_column_order_row_by_row_when_deflated()
    {
        std::vector<float> stored;
        for (int column = 0; column < 60; ++column)
            for (int row = 0; row < 50; ++row) stored.push_back(static_cast<float>(row * 60 + column));
        const std::string member = npy(npy_dict("<f4", "(50, 60)", true), floats(stored));
        const std::string bytes = zip({{"a.npy", member, true, {}, {}, 0, {}}});
        const Opened file = open_bytes(bytes);
        OPENED(file);
        for (std::int64_t first = 0; first + 1000 <= 3000; first += 500) {
            std::vector<float> block(1000);
            QVERIFY((*file)->read(0, first, 1000, block.data()).has_value());
            for (std::int64_t idx = 0; idx < 1000; ++idx)
                QCOMPARE(block[static_cast<std::size_t>(idx)], static_cast<float>(first + idx));
        }
        storage::Limits limits;
        limits.column_ordered_bytes = 1000;
        REFUSED(open_bytes(bytes, limits), limit, "is deflated and in Fortran order");
    }

    void numbers_arrays_only_where_all_are_numbered()
    {
        const Opened mixed = open_bytes(zip({array("arr_10", {1}), array("arr_9", {2}), array("bias", {3})}));
        OPENED(mixed);
        QVERIFY((*mixed)->named());
        QCOMPARE((*mixed)->tensors()[0].name, std::string("arr_10"));  // the file's own order
        const Opened padded = open_bytes(zip({array("arr_1", {1}), array("arr_00", {2})}));
        OPENED(padded);
        QVERIFY((*padded)->named());
        const Opened gap = open_bytes(zip({array("arr_2", {2}), array("arr_0", {0})}));
        OPENED(gap);
        QVERIFY(!(*gap)->named());
        QCOMPARE((*gap)->tensors()[0].name, std::string("arr_0"));
        QCOMPARE((*gap)->notes().size(), std::size_t{1});
        QVERIFY((*gap)->notes()[0].find("arr_1 is missing") != std::string::npos);
    }

    void leaves_out_what_is_no_array_and_says_so()
    {
        const Opened file = open_bytes(zip({array("a", {1}), {"readme.txt", "hello", false, {}, {}, 0, {}}}));
        OPENED(file);
        QCOMPARE((*file)->tensors().size(), std::size_t{1});
        QCOMPARE((*file)->notes(), std::vector<std::string>{"Left out, as no arrays: 1 entry."});
        REFUSED(open_bytes(zip({{"readme.txt", "hello", false, {}, {}, 0, {}}})), malformed,
                "a ZIP archive without a NumPy array and without torch's data.pkl");
    }

    void names_the_entry_that_is_wrong()
    {
        const std::string object = npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", "x");
        const Opened file = open_bytes(zip({array("a", {1}), {"evil.npy", object, true, {}, {}, 0, {}}}));
        REFUSED(file, refused, "snapshot: entry \"evil.npy\": refused: an object array");
        ZipPart longer = array("a", {1, 2});
        longer.data += "x";
        REFUSED(open_bytes(zip({longer})), malformed, "entry \"a.npy\": 1 byte follows");
    }

    void refuses_a_name_twice()
    {
        REFUSED(open_bytes(zip({array("a", {1}), array("a", {2})})), malformed, "holds the entry \"a.npy\" twice");
    }

    void refuses_encrypted_entries_and_other_methods()
    {
        ZipPart encrypted = array("a", {1});
        encrypted.flags = 1;
        REFUSED(open_bytes(zip({encrypted})), refused, "refused: is encrypted");
        ZipPart bzip2 = array("a", {1});
        bzip2.method = 12;
        REFUSED(open_bytes(zip({bzip2})), unsupported, "is packed by method 12");
    }

    void holds_a_deflated_entry_to_its_declared_size()
    {
        ZipPart part = array("a", noise(1000), true);
        const auto true_size = static_cast<std::uint32_t>(part.data.size());
        // The array fits the declared size; the deflated bytes go on behind it.
        ZipPart longer = part;
        longer.data += std::string(5000, 'x');
        longer.size = true_size;
        Opened file = open_bytes(zip({longer}));
        OPENED(file);
        std::vector<float> out(1000);
        REFUSED((*file)->read(0, 0, 1000, out.data()), malformed, "inflates past the 4128 bytes that it declares");
        // And the other way: less than declared.
        ZipPart shorter = part;
        shorter.data = npy(npy_dict("<f4", "(1000,)"), floats(noise(900)));
        shorter.size = true_size;
        file = open_bytes(zip({shorter}));
        OPENED(file);
        REFUSED((*file)->read(0, 0, 1000, out.data()), malformed, "declares 4128 bytes but ends after 3728");
    }

    void finds_damage_by_the_crc()
    {
        for (const bool deflate : {false, true}) {
            ZipPart part = array("a", {1, 2, 3, 4}, deflate);
            part.crc = 0x12345678;
            const Opened file = open_bytes(zip({part}));
            OPENED(file);
            float out[4] = {};
            REFUSED((*file)->read(0, 0, 4, out), malformed, "its bytes do not give the CRC that the archive declares");
        }
    }

    void refuses_archives_that_blow_up()
    {
        const std::string zeros(4'000'000, '\0');
        const ZipPart bomb{"a.npy", npy(npy_dict("|u1", "(4000000,)"), zeros), true, {}, {}, 0, {}};
        OPENED(open_bytes(zip({bomb})));  // deflate itself ends near 1000 : 1
        storage::Limits limits;
        limits.inflation_ratio = 100;
        REFUSED(open_bytes(zip({bomb}), limits), limit, "beyond the limit of 100 to 1");
        limits = {};
        limits.inflated_bytes = 5'000'000;
        ZipPart second = bomb;
        second.name = "b.npy";
        REFUSED(open_bytes(zip({bomb, second}), limits), limit, "together inflate beyond the limit of 5,000,000 bytes");
        ZipPart liar = array("a", {1}, true);
        liar.size = 0xfffffff0u;
        REFUSED(open_bytes(zip({liar})), limit, "beyond the limit of 2000 to 1");
    }

    void refuses_entries_that_overlap()
    {
        // One stored entry, named twenty times in the directory.
        const ZipPart part = array("a", noise(100));
        std::string file = zip({part});
        const std::size_t directory = file.find("PK\x01\x02");
        const std::size_t end = file.find("PK\x05\x06");
        std::string records;
        for (char name = 'a'; name < 'u'; ++name) {
            std::string record = file.substr(directory, end - directory);
            record[46] = name;
            records += record;
        }
        const std::string trailer = std::string("PK\x05\x06") + little(0, 4) + little(20, 2) + little(20, 2) +
                                    little(records.size(), 4) + little(directory, 4) + little(0, 2);
        const Opened opened = open_bytes(file.substr(0, directory) + records + trailer);
        QVERIFY(!opened.has_value());
        QVERIFY2(opened.error().code == model::ErrorCode::malformed, opened.error().text().c_str());
    }

    void survives_a_directory_that_promises_millions_of_entries()
    {
        using namespace std::string_literals;
        for (const std::uint64_t entries : {std::uint64_t{1} << 24, std::uint64_t{1} << 33, std::uint64_t{1} << 62}) {
            const std::string record = "PK\x06\x06"s + little(44, 8) + little(45, 2) + little(45, 2) + little(0, 8) +
                                       little(entries, 8) + little(entries, 8) + little(46, 8) + little(0, 8);
            const std::string local = "PK\x03\x04"s + std::string(100, '\0');
            const std::string locator = "PK\x06\x07"s + little(0, 4) + little(local.size(), 8) + little(1, 4);
            const std::string end = "PK\x05\x06"s + little(0, 4) + little(0xffff, 2) + little(0xffff, 2) +
                                    little(0xffffffff, 4) + little(0xffffffff, 4) + little(0, 2);
            const Opened file = open_bytes(local + record + locator + end);
            REFUSED(file, limit, "its directory names " + std::to_string(entries) + " entries");
        }
    }

    void limits_the_number_of_entries()
    {
        storage::Limits limits;
        limits.tensors = 2;
        OPENED(open_bytes(zip({array("a", {1}), array("b", {1})}), limits));
        REFUSED(open_bytes(zip({array("a", {1}), array("b", {1}), array("c", {1})}), limits), limit,
                "its directory names 3 entries, more than the limit of 2");
        // A directory that names one entry and holds three.
        std::string lying = zip({array("a", {1}), array("b", {1}), array("c", {1})});
        const std::size_t end = lying.find("PK\x05\x06");
        lying.replace(end + 8, 4, little(1, 2) + little(1, 2));
        QVERIFY(!open_bytes(lying).has_value());
    }

    void opens_archives_with_data_before_their_end_only()
    {
        const std::string sound = zip({array("a", {1})});
        REFUSED(open_bytes(sound.substr(0, sound.size() - 30)), malformed, "is no ZIP archive that can be read");
        REFUSED(open_bytes("x" + sound), malformed, "none of the formats");
        REFUSED(open_bytes(std::string("PK\x05\x06") + std::string(18, '\0')), malformed, "an archive without entries");
    }

    void names_keras_archives()
    {
        REFUSED(open_bytes(zip({{"config.json", "{}", false, {}, {}, 0, {}},
                                {"model.weights.h5", "x", false, {}, {}, 0, {}}})),
                unsupported, "is a Keras archive");
    }

    void takes_one_descriptor_a_file()
    {
        const std::filesystem::path path = write_file("many", zip({array("a", noise(100), true)}));
        const auto open_descriptors = [] {
            std::filesystem::directory_iterator entries("/proc/self/fd");
            return std::distance(begin(entries), end(entries));
        };
        const auto before = open_descriptors();
        std::vector<std::unique_ptr<storage::SnapshotFile>> files;
        for (int idx = 0; idx < 20; ++idx) {
            Opened file = storage::open_snapshot(path);
            OPENED(file);
            (void)values(**file);
            files.push_back(std::move(*file));
        }
        QCOMPARE(open_descriptors() - before, 20);
        files.clear();
        QCOMPARE(open_descriptors(), before);
    }
};

QTEST_GUILESS_MAIN(TestNpz)
#include "tst_npz.moc"
