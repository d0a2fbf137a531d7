#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/block_framer.h"
#include "tests/support/files.h"

namespace bunshin::testing {

inline std::vector<std::string> take_blocks(BlockFramer& framer) {
  std::vector<std::string> blocks;
  while (auto block = framer.next()) {
    blocks.push_back(block->oversized ? "(oversized)" : std::move(block->bytes));
  }
  return blocks;
}

inline std::vector<std::string> blocks_of(std::string_view bytes) {
  BlockFramer framer;
  framer.feed(bytes);
  return take_blocks(framer);
}

// A folder of its own for every test, removed at its end.
class TempFolder {
 public:
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "bunshin-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  std::string path(const std::string& name) const { return (path_ / name).string(); }

  std::string write(const std::string& name, std::string_view text) const {
    std::ofstream(path(name), std::ios::binary) << text;
    return path(name);
  }

 private:
  std::filesystem::path path_;
};

}  // namespace bunshin::testing
