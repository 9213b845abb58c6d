/* Model remapping: two containers, five pages, five frames; limit 1, one remap.

   The state is packed by hand into seven shorts. A parameter that an equality fixes is read off the
   state instead of being enumerated: the owner of page g is POOL(g), the frame behind it NPT(g).
   What alternatives have in common is asked once, by an atomic sequence around them, which the
   search passes through without storing a state; its guard says that some alternative is enabled.
   All this keeps the number of states and transitions. The invariants are the guard of an
   alternative that never fires, so they are evaluated once a state and not once a transition. */

#define LIMIT 1
#define LIVE 1
#define EXITING 2

short npt;        /* three bits a page: the frame, 0 for none */
short rmp;        /* three bits a frame: the page, 0 for none */
short pool;       /* two bits a page: the container, 0 for none; from bit 10 on, accepted */
short charged;    /* two bits a frame: the container, 0 for none; from bit 10 on, validated */
short content;    /* two bits a frame: the container, 0 for none */
short latest;     /* two bits a page: the container, 0 for none */
short rest = 1;   /* bit 0: remaps left; from bit 1 on, two bits a phase; from bit 5 on, three a usage */

#define TWO(x, i) ((x >> (2 * (i) - 2)) & 3)
#define THREE(x, i) ((x >> (3 * (i) - 3)) & 7)
#define NPT(g) THREE(npt, g)
#define RMP(f) THREE(rmp, f)
#define POOL(g) TWO(pool, g)
#define ACCEPTED(g) ((pool >> (9 + (g))) & 1)
#define CHARGED(f) TWO(charged, f)
#define VALID(f) ((charged >> (9 + (f))) & 1)
#define CONTENT(f) TWO(content, f)
#define LATEST(g) TWO(latest, g)
#define LEFT (rest & 1)
#define PHASE(c) ((rest >> (2 * (c) - 1)) & 3)
#define USAGE(c) ((rest >> (2 + 3 * (c))) & 7)

#define SET_TWO(x, i, v) x = (x & ~(3 << (2 * (i) - 2))) | ((v) << (2 * (i) - 2))
#define SET_THREE(x, i, v) x = (x & ~(7 << (3 * (i) - 3))) | ((v) << (3 * (i) - 3))
#define SET_BIT(x, i) x = x | (1 << (9 + (i)))
#define CLEAR_BIT(x, i) x = x & ~(1 << (9 + (i)))
#define SET_PHASE(c, v) rest = (rest & ~(3 << (2 * (c) - 1))) | ((v) << (2 * (c) - 1))

/* Page g leads to frame NPT(g), and that frame is assigned to it. */
#define BACKED(g) (NPT(g) && RMP(NPT(g)) == g)
#define OWNER_IS(g, phase) (POOL(g) && PHASE(POOL(g)) == phase)

#define CONTAINER(c) \
  :: d_step { PHASE(c) == 0 -> SET_PHASE(c, LIVE) } \
  :: d_step { PHASE(c) == LIVE -> SET_PHASE(c, EXITING) } \
  :: d_step { PHASE(c) == EXITING && POOL(1) != c && POOL(2) != c && POOL(3) != c \
      && POOL(4) != c && POOL(5) != c -> SET_PHASE(c, 0) }

#define GRANT(c, g) :: d_step { PHASE(c) == LIVE -> SET_TWO(pool, g, c) }

#define STRIKE(g) \
  :: d_step { OWNER_IS(g, EXITING) && !ACCEPTED(g) && RMP(1) != g && RMP(2) != g && RMP(3) != g \
      && RMP(4) != g && RMP(5) != g -> SET_TWO(pool, g, 0) }

#define ACCEPT(g) \
  :: d_step { OWNER_IS(g, LIVE) && BACKED(g) && !ACCEPTED(g) && !VALID(NPT(g)) -> \
      SET_BIT(charged, NPT(g)); SET_BIT(pool, g); SET_TWO(content, NPT(g), 0) }

#define WRITE(g) \
  :: d_step { OWNER_IS(g, LIVE) && BACKED(g) && VALID(NPT(g)) && CONTENT(NPT(g)) != POOL(g) -> \
      SET_TWO(content, NPT(g), POOL(g)); SET_TWO(latest, g, POOL(g)) }

#define ERASE(g) \
  :: d_step { OWNER_IS(g, EXITING) && BACKED(g) && VALID(NPT(g)) -> \
      CLEAR_BIT(charged, NPT(g)); CLEAR_BIT(pool, g); \
      SET_TWO(content, NPT(g), 0); SET_TWO(latest, g, 0) }

