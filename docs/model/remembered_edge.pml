/* The remembered edge, as a model for spin(1): docs/model/check.sh tells how it is run.
 *
 * Two connections and a listener in one loop. The kernel tells about readiness once (an edge); the loop
 * keeps a bit until an operation found nothing more, as reactor/round.cpp does. What connection 0 reads
 * is owed to the peer of connection 1, so 0 is refused while too much is owed: it is parked, and asked
 * before every wait. The number of a closed connection is given out again at once.
 *
 * Asserted:
 *   no lost edge  when the loop sleeps, nobody has something to read that he wants
 *   no spin       a round that did not sleep has moved something
 *   no starving   between two turns of one who is ready, the others have a bounded number of operations
 *   no mix-up     what happened to a closed connection does not reach the next one of its number
 *
 * Each BREAK_... takes one protection out and must be found; they are the mistakes loops really make. */

#define LISTENER 2
#define MOST 2   /* what the kernel's buffer, and the queue of the listener, holds */
#define BUDGET 2 /* operations in a turn */
#define OWED 1   /* with so much owed to its peer, connection 1 is full */
#define PATIENCE (4 * BUDGET) /* two turns of each of the others: its event's, and what that left */
#ifndef CALLS
#define CALLS 2 /* connections that ask to be accepted */
#endif
#ifndef CLOSES
#define CLOSES 1 /* times that a callback closes another connection */
#endif
#ifndef TALKS
#define TALKS 2 /* what a peer does */
#endif

#define readable_at_all(f) ((f == LISTENER && backlog > 0) || (f != LISTENER && opened[f] && (queued[f] > 0 || (ended[f] && !told[f]))))
#define wants(f) ((f == LISTENER && !starved) || (f == 1 && !told[1]) || (f == 0 && !told[0] && owed < OWED))
#define number_free (!opened[0] || !opened[1])

/* The kernel. */
byte queued[2];   /* bytes not yet received */
bool ended[2];    /* the peer has ended behind them */
byte backlog;     /* connections not yet accepted */
bool edge[3];     /* an event that no wait has told yet */
byte life[2] = 1; /* which connection of this number it is */
bool opened[2] = true;

/* The loop. */
bool ready[3];      /* remembered readiness */
bool listed[3];   /* on the ready list */
bool parked[3];
bool told[2];     /* the end of file was read */
bool starved;     /* accepting waits for a free number, and for a timer */
byte owed;        /* to the peer of connection 1 */
bool room;        /* that peer has taken something: an event */
bool hand[3];     /* the events of the last wait, */
byte hand_life[2]; /* and for whom they were */
byte budget;
byte waited[3];   /* operations of others since this one became ready */
byte closes;      /* bounds the search */
bool moved;       /* this round has moved something */
byte idle_rounds;

inline progress(f) {
  moved = true;
  byte other = 0;
  do
  :: other < 3 ->
    if
    :: other != f && ready[other] && readable_at_all(other) && wants(other) -> waited[other]++;
       assert(waited[other] <= PATIENCE) /* no starving */
    :: else -> waited[other] = 0
    fi;
    other++
  :: else -> break
  od;
  other = 0
}

inline close_connection(f) {
  opened[f] = false; ready[f] = false; listed[f] = false; parked[f] = false;
  queued[f] = 0; ended[f] = false; told[f] = false; edge[f] = false; waited[f] = 0;
  if
  :: f == 1 -> owed = 0; room = false
  :: else
  fi;
  if
  :: starved -> starved = false; listed[LISTENER] = true /* a number is free again */
  :: else
  fi
}

/* recv(2) and accept(2), with what the loop learns from them. */
inline receive(f) {
  if
  :: f != LISTENER && queued[f] > 0 ->
     queued[f]--;
     if
     :: f == 0 && opened[1] -> owed++
     :: else
     fi;
#ifdef BREAK_READ_ONCE
     ready[f] = false;
#endif
     progress(f)
  :: f != LISTENER && queued[f] == 0 && ended[f] -> told[f] = true; progress(f)
  :: f != LISTENER && queued[f] == 0 && !ended[f] -> ready[f] = false; moved = true
  :: f == LISTENER && backlog == 0 -> ready[f] = false; moved = true
  :: f == LISTENER && backlog > 0 && !number_free ->
#ifdef BREAK_OUT_OF_NUMBERS
     ready[f] = false
#else
     starved = true
#endif
  :: f == LISTENER && backlog > 0 && number_free ->
     backlog--;
     if
     :: !opened[0] -> opened[0] = true; life[0]++
     :: else -> opened[1] = true; life[1]++
     fi;
     progress(f)
  fi
}

