// SPDX-License-Identifier: Apache-2.0
#include "receiver/metrics_text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <string_view>
#include <unordered_map>

namespace longshore {
namespace {

void append_escaped(std::string& out, std::string_view text, std::string_view special) {
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (special.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
}

void append_value(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
  } else {
    std::array<char, 32> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    out.append(digits.data(), end);
  }
}

void append_sample(std::string& out, const Metric& metric) {
  out += metric.name;
  char before = '{';
  for (const auto& [name, value] : metric.labels) {
    out += before + name + "=\"";
    append_escaped(out, value, "\\\"");
    out += '"';
    before = ',';
  }
  if (before == ',') out += '}';
  out += ' ';
  append_value(out, metric.value);
  out += '\n';
}

std::string head_of(const Metric& metric) {
  std::string out = "# HELP " + metric.name + ' ';
  append_escaped(out, metric.help, "\\");
  const bool counter = metric.type == Metric::Type::counter;
  return out + "\n# TYPE " + metric.name + (counter ? " counter\n" : " gauge\n");
}

}  // namespace

std::string to_prometheus(const std::vector<Metric>& metrics) {
  std::vector<std::string> families;  // in the order in which their names appear
  std::unordered_map<std::string_view, std::size_t> known;
  for (const Metric& metric : metrics) {
    const auto [entry, is_new] = known.try_emplace(metric.name, families.size());
    if (is_new) families.push_back(head_of(metric));
    append_sample(families[entry->second], metric);
  }
  std::string text;
  for (const std::string& family : families)
    text += family;
  return text;
}

}  // namespace longshore
