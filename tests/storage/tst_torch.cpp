// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/evidence_builders.h"

using namespace fedsleuth;
using namespace fedsleuth::tests;
using model::ElementType;

class TestTorch : public QObject {
    Q_OBJECT

    /// A file with one storage "0" of four floats 1 … 4.
    static Opened open(const std::string& body, const storage::Limits& limits = {})
    {
        return open_bytes(torch_file({body, {{"0", floats({1, 2, 3, 4})}}, std::nullopt, "archive/"}), limits);
    }
    static std::string four() { return pickle::storage("0", "FloatStorage", 4); }
    static std::string vector() { return pickle::tensor(four(), 0, {4}, {1}); }
    static std::string state() { return pickle::dict({{"w", vector()}}); }

private slots:
    void reads_a_state_dict_under_any_prefix()
    {
        for (const char* const prefix : {"archive/", "r0001-site/", "ä b/", ""}) {
            const Opened file =
                open_bytes(torch_file({state(), {{"0", floats({1, 2, 3, 4})}}, std::nullopt, prefix}));
            OPENED(file);
            QCOMPARE(QString::fromUtf8((*file)->format().data()), QString("pt"));
            QVERIFY((*file)->named());
            QCOMPARE((*file)->tensors()[0].name, std::string("w"));
            QCOMPARE(values(**file), (std::vector<float>{1, 2, 3, 4}));
            QVERIFY((*file)->notes().empty());
        }
    }

    void reads_every_storage_type()
    {
        using namespace std::string_literals;
        const auto one = [](const std::string& type, const std::string& bytes) {
            const std::string tensor = pickle::tensor(pickle::storage("0", type, 1), 0, {1}, {1});
            return open_bytes(torch_file({pickle::dict({{"w", tensor}}), {{"0", bytes}}, std::nullopt, "archive/"}));
        };
        const std::pair<const char*, std::string> float_types[] = {{"HalfStorage", "\x00\xc1"s},
                                                                   {"BFloat16Storage", "\x20\xc0"s},
                                                                   {"FloatStorage", floats({-2.5f})},
                                                                   {"DoubleStorage", raw(std::vector<double>{-2.5})}};
        for (const auto& [type, bytes] : float_types) {
            const Opened file = one(type, bytes);
            OPENED(file);
            QCOMPARE(values(**file), std::vector<float>{-2.5f});
        }
        const std::tuple<const char*, std::string, std::int64_t> integer_types[] = {
            {"LongStorage", raw(std::vector<std::int64_t>{-7}), -7}, {"IntStorage", raw(std::vector<std::int32_t>{-7}), -7},
            {"ShortStorage", raw(std::vector<std::int16_t>{-7}), -7}, {"CharStorage", "\xf9"s, -7},
            {"ByteStorage", "\xf9"s, 249}, {"BoolStorage", "\x01"s, 1}};
        for (const auto& [type, bytes, value] : integer_types) {
            const Opened file = one(type, bytes);
            OPENED(file);
            const auto integers = (*file)->integers(0);
            QVERIFY(integers.has_value());
            QCOMPARE(*integers, std::vector<std::int64_t>{value});
        }
        REFUSED(one("ComplexFloatStorage", std::string(8, '\0')), refused, "asks for torch.ComplexFloatStorage");
    }

    void reads_tensors_with_a_dtype_of_their_own()
    {
        const auto v3 = [](const std::string& dtype, const std::string& storage, std::int64_t count) {
            return pickle::dict({{"w", pickle::global("torch._utils", "_rebuild_tensor_v3") + "(" + storage +
                                           pickle::integer(0) + pickle::tuple({count}) + pickle::tuple({1}) + "\x89" +
                                           pickle::ordered_dict() + pickle::global("torch", dtype) + "tR"}});
        };
        const std::string untyped =
            "(" + pickle::text("storage") + pickle::global("torch.storage", "UntypedStorage") + pickle::text("0") +
            pickle::text("cpu") + pickle::integer(16) + "tQ";
        Opened file = open(v3("float32", untyped, 4));
        OPENED(file);
        QCOMPARE(values(**file), (std::vector<float>{1, 2, 3, 4}));
        file = open(v3("uint16", untyped, 8));
        OPENED(file);
        QCOMPARE((*file)->integers(0).value().at(1), std::int64_t{0x3f80});
        REFUSED(open(v3("float32", untyped, 5)), malformed, "leaves its storage: it reaches element 4 of 4");
        REFUSED(open(v3("float8_e4m3fn", untyped, 4)), refused, "asks for torch.float8_e4m3fn");
        REFUSED(open(pickle::dict({{"w", pickle::tensor(untyped, 0, {4}, {1})}})), malformed,
                "a storage without an element type");
    }

