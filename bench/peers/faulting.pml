/* Model faulting, given an honest host: two containers, five pages, five frames; limit 2.

   The state is packed by hand into six shorts, and the host's program counter is the process's own.
   A parameter that an equality fixes is read off the state instead of being enumerated: the owner
   of page g is POOL(g), the frame behind it NPT(g). What alternatives have in common is asked once,
   by an atomic sequence around them, which the search passes through without storing a state; its
   guard says that some alternative is enabled. All this keeps the number of states and transitions.
   The invariants are the guard of an alternative that never fires, so they are evaluated once a
   state and not once a transition. */

#define LIMIT 2
#define LIVE 1
#define WAITING 2
#define EXITING 3

short npt;        /* three bits a page: the frame, 0 for none */
short rmp;        /* three bits a frame: the page, 0 for none */
short pool;       /* two bits a page: the container, 0 for none; from bit 10 on, accepted */
short charged;    /* two bits a frame: the container, 0 for none; from bit 10 on, validated */
short phases;     /* two bits a phase; from bit 4 on, three a usage; from bit 10 on, two for serving */
short wanted;     /* three bits a container: the page, 0 for none; from bit 6 on, the frame taken */

#define TWO(x, i) ((x >> (2 * (i) - 2)) & 3)
#define THREE(x, i) ((x >> (3 * (i) - 3)) & 7)
#define NPT(g) THREE(npt, g)
#define RMP(f) THREE(rmp, f)
#define POOL(g) TWO(pool, g)
#define ACCEPTED(g) ((pool >> (9 + (g))) & 1)
#define CHARGED(f) TWO(charged, f)
#define VALID(f) ((charged >> (9 + (f))) & 1)
#define PHASE(c) TWO(phases, c)
#define USAGE(c) ((phases >> (1 + 3 * (c))) & 7)
#define SERVING ((phases >> 10) & 3)
#define WANTED(c) THREE(wanted, c)
#define TAKEN THREE(wanted, 3)

#define SET_TWO(x, i, v) x = (x & ~(3 << (2 * (i) - 2))) | ((v) << (2 * (i) - 2))
#define SET_THREE(x, i, v) x = (x & ~(7 << (3 * (i) - 3))) | ((v) << (3 * (i) - 3))
#define SET_BIT(x, i) x = x | (1 << (9 + (i)))
#define CLEAR_BIT(x, i) x = x & ~(1 << (9 + (i)))
#define SET_SERVING(c) phases = (phases & ~(3 << 10)) | ((c) << 10)

/* Page g leads to frame NPT(g), and that frame is assigned to it. */
#define BACKED(g) (NPT(g) && RMP(NPT(g)) == g)
#define OWNER_IS(g, phase) (POOL(g) && PHASE(POOL(g)) == phase)
#define ALL_CHARGED (CHARGED(1) && CHARGED(2) && CHARGED(3) && CHARGED(4) && CHARGED(5))

/* What may happen at any time. */
#define BEGIN_EXIT(c) :: d_step { PHASE(c) == LIVE -> SET_TWO(phases, c, EXITING) }
#define FAULT(g) \
  :: d_step { OWNER_IS(g, LIVE) && !NPT(g) -> \
      SET_THREE(wanted, POOL(g), g); SET_TWO(phases, POOL(g), WAITING) }
#define ALWAYS \
  JUDGE BEGIN_EXIT(1) BEGIN_EXIT(2) FAULT(1) FAULT(2) FAULT(3) FAULT(4) FAULT(5)

/* What happens while the host serves nobody. */
#define CONTAINER(c) \
  :: d_step { PHASE(c) == 0 -> SET_TWO(phases, c, LIVE) } \
  :: d_step { PHASE(c) == EXITING && POOL(1) != c && POOL(2) != c && POOL(3) != c \
      && POOL(4) != c && POOL(5) != c -> SET_TWO(phases, c, 0) } \
  :: atomic { d_step { PHASE(c) == WAITING -> SET_SERVING(c) }; goto charging }

#define GRANT(c, g) :: d_step { PHASE(c) == LIVE -> SET_TWO(pool, g, c) }

