-- Model faulting, given an honest host: two containers, five pages, five frames; limit 2.
--
-- A parameter that an equality fixes is read off the state instead of being enumerated: the owner
-- of page g is pool[g], the frame behind it npt[g], whom the host serves is in serving. That keeps
-- the number of transitions. Types are ranges from 0, which stands for none.

const limit: 2;

type
  container: 1 .. 2;
  page: 1 .. 5;
  frame: 1 .. 5;
  maybe_container: 0 .. 2;
  maybe_page: 0 .. 5;
  maybe_frame: 0 .. 5;
  phases: enum { absent, live, waiting, exiting };
  works: enum { idle, charging, assigning, mapping };

var
  phase: array [container] of phases;
  usage: array [container] of 0 .. 5;
  wanted: array [container] of maybe_page;
  pool: array [page] of maybe_container;
  accepted: array [page] of boolean;
  npt: array [page] of maybe_frame;
  rmp: array [frame] of maybe_page;
  validated: array [frame] of boolean;
  charged: array [frame] of maybe_container;
  serving: maybe_container;
  work: works;
  taken: maybe_frame;

startstate
begin
  for c: container do phase[c] := absent; usage[c] := 0; wanted[c] := 0; end;
  for g: page do pool[g] := 0; accepted[g] := false; npt[g] := 0; end;
  for f: frame do rmp[f] := 0; validated[f] := false; charged[f] := 0; end;
  serving := 0;
  work := idle;
  taken := 0;
end;

ruleset c: container do
  rule "start" serving = 0 & phase[c] = absent ==> phase[c] := live; end;

  rule "begin_exit" phase[c] = live ==> phase[c] := exiting; end;

  rule "finish_exit"
    serving = 0 & phase[c] = exiting & forall g: page do pool[g] != c end
    ==> phase[c] := absent;
  end;

  rule "serve" serving = 0 & phase[c] = waiting ==> serving := c; work := charging; end;

  ruleset g: page do
    rule "grant_page" serving = 0 & phase[c] = live & pool[g] = 0 ==> pool[g] := c; end;
  end;
end;

ruleset g: page do
  rule "strike_page"
    serving = 0 & pool[g] != 0 & phase[pool[g]] = exiting & npt[g] = 0
    ==> pool[g] := 0;
  end;

  rule "fault"
    npt[g] = 0 & pool[g] != 0 & phase[pool[g]] = live
    ==>
    phase[pool[g]] := waiting;
    wanted[pool[g]] := g;
  end;

  rule "accept_page"
    serving = 0 & npt[g] != 0 & rmp[npt[g]] = g & !accepted[g]
    & pool[g] != 0 & phase[pool[g]] = live
    ==>
    validated[npt[g]] := true;
    accepted[g] := true;
  end;

  rule "give_back_page"
    serving = 0 & npt[g] != 0 & rmp[npt[g]] = g & validated[npt[g]]
    & pool[g] != 0 & phase[pool[g]] = exiting
    ==>
    validated[npt[g]] := false;
    accepted[g] := false;
  end;

  rule "reclaim_frame"
    serving = 0 & npt[g] != 0 & rmp[npt[g]] = g & !accepted[g]
    ==>
    usage[charged[npt[g]]] := usage[charged[npt[g]]] - 1;
    charged[npt[g]] := 0;
    rmp[npt[g]] := 0;
    npt[g] := 0;
  end;
end;

rule "refuse"
  work = charging & (usage[serving] = limit | forall f: frame do charged[f] != 0 end)
  ==>
  phase[serving] := live;
  wanted[serving] := 0;
  serving := 0;
  work := idle;
end;

ruleset f: frame do
  rule "charge_frame"
    work = charging & charged[f] = 0 & usage[serving] < limit
    ==>
    charged[f] := serving;
    usage[serving] := usage[serving] + 1;
    taken := f;
    work := assigning;
  end;
end;

rule "assign_frame" work = assigning ==> rmp[taken] := wanted[serving]; work := mapping; end;

rule "map_frame"
  work = mapping
  ==>
  npt[wanted[serving]] := taken;
  phase[serving] := live;
  wanted[serving] := 0;
  serving := 0;
  work := idle;
  taken := 0;
end;

invariant "one_frame_per_page"
  forall f: frame do forall h: frame do
    f < h & validated[f] & validated[h] & rmp[f] != 0 -> rmp[f] != rmp[h]
  end end;

invariant "validated_frames_carry_accepted_pages"
  forall f: frame do validated[f] & rmp[f] != 0 -> accepted[rmp[f]] end;

invariant "accepted_pages_are_backed"
  forall g: page do accepted[g] -> npt[g] != 0 & validated[npt[g]] end;

invariant "charged_to_pool_owner"
  forall f: frame do
    rmp[f] != 0 & pool[rmp[f]] != 0 -> charged[f] = pool[rmp[f]]
  end;

invariant "limit_is_kept"
  forall c: container do usage[c] <= limit end;

invariant "usage.exact"
  forall c: container do
    usage[c] = (charged[1] = c ? 1 : 0) + (charged[2] = c ? 1 : 0) + (charged[3] = c ? 1 : 0)
             + (charged[4] = c ? 1 : 0) + (charged[5] = c ? 1 : 0)
  end;
