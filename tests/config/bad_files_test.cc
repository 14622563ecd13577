// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <catch2/catch.hpp>

#include "config/config.h"
#include "tests/config/variable.h"
#include "tests/support/temp_folder.h"

using longshore::ConfigErrors;
using longshore::ConfigProblem;
using longshore::load_config;
using longshore::test::TempFolder;
using longshore::test::Variable;

namespace {

// A file with one thing wrong with it, the text that begins where that is, and what has to be said
// of it. The text is found where it first occurs.
struct Case {
  std::string content;
  std::string at;
  std::vector<std::string> words;
};

const std::string kEnd = "<end>";          // behind the last character
const std::string kNowhere = "<nowhere>";  // a problem without a place

// Line and column, from 1, of the text that a case points at.
std::pair<int, int> place_of(const Case& item) {
  if (item.at == kNowhere) return {0, 0};
  const std::size_t at = item.at == kEnd ? item.content.size() : item.content.find(item.at);
  REQUIRE(at != std::string::npos);
  const std::string before = item.content.substr(0, at);
  const std::size_t line_start = before.rfind('\n') + 1;  // 0 in the first line
  return {1 + static_cast<int>(std::count(before.begin(), before.end(), '\n')),
          1 + static_cast<int>(before.size() - line_start)};
}

void check_one_problem(const Case& item) {
  const TempFolder folder;
  folder.folder("deploy/inner");
  folder.folder("other");
  folder.write("plain.txt", "not a folder");
  folder.write("empty.txt", "");
  folder.write("two-lines.txt", "first\nsecond\n");
  const Variable secret("LONGSHORE_TEST_TOKEN", "Not-For-Any-Message");
  CAPTURE(item.content);
  const auto result = load_config(folder.write("longshore.yaml", item.content));
  REQUIRE(std::holds_alternative<ConfigErrors>(result));
  const ConfigErrors& errors = std::get<ConfigErrors>(result);
  CAPTURE(errors.str());
  REQUIRE(errors.problems.size() == 1);
  const auto [line, column] = place_of(item);
  CHECK(errors.problems[0].line == line);
  CHECK(errors.problems[0].column == column);
  for (const std::string& word : item.words) {
    CHECK_THAT(errors.problems[0].message, Catch::Contains(word));
  }
  CHECK_THAT(errors.str(), !Catch::Contains("Not-For-Any-Message"));
}

// Sources and targets that are right but for what is put in.
std::string source(const std::string& keys) {
  return "sources:\n  - {name: a, verify: off, " + keys + "}\n";
}
std::string target(const std::string& keys) {
  return "targets:\n  - {name: a, " + keys + "}\n";
}

const std::string kToken = "token: long-enough-token";

}  // namespace

TEST_CASE("A file that is no usable YAML says where and why", "[config][bad]") {
  check_one_problem(GENERATE(
      Case{"", kEnd, {"empty"}}, Case{"# nothing\n", "#", {"empty"}},
      Case{"---\n", "---", {"empty"}}, Case{"~\n", "~", {"empty"}},
      Case{"listen\n", "listen", {"expected keys and values, found text"}},
      Case{"- listen\n", "-", {"expected keys and values, found a list"}},
      Case{"mode: act\nmode\x80: x\n", "\x80", {"UTF-8"}}, Case{"mode: \xc3\n", "\xc3", {"UTF-8"}},
      Case{"mode: \xed\xa0\x80\n", "\xed", {"UTF-8"}}, Case{"\xff\xfem\n", "\xff", {"UTF-8"}},
      Case{std::string("mode: a\0ct\n", 11), std::string(1, '\0'), {"control character"}},
      Case{"mode: act\x1b[0m\n", "\x1b", {"control character"}},
      Case{"store:\n\tpath: x\n", "\t", {"tab", "spaces"}},
      Case{"store:\n  path: x\n \t\n", "\t", {"tab", "spaces"}},
      Case{"store: {path: x\n", kEnd, {"'{' is not closed"}},
      Case{"sources: [{name: x}\n", kEnd, {"'[' is not closed"}},
      Case{"store: a: b\n", ": b", {"quotes"}},
      Case{"store:\n  path: x\n keep: 5d\n", "keep", {"indentation"}},
      Case{"mode: @x\n", "@", {"quotes"}}, Case{"mode: *x\n", "*", {"anchor"}},
      Case{"mode: ]\n", "]", {"closes nothing"}},
      Case{"mode: \"\\q\"\n", "\"\n", {"not valid YAML", "escape"}},
      Case{"mode: act\nlisten: \"x:1\nstore: y\n", "\"", {"quote", "never closed"}},
      Case{"listen: &here 'x:1\n", "&", {"quote", "never closed"}},
      Case{"mode: act\n---\nlisten: a:1\n", "listen", {"second document"}},
      Case{", mode: act\n", ",", {"begin with this character", "quotes"}},
      Case{"mode: act\n---\n, x\n", ",", {"second document"}},
      Case{"mode: !!str act\n", "!", {"tags"}}, Case{std::string(5000, '['), "[", {}},
      Case{"? [a, b]\n: c\n", "[", {"a key has to be text"}}));
}

