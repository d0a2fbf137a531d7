#include <benchmark/benchmark.h>

#include "bench/micro/support.h"

// bench_micro: --benchmark_filter=REGEX chooses, --benchmark_format=json is what table.py reads.

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  bunshin::micro::raise_descriptor_limit();
  bunshin::micro::ask_dispatch();
  bunshin::micro::ask_round();
  bunshin::micro::ask_timers();
  bunshin::micro::ask_observer();
  bunshin::micro::ask_post();
  bunshin::micro::ask_accept();
  bunshin::micro::ask_idle();
  bunshin::micro::ask_echo();
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
