// On a pseudo-terminal and on a pipe, always with a socket in the same reactor.

#include "handlers/file_dispatcher.h"

#include <fcntl.h>
#include <gmock/gmock.h>

#include <cerrno>
#include <ostream>
#include <string>
#include <system_error>

#include "tests/handlers/file_case.h"

namespace bunshin::testing {
namespace {

struct FileSetting {
  std::string engine;
  bool pty;
};

void PrintTo(const FileSetting& setting, std::ostream* out) {
  *out << setting.engine << (setting.pty ? " with a pty" : " with a pipe");
}

/// Ours is in the reactor, theirs is the test's.
struct Channel {
  UniqueFd ours;
  UniqueFd theirs;
};

class FileDispatcherTest : public FileCase, public ::testing::WithParamInterface<FileSetting> {
 protected:
  FileDispatcherTest() : FileCase(GetParam().engine) {}

  static Channel for_reading() {
    if (GetParam().pty) return pty();
    BlockingPipe pipe = make_blocking_pipe();
    return {std::move(pipe.read), std::move(pipe.write)};
  }
  static Channel for_writing() {
    if (GetParam().pty) return pty();
    BlockingPipe pipe = make_blocking_pipe();
    return {std::move(pipe.write), std::move(pipe.read)};
  }
  static int error_at_the_end() { return GetParam().pty ? EIO : 0; }

