#pragma once

#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct editline;

namespace bunshin {

/// A line that is typed at a terminal, with a prompt, while others print to the same terminal: what
/// they print appears above, and prompt and half-typed text are drawn again. The editing is
/// libedit's. It neither reads nor waits: whoever uses it passes on what was typed, and writes what
/// it draws. Needs use_utf8() and a terminal that can move its cursor. Main thread only.
class LineEditor {
 public:
  using Write = std::function<void(std::string_view)>;
  struct Typed {
    std::vector<std::string> lines;  ///< without their ends
    bool ended = false;              ///< ^D in an empty line
  };

  /// Takes the terminal over: from now on it hands out each key. `write` writes to it, and must not
  /// destroy this. Throws std::runtime_error.
  LineEditor(int terminal, Write write);
  /// Erases the prompt and gives the terminal back as it was.
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  /// Takes what was typed; returns what that completes.
  Typed typed(std::string_view bytes);
  /// Prints above the prompt. `text` may end anywhere; what follows then goes on there. Control
  /// characters in it reach the terminal.
  void print(std::string_view text);
  /// Takes over and draws again what others may have changed: the terminal's size, its settings
  /// while the program was stopped.
  void resume();

 private:
  static int next_key(editline* line, wchar_t* key);
  void take_key(Typed& typed);
  void draw_new_line();
  void erase();
  void draw();
  void flush();
  [[nodiscard]] std::size_t columns() const;

  Write write_;
  const int terminal_;
  char* drawn_ = nullptr;  // what screen_ holds
  std::size_t drawn_size_ = 0;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> screen_;
  std::unique_ptr<editline, void (*)(editline*)> line_;
  std::string keys_;            // typed, and not yet taken by libedit
  std::size_t printed_at_ = 0;  // the column behind the unfinished line above the prompt; 0: none
};

}  // namespace bunshin
