// client1 of the course: what is typed goes to the server, what the server says is printed.

#include <unistd.h>

#include <csignal>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "handlers/file_dispatcher.h"
#include "reactor/error.h"
#include "reactor/log.h"
#include "reactor/printable.h"
#include "tools/command.h"
#include "tools/commands.h"
#include "tools/line_editor.h"
#include "tools/terminal.h"

namespace bunshin {

namespace {

constexpr std::size_t kReadSize = 64 * 1024;

class Connection;
class Input;
class Output;

/// The three handlers of a session; each takes itself out when it is closed.
struct Session {
  Connection* connection = nullptr;
  Input* input = nullptr;
  Output* output = nullptr;
  const bool interactive = ::isatty(STDIN_FILENO) != 0;
  const Terminal screen = terminal_of(STDOUT_FILENO);
  std::unique_ptr<LineEditor> editor;  // while lines are typed at the terminal they are shown on
  bool raw = false;                    // what the server says is not made printable
  bool newline = true;                 // what is typed goes with its line end
  bool failed = false;

  void edit_lines();
  void end();
};

/// What a server says, made fit for a terminal. It comes in pieces that end anywhere.
class ServerText {
 public:
  /// What can be shown now.
  std::string take(std::string_view data) {
    kept_ += data;
    std::size_t whole = whole_characters(kept_);
    if (whole > 0 && kept_[whole - 1] == '\r') --whole;  // of a line end, if the rest comes
    std::string text = show(std::string_view(kept_).substr(0, whole));
    kept_.erase(0, whole);
    return text;
  }
  /// What never became whole.
  std::string rest() { return show(std::exchange(kept_, {})); }

 private:
  static std::string show(std::string_view text) {
    std::string shown;
    for (std::size_t end = text.find("\r\n"); end != text.npos; end = text.find("\r\n")) {
      shown += line(text.substr(0, end)) + '\n';
      text.remove_prefix(end + 2);
    }
    return shown + line(text);
  }
  static std::string line(std::string_view text) {
    return printable(text, std::string::npos, "\n\t");
  }
  std::string kept_;
};

/// Standard output. When it is slower than the server, the server is not read.
class Output : public FileDispatcher {
 public:
  Output(Reactor& reactor, Session& session)
      : FileDispatcher(reactor, Inherited{STDOUT_FILENO}), session_(session) {
    session_.output = this;
    pause_reading();  // what is typed belongs to standard input, even if both are one terminal
  }
  ~Output() override { session_.output = nullptr; }
  /// Prints what the server says.
  void print(std::string_view data);
  /// The server says no more.
  void end_print() { show(text_.rest()); }
  void handle_full() override;
  void handle_drained() override;
  void handle_close() override;
  void end();

 private:
  void show(std::string_view text);
  Session& session_;
  ServerText text_;
};

/// Standard input. Not read before the connection stands, nor while the server is slower.
class Input : public FileDispatcher {
 public:
  Input(Reactor& reactor, Session& session)
      : FileDispatcher(reactor, Inherited{STDIN_FILENO}), session_(session) {
    session_.input = this;
    pause_reading();
  }
  ~Input() override { session_.input = nullptr; }
  void handle_read() override;
  void handle_close() override;

 private:
  void handle_keys(std::string_view keys);
  void handle_line(std::string_view line);
  Session& session_;
};

class Connection : public BufferedDispatcher {
 public:
  Connection(Reactor& reactor, const Endpoint& endpoint, Session& session)
      : BufferedDispatcher(reactor), session_(session) {
    session_.connection = this;
    connect(endpoint);
  }
  ~Connection() override { session_.connection = nullptr; }

  void handle_connect() override;
  void handle_read() override;
  void handle_full() override;
  void handle_drained() override;
  void handle_error() override;
  void handle_close() override;
  void handle_finish() override { session_.end(); }

