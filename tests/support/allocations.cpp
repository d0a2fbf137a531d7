#include "tests/support/allocations.h"

#include <cstdint>
#include <cstdlib>
#include <new>

namespace {

constexpr std::size_t kNone = SIZE_MAX;
thread_local std::size_t count = 0;
thread_local std::size_t fails_at = kNone;

void* allocate(std::size_t size, std::size_t alignment) {
  if (count++ == fails_at) {
    fails_at = kNone;
    throw std::bad_alloc();
  }
  size = size == 0 ? 1 : size;
  void* memory =
      alignment <= alignof(std::max_align_t)
          ? std::malloc(size)
          : std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

// The others (arrays, nothrow, sized) end here by the standard's default definitions.
void* operator new(std::size_t size) { return allocate(size, 1); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return allocate(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace bunshin::testing {

std::size_t allocations() { return count; }

FailAllocation::FailAllocation(std::size_t after) { fails_at = count + after; }
FailAllocation::~FailAllocation() { fails_at = kNone; }
bool FailAllocation::failed() const {
  return fails_at == kNone;
}  // NOLINT(readability-convert-member-functions-to-static)

}  // namespace bunshin::testing