TEST_CASE("An unknown, repeated or later key is an error at the key", "[config][bad]") {
  check_one_problem(GENERATE(
      Case{"polices: []\n",
           "polices",
           {"'polices'", "did you mean 'policies'?", "listen, trusted_proxies, store"}},
      Case{
          "mode: act\nbanana: 1\n", "banana", {"unknown key 'banana'", "The keys of the file are"}},
      Case{"store: {path: x, keepevents: 5}\n", "keepevents", {"store:", "'keep_events'"}},
      Case{"audit:\n  file: x\n  rotat: 1MiB\n", "rotat", {"audit:", "'rotate'"}},
      Case{"limits: {boddy: 1MiB}\n", "boddy", {"limits:", "'body'"}},
      Case{source("type: native, tokn: x, " + kToken), "tokn", {"sources[0]:", "'token'"}},
      Case{"registries: [{host: x, alias: y}]\n", "alias", {"registries[0]:", "'aliases'"}},
      Case{target("type: files, path: deploy, includes: x"), "includes", {"'include'"}},
      Case{"policies: [{image: '*', policy: never, pim: tag}]\n", "pim", {"'pin'"}},
      Case{"mode: act\nlisten: a:1\nmode: observe\n", "mode: o", {"'mode'", "twice", "line 1"}},
      Case{source("type: native, " + kToken + ", name: b"), "name: b", {"'name'", "twice"}},
      Case{"<<: {mode: act}\n", "<", {"merge keys"}},
      Case{source("type: native, token:Not-For-Any-Message, " + kToken),
           "token",
           {"'token' needs a space"}},
      Case{"tls: {cert: x}\n", "tls", {"'tls' is not available in this build"}},
      Case{"compat: {keel: {}}\n", "compat", {"'compat' is not available in this build"}},
      Case{"prune: []\n", "prune", {"'prune' is not available in this build"}},
      Case{"git: {}\n", "git", {"'git' is not available in this build"}},
      Case{"policies: [{image: '*', policy: never, approvals: 1}]\n",
           "approvals",
           {"policies[0]", "'approvals' is not available in this build"}},
      Case{"policies: [{image: '*', policy: never, window: x}]\n", "window", {"'window' is not"}},
      Case{"policies: [{image: '*', policy: never, scan-gate: x}]\n",
           "scan-gate",
           {"'scan-gate' is"}},
      Case{"registries: [{host: x, token: t}]\n", "token", {"'token' is not available"}}));
}

