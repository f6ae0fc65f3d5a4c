// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/evidence/pickle.h"
#include "storage/evidence_builders.h"

using namespace fedsleuth;
using namespace fedsleuth::tests;
using storage::Pickle;

class TestPickle : public QObject {
    Q_OBJECT

    std::string kept_;  ///< what the pickle's texts point into

    model::Result<Pickle> read(const std::string& body, const storage::Limits& limits = {})
    {
        kept_ = pickle::whole(body);
        return Pickle::read(kept_, "here", limits);
    }
    const Pickle::Value& value_of(model::Result<Pickle>& result)
    {
        if (!result) QTest::qFail(result.error().text().c_str(), __FILE__, __LINE__);
        return (*result)[result->root()];
    }

private slots:
    void reads_numbers_and_texts()
    {
        using namespace std::string_literals;
        const auto integer = [&](const std::string& body) {
            auto result = read(body);
            return value_of(result).integer;
        };
        QCOMPARE(integer("K\xff"s), std::int64_t{255});
        QCOMPARE(integer("M\xff\xff"s), std::int64_t{65535});
        QCOMPARE(integer("J\xff\xff\xff\xff"s), std::int64_t{-1});
        QCOMPARE(integer("J\x00\x00\x00\x80"s), std::int64_t{-2147483648});
        QCOMPARE(integer("\x8a\x00"s), std::int64_t{0});
        QCOMPARE(integer("\x8a\x01\xff"s), std::int64_t{-1});
        QCOMPARE(integer("\x8a\x02\x00\x01"s), std::int64_t{256});
        QCOMPARE(integer("\x8a\x08\x00\x00\x00\x00\x00\x00\x00\x80"s), std::numeric_limits<std::int64_t>::min());
        QCOMPARE(integer("\x88"s), std::int64_t{1});
        auto number = read("G\x3f\xf8\x00\x00\x00\x00\x00\x00"s);
        QCOMPARE(value_of(number).number, 1.5);
        auto longer = read("\x8a\x09"s + std::string(9, '\x01'));  // larger than 64 bits: kept, and no integer
        QVERIFY(value_of(longer).kind == Pickle::Kind::bytes);
        auto text = read(pickle::text("ä"));
        QCOMPARE(std::string(value_of(text).text), std::string("ä"));
        QVERIFY(value_of(text).kind == Pickle::Kind::text);
    }

    void builds_containers_through_the_memo()
    {
        auto result = read("}q\x05(" + pickle::text("a") + "]r" + little(300, 4) +
                           "(K\x01K\x02"
                           "e" +
                           pickle::text("b") + "j" + little(300, 4) + pickle::text("c") + "K\x01K\x02K\x03\x87u");
        const Pickle::Value& root = value_of(result);
        QVERIFY(root.kind == Pickle::Kind::dict);
        QCOMPARE(root.items.size(), std::size_t{6});
        QCOMPARE(root.items[1], root.items[3]);  // the same list twice
        QCOMPARE((*result)[root.items[1]].items.size(), std::size_t{2});
        QCOMPARE((*result)[root.items[5]].items.size(), std::size_t{3});
    }

    void survives_a_list_that_holds_itself()
    {
        auto result = read(std::string("]q\0h\0a", 6));
        const Pickle::Value& root = value_of(result);
        QCOMPARE(root.items.size(), std::size_t{1});
        QCOMPARE(root.items[0], result->root());
    }

    void refuses_every_global_that_is_not_listed()
    {
        const std::pair<const char*, const char*> globals[] = {{"posix", "system"},
                                                               {"builtins", "eval"},
                                                               {"builtins", "getattr"},
                                                               {"os", "system"},
                                                               {"torch", "load"},
                                                               {"torch.hub", "load"},
                                                               {"torch", "_C"},
                                                               {"torch.jit", "load"},
                                                               {"collections", "Counter"},
                                                               {"torch", "Tensor"},
                                                               {"_codecs", "encode"},
                                                               {"torch._utils", "_rebuild_tensor"},
                                                               {"collections", "OrderedDict.popitem"},
                                                               {"torch.FloatStorage", ""},
                                                               {"", ""}};
        for (const auto& [module, name] : globals) {
            const auto result = read(pickle::global(module, name));
            REFUSED(result, refused, "refused: its pickle asks for " + std::string(module) + "." + name);
        }
    }

