#include <gmock/gmock.h>

/// What AddressSanitizer is not to tell of: libedit's terminal descriptions are never given back.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libtinfo\n"; }

int main(int argc, char** argv) {
  ::testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