TEST_CASE("A value of another type or range is an error at the value", "[config][bad]") {
  check_one_problem(GENERATE(
      Case{"listen:\n", "listen", {"listen: has no value", "remove it"}},
      Case{"listen: ~\n", "listen", {"has no value"}}, Case{"listen: ''\n", "'", {"is empty"}},
      Case{"listen: 8080\n", "8080", {"expected text, found a number", "quotes"}},
      Case{"listen: true\n", "true", {"expected text, found true or false"}},
      Case{"listen: [a]\n", "[", {"expected text, found a list"}},
      Case{"listen: {a: b}\n", "{", {"expected text, found keys and values"}},
      Case{"listen: localhost\n", "localhost", {"no port", "0.0.0.0:8080"}},
      Case{"listen: \"a\\nb:1\"\n", "\"", {"line break"}},
      Case{"listen: ${env:LONGSHORE_TEST_TOKEN}\n", "$", {"not shown"}},
      Case{"mode: observed\n",
           "observed",
           {"'observed'", "did you mean 'observe'?", "act, observe"}},
      Case{"mode: 1\n", "1", {"expected one of: act, observe, found a number"}},
      Case{"mode: ${env:LONGSHORE_TEST_TOKEN}\n", "$", {"not shown"}},
      Case{"drain_delay: 5\n", "5", {"'5' has no unit", "5s"}},
      Case{"drain_delay: soon\n", "soon", {"'soon' is no duration"}},
      Case{"drain_delay: 11m\n", "11m", {"from 0s to 10m"}},
      Case{"drain_delay: [5s]\n", "[", {"expected a duration such as 30s, found a list"}},
      Case{"drain_delay: ${env:LONGSHORE_TEST_TOKEN}\n", "$", {"not shown"}},
      Case{"store: [x]\n", "[", {"expected text, found a list"}},
      Case{"store: {keep: 3d}\n", "3d", {"from 4d to 3650d"}},
      Case{"store: {keep: 5761m}\n", "5761m", {"whole hours"}},
      Case{"store: {keep_events: 1000}\n", "1000", {"from 250000 to"}},
      Case{"store: {keep_events: '300000'}\n", "'", {"without quotes"}},
      Case{"store: {keep_events: -1}\n", "-1", {"expected a whole number"}},
      Case{"store: {keep_events: 1e6}\n", "1e6", {"expected a whole number"}},
      Case{"store: {keep_events: many}\n", "many", {"expected a whole number"}},
      Case{"audit: ./audit.jsonl\n", ".", {"expected keys and values, found text"}},
      Case{"audit: {rotate: 100MB}\n", "100MB", {"'100MB' is no size", "MiB"}},
      Case{"audit: {rotate: 1KiB}\n", "1KiB", {"from 64KiB to 1TiB"}},
      Case{"audit: {keep: 0}\n", "0", {"from 1 to 10000"}},
      Case{"limits: {body: 1MiB, in_flight: 512KiB}\n", "{", {"'body' is larger"}},
      Case{"limits: {workers: 0}\n", "0", {"from 1 to 1024"}},
      Case{"limits: {backlog: {}}\n", "{}", {"expected a whole number"}},
      Case{"sources: {}\n", "{", {"expected a list, found keys and values"}},
      Case{"sources:\n", "sources", {"has no value", "a list"}},
      Case{"sources: [hub]\n", "hub", {"sources[0]", "expected keys and values, found text"}},
      Case{"targets:\n  -\n", "-", {"targets[0]: has no value"}},
      Case{"store: longshore.yaml\n", kNowhere, {"three files"}},
      Case{"store: x\naudit: {file: ./x}\n", kNowhere, {"three files"}}));
}

