#pragma once

// kqueue(2) and kevent(2) for Linux, so that an engine written for macOS and FreeBSD runs its
// tests here unchanged. For tests only: it is written to be right, not fast.
//
// A queue is an epoll descriptor, which tells when to look; poll(2) and ioctl(2) tell what there
// is to see. As in a BSD kernel an edge puts a filter on the queue's list of active ones, kevent()
// asks each whether its condition still holds, and only one without EV_CLEAR stays on the list.
// Timers are deadlines, user events and signals are counters with one eventfd for all queues: the
// shim can not see a queue being closed, so a queue holds no descriptor but its own.
//
// Served: EVFILT_READ, WRITE, EXCEPT (NOTE_OOB), USER, TIMER (seconds to nanoseconds) and SIGNAL;
// EV_ADD, DELETE, ENABLE, DISABLE, CLEAR, ONESHOT, DISPATCH, RECEIPT. Anything else is EINVAL.
//
// Where it differs from a BSD kernel:
// - close(2) of a watched descriptor: its filters are dropped when kevent() next meets the number
//   and finds it closed or, by device and inode, another file. Same file, same number (a tty
//   opened again): they are dropped by the next EV_ADD.
// - An edge of one direction makes the other one's filter look again, too, so it may be reported
//   although nothing new came. BSD does that for writing with every acknowledgement.
// - fflags beside EV_EOF is ECONNRESET for any error: reading SO_ERROR would take it from the user.
// - EVFILT_READ on a listening unix socket says 1 connection, however many wait.
// - Of files that epoll refuses only regular ones are served; the rest is EINVAL.
// - EVFILT_SIGNAL puts a handler in front of the disposition, then acts on that as before. A
//   disposition set later is taken over by the next kevent(). Default actions that stop the
//   process are not imitated: a signal whose default is not "ignore" ends it.

namespace bunshin::kqueue_shim {

/// Some systems ignore EV_CLEAR for writing on ttys, which then stay ready for ever. With `on` the
/// shim does so too, for all queues: an engine must not spin. Any thread.
void ignore_clear_for_tty_writes(bool on);

}  // namespace bunshin::kqueue_shim
