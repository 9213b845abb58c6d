-- Model peterson: mutual exclusion for five processes, label by label as in tests/systems.
--
-- Types are ranges from 0, which stands for none, or for what was never set.

const processes: 5;

type
  process: 1 .. processes;
  round: 0 .. processes;
  labels: enum { outside, raising, yielding, waiting, critical };

var
  label: array [process] of labels;
  priority: array [process] of round;
  level: array [process] of round;
  turn: array [1 .. processes - 1] of 0 .. processes;

startstate
begin
  for i: process do label[i] := outside; priority[i] := 0; level[i] := 0; end;
  for r: 1 .. processes - 1 do turn[r] := 0; end;
end;

ruleset i: process do
  rule "begin" label[i] = outside ==> level[i] := 1; label[i] := raising; end;

  rule "raise" label[i] = raising ==> priority[i] := level[i]; label[i] := yielding; end;

  rule "yield_turn" label[i] = yielding ==> turn[level[i]] := i; label[i] := waiting; end;

  rule "wait"
    label[i] = waiting
    ==>
    if turn[level[i]] != i | forall k: process do k != i -> priority[k] < level[i] end then
      if level[i] + 1 >= processes then label[i] := critical; else label[i] := raising; end;
      level[i] := level[i] + 1;
    end;
  end;

  rule "leave" label[i] = critical ==> priority[i] := 1; label[i] := outside; end;
end;

invariant "mutual_exclusion"
  forall i: process do forall j: process do
    i < j & label[i] = critical -> label[j] != critical
  end end;