/* A turn: called until the bit clears, the handler refuses, or the budget is spent. */
inline turn(f) {
  atomic { budget = BUDGET };
  do
  :: atomic { !ready[f] -> break }
  :: atomic {
       ready[f] && !wants(f) ->
       if
       :: f == LISTENER /* starved: the timer or a close lists it */
       :: else ->
#if defined(BREAK_REFUSING_FORGETS)
          ready[f] = false
#elif defined(BREAK_REFUSING_SPINS)
          listed[f] = true
#else
          parked[f] = true
#endif
       fi;
       break
     }
  :: atomic { ready[f] && wants(f) && budget == 0 -> listed[f] = true; break }
  :: atomic {
       ready[f] && wants(f) && budget > 0 ->
       receive(f);
#ifndef BREAK_NO_BUDGET
       budget--;
#endif
       if
       :: f != LISTENER && told[f] -> close_connection(f); break
       :: f == 1 && closes > 0 && opened[0] -> closes--; close_connection(0) /* a callback closes another */
       :: f == LISTENER || !told[f]
       fi
     }
  od;
  atomic { budget = 0 }
}

inline take_event(f) {
  if
  :: hand[f] ->
     hand[f] = false;
     if
#ifndef BREAK_NO_GENERATION
     :: f != LISTENER && (!opened[f] || hand_life[f] != life[f]) /* for the dead: dropped */
     :: f == LISTENER || (opened[f] && hand_life[f] == life[f]) ->
#else
     :: f != LISTENER && !opened[f]
     :: f == LISTENER || opened[f] ->
        assert(f == LISTENER || hand_life[f] == life[f]); /* no mix-up */
#endif
        ready[f] = true;
        if
        :: listed[f] /* its turn will come */
        :: !listed[f] -> turn(f)
        fi
     fi
  :: else
  fi
}

inline ask_parked(f) {
  if
  :: parked[f] && wants(f) -> parked[f] = false; listed[f] = true
  :: else
  fi
}

inline take_listed(f) {
  if
  :: listed[f] -> listed[f] = false; turn(f)
  :: else
  fi
}

#define something_listed (listed[0] || listed[1] || listed[LISTENER])
#define something_happened (edge[0] || edge[1] || edge[LISTENER] || room || starved)
#define rests(f) (!readable_at_all(f) || !wants(f))

active proctype loop() {
  do
  :: true ->
     atomic { /* 2. parked ones are asked */
       ask_parked(0); ask_parked(1);
       /* no spin */
       if
       :: moved -> idle_rounds = 0
       :: else -> idle_rounds++; assert(idle_rounds <= 3)
       fi;
       moved = false;
       if /* no lost edge */
       :: !something_listed && !something_happened ->
          assert(rests(0) && rests(1) && (backlog == 0 || starved))
       :: else
       fi
     };
     /* 3. the wait: sleeps only when nobody is on the ready list */
end_asleep:
     atomic {
       if
       :: something_listed
       :: !something_listed && something_happened -> moved = true
       fi;
       hand[0] = edge[0]; hand[1] = edge[1]; hand[LISTENER] = edge[LISTENER];
       hand_life[0] = (hand[0] -> life[0] : 0); hand_life[1] = (hand[1] -> life[1] : 0);
       edge[0] = false; edge[1] = false; edge[LISTENER] = false;
       if
       :: starved && number_free -> starved = false; listed[LISTENER] = true
       :: else
       fi;
       if /* connection 1 is writable: what is owed leaves */
       :: room -> room = false; owed = 0
       :: else
       fi
     };
     /* 5. new events, in either order */
     if
     :: true -> take_event(1); take_event(LISTENER); take_event(0)
     :: true -> take_event(0); take_event(LISTENER); take_event(1)
     fi;
     /* 6. what is left from earlier turns */
     take_listed(0); take_listed(LISTENER); take_listed(1)
  od
}

active [2] proctype peer() {
  byte f = _pid - 1;
  byte talks = TALKS;
end_silent:
  do
  :: atomic { talks > 0 && opened[f] && !ended[f] && queued[f] < MOST -> queued[f]++; edge[f] = true;
#ifndef GREEDY
       talks--
#endif
     }
  :: atomic { talks > 0 && opened[f] && !ended[f] -> ended[f] = true; edge[f] = true; talks-- }
  od
}

active proctype receiver() { /* the peer of connection 1 reads what it is owed */
end_read:
  do
  :: atomic { owed > 0 && !room -> room = true }
  od
}

active proctype caller() {
  byte calls = CALLS;
end_done:
  do
  :: atomic { calls > 0 && backlog < MOST -> calls--; backlog++; edge[LISTENER] = true }
  od
}

init { closes = CLOSES }
