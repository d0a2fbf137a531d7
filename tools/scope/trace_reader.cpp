#include "tools/scope/trace_reader.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <istream>
#include <nlohmann/json.hpp>
#include <streambuf>
#include <system_error>

#include "reactor/error.h"

namespace bunshin {

namespace {

using nlohmann::json;

/// No entry is larger: what claims to be is not read into memory.
constexpr std::size_t kLargestEntry = 16 * 1024 * 1024;

/// The file's bytes, as long as entries end now and then.
class EntryBuffer final : public std::streambuf {
 public:
  explicit EntryBuffer(std::istream& file) : file_(file) {}
  void entry_ended() { since_entry_ = 0; }
  [[nodiscard]] bool too_large() const { return since_entry_ > kLargestEntry; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 protected:
  int_type underflow() override {
    if (too_large()) return traits_type::eof();
    file_.read(piece_.data(), static_cast<std::streamsize>(piece_.size()));
    const auto count = static_cast<std::size_t>(file_.gcount());
    if (count == 0) return traits_type::eof();
    since_entry_ += count;
    bytes_ += count;
    setg(piece_.data(), piece_.data(), piece_.data() + count);
    return traits_type::to_int_type(piece_.front());
  }

 private:
  std::istream& file_;
  std::array<char, 64 * 1024> piece_;
  std::size_t since_entry_ = 0;
  std::size_t bytes_ = 0;
};

/// What the parser found, and where.
std::string fault_of(const json::parse_error& error, const EntryBuffer& buffer,
                     std::size_t entries) {
  if (buffer.too_large()) return "has an entry of more than 16 MiB, which no trace has";
  if (buffer.bytes() == 0) return "is empty";
  const bool at_end = error.byte > buffer.bytes();
  if (at_end && entries > 0) return fmt::format("is cut short behind {} entries", entries);
  if (at_end) return "is cut short before its first entry";
  return fmt::format("is no trace: byte {} is no JSON", error.byte);
}

}  // namespace

std::string read_trace(const std::string& path,
                       const std::function<void(const json& entry)>& take) {
  std::error_code unknown;
  if (std::filesystem::is_directory(path, unknown)) {
    return fmt::format("cannot read {}: {}", path, error_text(EISDIR));
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return fmt::format("cannot read {}: {}", path, error_text(errno));
  EntryBuffer buffer(file);
  std::istream stream(&buffer);
  std::size_t entries = 0;
  const auto on_part = [&](int depth, json::parse_event_t event, json& part) {
    if (event != json::parse_event_t::object_end || depth < 1 || depth > 2) return true;
    if (!part.contains("ph")) return true;
    buffer.entry_ended();
    ++entries;
    take(part);
    return false;  // is not kept
  };
  try {
    [[maybe_unused]] const json rest = json::parse(stream, on_part);
  } catch (const json::parse_error& error) {
    return fmt::format("{} {}", path, fault_of(error, buffer, entries));
  }
  return entries == 0 ? path + " is no trace: there is no entry in it" : std::string();
}

}  // namespace bunshin
