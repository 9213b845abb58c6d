-- Model remapping: two containers, five pages, five frames; limit 1, one remap.
--
-- A parameter that an equality fixes is read off the state instead of being enumerated: the owner
-- of page g is pool[g], the frame behind it npt[g]. That keeps the number of transitions. Types
-- are ranges from 0, which stands for none.

const limit: 1;

type
  container: 1 .. 2;
  page: 1 .. 5;
  frame: 1 .. 5;
  maybe_container: 0 .. 2;
  maybe_page: 0 .. 5;
  maybe_frame: 0 .. 5;
  phases: enum { absent, live, exiting };

var
  phase: array [container] of phases;
  usage: array [container] of 0 .. 5;
  pool: array [page] of maybe_container;
  accepted: array [page] of boolean;
  latest: array [page] of maybe_container;
  npt: array [page] of maybe_frame;
  rmp: array [frame] of maybe_page;
  validated: array [frame] of boolean;
  charged: array [frame] of maybe_container;
  content: array [frame] of maybe_container;
  left: 0 .. 1;

startstate
begin
  for c: container do phase[c] := absent; usage[c] := 0; end;
  for g: page do pool[g] := 0; accepted[g] := false; latest[g] := 0; npt[g] := 0; end;
  for f: frame do rmp[f] := 0; validated[f] := false; charged[f] := 0; content[f] := 0; end;
  left := 1;
end;

ruleset c: container do
  rule "start" phase[c] = absent ==> phase[c] := live; end;

  rule "begin_exit" phase[c] = live ==> phase[c] := exiting; end;

  rule "finish_exit"
    phase[c] = exiting & forall g: page do pool[g] != c end
    ==> phase[c] := absent;
  end;

  ruleset g: page do
    rule "grant_page" phase[c] = live & pool[g] = 0 ==> pool[g] := c; end;
  end;
end;

ruleset g: page do
  rule "strike_page"
    pool[g] != 0 & phase[pool[g]] = exiting & !accepted[g] & forall f: frame do rmp[f] != g end
    ==> pool[g] := 0;
  end;

  rule "accept_page"
    npt[g] != 0 & rmp[npt[g]] = g & !accepted[g] & !validated[npt[g]]
    & pool[g] != 0 & phase[pool[g]] = live
    ==>
    validated[npt[g]] := true;
    accepted[g] := true;
    content[npt[g]] := 0;
  end;

  rule "write_page"
    npt[g] != 0 & rmp[npt[g]] = g & validated[npt[g]]
    & pool[g] != 0 & phase[pool[g]] = live & content[npt[g]] != pool[g]
    ==>
    content[npt[g]] := pool[g];
    latest[g] := pool[g];
  end;

  rule "erase_page"
    npt[g] != 0 & rmp[npt[g]] = g & validated[npt[g]]
    & pool[g] != 0 & phase[pool[g]] = exiting
    ==>
    validated[npt[g]] := false;
    accepted[g] := false;
    content[npt[g]] := 0;
    latest[g] := 0;
  end;

  ruleset f: frame do
    rule "back_page"
      npt[g] = 0 & rmp[f] = 0 & pool[g] != 0 & usage[pool[g]] < limit
      ==>
      npt[g] := f;
      rmp[f] := g;
      charged[f] := pool[g];
      usage[pool[g]] := usage[pool[g]] + 1;
    end;

    rule "migrate_page"
      rmp[f] = 0 & npt[g] != 0 & rmp[npt[g]] = g & validated[npt[g]]
      ==>
      rmp[f] := g;
      rmp[npt[g]] := 0;
      validated[f] := true;
      validated[npt[g]] := false;
      charged[f] := charged[npt[g]];
      charged[npt[g]] := 0;
      content[f] := content[npt[g]];
      content[npt[g]] := 0;
      npt[g] := f;
    end;

    rule "remap_page"
      left > 0 & npt[g] != f
      ==>
      npt[g] := f;
      left := left - 1;
    end;
  end;
end;

ruleset f: frame do
  rule "reclaim_frame"
    rmp[f] != 0 & !validated[f]
    ==>
    npt[rmp[f]] := 0;
    rmp[f] := 0;
    usage[charged[f]] := usage[charged[f]] - 1;
    charged[f] := 0;
  end;
end;

invariant "one_frame_per_page"
  forall f: frame do forall h: frame do
    f < h & validated[f] & validated[h] & rmp[f] != 0 -> rmp[f] != rmp[h]
  end end;

invariant "validated_frames_carry_accepted_pages"
  forall f: frame do validated[f] & rmp[f] != 0 -> accepted[rmp[f]] end;

invariant "reads_return_the_last_write, data_stay_with_their_owner"
  forall g: page do
    npt[g] != 0 & rmp[npt[g]] = g & validated[npt[g]] & content[npt[g]] != 0
    -> latest[g] = content[npt[g]] & pool[g] = content[npt[g]]
  end;

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
