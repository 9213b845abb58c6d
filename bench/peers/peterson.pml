/* Model peterson: mutual exclusion for five processes, label by label as in tests/systems.

   The state is packed by hand into two ints. Every process can make exactly one step in
   each state, so its five labels are the cases of one d_step. The invariant is the guard of an
   alternative that never fires, so it is evaluated once a state and not once a transition. */

#define OUTSIDE 0
#define RAISING 1
#define YIELDING 2
#define WAITING 3
#define CRITICAL 4

int labels;       /* three bits a process: where it is in its code; from bit 15 on, the turns */
int rounds;       /* three bits a process: the round it is in; from bit 15 on, what it shows */

#define THREE(x, i) ((x >> (3 * (i))) & 7)
#define SET_THREE(x, i, v) x = (x & ~(7 << (3 * (i)))) | ((v) << (3 * (i)))

#define LABEL(i) THREE(labels, i)
#define TURN(r) THREE(labels, 4 + (r))       /* one more than the process; 0 for none */
#define LEVEL(i) THREE(rounds, i)
#define PRIORITY(i) THREE(rounds, 5 + (i))
#define GO_TO(i, label) SET_THREE(labels, i, label)

#define BEHIND(i, k) (i == k || PRIORITY(k) < LEVEL(i))
#define MAY_GO_ON(i) \
  (TURN(LEVEL(i)) != i + 1 || BEHIND(i, 0) && BEHIND(i, 1) && BEHIND(i, 2) && BEHIND(i, 3) \
   && BEHIND(i, 4))

#define STEP(i) \
  :: d_step { \
      if \
      :: LABEL(i) == OUTSIDE -> SET_THREE(rounds, i, 1); GO_TO(i, RAISING) \
      :: LABEL(i) == RAISING -> SET_THREE(rounds, 5 + i, LEVEL(i)); GO_TO(i, YIELDING) \
      :: LABEL(i) == YIELDING -> SET_THREE(labels, 4 + LEVEL(i), i + 1); GO_TO(i, WAITING) \
      :: LABEL(i) == WAITING -> \
          if \
          :: MAY_GO_ON(i) -> \
              GO_TO(i, (LEVEL(i) == 4 -> CRITICAL : RAISING)); \
              rounds = rounds + (1 << (3 * i)) \
          :: else \
          fi \
      :: else -> SET_THREE(rounds, 5 + i, 1); GO_TO(i, OUTSIDE) \
      fi }

#define INSIDE(i) (LABEL(i) == CRITICAL)

active proctype system() {
  do
  :: d_step { INSIDE(0) + INSIDE(1) + INSIDE(2) + INSIDE(3) + INSIDE(4) > 1 -> assert(false) }
  STEP(0) STEP(1) STEP(2) STEP(3) STEP(4)
  od
}
