#include "tests/support/program.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <thread>

#include "reactor/error.h"
#include "reactor/sockets.h"
#include "tests/support/files.h"

extern char** environ;

namespace bunshin::testing {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::chrono::seconds kLimit(10);

steady_clock::time_point deadline_from_now() { return steady_clock::now() + kLimit; }

int left_until(steady_clock::time_point deadline) {
  const auto left = std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now());
  return static_cast<int>(std::max<milliseconds::rep>(left.count(), 0));
}

void drain(UniqueFd& pipe, std::string& text) {
  std::array<char, 4096> buffer{};
  for (;;) {
    const ssize_t count = ::read(pipe.get(), buffer.data(), buffer.size());
    if (count > 0) {
      text.append(buffer.data(), static_cast<std::size_t>(count));
    } else if (count == 0) {
      return pipe.reset();
    } else if (errno != EINTR) {
      return;
    }
  }
}

}  // namespace

Program::Program(std::vector<std::string> arguments, const char* folder, int given_input) {
  Pipe output = make_pipe();
  Pipe errors = make_pipe();
  BlockingPipe input = make_blocking_pipe();
  ::fcntl(input.write.get(), F_SETFD, FD_CLOEXEC);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  const int its_input = given_input >= 0 ? given_input : input.read.get();
  ::posix_spawn_file_actions_adddup2(&actions, its_input, STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, output.write.get(), STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, errors.write.get(), STDERR_FILENO);
  if (folder != nullptr) ::posix_spawn_file_actions_addchdir_np(&actions, folder);
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  // The pipe's other end is the child's standard output: it must be blocking there.
  for (const UniqueFd* end : {&output.write, &errors.write}) ::fcntl(end->get(), F_SETFL, O_WRONLY);
  // Tests that run in the background may themselves have been told to ignore these.
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  sigset_t usual;
  sigemptyset(&usual);
  for (const int signal : {SIGHUP, SIGINT}) sigaddset(&usual, signal);
  ::posix_spawnattr_setsigdefault(&attributes, &usual);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  const int error = ::posix_spawn(&pid_, argv[0], &actions, &attributes, argv.data(), environ);
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw_error(error, "cannot run " + arguments[0]);
  input_ = std::move(input.write);
  output_pipe_ = std::move(output.read);
  error_pipe_ = std::move(errors.read);
}

Program::~Program() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

/// False when both streams have ended or the time is up.
bool Program::read_more(Deadline deadline) {
  if (!output_pipe_ && !error_pipe_) return false;
  std::array<pollfd, 2> entries{{{output_pipe_.get(), POLLIN, 0}, {error_pipe_.get(), POLLIN, 0}}};
  const int count = ::poll(entries.data(), entries.size(), left_until(deadline));
  if (count < 0 && errno == EINTR) return true;
  if (count <= 0) return false;
  if (entries[0].revents != 0) drain(output_pipe_, output_);
  if (entries[1].revents != 0) drain(error_pipe_, errors_);
  return true;
}

bool Program::wait_for(const std::string& stream, std::string_view text) {
  const auto deadline = deadline_from_now();
  while (stream.find(text) == stream.npos) {
    if (read_more(deadline)) continue;
    ADD_FAILURE() << "\"" << text << "\" did not come; output:\n"
                  << output_ << "errors:\n"
                  << errors_;
    return false;
  }
  return true;
}

bool Program::wait_for_output(std::string_view text) { return wait_for(output_, text); }
bool Program::wait_for_errors(std::string_view text) { return wait_for(errors_, text); }

std::string Program::output_after(std::string_view label) {
  const auto deadline = deadline_from_now();
  if (!wait_for_output(label)) return {};
  const std::size_t start = output_.find(label) + label.size();
  while (output_.find('\n', start) == output_.npos && read_more(deadline)) {
  }
  return output_.substr(start, output_.find('\n', start) - start);
}

int Program::wait() {
  const auto deadline = deadline_from_now();
  while (read_more(deadline)) {
  }
  int status = 0;
  pid_t ended = 0;
  // Its streams have ended, so this is a matter of microseconds.
  while ((ended = ::waitpid(pid_, &status, WNOHANG)) == 0 && steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  if (ended != pid_) {
    ADD_FAILURE() << "it did not end in time; output:\n" << output_ << "errors:\n" << errors_;
    return -1000;
  }
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

void Program::send(std::string_view text) { write_all(input_.get(), text); }

void Program::signal(int number) const { ::kill(pid_, number); }

}  // namespace bunshin::testing
