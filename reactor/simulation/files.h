#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "reactor/simulation/node.h"

namespace bunshin::simulation {

/// One side of a serial line: the computer's, which can be unplugged, or the device's.
class Tty final : public End {
 public:
  /// `bytes` a second that the line carries.
  Tty(World& world, Process& process, bool is_device, std::size_t bytes_a_second);

  [[nodiscard]] std::uint8_t state() const override;
  void close() override;
  [[nodiscard]] bool is_socket() const override { return false; }
  /// The cable is pulled: all that is on its way is lost. For ever; who plugs it in opens another.
  void hang_up();

 private:
  [[nodiscard]] Duration travel(std::size_t bytes) const override;
  [[nodiscard]] std::size_t at_once(std::size_t bytes) const override;
  void spoil(std::string& bytes) override;
  bool cut() override;
  IoResult instead_of_bytes() override;
  IoResult refuse_to_send() override;
  void let_go();

  const bool is_device_;
  const Duration byte_time_;
  bool hung_up_ = false;
};

/// A regular file, read from its beginning.
class StoredFile final : public End {
 public:
  StoredFile(World& world, Process& process, std::string content)
      : End(world, process, content.size()) {
    arrived_ = std::move(content);
  }
  [[nodiscard]] std::uint8_t state() const override { return ready::readable | ready::writable; }
  void close() override { gone_ = true; }
  [[nodiscard]] bool is_socket() const override { return false; }

 private:
  [[nodiscard]] Duration travel(std::size_t) const override { return {}; }
  bool cut() override { return false; }
  IoResult instead_of_bytes() override { return {0, IoStatus::end_of_file, 0}; }
  IoResult refuse_to_send() override { return {0, IoStatus::failed, EBADF}; }
};

}  // namespace bunshin::simulation