TEST_CASE("A source that cannot work is an error at what is wrong with it", "[config][bad]") {
  const std::string insecure = "sources:\n  - {name: a, type: native, insecure: true, ";
  check_one_problem(GENERATE_COPY(
      Case{"sources: [{type: native, verify: off, " + kToken + "}]\n",
           "{",
           {"'name' is missing", "/hooks/<name>"}},
      Case{"sources: [{name: a, verify: off, " + kToken + "}]\n", "{", {"'type' is missing"}},
      Case{"sources: [{name: A_b, type: native, verify: off, " + kToken + "}]\n",
           "A_b",
           {"'A_b'", "lower-case letters, digits and '-'"}},
      Case{"sources: [{name: 5, type: native, verify: off, " + kToken + "}]\n",
           "5",
           {"found a number"}},
      Case{source("type: native, " + kToken) + "  - {name: a, type: github, verify: off, " +
               kToken + "}\n",
           "a, t",
           {"'a' is there already, on line 2"}},
      Case{
          source("type: dockrhub, " + kToken), "dockrhub", {"did you mean 'dockerhub'?", "harbor"}},
      Case{source("type: quay, whatever: 1"), "quay", {"'quay' is not available in this build"}},
      Case{source("type: native"), "{", {"no 'secret' and no 'token'", "insecure: true"}},
      Case{source("type: harbor"), "{", {"no 'token'", "insecure: true"}},
      Case{source("type: native, insecure: false"), "{", {"insecure: true"}},
      Case{source("type: native, insecure: yes"), "yes", {"true or false"}},
      Case{source("type: native, token: x2345678, insecure: True"), "True", {"lower case"}},
      Case{source("type: native, insecure: true, " + kToken), "true", {"remove one of the two"}},
      Case{source("type: dockerhub, secret: abcdefgh"), "abcdefgh", {"use 'token' instead"}},
      Case{source("type: harbor, secret: abcdefgh"), "abcdefgh", {"use 'token' instead"}},
      Case{source("type: distribution, secret: abcdefgh"), "abcdefgh", {"use 'token' instead"}},
      Case{source("type: native, secret: Not-For-Any-Message"),
           "Not-For-Any-Message",
           {"whsec_", "24 to 64"}},
      Case{source("type: native, secret: ['${env:LONGSHORE_TEST_TOKEN}']"), "'", {"whsec_"}},
      Case{source("type: native, token: [abcdefgh, bcdefghi, cdefghij]"), "[", {"more than two"}},
      Case{source("type: native, token: []"), "[", {"list is empty"}},
      Case{source("type: native, token: {a: b}"), "{a", {"expected text, found keys"}},
      Case{source("type: native, token: [abcdefgh, '']"), "'", {"token[1]: is empty"}},
      Case{source("type: native, token: 1234567890"), "1234567890", {"found a number", "quotes"}},
      Case{source("type: native, token: '${env:LONGSHORE_TEST_NONE}'"),
           "'",
           {"'LONGSHORE_TEST_NONE' is not set"}},
      Case{source("type: native, token: '${file:none.txt}'"), "'", {"none.txt' does not exist"}},
      Case{source("type: native, token: '${file:empty.txt}'"), "'", {"empty.txt' is empty"}},
      Case{source("type: native, token: '${file:deploy}'"), "'", {"is a folder"}},
      Case{source("type: native, token: '${file:two-lines.txt}'"), "'", {"line break"}},
      Case{source("type: native, token: '${vault:x}'"), "'", {"${env:NAME} or ${file:path}"}},
      Case{insecure + "verify: false}\n", "false", {"one of: off, required, found true or false"}},
      Case{source("type: native, images: [], " + kToken), "[", {"list is empty"}},
      Case{source("type: native, images: ['Acme/*'], " + kToken), "'", {"lower case"}},
      Case{source("type: native, images: ['docker.io/acme/app:1.0'], " + kToken),
           "'",
           {"leave out the tag"}},
      Case{source("type: native, host: 'https://ghcr.io', " + kToken), "'", {"without 'https://'"}},
      Case{source("type: native, prefix: '/team', " + kToken), "'", {"no path of a repository"}},
      Case{source("type: native, from: '10.0.0.0/33', " + kToken),
           "'",
           {"no IP address and no block", "10.0.0.0/8"}}));
}

TEST_CASE("Registries, targets and policies are checked alike", "[config][bad]") {
  check_one_problem(GENERATE(
      Case{"registries: [{aliases: [x]}]\n", "{", {"'host' is missing"}},
      Case{"registries: [{host: 'a b'}]\n", "'", {"'a b' is no registry host"}},
      Case{"registries: [{host: a, aliases: [b/c]}]\n", "b", {"'b/c' is no registry host"}},
      Case{"registries: [{host: a}, {host: A}]\n", "A", {"'a' is there already"}},
      Case{"registries:\n- {host: a, aliases: [x, z]}\n- {host: b, aliases: [x]}\n",
           "x]",
           {"'x' is there already, on line 2"}},
      Case{"registries: [{host: docker.io, aliases: [index.docker.io]}]\n",
           "index.docker.io",
           {"'docker.io' is there already"}},
      Case{"targets: [{type: files, path: deploy}]\n", "{", {"'name' is missing"}},
      Case{"targets: [{name: a, path: deploy}]\n", "{", {"'type' is missing"}},
      Case{"targets: [{name: 'A B', type: files, path: deploy}]\n", "'", {"no name of a target"}},
      Case{target("type: compose"), "compose", {"'compose' is not available in this build"}},
      Case{target("type: git"), "git", {"'git' is not available in this build"}},
      Case{target("type: file, path: deploy"), "file", {"did you mean 'files'?"}},
      Case{target("type: files"), "{", {"'path' is missing"}},
      Case{target("type: files, path: nowhere"),
           "nowhere",
           {"nowhere' does not exist", "create it"}},
      Case{target("type: files, path: plain.txt"), "plain.txt", {"is no folder"}},
      Case{target("type: files, path: deploy, host: x"), "host", {"'host' is not available"}},
      Case{target("type: files, path: deploy, include: []"), "[", {"list is empty"}},
      Case{target("type: files, path: deploy, rescan: 500ms"), "500ms", {"from 1s to 1d"}},
      Case{target("type: files, path: deploy, rescan: 1500ms"), "1500ms", {"whole seconds"}},
      Case{target("type: files, path: deploy, mode: never"), "never", {"unknown mode 'never'"}},
      Case{target("type: files, path: deploy") + "  - {name: a, type: files, path: other}\n",
           "a, type: files, path: o",
           {"'a' is there already, on line 2"}},
      Case{target("type: files, path: deploy") + "  - {name: b, type: files, path: deploy/inner}\n",
           "deploy/",
           {"overlaps", "'a'"}},
      Case{target("type: files, path: deploy/inner") + "  - {name: b, type: files, path: deploy}\n",
           "deploy}",
           {"overlaps", "'a'"}},
      Case{"policies: [{policy: never}]\n", "{", {"'image' is missing"}},
      Case{"policies: [{image: '*'}]\n", "{", {"'policy' is missing"}},
      Case{"policies: [{image: nginx, policy: never}]\n", "nginx", {"docker.io/library/nginx"}},
      Case{"policies: [{image: '*', policy: sember}]\n", "sember", {"'sember'"}},
      Case{"policies: [{image: '*', policy: 'semver:>>1'}]\n", "'s", {"semver:>>1"}},
      Case{"policies: [{image: '*', policy: 'glob:a/*'}]\n", "'g", {"no tag has a '/'"}},
      Case{"policies: [{image: '*', policy: 1.4}]\n", "1.4", {"expected text, found a number"}},
      Case{"policies: [{image: '*', policy: never, pin: tags}]\n", "tags", {"did you mean 'tag'?"}},
      Case{"policies: [{image: '*', policy: never, prerelease: 'true'}]\n",
           "'t",
           {"without quotes"}}));
}

