// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/custody/digest.h"
#include "storage/evidence/round_log.h"
#include "storage/evidence_builders.h"

#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <limits>

using namespace fedsleuth;
using namespace fedsleuth::tests;
using storage::RoundLog;

namespace {

/// JSON written with single quotes.
std::string json(std::string text)
{
    std::replace(text.begin(), text.end(), '\'', '"');
    return text;
}

const std::string sha(64, 'a');
const std::string federation_line = json("{'type':'federation','format':'fedsleuth/1','update_kind':'delta'}");

std::string update_line(const std::string& more = "")
{
    return json("{'type':'update','round':1,'client':'c','path':'u/1','sha256':'") + sha + "\"" + more + "}";
}
std::string checkpoint_line(const std::string& more = "")
{
    return json("{'type':'checkpoint','round':0,'path':'c/0','sha256':'") + sha + "\"" + more + "}";
}

}  // namespace

class TestRoundLog : public QObject {
    Q_OBJECT

    static RoundLog read(const std::string& text, const storage::Limits& limits = {})
    {
        model::Progress progress;
        auto log = storage::read_round_log(write_file("federation.jsonl", text), limits, progress);
        if (!log) {
            QTest::qFail(log.error().text().c_str(), __FILE__, __LINE__);
            return {};
        }
        return std::move(*log);
    }
    /// The one issue that a line makes behind two sound ones.
    static std::string issue_of(const std::string& line, const storage::Limits& limits = {})
    {
        const RoundLog log =
            read(federation_line + "\n" + checkpoint_line() + "\n" + line + "\n" + update_line() + "\n", limits);
        if (!log.federation || log.checkpoints.size() != 1 || log.updates.size() != 1 || log.lines != 4)
            QTest::qFail("the lines around it do not count", __FILE__, __LINE__);
        if (log.issues.size() != 1) return "(not one issue)";
        if (log.issues[0].file != "federation.jsonl" || log.issues[0].line != 3) return "(in another place)";
        return log.issues[0].text;
    }
    /// The update of a line that has `more` in it.
    static model::Update update(const std::string& more)
    {
        const RoundLog log = read(update_line(more) + "\n");
        if (log.updates.size() != 1 || !log.issues.empty()) {
            QTest::qFail(log.issues.empty() ? "no update" : log.issues[0].text.c_str(), __FILE__, __LINE__);
            return {};
        }
        return log.updates[0].noun;
    }

private slots:
    void reads_a_federation_whole()
    {
        const RoundLog log = read(json(
            "{'type':'federation','format':'fedsleuth/"
            "1','name':'n\\u00e4me','framework':'flower','framework_version':'1.21',"
            "'started_at':'2026-03-06T21:00:00Z','update_kind':'weights','aggregation':{'rule':'krum','weighted_by':'"
            "equal',"
            "'server_learning_rate':0.5,'f':3,'fraction':0.1,'variant':'flower'},'layers':[{'name':'w','shape':[2,3]},"
            "{'name':'b','shape':[]}],'privacy':{'mechanism':'gaussian','unit':'client','where':'server','clipping_"
            "norm':0.5,"
            "'noise_multiplier':0.8,'sampling_rate':1,'steps_per_round':1,'delta':1e-5,'epsilon_budget':30,'note':'x'},"
            "'secure_aggregation':true,'trust':{'ca':'certs/ca.pem','crl':'certs/crl.pem'},'more':[1,{'a':null}]}"
            "\n"));
        QVERIFY(log.issues.empty());
        QVERIFY(log.federation.has_value());
        QCOMPARE(log.federation->line, std::int64_t{1});
        const model::Federation& federation = log.federation->noun;
        QCOMPARE(federation.format, std::string("fedsleuth/1"));
        QCOMPARE(federation.name, std::string("näme"));
        QCOMPARE(federation.framework, std::string("flower"));
        QCOMPARE(federation.framework_version, std::string("1.21"));
        QCOMPARE(federation.started_at, std::string("2026-03-06T21:00:00Z"));
        QVERIFY(federation.update_kind == model::UpdateKind::weights);
        QCOMPARE(federation.aggregation.rule, std::string("krum"));
        QVERIFY(federation.aggregation.weighted_by == model::Weighting::equal);
        QCOMPARE(federation.aggregation.server_learning_rate, 0.5);
        QCOMPARE(federation.aggregation.parameters.size(), std::size_t{2});
        QCOMPARE(federation.aggregation.parameters.at("f"), 3.0);
        QCOMPARE(federation.aggregation.parameters.at("fraction"), 0.1);
        QCOMPARE(federation.layers.size(), std::size_t{2});
        QCOMPARE(federation.layers[0].shape, (std::vector<std::int64_t>{2, 3}));
        QCOMPARE(federation.layers[1].offset, std::int64_t{6});
        QCOMPARE(federation.layers[1].count, std::int64_t{1});
        QVERIFY(federation.privacy.has_value());
        QCOMPARE(federation.privacy->mechanism, std::string("gaussian"));
        QCOMPARE(federation.privacy->unit, std::string("client"));
        QCOMPARE(federation.privacy->where, std::string("server"));
        QCOMPARE(federation.privacy->clipping_norm.value(), 0.5);
        QCOMPARE(federation.privacy->noise_multiplier.value(), 0.8);
        QCOMPARE(federation.privacy->sampling_rate.value(), 1.0);
        QCOMPARE(federation.privacy->steps_per_round.value(), 1.0);
        QCOMPARE(federation.privacy->delta.value(), 1e-5);
        QCOMPARE(federation.privacy->epsilon_budget.value(), 30.0);
        QVERIFY(federation.secure_aggregation);
        QCOMPARE(federation.trust->ca, std::string("certs/ca.pem"));
        QCOMPARE(federation.trust->crl, std::string("certs/crl.pem"));
        QCOMPARE(federation.trust->server_certificate, std::string());
        QCOMPARE(federation.extra_json,
                 json("{'more':[1,{'a':null}],'aggregation':{'variant':'flower'},'privacy':{'note':'x'}}"));
    }