 private:
  Session& session_;
};

void Session::edit_lines() {
  if (!interactive || !screen.redraws) return;
  use_utf8();
  editor = std::make_unique<LineEditor>(STDIN_FILENO, [this](std::string_view text) {
    if (output != nullptr) output->send(text);
  });
}

/// What was typed still goes to the server.
void Session::end() {
  editor.reset();
  if (connection != nullptr) connection->close_when_done();
  if (input != nullptr) input->close();
  if (output != nullptr) output->end();
}

void Output::print(std::string_view data) {
  if (!session_.screen.there || session_.raw) return show(data);
  show(text_.take(data));
}

void Output::show(std::string_view text) {
  if (session_.editor) return session_.editor->print(text);
  if (!text.empty()) send(text);
}

void Output::handle_full() {
  if (session_.connection != nullptr) session_.connection->pause_reading();
}

void Output::handle_drained() {
  if (session_.connection != nullptr) session_.connection->resume_reading();
}

/// Nobody reads what we print any more, or nobody can.
void Output::handle_close() {
  session_.end();
  close();
}

/// What is printed already still gets out.
void Output::end() {
  if (closed()) return;
  if (error() != 0) {
    session_.failed = true;
    log(LogLevel::error, "cannot write to standard output: {}", error_text(error()));
    return close();
  }
  close_when_done();
}

void Input::handle_read() {
  const std::string_view data = recv(kReadSize);
  if (data.empty() || session_.connection == nullptr) return;
  if (session_.editor) return handle_keys(data);
  if (!session_.interactive) {
    session_.connection->send(data);
    return;
  }
  handle_line(data.substr(0, data.size() - (data.ends_with('\n') ? 1 : 0)));
}

void Input::handle_keys(std::string_view keys) {
  const LineEditor::Typed typed = session_.editor->typed(keys);
  for (const std::string& line : typed.lines) {
    if (!session_.editor) return;  // an empty line has ended it
    handle_line(line);
  }
  if (typed.ended && session_.editor) handle_close();
}

/// As with client1 an empty line ends the session.
void Input::handle_line(std::string_view line) {
  if (line.empty()) return session_.end();
  session_.connection->send(session_.newline ? std::string(line) + '\n' : std::string(line));
}

/// The server is told that nothing more comes; what it still says is printed.
void Input::handle_close() {
  if (error() != 0) {
    session_.failed = true;
    log(LogLevel::error, "cannot read standard input: {}", error_text(error()));
  }
  session_.editor.reset();
  close();
  if (session_.connection != nullptr) session_.connection->shut_down_when_done();
}

void Connection::handle_connect() {
  session_.edit_lines();
  session_.input->resume_reading();
}

void Connection::handle_read() {
  const std::string_view data = recv(kReadSize);
  if (session_.output != nullptr) session_.output->print(data);
}

void Connection::handle_full() {
  if (session_.input != nullptr) session_.input->pause_reading();
}

void Connection::handle_drained() {
  if (session_.input != nullptr) session_.input->resume_reading();
}

void Connection::handle_error() {
  session_.failed = true;
  BufferedDispatcher::handle_error();
}

void Connection::handle_close() {
  const bool still_typing = session_.input != nullptr && !session_.input->closed();
  if (session_.output != nullptr) session_.output->end_print();
  session_.editor.reset();  // what follows stands where the prompt was
  if (error() != 0 && !session_.failed) {
    session_.failed = true;
    log(LogLevel::error, "the connection was lost: {}", error_text(error()));
  } else if (session_.interactive && still_typing) {
    log(LogLevel::info, "connection closed by the server");
  }
  session_.end();
}

void run_connect(const std::string& address, bool raw, bool newline,
                 const ReactorOptions& options) {
  const Endpoint endpoint = parse_address(address);
  Session session;
  session.raw = raw;
  session.newline = newline;
  Reactor reactor(options);
  finish_on_signals(reactor);
  for (const int changed : {SIGWINCH, SIGCONT}) {
    reactor.on_signal(changed, [&session] {
      if (session.editor) session.editor->resume();
    });
  }
  reactor.emplace<Output>(session);
  reactor.emplace<Input>(session);
  reactor.emplace<Connection>(endpoint, session);
  run_loop(reactor);
  if (session.failed) throw Exit{1};
}

}  // namespace

void add_connect_command(CLI::App& app) {
  auto address = std::make_shared<std::string>("127.0.0.1:9876");
  auto raw = std::make_shared<bool>(false);
  auto no_newline = std::make_shared<bool>(false);
  CLI::App* connect = app.add_subcommand(
      "connect",
      "Talk to a server: send what is typed, print what it says. Lines typed at a "
      "terminal go with their line ends; an empty line, or ^D, ends the session");
  connect->add_option("ADDRESS", *address, "The server")->capture_default_str();
  connect->add_flag("--raw", *raw,
                    "Let a terminal obey what the server says; otherwise control characters are "
                    "shown as ^[ and the like");
  connect->add_flag("--no-newline", *no_newline,
                    "Send lines typed at a terminal without their line ends, as the course's "
                    "client1 does");
  auto loop = add_loop_options(*connect);
  connect->callback(
      [address, raw, no_newline, loop] { run_connect(*address, *raw, !*no_newline, *loop); });
}

}  // namespace bunshin
