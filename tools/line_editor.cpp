#include "tools/line_editor.h"

#include <fmt/format.h>
#include <histedit.h>

#include <cerrno>
#include <cstdlib>
#include <cwchar>
#include <stdexcept>
#include <utility>

#include "tools/terminal.h"

namespace bunshin {

namespace {

constexpr char kPrompt[] = "> ";
constexpr std::size_t kPromptWidth = sizeof kPrompt - 1;
constexpr char kEnd = '\x04';  // libedit's sign for ^D in an empty line
constexpr std::size_t kUsualColumns = 80;

const char* prompt(EditLine*) { return kPrompt; }

/// The length of the key `keys` begins with; 0 when more of its bytes have to come: libedit forgets
/// a sequence whose end does not follow at once. An escape key alone waits for the next key.
std::size_t key_length(std::string_view keys) {
  if (keys.front() != '\x1b') return 1;
  if (keys.size() < 2) return 0;
  if (keys[1] != '[' && keys[1] != 'O') return 2;
  const std::size_t end = keys.find_first_not_of("0123456789;", 2);
  return end == keys.npos ? 0 : end + 1;
}

/// Where the cursor is when `text`, which has no line end, was printed from `column` on.
std::size_t column_behind(std::string_view text, std::size_t column) {
  constexpr std::size_t kTab = 8;
  for (std::size_t tab = text.find('\t'); tab != text.npos; tab = text.find('\t')) {
    column = (column + text_width(text.substr(0, tab))) / kTab * kTab + kTab;
    text.remove_prefix(tab + 1);
  }
  return column + text_width(text);
}

}  // namespace

LineEditor::LineEditor(int terminal, Write write)
    : write_(std::move(write)),
      terminal_(terminal),
      screen_(::open_memstream(&drawn_, &drawn_size_), &std::fclose),
      line_(screen_ ? ::el_init_fd("bunshin", stdin, screen_.get(), screen_.get(), terminal,
                                   terminal, terminal)
                    : nullptr,
            &::el_end) {
  if (!line_) throw std::runtime_error("cannot edit lines at this terminal");
  ::el_set(line_.get(), EL_CLIENTDATA, this);
  ::el_set(line_.get(), EL_EDITOR, "emacs");
  ::el_set(line_.get(), EL_PROMPT, &prompt);
  ::el_wset(line_.get(), EL_GETCFN, &LineEditor::next_key);
  draw_new_line();
}

LineEditor::~LineEditor() {
  erase();
  ::el_set(line_.get(), EL_UNBUFFERED, 0);
  line_.reset();
  flush();
  screen_.reset();
  std::free(drawn_);
}

/// libedit's source of keys: none is not the end.
int LineEditor::next_key(editline* line, wchar_t* key) {
  void* data = nullptr;
  ::el_get(line, EL_CLIENTDATA, &data);
  std::string& keys = static_cast<LineEditor*>(data)->keys_;
  std::mbstate_t state{};
  const std::size_t length = std::mbrtowc(key, keys.data(), keys.size(), &state);
  if (keys.empty() || length == static_cast<std::size_t>(-2)) {
    errno = EAGAIN;
    return -1;
  }
  const bool is_character = length > 0 && length <= keys.size();
  if (!is_character) *key = keys.front() == '\0' ? L'\0' : L'\uFFFD';
  keys.erase(0, is_character ? length : 1);
  return 1;
}

LineEditor::Typed LineEditor::typed(std::string_view bytes) {
  Typed typed;
  keys_ += bytes;
  while (!typed.ended && !keys_.empty() && key_length(keys_) > 0) {
    const std::size_t before = keys_.size();
    take_key(typed);
    if (keys_.size() == before) break;  // a character of which more bytes have to come
  }
  flush();
  return typed;
}

/// Lets libedit take the next key.
void LineEditor::take_key(Typed& typed) {
  int count = 0;
  const char* text = ::el_gets(line_.get(), &count);
  if (text == nullptr || count <= 0) return;
  std::string line(text, static_cast<std::size_t>(count));
  typed.ended = line.size() == 1 && line.front() == kEnd;
  if (typed.ended || (line.back() != '\n' && line.back() != '\r')) return;
  line.pop_back();
  typed.lines.push_back(std::move(line));
  printed_at_ = 0;  // the answer begins below what was typed
  draw_new_line();
}

void LineEditor::print(std::string_view text) {
  if (text.empty()) return;
  erase();
  std::string above;
  if (printed_at_ > 0) above = fmt::format("\x1b[A\x1b[{}C", printed_at_);
  above += text;
  const std::size_t last = text.rfind('\n');
  const std::size_t begin = last == text.npos ? printed_at_ : 0;
  const std::size_t end = column_behind(text.substr(last + 1), begin);
  if (end > 0) above += '\n';
  printed_at_ = end % columns();  // a full row goes on in the next, where the prompt stands
  write_(above);
  draw();
}

void LineEditor::resume() {
  erase();
  ::el_set(line_.get(), EL_PREP_TERM, 0);
  ::el_set(line_.get(), EL_PREP_TERM, 1);
  ::el_resize(line_.get());
  draw();
}

/// An empty line, with the terminal set for editing.
void LineEditor::draw_new_line() {
  ::el_set(line_.get(), EL_UNBUFFERED, 0);
  ::el_set(line_.get(), EL_UNBUFFERED, 1);
  flush();
}

/// Takes prompt and text off the screen; the cursor stands where they began.
void LineEditor::erase() {
  const LineInfo* line = ::el_line(line_.get());
  const std::string_view left(line->buffer, static_cast<std::size_t>(line->cursor - line->buffer));
  const std::size_t row = (kPromptWidth + text_width(left)) / columns();
  flush();
  write_(row > 0 ? fmt::format("\r\x1b[{}A\x1b[J", row) : "\r\x1b[J");
}

void LineEditor::draw() {
  ::el_set(line_.get(), EL_REFRESH);
  flush();
}

/// Hands on what libedit drew.
void LineEditor::flush() {
  std::fflush(screen_.get());
  const long end = std::ftell(screen_.get());
  if (end > 0) write_(std::string_view(drawn_, static_cast<std::size_t>(end)));
  std::rewind(screen_.get());
}

std::size_t LineEditor::columns() const {
  const std::size_t columns = terminal_columns(terminal_);
  return columns == 0 ? kUsualColumns : columns;
}

}  // namespace bunshin
