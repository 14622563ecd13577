// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "receiver/decoder.h"
#include "receiver/http_message.h"
#include "receiver/options.h"

namespace longshore {

// The push of an image in the words of a sender, for `send`.
struct SentPush {
  std::string host;
  std::string path;  // of the repository, as the sender names it
  std::string tag;
  std::string digest;  // empty: unknown
  Time now{};
};

// Where a sender has room for a token.
enum class TokenPlace : std::uint8_t {
  bearer,         // Authorization: Bearer <token>
  authorization,  // Authorization: <token>
  query,          // ?token=<token>
  path,           // /hooks/<source>/<token>
  header,         // SourceKind::token_header
};

// How a sender signs a body with a secret.
enum class Signing : std::uint8_t {
  none,
  hmac,               // a header with the hex HMAC of the body
  standard_webhooks,  // Standard Webhooks 1.0.0: secrets are whsec_ and base64
};

struct HmacHeader {
  enum class Hash : std::uint8_t { sha1, sha256 };
  // Some sign a form's payload, before it was made a form.
  enum class Signed : std::uint8_t { body, payload };
  std::string_view name;
  std::string_view prefix = {};  // before the hex digits
  Hash hash = Hash::sha256;
  Signed text = Signed::body;
};

// What the receiver knows of one type of source: how to read what it sends, how it proves that it
// is the sender, and what it would send. One row for each type; adding a type is a file in
// receiver/sources with its row, a line in source_kinds.cc, bodies below tests/payloads and a
// guide.
struct SourceKind {
  SourceType type;
  std::string_view name;       // in the configuration
  std::string_view host = {};  // the only registry that it speaks of; empty: see names_host
  bool names_host = true;      // else the source has to be configured with one
  // What decoder.h promises.
  Result<Decoded> (*decode)(const Headers& headers, std::string_view body);

  // Asks with OPTIONS whether it may send (CloudEvents, "HTTP 1.1 Web Hooks", section 4).
  bool asks_first = false;

  TokenPlace token_place = TokenPlace::bearer;
  std::string_view token_header = {};  // a header of its own that holds nothing but the token
  Signing signing = Signing::none;
  HmacHeader hmac = {};  // for Signing::hmac

  // The body of a push. invalid_input where no such image can be pushed there.
  Result<std::string> (*body)(const SentPush& push);
  std::string_view content_type = "application/json";
  Headers (*headers)(const SentPush& push) = nullptr;  // besides; null: none
};

const SourceKind& kind_of(SourceType type) noexcept;
std::span<const SourceKind* const> source_kinds() noexcept;

}  // namespace longshore