    void tells_what_else_it_asks_for()
    {
        const auto result = read(pickle::global("posix", "system") + pickle::text("x") + "\x85R" +
                                 pickle::global("builtins", "exec") + pickle::text("y") + "\x85R\x86");
        REFUSED(result, refused, "refused: its pickle asks for posix.system, builtins.exec");
        QCOMPARE(result.error().where, std::string("here, byte 2"));
        REFUSED(read(pickle::global("__main__", "Net") + ")\x81}b"), refused, "save model.state_dict() instead");
        const auto escaped = read(pickle::global("a\x1b[2J", "b"));
        REFUSED(escaped, refused, "asks for a\\x1b[2J.b");
    }

    void refuses_every_opcode_that_is_not_listed()
    {
        using namespace std::string_literals;
        const std::pair<std::string, const char*> bodies[] = {{"0", "POP"},
                                                              {"2", "DUP"},
                                                              {"1", "POP_MARK"},
                                                              {"I1\n", "INT"},
                                                              {"L1L\n", "LONG"},
                                                              {"S'a'\n", "STRING"},
                                                              {"Va\n", "UNICODE"},
                                                              {"T\x01\0\0\0a"s, "BINSTRING"},
                                                              {"F1\n", "FLOAT"},
                                                              {"(d", "DICT"},
                                                              {"(l", "LIST"},
                                                              {"P1\n", "PERSID"},
                                                              {"g1\n", "GET"},
                                                              {"p1\n", "PUT"},
                                                              {"\x82\x01", "EXT1"},
                                                              {"\x83\x01\x01", "EXT2"},
                                                              {"\x84\x01\x01\x01\x01", "EXT4"},
                                                              {"\x8b\x01\0\0\0a"s, "LONG4"},
                                                              {"B\x01\0\0\0a"s, "BINBYTES"},
                                                              {"C\x01"
                                                               "a",
                                                               "SHORT_BINBYTES"},
                                                              {"\x8c\x01"
                                                               "a",
                                                               "SHORT_BINUNICODE"},
                                                              {"\x94", "MEMOIZE"},
                                                              {"\x90", "ADDITEMS"},
                                                              {"\x91", "FROZENSET"},
                                                              {"\x92", "NEWOBJ_EX"},
                                                              {"\x95\x01\0\0\0\0\0\0\0"s, "FRAME"},
                                                              {"\x97", "NEXT_BUFFER"},
                                                              {"\xee", "0xee"}};
        for (const auto& [body, name] : bodies)
            REFUSED(read(body), refused, "refused: its pickle uses the opcode " + std::string(name) + ",");
        REFUSED(read("(iposix\nsystem\n"), refused, "asks for posix.system (and uses the opcode INST)");
        REFUSED(read("(" + pickle::text("posix") + pickle::text("system") + "\x93"), refused,
                "asks for posix.system (and uses the opcode STACK_GLOBAL)");
        REFUSED(read("N" + std::string("\x80\x02")), refused, "begins anew in the middle");
    }

    void calls_only_what_makes_data()
    {
        REFUSED(read(pickle::text("x") + ")R"), refused, "refused: its pickle calls a text");
        REFUSED(read(pickle::global("torch", "FloatStorage") + ")R"), refused, "calls torch.FloatStorage");
        REFUSED(read(pickle::global("torch", "float32") + ")R"), refused, "calls torch.float32");
        REFUSED(read(pickle::global("torch._utils", "_rebuild_tensor_v2") + ")\x81"), refused,
                "calls torch._utils._rebuild_tensor_v2");
        REFUSED(read(pickle::global("torch._utils", "_rebuild_tensor_v2") + ")R"), malformed,
                "makes a tensor of what no tensor is made of");
        REFUSED(read(pickle::global("collections", "OrderedDict") + "]\x85R"), malformed, "OrderedDict with arguments");
        REFUSED(read(pickle::global("collections", "OrderedDict") + "]R"), malformed, "arguments that are no tuple");
        auto size = read(pickle::global("torch", "Size") + "K\x02K\x03\x86\x85R");
        QCOMPARE(value_of(size).items.size(), std::size_t{2});
    }

