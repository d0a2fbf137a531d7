#include "reactor/uring_buffers.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>

#include "reactor/error.h"

namespace bunshin {

namespace {

/// Less than this is quicker copied than it takes a buffer from those that receive.
constexpr std::size_t kWorthLending = 1024;

}  // namespace

UringBuffers::UringBuffers(io_uring& ring, const EngineOptions& options)
    : count_(options.receive_buffers),
      buffer_bytes_(options.receive_buffer_bytes),
      bytes_(std::size_t{options.receive_buffers} * options.receive_buffer_bytes),
      uses_(options.receive_buffers) {
  if (count_ == 0 || count_ > 32768 || (count_ & (count_ - 1)) != 0) {
    throw_error(EINVAL, "io_uring: the number of receive buffers must be a power of two");
  }
  // Shared: after a fork(2) the kernel must see what the child gives back.
  void* memory = ::mmap(nullptr, count_ * sizeof(io_uring_buf), PROT_READ | PROT_WRITE,
                        MAP_ANONYMOUS | MAP_SHARED, -1, 0);
  if (memory == MAP_FAILED) throw_error(errno, "cannot get memory for io_uring's buffers");
  buffers_ = static_cast<io_uring_buf_ring*>(memory);
  io_uring_buf_ring_init(buffers_);
  io_uring_buf_reg registration{};
  registration.ring_addr = reinterpret_cast<std::uintptr_t>(memory);
  registration.ring_entries = count_;
  registration.bgid = kGroup;
  const int result = io_uring_register_buf_ring(&ring, &registration, 0);
  if (result < 0) {
    ::munmap(memory, count_ * sizeof(io_uring_buf));
    throw_error(-result,
                "cannot register io_uring's buffers (Linux 5.19 is needed, and enough of "
                "RLIMIT_MEMLOCK)");
  }
  for (unsigned id = 0; id < count_; ++id) give_back(static_cast<std::uint16_t>(id));
}

UringBuffers::~UringBuffers() { ::munmap(buffers_, count_ * sizeof(io_uring_buf)); }

void UringBuffers::append(Chain& chain, std::uint16_t id, std::uint32_t size) {
  link(chain, id, {size, 0, kNone});
}

void UringBuffers::link(Chain& chain, std::uint16_t id, Use use) {
  uses_[id] = use;
  if (chain.empty()) {
    chain = {id, id, 0};
  } else {
    uses_[chain.last].next = id;
    chain.last = id;
  }
}

std::string_view UringBuffers::take(Chain& chain, std::size_t limit) {
  const std::uint16_t id = chain.first;
  const std::uint32_t size =
      static_cast<std::uint32_t>(std::min<std::size_t>(limit, uses_[id].size - chain.start));
  const std::string_view data(buffer(id) + chain.start, size);
  chain.start += size;
  if (chain.start == uses_[id].size) {
    give_back_lent();
    lent_ = id;
    chain = {uses_[id].next, uses_[id].next == kNone ? kNone : chain.last, 0};
  }
  return data;
}

void UringBuffers::give_back_lent() {
  if (lent_ != kNone) give_back(lent_);
  lent_ = kNone;
}

bool UringBuffers::lend_on(Chain& chain, std::string_view data) {
  if (lent_ == kNone || data.size() < kWorthLending || lent_on_ >= count_ / 2) return false;
  // As numbers: it may point anywhere.
  const auto offset = reinterpret_cast<std::uintptr_t>(data.data()) -
                      reinterpret_cast<std::uintptr_t>(buffer(lent_));
  if (offset >= buffer_bytes_) return false;
  link(chain, lent_,
       {static_cast<std::uint32_t>(data.size()), static_cast<std::uint32_t>(offset), kNone});
  lent_ = kNone;
  ++lent_on_;
  return true;
}

std::string_view UringBuffers::front(const Chain& chain) {
  const Use& use = uses_[chain.first];
  return {buffer(chain.first) + use.start, use.size};
}

void UringBuffers::drop_front(Chain& chain) {
  const std::uint16_t id = chain.first;
  const std::uint16_t next = uses_[id].next;
  chain = {next, next == kNone ? kNone : chain.last, 0};
  give_back(id);
  --lent_on_;
}

void UringBuffers::give_back(std::uint16_t id) {
  io_uring_buf_ring_add(buffers_, buffer(id), buffer_bytes_, id, io_uring_buf_ring_mask(count_), 0);
  io_uring_buf_ring_advance(buffers_, 1);
}

}  // namespace bunshin
