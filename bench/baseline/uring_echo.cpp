// An echo server on io_uring(7), written by hand for this one purpose: one multishot accept, one
// multishot receive a connection into a ring of provided buffers, which are sent back from where
// they lie; one io_uring_enter(2) a round. What the library's figures are held against. Linux 6.1.

#include <liburing.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <vector>

#include "bench/baseline/listener.h"

namespace {

constexpr unsigned kEntries = 1024;
constexpr unsigned kBuffers = 256;
constexpr std::size_t kBufferSize = 16 * 1024;  // as the library
constexpr unsigned kHeldMost = 8;  // a peer that does not read may hold so many buffers
constexpr int kGroup = 0;
constexpr std::uint16_t kNone = 0xffff;

/// What a completion belongs to: in the low bits of user_data, beside the connection.
enum Operation : std::uint64_t { accepting, receiving, sending, stopping, other, kMask = 7 };

struct Connection {
  int fd = -1;
  bool receives = false;        // a multishot receive is armed
  bool cancelled = false;       // and about to end
  bool ended = false;           // the peer sends no more, or the connection failed
  std::uint16_t first = kNone;  // buffers to be sent, linked; the first is on its way
  std::uint16_t last = kNone;
  unsigned held = 0;
};

io_uring ring;
io_uring_buf_ring* provided;
std::array<std::array<char, kBufferSize>, kBuffers> buffers;
std::array<std::uint16_t, kBuffers> next_buffer;
std::array<unsigned, kBuffers> filled;
std::vector<Connection*> starved;  // their receive ended because no buffer was free
bool returned = false;             // a buffer was given back in this round

io_uring_sqe* prepare(Operation operation, Connection* connection) {
  io_uring_sqe* entry = ::io_uring_get_sqe(&ring);
  if (entry == nullptr) {
    ::io_uring_submit(&ring);
    entry = ::io_uring_get_sqe(&ring);
  }
  ::io_uring_sqe_set_data64(entry, reinterpret_cast<std::uint64_t>(connection) | operation);
  return entry;
}

void give(std::uint16_t buffer) {
  ::io_uring_buf_ring_add(provided, buffers[buffer].data(), kBufferSize, buffer,
                          ::io_uring_buf_ring_mask(kBuffers), 0);
  ::io_uring_buf_ring_advance(provided, 1);
  returned = true;
}

void accept_on(int listener) {
  ::io_uring_prep_multishot_accept(prepare(accepting, nullptr), listener, nullptr, nullptr,
                                   SOCK_CLOEXEC);
}

void receive(Connection* connection) {
  io_uring_sqe* entry = prepare(receiving, connection);
  ::io_uring_prep_recv_multishot(entry, connection->fd, nullptr, 0, 0);
  entry->flags |= IOSQE_BUFFER_SELECT;
  entry->buf_group = kGroup;
  connection->receives = true;
  connection->cancelled = false;
}

/// MSG_WAITALL: the kernel goes on until all is sent, so a short send is a failed one.
void send_first(Connection* connection) {
  const std::uint16_t buffer = connection->first;
  ::io_uring_prep_send(prepare(sending, connection), connection->fd, buffers[buffer].data(),
                       filled[buffer], MSG_NOSIGNAL | MSG_WAITALL);
}

void hold(Connection* connection, std::uint16_t buffer, unsigned size) {
  filled[buffer] = size;
  next_buffer[buffer] = kNone;
  if (++connection->held == 1) {
    connection->first = connection->last = buffer;
    send_first(connection);
  } else {
    next_buffer[connection->last] = buffer;
    connection->last = buffer;
  }
}

/// Gives the first buffer back, which has been sent, or can not be.
void drop_first(Connection* connection) {
  const std::uint16_t buffer = connection->first;
  connection->first = next_buffer[buffer];
  --connection->held;
  give(buffer);
}

/// What a connection needs after a completion: to receive, to stop that, or to be closed.
void go_on(Connection* connection) {
  if (connection->ended && connection->held == 0 && !connection->receives) {
    ::io_uring_prep_close(prepare(other, nullptr), connection->fd);
    delete connection;
  } else if (connection->receives && !connection->cancelled &&
             (connection->ended || connection->held >= kHeldMost)) {
    connection->cancelled = true;
    const auto target = reinterpret_cast<std::uint64_t>(connection) | receiving;
    ::io_uring_prep_cancel64(prepare(other, nullptr), target, 0);
  } else if (!connection->receives && !connection->ended && connection->held == 0) {
    receive(connection);
  }
}

void received(Connection* connection, const io_uring_cqe& completion) {
  connection->receives = (completion.flags & IORING_CQE_F_MORE) != 0;
  if (completion.res > 0) {
    hold(connection, static_cast<std::uint16_t>(completion.flags >> IORING_CQE_BUFFER_SHIFT),
         static_cast<unsigned>(completion.res));
  } else if (completion.res == -ENOBUFS) {
    if (connection->held == 0) return starved.push_back(connection);
  } else if (completion.res != -ECANCELED || !connection->cancelled) {
    connection->ended = true;
  }
  go_on(connection);
}

void sent(Connection* connection, const io_uring_cqe& completion) {
  const bool failed = completion.res != static_cast<int>(filled[connection->first]);
  drop_first(connection);
  if (failed) {
    connection->ended = true;
    while (connection->held > 0) drop_first(connection);
  }
  if (connection->held > 0) send_first(connection);
  go_on(connection);
}

void accepted(int listener, const io_uring_cqe& completion) {
  if (completion.res >= 0) {
    auto* connection = new Connection;
    connection->fd = completion.res;
    receive(connection);
  } else if (completion.res != -ECONNABORTED && completion.res != -EINTR) {
    errno = -completion.res;
    baseline::die("accept");
  }
  if ((completion.flags & IORING_CQE_F_MORE) == 0) accept_on(listener);
}

void complete(int listener, const io_uring_cqe& completion) {
  auto* connection = reinterpret_cast<Connection*>(completion.user_data & ~std::uint64_t{kMask});
  switch (completion.user_data & kMask) {
    case accepting:
      return accepted(listener, completion);
    case receiving:
      return received(connection, completion);
    case sending:
      return sent(connection, completion);
    case stopping:
      baseline::stopping = 1;
      return;
    default:
      return;
  }
}

void feed_starved() {
  std::vector<Connection*> hungry;
  hungry.swap(starved);
  for (Connection* connection : hungry) receive(connection);
}

void set_up() {
  io_uring_params parameters{};
  parameters.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE;
  parameters.cq_entries = 4 * kEntries;
  const int error = ::io_uring_queue_init_params(kEntries, &ring, &parameters);
  errno = -error;
  baseline::check(error, "io_uring_setup");
  void* memory = nullptr;
  if (::posix_memalign(&memory, 4096, kBuffers * sizeof(io_uring_buf)) != 0) std::abort();
  provided = static_cast<io_uring_buf_ring*>(memory);
  ::io_uring_buf_ring_init(provided);
  io_uring_buf_reg registration{};
  registration.ring_addr = reinterpret_cast<std::uint64_t>(memory);
  registration.ring_entries = kBuffers;
  registration.bgid = kGroup;
  const int refused = ::io_uring_register_buf_ring(&ring, &registration, 0);
  errno = -refused;
  baseline::check(refused, "io_uring_register_buf_ring");
  for (std::uint16_t buffer = 0; buffer < kBuffers; ++buffer) give(buffer);
}

}  // namespace

int main(int argc, char** argv) {
  baseline::hold_signals();
  const sigset_t signals = baseline::end_signals();
  const int signal_fd = baseline::check(::signalfd(-1, &signals, SFD_CLOEXEC), "signalfd");
  set_up();
  const int listener = baseline::listen_on(argc, argv);
  accept_on(listener);
  ::io_uring_prep_poll_add(prepare(stopping, nullptr), signal_fd, POLLIN);
  while (baseline::stopping == 0) {
    ::io_uring_submit_and_wait(&ring, 1);
    returned = false;
    io_uring_cqe* completion = nullptr;
    unsigned head = 0;
    unsigned count = 0;
    io_uring_for_each_cqe(&ring, head, completion) {
      complete(listener, *completion);
      ++count;
    }
    ::io_uring_cq_advance(&ring, count);
    if (returned && !starved.empty()) feed_starved();
  }
  ::io_uring_queue_exit(&ring);
  return 0;
}