 private:
  static Channel pty() {
    Pty pair = make_pty();
    return {std::move(pair.slave), std::move(pair.master)};
  }
};

std::vector<FileSetting> file_settings() {
  std::vector<FileSetting> all;
  for (const std::string& engine : engines()) {
    all.push_back({engine, true});
    all.push_back({engine, false});
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(On, FileDispatcherTest, ::testing::ValuesIn(file_settings()),
                         [](const auto& setting) {
                           return setting.param.engine + (setting.param.pty ? "_pty" : "_pipe");
                         });

TEST_P(FileDispatcherTest, ReadsWhatArrives) {
  auto [ours, theirs] = for_reading();
  reactor.emplace<File>(notes, std::move(ours));
  write_all(theirs.get(), "hel");
  wait_for("hel");
  ping();
  write_all(theirs.get(), "lo");
  wait_for("hello");
}

TEST_P(FileDispatcherTest, ReadsWhatWasThereBefore) {
  auto [ours, theirs] = for_reading();
  write_all(theirs.get(), "early");
  reactor.emplace<File>(notes, std::move(ours));
  wait_for("early");
}

TEST_P(FileDispatcherTest, WritesWhatIsSent) {
  auto [ours, theirs] = for_writing();
  auto& file = reactor.emplace<File>(notes, std::move(ours));
  EXPECT_TRUE(file.send("hello"));
  EXPECT_EQ(drain(theirs.get(), 5), "hello");
  EXPECT_EQ(file.buffered(), 0U);
  EXPECT_TRUE(file.send("again"));
  EXPECT_EQ(drain(theirs.get(), 5), "again");
}

TEST_P(FileDispatcherTest, AMegabyteArrives) {
  for (const Model model : {Model::remembered, Model::drain, Model::level}) {
    notes.received.clear();
    auto [ours, theirs] = for_reading();
    auto& file = reactor.emplace<File>(notes, std::move(ours), model);
    const std::string text = pattern(1024 * 1024);
    pour(theirs.get(), text);
    wait_for(text);
    file.close();
  }
}

TEST_P(FileDispatcherTest, AMegabyteIsSent) {
  for (const Model model : {Model::remembered, Model::drain, Model::level}) {
    auto [ours, theirs] = for_writing();
    auto& file = reactor.emplace<File>(notes, std::move(ours), model);
    const std::string text = pattern(1024 * 1024);
    EXPECT_TRUE(file.send(text));
    EXPECT_GT(file.buffered(), 0U);
    ping();
    EXPECT_TRUE(drain(theirs.get(), text.size()) == text);
    run_until([&file] { return file.buffered() == 0; });
    file.close();
  }
}

TEST_P(FileDispatcherTest, OneThatNobodyReadsDoesNotSpin) {
  auto [ours, theirs] = for_writing();
  auto& file = reactor.emplace<File>(notes, std::move(ours));
  file.send(pattern(1024 * 1024));
  EXPECT_LT(rounds_in(), kFewRounds);
  EXPECT_TRUE(file.reading_paused()) << "handle_full";
}

TEST_P(FileDispatcherTest, PausedOneIsReadLater) {
  auto [ours, theirs] = for_reading();
  auto& file = reactor.emplace<File>(notes, std::move(ours));
  file.pause_reading();
  write_all(theirs.get(), "waits");
  EXPECT_LT(rounds_in(), kFewRounds);
  EXPECT_EQ(notes.received, "");
  file.resume_reading();
  wait_for("waits");
}

TEST_P(FileDispatcherTest, TheEndComesBehindTheData) {
  for (const Model model : {Model::remembered, Model::drain, Model::level}) {
    notes = Notes();
    auto [ours, theirs] = for_reading();
    reactor.emplace<File>(notes, std::move(ours), model);
    write_all(theirs.get(), "last words");
    // What a master has not delivered yet dies with it, so that one is read first.
    if (GetParam().pty) wait_for("last words");
    theirs.reset();
    run_until([&] { return notes.destroyed; });
    EXPECT_EQ(notes.received, "last words");
    EXPECT_EQ(notes.closes, 1);
    EXPECT_EQ(notes.close_error, error_at_the_end());
  }
}

TEST_P(FileDispatcherTest, TheOtherSideLeavesWhileNothingIsSent) {
  auto [ours, theirs] = for_writing();
  reactor.emplace<File>(notes, std::move(ours));
  settle();
  theirs.reset();
  run_until([&] { return notes.destroyed; });
  EXPECT_EQ(notes.close_error, GetParam().pty ? EIO : EPIPE);
}

TEST_P(FileDispatcherTest, TheOtherSideLeavesWhileSomethingIsOwed) {
  auto [ours, theirs] = for_writing();
  reactor.emplace<File>(notes, std::move(ours)).send(pattern(1024 * 1024));
  settle();
  theirs.reset();
  run_until([&] { return notes.destroyed; });
  EXPECT_EQ(notes.closes, 1);
  EXPECT_EQ(notes.close_error, GetParam().pty ? EIO : EPIPE);
}

TEST_P(FileDispatcherTest, CloseWhenDoneSendsEverythingFirst) {
  auto [ours, theirs] = for_writing();
  auto& file = reactor.emplace<File>(notes, std::move(ours));
  const std::string text = pattern(300 * 1024);
  file.send(text);
  file.close_when_done();
  EXPECT_FALSE(file.send("more"));
  EXPECT_TRUE(drain(theirs.get(), text.size()) == text);
  run_until([&] { return notes.destroyed; });
}

TEST_P(FileDispatcherTest, InheritedStaysAsItWas) {
  auto [ours, theirs] = for_reading();
  auto& file = reactor.emplace<File>(notes, Inherited{ours.get()});
  EXPECT_NE(file.descriptor(), ours.get());
  EXPECT_FALSE(is_nonblocking(ours.get()));
  write_all(theirs.get(), "hello");
  wait_for("hello");
  EXPECT_FALSE(is_nonblocking(ours.get()));
  file.close();
  settle();
  EXPECT_TRUE(is_open(ours.get()));
  EXPECT_FALSE(is_nonblocking(ours.get()));
  write_all(theirs.get(), "others");
  EXPECT_EQ(read_some(ours.get()), "others");
}

TEST_P(FileDispatcherTest, InheritedForWritingStaysAsItWas) {
  auto [ours, theirs] = for_writing();
  auto& file = reactor.emplace<File>(notes, Inherited{ours.get()});
  const std::string text = pattern(300 * 1024);
  file.send(text);
  EXPECT_GT(file.buffered(), 0U) << "it would have blocked";
  EXPECT_TRUE(drain(theirs.get(), text.size()) == text);
  EXPECT_FALSE(is_nonblocking(ours.get()));
  file.close();
  settle();
  EXPECT_TRUE(is_open(ours.get()));
}

TEST_P(FileDispatcherTest, InheritedSeesTheEndWhenOnlyTheOriginalIsLeft) {
  auto [ours, theirs] = for_reading();
  reactor.emplace<File>(notes, Inherited{ours.get()});
  theirs.reset();
  run_until([&] { return notes.destroyed; });
  EXPECT_EQ(notes.close_error, error_at_the_end());
}

TEST_P(FileDispatcherTest, ClosingLeavesWhatWasNotReadToTheOthers) {
  auto [ours, theirs] = for_reading();
  auto& file = reactor.emplace<File>(notes, Inherited{ours.get()});
  file.pause_reading();
  write_all(theirs.get(), "for others");
  settle();
  if (GetParam().pty) file.send(pattern(20 * 1024));
  file.close_when_done();
  settle();
  if (GetParam().pty) drain(theirs.get(), 20 * 1024);
  run_until([&] { return notes.destroyed; });
  EXPECT_EQ(read_some(ours.get()), "for others");
}

}  // namespace
}  // namespace bunshin::testing