TEST_CASE("A registry that cannot be asked is an error at what is wrong with it", "[config][bad]") {
  const auto item = [](const std::string& keys, const std::string& at,
                       std::vector<std::string> words) {
    return Case{"registries:\n  - {host: x.example, " + keys + "}\n", at, std::move(words)};
  };
  check_one_problem(GENERATE_COPY(
      item("insecure: yes", "yes", {"expected true or false"}),
      item("username: robot", "robot", {"username: is of no use without 'password'"}),
      item("password: Not-For-Any-Message", "Not", {"password: is of no use without 'username'"}),
      item("username: 'a:b', password: c", "'a", {"cannot hold a ':'"}),
      item("password: c, username: ''", "'", {"username: is empty"}),
      item("username: a, password: 12345", "12345", {"found a number", "quotes"}),
      item("cert: plain.txt", "plain.txt", {"cert: is of no use without 'key'"}),
      item("key: plain.txt", "plain.txt", {"key: is of no use without 'cert'"}),
      item("cert: plain.txt, key: none.key", "none.key", {"none.key' does not exist", "correct"}),
      item("ca: none.pem", "none.pem", {"none.pem' does not exist", "correct the path"}),
      item("ca: deploy", "deploy", {"deploy' is a folder"}),
      item("auth_hosts: ['https://auth.example']", "'https", {"auth_hosts[0]", "no registry host"}),
      item("auth_hosts: [a.example, 'b c']", "'b", {"auth_hosts[1]: 'b c' is no registry host"}),
      item("redirect_hosts: s3.example/bucket", "s3", {"is no registry host", "without a path"}),
      item("mirrors: [m.example, 'm:x']", "'m:x", {"mirrors[1]: 'm:x' is no registry host"}),
      item("mirrors: [X.Example]", "X.E", {"is the registry itself"}),
      item("mirrors: {a: b}", "{a", {"expected text"}),
      item("concurrency: 0", "0", {"from 1 to 64"}),
      item("concurrency: 65", "65", {"from 1 to 64"}),
      item("rate: 0", "0", {"expected a number from 0.01 to 10000"}),
      item("rate: -1", "-1", {"expected a number from 0.01"}),
      item("rate: .nan", ".nan", {"expected a number"}),
      item("rate: 1e400", "1e400", {"expected a number"}),
      item("rate: '5'", "'", {"without quotes"}), item("rate: 5/s", "5/s", {"expected a number"}),
      item("deadline: 500ms", "500ms", {"from 1s to 10m"}),
      item("verify: of", "of", {"did you mean 'off'?"}),
      item("sweep: 0s", "0s", {"sweep: ", "write 'off'"}),
      item("sweep: 500ms", "500ms", {"from 1s to 30d"})));
}

