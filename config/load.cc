// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>
#include <sstream>
#include <system_error>
#include <tuple>

#include <yaml-cpp/eventhandler.h>

#include "config/files.h"
#include "config/sections.h"
#include "config/values.h"

namespace longshore {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostConfigBytes = 1U << 20;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

// Length of the UTF-8 sequence at the front (Unicode 15, table 3-7); 0 if it is none.
std::size_t utf8_length(std::string_view text) {
  const auto at = [&](std::size_t i) -> unsigned {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const auto continues = [&](std::size_t i) { return (at(i) & 0xc0) == 0x80; };
  const unsigned first = at(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return continues(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    if (first == 0xe0 && at(1) < 0xa0) return 0;
    if (first == 0xed && at(1) > 0x9f) return 0;
    return continues(1) && continues(2) ? 3 : 0;
  }
  if (first < 0xf0 || first > 0xf4) return 0;
  if (first == 0xf0 && at(1) < 0x90) return 0;
  if (first == 0xf4 && at(1) > 0x8f) return 0;
  return continues(1) && continues(2) && continues(3) ? 4 : 0;
}

// What is wrong with the bytes, before YAML is looked at: the library recodes what is not UTF-8,
// takes control characters for text, and says of tabs what helps nobody.
std::vector<ConfigProblem> check_bytes(std::string_view source) {
  std::vector<ConfigProblem> problems;
  int line = 1;
  std::size_t line_start = 0;
  bool indentation = true;
  for (std::size_t i = 0; i < source.size();) {
    const int column = static_cast<int>(i - line_start) + 1;
    const std::size_t length = utf8_length(source.substr(i));
    const char c = source[i];
    if (length == 0) {
      problems.push_back({line, column, "is not UTF-8: save the file in this encoding"});
      return problems;
    }
    if (c == '\t' && indentation) {
      problems.push_back({line, column, "a tab in the indentation: use spaces"});
      indentation = false;
    } else if (c == 0x7f || (c >= 0 && c < ' ' && c != '\t' && c != '\n' && c != '\r')) {
      problems.push_back({line, column, "a control character: remove it"});
      return problems;
    }
    i += length;
    if (c != ' ') indentation = c == '\n';
    if (c == '\n') {
      ++line;
      line_start = i;
    }
  }
  return problems;
}

// The library's message, in words that say what to do where they are known.
std::string explain(std::string_view message) {
  struct Known {
    std::string_view message;
    std::string_view advice;
  };
  constexpr Known kKnown[] = {
      {"illegal map value",
       "a ':' stands where none may: put the text into quotes, or check the "
       "indentation"},
      {"end of map not found", "the indentation fits no line above: align it"},
      {"end of sequence not found", "the indentation fits no line above: align it"},
      {"end of map flow not found", "a '{' is not closed, or a text in it needs quotes"},
      {"end of sequence flow not found", "a '[' is not closed, or a text in it needs quotes"},
      {"illegal flow end", "a ']' or '}' closes nothing: remove it"},
      {"unknown token", "no text may begin with this character: put it into quotes"},
      {"the referenced anchor is not defined",
       "no anchor of this name stands above: define it with "
       "'&'"},
  };
  for (const Known& known : kKnown) {
    if (message == known.message) return std::string(known.advice);
  }
  return "is not valid YAML (" + std::string(message) + "): correct it";
}

// A source that may speak of everything announces nothing in particular.
std::vector<std::string> announced_by(const std::vector<SourceOptions>& sources) {
  std::set<std::string> patterns;
  for (const SourceOptions& source : sources)
    patterns.insert(source.images.begin(), source.images.end());
  return {patterns.begin(), patterns.end()};
}

// Where the content of each document begins.
class DocumentStarts final : public YAML::EventHandler {
 public:
  std::vector<Place> starts;

  void OnDocumentStart(const YAML::Mark& /*mark*/) override { begins_ = true; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override { note(mark); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override { note(mark); }
  void OnScalar(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                const std::string& /*value*/) override {
    note(mark);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& /*tag*/,
                       YAML::anchor_t /*anchor*/, YAML::EmitterStyle::value /*style*/) override {
    note(mark);
  }
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                  YAML::EmitterStyle::value /*style*/) override {
    note(mark);
  }
  void OnMapEnd() override {}

 private:
  void note(const YAML::Mark& mark) {
    if (begins_) starts.push_back(place_of(mark));
    begins_ = false;
  }
  bool begins_ = false;
};

// No more than two are looked for: where a document begins with a ',' the library does not get past
// it, and finds one more there for ever.
std::vector<Place> document_starts(const std::string& source) {
  std::istringstream stream(source);
  YAML::Parser parser(stream);
  DocumentStarts found;
  while (found.starts.size() < 2 && parser.HandleNextDocument(found)) {
  }
  return found.starts;
}

// False: what stands there is not worth a look.
bool is_one_document(const std::vector<Place>& starts, ReadState& state) {
  if (starts.size() < 2) return true;
  const bool stuck = starts[0].line == starts[1].line && starts[0].column == starts[1].column;
  state.errors.push_back({starts[1].line, starts[1].column,
                          stuck ? explain("unknown token")
                                : "a second document begins here: keep one, without '---' and "
                                  "'...'"});
  return !stuck;
}

void read_document(const YAML::Node& document, Config& config, ReadState& state) {
  if (document.IsNull()) {
    state.errors.push_back(
        {1, 1, "the file is empty: name at least 'sources', 'targets' and 'policies'"});
    return;
  }
  const ValueReader whole(document, place_of(document.Mark()), "", state);
  const auto root = whole.map(kRootKeys);
  if (!root) return;
  RegistrySections registries = read_registries(*root);
  config.registries = std::move(registries.options);
  config.receiver = read_receiver(*root, std::move(registries.names));
  config.pipeline = read_pipeline(*root, named_hosts(config.receiver));
  config.pipeline.sweep.every_of_host = std::move(registries.sweeps);
  config.pipeline.sweep.announced = announced_by(config.receiver.sources);
  TargetSections targets = read_targets(*root);
  config.targets = std::move(targets.targets);
  config.pipeline.observed_targets = std::move(targets.observed);
  read_limits(*root, config);
  constexpr DurationRange kDrainDelay{std::chrono::milliseconds{0}, std::chrono::minutes{10}};
  config.drain_delay = root->duration("drain_delay", kDrainDelay).value_or(config.drain_delay);
  if (config.receiver.sources.empty()) {
    state.warnings.push_back({0, 0, "there are no sources, so nothing will be received"});
  }
  if (config.targets.empty()) {
    state.warnings.push_back({0, 0, "there are no targets, so nothing will be brought up to date"});
  }
}

// The defaults are relative to the file, like everything in it. Three files of ours must not be
// one.
void settle_paths(const fs::path& file, Config& config, ReadState& state) {
  fs::path& store = config.pipeline.store.path;
  fs::path& audit = config.pipeline.audit.file;
  store = below(state.folder, store);
  audit = below(state.folder, audit);
  if (store == audit || store == file || audit == file) {
    state.errors.push_back(
        {0, 0, "'store', 'audit.file' and the configuration have to be three files: rename one"});
  }
}

void sort_by_place(std::vector<ConfigProblem>& problems) {
  std::stable_sort(problems.begin(), problems.end(),
                   [](const ConfigProblem& a, const ConfigProblem& b) {
                     return std::tie(a.line, a.column) < std::tie(b.line, b.column);
                   });
}

fs::path absolute_of(const fs::path& file) {
  std::error_code fault;
  const fs::path folder = fs::current_path(fault);
  return below(fault ? fs::path("/") : folder, file);
}

std::vector<fs::path> unique_inputs(const fs::path& file, std::vector<fs::path> others) {
  std::sort(others.begin(), others.end());
  others.erase(std::unique(others.begin(), others.end()), others.end());
  others.insert(others.begin(), file);
  return others;
}

void parse(std::string_view source, Config& config, ReadState& state) try {
  const std::string text(source);
  if (is_one_document(document_starts(text), state)) read_document(YAML::Load(text), config, state);
} catch (const YAML::Exception& fault) {
  const Place place = place_of(fault.mark);
  state.errors.push_back({place.line, place.column, explain(fault.msg)});
}

}  // namespace

std::string ConfigErrors::str() const {
  std::string out;
  for (const ConfigProblem& problem : problems) {
    out += file.string() + ":";
    if (problem.line > 0) {
      out += std::to_string(problem.line) + ":" + std::to_string(problem.column) + ":";
    }
    out += " " + problem.message + "\n";
  }
  return out;
}

std::variant<LoadedConfig, ConfigErrors> load_config(const fs::path& file) {
  const fs::path absolute = absolute_of(file);
  const auto content = read_regular_file(absolute, kMostConfigBytes);
  if (!content) {
    return ConfigErrors{
        file,
        {{0, 0, "the file " + content.error().message + ": name the configuration file"}},
        {absolute}};
  }
  std::string_view source = *content;
  if (source.starts_with(kByteOrderMark)) source.remove_prefix(kByteOrderMark.size());
  ReadState state{absolute.parent_path(), source, check_bytes(source), {}, {}};
  Config config;
  config.file = file;
  if (state.errors.empty()) parse(source, config, state);
  settle_paths(absolute, config, state);
  config.inputs = unique_inputs(absolute, std::move(state.inputs));
  sort_by_place(state.errors);
  sort_by_place(state.warnings);
  if (!state.errors.empty()) return ConfigErrors{file, std::move(state.errors), config.inputs};
  return LoadedConfig{std::move(config), std::move(state.warnings)};
}

std::vector<std::string> needs_restart(const Config& current, const Config& next) {
  std::vector<std::string> messages;
  const auto changed = [&](std::string_view key, bool is) {
    if (!is) return;
    messages.push_back("'" + std::string(key) +
                       "' has changed, which a reload cannot apply: restart to apply it");
  };
  const auto listen = [](const Config& c) {
    return std::tie(c.receiver.listen_host, c.receiver.listen_port);
  };
  const auto store = [](const Config& c) {
    const StoreOptions& options = c.pipeline.store;
    return std::tie(options.path, options.keep, options.keep_events);
  };
  const auto audit = [](const Config& c) {
    const AuditOptions& options = c.pipeline.audit;
    return std::tie(options.file, options.rotate_bytes, options.keep_files);
  };
  const auto limits = [](const Config& c) {
    return std::tie(c.receiver.max_body_bytes, c.receiver.max_in_flight_bytes,
                    c.receiver.worker_threads, c.pipeline.backlog_events);
  };
  changed("listen", listen(current) != listen(next));
  changed("store", store(current) != store(next));
  changed("audit", audit(current) != audit(next));
  changed("limits", limits(current) != limits(next));
  return messages;
}

}  // namespace longshore
