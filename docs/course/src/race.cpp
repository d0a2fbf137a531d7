// Chapter 3: two threads count visitors, with and without a lock.

#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string_view>
#include <thread>

// [race]
// ja: volatile は、コンパイラーが百万をまとめて足してしまわないように。
// en: volatile: that the compiler does not add the million at once.
volatile int visitors = 0;
std::mutex door;

void count(bool locked) {
  for (int i = 0; i < 10'000'000; ++i) {
    std::unique_lock lock(door, std::defer_lock);
    if (locked) lock.lock();
    // ja: 読む、足す、書く。そのあいだに別のスレッドが入りうる。
    // en: Read, add, write: another thread may come in between.
    visitors = visitors + 1;
  }
}

int main(int argc, char** argv) {
  const bool locked = argc > 1 && std::string_view(argv[1]) == "locked";
  std::thread one(count, locked);
  std::thread other(count, locked);
  one.join();
  other.join();
  std::printf("%d of 20000000\n", visitors);
  return 0;
}
// [/race]