TEST_CASE("Sweeps, ages and Docker's file are checked alike", "[config][bad]") {
  const auto policy = [](const std::string& keys) {
    return "policies: [{image: 'a.io/*', policy: semver, " + keys + "}]\n";
  };
  check_one_problem(
      GENERATE_COPY(Case{"sweep: 0\n", "0", {"such as 1h", "write 'off'"}},
                    Case{"sweep: 999ms\n", "999ms", {"from 1s to 30d"}},
                    Case{"sweep: 31d\n", "31d", {"from 1s to 30d"}},
                    Case{"sweep: 1500ms\n", "1500ms", {"whole seconds"}},
                    Case{"sweep: 60\n", "60", {"'60' has no unit", "60s"}},
                    Case{"sweep: never\n", "never", {"'never' is no duration"}},
                    Case{policy("sweep: 0"), "0", {"policies[0].sweep", "write 'off'"}},
                    Case{policy("min-age: 3"), "3", {"policies[0].min-age: '3' has no unit"}},
                    Case{policy("min-age: 1500ms"), "1500ms", {"whole seconds"}},
                    Case{policy("min-age: 366d"), "366d", {"from 0s to 365d"}},
                    Case{policy("min_age: 3d"), "min_age", {"did you mean 'min-age'?"}},
                    Case{"docker_config: none.json\n", "none.json", {"none.json' does not exist"}},
                    Case{"docker_config: deploy\n", "deploy", {"is a folder"}},
                    Case{"docker_config: true\n", "true", {"found true or false"}}));
}

TEST_CASE("All problems of a file are told together, in its order", "[config][bad]") {
  const TempFolder folder;
  const auto file = folder.write("longshore.yaml",
                                 "drain_delay: 5\n"
                                 "sources:\n"
                                 "  - {name: A, type: nativ}\n"
                                 "  - {name: b, type: harbor, tokn: x, verify: off}\n"
                                 "listen: x\n"
                                 "polices: []\n");
  const auto result = load_config(file);
  REQUIRE(std::holds_alternative<ConfigErrors>(result));
  const ConfigErrors& errors = std::get<ConfigErrors>(result);
  std::vector<std::pair<int, int>> places;
  for (const ConfigProblem& problem : errors.problems) {
    places.emplace_back(problem.line, problem.column);
  }
  const std::vector<std::pair<int, int>> expected = {{1, 14}, {3, 12}, {3, 21}, {4, 5},
                                                     {4, 29}, {5, 9},  {6, 1}};
  CHECK(places == expected);
  const std::string first = file.string() + ":1:14: drain_delay: '5' has no unit: write";
  CHECK_THAT(errors.str(), Catch::StartsWith(first));
  const std::string text = errors.str();
  CHECK(std::count(text.begin(), text.end(), '\n') == 7);
}

TEST_CASE("A problem is one line whatever was quoted", "[config][bad]") {
  const TempFolder folder;
  const auto result =
      load_config(folder.write("longshore.yaml", "\"a\\nb\\e\": 1\nmode: \"x\\ny\"\n"));
  REQUIRE(std::holds_alternative<ConfigErrors>(result));
  const std::string text = std::get<ConfigErrors>(result).str();
  CHECK(std::count(text.begin(), text.end(), '\n') == 2);
  CHECK_THAT(text, !Catch::Contains("\x1b"));
}

TEST_CASE("A file that cannot be read is told without a place", "[config][bad]") {
  const TempFolder folder;
  folder.folder("sub");
  folder.write("large.yaml", std::string((1U << 20) + 1, '#'));
  struct Unreadable {
    std::string_view name;
    std::string_view message;
  };
  const auto item = GENERATE(Unreadable{"none.yaml", "the file does not exist"},
                             Unreadable{"sub", "the file is a folder"},
                             Unreadable{"large.yaml", "the file is larger than"});
  const auto result = load_config(folder.path() / item.name);
  REQUIRE(std::holds_alternative<ConfigErrors>(result));
  const ConfigErrors& errors = std::get<ConfigErrors>(result);
  REQUIRE(errors.problems.size() == 1);
  CHECK(errors.problems[0].line == 0);
  CHECK_THAT(errors.problems[0].message, Catch::StartsWith(std::string(item.message)));
  CHECK_THAT(errors.str(), Catch::StartsWith((folder.path() / item.name).string() + ": the file"));
  CHECK(errors.inputs == std::vector{folder.path() / item.name});
}

TEST_CASE("A bad file names the secrets that may mend it", "[config][bad]") {
  const TempFolder folder;
  const auto file = folder.write("longshore.yaml", source("type: native, token: '${file:later}'"));
  const auto result = load_config(file);
  REQUIRE(std::holds_alternative<ConfigErrors>(result));
  CHECK(std::get<ConfigErrors>(result).inputs == std::vector{file, folder.path() / "later"});
}
