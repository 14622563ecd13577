// SPDX-License-Identifier: Apache-2.0
#include "pipeline/json_text.h"

#include <algorithm>
#include <cstddef>

namespace longshore {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::string_view kHex = "0123456789abcdef";

unsigned char byte_at(std::string_view text, std::size_t i) {
  return static_cast<unsigned char>(text[i]);
}

// What may follow a lead byte (Unicode 15, table 3-7): how many bytes, and the range of the first
// of them; the others are 80..BF. A length of 0: no lead byte.
struct Lead {
  std::size_t length;
  unsigned char least;
  unsigned char most;
};

Lead lead_of(unsigned char byte) {
  if (byte >= 0xC2 && byte <= 0xDF) return {2, 0x80, 0xBF};
  if (byte == 0xE0) return {3, 0xA0, 0xBF};
  if (byte == 0xED) return {3, 0x80, 0x9F};
  if (byte >= 0xE1 && byte <= 0xEF) return {3, 0x80, 0xBF};
  if (byte == 0xF0) return {4, 0x90, 0xBF};
  if (byte >= 0xF1 && byte <= 0xF3) return {4, 0x80, 0xBF};
  if (byte == 0xF4) return {4, 0x80, 0x8F};
  return {0, 0, 0};
}

struct Piece {
  std::size_t length;
  bool whole;  // a character; else only the beginning of one
};

// The character of several bytes at the front, or as much of it as is there.
Piece piece_at(std::string_view text) {
  const Lead lead = lead_of(byte_at(text, 0));
  if (lead.length == 0) return {1, false};
  for (std::size_t i = 1; i < lead.length; ++i) {
    const unsigned char least = i == 1 ? lead.least : 0x80;
    const unsigned char most = i == 1 ? lead.most : 0xBF;
    if (i == text.size() || byte_at(text, i) < least || byte_at(text, i) > most) return {i, false};
  }
  return {lead.length, true};
}

void append_escaped(std::string& out, unsigned char code) {
  switch (code) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  out += "\\u00";
  out += kHex[code >> 4];
  out += kHex[code & 15];
}

bool is_plain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && byte < 0x7F && byte != '"' && byte != '\\';
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const auto stop = std::find_if_not(text.begin(), text.end(), is_plain);
    out.append(text.begin(), stop);
    text.remove_prefix(static_cast<std::size_t>(stop - text.begin()));
    if (text.empty()) break;
    const unsigned char first = byte_at(text, 0);
    if (first < 0x80) {
      append_escaped(out, first);
      text.remove_prefix(1);
      continue;
    }
    const Piece piece = piece_at(text);
    if (!piece.whole) {
      out += kReplacement;
    } else if (first == 0xC2 && byte_at(text, 1) < 0xA0) {
      append_escaped(out, byte_at(text, 1));
    } else {
      out += text.substr(0, piece.length);
    }
    text.remove_prefix(piece.length);
  }
  out += '"';
}

}  // namespace longshore