    void reads_an_update_whole()
    {
        const model::Update all = update(
            json(",'received_at':'t','num_examples':72,'signature':'QUJD','signature_scheme':'ed25519',"
                 "'metrics':{'loss':2.5,'n':3},'privacy':{'epsilon':1.5,'epsilon_is':'per-round','delta':1e-5,"
                 "'noise_multiplier':0.8,'clipping_norm':0.5,'sampling_rate':0.1,'steps':4,'accountant':'rdp'},'weight'"
                 ":0.25,"
                 "'base_round':0,'accepted':false,'reason':'late','stage':'raw','node_id':18446744073709551615"));
        QCOMPARE(all.round.value(), std::int64_t{1});
        QCOMPARE(all.client.text(), std::string("c"));
        QCOMPARE(all.received_at, std::string("t"));
        QCOMPARE(all.num_examples.value(), std::int64_t{72});
        QCOMPARE(all.path, std::string("u/1"));
        QCOMPARE(all.declared_sha256, sha);
        QCOMPARE(all.signature->base64, std::string("QUJD"));
        QCOMPARE(all.signature->scheme, std::string("ed25519"));
        QCOMPARE(all.metrics.size(), std::size_t{2});
        QCOMPARE(all.metrics.at("loss"), 2.5);
        QCOMPARE(all.privacy->epsilon.value(), 1.5);
        QVERIFY(!all.privacy->cumulative);
        QCOMPARE(all.privacy->delta.value(), 1e-5);
        QCOMPARE(all.privacy->noise_multiplier.value(), 0.8);
        QCOMPARE(all.privacy->clipping_norm.value(), 0.5);
        QCOMPARE(all.privacy->sampling_rate.value(), 0.1);
        QCOMPARE(all.privacy->steps.value(), 4.0);
        QCOMPARE(all.privacy->accountant, std::string("rdp"));
        QCOMPARE(all.weight.value(), 0.25);
        QCOMPARE(all.base_round->value(), std::int64_t{0});
        QCOMPARE(all.accepted.value(), false);
        QCOMPARE(all.reason, std::string("late"));
        QCOMPARE(all.stage, std::string("raw"));
        QVERIFY(!all.reference);
        QCOMPARE(all.extra_json, json("{'node_id':18446744073709551615}"));
    }

