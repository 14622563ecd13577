// SPDX-License-Identifier: Apache-2.0
#include "pipeline/crypto.h"

#include <cstdlib>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace longshore {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Never null: OpenSSL takes a null key for one that was not given, and fails.
const unsigned char* unsigned_data(std::string_view bytes) {
  if (bytes.empty()) bytes = "";
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

template <class Mac>
Mac hmac(const EVP_MD* hash, std::string_view key, std::string_view bytes) {
  Mac mac{};
  if (HMAC(hash, unsigned_data(key), static_cast<int>(key.size()), unsigned_data(bytes),
           bytes.size(), mac.data(), nullptr) == nullptr) {
    std::abort();  // only for lack of memory
  }
  return mac;
}

}  // namespace

Sha256 sha256(std::string_view bytes) {
  // Fetched once: looking the algorithm up for each call costs more than hashing a line.
  static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  Sha256 hash{};
  if (EVP_Digest(bytes.data(), bytes.size(), hash.data(), nullptr, algorithm, nullptr) != 1) {
    std::abort();  // only for lack of memory
  }
  return hash;
}

Sha512 sha512(std::string_view bytes) {
  Sha512 hash{};
  if (EVP_Digest(bytes.data(), bytes.size(), hash.data(), nullptr, EVP_sha512(), nullptr) != 1) {
    std::abort();  // only for lack of memory
  }
  return hash;
}

Sha256 hmac_sha256(std::string_view key, std::string_view bytes) {
  return hmac<Sha256>(EVP_sha256(), key, bytes);
}

Sha1 hmac_sha1(std::string_view key, std::string_view bytes) {
  return hmac<Sha1>(EVP_sha1(), key, bytes);
}

bool equal_constant_time(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string to_hex(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += kHex[byte >> 4];
    text += kHex[byte & 15];
  }
  return text;
}

std::optional<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_value(text[i]);
    const int low = hex_value(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

std::string to_base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4, '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), unsigned_data(bytes),
                  static_cast<int>(bytes.size()));
  return text;
}

// EVP_DecodeBlock skips white space and counts padding as zero bytes: both are dealt with here.
std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  const std::size_t end = text.find_last_not_of('=') + 1;  // 0 for an empty text
  const std::size_t padding = text.size() - end;
  if (padding > 2) return std::nullopt;
  for (const char c : text.substr(0, end)) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!letter && !(c >= '0' && c <= '9') && c != '+' && c != '/') return std::nullopt;
  }
  std::string bytes(text.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                   unsigned_data(text), static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  bytes.resize(bytes.size() - padding);
  return bytes;
}

}  // namespace longshore
