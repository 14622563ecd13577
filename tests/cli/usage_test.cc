// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <fstream>
#include <iterator>

#include <catch2/catch.hpp>

#include "tests/cli/run.h"

namespace longshore::cli_tests {
namespace {

const std::vector<std::vector<std::string>> kAll = {
    {"serve"},
    {"check"},
    {"status"},
    {"actions"},
    {"actions", "retry"},
    {"history"},
    {"audit"},
    {"audit", "verify"},
    {"plan"},
    {"pause"},
    {"resume"},
    {"hold"},
    {"unhold"},
    {"rollback"},
    {"replay"},
    {"wait"},
    {"decode"},
    {"send"},
    {"policy"},
    {"completion"},
    {"completion", "bash"},
};

TEST_CASE("--version names the program and its version", "[cli]") {
  const Ran ran = run({"--version"});
  CHECK(ran.code == 0);
  CHECK(ran.out == "longshore " LONGSHORE_VERSION "\n");
}

TEST_CASE("--help lists every command and the exit codes", "[cli]") {
  const Ran ran = run({"--help"});
  CHECK(ran.code == 0);
  for (const auto& command : kAll) {
    INFO(command[0]);
    CHECK(ran.out.find("\n  " + command[0]) != std::string::npos);
  }
  CHECK(ran.out.find("3 no running server") != std::string::npos);
}

TEST_CASE("Every command describes itself", "[cli]") {
  for (auto words : kAll) {
    words.emplace_back("--help");
    const Ran ran = run(words);
    INFO(words[0]);
    CHECK(ran.code == 0);
    CHECK(ran.out.find("Usage:") != std::string::npos);
    CHECK(ran.err.empty());
  }
}

TEST_CASE("Wrong usage is exit code 2 and says what is wrong", "[cli]") {
  const std::vector<std::vector<std::string>> wrong = {
      {"nonsense"},
      {"status", "--nonsense"},
      {"status", "surplus"},
      {"history"},
      {"decode", "--type", "harbor"},
      {"decode", "-"},
      {"policy", "--policy", "semver"},
      {"actions", "--state", "nonsense"},
      {"actions", "--limit", "0"},
      {"actions", "retry"},
      {"completion"},
      {"completion", "fish"},
      {"audit", "--since"},
      {"status", "history"},
      {"hold", "web"},
      {"unhold"},
      {"rollback"},
      {"replay", "nonsense"},
      {"wait"},
      {"wait", "acme/app:1", "--timeout", "soon"},
      {"wait", "acme/app:1", "--timeout", "10"},
  };
  for (const auto& words : wrong) {
    const Ran ran = run(words);
    INFO(words[0] << " " << words.back());
    CHECK(ran.code == 2);
    CHECK(ran.out.empty());
    CHECK(ran.err.starts_with("longshore: "));
  }
}

TEST_CASE("The completion for bash knows every command and its options", "[cli]") {
  const Ran script = run({"completion", "bash"});
  REQUIRE(script.code == 0);
  const Folder folder;
  const std::string file = folder.write("completion", script.out);
  // Asks bash itself what it would offer for these words, the last one being typed.
  const auto offered = [&](const std::string& words) {
    const std::string command = "bash -c 'source \"" + file + "\"; COMP_WORDS=(longshore " + words +
                                "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _longshore; "
                                "echo \" ${COMPREPLY[*]} \"' > '" +
                                (folder / "offered") + "'";
    REQUIRE(std::system(command.c_str()) == 0);
    std::ifstream in(folder / "offered");
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  for (const auto& command : kAll) {
    const std::string before = command.size() > 1 ? command[0] + " " : "";
    INFO(before << command.back());
    CHECK(offered(before + "\"\"").find(" " + command.back() + " ") != std::string::npos);
    CHECK(offered(before + command.back() + " --").find(" --help ") != std::string::npos);
  }
  CHECK(offered("st") == " status \n");
  CHECK(offered("--config x.yaml audit --si") == " --since \n");
  CHECK(offered("audit verify --off") == " --offline \n");
  CHECK(offered("policy --pol") == " --policy \n");
}

}  // namespace
}  // namespace longshore::cli_tests
