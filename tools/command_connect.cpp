// client1 of the course: what is typed goes to the server, what the server says is printed.

#include <unistd.h>

#include <memory>
#include <string>
#include <string_view>

#include "handlers/file_dispatcher.h"
#include "reactor/error.h"
#include "reactor/log.h"
#include "tools/command.h"
#include "tools/commands.h"

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
  bool interactive = ::isatty(STDIN_FILENO) != 0;
  bool prompted = false;  // the cursor stands behind a prompt
  bool failed = false;

  void end();
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
  void handle_full() override;
  void handle_drained() override;
  void handle_close() override;
  void end();

 private:
  Session& session_;
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
  void prompt();

 private:
  Session& session_;
};

/// What was typed still goes to the server.
void Session::end() {
  if (connection != nullptr) connection->close_when_done();
  if (input != nullptr) input->close();
  if (output != nullptr) output->end();
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
  if (session_.prompted) send("\n");
  close_when_done();
}

void Input::handle_read() {
  std::string_view data = recv(kReadSize);
  if (data.empty() || session_.connection == nullptr) return;
  if (session_.interactive) {
    // As client1: the line end is not sent, and an empty line ends the session.
    session_.prompted = !data.ends_with('\n');
    if (!session_.prompted) data.remove_suffix(1);
    if (data.empty()) return session_.end();
  }
  session_.connection->send(data);
}

/// The server is told that nothing more comes; what it still says is printed.
void Input::handle_close() {
  if (error() != 0) log(LogLevel::warning, "cannot read standard input");
  close();
  if (session_.connection != nullptr) session_.connection->shut_down_when_done();
}

void Connection::handle_connect() {
  prompt();
  session_.input->resume_reading();
}

void Connection::prompt() {
  if (!session_.interactive || session_.output == nullptr) return;
  session_.output->send("> ");
  session_.prompted = true;
}

void Connection::handle_read() {
  const std::string_view data = recv(kReadSize);
  if (data.empty() || session_.output == nullptr) return;
  if (!session_.interactive) {
    session_.output->send(data);
    return;
  }
  std::string text = "\r";  // over the prompt
  text += data;
  if (!data.ends_with('\n')) text += '\n';
  session_.output->send(text);
  prompt();
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
  if (error() != 0 && !session_.failed) {
    session_.failed = true;
    log(LogLevel::error, "the connection was lost: {}", error_text(error()));
  }
  session_.end();
}

void run_connect(const std::string& address, const ReactorOptions& options) {
  const Endpoint endpoint = parse_address(address);
  Session session;
  Reactor reactor(options);
  finish_on_signals(reactor);
  reactor.emplace<Output>(session);
  reactor.emplace<Input>(session);
  reactor.emplace<Connection>(endpoint, session);
  run_loop(reactor);
  if (session.failed) throw Exit{1};
}

}  // namespace

void add_connect_command(CLI::App& app) {
  auto address = std::make_shared<std::string>("127.0.0.1:9876");
  CLI::App* connect =
      app.add_subcommand("connect", "Talk to a server: send what is typed, print what it says");
  connect->add_option("ADDRESS", *address, "The server")->capture_default_str();
  auto loop = add_loop_options(*connect);
  connect->callback([address, loop] { run_connect(*address, *loop); });
}

}  // namespace bunshin