    void leaves_out_what_an_update_does_not_say()
    {
        const model::Update bare = update(json(",'num_examples':null,'privacy':null,'metrics':null,'accepted':null"));
        QVERIFY(!bare.num_examples && !bare.privacy && !bare.weight && !bare.base_round && !bare.accepted);
        QVERIFY(!bare.signature && bare.metrics.empty() && bare.extra_json.empty());
        QCOMPARE(bare.base().value(), std::int64_t{0});
        QVERIFY(update(json(",'privacy':{'epsilon':1}")).privacy->cumulative);
        QVERIFY(!update(json(",'signature_scheme':'ed25519'")).signature.has_value());
    }

    void reads_clients_rounds_checkpoints()
    {
        const RoundLog log = read(json("{'type':'client','client':'a','registered_at':'t','num_examples':-5,'"
                                       "certificate':'certs/a.pem','site':'x'}"
                                       "\n"
                                       "{'type':'round','round':2,'started_at':'s','finished_at':'f','selected':['a','"
                                       "b'],'failed':['b'],'metrics':{'accuracy':0.5}}"
                                       "\n") +
                                  checkpoint_line(json(",'signature':'QQ==','metrics':{'loss':1}")) + "\n");
        QVERIFY(log.issues.empty());
        QCOMPARE(log.clients[0].noun.id.text(), std::string("a"));
        QVERIFY(log.clients[0].noun.registered);
        QCOMPARE(log.clients[0].noun.num_examples.value(), std::int64_t{-5});  // absurd: a finding, not an issue
        QCOMPARE(log.clients[0].noun.certificate, std::string("certs/a.pem"));
        QCOMPARE(log.clients[0].noun.extra_json, json("{'site':'x'}"));
        QCOMPARE(log.rounds[0].noun.number.value(), std::int64_t{2});
        QCOMPARE(log.rounds[0].noun.selected.size(), std::size_t{2});
        QCOMPARE(log.rounds[0].noun.failed[0].text(), std::string("b"));
        QCOMPARE(log.rounds[0].noun.metrics.at("accuracy"), 0.5);
        QCOMPARE(log.checkpoints[0].noun.round.value(), std::int64_t{0});
        QCOMPARE(log.checkpoints[0].noun.signature->base64, std::string("QQ=="));
        QCOMPARE(log.checkpoints[0].noun.signature->scheme, std::string());
        QCOMPARE(log.checkpoints[0].line, std::int64_t{3});
    }

    void reads_bare_nan_and_infinities()
    {
        const model::Update poisoned =
            update(json(",'metrics':{'a':NaN,'b': Infinity ,'c':-Infinity,'d':1},'weight':NaN,'note':'NaN, Infinity\\' "
                        "NaN','x':[NaN,-Infinity]"));
        QVERIFY(std::isnan(poisoned.metrics.at("a")));
        QCOMPARE(poisoned.metrics.at("b"), std::numeric_limits<double>::infinity());
        QCOMPARE(poisoned.metrics.at("c"), -std::numeric_limits<double>::infinity());
        QCOMPARE(poisoned.metrics.at("d"), 1.0);
        QVERIFY(std::isnan(poisoned.weight.value()));
        const std::string expected = json("{'note':'NaN, Infinity\\' NaN','x':['NaN','-Infinity']}");
        QCOMPARE(poisoned.extra_json, expected);
    }