#define BACK(g, f) \
  :: d_step { !RMP(f) -> \
      SET_THREE(npt, g, f); SET_THREE(rmp, f, g); SET_TWO(charged, f, POOL(g)); \
      rest = rest + (1 << (2 + 3 * POOL(g))) }

#define MIGRATE(g, f) \
  :: d_step { !RMP(f) -> \
      SET_THREE(rmp, f, g); SET_THREE(rmp, NPT(g), 0); \
      SET_BIT(charged, f); CLEAR_BIT(charged, NPT(g)); \
      SET_TWO(charged, f, CHARGED(NPT(g))); SET_TWO(charged, NPT(g), 0); \
      SET_TWO(content, f, CONTENT(NPT(g))); SET_TWO(content, NPT(g), 0); \
      SET_THREE(npt, g, f) }

#define REMAP(g, f) :: d_step { NPT(g) != f -> SET_THREE(npt, g, f); rest = rest - 1 }

#define RECLAIM(f) \
  :: d_step { RMP(f) && !VALID(f) -> \
      SET_THREE(npt, RMP(f), 0); SET_THREE(rmp, f, 0); \
      rest = rest - (1 << (2 + 3 * CHARGED(f))); SET_TWO(charged, f, 0) }

#define ALL_FRAMES(ACTION, g) ACTION(g, 1) ACTION(g, 2) ACTION(g, 3) ACTION(g, 4) ACTION(g, 5)
#define SOME_FREE !(RMP(1) && RMP(2) && RMP(3) && RMP(4) && RMP(5))

#define PAGE(g) \
  :: atomic { !POOL(g) && (PHASE(1) == LIVE || PHASE(2) == LIVE) -> \
      if GRANT(1, g) GRANT(2, g) fi } \
  STRIKE(g) ACCEPT(g) WRITE(g) ERASE(g) \
  :: atomic { POOL(g) && !NPT(g) && USAGE(POOL(g)) < LIMIT && SOME_FREE -> \
      if ALL_FRAMES(BACK, g) fi } \
  :: atomic { BACKED(g) && VALID(NPT(g)) && SOME_FREE -> if ALL_FRAMES(MIGRATE, g) fi }

#define SAME_PAGE(f, h) (VALID(f) && VALID(h) && RMP(f) && RMP(f) == RMP(h))
#define BAD_FRAME(f) (RMP(f) && (VALID(f) && !ACCEPTED(RMP(f)) \
  || POOL(RMP(f)) && CHARGED(f) != POOL(RMP(f))))
#define BAD_PAGE(g) (BACKED(g) && VALID(NPT(g)) && CONTENT(NPT(g)) \
  && (LATEST(g) != CONTENT(NPT(g)) || POOL(g) != CONTENT(NPT(g))))
#define BAD_LEDGER(c) (USAGE(c) > LIMIT || USAGE(c) != (CHARGED(1) == c) + (CHARGED(2) == c) \
  + (CHARGED(3) == c) + (CHARGED(4) == c) + (CHARGED(5) == c))

active proctype system() {
  do
  :: d_step { (BAD_FRAME(1) || BAD_FRAME(2) || BAD_FRAME(3) || BAD_FRAME(4) || BAD_FRAME(5)
      || BAD_PAGE(1) || BAD_PAGE(2) || BAD_PAGE(3) || BAD_PAGE(4) || BAD_PAGE(5)
      || BAD_LEDGER(1) || BAD_LEDGER(2)
      || SAME_PAGE(1, 2) || SAME_PAGE(1, 3) || SAME_PAGE(1, 4) || SAME_PAGE(1, 5)
      || SAME_PAGE(2, 3) || SAME_PAGE(2, 4) || SAME_PAGE(2, 5) || SAME_PAGE(3, 4)
      || SAME_PAGE(3, 5) || SAME_PAGE(4, 5)) -> assert(false) }
  CONTAINER(1) CONTAINER(2)
  PAGE(1) PAGE(2) PAGE(3) PAGE(4) PAGE(5)
  RECLAIM(1) RECLAIM(2) RECLAIM(3) RECLAIM(4) RECLAIM(5)
  :: atomic { LEFT -> if ALL_FRAMES(REMAP, 1) ALL_FRAMES(REMAP, 2) ALL_FRAMES(REMAP, 3)
      ALL_FRAMES(REMAP, 4) ALL_FRAMES(REMAP, 5) fi }
  od
}