    void checks_what_containers_are_changed()
    {
        const std::string tensor = pickle::tensor(pickle::storage("0", "FloatStorage", 4), 0, {4}, {1});
        // CVE-2026-24747: items set on what is no dictionary.
        REFUSED(read(tensor + "K\x01K\x02s"), refused,
                "refused: its pickle sets items of a tensor, which is no dictionary");
        REFUSED(read("](K\x01K\x02u"), refused, "sets items of a list");
        REFUSED(read("}K\x01"
                     "a"),
                refused, "appends to a dictionary");
        REFUSED(read(tensor + "}b"), refused, "sets the state of a tensor");
        REFUSED(read("}}b"), refused, "sets the state of a dictionary");
        REFUSED(read(pickle::ordered_dict() + "]b"), malformed, "attributes that are no dictionary");
        REFUSED(read("}(K\x01u"), malformed, "sets a key without a value");
        REFUSED(read("}]K\x01s"), malformed, "uses a list as a key");
    }

    void checks_persistent_ids()
    {
        REFUSED(read(pickle::text("storage") + "Q"), malformed, "names a storage in a way that torch does not");
        const std::string type = pickle::global("torch", "FloatStorage");
        const std::string key = pickle::text("0") + pickle::text("cpu");
        REFUSED(read("(" + pickle::text("module") + type + key + pickle::integer(4) + "tQ"), malformed,
                "names a storage");
        REFUSED(read("(" + pickle::text("storage") + type + key + pickle::integer(-4) + "tQ"), malformed,
                "names a storage");
        REFUSED(read("(" + pickle::text("storage") + type + key + "tQ"), malformed, "names a storage");
        REFUSED(
            read("(" + pickle::text("storage") + pickle::global("torch", "float32") + key + pickle::integer(4) + "tQ"),
            malformed, "whose type is none");
    }

    void keeps_its_stack_in_order()
    {
        REFUSED(read(""), malformed, "stops with 0 values on the stack");
        REFUSED(read("K\x01K\x02"), malformed, "stops with 2 values on the stack");
        REFUSED(read("(K\x01"), malformed, "stops with 1 values on the stack");
        REFUSED(read("t"), malformed, "no MARK");
        REFUSED(read("\x85"), malformed, "takes from an empty stack");
        REFUSED(read("K\x01(\x85"), malformed, "takes from an empty stack");  // not from under a mark
        REFUSED(read("h\x07"), malformed, "takes number 7 from its memo");
        REFUSED(read("N.N"), malformed, "2 bytes follow the pickle's STOP");
        REFUSED(Pickle::read("\x80\x02X\xff\xff\xff\xff"
                             "ab",
                             "here", {}),
                malformed, "ends within BINUNICODE");
        REFUSED(Pickle::read("\x80\x02N", "here", {}), malformed, "ends without STOP");
        REFUSED(Pickle::read("\x80\x02"
                             "cposix\nsystem",
                             "here", {}),
                malformed, "ends within a name");
        REFUSED(Pickle::read("", "here", {}), malformed, "ends without STOP");
    }

    void keeps_to_its_limits()
    {
        storage::Limits limits;
        limits.pickle_bytes = 10;
        REFUSED(read(std::string(20, 'N'), limits), limit, "more than the limit of 10");
        limits = {};
        limits.pickle_opcodes = 100;
        REFUSED(read(std::string(200, ')'), limits), limit, "more opcodes than the limit of 100");
        limits = {};
        limits.pickle_values = 100;
        REFUSED(read(std::string(200, ')'), limits), limit, "makes more values than the limit of 100");
        REFUSED(read("Nr" + little(0xfffffff0, 4)), limit, "numbers its memo beyond the limit of 4,000,000");
        REFUSED(read(std::string(65, '(')), limit, "nests deeper than the limit of 64");
        REFUSED(read(")" + std::string(100, '\x85')), limit, "nests deeper than the limit of 64");
    }
};

QTEST_GUILESS_MAIN(TestPickle)
#include "tst_pickle.moc"
