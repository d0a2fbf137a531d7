#pragma once
#pragma GCC system_header  // a function named like a struct, as everywhere: -Wshadow minds

// kqueue(2) for Linux: what <sys/event.h> declares on macOS and the BSDs, as far as the shim
// serves it. Names and values are those of macOS. See ../../kqueue_shim.h for how far it goes.

#include <sys/types.h>

#include <cstdint>
#include <ctime>

#define EVFILT_READ (-1)
#define EVFILT_WRITE (-2)
#define EVFILT_SIGNAL (-6)
#define EVFILT_TIMER (-7)
#ifndef KQUEUE_SHIM_PLAIN  // with it: what every BSD has, and no more
#define EVFILT_USER (-10)
#define EVFILT_EXCEPT (-15)
#define NOTE_OOB 0x00000002u
#endif

#define EV_ADD 0x0001
#define EV_DELETE 0x0002
#define EV_ENABLE 0x0004
#define EV_DISABLE 0x0008
#define EV_ONESHOT 0x0010
#define EV_CLEAR 0x0020
#define EV_RECEIPT 0x0040
#define EV_DISPATCH 0x0080
#define EV_ERROR 0x4000
#define EV_EOF 0x8000

#define NOTE_TRIGGER 0x01000000u
#define NOTE_FFNOP 0x00000000u
#define NOTE_FFAND 0x40000000u
#define NOTE_FFOR 0x80000000u
#define NOTE_FFCOPY 0xc0000000u
#define NOTE_FFCTRLMASK 0xc0000000u
#define NOTE_FFLAGSMASK 0x00ffffffu

#define NOTE_SECONDS 0x00000001u
#define NOTE_USECONDS 0x00000002u
#define NOTE_NSECONDS 0x00000004u

struct kevent {
  uintptr_t ident;
  int16_t filter;
  uint16_t flags;
  uint32_t fflags;
  intptr_t data;
  void* udata;
};

#define EV_SET(event_, ident_, filter_, flags_, fflags_, data_, udata_) \
  do {                                                                  \
    struct kevent* ev_set_event = (event_);                             \
    ev_set_event->ident = static_cast<uintptr_t>(ident_);               \
    ev_set_event->filter = static_cast<int16_t>(filter_);               \
    ev_set_event->flags = static_cast<uint16_t>(flags_);                \
    ev_set_event->fflags = static_cast<uint32_t>(fflags_);              \
    ev_set_event->data = static_cast<intptr_t>(data_);                  \
    ev_set_event->udata = (udata_);                                     \
  } while (0)

extern "C" {
int kqueue();
int kevent(int kq, const struct kevent* changelist, int nchanges, struct kevent* eventlist,
           int nevents, const struct timespec* timeout);
}