    void does_not_take_texts_for_numbers()
    {
        const std::string texts[] = {json("'NaN'"), json("'\\u0001n'"), json("'\\u0002p'"), json("'1.5'"),
                                     json("'Infinity'")};
        for (const std::string& text : texts)
            QVERIFY(issue_of(update_line(json(",'metrics':{'a':NaN,'b':") + text + "}"))
                        .starts_with("\"metrics.b\" is the text "));
        // Even where a line holds every control character that could mark the bare tokens.
        std::string every;
        for (int code = 1; code < 0x20; ++code) {
            char escape[8];
            std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned int>(code));
            every += escape;
        }
        const std::string everything = update_line(json(",'metrics':{'a':NaN},'note':'") + every + "\"");
        QCOMPARE(issue_of(everything),
                 std::string("The line mixes NaN or Infinity with every control character there is, and cannot be told "
                             "apart."));
        const std::string kept = update(",\"note\":\"" + every + "\"").extra_json;
        QCOMPARE(kept.substr(0, 15), std::string("{\"note\":\"\\u0001"));
    }

    void takes_bare_tokens_for_values_alone()
    {
        const std::string lines[] = {json("{'type':'x',NaN:1}"),
                                     json("{'type':'x','a':NaN1}"),
                                     json("{'type':'x','a':+Infinity}"),
                                     json("{'type':'x','a':nan}"),
                                     json("{'type':'x','a':- Infinity}"),
                                     "NaN",
                                     json("[NaN]"),
                                     json("{'type':'x','a':1e999}")};
        for (const std::string& line : lines)
            QVERIFY2(issue_of(line).starts_with("The line is"), issue_of(line).c_str());
        QVERIFY(issue_of(json("{'type':'round','round':NaN}")).find("\"round\" is a number that is not finite") == 0);
        QVERIFY(issue_of(json("{'type':NaN}")).find("\"type\" is a number that is not finite, expected a text") == 0);
    }

    void tells_what_is_wrong_with_a_line_data()
    {
        QTest::addColumn<QString>("line");
        QTest::addColumn<QString>("issue");
        const auto row = [](const std::string& line, const std::string& issue) {
            QTest::newRow(issue.c_str()) << QString::fromStdString(line) << QString::fromStdString(issue);
        };
        row("[1]", "The line is JSON, but no object.");
        row("{}", "\"type\" is missing, expected a text such as \"update\".");
        row(json("{'type':5}"), "\"type\" is 5, expected a text.");
        row(json("{'type':''}"), "\"type\" is empty, expected a text.");
        row(json("{'type':'round'}"), "\"round\" is missing, expected an integer from 1 on.");
        row(json("{'type':'round','round':null}"), "\"round\" is missing, expected an integer from 1 on.");
        row(json("{'type':'round','round':'3'}"), "\"round\" is the text \"3\", expected an integer from 1 on.");
        row(json("{'type':'round','round':0}"), "\"round\" is 0, expected an integer from 1 on.");
        row(json("{'type':'round','round':1.5}"), "\"round\" is 1.5, expected an integer from 1 on.");
        row(json("{'type':'round','round':true}"), "\"round\" is true, expected an integer from 1 on.");
        row(json("{'type':'round','round':1e300}"), "\"round\" is 1e+300, expected an integer from 1 on.");
        row(json("{'type':'round','round':1,'round':2}"),
            "The key \"round\" stands there twice, and only one can be meant.");
        row(json("{'type':'round','round':1,'selected':['a',7]}"),
            "\"selected[1]\" is 7, expected a text of at most 4096 bytes, not empty.");
        row(json("{'type':'round','round':1,'selected':'a'}"), "\"selected\" is the text \"a\", expected an array.");
        row(json("{'type':'round','round':1,'metrics':{'a':'x'}}"),
            "\"metrics.a\" is the text \"x\", expected a number.");
        row(json("{'type':'round','round':1,'metrics':{'a':{}}}"), "\"metrics.a\" is an object, expected a number.");
        row(json("{'type':'round','round':1,'metrics':[]}"), "\"metrics\" is an array, expected an object.");
        row(json("{'type':'client'}"), "\"client\" is missing, expected the client's id, a text.");
        row(json("{'type':'client','client':18446744073709551615}"),
            "\"client\" is 18446744073709551615, expected a text.");
        row(json("{'type':'client','client':''}"), "\"client\" is empty, expected a text.");
        row(json("{'type':'client','client':'a','num_examples':'5'}"),
            "\"num_examples\" is the text \"5\", expected an integer.");
        row(json("{'type':'checkpoint','round':-1,'path':'p','sha256':'") + sha + "\"}",
            "\"round\" is -1, expected an integer from 0 on.");
        row(json("{'type':'checkpoint','round':0,'sha256':'") + sha + "\"}",
            "\"path\" is missing, expected the path of a snapshot file.");
        row(json("{'type':'checkpoint','round':0,'path':'p'}"),
            "\"sha256\" is missing, expected 64 hexadecimal digits.");
        row(json("{'type':'update','round':1,'client':'c','path':'p','sha256':'abc'}"),
            "\"sha256\" is \"abc\", expected 64 hexadecimal digits.");
        row(json("{'type':'update','round':1,'client':'c','path':['p'],'sha256':'") + sha + "\"}",
            "\"path\" is an array, expected a text.");
        row(update_line(json(",'base_round':-1")), "\"base_round\" is -1, expected an integer from 0 on.");
        row(update_line(json(",'accepted':'yes'")), "\"accepted\" is the text \"yes\", expected true or false.");
        row(update_line(json(",'weight':'1'")), "\"weight\" is the text \"1\", expected a number.");
        row(update_line(json(",'role':'king'")), "\"role\" is \"king\", expected \"reference\" or no role.");
        row(update_line(json(",'role':'reference'")),
            "\"client\" is \"c\", expected \"@server\" where the role is \"reference\".");
        row(update_line(json(",'privacy':{'epsilon':'1'}")),
            "\"privacy.epsilon\" is the text \"1\", expected a number.");
        row(update_line(json(",'privacy':{'epsilon_is':'x'}")),
            "\"privacy.epsilon_is\" is \"x\", expected \"cumulative\" or \"per-round\".");
        row(update_line(json(",'privacy':{'epsilon':1,'epsilon':2}")),
            "The key \"privacy.epsilon\" stands there twice, and only one can be meant.");
        row(federation_line,
            "The line describes the federation a second time: line 1 already does, and there must be exactly one.");
        row(json("{'type':'federation','update_kind':'delta'}"), "\"format\" is missing, expected \"fedsleuth/1\".");
        row(json("{'type':'federation','format':'fedsleuth/2','update_kind':'delta'}"),
            "\"format\" is \"fedsleuth/2\", expected \"fedsleuth/1\".");
        const std::string federation = json("{'type':'federation','format':'fedsleuth/1'");
        row(federation + "}", "\"update_kind\" is missing, expected \"delta\", \"weights\" or \"gradient\".");
        row(federation + json(",'update_kind':'diff'}"),
            "\"update_kind\" is \"diff\", expected \"delta\", \"weights\" or \"gradient\".");
        const std::string kind = federation + json(",'update_kind':'delta',");
        row(kind + json("'aggregation':{'weighted_by':'size'}}"),
            "\"aggregation.weighted_by\" is \"size\", expected \"num_examples\" or \"equal\".");
        row(kind + json("'aggregation':{'server_learning_rate':NaN}}"),
            "\"aggregation.server_learning_rate\" is not finite, expected a finite number.");
        row(kind + json("'layers':{}}"), "\"layers\" is an object, expected an array.");
        row(kind + json("'layers':[[]]}"), "\"layers[0]\" is no object with \"name\" and \"shape\".");
        row(kind + json("'layers':[{'shape':[1]}]}"), "\"layers[0].name\" is missing, expected the tensor's name.");
        row(kind + json("'layers':[{'name':'a'}]}"),
            "\"layers[0].shape\" is missing, expected an array of integers from 0 on.");
        row(kind + json("'layers':[{'name':'a','shape':[1]},{'name':'b','shape':[-1]}]}"),
            "\"layers[1].shape\" holds -1, expected an array of integers from 0 on.");
        row(kind + json("'layers':[{'name':'a','shape':[1]},{'name':'a','shape':[1]}]}"),
            "\"layers\" has the name \"a\" twice.");
        row(kind + json("'layers':[{'name':'a','shape':[4611686018427387904,4]}]}"),
            "\"layers\" hold more elements than the limit of 68719476736.");
        row(kind + json("'secure_aggregation':1}"), "\"secure_aggregation\" is 1, expected true or false.");
        row(kind + json("'trust':{'ca':5}}"), "\"trust.ca\" is 5, expected a text.");
    }
    void tells_what_is_wrong_with_a_line()
    {
        QFETCH(QString, line);
        QFETCH(QString, issue);
        QCOMPARE(QString::fromStdString(issue_of(line.toStdString())), issue);
    }

    void tells_lines_that_are_no_json()
    {
        for (const char* const line : {"{", "{\"type\":\"x\"", "{\"type\":\"x\"} x", "hello", "{'type':'x'}",
                                       "{\"type\":\"x\",}", "{\"type\":\"a\tb\"}"})
            QVERIFY2(issue_of(line).starts_with("The line is no JSON: "), issue_of(line).c_str());
        QCOMPARE(issue_of("{\"type\":\"\xff\"}"), std::string("The line is not UTF-8."));
        QCOMPARE(issue_of("{\"type\":\"x\",\"a\":" + std::string(100, '[') + std::string(100, ']') + "}"),
                 std::string("The line nests deeper than the limit of 64."));
        QVERIFY(issue_of(std::string("{\"type\":\"x\0\"}", 13)).starts_with("The line is no JSON: "));
    }

    void takes_whole_floats_for_integers()
    {
        const RoundLog log =
            read(json("{'type':'round','round':2.0}"
                      "\n"
                      "{'type':'client','client':'a','num_examples':7e1}"
                      "\n"));
        QVERIFY(log.issues.empty());
        QCOMPARE(log.rounds[0].noun.number.value(), std::int64_t{2});
        QCOMPARE(log.clients[0].noun.num_examples.value(), std::int64_t{70});
    }

    void lowers_the_digits_of_a_hash()
    {
        const RoundLog log =
            read(json("{'type':'checkpoint','round':0,'path':'p','sha256':'") + std::string(64, 'B') + "\"}\n");
        QCOMPARE(log.checkpoints[0].noun.declared_sha256, std::string(64, 'b'));
    }

    void counts_unknown_types()
    {
        const RoundLog log = read("{\"type\":\"note\",\"x\":1}\n{\"type\":\"epoch\"}\n{\"type\":\"note\"}\n");
        QVERIFY(log.issues.empty());
        QCOMPARE(log.unknown_types.size(), std::size_t{2});
        QCOMPARE(log.unknown_types.at("note"), std::int64_t{2});
        QCOMPARE(log.unknown_types.at("epoch"), std::int64_t{1});
        storage::Limits limits;
        limits.unknown_types = 1;
        const RoundLog few = read("{\"type\":\"a\"}\n{\"type\":\"b\"}\n{\"type\":\"c\"}\n{\"type\":\"a\"}\n", limits);
        QCOMPARE(few.unknown_types.at("a"), std::int64_t{2});
        QCOMPARE(few.unknown_types.at("(further types)"), std::int64_t{2});
    }

    void lets_a_later_line_win()
    {
        const RoundLog log =
            read(update_line() + "\n" + update_line(json(",'num_examples':2")) + "\n" +
                 json("{'type':'update','round':1,'client':'@server','role':'reference','path':'r','sha256':'") + sha +
                 "\"}\n" + json("{'type':'update','round':2,'client':'c','path':'u','sha256':'") + sha + "\"}\n" +
                 update_line(json(",'num_examples':3")) + "\n" + "{\"type\":\"client\",\"client\":\"c\"}\n" +
                 "{\"type\":\"client\",\"client\":\"c\"}\n{\"type\":\"round\",\"round\":1}\n" +
                 "{\"type\":\"round\",\"round\":1}\n" + checkpoint_line() + "\n" + checkpoint_line() + "\n");
        QVERIFY(log.issues.empty());
        QCOMPARE(log.updates.size(), std::size_t{5});
        const bool superseded[] = {true, true, false, false, false};
        for (std::size_t idx = 0; idx < 5; ++idx) {
            QCOMPARE(log.updates[idx].superseded, superseded[idx]);
            QCOMPARE(log.updates[idx].line, static_cast<std::int64_t>(idx) + 1);
        }
        QVERIFY(log.updates[2].noun.reference);
        QCOMPARE(log.updates[4].noun.num_examples.value(), std::int64_t{3});
        QVERIFY(log.clients[0].superseded && !log.clients[1].superseded);
        QVERIFY(log.rounds[0].superseded && !log.rounds[1].superseded);
        QVERIFY(log.checkpoints[0].superseded && !log.checkpoints[1].superseded);
    }

    void waits_for_a_line_that_is_still_growing()
    {
        const std::string whole = federation_line + "\n" + checkpoint_line() + "\n";
        for (const std::string& tail : {std::string(), update_line(), std::string("{\"type\":")}) {
            const RoundLog log = read(whole + tail);
            QVERIFY(log.issues.empty());
            QCOMPARE(log.lines, std::int64_t{2});
            QVERIFY(log.updates.empty());
            QCOMPARE(log.whole_bytes, static_cast<std::int64_t>(whole.size()));
            QCOMPARE(log.sha256, storage::sha256_hex(whole));
        }
        const RoundLog nothing = read("");
        QCOMPARE(nothing.lines, std::int64_t{0});
        QCOMPARE(nothing.whole_bytes, std::int64_t{0});
        QCOMPARE(nothing.sha256, storage::sha256_hex(""));
    }

    void counts_blank_lines_and_forgives_windows()
    {
        const std::string text = "\xef\xbb\xbf" + federation_line + "\r\n\r\n  \n" + checkpoint_line() + "\r\n";
        const RoundLog log = read(text);
        QVERIFY(log.issues.empty());
        QVERIFY(log.federation.has_value());
        QCOMPARE(log.checkpoints[0].line, std::int64_t{4});
        QCOMPARE(log.sha256, storage::sha256_hex(text));
    }

    void reads_lines_across_its_buffer()
    {
        std::string text = federation_line + "\n";
        for (int round = 1; round <= 3000; ++round)
            text += json("{'type':'round','round':") + std::to_string(round) + json(",'x':'") + std::string(1000, 'x') +
                    "\"}\n";
        text +=
            json("{'type':'round','round':1,'x':'") + std::string(3 << 20, 'y') + "\"}\n" + checkpoint_line() + "\n";
        const RoundLog log = read(text);
        QVERIFY(log.issues.empty());
        QCOMPARE(log.rounds.size(), std::size_t{3001});
        QVERIFY(log.rounds[0].superseded);
        QCOMPARE(log.rounds[2999].noun.number.value(), std::int64_t{3000});
        QCOMPARE(log.checkpoints[0].line, std::int64_t{3003});
        QCOMPARE(log.sha256, storage::sha256_hex(text));
        QCOMPARE(log.whole_bytes, static_cast<std::int64_t>(text.size()));
    }

    void skips_lines_that_are_too_long_and_hashes_them()
    {
        storage::Limits limits;
        limits.log_line_bytes = 200;
        const std::string text = federation_line + "\n" + std::string(3 << 20, 'x') + "\n" + checkpoint_line() + "\n";
        const RoundLog log = read(text + std::string(500, 'y'), limits);
        QCOMPARE(log.issues.size(), std::size_t{1});
        QCOMPARE(log.issues[0].line, std::int64_t{2});
        QCOMPARE(log.issues[0].text, std::string("The line is longer than the limit of 200 bytes."));
        QCOMPARE(log.checkpoints[0].line, std::int64_t{3});
        QCOMPARE(log.sha256, storage::sha256_hex(text));
        QCOMPARE(log.whole_bytes, static_cast<std::int64_t>(text.size()));
    }

    void limits_lengths_and_numbers()
    {
        const std::string long_id(5000, 'a');
        const std::string long_client = json("{'type':'client','client':'") + long_id + "\"}";
        QCOMPARE(issue_of(long_client), std::string("\"client\" has 5000 bytes, more than the limit of 4096."));
        const std::string long_reason = update_line(",\"reason\":\"" + std::string(70'000, 'a') + "\"");
        QCOMPARE(issue_of(long_reason), std::string("\"reason\" has 70000 bytes, more than the limit of 65536."));
        storage::Limits limits;
        limits.log_issues = 3;
        const RoundLog log = read("x\nx\nx\nx\nx\n" + checkpoint_line() + "\n", limits);
        QCOMPARE(log.issues.size(), std::size_t{4});
        QCOMPARE(log.issues[3].line, std::int64_t{0});
        QCOMPARE(log.issues[3].text,
                 std::string("2 further lines can't be taken either; they are not listed one by one."));
        QCOMPARE(log.checkpoints.size(), std::size_t{1});
        limits = {};
        limits.log_bytes = 10;
        model::Progress progress;
        REFUSED(storage::read_round_log(write_file("federation.jsonl", "{\"type\":\"a\"}\n"), limits, progress), limit,
                "more than the limit of 10");
    }

    void keeps_no_more_things_than_there_is_room_for()
    {
        const std::string client = json("{'type':'client','client':'");
        std::string text = federation_line + "\n";
        for (int idx = 0; idx < 10; ++idx) text += client + std::to_string(idx) + "\"}\n";
        storage::Limits limits;
        limits.log_entries = 4;
        const RoundLog few = read(text + "no json\n", limits);
        QVERIFY(few.federation.has_value());
        QCOMPARE(few.clients.size(), std::size_t{4});
        QCOMPARE(few.lines, std::int64_t{12});
        QCOMPARE(few.whole_bytes, static_cast<std::int64_t>(text.size()) + 8);
        QCOMPARE(few.issues.size(), std::size_t{2});  // the line that is no JSON is told as ever
        QCOMPARE(few.issues[1].line, std::int64_t{6});
        QVERIFY2(few.issues[1].text.starts_with("From this line on 6 lines were not taken in: a log may name 4 clients"),
                 few.issues[1].text.c_str());
        limits = {};
        limits.log_entry_bytes = 3 * static_cast<std::int64_t>(client.size() + 3) + 1;
        QCOMPARE(read(text, limits).clients.size(), std::size_t{3});
        // What is said of one thing again takes room as well.
        limits = {};
        limits.log_entries = 1;
        QCOMPARE(read(client + "a\"}\n" + client + "a\"}\n", limits).clients.size(), std::size_t{1});
        limits.log_entries = 10;
        QCOMPARE(read(text, limits).issues.size(), std::size_t{0});
    }

    /// Ten million lines say nothing that is kept: memory must not grow with them. Here 300,000 of them, in 40 MB.
    void reads_many_lines_in_little_memory()
    {
        const std::filesystem::path path = write_file("federation.jsonl", "");
        {
            std::ofstream stream(path, std::ios::binary);
            const std::string unknown = json("{'type':'heartbeat','note':'") + std::string(100, 'x') + "\"}\n";
            stream << federation_line << '\n';
            for (int idx = 0; idx < 150'000; ++idx) stream << unknown << "broken " << idx << '\n';
        }
        const auto peak_kib = [] {
            rusage usage{};
            ::getrusage(RUSAGE_SELF, &usage);
            return usage.ru_maxrss;
        };
        const long before = peak_kib();
        model::Progress progress;
        const auto log = storage::read_round_log(path, {}, progress);
        QVERIFY(log.has_value());
        QCOMPARE(log->lines, std::int64_t{300'001});
        QCOMPARE(log->unknown_types.at("heartbeat"), std::int64_t{150'000});
        QCOMPARE(log->issues.size(), static_cast<std::size_t>(storage::Limits().log_issues) + 1);
#if !defined(__SANITIZE_ADDRESS__)
        QVERIFY2(peak_kib() - before < 16 * 1024, std::to_string(peak_kib() - before).c_str());
#endif
    }

    void keeps_what_an_attacker_writes_as_it_is()
    {
        const RoundLog log = read("{\"type\":\"client\",\"client\":\"\\u001b[31m\\u0000=1+1<b>\\u202e\"}\n");
        QVERIFY(log.issues.empty());
        QCOMPARE(log.clients[0].noun.id.text(), std::string("\x1b[31m\0=1+1<b>\xe2\x80\xae", 16));
        // But a message that quotes it is fit for a terminal.
        QCOMPARE(issue_of("{\"type\":\"round\",\"round\":\"\\u001b[31m\"}"),
                 std::string("\"round\" is the text \"\\x1b[31m\", expected an integer from 1 on."));
    }

    void stops_and_reports()
    {
        model::Progress progress;
        const std::filesystem::path path =
            write_file("federation.jsonl", federation_line + "\n" + checkpoint_line() + "\n");
        QVERIFY(storage::read_round_log(path, {}, progress).has_value());
        QCOMPARE(progress.state().total, static_cast<std::int64_t>(std::filesystem::file_size(path)));
        QCOMPARE(progress.state().done, progress.state().total);
        QCOMPARE(progress.state().unit, std::string("bytes"));
        progress.stop();
        REFUSED(storage::read_round_log(path, {}, progress), cancelled, "stopped");
        model::Progress other;
        REFUSED(storage::read_round_log(path.parent_path() / "none.jsonl", {}, other), not_found, "cannot be opened");
        REFUSED(storage::read_round_log(path.parent_path(), {}, other), refused, "is not a regular file");
    }
};

QTEST_GUILESS_MAIN(TestRoundLog)
#include "tst_round_log.moc"