#define PAGE(g) \
  :: atomic { !POOL(g) && (PHASE(1) == LIVE || PHASE(2) == LIVE) -> \
      if GRANT(1, g) GRANT(2, g) fi } \
  :: d_step { OWNER_IS(g, EXITING) && !NPT(g) -> SET_TWO(pool, g, 0) } \
  :: d_step { OWNER_IS(g, LIVE) && BACKED(g) && !ACCEPTED(g) -> \
      SET_BIT(charged, NPT(g)); SET_BIT(pool, g) } \
  :: d_step { OWNER_IS(g, EXITING) && BACKED(g) && VALID(NPT(g)) -> \
      CLEAR_BIT(charged, NPT(g)); CLEAR_BIT(pool, g) } \
  :: d_step { BACKED(g) && !ACCEPTED(g) -> \
      phases = phases - (1 << (1 + 3 * CHARGED(NPT(g)))); \
      SET_TWO(charged, NPT(g), 0); SET_THREE(rmp, NPT(g), 0); SET_THREE(npt, g, 0) }

/* The host's steps. */
#define CHARGE(f) \
  :: atomic { d_step { !CHARGED(f) && USAGE(SERVING) < LIMIT -> \
      SET_TWO(charged, f, SERVING); phases = phases + (1 << (1 + 3 * SERVING)); \
      SET_THREE(wanted, 3, f) }; goto assigning }

#define LET_GO \
  SET_TWO(phases, SERVING, LIVE); SET_THREE(wanted, SERVING, 0); SET_SERVING(0)

#define SAME_PAGE(f, h) (VALID(f) && VALID(h) && RMP(f) && RMP(f) == RMP(h))
#define BAD_FRAME(f) (RMP(f) && (VALID(f) && !ACCEPTED(RMP(f)) \
  || POOL(RMP(f)) && CHARGED(f) != POOL(RMP(f))))
#define BAD_PAGE(g) (ACCEPTED(g) && (!NPT(g) || !VALID(NPT(g))))
#define BAD_LEDGER(c) (USAGE(c) > LIMIT || USAGE(c) != (CHARGED(1) == c) + (CHARGED(2) == c) \
  + (CHARGED(3) == c) + (CHARGED(4) == c) + (CHARGED(5) == c))
#define JUDGE \
  :: d_step { (BAD_FRAME(1) || BAD_FRAME(2) || BAD_FRAME(3) || BAD_FRAME(4) || BAD_FRAME(5) \
      || BAD_PAGE(1) || BAD_PAGE(2) || BAD_PAGE(3) || BAD_PAGE(4) || BAD_PAGE(5) \
      || BAD_LEDGER(1) || BAD_LEDGER(2) \
      || SAME_PAGE(1, 2) || SAME_PAGE(1, 3) || SAME_PAGE(1, 4) || SAME_PAGE(1, 5) \
      || SAME_PAGE(2, 3) || SAME_PAGE(2, 4) || SAME_PAGE(2, 5) || SAME_PAGE(3, 4) \
      || SAME_PAGE(3, 5) || SAME_PAGE(4, 5)) -> assert(false) }

active proctype system() {
idle:
  do
  ALWAYS
  CONTAINER(1) CONTAINER(2)
  PAGE(1) PAGE(2) PAGE(3) PAGE(4) PAGE(5)
  od;
charging:
  do
  ALWAYS
  :: atomic { d_step { USAGE(SERVING) == LIMIT || ALL_CHARGED -> LET_GO }; goto idle }
  CHARGE(1) CHARGE(2) CHARGE(3) CHARGE(4) CHARGE(5)
  od;
assigning:
  do
  ALWAYS
  :: atomic { d_step { SET_THREE(rmp, TAKEN, WANTED(SERVING)) }; goto mapping }
  od;
mapping:
  do
  ALWAYS
  :: atomic { d_step { SET_THREE(npt, WANTED(SERVING), TAKEN); SET_THREE(wanted, 3, 0); LET_GO };
      goto idle }
  od
}