    void finds_the_state_dict_in_what_frameworks_wrap_it_in()
    {
        for (const char* const key : {"model", "state_dict", "model_state_dict", "module_state_dict"}) {
            const std::string body = "}(" + pickle::text("epoch") + pickle::integer(3) + pickle::text(key) + state() + "u";
            const Opened file = open(body);
            OPENED(file);
            QCOMPARE((*file)->tensors().size(), std::size_t{1});
            QCOMPARE((*file)->tensors()[0].name, std::string("w"));
            QCOMPARE((*file)->notes(), std::vector<std::string>{"The tensors were taken from under the key \"" +
                                                                 std::string(key) + "\"."});
        }
        REFUSED(open(pickle::dict({{"weights", state()}})), malformed, "holds no state_dict");
        REFUSED(open(pickle::dict({{"model", pickle::integer(3)}})), malformed, "holds no state_dict");
        REFUSED(open(pickle::integer(3)), malformed, "holds no state_dict");
    }

    void takes_off_what_opacus_puts_before_names()
    {
        Opened file = open(pickle::dict({{"_module.a", vector()}, {"_module.b", vector()}}));
        OPENED(file);
        QCOMPARE((*file)->tensors()[0].name, std::string("a"));
        QCOMPARE((*file)->tensors()[1].name, std::string("b"));
        file = open(pickle::dict({{"_module.a", vector()}, {"b", vector()}}));
        OPENED(file);
        QCOMPARE((*file)->tensors()[0].name, std::string("_module.a"));
    }

    void numbers_the_tensors_of_a_list()
    {
        for (const std::string& body : {"](" + vector() + vector() + "e", vector() + vector() + "\x86",
                                        "(" + vector() + vector() + "t"}) {
            const Opened file = open(body);
            OPENED(file);
            QVERIFY(!(*file)->named());
            QCOMPARE((*file)->tensors().size(), std::size_t{2});
        }
        REFUSED(open(vector() + pickle::integer(1) + "\x86"), malformed, "holds something else at position 1");
    }

    void reads_an_ordered_dict_with_metadata_and_parameters()
    {
        const std::string parameter = pickle::global("torch._utils", "_rebuild_parameter") + "(" + vector() + "\x88" +
                                      pickle::ordered_dict() + "tR";
        const std::string body = pickle::ordered_dict() + "(" + pickle::text("w") + parameter + pickle::text("n") +
                                 pickle::integer(1) + "u" + "}" + pickle::text("_metadata") + pickle::ordered_dict() + "sb";
        const Opened file = open(body);
        OPENED(file);
        QCOMPARE((*file)->tensors().size(), std::size_t{1});
        QCOMPARE(values(**file), (std::vector<float>{1, 2, 3, 4}));
        QCOMPARE((*file)->notes(), std::vector<std::string>{"Left out beside the tensors: 1 value."});
    }

    void gives_views_row_by_row()
    {
        const auto view = [](std::int64_t offset, std::vector<std::int64_t> shape, std::vector<std::int64_t> strides) {
            const Opened file = open(pickle::dict({{"w", pickle::tensor(four(), offset, shape, strides)}}));
            if (!file) QTest::qFail(file.error().text().c_str(), __FILE__, __LINE__);
            return values(**file);
        };
        QCOMPARE(view(1, {2}, {1}), (std::vector<float>{2, 3}));
        QCOMPARE(view(0, {2}, {3}), (std::vector<float>{1, 4}));
        QCOMPARE(view(0, {2, 2}, {1, 2}), (std::vector<float>{1, 3, 2, 4}));
        QCOMPARE(view(0, {2, 3}, {2, 0}), (std::vector<float>{1, 1, 1, 3, 3, 3}));
        QCOMPARE(view(3, {3}, {0}), (std::vector<float>{4, 4, 4}));
        QCOMPARE(view(0, {3, 2}, {1, 1}), (std::vector<float>{1, 2, 2, 3, 3, 4}));
        QCOMPARE(view(2, {}, {}), (std::vector<float>{3}));
        QCOMPARE(view(4, {0}, {1}), (std::vector<float>{}));
        QCOMPARE(view(0, {1, 4}, {99, 1}), (std::vector<float>{1, 2, 3, 4}));
    }

