// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/custody/custody_chain.h"

#include <QtTest>

using namespace fedsleuth;
using model::CustodyEntry;

namespace {

std::vector<CustodyEntry> chain(int length)
{
    std::vector<CustodyEntry> entries;
    std::string previous(64, '0');
    for (int idx = 1; idx <= length; ++idx) {
        CustodyEntry entry{idx,
                           "2026-03-06T16:00:0" + std::to_string(idx) + "Z",
                           "ada",
                           "ingest",
                           "folder",
                           "{}",
                           std::string(64, 'a'),
                           previous,
                           {}};
        entry.hash = storage::custody_hash(entry);
        previous = entry.hash;
        entries.push_back(entry);
    }
    return entries;
}

}  // namespace

class CustodyChainTest : public QObject {
    Q_OBJECT
private slots:
    void an_intact_chain_has_no_problems();
    void every_changed_field_is_found();
    void a_change_with_a_new_hash_is_found_at_the_next_entry();
    void missing_doubled_and_swapped_entries_are_found();
    void bytes_can_not_move_between_fields();
    void the_hash_is_fixed();
};

void CustodyChainTest::an_intact_chain_has_no_problems()
{
    QVERIFY(storage::check_custody_chain({}).empty());
    QVERIFY(storage::check_custody_chain(chain(5)).empty());
}

void CustodyChainTest::every_changed_field_is_found()
{
    const std::vector<std::string CustodyEntry::*> fields{&CustodyEntry::time,
                                                          &CustodyEntry::actor,
                                                          &CustodyEntry::action,
                                                          &CustodyEntry::subject,
                                                          &CustodyEntry::parameters_json,
                                                          &CustodyEntry::sha256,
                                                          &CustodyEntry::previous,
                                                          &CustodyEntry::hash};
    for (std::size_t entry_idx = 0; entry_idx < 4; ++entry_idx) {
        for (const auto field : fields) {
            auto entries = chain(4);
            (entries[entry_idx].*field).back() ^= 1;
            const auto problems = storage::check_custody_chain(entries);
            QVERIFY(!problems.empty());
            QVERIFY(problems.front().find("entry " + std::to_string(entry_idx + 1)) != std::string::npos);
        }
        auto entries = chain(4);
        entries[entry_idx].index += 7;
        QVERIFY(!storage::check_custody_chain(entries).empty());
    }
}

void CustodyChainTest::a_change_with_a_new_hash_is_found_at_the_next_entry()
{
    auto entries = chain(4);
    entries[1].actor = "eve";
    entries[1].hash = storage::custody_hash(entries[1]);
    const auto problems = storage::check_custody_chain(entries);
    QCOMPARE(problems.size(), std::size_t{1});
    QVERIFY(problems.front().find("entry 3") != std::string::npos);
}

void CustodyChainTest::missing_doubled_and_swapped_entries_are_found()
{
    for (std::size_t gone = 0; gone < 3; ++gone) {  // the last one can't be missed from within
        auto entries = chain(4);
        entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(gone));
        QVERIFY(!storage::check_custody_chain(entries).empty());
    }
    auto doubled = chain(4);
    doubled.insert(doubled.begin() + 1, doubled[1]);
    QVERIFY(!storage::check_custody_chain(doubled).empty());
    auto swapped = chain(4);
    std::swap(swapped[1], swapped[2]);
    QVERIFY(!storage::check_custody_chain(swapped).empty());
}

void CustodyChainTest::bytes_can_not_move_between_fields()
{
    CustodyEntry one = chain(1).front();
    CustodyEntry other = one;
    one.actor = "ab";
    one.action = std::string("c");
    other.actor = std::string("a");
    other.action = "bc";
    QVERIFY(storage::custody_hash(one) != storage::custody_hash(other));
}

void CustodyChainTest::the_hash_is_fixed()
{
    // Computed independently (Python's struct and hashlib): other programs can check a chain.
    QCOMPARE(QString::fromStdString(storage::custody_hash(chain(1).front())),
             QStringLiteral("6ba994e3be38c2a6295635b57452676e7139a3cce45ac0048f136f9e77d85d50"));
}

QTEST_GUILESS_MAIN(CustodyChainTest)
#include "tst_custody_chain.moc"
