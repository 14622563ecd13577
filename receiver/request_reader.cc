// SPDX-License-Identifier: Apache-2.0
#include "receiver/request_reader.h"

#include <algorithm>
#include <charconv>

namespace longshore {
namespace {

// Chunk extensions are of no use to anybody; senders get room for a number and a little more.
constexpr std::size_t kMaxChunkLine = 256;

}  // namespace

RequestReader::State RequestReader::feed(std::string_view bytes) {
  if (state_ == State::refused) return state_;
  buffer_.append(bytes);
  return state_ == State::complete ? state_ : advance();
}

WholeRequest RequestReader::take() {
  state_ = State::idle;
  return std::exchange(request_, WholeRequest());
}

bool RequestReader::take_expectation() noexcept {
  if (state_ != State::body) return false;
  return std::exchange(request_.head.expects_continue, false);
}

std::size_t RequestReader::body_bytes() const noexcept {
  if (state_ != State::body && state_ != State::complete) return 0;
  return std::max(request_.head.framing.length, request_.body.size());
}

RequestReader::State RequestReader::advance() {
  if (state_ == State::idle || state_ == State::head) read_head();
  if (state_ == State::body) read_body();
  return state_;
}

RequestReader::State RequestReader::read_head() {
  // Senders may put an empty line before a request (RFC 9112, section 2.2).
  while (buffer_.starts_with("\r\n"))
    buffer_.erase(0, 2);
  const std::size_t end = buffer_.find("\r\n\r\n");
  if (std::min(end, buffer_.size()) > kMaxHeadBytes - 4)
    return refuse(431, "the head is too large");
  if (end == std::string::npos) {
    return state_ = buffer_.empty() ? State::idle : State::head;
  }
  auto parsed = parse_head(std::string_view(buffer_).substr(0, end + 4));
  buffer_.erase(0, end + 4);
  if (auto* refusal = std::get_if<Refusal>(&parsed)) {
    return refuse(refusal->status, std::move(refusal->reason));
  }
  request_.head = std::get<RequestHead>(std::move(parsed));
  if (request_.head.framing.length > max_body_bytes_) return refuse(413, "the body is too large");
  chunk_ = Chunk::size;
  trailer_bytes_ = 0;
  return state_ = State::body;
}

RequestReader::State RequestReader::read_body() {
  if (request_.head.framing.chunked) return read_chunked();
  const std::size_t wanted = request_.head.framing.length - request_.body.size();
  const std::size_t here = std::min(wanted, buffer_.size());
  request_.body.append(buffer_, 0, here);
  buffer_.erase(0, here);
  if (here == wanted) state_ = State::complete;
  return state_;
}

// RFC 9112, section 7.1. Each turn of the loop takes a part of a chunk or a line off the buffer.
RequestReader::State RequestReader::read_chunked() {
  std::size_t at = 0;
  while (state_ == State::body) {
    if (chunk_ == Chunk::data) {
      const std::size_t here = std::min(chunk_left_, buffer_.size() - at);
      request_.body.append(buffer_, at, here);
      at += here;
      chunk_left_ -= here;
      if (chunk_left_ > 0) break;
      chunk_ = Chunk::data_end;
    }
    const std::size_t end = buffer_.find("\r\n", at);
    if (std::min(end, buffer_.size()) - at > kMaxChunkLine) {
      return refuse(400, "a line between chunks is too long");
    }
    if (end == std::string::npos) break;
    read_chunk_line(std::string_view(buffer_).substr(at, end - at));
    at = end + 2;
  }
  if (state_ != State::refused) buffer_.erase(0, at);
  return state_;
}

RequestReader::State RequestReader::read_chunk_line(std::string_view line) {
  if (line.find_first_of("\r\n") != std::string_view::npos) {
    return refuse(400, "a line between chunks does not end in CRLF");
  }
  switch (chunk_) {
    case Chunk::data_end:
      if (!line.empty()) return refuse(400, "a chunk is longer than it says");
      chunk_ = Chunk::size;
      return state_;
    case Chunk::trailer:
      if (line.empty()) return state_ = State::complete;
      trailer_bytes_ += line.size();
      return trailer_bytes_ > kMaxHeadBytes ? refuse(431, "the trailer is too large") : state_;
    case Chunk::size:
    case Chunk::data:
      break;
  }
  if (!read_chunk_size(line)) return refuse(400, "a chunk's size is no hexadecimal number");
  if (chunk_left_ > max_body_bytes_ - request_.body.size()) {
    return refuse(413, "the body is too large");
  }
  chunk_ = chunk_left_ > 0 ? Chunk::data : Chunk::trailer;
  return state_;
}

bool RequestReader::read_chunk_size(std::string_view line) {
  const std::string_view number = line.substr(0, std::min(line.find_first_of("; \t"), line.size()));
  const auto [end, error] =
      std::from_chars(number.data(), number.data() + number.size(), chunk_left_, 16);
  return !number.empty() && error == std::errc() && end == number.data() + number.size();
}

RequestReader::State RequestReader::refuse(int status, std::string reason) {
  refusal_ = Refusal{status, std::move(reason)};
  buffer_.clear();
  request_ = WholeRequest();
  return state_ = State::refused;
}

}  // namespace longshore
