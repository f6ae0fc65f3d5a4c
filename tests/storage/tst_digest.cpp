// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/custody/digest.h"

#include <QtTest>

using namespace fedsleuth::storage;

class TestDigest : public QObject {
    Q_OBJECT
private slots:
    // FIPS 180-4 examples.
    void knows_the_published_vectors()
    {
        QCOMPARE(sha256_hex(""), std::string("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
        QCOMPARE(sha256_hex("abc"), std::string("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
        QCOMPARE(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
                 std::string("248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"));
        QCOMPARE(sha256_hex(std::string(1'000'000, 'a')),
                 std::string("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"));
    }
    void pieces_make_the_same_hash_as_the_whole()
    {
        const std::string text = "the quick brown fox jumps over the lazy dog";
        Sha256 hash;
        for (const char character : text) hash.add(std::string_view(&character, 1));
        hash.add(std::span<const std::byte>());
        QCOMPARE(hash.hex(), sha256_hex(text));
    }
    void starts_anew_after_hex()
    {
        Sha256 hash;
        hash.add("abc");
        const std::string first = hash.hex();
        hash.add("abc");
        QCOMPARE(hash.hex(), first);
        Sha256 moved = std::move(hash);
        QCOMPARE(moved.hex(), sha256_hex(""));
    }
    void bytes_with_zeros_count() { QVERIFY(sha256_hex(std::string_view("a\0b", 3)) != sha256_hex("a")); }
};

QTEST_GUILESS_MAIN(TestDigest)
#include "tst_digest.moc"
