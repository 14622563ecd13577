// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_completion.h"

#include <CLI/CLI.hpp>

#include "cli/exit_codes.h"
#include "cli/output.h"

namespace longshore {
namespace {

// The script is made from the parser itself, so it cannot name a command that does not exist or
// miss one that does.

std::string words_of(const CLI::App& command) {
  std::string words;
  for (const CLI::App* sub : command.get_subcommands({}))
    words += sub->get_name() + " ";
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames())
      words += "--" + name + " ";
  }
  words.pop_back();  // each command has at least --help
  return words;
}

// "    ' audit verify') words='--config --json --help' ;;" for the command and those below it.
void append_cases(std::string& out, const CLI::App& command, const std::string& path) {
  out += "    '" + path + "') words='" + words_of(command) + "' ;;\n";
  for (const CLI::App* sub : command.get_subcommands({})) {
    append_cases(out, *sub, path + " " + sub->get_name());
  }
}

void append_paths(std::string& out, const CLI::App& command, const std::string& path) {
  for (const CLI::App* sub : command.get_subcommands({})) {
    const std::string below = path + " " + sub->get_name();
    out += (out.empty() ? "'" : "|'") + below + "'";
    append_paths(out, *sub, below);
  }
}

std::string bash_script(const CLI::App& app) {
  std::string paths;
  append_paths(paths, app, "");
  std::string cases;
  append_cases(cases, app, "");
  return "# Completion of longshore's commands and options for bash. To use it now:\n"
         "#   source <(longshore completion bash)\n"
         "_longshore() {\n"
         "  local word command= words=\n"
         "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
         "    case \"$command $word\" in\n"
         "      " +
         paths +
         ") command=\"$command $word\" ;;\n"
         "    esac\n"
         "  done\n"
         "  case \"$command\" in\n" +
         cases +
         "  esac\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
         "}\n"
         "complete -o default -F _longshore longshore\n";
}

}  // namespace

void add_completion(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("completion", "Print a script that completes commands");
  command->require_subcommand(1);
  CLI::App* bash = command->add_subcommand("bash", "For bash: source <(longshore completion bash)");
  bash->callback([&app, &line] {
    line.run = [&app] { return print(bash_script(app)) ? kExitOk : kExitFailed; };
  });
}

}  // namespace longshore
