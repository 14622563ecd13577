// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace longshore {

enum class Colour { none, red, green, yellow, dim, bold };

// The text in that colour if standard output is a terminal, NO_COLOR is unset or empty
// (no-color.org) and TERM is not "dumb"; else the text as it is.
std::string coloured(std::string_view text, Colour colour);

// The text with everything replaced by "?" that a terminal might obey: control characters (C1 too)
// and what is not UTF-8; a newline stays. What people are shown may come from anybody.
std::string printable(std::string_view text);

// "1 policy", "3 policies".
std::string counted(std::size_t count, const std::string& noun, const std::string& nouns);

// Columns of text under headings, as wide as their widest cell, two spaces between; the last one is
// never padded. The cells are made printable.
class Table {
 public:
  explicit Table(std::vector<std::string> headings);
  // REQUIRES: as many cells as headings
  void add(std::vector<std::string> cells);
  bool empty() const noexcept { return rows_.empty(); }
  std::string str() const;

 private:
  std::string line_of(const std::vector<std::string>& cells,
                      const std::vector<std::size_t>& widths) const;

  std::vector<std::string> headings_;
  std::vector<std::vector<std::string>> rows_;
};

// Writes to standard output. False if it is closed or full: the caller ends with kExitFailed.
bool print(std::string_view text);

}  // namespace longshore
