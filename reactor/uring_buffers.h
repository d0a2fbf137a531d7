#pragma once

#include <liburing.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "reactor/engine.h"

namespace bunshin {

/// The buffers that an io_uring fills with what it receives (a provided-buffer ring, Linux 5.19),
/// and chains of those that hold the bytes of one stream. Owned by the engine, used in its thread.
class UringBuffers {
 public:
  static constexpr std::uint16_t kNone = 0xffff;
  static constexpr int kGroup = 0;

  /// Bytes of one stream, in the order they arrived.
  struct Chain {
    std::uint16_t first = kNone;
    std::uint16_t last = kNone;
    std::uint32_t start = 0;  // what lies before it in `first` was taken
    [[nodiscard]] bool empty() const { return first == kNone; }
  };

  /// Registers with `ring`, until that ends. Throws std::system_error.
  UringBuffers(io_uring& ring, const EngineOptions& options);
  ~UringBuffers();
  UringBuffers(const UringBuffers&) = delete;
  UringBuffers& operator=(const UringBuffers&) = delete;

  /// The kernel has filled buffer `id` with `size` bytes for the stream of `chain`.
  void append(Chain& chain, std::uint16_t id, std::uint32_t size);
  /// At most `limit` bytes from the front; an emptied buffer is lent until give_back_lent().
  std::string_view take(Chain& chain, std::size_t limit);
  /// Gives back what was lent by take(), unless it was lent on.
  void give_back_lent();

  /// Appends `data` to `chain` where it lies, and with it the buffer that take() lent, until
  /// drop_front(). False when it lies in no such buffer, is not worth it, or too many are lent on
  /// already: half of them stay for receiving, whoever does not read what is sent to him.
  bool lend_on(Chain& chain, std::string_view data);
  /// What lies in the first buffer of a chain. REQUIRES: it is not empty.
  [[nodiscard]] std::string_view front(const Chain& chain);
  /// Gives the first buffer of what was lent on back.
  void drop_front(Chain& chain);

  void give_back(std::uint16_t id);
  /// The most that one take() gives.
  [[nodiscard]] std::size_t buffer_bytes() const { return buffer_bytes_; }

 private:
  struct Use {
    std::uint32_t size = 0;   // bytes in it, the first of which is at
    std::uint32_t start = 0;  // (always 0 in what was received)
    std::uint16_t next = kNone;
  };
  void link(Chain& chain, std::uint16_t id, Use use);
  [[nodiscard]] char* buffer(std::uint16_t id) {
    return bytes_.data() + std::size_t{id} * buffer_bytes_;
  }

  const unsigned count_;
  const unsigned buffer_bytes_;
  io_uring_buf_ring* buffers_ = nullptr;  // page-aligned, shared with the kernel
  std::vector<char> bytes_;
  std::vector<Use> uses_;
  std::uint16_t lent_ = kNone;
  unsigned lent_on_ = 0;
};

}  // namespace bunshin
