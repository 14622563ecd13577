// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as what comes in on one connection. The first byte says in what pieces. Nothing may
// crash; in whatever pieces the bytes come, the same requests are read and the same one is refused;
// what is read is within its bounds, and has nothing in it that could be read in another way.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "receiver/request_reader.h"

namespace {

using longshore::RequestReader;
using longshore::WholeRequest;

constexpr std::size_t kMaxBody = 512;

void require(bool holds) {
  if (!holds) std::abort();
}

// What was read, as one text.
struct Outcome {
  std::string requests;
  RequestReader::State state = RequestReader::State::idle;
  int refused = 0;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

bool is_plain(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7f;
  });
}

void check(const WholeRequest& request) {
  require(request.head.target.starts_with('/') || request.head.target == "*");
  require(is_plain(request.head.target));
  require(request.head.headers.size() <= longshore::kMaxHeaders);
  for (const auto& [name, value] : request.head.headers) {
    require(!name.empty() && is_plain(name) && name.find_first_of(" \t:") == std::string::npos);
    require(is_plain(value));
  }
  require(request.body.size() <= kMaxBody);
  require(request.head.framing.chunked || request.body.size() == request.head.framing.length);
}

void take_all(RequestReader& reader, Outcome& outcome) {
  while (reader.state() == RequestReader::State::complete) {
    const WholeRequest request = reader.take();
    check(request);
    outcome.requests += request.head.method + ' ' + request.head.target + '\n';
    for (const auto& [name, value] : request.head.headers)
      outcome.requests.append(name).append(1, ':').append(value).append(1, '\n');
    outcome.requests += request.body + '\n';
    reader.feed({});
  }
}

Outcome read(std::string_view bytes, std::size_t piece) {
  RequestReader reader(kMaxBody);
  Outcome outcome;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    reader.feed(bytes.substr(at, piece));
    take_all(reader, outcome);
  }
  outcome.state = reader.state();
  if (outcome.state == RequestReader::State::refused) {
    outcome.refused = reader.refusal().status;
    require(outcome.refused >= 400 && !reader.refusal().reason.empty());
  }
  require(reader.body_bytes() <= kMaxBody);
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Outcome whole = read(bytes, bytes.size());
  require(read(bytes, 1 + data[0] % 64) == whole);
  require(read(bytes, 1) == whole);
  return 0;
}
