#include "bridge/config.h"

#include <gmock/gmock.h>

#include <random>

#include "bridge/rapiro_protocol.h"
#include "tests/bridge/config_problem.h"
#include "tests/bridge/fixtures.h"

namespace bunshin {
namespace {

using bunshin::testing::problem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

TEST(Config, AnEmptyFileLeavesTheDefaults) {
  const BridgeConfig config = parse_config("", "x.toml");
  EXPECT_EQ(config.min_confidence, 0.7);
  EXPECT_EQ(config.julius.address, "localhost:10500");
  EXPECT_EQ(config.julius.encoding, "UTF-8");
  EXPECT_EQ(config.serial.device, "/dev/ttyAMA0");
  EXPECT_EQ(config.serial.baud, 57600);
  EXPECT_THAT(config.rules, IsEmpty());
}

TEST(Config, ReadsEveryKey) {
  const BridgeConfig config = parse_config(R"(
min_confidence = 1
[julius]
address = "[::1]:10501"
encoding = "Shift_JIS"
recogniser = "robot"
ignore = ["uh", "eh"]
[serial]
device = "/dev/ttyUSB0"
baud = 250000
hupcl = false
settle = "2s"
[robot]
max_age = "10s"
coalesce = false
mute_while_moving = true
mute_at_most = "8s"
on_silence = { after = "1min", send = "#M0" }
[[rule]]
words = " 赤　に  光れ "
send = "#PR255G000B000T010"
min_confidence = 0.8
[[rule]]
words = "止まれ"
send = "#M0"
)",
                                           "x.toml");
  EXPECT_EQ(config.min_confidence, 1);
  EXPECT_EQ(config.julius.address, "[::1]:10501");
  EXPECT_EQ(config.julius.encoding, "Shift_JIS");
  EXPECT_EQ(config.serial, (SerialConfig{"/dev/ttyUSB0", 250'000, false, std::chrono::seconds(2)}));
  EXPECT_EQ(config.robot,
            (RobotConfig{std::nullopt, std::chrono::seconds(10), false, true,
                         std::chrono::seconds(8), OnSilence{std::chrono::minutes(1), "#M0"}}));
  EXPECT_EQ(config.julius.recogniser, "robot");
  EXPECT_EQ(config.julius.ignore, std::vector<std::string>({"uh", "eh"}));
  ASSERT_THAT(config.rules, SizeIs(2));
  EXPECT_EQ(config.rules[0].words, "赤 に 光れ");
  EXPECT_EQ(config.rules[0].send, "#PR255G000B000T010");
  EXPECT_EQ(config.rules[0].min_confidence, 0.8);
  EXPECT_EQ(config.rules[1].min_confidence, std::nullopt);
}

TEST(Config, AnUnknownKeyIsATypingMistake) {
  EXPECT_EQ(problem("\nmin_confidense = 1"),
            "2: min_confidense: unknown key, did you mean \"min_confidence\"?");
  EXPECT_EQ(problem("[serial]\nbuad = 9600"),
            "2: serial.buad: unknown key, did you mean \"baud\"?");
  EXPECT_EQ(problem("[[rule]]\nwords = \"a\"\nsend = \"#M1\"\ncolour = 1"),
            "4: rule.colour: unknown key");
  EXPECT_EQ(problem("[rules]\n"), "1: rules: unknown key, did you mean \"rule\"?");
  EXPECT_EQ(problem("\"a\\nb\" = 1"), "1: a^Jb: unknown key");
}

TEST(Config, AWrongTypeNamesTheKey) {
  EXPECT_EQ(problem("min_confidence = \"0.7\""), "1: min_confidence: should be a number");
  EXPECT_EQ(problem("julius = 1"), "1: julius: should be a table: [julius]");
  EXPECT_EQ(problem("[julius]\naddress = 10500"), "2: julius.address: should be a string");
  EXPECT_EQ(problem("[serial]\nbaud = \"57600\""), "2: serial.baud: should be an integer");
  EXPECT_EQ(problem("[rule]\nwords = \"a\""), "1: rule: should be tables, each begun by [[rule]]");
  EXPECT_EQ(problem("rule = [1]"), "1: rule: should be tables, each begun by [[rule]]");
}

TEST(Config, ValuesOutOfRange) {
  for (const char* value : {"-0.1", "1.1", "nan", "inf", "70"}) {
    EXPECT_EQ(problem(fmt::format("min_confidence = {}", value)),
              "1: min_confidence: a confidence is a number from 0 to 1");
  }
  EXPECT_THAT(problem("[serial]\nbaud = 0"),
              HasSubstr("2: serial.baud: 0 is not a baud rate; Rapiro's is 57600"));
  EXPECT_THAT(problem("[serial]\nbaud = 9223372036854775807"), HasSubstr("not a baud rate"));
  EXPECT_THAT(problem("[serial]\nsettle = \"2h\""), HasSubstr("2: serial.settle: no board"));
  EXPECT_THAT(problem("[serial]\nhupcl = \"no\""), HasSubstr("2: serial.hupcl: should be true"));
  EXPECT_THAT(problem("[robot]\nmax_age = 3"), HasSubstr("2: robot.max_age: should be a string"));
  EXPECT_THAT(problem("[robot]\ncoalesce = 1"), HasSubstr("2: robot.coalesce: should be true"));
  EXPECT_THAT(problem("[serial]\ndevice = \"\""), HasSubstr("2: serial.device: it is empty"));
  EXPECT_THAT(problem("[serial]\ndevice = \"a\\u0000b\""), HasSubstr("control character"));
  EXPECT_THAT(problem("[julius]\nencoding = \"UTF-9\""),
              HasSubstr("2: julius.encoding: unknown encoding \"UTF-9\""));
  EXPECT_THAT(problem("[julius]\nencoding = \"UTF-16\""), HasSubstr("does not contain ASCII"));
}

TEST(Config, WhatAReadOnlyTheRobotCanTell) {
  const auto robot = [](std::string_view line) {
    return problem(fmt::format("[robot]\n{}", line));
  };
  EXPECT_EQ(robot("on_silence = \"#M0\""),
            "2: robot.on_silence: should be a table: [robot.on_silence]");
  EXPECT_EQ(robot("on_silence = { send = \"#M0\" }"),
            "2: robot.on_silence.after: missing: how long the engine may be silent");
  EXPECT_EQ(robot("on_silence = { after = \"9s\" }"),
            "2: robot.on_silence.send: missing: the command to send then");
  EXPECT_THAT(robot("on_silence = { after = \"9s\", send = \"#M\" }"),
              HasSubstr("2: robot.on_silence.send: Rapiro would not understand"));
  EXPECT_THAT(robot("on_silence = { after = \"9ms\", send = \"#M0\" }"),
              HasSubstr("a second or more"));
  EXPECT_THAT(robot("mute_at_most = \"1ms\""), HasSubstr("2: robot.mute_at_most: "));
  EXPECT_THAT(problem("[julius]\nrecogniser = \"\""),
              HasSubstr("2: julius.recogniser: it is empty"));
  EXPECT_THAT(problem("[julius]\nignore = [\"\"]"), HasSubstr("2: julius.ignore: one of"));
  EXPECT_THAT(problem("[julius]\nignore = \"x\""), HasSubstr("should be a list of strings"));
}

TEST(Config, ARobotThatTakesLines) {
  const BridgeConfig config = parse_config(R"(
[robot]
protocol = "lines"
profile = "marlin"
terminator = "crlf"
ok = "done"
timeout = "3s"
window = 4
stop = "!"
checksum = "none"
[[rule]]
words = "進め"
send = "G0 X10"
)",
                                           "x.toml");
  ASSERT_TRUE(config.robot.lines);
  EXPECT_EQ(config.robot.lines->terminator, "\r\n");
  EXPECT_EQ(config.robot.lines->ok, "done");
  EXPECT_EQ(config.robot.lines->busy, lines_profile("marlin")->busy) << "the profile's own";
  EXPECT_EQ(config.robot.lines->timeout, std::chrono::seconds(3));
  EXPECT_EQ(config.robot.lines->window, 4U);
  EXPECT_EQ(config.robot.lines->stop, "!");
  EXPECT_EQ(config.robot.lines->checksum, LinesProfile::Checksum::none);
}

TEST(Config, LinesThatAreWrong) {
  const auto robot = [](std::string_view line) {
    return problem(fmt::format("[robot]\nprotocol = \"lines\"\n{}", line));
  };
  EXPECT_EQ(robot("profile = \"reprap\""),
            "3: robot.profile: \"reprap\" should be \"grbl\", \"marlin\" or \"arduino\"");
  EXPECT_EQ(robot("terminator = \"nl\""),
            "3: robot.terminator: \"nl\" should be \"lf\", \"cr\" or \"crlf\"");
  EXPECT_THAT(robot("ok = \"(\""), StartsWith("3: robot.ok: no regular expression"));
  EXPECT_THAT(robot("ok = \"\""), StartsWith("3: robot.ok: it is empty"));
  EXPECT_THAT(robot("error = \"[\""), StartsWith("3: robot.error: no regular expression"));
  EXPECT_THAT(robot("resend = \"again\""), StartsWith("3: robot.resend: its first group"));
  EXPECT_THAT(robot("window = 0"), StartsWith("3: robot.window: it is from 1 to 16"));
  EXPECT_THAT(robot("timeout = \"1ms\""), StartsWith("3: robot.timeout: "));
  EXPECT_THAT(robot("checksum = \"crc\""), StartsWith("3: robot.checksum: "));
  EXPECT_EQ(problem("[robot]\nprotocol = \"line\""),
            "2: robot.protocol: \"line\" should be \"rapiro\" or \"lines\"");
  EXPECT_EQ(problem("[robot]\nok = \"ok\""), "2: robot.ok: it goes with protocol = \"lines\"");
  EXPECT_THAT(robot("[[rule]]\nwords = \"a\"\nsend = \"前へ\""),
              StartsWith("5: rule.send: the robot would not understand"));
}

TEST(Config, RulesOfOtherKinds) {
  const BridgeConfig config = parse_config(R"toml(
[[rule]]
words = "右 * 向け"
send = "#M3"
cool_down = "2s"
[[rule]]
pattern = "赤 (\\d{3})"
send = "#PR{1}T010"
[[rule]]
output = true
)toml",
                                           "x.toml");
  ASSERT_THAT(config.rules, SizeIs(3));
  EXPECT_EQ(config.rules[0].cool_down, std::chrono::seconds(2));
  EXPECT_EQ(config.rules[1].pattern, "赤 (\\d{3})");
  EXPECT_TRUE(config.rules[2].output);
  EXPECT_EQ(config.rules[2].send, "{0}");
}

TEST(Config, RulesOfOtherKindsThatAreWrong) {
  const auto rule = [](std::string_view lines) {
    return problem(fmt::format("[[rule]]\n{}", lines));
  };
  EXPECT_EQ(rule("words = \"a\"\npattern = \"a\"\nsend = \"#M0\""),
            "3: rule.pattern: a rule has either this or \"words\"");
  EXPECT_THAT(rule("pattern = \"(\"\nsend = \"#M0\""), StartsWith("2: rule.pattern: no regular"));
  EXPECT_EQ(rule("pattern = \"\"\nsend = \"#M0\""), "2: rule.pattern: it is empty");
  EXPECT_EQ(rule("output = false\nsend = \"#M0\""), "2: rule.output: should be true, or not there");
  EXPECT_THAT(rule("output = true\nsend = \"#M0\""), StartsWith("3: rule.send: what was heard is"));
  EXPECT_THAT(rule("words = \"a\"\nsend = \"#M{1}\""), StartsWith("3: rule.send: there is no {1}"));
  EXPECT_THAT(rule("words = \"a\"\nsend = \"#M0\"\ncool_down = 2"),
              StartsWith("4: rule.cool_down: should be a string"));
  EXPECT_THAT(
      rule("output = true\n[[rule]]\noutput = true"),
      StartsWith("4: rule.output: \"whatever is a command\" has a rule already, in line 2"));
}

TEST(Config, WordsThatAreDoubtfulAreWarnedOf) {
  const auto warnings = [](std::string_view words, std::string_view encoding = "UTF-8") {
    return parse_config(fmt::format("[julius]\nencoding = \"{}\"\n[[rule]]\nwords = \"{}\"\n"
                                    "send = \"#M0\"",
                                    encoding, words),
                        "x.toml")
        .warnings;
  };
  EXPECT_THAT(warnings("止まれ"), IsEmpty());
  EXPECT_THAT(warnings("stop 2"), IsEmpty());
  EXPECT_THAT(warnings("か\u3099"),
              ElementsAre(HasSubstr("x.toml:4: rule.words: U+3099 is a comb")));
  EXPECT_THAT(warnings("止\u200bまれ"), ElementsAre(HasSubstr("U+200B can not be seen")));
  EXPECT_THAT(warnings("ｶﾞ"), SizeIs(2));
  EXPECT_THAT(warnings("LED を 点けろ"), ElementsAre(HasSubstr("half-width, among Japanese")));
  EXPECT_THAT(warnings("もっと～", "Shift_JIS"), ElementsAre(HasSubstr("\"CP932\" has it")));
  EXPECT_THAT(warnings("もっと～", "CP932"), IsEmpty());
}

TEST(Config, Addresses) {
  const auto address = [](std::string_view text) {
    return problem(fmt::format("[julius]\naddress = \"{}\"", text));
  };
  for (const char* good : {"localhost:10500", "127.0.0.1:1", "[::1]:65535", "unix:/run/j"}) {
    EXPECT_EQ(address(good), "fine") << good;
  }
  for (const char* bad : {"", "localhost", ":10500", "::1:10500", "[]:1", "a b:1", "unix:"}) {
    EXPECT_THAT(address(bad), HasSubstr("2: julius.address: ")) << bad;
  }
  for (const char* bad : {"a:", "a:x", "a:0", "a:65536", "a:-1", "a:99999999999"}) {
    EXPECT_THAT(address(bad), HasSubstr("is not a port, 1 to 65535")) << bad;
  }
}

// What the parser beneath must not be shown.
TEST(Config, LettersThatAreNotAsciiStandInStringsAndComments) {
  for (const char* bad : {"\nが", "\nwords = が", "\nwがrds = 1", "\n[が]", "\na = 1　", "\na ＝ 1",
                          "\na = \"が\"が", "\n'が'が = 1", "\n\xff"}) {
    EXPECT_THAT(problem(bad), StartsWith("2: ")) << bad;
  }
  EXPECT_THAT(problem("\n[が]"), HasSubstr("'?' stands for what is not ASCII"));
  for (const char* bad : {"\na = 2.\"が\"", "\na = 2=\"が\"", "\na = [1,2=\"が\"]"}) {
    EXPECT_THAT(problem(bad), StartsWith("2: ")) << bad;
  }
  EXPECT_EQ(problem("\na = \"\"\"\\ \r\n  が\"\"\""), "2: a backslash ends the line");
  EXPECT_EQ(problem("# C:\\\nmin_confidence = 0.5"), "fine");
  EXPECT_THAT(problem("# が\n\"が\\\"が\" = 1"), HasSubstr("2: が\"が: unknown key"));
  EXPECT_THAT(problem("'が\\' = '' # が"), HasSubstr("1: が\\: unknown key"));
  EXPECT_EQ(problem("\xef\xbb\xbf# が\nmin_confidence = 0.5"), "fine");
}

TEST(Config, ARuleNeedsWordsAndACommandTheFirmwareUnderstands) {
  EXPECT_THAT(problem("\n[[rule]]\nsend = \"#M1\""), HasSubstr("2: rule.words: missing"));
  EXPECT_THAT(problem("\n[[rule]]\nwords = \"a\""), HasSubstr("2: rule.send: missing"));
  EXPECT_THAT(problem("[[rule]]\nwords = \" 　\"\nsend = \"#M1\""),
              HasSubstr("2: rule.words: it holds no word"));
  EXPECT_THAT(problem("[[rule]]\nwords = \"\uFFFD\"\nsend = \"#M1\""),
              HasSubstr("2: rule.words: it holds U+FFFD"));
  EXPECT_EQ(problem("[[rule]]\nwords = \"a\"\nsend = \"#PR255\""),
            "3: rule.send: Rapiro would not understand \"#PR255\": the pose lacks Tnnn at its end: "
            "the firmware would wait for it for ever");
  EXPECT_THAT(problem("[[rule]]\nwords = \"a\"\nsend = \"#M1\\n\""), HasSubstr("3: rule.send: "));
  EXPECT_THAT(problem("[[rule]]\nwords = \"a\"\nsend = \"#M６\""), HasSubstr("full-width"));
}

TEST(Config, TwoRulesForTheSameWords) {
  EXPECT_EQ(problem("[[rule]]\nwords = \"a b\"\nsend = \"#M1\"\n"
                    "[[rule]]\nsend = \"#M2\"\nwords = \"a  b\"\n"),
            "6: rule.words: \"a b\" has a rule already, in line 2");
}

TEST(Config, WhatIsNotTomlNamesTheLine) {
  EXPECT_THAT(problem("a = 1\nb = = 2\n"), StartsWith("2: "));
  EXPECT_THAT(problem(std::string_view("\xff\xfe\0", 3)), StartsWith("1: "));
  EXPECT_THAT(problem("[serial]\nbaud = 1\nbaud = 2"), StartsWith("3: "));
  EXPECT_THAT(problem("a = " + std::string(100'000, '[')), StartsWith("1: "));
}

// toml++ 3.3 fails an assertion on these unless it is kept from it.
TEST(Config, BrokenTableHeadersDoNotAbort) {
  for (const char* text : {"[&", "[[=", "[[[1]]]", "[[[]", "[", "[["}) {
    EXPECT_THAT(problem(text), StartsWith("1: ")) << text;
  }
}

TEST(Config, RandomDamageIsAnErrorOfOneLineOrHarmless) {
  std::mt19937 random(23);
  const std::string whole(builtin_config_text());
  for (int round = 0; round < 1000; ++round) {
    std::string damaged = whole;
    for (int i = 0; i < 3; ++i) damaged[random() % damaged.size()] = static_cast<char>(random());
    problem(damaged);
  }
}

TEST(Config, UnreadableFiles) {
  testing::TempFolder folder;
  const auto message = [](const std::string& path) {
    try {
      load_config(path);
    } catch (const ConfigError& error) {
      return std::string(error.what());
    }
    return std::string("fine");
  };
  EXPECT_EQ(message(folder.path("no")), folder.path("no") + ": No such file or directory");
  EXPECT_THAT(message(folder.path("")), HasSubstr("Is a directory"));
  EXPECT_THAT(message("/dev/zero"), HasSubstr("not a regular file"));
  EXPECT_THAT(message(folder.write("big", std::string((1 << 20) + 1, '\n'))), HasSubstr("larger"));
  EXPECT_EQ(message(folder.write("ok.toml", builtin_config_text())), "fine");
}

TEST(Config, TheBuiltInOneHasTenRulesThatTheRobotUnderstands) {
  const BridgeConfig config = builtin_config();
  EXPECT_THAT(config.rules, SizeIs(10));
  EXPECT_EQ(config.min_confidence, 0.7);
  for (const Rule& rule : config.rules) EXPECT_EQ(validate_command(rule.send), std::nullopt);
}

}  // namespace
}  // namespace bunshin
