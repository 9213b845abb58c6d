"""Small systems of which it is known by thought what can be proved."""

SEATS = """
    sort Thread
    sort Seat
    var seat[Thread]: Seat?
    action sit(t: Thread, s: Seat) by kernel
      when free: all u: Thread: seat[u] != s
      seat[t] := s
    action stand(t: Thread) by kernel
      seat[t] := none
    invariant one_a_seat
      all t, u: Thread, s: Seat: seat[t] = s and seat[u] = s implies t = u
"""

# `begun` is only ever set together with `noted`, so nothing that has begun is ever unnoted and
# `lose` never happens. One step does not show that: `lose` is enabled where `noted` is false.
NEEDS_A_LEMMA = """
    sort S
    var begun[S]: bool
    var noted[S]: bool
    action begin(s: S) by kernel
      begun[s] := true
      noted[s] := true
    action lose(s: S) by kernel
      when odd: begun[s] and not noted[s]
      begun[s] := false
    step begun_stays
      all s: S: begun[s] implies next(begun[s])
"""

LEMMA = """
    lemma both
      all s: S: begun[s] implies noted[s]
"""

COUNTED = """
    sort C
    sort F
    var owner[F]: C?
    counter usage[c: C] counts f: F where owner[f] = c
    action take(c: C, f: F) by kernel
      when free: owner[f] = none
      owner[f] := c
      usage[c] += 1
    action give(c: C, f: F) by kernel
      when mine: owner[f] = c
      owner[f] := none
      usage[c] -= 1
    action hand_over(c: C, d: C, f: F) by kernel
      when mine: owner[f] = c
      when other: c != d
      owner[f] := d
      usage[c] -= 1
      usage[d] += 1
    invariant users_are_counted
      all c: C, f: F: owner[f] = c implies usage[c] > 0
    invariant the_uncounted_own_nothing
      all c: C, f: F: usage[c] = 0 implies owner[f] != c
"""

# A container that leaves gives its pages back one by one, and then is gone.
LEAVING = """
    enum Phase = running | leaving | gone
    sort C
    sort G
    var phase[C]: Phase
    var owner[G]: C?
    action take(c: C, g: G) by kernel for c
      when running: phase[c] = running
      when free: owner[g] = none
      owner[g] := c
    action leave(c: C) by kernel for c
      when running: phase[c] = running
      phase[c] := leaving
    action give(c: C, g: G) by kernel for c fair for c
      when leaving: phase[c] = leaving
      when mine: owner[g] = c
      owner[g] := none
    action finish(c: C) by kernel for c fair for c
      when leaving: phase[c] = leaving
      when empty: all g: G: owner[g] != c
      phase[c] := gone
    progress exits_end(c: C)
      phase[c] = leaving leads to phase[c] = gone
"""

# One who runs is stopped some time; who is to run next, is chosen among those who wait.
SHARING = """
    sort C
    var runs: C?
    var alive[C]: bool
    init
      alive[c] := true for c: C
    action enter(c: C) by host strongly fair for c
      when idle: runs = none                                 @kernel
      when alive: alive[c]                                   @kernel
      runs := c
    action stop(c: C) by host fair
      when running: runs = c                                 @kernel
      runs := none
    action die(c: C) by kernel
      when waiting: runs != c
      alive[c] := false
    progress everyone_runs(c: C)
      alive[c] leads to not alive[c] or runs = c
"""

LIGHT = """
    enum Colour = red | green | blue | black | white
    var light: Colour
    action turn() by kernel
      when red: light = red
      light := green
    action turn_on() by kernel
      when green: light = green
      light := red
    action fade() by kernel
      when blue: light = blue
      light := black
    action fade_more() by kernel
      when black: light = black
      light := white
    invariant never_white
      light != white
    witness turned
      light = green
"""