    void refuses_views_that_leave_their_storage()
    {
        const auto view = [](std::int64_t offset, std::vector<std::int64_t> shape, std::vector<std::int64_t> strides) {
            return open(pickle::dict({{"w", pickle::tensor(four(), offset, shape, strides)}}));
        };
        constexpr std::int64_t huge = std::int64_t{1} << 62;
        REFUSED(view(1, {4}, {1}), malformed, "leaves its storage: it reaches element 4 of 4");
        REFUSED(view(4, {}, {}), malformed, "reaches element 4 of 4");
        REFUSED(view(0, {2, 2}, {2, 2}), malformed, "reaches element 4 of 4");
        REFUSED(view(0, {3}, {huge}), malformed, "leaves its storage: it reaches element beyond 2^63");
        REFUSED(view(huge, {2}, {huge}), malformed, "beyond 2^63");
        REFUSED(view(5, {0}, {1}), malformed, "reaches element 4 of 4");
        REFUSED(view(-1, {2}, {1}), malformed, "negative offset or stride");
        REFUSED(view(3, {2}, {-1}), malformed, "negative offset or stride");
        REFUSED(view(0, {-2}, {1}), malformed, "size overflows");
        REFUSED(view(0, {2, 2}, {1}), malformed, "2 dimensions but 1 strides");
        REFUSED(view(0, {huge, 4}, {0, 0}), malformed, "size overflows");
    }

    void refuses_views_that_blow_up()
    {
        const auto repeated = [](std::int64_t count) {
            return open(pickle::dict({{"w", pickle::tensor(four(), 0, {count}, {0})}}));
        };
        OPENED(repeated(1 << 24));
        REFUSED(repeated((1 << 24) + 1), limit, "repeats the 4 elements of its storage 16,777,217 times in all");
        REFUSED(repeated(std::int64_t{1} << 40), limit, "more than the limit of 68,719,476,736");
        std::vector<std::pair<std::string, std::string>> many;
        for (int idx = 0; idx < 5; ++idx) {
            const std::string name(1, static_cast<char>('a' + idx));
            many.emplace_back(name, pickle::tensor(four(), 0, {1 << 24}, {0}));
        }
        storage::Limits limits;
        limits.elements = 4 << 24;
        REFUSED(open(pickle::dict(many), limits), limit, "its tensors together hold more than the limit of 67,108,864");
    }

    void demands_that_storages_have_the_declared_length()
    {
        for (const std::int64_t numel : {3, 5}) {  // CVE-2026-24747
            const std::string tensor = pickle::tensor(pickle::storage("0", "FloatStorage", numel), 0, {2}, {1});
            REFUSED(open(pickle::dict({{"w", tensor}})), malformed,
                    "its storage \"0\" has 16 bytes, and not the " + std::to_string(numel) + " elements of 4 bytes");
        }
        const std::string huge = pickle::tensor(pickle::storage("0", "FloatStorage", std::int64_t{1} << 62), 0, {2}, {1});
        REFUSED(open(pickle::dict({{"w", huge}})), malformed, "its storage \"0\" has 16 bytes");
        const std::string other = pickle::tensor(pickle::storage("../0", "FloatStorage", 4), 0, {2}, {1});
        REFUSED(open(pickle::dict({{"w", other}})), malformed, "its storage \"../0\" is not in the archive");
    }

    void honours_the_byte_order()
    {
        using namespace std::string_literals;
        const std::string big = "\x3f\x80\x00\x00\x40\x00\x00\x00\x40\x40\x00\x00\x40\x80\x00\x00"s;
        Opened file = open_bytes(torch_file({state(), {{"0", big}}, "big", "archive/"}));
        OPENED(file);
        QCOMPARE(values(**file), (std::vector<float>{1, 2, 3, 4}));
        file = open_bytes(torch_file({state(), {{"0", floats({1, 2, 3, 4})}}, "little", "archive/"}));
        OPENED(file);
        QCOMPARE(values(**file), (std::vector<float>{1, 2, 3, 4}));
        REFUSED(open_bytes(torch_file({state(), {{"0", big}}, "middle", "archive/"})), malformed, "says \"middle\"");
    }

    void notes_a_crc_that_does_not_fit_and_reads_on()
    {
        const std::vector<ZipPart> parts{{"a/data.pkl", pickle::whole(state()), false, 0u, {}, 0, {}},
                                         {"a/data/0", floats({1, 2, 3, 4}), false, 0u, {}, 0, {}}};
        const Opened file = open_bytes(zip(parts));
        OPENED(file);
        QCOMPARE(values(**file), (std::vector<float>{1, 2, 3, 4}));
        QCOMPARE(values(**file), (std::vector<float>{1, 2, 3, 4}));
        QCOMPARE((*file)->notes().size(), std::size_t{1});
        QCOMPARE((*file)->notes()[0],
                 std::string("The bytes of entry \"a/data/0\" do not give the CRC that the archive declares."));
    }

    void refuses_torchscript_and_mixtures()
    {
        std::vector<ZipPart> parts{{"m/data.pkl", pickle::whole(state()), false, {}, {}, 0, {}},
                                   {"m/data/0", floats({1, 2, 3, 4}), false, {}, {}, 0, {}}};
        std::vector<ZipPart> script = parts;
        script.push_back({"m/constants.pkl", "x", false, {}, {}, 0, {}});
        REFUSED(open_bytes(zip(script)), refused, "refused: a TorchScript archive, which holds code");
        script = parts;
        script.push_back({"m/code/__torch__.py", "x", false, {}, {}, 0, {}});
        REFUSED(open_bytes(zip(script)), refused, "TorchScript");
        std::vector<ZipPart> both = parts;
        both.push_back({"a.npy", npy(npy_dict("<f4", "(1,)"), floats({1})), false, {}, {}, 0, {}});
        REFUSED(open_bytes(zip(both)), malformed, "readers differ on which is meant");
        std::vector<ZipPart> two = parts;
        two.push_back({"n/data.pkl", pickle::whole(state()), false, {}, {}, 0, {}});
        REFUSED(open_bytes(zip(two)), malformed, "holds two entries data.pkl");
    }

    void refuses_transposed_views_of_deflated_storages()
    {
        const auto file = [](const std::string& tensor) {
            return open_bytes(zip({{"a/data.pkl", pickle::whole(pickle::dict({{"w", tensor}})), true, {}, {}, 0, {}},
                                   {"a/data/0", floats({1, 2, 3, 4}), true, {}, {}, 0, {}}}));
        };
        const Opened plain = file(vector());
        OPENED(plain);
        QCOMPARE(values(**plain), (std::vector<float>{1, 2, 3, 4}));
        REFUSED(file(pickle::tensor(four(), 0, {2, 2}, {1, 2})), unsupported, "of a deflated storage");
    }

    void refuses_a_name_twice_or_none()
    {
        REFUSED(open(pickle::dict({{"w", vector()}, {"w", vector()}})), malformed, "holds the name \"w\" twice");
        REFUSED(open("}(" + pickle::integer(0) + vector() + "u"), malformed, "a tensor whose name is no text");
        REFUSED(open(pickle::dict({{"\xff", vector()}})), malformed, "a name that is not UTF-8");
    }

    void refuses_other_pickles_by_content()
    {
        using namespace std::string_literals;
        REFUSED(open_bytes("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."s), refused, "torch's old form");
        REFUSED(open_bytes("\x80\x04\x95\x1d\0\0\0\0\0\0\0\x8c\x05posix\x94\x8c\x06system\x94\x93\x94\x8c\x02ls\x94\x85\x94R\x94."s),
                refused, "refused: its pickle asks for posix.system");
        REFUSED(open_bytes("\x80\x02}."s), refused, "a pickle, which is a program and not a file of numbers");
        REFUSED(open_bytes(std::string(257, 'x') + "ustar" + std::string(300, '\0')), refused, "CVE-2025-32434");
        REFUSED(open_bytes("\x89HDF\r\n\x1a\n"s), unsupported, "is an HDF5 file");
        REFUSED(open_bytes(""), malformed, "is empty");
        REFUSED(open_bytes("hello, world"), malformed, "none of the formats");
        REFUSED(storage::open_snapshot("/nowhere/at/all.npz"), not_found, "all.npz: cannot be opened");
        REFUSED(storage::open_snapshot("/dev/null"), refused, "is not a regular file");
        REFUSED(storage::open_snapshot(FEDSLEUTH_SCRATCH), refused, "is not a regular file");
    }
};

QTEST_GUILESS_MAIN(TestTorch)
#include "tst_torch.moc"
